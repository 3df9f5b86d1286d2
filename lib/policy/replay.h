/* tlswarden: policy/replay - a recorded session, judged by one rule again.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. Answers what rule N would have done to an inbound session of state.db
 * if it were enforced: rule_miss, snapshot_find and decide are asked, as for
 * the session itself. Sessions keep domains, not users, and count recipients
 * by sender and by recipient, not by pair; what cannot be known for that is
 * said to be in doubt, never guessed.
 */
#ifndef POLICY_REPLAY_H
#define POLICY_REPLAY_H

#include "fact/record.h"
#include "policy/inbound.h"
#include "policy/rivals.h"
#include "policy/snapshot.h"

/* Rule N on trial; borrows the snapshot. */
struct replay {
	const struct snapshot *snapshot;
	struct rule rule; /* as if enabled, enforcing and without an end */
	struct rivals rivals;
};

/* rule is one of s, of any mode, also disabled or expired; now tells which of
 * the others are over. */
void replay_init(struct replay *r, const struct snapshot *s,
    const struct rule *rule, int64_t now);
void replay_done(struct replay *r);

enum replay_kind {
	REPLAY_UNKNOWN = 0, /* cannot be known: see doubt */
	REPLAY_OTHER,       /* the rule is not about it, or another one wins */
	REPLAY_PASSES,
	REPLAY_REFUSES
};

/* Why it cannot be known. */
enum replay_doubt {
	REPLAY_SURE = 0,
	REPLAY_NO_TLS_STATE, /* the MTA never told how TLS came */
	REPLAY_NO_DOMAINS,   /* record_addresses = none, or too many */
	REPLAY_NO_USERS,     /* the rule, or a better one, names users */
	REPLAY_NO_PAIRS,     /* several senders and recipients: who to whom? */
	REPLAY_NO_FACT,      /* what the rule demands was not recorded */
	REPLAY_DOUBTS
};

/* Some recipients of a session, of which the same holds. */
struct replayed {
	enum replay_kind kind;
	enum replay_doubt doubt;
	struct verdict verdict; /* of what is refused, or would be if not in
				 * doubt */
	struct sv sender;    /* a domain, "<>", or empty: several, not known */
	struct sv recipient; /* a domain, or empty */
	uint32_t n_taken;    /* recipients that were accepted */
	uint32_t n_refused;  /* that some rule refused already */
};

/* Judges one session: calls fn for each part. A session without recipients,
 * and one that the rule could not be about, has no parts. Views are valid for
 * the call. */
void replay_session(const struct replay *r, const struct record_session *row,
    void (*fn)(void *arg, const struct replayed *part), void *arg);

/* The facts of a recorded session; names is memory that they view. */
void replay_facts(const struct record_session *row, struct buf *names,
    struct tls_facts *tls);
/* A few words on a doubt, "" for REPLAY_SURE. */
const char *replay_doubt_words(enum replay_doubt d) NONNULL_RETURN;
/* Its code for JSON: no_users, ... */
const char *replay_doubt_code(enum replay_doubt d) NONNULL_RETURN;

#endif
