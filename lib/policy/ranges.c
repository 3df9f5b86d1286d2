/* tlswarden: policy/ranges - subnets as disjoint ranges, winner worked out.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Subnets nest or are disjoint, so a sweep over them in address order, wider
 * ones first, with a stack of those still open, meets every border once.
 */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/ranges.h"

/* IPv6's 128 and the empty stack. */
enum { DEPTH_MAX = 130 };

struct open_subnet {
	struct addr first;
	struct addr last;
	uint32_t rank; /* the best of this one and all around it */
};

struct sweep {
	struct ranges *out;
	size_t cap;
	struct open_subnet open[DEPTH_MAX];
	size_t n_open;
};

static int
by_start(const void *a, const void *b)
{
	const struct ranges_subnet *x = a, *y = b;
	int c = addr_cmp(&x->subnet.net, &y->subnet.net);

	if (c == 0)
		c = x->subnet.bits - y->subnet.bits;
	return c;
}

/* False when a is the last address of its family. */
static bool
next_addr(struct addr *a)
{
	for (size_t i = a->family == 4 ? 4 : 16; i > 0; i--)
		if (++a->b[i - 1] != 0)
			return true;
	return false;
}

static void
put(struct sweep *s, const struct addr *first, uint32_t rank)
{
	struct ranges *r = s->out;

	if (r->n > 0 && addr_eq(&r->rows[r->n - 1].first, first)) {
		r->rows[r->n - 1].rank = rank;
		return;
	}
	if (r->n > 0 && r->rows[r->n - 1].rank == rank &&
	    r->rows[r->n - 1].first.family == first->family)
		return;
	if (r->n == s->cap) {
		s->cap = s->cap == 0 ? 64 : s->cap * 2;
		r->rows = mem_realloc(r->rows, s->cap, sizeof(*r->rows));
	}
	r->rows[r->n].first = *first;
	r->rows[r->n++].rank = rank;
}

static uint32_t
top_rank(const struct sweep *s)
{
	return s->n_open == 0 ? RANGES_NONE : s->open[s->n_open - 1].rank;
}

/* Closes what ends before next (NULL: everything). */
static void
close_before(struct sweep *s, const struct addr *next)
{
	while (s->n_open > 0) {
		struct addr after = s->open[s->n_open - 1].last;

		if (next != NULL && addr_cmp(&after, next) >= 0)
			return;
		s->n_open--;
		if (next_addr(&after))
			put(s, &after, top_rank(s));
	}
}

static void
open_subnet(struct sweep *s, const struct ranges_subnet *in)
{
	struct open_subnet o;

	cidr_range(&in->subnet, &o.first, &o.last);
	o.rank = top_rank(s) < in->rank ? top_rank(s) : in->rank;
	/* The same subnet again opens nothing new: the stack stays as deep as
	 * prefixes can nest. */
	if (s->n_open > 0 && addr_eq(&o.first, &s->open[s->n_open - 1].first) &&
	    addr_eq(&o.last, &s->open[s->n_open - 1].last))
		s->n_open--;
	s->open[s->n_open++] = o;
	put(s, &o.first, o.rank);
}

void
ranges_init(struct ranges *r, const struct ranges_subnet *subnets, size_t n)
{
	struct ranges_subnet *sorted;
	struct sweep s = { .out = r };

	r->rows = NULL;
	r->n = 0;
	if (n == 0)
		return;
	sorted = mem_alloc(n * sizeof(*sorted));
	memcpy(sorted, subnets, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_start);
	for (size_t i = 0; i < n; i++) {
		close_before(&s, &sorted[i].subnet.net);
		open_subnet(&s, &sorted[i]);
	}
	close_before(&s, NULL);
	free(sorted);
}

void
ranges_free(struct ranges *r)
{
	free(r->rows);
	r->rows = NULL;
	r->n = 0;
}

uint32_t
ranges_find(const struct ranges *r, const struct addr *a)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (addr_cmp(&r->rows[mid].first, a) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0 || r->rows[low - 1].first.family != a->family)
		return RANGES_NONE;
	return r->rows[low - 1].rank;
}

size_t
ranges_bytes(const struct ranges *r)
{
	return r->n * sizeof(*r->rows);
}
