/* tlswarden: ctl/args - the command line of a verb, parsed by its table.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Every verb takes --json, --help and -c FILE beside its own options, also
 * behind its operands. An option given twice is an error: it is not clear
 * which was meant.
 */
#include "config.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/command.h"
#include "base/banned.h"

/* What getopt_long returns for option i of the table. */
enum { OPTION_BASE = 1000, WORD_MAX = 40, COMMON_OPTIONS = 3 };

static size_t
count_options(const struct command *command)
{
	size_t n = 0;

	if (command->options != NULL)
		while (command->options[n].name != NULL)
			n++;
	assert(n <= ARGS_MAX);
	return n;
}

static size_t
index_of(const struct command *command, const char *name)
{
	size_t n = count_options(command);

	for (size_t i = 0; i < n; i++)
		if (strcmp(command->options[i].name, name) == 0)
			return i;
	assert(!"an option that the command does not have");
	return 0;
}

const char *
args_get(const struct args *args, const char *name)
{
	return args->values[index_of(args->command, name)];
}

bool
args_has(const struct args *args, const char *name)
{
	return args_get(args, name) != NULL;
}

static size_t
smallest(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance of two short words. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], na = strlen(a), nb = strlen(b);

	if (na > WORD_MAX || nb > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t old = row[j];
			size_t change = a[i - 1] == b[j - 1] ? 0 : 1;

			row[j] = smallest(row[j] + 1, row[j - 1] + 1,
			    diagonal + change);
			diagonal = old;
		}
	}
	return row[nb];
}

const char *
args_nearest(const char *word, const char *const *names, size_t n)
{
	const char *best = NULL;
	size_t least = strlen(word) / 3 + 1;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(word, names[i]);

		if (d <= least) {
			best = names[i];
			least = d == 0 ? 0 : d - 1;
		}
	}
	return best;
}

static int
unknown_option(const struct command *command, const char *word)
{
	const char *names[ARGS_MAX], *near;
	size_t n = count_options(command);
	const char *bare = word + strspn(word, "-");

	for (size_t i = 0; i < n; i++)
		names[i] = command->options[i].name;
	near = args_nearest(bare, names, n);
	return usage_error(command, "unknown option %s%s%s%s", word,
	    near != NULL ? "; do you mean --" : "", near != NULL ? near : "",
	    near != NULL ? "?" : "");
}

/* getopt's form of the table; shorts_r is its string of letters. */
static void
make_getopt(const struct command *command, size_t n, struct option *longs_r,
    char *shorts_r)
{
	static const struct option common[COMMON_OPTIONS] = {
		{ "config", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
	};

	*shorts_r++ = ':';
	*shorts_r++ = 'c';
	*shorts_r++ = ':';
	*shorts_r++ = 'h';
	for (size_t i = 0; i < n; i++) {
		const struct option_spec *o = &command->options[i];

		longs_r[i] = (struct option){ o->name,
			o->value != NULL ? required_argument : no_argument,
			NULL, OPTION_BASE + (int)i };
		if (o->letter == 0)
			continue;
		*shorts_r++ = o->letter;
		if (o->value != NULL)
			*shorts_r++ = ':';
	}
	*shorts_r = '\0';
	memcpy(longs_r + n, common, sizeof(common));
	memset(longs_r + n + COMMON_OPTIONS, 0, sizeof(*longs_r));
}

/* The index of the option that getopt returned as c, or n. */
static size_t
option_of(const struct command *command, size_t n, int c)
{
	if (c >= OPTION_BASE)
		return (size_t)(c - OPTION_BASE);
	for (size_t i = 0; i < n; i++)
		if (command->options[i].letter == c)
			return i;
	return n;
}

/* Stores what getopt returned. Returns 0, or -1 to end with *exit_r. */
static int
take(struct app *app, struct args *args, size_t n, int c, char **argv,
    int *exit_r)
{
	const struct command *command = args->command;
	size_t i = option_of(command, n, c);

	if (i < n) {
		if (args->values[i] != NULL) {
			*exit_r = usage_error(command, "--%s is given twice",
			    command->options[i].name);
			return -1;
		}
		args->values[i] = optarg != NULL ? optarg : "";
		return 0;
	}
	switch (c) {
	case 'c':
		app->conf_file = optarg;
		return 0;
	case 'j':
		app->json = true;
		return 0;
	case 'h':
		help_command(command);
		*exit_r = CTL_GOOD;
		return -1;
	case ':':
		*exit_r = usage_error(command, "a value is missing behind %s",
		    argv[optind - 1]);
		return -1;
	default:
		*exit_r = unknown_option(command, argv[optind - 1]);
		return -1;
	}
}

static int
check_operands(const struct args *args, int *exit_r)
{
	const struct command *command = args->command;

	if (args->n_operands < command->min_operands)
		*exit_r = usage_error(command, "%s needs more: %s",
		    command_title(command), command->synopsis);
	else if (args->n_operands > command->max_operands)
		*exit_r = usage_error(command, "\"%s\" is one word too many",
		    args->operands[command->max_operands]);
	else
		return 0;
	return -1;
}

int
args_parse(struct app *app, const struct command *command, int argc,
    char **argv, struct args *args_r, int *exit_r)
{
	struct option longs[ARGS_MAX + COMMON_OPTIONS + 1];
	char shorts[2 * ARGS_MAX + 8];
	size_t n = count_options(command);
	int c;

	memset(args_r, 0, sizeof(*args_r));
	args_r->command = command;
	make_getopt(command, n, longs, shorts);
	optind = 0; /* begin again: main took the options in front */
	opterr = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1)
		if (take(app, args_r, n, c, argv, exit_r) != 0)
			return -1;
	args_r->operands = argv + optind;
	args_r->n_operands = (size_t)(argc - optind);
	return check_operands(args_r, exit_r);
}

int
args_fail(const struct args *args, const struct err *err)
{
	return err->sysexit == EX_USAGE
	    ? usage_error(args->command, "%s", err->text)
	    : app_fail(err);
}
