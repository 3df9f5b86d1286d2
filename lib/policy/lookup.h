/* tlswarden: policy/lookup - the answers to the maps of section 6, as facts.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What policyd answers and what explain shows come from the same calls. Pure;
 * the words on the wire (OK, NOTFOUND, TEMP) are wire/socketmap's.
 */
#ifndef POLICY_LOOKUP_H
#define POLICY_LOOKUP_H

#include "base/buf.h"
#include "policy/snapshot.h"

enum lookup_status {
	LOOKUP_TEMP = 0, /* cannot be known: the text says why */
	LOOKUP_FOUND,
	LOOKUP_NOTFOUND
};

struct lookup_answer {
	enum lookup_status status;
	struct sv text; /* the value, or why TEMP; valid as the snapshot */
	const struct rule *rule; /* that won; NULL: none */
	bool is_kept; /* a rule that it stands for, too, fails temporarily */
};

/* Map tlspolicy, a next hop as Postfix writes it (postconf(5)
 * smtp_tls_policy_maps). A key that starts with a dot is Postfix walking up
 * after our NOTFOUND, which was final. party is scratch memory of the
 * caller's, filled with the normalised key. */
void lookup_tlspolicy(const struct snapshot *s, struct sv key,
    struct party *party, struct lookup_answer *r);

/* Map transport, a full address: "tlswarden-LEVEL:NEXTHOP" when the rule that
 * wins is about some users, so that a transport of its own asks address-LEVEL.
 * NOTFOUND else, for "*" and for local domains. text views *out. */
void lookup_transport(const struct snapshot *s, struct sv key,
    struct party *party, struct buf *out, struct lookup_answer *r);
/* Map address-LEVEL, a next hop of those transports. Mail that is there was
 * sent by a rule; when that is gone the bare level answers. The user is not
 * told: the rule that demands all that the others demand answers for them, and
 * TEMP where none does. */
void lookup_address(const struct snapshot *s, enum level level, struct sv key,
    struct party *party, struct lookup_answer *r);
/* Map ehlo, a client's address. What is no address is NOTFOUND: nothing is
 * hidden. */
void
lookup_ehlo(const struct snapshot *s, struct sv key, struct lookup_answer *r);

/* The query behind a next hop in party: addresses of a literal are known,
 * those of a domain are not supplied. Views party. */
void lookup_nexthop_query(const struct party *party, struct query *q);

#endif
