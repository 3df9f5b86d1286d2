/* tlswarden: store/state_read - what state.db holds, for the tool and dsn map.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Readers of a WAL database stop no writer. They must be root or members of
 * the state directory's group.
 */
#ifndef STORE_STATE_READ_H
#define STORE_STATE_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "fact/record.h"
#include "store/db.h"

enum { STATE_READ_BUSY_MSECS = 2000 };

/* Opens state.db for reading; close with store_close. -1: not there yet (no
 * daemon has run), not ours, of another version, no right. */
int state_read_open(struct store *st, const char *path, struct err *err_r)
    MUST_CHECK;

struct session_filter {
	int64_t since_secs;     /* 0: from the start */
	int64_t until_secs;     /* before it; 0: no end */
	struct sv peer;         /* client address or name, a glob; empty: all */
	struct sv domain;       /* of a sender or recipient; empty: all */
	bool is_only_plaintext; /* those that came without TLS */
	bool is_only_refused;   /* those with a refused recipient */
	uint64_t limit;         /* the newest so many; 0: all */
};

/* Calls fn for each session that fits, newest first, with its domains; -1 of
 * fn ends it early, which is no error. Views are valid for the call. */
int state_sessions_each(struct store *st, const struct session_filter *filter,
    int (*fn)(void *arg, int64_t id, const struct record_session *row),
    void *arg, struct err *err_r) MUST_CHECK;

struct violation_filter {
	int64_t since_secs;
	int64_t until_secs;
	int64_t rule;     /* 0: all */
	struct sv reason; /* empty: all */
	bool is_only_monitor;
	bool is_only_enforce;
	bool is_only_in;
	bool is_only_out;
	enum record_source source; /* RECORD_FROM_UNKNOWN: all */
	/* What milter and delegation both watched is one, the milter's. */
	bool is_once;
	uint64_t limit;
};

int
state_violations_each(struct store *st, const struct violation_filter *filter,
    int (*fn)(void *arg, int64_t id, const struct record_violation *row),
    void *arg, struct err *err_r) MUST_CHECK;

struct probe_filter {
	int64_t since_secs;
	struct sv domain; /* empty: all */
	struct sv host;   /* empty: all */
	bool is_only_fail;
	uint64_t limit;
};

/* Newest first; json is left out unless with_json. */
int state_probes_each(struct store *st, const struct probe_filter *filter,
    bool with_json, int (*fn)(void *arg, const struct record_probe *row),
    void *arg, struct err *err_r) MUST_CHECK;

/* A chain that a server sent once. */
struct seen_chain {
	struct sv host;
	int64_t at_secs; /* the last time */
	struct sv pem;
};

/* Calls fn for chains seen, those of host first, then the newest; -1 of fn
 * ends it early, which is no error. A database that an older tlswarden made
 * and no daemon has opened since has none. */
int state_chains_each(struct store *st, struct sv host,
    int (*fn)(void *arg, const struct seen_chain *row), void *arg,
    struct err *err_r) MUST_CHECK;

/* The longest time without a look at servers of domain between since_secs and
 * now_secs, whole days: INT64_MAX when there was none, or when the database is
 * of an older version, which did not keep it. */
int state_probe_gap(struct store *st, struct sv domain, int64_t since_secs,
    int64_t now_secs, int64_t *gap_secs_r, struct err *err_r) MUST_CHECK;

/* How many rows of any kind were lost since then, as far as it was noted. */
int state_lost(struct store *st, int64_t since_secs, uint64_t *n_r,
    struct err *err_r) MUST_CHECK;

#endif
