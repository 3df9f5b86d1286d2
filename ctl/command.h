/* tlswarden: ctl/command - a verb of the command line, as a row of a table.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Each verb is one constant struct command beside its function; main.c lists
 * them, args.c parses by them, help.c prints them. A verb with sub verbs
 * ("rule add") has subs instead of a function.
 */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct conf;

/* What the exit code says beside sysexits.h: trouble is 64 and up. */
enum { CTL_GOOD = 0, CTL_FINDING = 1 };

/* One run of the program. */
struct app {
	const char *conf_file; /* -c FILE; NULL: the default path */
	struct conf *conf;     /* once app_conf loaded it */
	bool json;             /* --json */
	bool colour;           /* standard output is a terminal that wants it */
	int64_t now;           /* seconds since 1970, taken once */
};

struct option_spec {
	const char *name;  /* without the dashes */
	const char *value; /* "PATTERN"; NULL: takes none */
	const char *help;
	char letter; /* short form; 0: none */
};

enum { ARGS_MAX = 32 };

struct args {
	const struct command *command;
	const char *values[ARGS_MAX]; /* as command->options; NULL: not given */
	char *const *operands;
	size_t n_operands;
};

struct command {
	const char *name;
	const char *title;    /* "rule add"; NULL: the name */
	const char *summary;  /* one line for the list of verbs */
	const char *synopsis; /* behind the title in the usage line */
	const char *help;     /* what it does and says, in paragraphs */
	const char *examples; /* lines; NULL: none */
	const struct option_spec *options; /* ends with a NULL name */
	size_t min_operands;
	size_t max_operands;
	/* Returns the exit code; what went wrong was printed. */
	int (*run)(struct app *app, const struct args *args);
	const struct command *const *subs; /* ends with NULL */
};

extern const struct command verb_annotate;
extern const struct command verb_audit;
extern const struct command verb_bypass;
extern const struct command verb_ca;
extern const struct command verb_check;
extern const struct command verb_explain;
extern const struct command verb_export;
extern const struct command verb_failures;
extern const struct command verb_import;
extern const struct command verb_init;
extern const struct command verb_metrics;
extern const struct command verb_probe;
extern const struct command verb_reload;
extern const struct command verb_report;
extern const struct command verb_rule;
extern const struct command verb_sessions;
extern const struct command verb_setup;
extern const struct command verb_suggest;
extern const struct command verb_verify;

/* The configuration, loaded at the first call; NULL with *err_r filled. */
const struct conf *app_conf(struct app *app, struct err *err_r) MUST_CHECK;
/* Prints the error to standard error; returns its exit code. */
int app_fail(const struct err *err);

/* The value of an option of the command; NULL when not given, "" for a given
 * option without value. A name that the command does not have is our bug. */
const char *args_get(const struct args *args, const char *name);
bool args_has(const struct args *args, const char *name);
/* Parses argv[1..] by the command. Returns 0; -1 when the program is to end
 * now with *exit_r (help was printed, or what is wrong). */
int args_parse(struct app *app, const struct command *command, int argc,
    char **argv, struct args *args_r, int *exit_r) MUST_CHECK;
/* The name of the n that is most like word; NULL: none is. */
const char *args_nearest(const char *word, const char *const *names, size_t n);

/* The list of verbs; a verb with its options and examples. */
void help_program(const struct command *const *commands);
void help_command(const struct command *command);
const char *command_title(const struct command *command) NONNULL_RETURN;
/* Says on standard error that the command line is wrong and where to read
 * more; returns EX_USAGE. */
int usage_error(const struct command *command, const char *fmt, ...)
    PRINTF_LIKE(2, 3);
/* app_fail, or usage_error for an error that is the command line's. */
int args_fail(const struct args *args, const struct err *err);

#endif
