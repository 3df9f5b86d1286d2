/* tlswarden: base/radix - sorts millions of numbers without comparing them.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef BASE_RADIX_H
#define BASE_RADIX_H

#include <stddef.h>
#include <stdint.h>

struct radix_item {
	uint64_t key;
	uint32_t value; /* what the key belongs to */
};

/* Sorts by key, lowest first. Stable: items of one key keep their order, so
 * that sorting by the lesser key first and the greater key last sorts by
 * both. */
void radix_sort(struct radix_item *items, size_t n);

#endif
