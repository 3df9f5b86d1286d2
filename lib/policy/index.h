/* tlswarden: policy/index - finds the first rule in winning order that matches.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Covers the rules of one direction and mode. The rules of a snapshot are
 * sorted by rule_rank, so a rule's rank is its place there and the winner is
 * the lowest rank that matches. Rules are filed under what their sender and
 * recipient patterns name:
 *   address    user@domain
 *   name       the domain of example.com and of sales-*@example.com
 *   parent     the domain of .example.com; a domain glob's literal tail
 *   written    the host of a next hop written [host], host:port
 *   any        *, <>, *@*, globs without a tail
 * One hash table serves all pairs of these; a bit for each pair that occurs
 * keeps a look-up from asking for the others. Rules that name nothing but a
 * subnet are in ranges; what has neither is in a short list. What is found is
 * only a candidate: rule_miss has the last word.
 */
#ifndef POLICY_INDEX_H
#define POLICY_INDEX_H

#include <stdint.h>

#include "policy/query.h"
#include "policy/ranges.h"
#include "policy/rule.h"

enum index_use {
	INDEX_EACH = 0, /* for index_each: subnets are scanned */
	INDEX_FIND,     /* for index_find: subnets are in ranges */
	INDEX_DOMAINS   /* for index_each, addresses filed by their domain */
};

struct index_slot {
	uint32_t tag;   /* the hash's lower bits, to skip strangers */
	uint32_t first; /* a rank and the mark if it is the only one, else where
			   its list starts in ranks; INDEX_EMPTY for none */
};

struct index {
	const struct rule *rules; /* all of the snapshot, by rank; borrowed */
	struct index_slot *slots;
	uint64_t slot_mask;
	unsigned slot_shift; /* leaves the bits of the hash that choose one */
	uint32_t *ranks;     /* lists, ascending, the last one marked */
	size_t n_ranks;
	uint32_t *scan; /* ranks of rules that nothing files */
	size_t n_scan;
	uint32_t pair_bits;    /* pairs of key kinds that occur */
	uint32_t sender_kinds; /* a bit for each kind that occurs */
	uint32_t recipient_kinds;
	uint64_t parent_depths;  /* bit n: a parent of n labels occurs */
	struct ranges demanding; /* subnet-only rules, encrypt and secure */
	struct ranges lenient;   /* subnet-only rules, none and preferred */
	uint32_t *lenient_scan;  /* the latter again, for several peers */
	size_t n_lenient;
	enum index_use use;
	bool has_ranges;
	uint32_t best_demanding[2]; /* lowest ranks in demanding: IPv4, IPv6 */
};

/* Files the n rules whose ranks are given, ascending. */
void index_init(struct index *x, const struct rule *rules,
    const uint32_t *ranks, size_t n, enum index_use use);
void index_free(struct index *x);

struct index_found {
	uint32_t rank;    /* RANGES_NONE: no rule */
	uint32_t pending; /* lowest rank that only its subnet keeps out while
			     the peers are pending; RANGES_NONE: none */
};
struct index_found index_find(const struct index *x, const struct query *q);
/* Calls fn for every rule whose rule_miss is wanted, in no order. */
void index_each(const struct index *x, const struct query *q, enum miss wanted,
    void (*fn)(void *arg, uint32_t rank), void *arg);
size_t index_bytes(const struct index *x);

#endif
