/* tlswarden: ctl/main - tlswarden(1), the administrator's tool.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/conf.h"
#include "ctl/command.h"
#include "ctl/out.h"
#include "base/banned.h"

static const struct command *const commands[] = {
	&verb_init,
	&verb_rule,
	&verb_check,
	&verb_explain,
	&verb_probe,
	&verb_verify,
	&verb_annotate,
	&verb_ca,
	&verb_bypass,
	&verb_import,
	&verb_export,
	&verb_audit,
	&verb_sessions,
	&verb_failures,
	&verb_suggest,
	&verb_report,
	&verb_metrics,
	&verb_setup,
	&verb_reload,
	NULL,
};

static const struct option global_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

const struct conf *
app_conf(struct app *app, struct err *err_r)
{
	if (app->conf == NULL &&
	    conf_load(app->conf_file, &app->conf, err_r) != 0)
		return NULL;
	return app->conf;
}

int
app_fail(const struct err *err)
{
	out_error(sv_from(err->text));
	return err->sysexit != 0 ? err->sysexit : EX_SOFTWARE;
}

static const struct command *
find(const struct command *const *list, const char *name)
{
	for (; *list != NULL; list++)
		if (strcmp((*list)->name, name) == 0)
			return *list;
	return NULL;
}

/* Says which verb was perhaps meant. */
static int
unknown_verb(const struct command *const *list, const char *word,
    const struct command *parent)
{
	const char *names[ARGS_MAX];
	size_t n = 0;
	const char *near;

	for (; list[n] != NULL && n < ARGS_MAX; n++)
		names[n] = list[n]->name;
	near = args_nearest(word, names, n);
	return usage_error(parent, "\"%s\" is no command%s%s%s", word,
	    near != NULL ? "; do you mean \"" : "", near != NULL ? near : "",
	    near != NULL ? "\"?" : "");
}

/* Takes the options behind argv[0], in front of a verb, or of a sub verb of
 * parent. Returns 0 with optind behind them, or -1 to end with *exit_r. */
static int
take_global_options(struct app *app, const struct command *parent, int argc,
    char **argv, int *exit_r)
{
	int c;

	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, "+:c:hV", global_options, NULL)) !=
	    -1) {
		switch (c) {
		case 'c':
			app->conf_file = optarg;
			break;
		case 'j':
			app->json = true;
			break;
		case 'h':
			if (parent != NULL)
				help_command(parent);
			else
				help_program(commands);
			return *exit_r = CTL_GOOD, -1;
		case 'V':
			puts("tlswarden " PACKAGE_VERSION);
			return *exit_r = CTL_GOOD, -1;
		default:
			*exit_r = usage_error(parent, "%s %s",
			    c == ':' ? "a value is missing behind"
				     : "unknown option",
			    argv[optind - 1]);
			return -1;
		}
	}
	return 0;
}

/* Picks the sub verb, parses its command line, runs it. */
static int
run(struct app *app, const struct command *command, int argc, char **argv)
{
	const struct command *sub;
	struct args args;
	int code = CTL_GOOD;

	if (command->subs == NULL) {
		if (args_parse(app, command, argc, argv, &args, &code) != 0)
			return code;
		return command->run(app, &args);
	}
	if (take_global_options(app, command, argc, argv, &code) != 0)
		return code;
	argc -= optind;
	argv += optind;
	if (argc == 0)
		return usage_error(command, "%s needs one of its commands",
		    command_title(command));
	sub = find(command->subs, argv[0]);
	if (sub == NULL)
		return unknown_verb(command->subs, argv[0], command);
	return run(app, sub, argc, argv);
}

static bool
wants_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && (no == NULL || *no == '\0') &&
	    (term == NULL || strcmp(term, "dumb") != 0);
}

static int
dispatch(struct app *app, int argc, char **argv)
{
	const struct command *command;
	int code;

	if (take_global_options(app, NULL, argc, argv, &code) != 0)
		return code;
	if (optind >= argc)
		return usage_error(NULL, "a command is needed");
	command = find(commands, argv[optind]);
	if (command == NULL)
		return unknown_verb(commands, argv[optind], NULL);
	return run(app, command, argc - optind, argv + optind);
}

int
main(int argc, char **argv)
{
	struct app app = { .now = (int64_t)time(NULL) };
	int code;

	(void)setlocale(LC_CTYPE, "C.UTF-8");
	app.colour = wants_colour();
	code = dispatch(&app, argc, argv);
	conf_free(app.conf);
	/* What was not written was not said: a full disk, a closed pipe. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("tlswarden: standard output");
		if (code == CTL_GOOD)
			code = EX_IOERR;
	}
	return code;
}
