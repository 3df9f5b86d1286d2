/* tlswarden: policy/probe_table - what was seen at destinations, for map dsn.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "policy/probe_table.h"

enum { PORT_SMTP = 25 };

/* One server, filed under the domain that led to it and, when it bears the
 * same name, once more under itself: "[host]" and "host:port" ask for that. */
struct entry {
	struct sv name;
	uint16_t port;
	bool is_host;
	int64_t at;
	int64_t rule, demand;
	struct dsn_probe probe;
};

/* All servers of the newest look at one destination. */
struct group {
	struct sv name;
	uint16_t port;
	bool is_host;
	int64_t rule; /* 0: not all were judged by the same one */
	int64_t demand;
	size_t first, n;
};

struct probe_table_builder {
	struct arena mem;
	struct entry *entries;
	size_t n, cap;
};

struct probe_table {
	struct arena mem;
	struct group *groups; /* sorted */
	size_t n_groups;
	struct dsn_probe *probes;
	int64_t oldest;
};

struct probe_table_builder *
probe_table_begin(void)
{
	struct probe_table_builder *b = mem_zalloc(1, sizeof(*b));

	arena_init(&b->mem);
	return b;
}

static bool
read_result(const struct record_probe *row, struct dsn_probe *r)
{
	static const enum reason_fault faults[] = { FAULT_THEIRS, FAULT_OURS,
		FAULT_PATH };

	r->reason = REASON_COUNT;
	r->fault = FAULT_UNKNOWN;
	if (row->class.n == 0)
		return sv_is(row->verdict, "ok");
	if (!reason_parse(row->class, &r->reason))
		return false;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (sv_is(row->fault, reason_fault_word(faults[i])))
			r->fault = faults[i];
	return true;
}

static void
add_entry(struct probe_table_builder *b, const struct entry *e)
{
	if (b->n == b->cap) {
		b->cap = b->cap * 2 + 64;
		b->entries =
		    mem_realloc(b->entries, b->cap, sizeof(*b->entries));
	}
	b->entries[b->n++] = *e;
}

void
probe_table_add(struct probe_table_builder *b, const struct record_probe *row)
{
	struct entry e = { .port = row->port,
		.at = row->at_secs,
		.rule = row->rule,
		.demand = row->demand };

	if (row->domain.n == 0 || !read_result(row, &e.probe))
		return;
	e.name = arena_sv(&b->mem, row->domain);
	add_entry(b, &e);
	if (!sv_eq(row->domain, row->host))
		return;
	e.is_host = true;
	add_entry(b, &e);
}

static int
compare_keys(struct sv name, uint16_t port, bool is_host, struct sv name2,
    uint16_t port2, bool is_host2)
{
	int c = sv_cmp(name, name2);

	if (c != 0)
		return c;
	if (port != port2)
		return port < port2 ? -1 : 1;
	return (int)is_host - (int)is_host2;
}

/* By key, then the newest first. */
static int
by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c = compare_keys(x->name, x->port, x->is_host, y->name, y->port,
	    y->is_host);

	if (c != 0 || x->at == y->at)
		return c;
	return x->at > y->at ? -1 : 1;
}

static bool
is_of_group(const struct group *g, const struct entry *e)
{
	return compare_keys(g->name, g->port, g->is_host, e->name, e->port,
		   e->is_host) == 0;
}

/* Takes the entries from i on that have the same key; returns how many. */
static size_t
take_group(struct probe_table *t, const struct probe_table_builder *b, size_t i,
    size_t *n_probes)
{
	const struct entry *newest = &b->entries[i];
	struct group *g = &t->groups[t->n_groups++];
	size_t k = i;

	*g = (struct group){ newest->name, newest->port, newest->is_host,
		newest->rule, newest->demand, *n_probes, 0 };
	for (; k < b->n && is_of_group(g, &b->entries[k]); k++) {
		const struct entry *e = &b->entries[k];

		if (e->at != newest->at)
			continue;
		t->probes[(*n_probes)++] = e->probe;
		if (e->rule != g->rule || e->demand != g->demand)
			g->rule = 0;
		if (e->at < t->oldest)
			t->oldest = e->at;
	}
	g->n = *n_probes - g->first;
	return k - i;
}

struct probe_table *
probe_table_done(struct probe_table_builder *b)
{
	struct probe_table *t = mem_zalloc(1, sizeof(*t));
	size_t n_probes = 0;

	t->mem = b->mem;
	t->oldest = INT64_MAX;
	t->groups = mem_zalloc(b->n + 1, sizeof(*t->groups));
	t->probes = mem_zalloc(b->n + 1, sizeof(*t->probes));
	if (b->n > 0)
		qsort(b->entries, b->n, sizeof(*b->entries), by_key);
	for (size_t i = 0; i < b->n;)
		i += take_group(t, b, i, &n_probes);
	free(b->entries);
	free(b);
	return t;
}

void
probe_table_free(struct probe_table *t)
{
	if (t == NULL)
		return;
	arena_free(&t->mem);
	free(t->groups);
	free(t->probes);
	free(t);
}

static int
find_group(const void *key, const void *element)
{
	const struct group *a = key, *b = element;

	return compare_keys(a->name, a->port, a->is_host, b->name, b->port,
	    b->is_host);
}

struct dsn_probes
probe_table_find(const struct probe_table *t, const struct dsn_tie *tie,
    struct party *scratch)
{
	struct sv nexthop = sv_make(tie->nexthop, tie->nexthop_n);
	const struct dsn_probes none = { NULL, 0 };
	const struct group *g;
	struct group key = { .port = PORT_SMTP };

	if (t == NULL || tie->rule_id == 0 || t->n_groups == 0 ||
	    party_nexthop(scratch, nexthop) != PARTY_OK)
		return none;
	key.name = party_text(scratch);
	/* As probe/target reads a next hop. */
	key.is_host =
	    scratch->is_literal || scratch->is_bracketed || scratch->port != 0;
	if (scratch->port != 0)
		key.port = scratch->port;
	g = bsearch(&key, t->groups, t->n_groups, sizeof(*t->groups),
	    find_group);
	if (g == NULL || g->rule != tie->rule_id || g->demand != tie->demand)
		return none;
	return (struct dsn_probes){ t->probes + g->first, g->n };
}

int64_t
probe_table_oldest(const struct probe_table *t)
{
	return t->oldest;
}
