/* tlswarden: policy/dsn_watch - monitor rules beside a delivery status.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. Postfix tells of a delivery no more than a line, so only this is said
 * of a monitor rule that demands TLS for that next hop and would have won:
 *
 *	STARTTLS not offered or refused	it would have been violated
 *	handshake failure		so, unless the rule that answered asks
 *					for more than the monitor rule does
 *	certificate not verified	so, if the rule that answered has the
 *					same CA, names and pins
 *	anything else			nothing: a delivery that went well may
 *					have gone in clear
 *
 * Rules about some users are left out: the status names no recipient. A rule
 * with a subnet counts when the text names a server in it.
 */
#ifndef POLICY_DSN_WATCH_H
#define POLICY_DSN_WATCH_H

#include "policy/dsn.h"
#include "policy/inbound.h"
#include "policy/snapshot.h"

/* What was said, or would have been. Views are valid for the call. */
struct dsn_note {
	struct judgement judgement;
	struct sv text;
	struct sv nexthop; /* normalised */
	struct sv peer_name, peer_addr;
};

/* Calls fn for each monitor rule of s that the status key shows violated. tie,
 * now and probes as for dsn_rewrite. */
void dsn_watch(const struct snapshot *s, struct sv key,
    const struct dsn_tie *tie, int64_t now, struct dsn_probes probes,
    void (*fn)(void *arg, const struct dsn_note *note), void *arg);

/* What dsn_rewrite's answer was about, for the ledger: the rule by its number
 * alone (judgement.rule is NULL). party is memory that nexthop views. */
void dsn_note_answer(struct sv key, const struct dsn_tie *tie,
    struct dsn_probes probes, struct sv answer, struct party *party,
    struct dsn_note *note_r);

#endif
