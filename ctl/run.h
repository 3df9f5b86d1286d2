/* tlswarden: ctl/run - starts another program and reads what it prints.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * No shell: the words are given to the program as they are. Its environment
 * is ours.
 */
#ifndef CTL_RUN_H
#define CTL_RUN_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

/* What a program that was started has said and how it ended. */
struct run {
	struct buf out; /* standard output; its ceiling is the caller's */
	struct buf err; /* standard error, the first RUN_ERR_MAX bytes */
	int exit_code;
	/* What it is started with; set between run_init and run_program. */
	const char *directory; /* its working directory; NULL: ours */
	const char *user;      /* its user and groups; NULL: ours */
	struct sv input;       /* its standard input; empty: /dev/null */
};

enum { RUN_ERR_MAX = 4096 };

void run_init(struct run *r, size_t max_out_bytes);
void run_done(struct run *r);
/* Runs argv, which ends with NULL. A name without a slash is looked for where
 * MTAs put their tools, then along PATH. Waits timeout_msecs at most for all
 * of it, then kills it. 0: it ended by itself, with any exit code. -1: it
 * cannot be started (EX_UNAVAILABLE when there is none), printed more than the
 * ceiling, was killed, or took too long. */
int run_program(const char *const argv[], int timeout_msecs, struct run *r,
    struct err *err_r) MUST_CHECK;
/* The last line of its standard error, or nothing: a tool that gives up says
 * why at the end, behind its warnings. Views r. */
struct sv run_last_words(const struct run *r);
/* Calls fn in a process of its own that has become user (NULL: ours). Returns
 * what fn did, 0 to 125. -1: it cannot be done. */
int run_as(const char *user, int (*fn)(const void *arg), const void *arg,
    struct err *err_r) MUST_CHECK;

#endif
