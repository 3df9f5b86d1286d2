/* tlswarden: daemon/cli - the command line that all daemons share.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * -c FILE, -n, -V, -h and --help; exit codes of sysexits.h.
 */
#ifndef DAEMON_CLI_H
#define DAEMON_CLI_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/conf.h"

struct cli_about {
	const char *name;    /* tlswarden-policyd */
	const char *purpose; /* one line */
	/* Adds "libevent 2.1.12, ..." for -V and the start-up line. */
	void (*versions)(struct buf *out);
};

/* CLI_RUN: run with *conf_r (the caller frees it). Else the exit code: the
 * help, the version, the checked configuration or the error were printed. */
enum { CLI_RUN = -1 };
int cli_start(const struct cli_about *about, int argc, char **argv,
    struct conf **conf_r) MUST_CHECK;

/* Opens the log as conf says. */
void cli_open_log(const struct cli_about *about, const struct conf *conf);
/* Logs why the program does not start; on stderr, too, where the person who
 * starts it looks. Returns the exit code. */
int cli_fail(const struct cli_about *about, const struct conf *conf,
    const struct err *err);

#endif
