/* tlswarden: policy/snapshot - an immutable table of rules, ready to be asked.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>

#include "policy/snapshot_private.h"

void
snapshot_free(struct snapshot *s)
{
	if (s == NULL)
		return;
	for (int d = 0; d < SNAPSHOT_DIRECTIONS; d++) {
		index_free(&s->enforce[d]);
		index_free(&s->monitor[d]);
	}
	index_free(&s->users);
	ranges_free(&s->tls_clients);
	free(s->cas);
	free(s->rules);
	arena_free(&s->objects);
	arena_free(&s->strings);
	free(s);
}

/* How much a demand asks for, where two must be merged into one answer. */
static uint64_t
strictness(const struct demand *d)
{
	return ((uint64_t)(d->fingerprint.n > 0) << 40) |
	    ((uint64_t)(d->ca != NULL) << 39) |
	    ((uint64_t)(d->cert_name.n > 0) << 38) |
	    ((uint64_t)d->min_protocol << 16) | d->min_bits;
}

const struct rule *
snapshot_stricter(const struct rule *a, const struct rule *b)
{
	uint64_t x, y;

	if (a == NULL)
		return b;
	x = strictness(a->demand);
	y = strictness(b->demand);
	return y > x || (y == x && b < a) ? b : a;
}

struct snapshot_match
snapshot_find(const struct snapshot *s, const struct query *q)
{
	struct index_found f = index_find(&s->enforce[q->direction], q);
	struct snapshot_match m = { NULL, f.pending != RANGES_NONE, NULL };

	if (m.needs_peers)
		m.pending = &s->rules[f.pending];
	if (f.rank != RANGES_NONE)
		m.rule = &s->rules[f.rank];
	return m;
}

struct monitor_call {
	const struct snapshot *s;
	const struct rule *winner;
	void (*fn)(void *arg, const struct rule *rule);
	void *arg;
};

static void
call_monitor(void *arg, uint32_t rank)
{
	const struct monitor_call *c = arg;
	const struct rule *r = &c->s->rules[rank];

	if (c->winner == NULL || r < c->winner)
		c->fn(c->arg, r);
}

void
snapshot_monitors(const struct snapshot *s, const struct query *q,
    const struct rule *winner, void (*fn)(void *arg, const struct rule *rule),
    void *arg)
{
	struct monitor_call c = { s, winner, fn, arg };

	if (s->n_monitors > 0)
		index_each(&s->monitor[q->direction], q, MISS_NONE,
		    call_monitor, &c);
}

/* Whoever satisfies a satisfies b. */
static bool
demand_contains(const struct demand *a, const struct demand *b)
{
	return a->min_protocol >= b->min_protocol &&
	    a->min_bits >= b->min_bits && (b->ca == NULL || a->ca == b->ca) &&
	    (b->cert_name.n == 0 || sv_eq(a->cert_name, b->cert_name)) &&
	    (b->fingerprint.n == 0 || sv_eq(a->fingerprint, b->fingerprint));
}

struct users_call {
	const struct snapshot *s;
	enum level level;
	struct snapshot_users found;
};

static void
call_users(void *arg, uint32_t rank)
{
	struct users_call *c = arg;
	const struct rule *r = &c->s->rules[rank];

	if (r->demand->level != c->level)
		return;
	c->found.rule = snapshot_stricter(c->found.rule, r);
	if (r->on_failure == ON_FAILURE_TEMPFAIL)
		c->found.is_kept = true;
}

static void
call_split(void *arg, uint32_t rank)
{
	struct users_call *c = arg;
	const struct rule *r = &c->s->rules[rank];

	if (r->demand->level == c->level &&
	    !demand_contains(c->found.rule->demand, r->demand))
		c->found.is_split = true;
}

struct snapshot_users
snapshot_users_rule(const struct snapshot *s, enum level level,
    const struct party *nexthop)
{
	struct users_call c = { s, level,
		{ s->strictest[level], s->is_kept[level], false } };
	struct party none;
	struct query q = { .direction = DIRECTION_OUT,
		.sender = &none,
		.recipient = nexthop };

	if (nexthop == NULL)
		return c.found;
	c.found = (struct snapshot_users){ NULL, false, false };
	party_none(&none);
	index_each(&s->users, &q, MISS_USERS, call_users, &c);
	if (c.found.rule != NULL)
		index_each(&s->users, &q, MISS_USERS, call_split, &c);
	return c.found;
}

struct sv
snapshot_transport_nexthop(const struct snapshot *s)
{
	return s->transport_nexthop;
}

bool
snapshot_is_local_domain(const struct snapshot *s, struct sv domain)
{
	struct sv words = s->local_domains, word;

	while (sv_word(&words, &word))
		if (sv_eq(word, domain))
			return true;
	return false;
}

bool
snapshot_hides_starttls(const struct snapshot *s, const struct addr *client)
{
	struct party none;
	struct query q = { .direction = DIRECTION_IN,
		.sender = &none,
		.recipient = &none,
		.peers_state = PEERS_KNOWN,
		.peers = client,
		.n_peers = 1 };
	const struct rule *r;

	party_none(&none);
	r = snapshot_find(s, &q).rule;
	return r != NULL && r->demand->level == LEVEL_NONE &&
	    !s->has_tls_for_all &&
	    ranges_find(&s->tls_clients, client) == RANGES_NONE;
}

bool
snapshot_enforces(const struct snapshot *s, enum direction direction)
{
	return s->has_enforcing[direction];
}

bool
snapshot_names_recipients(const struct snapshot *s)
{
	return s->names_recipients;
}

size_t
snapshot_count(const struct snapshot *s)
{
	return s->n_rules;
}

const struct rule *
snapshot_rule(const struct snapshot *s, size_t i)
{
	return &s->rules[i];
}

const struct rule *
snapshot_rule_by_id(const struct snapshot *s, int64_t id)
{
	for (size_t i = 0; i < s->n_rules; i++)
		if (s->rules[i].id == id)
			return &s->rules[i];
	return NULL;
}

size_t
snapshot_ca_count(const struct snapshot *s)
{
	return s->n_cas;
}

const struct ca *
snapshot_ca(const struct snapshot *s, size_t i)
{
	return s->cas[i];
}

int64_t
snapshot_next_expiry(const struct snapshot *s)
{
	return s->next_expiry;
}

struct snapshot_inside
snapshot_inside(const struct rule *r)
{
	struct snapshot_inside in = { r->recipient.n, r->sender.n };

	if (in.recipient > RULE_INLINE)
		in.recipient = 0;
	if (in.sender > RULE_INLINE - in.recipient)
		in.sender = 0;
	return in;
}

void
snapshot_stats(const struct snapshot *s, struct snapshot_stats *r)
{
	r->rules = s->n_active;
	r->monitors = s->n_monitors;
	r->string_bytes = s->strings.total_bytes;
	r->table_bytes = s->objects.total_bytes;
	for (size_t i = 0; i < s->n_rules; i++) {
		struct snapshot_inside in = snapshot_inside(&s->rules[i]);

		r->string_bytes += in.recipient + in.sender;
		r->table_bytes += sizeof(*s->rules) - in.recipient - in.sender;
	}
	for (int d = 0; d < SNAPSHOT_DIRECTIONS; d++)
		r->table_bytes +=
		    index_bytes(&s->enforce[d]) + index_bytes(&s->monitor[d]);
}
