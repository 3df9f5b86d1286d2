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
		    "\"%s\" cannot be set up; postfix can", args->operands[0]);
	if (args_has(args, "apply") && args_has(args, "undo"))
		return usage_error(args->command,
		    "--apply and --undo exclude each other");
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
	{ .name = NULL },
};

const struct command verb_setup = {
	.name = "setup",
	.summary = "make Postfix ask for the rules",
	.synopsis = "postfix [--apply | --undo]",
	.help =
	    "Prints the postconf(1) commands that the installed Postfix needs\n"
	    "for the rules that are in the table, and why. --apply makes the\n"
	    "changes after a test lookup through the socket of policyd, and\n"
	    "keeps copies; --undo puts the newest copies back.",
	.examples =
	    "  tlswarden setup postfix\n"
	    "  tlswarden setup postfix --apply && postfix reload",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.run = setup_run,
};
