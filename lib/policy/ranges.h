/* tlswarden: policy/ranges - subnets as disjoint ranges, winner worked out.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Each range of addresses holds the lowest rank (the rule that wins) of all
 * subnets that cover it, so that a look-up is one binary search.
 */
#ifndef POLICY_RANGES_H
#define POLICY_RANGES_H

#include <stddef.h>
#include <stdint.h>

#include "wire/addr.h"

#define RANGES_NONE UINT32_MAX

struct range {
	struct addr first; /* the range ends before the next one's first */
	uint32_t rank;     /* RANGES_NONE: no subnet covers it */
};

struct ranges {
	struct range *rows; /* sorted; owned */
	size_t n;
};

struct ranges_subnet {
	struct cidr subnet;
	uint32_t rank;
};

/* Builds from n subnets, in any order, which may nest and repeat; ranges_free
 * frees. */
void
ranges_init(struct ranges *r, const struct ranges_subnet *subnets, size_t n);
void ranges_free(struct ranges *r);
/* The lowest rank of a subnet that holds a, or RANGES_NONE. */
uint32_t ranges_find(const struct ranges *r, const struct addr *a);
size_t ranges_bytes(const struct ranges *r);

#endif
