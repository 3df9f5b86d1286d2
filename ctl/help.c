/* tlswarden: ctl/help - what --help prints, from the table of verbs.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/command.h"
#include "ctl/out.h"
#include "base/conf.h"
#include "base/banned.h"

enum { HELP_COLUMN = 30 };

void
help_program(const struct command *const *commands)
{
	puts(
	    "usage: tlswarden [-c FILE] [--json] COMMAND [OPTION]...\n\n"
	    "Manages and explains the TLS policy of Postfix and Sendmail.\n");
	for (; *commands != NULL; commands++)
		printf("  %-10s %s\n", (*commands)->name, (*commands)->summary);
	puts(
	    "\n  -c, --config FILE   the configuration instead of\n"
	    "                      " CONF_DEFAULT_FILE
	    "\n"
	    "      --json          print JSON\n"
	    "  -h, --help          this text; behind a command: that one\n"
	    "  -V, --version       the version\n\n"
	    "Exit code: 0 good, 1 something was found (a policy failed, a\n"
	    "problem), 64 and up trouble (sysexits.h). tlswarden(1) has it\n"
	    "all.");
}

static void
print_option(const struct option_spec *o)
{
	char left[64];

	(void)snprintf(left, sizeof(left), "  %c%c%s--%s%s%s",
	    o->letter != 0 ? '-' : ' ', o->letter != 0 ? o->letter : ' ',
	    o->letter != 0 ? ", " : "  ", o->name, o->value != NULL ? " " : "",
	    o->value != NULL ? o->value : "");
	if (strlen(left) >= HELP_COLUMN)
		printf("%s\n%*s", left, HELP_COLUMN, "");
	else
		printf("%-*s", HELP_COLUMN, left);
	for (const char *p = o->help; *p != '\0'; p++) {
		(void)putchar(*p);
		if (*p == '\n')
			printf("%*s", HELP_COLUMN, "");
	}
	(void)putchar('\n');
}

const char *
command_title(const struct command *command)
{
	return command->title != NULL ? command->title : command->name;
}

static void
print_options(const struct command *command)
{
	if (command->options != NULL)
		for (const struct option_spec *o = command->options;
		     o->name != NULL; o++)
			print_option(o);
}

static void
print_usage(const struct command *command)
{
	printf("usage: tlswarden %s%s%s\n\n%s\n\n", command_title(command),
	    *command->synopsis != '\0' ? " " : "", command->synopsis,
	    command->help);
}

static void
print_end(const struct command *command)
{
	puts(
	    "      --json                  print JSON\n"
	    "  -c, --config FILE           the configuration file\n"
	    "  -h, --help                  this text");
	if (command->examples != NULL)
		printf("\nExamples:\n%s\n", command->examples);
}

/* The sub verbs, then each with its options. */
static void
print_subs(const struct command *command)
{
	printf("usage: tlswarden %s COMMAND [OPTION]...\n\n%s\n\n",
	    command_title(command), command->help);
	for (size_t i = 0; command->subs[i] != NULL; i++)
		printf("  %-10s %s\n", command->subs[i]->name,
		    command->subs[i]->summary);
	for (size_t i = 0; command->subs[i] != NULL; i++) {
		const struct command *sub = command->subs[i];

		printf("\n%s %s\n", command_title(sub), sub->synopsis);
		print_options(sub);
	}
	puts("\nand each");
	print_end(command);
}

void
help_command(const struct command *command)
{
	if (command->subs != NULL) {
		print_subs(command);
		return;
	}
	print_usage(command);
	print_options(command);
	print_end(command);
}

int
usage_error(const struct command *command, const char *fmt, ...)
{
	struct buf text;
	va_list ap;

	buf_init(&text, OUT_TEXT_MAX);
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	out_error(buf_sv(&text));
	buf_free(&text);
	fprintf(stderr, "tlswarden: try \"tlswarden %s%s--help\"\n",
	    command != NULL ? command_title(command) : "",
	    command != NULL ? " " : "");
	return EX_USAGE;
}
