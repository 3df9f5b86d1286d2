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
	int64_t rule_id;       /* 0: no rule answered */
	int64_t when;          /* seconds, the caller's clock */
	struct rule_rank rank; /* of that rule, and what it demands */
	enum on_failure on_failure;
	enum level level;
	enum tls_version min_protocol;
	uint32_t min_bits;
	bool authenticates;
	uint16_t nexthop_n; /* 0: nothing was asked */
	char nexthop[LIMIT_NEXTHOP];
};

/* Notes that rule (NULL: none, the site's default applies) answered for the
 * next hop. */
void dsn_tie_set(struct dsn_tie *tie, const struct rule *rule,
    struct sv nexthop, int64_t now);

/* What TLS fault the text of a delivery status names: REASON_COUNT when it is
 * not about TLS, or about our own trouble, which no partner is to blame for. */
enum reason dsn_reason(struct sv text);
/* The server that the text of a status names, "host mx.test[192.0.2.1]"; empty
 * views when it names none. Views into text. */
void dsn_peer(struct sv text, struct sv *name_r, struct sv *addr_r);

/* Adds the status and text for key and returns true, or false when they stay
 * as they are. found is what the last probe of that destination saw
 * (REASON_COUNT: nothing known); it gives the better words, and alone lets a
 * handshake failure become permanent. */
bool dsn_rewrite(struct sv key, const struct dsn_tie *tie, int64_t now,
    enum reason found, struct buf *out);

#endif
