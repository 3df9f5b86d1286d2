/* tlswarden: ctl/failures_group - like violations put together.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ctl/failures.h"

void
failures_init(struct failures *f)
{
	memset(f, 0, sizeof(*f));
	arena_init(&f->mem);
}

void
failures_free(struct failures *f)
{
	arena_free(&f->mem);
	free(f->v);
	free(f->slots);
}

/* The domain of an address; a domain or "<>" as it is. */
static struct sv
domain_of(struct sv address)
{
	size_t at = sv_rfind(address, '@');

	return at < address.n ? sv_skip(address, at + 1) : address;
}

static struct failure
as_failure(const struct record_violation *row)
{
	struct failure g = { .n = 1,
		.first_secs = row->at_secs,
		.last_secs = row->at_secs,
		.rule = row->rule,
		.is_outbound = row->is_outbound,
		.is_monitor = row->is_monitor,
		.source = row->source,
		.reason = row->reason };

	g.from = domain_of(row->sender);
	g.to = domain_of(row->recipient.n > 0 ? row->recipient : row->nexthop);
	g.peer = row->peer_name.n > 0 ? row->peer_name : row->peer_addr;
	return g;
}

static bool
is_alike(const struct failure *a, const struct failure *b)
{
	return a->rule == b->rule && a->is_outbound == b->is_outbound &&
	    a->is_monitor == b->is_monitor && a->source == b->source &&
	    sv_eq(a->reason, b->reason) && sv_eq(a->from, b->from) &&
	    sv_eq(a->to, b->to) && sv_eq(a->peer, b->peer);
}

/* FNV-1a. */
static uint64_t
hash_sv(uint64_t h, struct sv v)
{
	for (size_t i = 0; i < v.n; i++)
		h = (h ^ (unsigned char)v.p[i]) * 0x100000001b3U;
	return (h ^ 0xff) * 0x100000001b3U;
}

static uint64_t
hash(const struct failure *g)
{
	uint64_t h = 0xcbf29ce484222325U ^ (uint64_t)g->rule;

	h = hash_sv(h, g->reason);
	h = hash_sv(h, g->from);
	h = hash_sv(h, g->to);
	return hash_sv(h, g->peer);
}

/* The slot of a failure like g, or the empty one where it belongs. */
static size_t
slot_of(const struct failures *f, const struct failure *g)
{
	size_t at = (size_t)hash(g) % f->n_slots;

	while (f->slots[at] != 0 && !is_alike(&f->v[f->slots[at] - 1], g))
		at = (at + 1) % f->n_slots;
	return at;
}

/* Slots are at most half full. */
static void
grow(struct failures *f)
{
	f->cap = f->cap == 0 ? 64 : 2 * f->cap;
	f->v = mem_realloc(f->v, f->cap, sizeof(*f->v));
	free(f->slots);
	f->n_slots = 2 * f->cap;
	f->slots = mem_zalloc(f->n_slots, sizeof(*f->slots));
	for (size_t i = 0; i < f->n; i++)
		f->slots[slot_of(f, &f->v[i])] = i + 1;
}

static struct failure *
append(struct failures *f, struct failure *g)
{
	g->reason = arena_sv(&f->mem, g->reason);
	g->from = arena_sv(&f->mem, g->from);
	g->to = arena_sv(&f->mem, g->to);
	g->peer = arena_sv(&f->mem, g->peer);
	if (f->n == f->cap)
		grow(f);
	f->slots[slot_of(f, g)] = f->n + 1;
	f->v[f->n] = *g;
	return &f->v[f->n++];
}

struct failure *
failures_add(struct failures *f, const struct record_violation *row)
{
	struct failure g = as_failure(row), *like;
	size_t at = f->n_slots == 0 ? 0 : slot_of(f, &g);

	if (f->n_slots == 0 || f->slots[at] == 0)
		return append(f, &g);
	like = &f->v[f->slots[at] - 1];
	like->n++;
	if (g.first_secs < like->first_secs)
		like->first_secs = g.first_secs;
	if (g.last_secs > like->last_secs)
		like->last_secs = g.last_secs;
	return like;
}

/* More first, then the later, then the lower rule. */
static int
compare(const void *a, const void *b)
{
	const struct failure *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	if (x->last_secs != y->last_secs)
		return x->last_secs < y->last_secs ? 1 : -1;
	if (x->rule != y->rule)
		return x->rule > y->rule ? 1 : -1;
	return sv_cmp(x->from, y->from);
}

void
failures_sort(struct failures *f)
{
	if (f->n > 0)
		qsort(f->v, f->n, sizeof(*f->v), compare);
}
