/* tlswarden: policy/rule - a rule as the snapshot holds it.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Immutable, in the snapshot's arena; everything it points at lives as long
 * as the snapshot. Small, since there are a million of them.
 */
#ifndef POLICY_RULE_H
#define POLICY_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sv.h"
#include "fact/rule.h"
#include "policy/pattern.h"
#include "wire/addr.h"

/* A CA that rules name, as far as a decision needs it. */
struct ca {
	struct sv name;
	struct sv hash; /* names its PEM file */
	const struct sv *dns;
	const struct sv *cns;
	size_t n_subjects;
};

/* What a rule demands of a session; equal demands are stored once. */
struct demand {
	enum level level;
	enum tls_version min_protocol; /* TLS_VERSION_UNKNOWN: none */
	uint32_t min_bits;             /* 0: none */
	const struct ca *ca;           /* NULL: any */
	struct sv cert_name;           /* lower case; empty: any */
	struct sv fingerprint;         /* "aa..ff aa..ff", lower, no colons */
	struct sv tlspolicy;           /* rendered for Postfix, at load */
	struct sv tlspolicy_address;   /* where the next hop is an address */
	int64_t mark; /* of all above but the answers, the same in every
			 program and table; 0: not worked out */
};

enum { RULE_INLINE = 40 };

/* Two cache lines, since a look-up among a million rules waits for memory and
 * little else: what is read first stands first, and short patterns stand in
 * the rule itself (they then view it). */
struct rule {
	struct pattern recipient;
	const struct demand *demand;
	const struct cidr *subnet; /* NULL: any */
	int64_t id;
	int32_t priority;
	uint8_t direction;  /* enum direction */
	uint8_t mode;       /* enum rule_mode */
	uint8_t on_failure; /* enum on_failure */
	bool is_enabled;
	int64_t expires_at; /* seconds since 1970; INT64_MAX: never */
	struct pattern sender;
	char inline_text[RULE_INLINE];
};

/* What makes a rule win, as numbers: the lower wins, of recipient first, then
 * of sender, then of id (DESIGN section 4: priority, recipient, sender, subnet,
 * id). */
struct rule_rank {
	uint64_t recipient; /* priority, and how specific it is */
	uint64_t sender;    /* and the length of the subnet */
	uint64_t id;        /* negative ones below the others */
};
/* A bit that no recipient's number has. */
#define RULE_RANK_IDLE (1ULL << 63)

/* True if the level refuses sessions without TLS. */
bool level_demands_tls(enum level l);
/* True if the server or client has to prove who it is: level secure, pins. */
bool rule_authenticates(const struct rule *r);
struct rule_rank rule_rank(const struct rule *r);
/* True if a rule of rank a wins over one of rank b. */
bool rule_rank_wins(const struct rule_rank *a, const struct rule_rank *b);

#endif
