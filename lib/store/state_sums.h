/* tlswarden: store/state_sums - state.db added up, for reports and suggestions.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef STORE_STATE_SUMS_H
#define STORE_STATE_SUMS_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/sv.h"
#include "store/db.h"

/* All inbound sessions of a span. Times are seconds since 1970; 0: none. */
struct session_sums {
	uint64_t n_sessions, n_encrypted, n_plaintext, n_unknown;
	uint64_t n_messages, n_accepted, n_refused; /* recipients */
	int64_t first_secs, last_secs;
};

/* Adds up the sessions that began at since_secs or later. */
int state_session_sums(struct store *st, int64_t since_secs,
    struct session_sums *sums_r, struct err *err_r) MUST_CHECK;

/* The sessions in which one domain sent. Views are valid for the call. */
struct domain_sums {
	struct sv domain;
	uint64_t n_sessions, n_encrypted, n_plaintext;
	uint64_t n_recipients; /* accepted and refused */
	int64_t first_secs, last_secs;
	struct sv oldest_version; /* of TLS among them; empty: not told */
};

/* Calls fn for each sender domain that had min_sessions or more from
 * since_secs on, most sessions first; the null sender and users who logged in
 * are left out. -1 of fn ends it early, which is no error. */
int state_sender_sums(struct store *st, int64_t since_secs,
    uint64_t min_sessions, int (*fn)(void *arg, const struct domain_sums *sums),
    void *arg, struct err *err_r) MUST_CHECK;

#endif
