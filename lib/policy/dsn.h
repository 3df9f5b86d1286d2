/* tlswarden: policy/dsn - what Postfix says of a failed delivery, said better.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Map dsn, asked as smtp_delivery_status_filter with "STATUS TEXT" (Postfix
 * src/global/dsn_filter.c). The status is tied to the rule that answered the
 * policy lookup of the same delivery. Pure.
 */
#ifndef POLICY_DSN_H
#define POLICY_DSN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/limits.h"
#include "fact/reason.h"
#include "policy/rule.h"

enum { DSN_TIE_SECS = 3600 }; /* a tie older than that is none */

/* The last policy answer on a connection. A zeroed one ties to nothing. */
struct dsn_tie {
	int64_t rule_id; /* 0: no rule answered */
	int64_t when;    /* seconds, the caller's clock */
	uint64_t table;  /* that the rule is of; the caller counts them */
	uint64_t peer;   /* hash of the server that a status named; 0: none */
	int64_t demand;  /* the mark of what it demands */
	struct rule_rank rank; /* of that rule, and what it demands */
	enum on_failure on_failure;
	enum level level;
	enum tls_version min_protocol;
	uint32_t min_bits;
	bool authenticates;
	uint16_t nexthop_n; /* 0: nothing was asked */
	char nexthop[LIMIT_NEXTHOP];
};

/* What the last probe saw at one server of a destination, in short. */
struct dsn_probe {
	enum reason reason;      /* REASON_COUNT: nothing is wrong */
	enum reason_fault fault; /* whose, by the evidence */
};

/* All servers of one destination, by one look at them. */
struct dsn_probes {
	const struct dsn_probe *v;
	size_t n; /* 0: nothing is known */
};

/* Notes that rule (NULL: none, the site's default applies) answered for the
 * next hop. */
void dsn_tie_set(struct dsn_tie *tie, const struct rule *rule,
    struct sv nexthop, int64_t now);
/* Before all that is done with a status: ends a tie that cannot be of the same
 * delivery. After mail was sent, or a failure at another server, smtp(8) is at
 * a delivery whose policy another table must have told. */
void dsn_tie_status(struct dsn_tie *tie, struct sv key);
/* Says by its count which table is served when the status comes. If it is not
 * the one of the tie, the rule may be gone or outdone, or say tempfail: then
 * nothing becomes permanent by it any more, and the next try is by the table
 * as it is. */
void dsn_tie_table(struct dsn_tie *tie, uint64_t table);

/* What TLS fault the text of a delivery status names: REASON_COUNT when it is
 * not about TLS, or about our own trouble, which no partner is to blame for. */
enum reason dsn_reason(struct sv text);
/* The server that the text of a status names, "host mx.test[192.0.2.1]"; empty
 * views when it names none. Views into text. */
void dsn_peer(struct sv text, struct sv *name_r, struct sv *addr_r);

/* True if what a probe found is why Postfix says seen: a certificate that has
 * expired explains one that was not verified, but not a missing STARTTLS. */
bool dsn_explains(enum reason seen, enum reason found);
/* True if such a fault, found by a probe, is surely the peer's and will not go
 * away by itself, so that a failed handshake may become permanent. */
bool dsn_is_lasting(const struct dsn_probe *found);

/* Why a delivery failed whose status has that text: what a probe found, if it
 * explains it, else what the text says, as dsn_reason. */
enum reason dsn_cause(struct sv text, struct dsn_probes probes);

/* Adds the status and text for key and returns true, or false when they stay
 * as they are. Temporary or not says the rule, whatever class the peer's reply
 * is of. probes is what was seen at that destination under the rule of
 * the tie, not long ago. The first that explains the failure gives the better
 * words; a handshake failure becomes permanent only when all of them explain
 * it by a lasting fault of the peer. */
bool dsn_rewrite(struct sv key, const struct dsn_tie *tie, int64_t now,
    struct dsn_probes probes, struct buf *out);

#endif
