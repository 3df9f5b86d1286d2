/* tlswarden: policy/pattern - sender and recipient patterns (DESIGN section 4).
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. A pattern views normalised text that its owner keeps (an arena, a
 * test's buffer). '*' and '?' never cross the '@'; '*' crosses dots.
 */
#ifndef POLICY_PATTERN_H
#define POLICY_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/sv.h"
#include "policy/party.h"

/* Ordered from the most to the least specific; the zero value matches
 * nothing. */
enum pattern_kind {
	PATTERN_BAD = 0,
	PATTERN_WRITTEN,     /* [host], host:port, [host]:port */
	PATTERN_ADDRESS,     /* user@domain, and <> */
	PATTERN_USER_GLOB,   /* sales-*@example.com */
	PATTERN_DOMAIN,      /* example.com */
	PATTERN_PARENT,      /* .example.com, kept without the dot */
	PATTERN_DOMAIN_GLOB, /* *.example.com, *@*.example.com, *@* */
	PATTERN_ANY          /* * */
};

struct pattern {
	const char *text; /* normalised */
	uint16_t n;
	uint16_t domain_at; /* where the domain part starts in text */
	uint16_t literals;  /* bytes that are no wildcards, without '@' */
	uint8_t kind;       /* enum pattern_kind */
	bool is_null;       /* <> */
	bool has_user;      /* an '@' was written */
	bool is_bracketed;  /* PATTERN_WRITTEN */
	uint16_t port;      /* PATTERN_WRITTEN; 0: none */
};

/* Where a pattern stands: written forms only in 'out' recipients, the null
 * pattern only as sender. */
enum pattern_place {
	PATTERN_IN_SENDER = 0,
	PATTERN_IN_RECIPIENT,
	PATTERN_OUT_RECIPIENT
};

/* Parses text; the normalised text is added to *norm and the pattern views it
 * (so norm must not be changed as long as the pattern is used, or the pattern
 * moved with pattern_rebase). Returns 0, or -1 with a sentence that teaches. */
int pattern_parse(struct sv text, enum pattern_place place, struct buf *norm,
    struct pattern *r, struct err *err_r) MUST_CHECK;
/* Points the pattern at an equal copy of its text. */
void pattern_rebase(struct pattern *p, const char *text);

/* True if the pattern matches; an absent party matches only "*". */
bool pattern_matches(const struct pattern *p, const struct party *who);
/* True if the pattern could match some user at the domain or host that who
 * names: the user part is left out of the question. */
bool pattern_matches_domain(const struct pattern *p, const struct party *who);
/* True if the pattern covers every user of each domain that it matches, so
 * that it can answer for a next hop. */
bool pattern_covers_domain(const struct pattern *p);
/* True if it is a next hop, as written, whose host is an address. */
bool pattern_is_address_hop(const struct pattern *p);
/* Adds the pattern as a person would write it. */
void pattern_format(const struct pattern *p, struct buf *out);
/* '*' any run, '?' any one byte; nothing else is special. Both lower case. */
bool pattern_glob(struct sv glob, struct sv text);

/* Adds the next hop that a recipient pattern is about; false, and nothing,
 * when it is about no single one. */
bool pattern_nexthop(const struct pattern *p, struct buf *out);

#endif
