/* tlswarden: ctl/seen - the chains of state.db as evidence of what exists.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CTL_SEEN_H
#define CTL_SEEN_H

#include "base/attr.h"
#include "base/err.h"

struct chain;

/* Borrowed strings; may be used by several threads. */
struct seen {
	const char *state_database;
	const char *host; /* its own chains come first; NULL: none */
};

/* A verify_recall_fn whose arg is a struct seen: the CA certificates of chains
 * that probe --store kept, each with the host and day of its last time. None
 * when there is no state database, or one that may not be read: judging a
 * chain needs none. -1: there is one, and it cannot be read for another
 * reason. */
int
seen_recall(void *arg, struct chain **chain_r, struct err *err_r) MUST_CHECK;

#endif
