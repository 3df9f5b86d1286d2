/* tlswarden: tests for base/radix.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "base/mem.h"
#include "base/radix.h"
#include "unit.h"

static const struct {
	const char *label;
	size_t n;
	uint64_t mask; /* of the random keys */
} rows[] = {
	{ "none", 0, UINT64_MAX },
	{ "one", 1, UINT64_MAX },
	{ "two", 2, UINT64_MAX },
	{ "all alike", 100, 0 },
	{ "two keys", 1000, 1 },
	{ "only the top bit", 1000, 1ULL << 63 },
	{ "both ends of a digit", 3000, 0x400U | 0x800U },
	{ "an odd number of digits", 3000, 0x7ff },
	{ "an even number of digits", 3000, 0x3fffff },
	{ "many of few keys", 5000, 0x10000000f },
	{ "all bits", 5000, UINT64_MAX },
};

static uint64_t
next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005U + 1442695040888963407U;
	return *state ^ (*state >> 29);
}

/* Sorted, nothing lost, and items of one key in their first order: values are
 * the places that they had. */
START_TEST(sorts)
{
	size_t n = rows[_i].n;
	struct radix_item *items = mem_zalloc(n, sizeof(*items));
	uint64_t *keys = mem_zalloc(n, sizeof(*keys));
	bool *seen = mem_zalloc(n, sizeof(*seen));
	uint64_t state = 42;

	for (size_t i = 0; i < n; i++) {
		keys[i] = next_random(&state) & rows[_i].mask;
		items[i].key = keys[i];
		items[i].value = (uint32_t)i;
	}
	radix_sort(items, n);
	for (size_t i = 0; i < n; i++) {
		ck_assert_msg(items[i].value < n && !seen[items[i].value] &&
			items[i].key == keys[items[i].value],
		    "%s: item %zu is a stranger", rows[_i].label, i);
		seen[items[i].value] = true;
		ck_assert_msg(i == 0 || items[i - 1].key < items[i].key ||
			(items[i - 1].key == items[i].key &&
			    items[i - 1].value < items[i].value),
		    "%s: item %zu is out of order", rows[_i].label, i);
	}
	free(items);
	free(keys);
	free(seen);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, sorts, 0, N_ROWS(rows));
}

UNIT_MAIN("radix", add_tests)
