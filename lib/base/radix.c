/* tlswarden: base/radix - sorts millions of numbers without comparing them.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/radix.h"

/* Few enough buckets that each one's end stays in the cache. */
enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

static size_t
digit(const struct radix_item *item, unsigned shift)
{
	return (size_t)(item->key >> shift) & (DIGITS - 1);
}

/* Sorts by one digit; false, and nothing done, when all have the same. */
static bool
sort_digit(const struct radix_item *from, struct radix_item *to, size_t n,
    unsigned shift)
{
	size_t place[DIGITS] = { 0 };
	size_t sum = 0;

	for (size_t i = 0; i < n; i++)
		place[digit(&from[i], shift)]++;
	if (place[digit(&from[0], shift)] == n)
		return false;
	for (size_t d = 0; d < DIGITS; d++) {
		size_t count = place[d];

		place[d] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[place[digit(&from[i], shift)]++] = from[i];
	return true;
}

void
radix_sort(struct radix_item *items, size_t n)
{
	struct radix_item *scratch, *from = items, *to;

	if (n < 2)
		return;
	scratch = mem_alloc(n * sizeof(*scratch));
	to = scratch;
	for (unsigned shift = 0; shift < 64; shift += DIGIT_BITS)
		if (sort_digit(from, to, n, shift)) {
			struct radix_item *swap = from;

			from = to;
			to = swap;
		}
	if (from != items)
		memcpy(items, from, n * sizeof(*items));
	free(scratch);
}
