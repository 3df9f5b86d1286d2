/* tlswarden: policy/index - finds the first rule in winning order that matches.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/radix.h"
#include "policy/index.h"

/* What a pattern is filed under. */
enum key_kind { KEY_ANY = 0, KEY_ADDRESS, KEY_NAME, KEY_PARENT, KEY_WRITTEN };

enum { KEY_KINDS = 5 };

#define INDEX_EMPTY UINT32_MAX
#define LAST_MARK 0x80000000U
#define RANK_MASK 0x7fffffffU

struct key {
	enum key_kind kind;
	uint64_t hash;     /* 0 for any */
	unsigned n_labels; /* of a parent */
};

/* A key that a party answers to; a party has at most one of each kind, but for
 * one parent per label. */
struct keys {
	struct key rows[3 + PARTY_LABELS_MAX];
	size_t n;
};

/* Tells kinds apart that share a text, and spreads FNV's low bits. */
static uint64_t
mix(uint64_t h, uint64_t salt)
{
	h += salt * 0x9e3779b97f4a7c15U;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93U;
	h ^= h >> 32;
	return h;
}

static uint64_t
key_hash(enum key_kind kind, uint64_t text_hash)
{
	return kind == KEY_ANY ? 0 : mix(text_hash, (uint64_t)kind);
}

static uint64_t
pair_hash(uint64_t sender, uint64_t recipient)
{
	return sender == 0 ? recipient : mix(recipient ^ (sender << 1), 7);
}

static uint32_t
pair_bit(enum key_kind sender, enum key_kind recipient)
{
	return 1U << ((unsigned)sender * KEY_KINDS + (unsigned)recipient);
}

static unsigned
count_labels(struct sv domain)
{
	unsigned n = 1;

	for (size_t i = 0; i < domain.n; i++)
		if (domain.p[i] == '.')
			n++;
	return n < 63 ? n : 63;
}

/* The whole labels behind the last wildcard of a domain glob, or empty. */
static struct sv
glob_tail(struct sv glob)
{
	for (size_t i = glob.n; i > 0; i--)
		if (glob.p[i - 1] == '*' || glob.p[i - 1] == '?') {
			struct sv rest = sv_skip(glob, i);

			return sv_skip(rest, sv_find(rest, '.') + 1);
		}
	return glob;
}

static struct key
key_of(enum key_kind kind, struct sv text)
{
	struct key k = { kind, key_hash(kind, party_hash(text)), 0 };

	if (kind == KEY_PARENT)
		k.n_labels = count_labels(text);
	return k;
}

static struct key
pattern_key(const struct pattern *p)
{
	static const struct key any = { KEY_ANY, 0, 0 };
	struct sv text = sv_make(p->text, p->n);
	struct sv domain = sv_skip(text, p->domain_at);

	switch ((enum pattern_kind)p->kind) {
	case PATTERN_WRITTEN:
		return key_of(KEY_WRITTEN, text);
	case PATTERN_ADDRESS:
		return p->is_null ? any : key_of(KEY_ADDRESS, text);
	case PATTERN_USER_GLOB:
	case PATTERN_DOMAIN:
		return key_of(KEY_NAME, domain);
	case PATTERN_PARENT:
		return key_of(KEY_PARENT, domain);
	case PATTERN_DOMAIN_GLOB:
		domain = glob_tail(domain);
		return domain.n == 0 ? any : key_of(KEY_PARENT, domain);
	case PATTERN_BAD:
	case PATTERN_ANY:
		break;
	}
	return any;
}

/* What a pattern about some users is filed under when next hops are asked. */
static struct key
domain_key(const struct pattern *p)
{
	struct sv text = sv_make(p->text, p->n);

	if (p->kind == PATTERN_ADDRESS && !p->is_null)
		return key_of(KEY_NAME, sv_skip(text, p->domain_at));
	return pattern_key(p);
}

static size_t
slot_count(size_t keys)
{
	size_t n = 8;

	while (n < keys + keys / 2)
		n *= 2;
	return n;
}

/* Where the search for a hash begins: its upper bits, so that filing by hash
 * walks through the slots from the first to the last. */
static uint64_t
home(const struct index *x, uint64_t hash)
{
	return hash >> x->slot_shift;
}

static void
insert(struct index *x, uint64_t hash, uint32_t first)
{
	uint64_t at = home(x, hash);

	while (x->slots[at].first != INDEX_EMPTY)
		at = (at + 1) & x->slot_mask;
	x->slots[at].tag = (uint32_t)hash;
	x->slots[at].first = first;
}

/* Builds lists and slots from filings (key: hash, value: rank) sorted by hash
 * and rank. Filings of one tag and slot but different hashes merely share a
 * list of candidates. */
static void
build_table(struct index *x, const struct radix_item *f, size_t n)
{
	size_t n_keys = 0, n_slots;

	for (size_t i = 0; i < n; i++)
		if (i == 0 || f[i].key != f[i - 1].key)
			n_keys++;
	n_slots = slot_count(n_keys);
	x->slot_mask = n_slots - 1;
	x->slot_shift = 64U - (unsigned)__builtin_ctzll(n_slots);
	x->slots = mem_table(n_slots * sizeof(*x->slots));
	memset(x->slots, 0xff, n_slots * sizeof(*x->slots));
	x->ranks = mem_alloc(n * sizeof(*x->ranks));
	x->n_ranks = n;
	for (size_t i = 0; i < n; i++) {
		bool is_last = i + 1 == n || f[i + 1].key != f[i].key;

		x->ranks[i] = f[i].value | (is_last ? LAST_MARK : 0);
		if (i == 0 || f[i].key != f[i - 1].key)
			insert(x, f[i].key,
			    is_last ? x->ranks[i] : (uint32_t)i);
	}
}

struct building {
	struct radix_item *filings;
	size_t n_filings;
	struct ranges_subnet *demanding;
	size_t n_demanding;
	struct ranges_subnet *lenient;
	size_t n_lenient;
};

static bool
is_any(const struct pattern *p)
{
	return p->kind == PATTERN_ANY;
}

static void
file_subnet(struct index *x, struct building *b, uint32_t rank)
{
	const struct rule *r = &x->rules[rank];
	struct ranges_subnet s = { *r->subnet, rank };

	if (level_demands_tls(r->demand->level)) {
		uint32_t *top = &x->best_demanding[s.subnet.net.family != 4];

		b->demanding[b->n_demanding++] = s;
		if (rank < *top)
			*top = rank;
	} else {
		b->lenient[b->n_lenient++] = s;
		x->lenient_scan[x->n_lenient++] = rank;
	}
}

static void
file_rule(struct index *x, struct building *b, uint32_t rank)
{
	const struct rule *r = &x->rules[rank];
	struct key sender = pattern_key(&r->sender);
	struct key recipient = x->use == INDEX_DOMAINS
	    ? domain_key(&r->recipient)
	    : pattern_key(&r->recipient);

	if (x->use == INDEX_FIND && is_any(&r->sender) &&
	    is_any(&r->recipient) && r->subnet != NULL) {
		file_subnet(x, b, rank);
		return;
	}
	if (sender.kind == KEY_ANY && recipient.kind == KEY_ANY) {
		x->scan[x->n_scan++] = rank;
		return;
	}
	x->pair_bits |= pair_bit(sender.kind, recipient.kind);
	x->sender_kinds |= 1U << sender.kind;
	x->recipient_kinds |= 1U << recipient.kind;
	if (sender.kind == KEY_PARENT)
		x->parent_depths |= 1ULL << sender.n_labels;
	if (recipient.kind == KEY_PARENT)
		x->parent_depths |= 1ULL << recipient.n_labels;
	b->filings[b->n_filings].key = pair_hash(sender.hash, recipient.hash);
	b->filings[b->n_filings++].value = rank;
}

void
index_init(struct index *x, const struct rule *rules, const uint32_t *ranks,
    size_t n, enum index_use use)
{
	struct building b = { 0 };

	assert(n < RANK_MASK); /* so that no mark makes INDEX_EMPTY */
	memset(x, 0, sizeof(*x));
	x->rules = rules;
	x->use = use;
	x->best_demanding[0] = x->best_demanding[1] = RANGES_NONE;
	x->scan = mem_alloc(n * sizeof(*x->scan));
	x->lenient_scan = mem_alloc(n * sizeof(*x->lenient_scan));
	b.filings = mem_alloc(n * sizeof(*b.filings));
	b.demanding = mem_alloc(n * sizeof(*b.demanding));
	b.lenient = mem_alloc(n * sizeof(*b.lenient));
	for (size_t i = 0; i < n; i++)
		file_rule(x, &b, ranks[i]);
	radix_sort(b.filings, b.n_filings);
	build_table(x, b.filings, b.n_filings);
	ranges_init(&x->demanding, b.demanding, b.n_demanding);
	ranges_init(&x->lenient, b.lenient, b.n_lenient);
	x->has_ranges = b.n_demanding + b.n_lenient > 0;
	x->scan = mem_realloc(x->scan, x->n_scan, sizeof(*x->scan));
	x->lenient_scan = mem_realloc(x->lenient_scan, x->n_lenient,
	    sizeof(*x->lenient_scan));
	free(b.filings);
	free(b.demanding);
	free(b.lenient);
}

void
index_free(struct index *x)
{
	free(x->slots);
	free(x->ranks);
	free(x->scan);
	free(x->lenient_scan);
	ranges_free(&x->demanding);
	ranges_free(&x->lenient);
	memset(x, 0, sizeof(*x));
}

static void
offer(const struct index *x, const struct query *q, uint32_t rank,
    struct index_found *best)
{
	enum miss m = rule_miss(&x->rules[rank], q);

	if (m == MISS_NONE && rank < best->rank)
		best->rank = rank;
	else if (m == MISS_PEER_PENDING && rank < best->pending)
		best->pending = rank;
}

/* Walks a key's list; it ascends, so the first match is its best. */
static void
walk(const struct index *x, const struct query *q, const uint32_t *first,
    struct index_found *best)
{
	for (const uint32_t *at = first;; at++) {
		uint32_t rank = *at & RANK_MASK;

		if (rank >= best->rank)
			return;
		/* Its second line, while the first is on its way. */
		__builtin_prefetch(x->rules[rank].inline_text);
		offer(x, q, rank, best);
		if (*at & LAST_MARK)
			return;
	}
}

/* The list behind a slot: in the slot itself when it has one entry. */
static const uint32_t *
slot_list(const struct index *x, const struct index_slot *slot)
{
	return slot->first & LAST_MARK ? &slot->first : &x->ranks[slot->first];
}

static void
probe(const struct index *x, const struct query *q, uint64_t hash,
    struct index_found *best)
{
	uint64_t at = home(x, hash);
	uint32_t tag = (uint32_t)hash;

	for (; x->slots[at].first != INDEX_EMPTY; at = (at + 1) & x->slot_mask)
		if (x->slots[at].tag == tag)
			walk(x, q, slot_list(x, &x->slots[at]), best);
}

/* Keys of kinds that occur (a bit per key_kind in wanted). */
static void
list_keys(const struct index *x, const struct party *p, uint32_t wanted,
    struct keys *r)
{
	r->n = 0;
	if (wanted & (1U << KEY_ANY))
		r->rows[r->n++] = (struct key){ KEY_ANY, 0, 0 };
	if ((wanted & (1U << KEY_ADDRESS)) && p->kind == PARTY_ADDRESS)
		r->rows[r->n++] = (struct key){ KEY_ADDRESS,
			key_hash(KEY_ADDRESS, p->full_hash), 0 };
	if ((wanted & (1U << KEY_WRITTEN)) && p->kind == PARTY_NEXTHOP)
		r->rows[r->n++] = (struct key){ KEY_WRITTEN,
			key_hash(KEY_WRITTEN, p->full_hash), 0 };
	if (p->n_labels == 0 ||
	    (p->kind != PARTY_ADDRESS && p->kind != PARTY_NEXTHOP))
		return;
	if (wanted & (1U << KEY_NAME))
		r->rows[r->n++] = (struct key){ KEY_NAME,
			key_hash(KEY_NAME, p->label_hash[p->n_labels - 1]), 0 };
	if (!(wanted & (1U << KEY_PARENT)))
		return;
	for (unsigned i = 0; i + 1 < p->n_labels; i++)
		if (x->parent_depths & (1ULL << (i + 1 < 63 ? i + 1 : 63)))
			r->rows[r->n++] = (struct key){ KEY_PARENT,
				key_hash(KEY_PARENT, p->label_hash[i]), 0 };
}

/* The slots are far apart in memory: ask for all before the first is read.
 * Right for rules of any sender, which most are. */
static void
prefetch(const struct index *x, const struct keys *recipients)
{
	for (size_t i = 0; i < recipients->n; i++)
		__builtin_prefetch(
		    &x->slots[home(x, recipients->rows[i].hash)]);
}

static void
find_filed(const struct index *x, const struct query *q,
    struct index_found *best)
{
	struct keys senders UNINIT, recipients UNINIT;

	list_keys(x, q->sender, x->sender_kinds, &senders);
	list_keys(x, q->recipient, x->recipient_kinds, &recipients);
	prefetch(x, &recipients);
	for (size_t s = 0; s < senders.n; s++)
		for (size_t r = 0; r < recipients.n; r++) {
			const struct key *a = &senders.rows[s];
			const struct key *b = &recipients.rows[r];

			if (x->pair_bits & pair_bit(a->kind, b->kind))
				probe(x, q, pair_hash(a->hash, b->hash), best);
		}
}

/* The best demanding rule that a known peer does not bring in waits for the
 * others, if there can be any of its subnet's family. */
static void
find_pending(const struct index *x, const struct query *q,
    struct index_found *best)
{
	static const unsigned families[2] = { QUERY_IPV4, QUERY_IPV6 };

	for (size_t i = 0; i < 2; i++)
		if (!(q->known_families & families[i]) &&
		    x->best_demanding[i] < best->pending)
			best->pending = x->best_demanding[i];
}

static void
find_in_ranges(const struct index *x, const struct query *q,
    struct index_found *best)
{
	if (q->peers_state == PEERS_ABSENT)
		return;
	if (q->peers_state == PEERS_PENDING)
		find_pending(x, q, best);
	for (size_t i = 0; i < q->n_peers; i++) {
		uint32_t rank = ranges_find(&x->demanding, &q->peers[i]);

		if (rank < best->rank)
			best->rank = rank;
	}
	if (q->peers_state == PEERS_KNOWN && q->n_peers == 1) {
		uint32_t rank = ranges_find(&x->lenient, &q->peers[0]);

		if (rank < best->rank)
			best->rank = rank;
		return;
	}
	/* None of these matches while a peer is pending, and of those that wait
	 * the first one is the best. */
	for (size_t i = 0;
	     i < x->n_lenient && x->lenient_scan[i] < best->rank &&
	     x->lenient_scan[i] < best->pending;
	     i++)
		offer(x, q, x->lenient_scan[i], best);
}

struct index_found
index_find(const struct index *x, const struct query *q)
{
	struct index_found best = { RANGES_NONE, RANGES_NONE };

	if (x->pair_bits != 0)
		find_filed(x, q, &best);
	if (x->has_ranges)
		find_in_ranges(x, q, &best);
	for (size_t i = 0; i < x->n_scan && x->scan[i] < best.rank; i++)
		offer(x, q, x->scan[i], &best);
	if (best.pending >= best.rank)
		best.pending = RANGES_NONE;
	return best;
}

struct visit {
	const struct index *x;
	const struct query *q;
	enum miss wanted;
	void (*fn)(void *arg, uint32_t rank);
	void *arg;
};

static void
visit_rule(const struct visit *v, uint32_t rank)
{
	if (rule_miss(&v->x->rules[rank], v->q) == v->wanted)
		v->fn(v->arg, rank);
}

static void
visit_key(const struct visit *v, uint64_t hash)
{
	const struct index *x = v->x;
	uint64_t at = home(x, hash);
	uint32_t tag = (uint32_t)hash;

	for (; x->slots[at].first != INDEX_EMPTY;
	     at = (at + 1) & x->slot_mask) {
		const uint32_t *i;

		if (x->slots[at].tag != tag)
			continue;
		for (i = slot_list(x, &x->slots[at]); !(*i & LAST_MARK); i++)
			visit_rule(v, *i);
		visit_rule(v, *i & RANK_MASK);
	}
}

void
index_each(const struct index *x, const struct query *q, enum miss wanted,
    void (*fn)(void *arg, uint32_t rank), void *arg)
{
	struct visit v = { x, q, wanted, fn, arg };
	struct keys senders UNINIT, recipients UNINIT;

	assert(x->use != INDEX_FIND);
	list_keys(x, q->sender, x->sender_kinds, &senders);
	list_keys(x, q->recipient, x->recipient_kinds, &recipients);
	for (size_t s = 0; s < senders.n; s++)
		for (size_t r = 0; r < recipients.n; r++) {
			const struct key *a = &senders.rows[s];
			const struct key *b = &recipients.rows[r];

			if (x->pair_bits & pair_bit(a->kind, b->kind))
				visit_key(&v, pair_hash(a->hash, b->hash));
		}
	for (size_t i = 0; i < x->n_scan; i++)
		visit_rule(&v, x->scan[i]);
}

size_t
index_bytes(const struct index *x)
{
	size_t slots = x->slots == NULL ? 0 : (size_t)x->slot_mask + 1;

	return slots * sizeof(*x->slots) +
	    (x->n_ranks + x->n_scan + x->n_lenient) * sizeof(uint32_t) +
	    ranges_bytes(&x->demanding) + ranges_bytes(&x->lenient);
}
