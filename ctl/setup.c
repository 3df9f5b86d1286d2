/* tlswarden: ctl/setup - makes a mail server ask for the rules of the table.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/setup.h"
#include "base/banned.h"

/* A mail server that can be set up. */
static const struct server {
	const char *name;
	unsigned mta;
	int (*setup)(struct check *c, const struct args *args);
} servers[] = {
	{ "postfix", CHECK_POSTFIX, setup_postfix },
	{ "sendmail", CHECK_SENDMAIL, setup_sendmail },
};

enum { N_SERVERS = sizeof(servers) / sizeof(servers[0]) };

static int
setup_run(struct app *app, const struct args *args)
{
	struct check c = { .app = app };
	const struct server *server = NULL;
	int code;

	for (size_t i = 0; i < N_SERVERS; i++)
		if (strcmp(args->operands[0], servers[i].name) == 0)
			server = &servers[i];
	if (server == NULL)
		return usage_error(args->command,
		    "\"%s\" cannot be set up; postfix and sendmail can",
		    args->operands[0]);
	if (args_has(args, "apply") && args_has(args, "undo"))
		return usage_error(args->command,
		    "--apply and --undo exclude each other");
	if (server->mta != CHECK_SENDMAIL &&
	    (args_has(args, "cf") || args_has(args, "program")))
		return usage_error(args->command,
		    "--cf and --program are about sendmail");
	if (server->mta != CHECK_POSTFIX && args_has(args, "ehlo"))
		return usage_error(args->command, "--ehlo is about postfix");
	c.mtas = server->mta;
	arena_init(&c.mem);
	code = server->setup(&c, args);
	loaded_done(&c.table);
	free(c.findings);
	arena_free(&c.mem);
	return code;
}

static const struct option_spec options[] = {
	{ "apply", NULL, "do it, keeping copies of what is changed", 0 },
	{ "undo", NULL, "put the newest copies back", 0 },
	{ "ehlo", "map|cidr",
	    "postfix: hide STARTTLS by the map ehlo of policyd\n"
	    "(default), or by a cidr table made from the rules",
	    0 },
	{ "cf", "FILE", "sendmail: this sendmail.cf", 0 },
	{ "program", "FILE",
	    "sendmail: the program whose test mode proves the\n"
	    "way to policyd; default: where Debian has it",
	    0 },
	{ .name = NULL },
};

const struct command verb_setup = {
	.name = "setup",
	.summary = "make Postfix or Sendmail ask for the rules",
	.synopsis =
	    "postfix [--apply | --undo] [--ehlo map|cidr] | sendmail "
	    "[OPTION]...",
	.help =
	    "Prints what the installed mail server needs for the rules that\n"
	    "are in the table, and why.\n"
	    "postfix: postconf(1) commands. --apply makes the changes and\n"
	    "keeps copies. Before and after, each map is asked by Postfix's\n"
	    "own client, as the user that Postfix is; when one does not\n"
	    "answer as the table says, all stays, or is put back. --undo puts\n"
	    "the newest copies back, unless the files were changed since.\n"
	    "sendmail: lines for sendmail.mc that sendmail.cf lacks, and what\n"
	    "in it keeps rules from working; then a lookup through the socket\n"
	    "of policyd, and the same by Sendmail's own test mode. Nothing is\n"
	    "changed. Exit code 1 when a problem is left.",
	.examples =
	    "  tlswarden setup postfix\n"
	    "  tlswarden setup postfix --apply && postfix reload\n"
	    "  tlswarden setup sendmail --cf /etc/mail/sendmail.cf",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.run = setup_run,
};
