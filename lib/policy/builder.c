/* tlswarden: policy/builder - builds a snapshot from rows.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/radix.h"
#include "policy/postfix.h"
#include "policy/row.h"
#include "policy/snapshot_private.h"
#include "wire/domain.h"

enum { DEMAND_SLOTS_START = 64 };

/* Demands met so far, by the columns that make them up. */
struct demand_slot {
	uint64_t hash;
	struct sv key;
	const struct demand *demand;
};

struct snapshot_builder {
	struct snapshot *s;
	int64_t now;
	unsigned postfix_version;
	struct sv ca_directory;
	bool keep_inactive;
	size_t cap;
	size_t cas_cap;
	struct row_parts parts;
	struct demand_slot *demands;
	size_t demands_cap; /* a power of two */
	size_t n_demands;
	struct buf key;
	struct buf words;
};

static struct sv
normal_domains(struct snapshot *s, struct sv words)
{
	char name[LIMIT_DOMAIN + 1];
	struct buf b;
	struct sv word, kept;
	size_t n;

	buf_init(&b, LIMIT_COLUMN * 16);
	while (sv_word(&words, &word))
		if (domain_normalise(word, name, &n) == DOMAIN_OK) {
			buf_add(&b, sv_make(name, n));
			buf_addc(&b, ' ');
		}
	kept = arena_sv(&s->strings, buf_sv(&b));
	buf_free(&b);
	return kept;
}

struct snapshot_builder *
snapshot_builder_new(const struct snapshot_options *o)
{
	struct snapshot_builder *b = mem_zalloc(1, sizeof(*b));

	b->s = mem_zalloc(1, sizeof(*b->s));
	arena_init(&b->s->strings);
	arena_init(&b->s->objects);
	b->s->next_expiry = INT64_MAX;
	b->now = o->now;
	b->postfix_version = o->postfix_version;
	b->ca_directory = arena_sv(&b->s->strings, o->ca_directory);
	b->keep_inactive = o->keep_inactive;
	b->s->transport_nexthop =
	    arena_sv(&b->s->strings, o->transport_nexthop);
	b->s->local_domains = normal_domains(b->s, o->local_domains);
	row_init(&b->parts);
	b->demands_cap = DEMAND_SLOTS_START;
	b->demands = mem_zalloc(b->demands_cap, sizeof(*b->demands));
	buf_init(&b->key, 4 * LIMIT_COLUMN);
	buf_init(&b->words, 4 * LIMIT_COLUMN);
	return b;
}

static const struct ca *
find_ca(const struct snapshot *s, struct sv name)
{
	for (size_t i = 0; i < s->n_cas; i++)
		if (sv_eq(s->cas[i]->name, name))
			return s->cas[i];
	return NULL;
}

static const struct sv *
copy_names(struct snapshot *s, const struct sv *names, size_t n)
{
	struct sv *copy = arena_alloc(&s->objects, n * sizeof(*copy));

	for (size_t i = 0; i < n; i++)
		copy[i] = arena_sv(&s->strings, names[i]);
	return copy;
}

int
snapshot_builder_ca(struct snapshot_builder *b, const struct ca_fact *fact,
    struct err *err_r)
{
	struct snapshot *s = b->s;
	struct ca *ca;

	if (find_ca(s, fact->name) != NULL)
		return err_set(err_r, EX_DATAERR,
		    "a second CA of that name in table ca");
	ca = arena_alloc(&s->objects, sizeof(*ca));
	ca->name = arena_sv(&s->strings, fact->name);
	ca->hash = arena_sv(&s->strings, fact->hash);
	ca->dns = copy_names(s, fact->dns, fact->n_subjects);
	ca->cns = copy_names(s, fact->cns, fact->n_subjects);
	ca->n_subjects = fact->n_subjects;
	if (s->n_cas == b->cas_cap) {
		b->cas_cap = b->cas_cap == 0 ? 16 : 2 * b->cas_cap;
		s->cas = mem_realloc(s->cas, b->cas_cap, sizeof(*s->cas));
	}
	s->cas[s->n_cas++] = ca;
	return 0;
}

static struct demand_slot *
demand_slot(struct snapshot_builder *b, uint64_t hash, struct sv key)
{
	size_t at = hash & (b->demands_cap - 1);

	while (b->demands[at].demand != NULL &&
	    (b->demands[at].hash != hash || !sv_eq(b->demands[at].key, key)))
		at = (at + 1) & (b->demands_cap - 1);
	return &b->demands[at];
}

static void
grow_demands(struct snapshot_builder *b)
{
	struct demand_slot *old = b->demands;
	size_t n = b->demands_cap;

	if (b->n_demands * 2 < n)
		return;
	b->demands_cap = 2 * n;
	b->demands = mem_zalloc(b->demands_cap, sizeof(*b->demands));
	for (size_t i = 0; i < n; i++)
		if (old[i].demand != NULL)
			*demand_slot(b, old[i].hash, old[i].key) = old[i];
	free(old);
}

/* The answer about next hops that are addresses, or about the others. */
static struct sv
render(struct snapshot_builder *b, const struct demand *d, bool is_address)
{
	const struct postfix_target to = { .version = b->postfix_version,
		.is_address = is_address,
		.ca_directory = b->ca_directory };

	buf_reset(&b->words);
	postfix_tlspolicy(d, &to, &b->words);
	return arena_sv(&b->s->strings, buf_sv(&b->words));
}

/* A CA counts by what it is, not by its name. */
static int64_t
mark_of(struct snapshot_builder *b, const struct demand *d)
{
	buf_reset(&b->words);
	buf_addf(&b->words, "%d %d %u %.*s ", (int)d->level,
	    (int)d->min_protocol, d->min_bits,
	    SV_ARG(d->ca == NULL ? sv_from("") : d->ca->hash));
	buf_add(&b->words, d->cert_name);
	buf_addc(&b->words, ' ');
	buf_add(&b->words, d->fingerprint);
	return (int64_t)(party_hash(buf_sv(&b->words)) >> 1) | 1;
}

/* The demand of the parsed row, shared with all equal ones. */
static const struct demand *
intern_demand(struct snapshot_builder *b, const struct ca *ca)
{
	struct snapshot *s = b->s;
	const struct demand *from = &b->parts.demand;
	struct demand_slot *slot;
	struct demand *d;
	uint64_t hash;

	buf_reset(&b->key);
	buf_addc(&b->key, (char)from->level);
	buf_addc(&b->key, (char)from->min_protocol);
	buf_add(&b->key,
	    sv_make((const char *)&from->min_bits, sizeof(from->min_bits)));
	buf_add(&b->key, sv_make((const char *)&ca, sizeof(ca)));
	buf_add(&b->key, from->cert_name);
	buf_addc(&b->key, '\0');
	buf_add(&b->key, from->fingerprint);
	hash = party_hash(buf_sv(&b->key));
	slot = demand_slot(b, hash, buf_sv(&b->key));
	if (slot->demand != NULL)
		return slot->demand;
	d = arena_alloc(&s->objects, sizeof(*d));
	*d = *from;
	d->ca = ca;
	d->cert_name = arena_sv(&s->strings, from->cert_name);
	d->fingerprint = arena_sv(&s->strings, from->fingerprint);
	d->tlspolicy = render(b, d, false);
	d->tlspolicy_address = d->tlspolicy;
	if (d->cert_name.n > 0)
		d->tlspolicy_address = render(b, d, true);
	d->mark = mark_of(b, d);
	slot->hash = hash;
	slot->key = arena_sv(&s->strings, buf_sv(&b->key));
	slot->demand = d;
	b->n_demands++;
	grow_demands(b);
	return d;
}

/* Points the patterns of a rule that was moved into the rule again. */
static void
settle(struct rule *r)
{
	struct snapshot_inside in = snapshot_inside(r);

	if (in.recipient > 0)
		pattern_rebase(&r->recipient, r->inline_text);
	if (in.sender > 0)
		pattern_rebase(&r->sender, r->inline_text + in.recipient);
}

/* Copies a text that has no room in its rule. */
static void
keep_outside(struct snapshot *s, struct pattern *p)
{
	pattern_rebase(p, arena_sv(&s->strings, sv_make(p->text, p->n)).p);
}

static void
keep_patterns(struct snapshot *s, struct rule *r)
{
	struct snapshot_inside in = snapshot_inside(r);

	if (in.recipient > 0)
		memcpy(r->inline_text, r->recipient.text, in.recipient);
	else
		keep_outside(s, &r->recipient);
	if (in.sender > 0)
		memcpy(r->inline_text + in.recipient, r->sender.text,
		    in.sender);
	else
		keep_outside(s, &r->sender);
}

static void
add_rule(struct snapshot_builder *b, const struct ca *ca)
{
	struct snapshot *s = b->s;
	struct rule *r;

	if (s->n_rules == b->cap) {
		b->cap = b->cap == 0 ? 1024 : b->cap + b->cap / 2;
		s->rules = mem_realloc(s->rules, b->cap, sizeof(*s->rules));
	}
	r = &s->rules[s->n_rules++];
	*r = b->parts.rule;
	keep_patterns(s, r);
	if (b->parts.has_subnet) {
		struct cidr *c = arena_alloc(&s->objects, sizeof(*c));

		*c = b->parts.subnet;
		r->subnet = c;
	}
	r->demand = intern_demand(b, ca);
}

int
snapshot_builder_row(struct snapshot_builder *b, const struct rule_row *row,
    struct err *err_r)
{
	const struct ca *ca = NULL;
	const struct rule *r = &b->parts.rule;

	if (b->s->n_rules >= LIMIT_RULES)
		return err_set(err_r, EX_DATAERR,
		    "the table has more than %d rules", LIMIT_RULES);
	if (row_parse(row, &b->parts, err_r) != 0)
		return -1;
	if (b->parts.ca_name.p != NULL) {
		ca = find_ca(b->s, b->parts.ca_name);
		if (ca == NULL)
			return err_set(err_r, EX_DATAERR,
			    "ca \"%.*s\": no usable row of that name in table "
			    "ca; add it with tlswarden ca import",
			    SV_ARG(sv_head(b->parts.ca_name, 80)));
	}
	if ((r->is_enabled && r->expires_at > b->now) || b->keep_inactive)
		add_rule(b, ca);
	return 0;
}

static bool
is_idle(const struct rule *r, int64_t now)
{
	return !r->is_enabled || r->expires_at <= now;
}

/* Sorts by number, the lesser keys first; inactive rules go behind the others.
 * Rows come in the order of ids, mostly all of them. */
static void
sort_places(const struct rule *rules, struct radix_item *places, size_t n,
    int64_t now)
{
	bool is_ascending = true;

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && rules[i].id < rules[i - 1].id)
			is_ascending = false;
		places[i].key = rule_rank(&rules[i]).id;
		places[i].value = (uint32_t)i;
	}
	if (!is_ascending)
		radix_sort(places, n);
	for (size_t i = 0; i < n; i++)
		places[i].key = rule_rank(&rules[places[i].value]).sender;
	radix_sort(places, n);
	for (size_t i = 0; i < n; i++) {
		const struct rule *r = &rules[places[i].value];

		places[i].key = rule_rank(r).recipient |
		    (is_idle(r, now) ? RULE_RANK_IDLE : 0);
	}
	radix_sort(places, n);
}

/* Moves the rules into the order in which they win. */
static void
sort_rules(struct snapshot *s, int64_t now)
{
	struct radix_item *places = mem_alloc(s->n_rules * sizeof(*places));
	struct rule *sorted = mem_table(s->n_rules * sizeof(*sorted));

	sort_places(s->rules, places, s->n_rules, now);
	s->n_active = 0;
	for (size_t i = 0; i < s->n_rules; i++) {
		sorted[i] = s->rules[places[i].value];
		settle(&sorted[i]);
		if (!is_idle(&sorted[i], now))
			s->n_active++;
	}
	free(places);
	free(s->rules);
	s->rules = sorted;
}

static void
index_rules(struct snapshot *s, int direction, enum rule_mode mode,
    uint32_t *ranks, struct index *x)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_active; i++)
		if (s->rules[i].direction == direction &&
		    s->rules[i].mode == mode)
			ranks[n++] = (uint32_t)i;
	index_init(x, s->rules, ranks, n,
	    mode == MODE_ENFORCE ? INDEX_FIND : INDEX_EACH);
	if (mode == MODE_MONITOR)
		s->n_monitors += n;
	else
		s->has_enforcing[direction] = n > 0;
}

static bool
is_enforced(const struct rule *r, enum direction direction)
{
	return r->direction == direction && r->mode == MODE_ENFORCE;
}

/* Rules that reach Postfix by the transport map. */
static void
index_users(struct snapshot *s, uint32_t *ranks)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_active; i++) {
		const struct rule *r = &s->rules[i];

		if (!is_enforced(r, DIRECTION_OUT) ||
		    pattern_covers_domain(&r->recipient) ||
		    r->sender.kind != PATTERN_ANY || r->subnet != NULL)
			continue;
		ranks[n++] = (uint32_t)i;
		s->strictest[r->demand->level] =
		    snapshot_stricter(s->strictest[r->demand->level], r);
		if (r->on_failure == ON_FAILURE_TEMPFAIL)
			s->is_kept[r->demand->level] = true;
	}
	index_init(&s->users, s->rules, ranks, n, INDEX_DOMAINS);
}

/* Which clients some inbound rule may demand TLS of, and whether for some
 * recipients alone. */
static void
index_tls_clients(struct snapshot *s)
{
	struct ranges_subnet *subnets =
	    mem_alloc(s->n_active * sizeof(*subnets));
	size_t n = 0;

	for (size_t i = 0; i < s->n_active; i++) {
		const struct rule *r = &s->rules[i];

		if (!is_enforced(r, DIRECTION_IN) ||
		    !level_demands_tls(r->demand->level))
			continue;
		if (r->recipient.kind != PATTERN_ANY)
			s->names_recipients = true;
		if (r->subnet == NULL)
			s->has_tls_for_all = true;
		else
			subnets[n++] =
			    (struct ranges_subnet){ *r->subnet, (uint32_t)i };
	}
	ranges_init(&s->tls_clients, subnets, n);
	free(subnets);
}

struct snapshot *
snapshot_builder_done(struct snapshot_builder *b)
{
	struct snapshot *s = b->s;
	uint32_t *ranks;

	sort_rules(s, b->now);
	for (size_t i = 0; i < s->n_active; i++)
		if (s->rules[i].expires_at < s->next_expiry)
			s->next_expiry = s->rules[i].expires_at;
	ranks = mem_alloc(s->n_active * sizeof(*ranks));
	for (int d = 0; d < SNAPSHOT_DIRECTIONS; d++) {
		index_rules(s, d, MODE_ENFORCE, ranks, &s->enforce[d]);
		index_rules(s, d, MODE_MONITOR, ranks, &s->monitor[d]);
	}
	index_users(s, ranks);
	index_tls_clients(s);
	free(ranks);
	b->s = NULL;
	snapshot_builder_free(b);
	return s;
}

void
snapshot_builder_free(struct snapshot_builder *b)
{
	if (b == NULL)
		return;
	row_free(&b->parts);
	buf_free(&b->key);
	buf_free(&b->words);
	free(b->demands);
	snapshot_free(b->s);
	free(b);
}
