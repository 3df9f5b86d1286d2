/* tlswarden: ctl/shadow - finds the rules that can never win.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ctl/shadow.h"
#include "policy/cover.h"
#include "base/banned.h"

enum { KEYS_MAX = PARTY_LABELS_MAX + 4, LENGTHS = 129 };

/* Rules without wildcards by the hash of their criteria: the first of each. */
struct shadow {
	const struct snapshot *s;
	uint64_t *hashes; /* 0: free */
	uint32_t *rules;
	size_t mask;
	uint32_t *globs; /* rules with wildcards */
	size_t n_globs;
	size_t n_compared;
	bool lengths[2][LENGTHS]; /* prefixes that occur, IPv4 and IPv6 */
};

/* What could cover a pattern, as hashes. */
struct keys {
	uint64_t v[KEYS_MAX];
	size_t n;
};

static uint64_t
mix(uint64_t h, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * UINT64_C(1099511628211);
	return h ^ h >> 29;
}

static uint64_t
hash_text(enum pattern_kind kind, struct sv text, unsigned extra)
{
	uint64_t h = mix(UINT64_C(14695981039346656037), text.p, text.n);
	uint32_t more[2] = { (uint32_t)kind, extra };

	return mix(h, more, sizeof(more));
}

static uint64_t
hash_pattern(const struct pattern *p)
{
	unsigned extra = (unsigned)p->port << 2 | (p->is_bracketed ? 2U : 0U) |
	    (p->is_null ? 1U : 0U);

	return hash_text((enum pattern_kind)p->kind, sv_make(p->text, p->n),
	    extra);
}

static void
add_key(struct keys *k, uint64_t hash)
{
	if (k->n < KEYS_MAX)
		k->v[k->n++] = hash;
}

/* The parents of a domain, and itself when is_whole. */
static void
add_domain_keys(struct keys *k, struct sv domain, bool is_whole)
{
	if (is_whole)
		add_key(k, hash_text(PATTERN_DOMAIN, domain, 0));
	for (;;) {
		domain = sv_skip(domain, sv_find(domain, '.') + 1);
		if (domain.n == 0)
			break;
		if (sv_find(domain, '*') == domain.n &&
		    sv_find(domain, '?') == domain.n)
			add_key(k, hash_text(PATTERN_PARENT, domain, 0));
	}
}

static void
find_keys(const struct pattern *p, struct keys *k)
{
	struct sv domain =
	    sv_make(p->text + p->domain_at, (size_t)(p->n - p->domain_at));

	k->n = 0;
	add_key(k, hash_pattern(p));
	switch ((enum pattern_kind)p->kind) {
	case PATTERN_WRITTEN:
	case PATTERN_ADDRESS:
	case PATTERN_USER_GLOB:
	case PATTERN_DOMAIN:
		add_domain_keys(k, domain, true);
		break;
	case PATTERN_PARENT:
	case PATTERN_DOMAIN_GLOB:
		add_domain_keys(k, domain, false);
		break;
	case PATTERN_BAD:
	case PATTERN_ANY:
		break;
	}
	if (p->kind != PATTERN_ANY)
		add_key(k, hash_text(PATTERN_ANY, sv_from(""), 0));
}

static uint64_t
hash_subnet(uint64_t h, const struct cidr *c)
{
	uint8_t bits[2] = { c->net.family, c->bits };

	h = mix(h, bits, sizeof(bits));
	return mix(h, c->net.b, c->net.family == 4 ? 4 : 16);
}

static uint64_t
hash_criteria(uint8_t direction, uint64_t recipient, uint64_t sender,
    const struct cidr *subnet)
{
	uint64_t parts[3] = { direction, recipient, sender };
	uint64_t h = mix(UINT64_C(14695981039346656037), parts, sizeof(parts));

	if (subnet != NULL)
		h = hash_subnet(h, subnet);
	return h == 0 ? 1 : h;
}

static bool
has_glob(const struct pattern *p)
{
	return p->kind == PATTERN_USER_GLOB || p->kind == PATTERN_DOMAIN_GLOB;
}

/* True if a rule can be in the way of others. */
static bool
is_active(const struct rule *r, int64_t now)
{
	return r->is_enabled && r->expires_at > now;
}

static void
file_rule(struct shadow *sh, uint32_t at)
{
	const struct rule *r = snapshot_rule(sh->s, at);
	uint64_t h;
	size_t slot;

	if (has_glob(&r->recipient) || has_glob(&r->sender)) {
		sh->globs[sh->n_globs++] = at;
		return;
	}
	if (r->subnet != NULL)
		sh->lengths[r->subnet->net.family == 6][r->subnet->bits] = true;
	h = hash_criteria(r->direction, hash_pattern(&r->recipient),
	    hash_pattern(&r->sender), r->subnet);
	slot = h & sh->mask;
	while (sh->hashes[slot] != 0) {
		if (sh->hashes[slot] == h)
			return; /* the first of those criteria is there */
		slot = (slot + 1) & sh->mask;
	}
	sh->hashes[slot] = h;
	sh->rules[slot] = at;
}

static void
fill(struct shadow *sh, const struct snapshot *s, int64_t now)
{
	size_t n = snapshot_count(s), slots = 16;

	while (slots < n * 2)
		slots *= 2;
	memset(sh, 0, sizeof(*sh));
	sh->s = s;
	sh->hashes = mem_zalloc(slots, sizeof(*sh->hashes));
	sh->rules = mem_zalloc(slots, sizeof(*sh->rules));
	sh->mask = slots - 1;
	sh->globs = mem_zalloc(n + 1, sizeof(*sh->globs));
	for (size_t i = 0; i < n; i++) {
		const struct rule *r = snapshot_rule(s, i);

		if (is_active(r, now) && r->mode == MODE_ENFORCE)
			file_rule(sh, (uint32_t)i);
	}
}

/* The rule of those criteria, if it is before at and covers r. */
static const struct rule *
look_up(const struct shadow *sh, uint64_t h, size_t at, const struct rule *r)
{
	for (size_t slot = h & sh->mask; sh->hashes[slot] != 0;
	     slot = (slot + 1) & sh->mask) {
		const struct rule *by;

		if (sh->hashes[slot] != h)
			continue;
		by = snapshot_rule(sh->s, sh->rules[slot]);
		return sh->rules[slot] < at && rule_covers(by, r) ? by : NULL;
	}
	return NULL;
}

/* The network of that many bits that holds c. */
static struct cidr
widen(const struct cidr *c, unsigned bits)
{
	struct cidr wide = *c;

	wide.bits = (uint8_t)bits;
	for (unsigned i = 0; i < sizeof(wide.net.b); i++) {
		unsigned keep = bits > i * 8 ? bits - i * 8 : 0;

		if (keep < 8)
			wide.net.b[i] &= (uint8_t)(0xFF00U >> keep);
	}
	return wide;
}

static const struct rule *
look_up_subnets(const struct shadow *sh, uint64_t recipient, uint64_t sender,
    size_t at, const struct rule *r)
{
	const struct rule *by = look_up(sh,
	    hash_criteria(r->direction, recipient, sender, NULL), at, r);

	if (by != NULL || r->subnet == NULL)
		return by;
	for (unsigned bits = 0; bits <= r->subnet->bits && by == NULL; bits++) {
		struct cidr wide = widen(r->subnet, bits);

		if (sh->lengths[r->subnet->net.family == 6][bits])
			by = look_up(sh,
			    hash_criteria(r->direction, recipient, sender,
				&wide),
			    at, r);
	}
	return by;
}

/* Sets *is_cut when the comparisons are used up. */
static const struct rule *
try_globs(struct shadow *sh, size_t at, const struct rule *r, bool *is_cut)
{
	for (size_t i = 0; i < sh->n_globs && sh->globs[i] < at; i++) {
		const struct rule *by = snapshot_rule(sh->s, sh->globs[i]);

		if (sh->n_compared++ >= SHADOW_COMPARISONS) {
			*is_cut = true;
			return NULL;
		}
		if (rule_covers(by, r))
			return by;
	}
	return NULL;
}

static const struct rule *
find_cover(struct shadow *sh, size_t at, bool *is_cut)
{
	const struct rule *r = snapshot_rule(sh->s, at), *by;
	struct keys recipients, senders;

	find_keys(&r->recipient, &recipients);
	find_keys(&r->sender, &senders);
	for (size_t i = 0; i < recipients.n; i++)
		for (size_t j = 0; j < senders.n; j++) {
			by = look_up_subnets(sh, recipients.v[i], senders.v[j],
			    at, r);
			if (by != NULL)
				return by;
		}
	return try_globs(sh, at, r, is_cut);
}

size_t
shadow_find(const struct snapshot *s, int64_t now,
    void (*fn)(void *arg, const struct rule *rule, const struct rule *by),
    void *arg)
{
	struct shadow sh;
	size_t n_cut = 0;

	fill(&sh, s, now);
	for (size_t i = 0; i < snapshot_count(s); i++) {
		const struct rule *r = snapshot_rule(s, i), *by;
		bool is_cut = false;

		if (!is_active(r, now))
			continue;
		by = find_cover(&sh, i, &is_cut);
		if (by != NULL)
			fn(arg, r, by);
		n_cut += is_cut ? 1 : 0;
	}
	free(sh.hashes);
	free(sh.rules);
	free(sh.globs);
	return n_cut;
}
