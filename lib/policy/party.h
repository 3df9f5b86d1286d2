/* tlswarden: policy/party - a sender, recipient or next hop, normalised.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. Self-contained: nothing points outside the struct, so it can be kept
 * and copied. Split at the last '@'; +extensions are part of the user; case
 * does not count; the domain is in the form of wire/domain.
 */
#ifndef POLICY_PARTY_H
#define POLICY_PARTY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/sv.h"
#include "wire/addr.h"

enum party_kind {
	PARTY_ABSENT = 0, /* the asker cannot supply it: matches only "*" */
	PARTY_NULL,       /* the null sender <> */
	PARTY_ADDRESS,
	PARTY_NEXTHOP
};

enum party_status {
	PARTY_BAD = 0, /* no such address or next hop can exist: answer TEMP */
	PARTY_OK
};

enum {
	PARTY_USER_MAX = LIMIT_ADDRESS,
	PARTY_TEXT_MAX = PARTY_USER_MAX + 1 + LIMIT_DOMAIN + 2,
	PARTY_LABELS_MAX = LIMIT_DOMAIN / 2 + 1
};

/* How a mail server finds the servers of a next hop. */
enum party_servers {
	PARTY_SERVERS_NONE = 0, /* an address, a path: not by DNS */
	PARTY_SERVERS_HOST,     /* [host]: its addresses */
	PARTY_SERVERS_DOMAIN    /* MX records, then the name's own addresses */
};

struct party {
	enum party_kind kind;
	bool is_literal;    /* the host is an IP address, see addr */
	bool is_bracketed;  /* next hop written [host] */
	bool is_host;       /* the same, and with a port that is unknown */
	bool is_odd;        /* next hop that no host is called */
	uint16_t port;      /* next hop written with :port; 0 without */
	uint16_t user_n;    /* bytes before the '@'; 0 for a next hop */
	uint16_t domain_at; /* where domain or host starts in text */
	uint16_t text_n;
	uint16_t n_labels;  /* label i starts at label_at[i]; 0 if literal */
	uint64_t full_hash; /* of text, all of it */
	struct addr addr;   /* of a literal; family 0 else */
	uint16_t label_at[PARTY_LABELS_MAX];
	uint64_t label_hash[PARTY_LABELS_MAX]; /* of text from that label on */
	char text[PARTY_TEXT_MAX];             /* user@domain, or host */
};

/* Sets p to absent. */
void party_none(struct party *p);
/* An envelope address; "", "<>" give PARTY_NULL; one pair of <> around it is
 * dropped, as are the quotes around a user; an address without '@' has an empty
 * domain (matches "*" and, being not null, "*@*"). */
enum party_status party_address(struct party *p, struct sv text) MUST_CHECK;
/* A next hop as Postfix writes it: dom, [host], host:port, [host]:port,
 * [addr], [IPv6:addr]:port, addr, a path. A port may be the name of a service:
 * the known ones are their number, others count as not written. What no host
 * is called (blanks, a dot behind a dot, a lone bracket) is odd: who is asked
 * about it cannot know. */
enum party_status party_nexthop(struct party *p, struct sv text) MUST_CHECK;

/* View into p; both are empty for the null sender. */
struct sv party_user(const struct party *p);
struct sv party_domain(const struct party *p);
/* Of a next hop. As smtp(8) does it: brackets, and nothing else, turn MX
 * records off (transport(5)). */
enum party_servers party_servers(const struct party *p);
/* Whole normalised text: user@domain, or the host of a next hop. */
struct sv party_text(const struct party *p);

/* The hash that label_hash and full_hash hold, of v read from its end. */
uint64_t party_hash(struct sv v);

#endif
