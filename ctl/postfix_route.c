/* tlswarden: ctl/postfix_route - where Postfix sends mail of outbound rules.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "ctl/postfix_plan.h"
#include "base/banned.h"

enum { KEYS_BYTES = 16 << 20, WILD = 1000 };

/* A question to tables for one route. transport(5): the address is looked for
 * in all tables first, then the domain, its parents, and "*". */
struct key {
	struct postfix_route *route;
	const char *text;
	unsigned rank; /* 0: an address, for tables of patterns alone */
};

struct keys {
	struct key *v;
	size_t n;
	size_t max;
	unsigned *best; /* rank of what was found, by route */
};

/* ---- questions ---------------------------------------------------------- */

/* regexp(5), pcre(5), socketmap(5) and tcp(5) are asked for whole addresses;
 * others for domains and their parents. */
static bool
has_patterns(struct sv table)
{
	static const struct sv types[] = { SV("regexp:"), SV("pcre:"),
		SV("socketmap:"), SV("tcp:") };
	static const struct sv proxy = SV("proxy:");

	if (sv_starts(table, proxy))
		table = sv_skip(table, proxy.n);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (sv_starts(table, types[i]))
			return true;
	return false;
}

static bool
is_asked(const struct key *k, bool has_addresses)
{
	return k->rank == WILD || (k->rank == 0) == has_addresses;
}

typedef void take_fn(struct plan *p, const char *table, const struct key *key,
    struct sv value, struct keys *keys);

/* Asks one table for all keys; take is told what it has. That it cannot be
 * asked is a finding. */
static void
ask(struct plan *p, const char *table, struct keys *keys, take_fn *take)
{
	bool has_addresses = has_patterns(sv_from(table));
	struct sv text = sv_make(NULL, 0), line, value;
	struct buf b;
	struct err err;
	bool is_good;
	size_t i = 0;

	buf_init(&b, KEYS_BYTES);
	for (size_t k = 0; k < keys->n; k++)
		if (is_asked(&keys->v[k], has_addresses))
			buf_addf(&b, "%s\n", keys->v[k].text);
	(void)err_set(&err, EX_DATAERR, "there are too many domains");
	is_good = b.n == 0 ||
	    (!b.is_full &&
		postfix_ask(&p->postfix, table, buf_sv(&b), &text, &err) == 0);
	buf_free(&b);
	if (!is_good)
		check_add(p->check, CHECK_NOTICE, "routes_not_asked",
		    CHECK_POSTFIX,
		    check_text(p->check, "%s cannot be asked: %s", table,
			err.text),
		    "tlswarden explain --direction out --nexthop NEXTHOP "
		    "shows what holds where it sends mail");
	while (sv_cut(&text, '\n', &line)) {
		struct sv key = sv_head(line, sv_find(line, '\t'));

		value = sv_trim(sv_skip(line, key.n));
		while (i < keys->n &&
		    (!is_asked(&keys->v[i], has_addresses) ||
			!sv_is(key, keys->v[i].text)))
			i++;
		if (i < keys->n)
			take(p, table, &keys->v[i++], value, keys);
	}
}

static void
add_key(struct keys *k, struct postfix_route *r, const char *text,
    unsigned rank)
{
	if (k->n == k->max) {
		k->max = k->max * 2 + 256;
		k->v = mem_realloc(k->v, k->max, sizeof(*k->v));
	}
	k->v[k->n++] = (struct key){ r, text, rank };
}

/* ---- transport_maps ----------------------------------------------------- */

static void
take_transport(struct plan *p, const char *table, const struct key *key,
    struct sv value, struct keys *keys)
{
	struct postfix_route *r = key->route;
	unsigned *best = &keys->best[r - p->routes.v];
	size_t colon = sv_find(value, ':');

	if (key->rank >= *best)
		return;
	*best = key->rank;
	r->by = "transport_maps";
	r->table = table;
	r->to = value;
	r->transport = sv_head(value, colon);
	r->nexthop = sv_skip(value, colon + 1);
}

/* A rule about the subdomains of a domain is asked for as such. */
static void
add_keys(struct plan *p, struct keys *k, struct postfix_route *r)
{
	const struct pattern *pattern = &r->rule->recipient;
	const char *text =
	    check_text(p->check, "%.*s", (int)(pattern->n - pattern->domain_at),
		pattern->text + pattern->domain_at);
	unsigned rank = 1;

	if (pattern->kind == PATTERN_DOMAIN) {
		add_key(k, r, check_text(p->check, "postmaster@%s", text), 0);
		add_key(k, r, text, rank++);
		text = strchr(text, '.');
	} else if (pattern->kind == PATTERN_PARENT) {
		text = check_text(p->check, ".%s", text);
	} else {
		text = NULL;
	}
	while (text != NULL && rank < PARTY_LABELS_MAX) {
		add_key(k, r, text, rank++);
		text = strchr(text + 1, '.');
	}
	add_key(k, r, "*", WILD);
}

static void
ask_transport_maps(struct plan *p)
{
	struct sv list = postfix_get(&p->postfix, "transport_maps"), word;
	struct arena *mem = &p->check->mem;
	struct keys k = { .n = 0 };
	size_t place;

	k.best = arena_alloc(mem, p->routes.n * sizeof(*k.best));
	for (size_t i = 0; i < p->routes.n; i++) {
		k.best[i] = WILD + 1;
		add_keys(p, &k, &p->routes.v[i]);
	}
	while (postfix_word(&list, &word)) {
		struct sv ours = word, unused;

		if (plan_asks_map(p, ours, "transport", &unused, &place) ==
		    PLAN_ASKS_NOT)
			ask(p, check_text(p->check, "%.*s", SV_ARG(word)), &k,
			    take_transport);
	}
	free(k.v);
}

/* ---- the class of a domain ---------------------------------------------- */

struct list {
	const char *name;
	const char *transport; /* the setting; NULL: it is rewritten first */
	bool has_subdomains;
};

static const struct list lists[] = {
	{ "mydestination", "local_transport", false },
	{ "virtual_alias_domains", NULL, false },
	{ "virtual_mailbox_domains", "virtual_transport", false },
	{ "relay_domains", "relay_transport", true },
};

enum { N_LISTS = sizeof(lists) / sizeof(lists[0]) };

static void
take_class(struct plan *p, const char *table, const struct key *key,
    struct sv value, struct keys *keys)
{
	(void)p;
	(void)table;
	(void)value;
	keys->best[key->route - p->routes.v] = 0;
}

static bool
is_in(struct sv domain, struct sv word, bool has_subdomains)
{
	if (sv_eq_nocase(domain, word))
		return true;
	return has_subdomains && domain.n > word.n &&
	    domain.p[domain.n - word.n - 1] == '.' &&
	    sv_eq_nocase(sv_skip(domain, domain.n - word.n), word);
}

/* Marks in best, with 0, the routes whose domain is in the list. */
static void
ask_list(struct plan *p, const struct list *l, struct keys *k)
{
	struct sv words = postfix_get(&p->postfix, l->name), word;

	while (postfix_word(&words, &word)) {
		if (sv_find(word, ':') < word.n) {
			ask(p, check_text(p->check, "%.*s", SV_ARG(word)), k,
			    take_class);
			continue;
		}
		for (size_t i = 0; i < k->n; i++)
			if (is_in(sv_from(k->v[i].text), word,
				l->has_subdomains))
				k->best[k->v[i].route - p->routes.v] = 0;
	}
}

static void
ask_classes(struct plan *p)
{
	struct arena *mem = &p->check->mem;
	struct keys k = { .n = 0 };

	k.best = arena_alloc(mem, p->routes.n * sizeof(*k.best));
	for (size_t l = 0; l < N_LISTS; l++) {
		k.n = 0;
		for (size_t i = 0; i < p->routes.n; i++) {
			struct postfix_route *r = &p->routes.v[i];
			const struct pattern *pattern = &r->rule->recipient;

			k.best[i] = 1;
			if (r->list == NULL && pattern->kind == PATTERN_DOMAIN)
				add_key(&k, r,
				    check_text(p->check, "%.*s",
					(int)pattern->n, pattern->text),
				    1);
		}
		ask_list(p, &lists[l], &k);
		for (size_t i = 0; i < p->routes.n; i++)
			if (k.best[i] == 0)
				p->routes.v[i].list = lists[l].name;
	}
	free(k.v);
}

/* "TRANSPORT" or "TRANSPORT:NEXTHOP" of the class, unless transport_maps has
 * said both; relayhost is for what is delivered elsewhere. */
static void
take_default(struct plan *p, struct postfix_route *r)
{
	const struct postfix *pf = &p->postfix;
	const char *by = "default_transport";
	struct sv value, relay = postfix_get(pf, "relayhost");
	bool is_elsewhere =
	    r->list == NULL || strcmp(r->list, "relay_domains") == 0;
	size_t colon;

	for (size_t l = 0; l < N_LISTS; l++)
		if (r->list != NULL && strcmp(r->list, lists[l].name) == 0)
			by = lists[l].transport;
	if (by == NULL)
		return;
	value = postfix_get(pf, by);
	colon = sv_find(value, ':');
	if (r->transport.n == 0)
		r->transport = sv_head(value, colon);
	if (r->by != NULL)
		return;
	r->by = by;
	r->to = value;
	r->nexthop = sv_skip(value, colon + 1);
	if (r->nexthop.n == 0 && is_elsewhere && relay.n > 0) {
		r->by = "relayhost";
		r->to = r->nexthop = relay;
	}
}

static void
mark_service(struct plan *p, struct postfix_route *r)
{
	const char *name =
	    check_text(p->check, "%.*s/unix", SV_ARG(r->transport));

	r->service = postfix_service(&p->postfix, name);
	for (size_t i = 0; i < p->postfix.n_services; i++)
		if (r->service == &p->postfix.services[i])
			p->postfix.services[i].is_used = true;
}

static bool
has_route(struct plan *p, const struct rule *r)
{
	return plan_is_active(p, r) && plan_is_out_strict(r) &&
	    plan_is_out_domain(r) && r->recipient.kind != PATTERN_WRITTEN;
}

void
plan_find_routes(struct plan *p)
{
	struct postfix_routes *routes = &p->routes;
	size_t n = 0, count = snapshot_count(p->snap);

	for (size_t i = 0; i < count; i++)
		n += has_route(p, snapshot_rule(p->snap, i)) ? 1 : 0;
	routes->n_left_out = n > POSTFIX_ROUTES ? n - POSTFIX_ROUTES : 0;
	routes->n = 0;
	routes->v = arena_alloc(&p->check->mem,
	    (n - routes->n_left_out + 1) * sizeof(*routes->v));
	for (size_t i = 0; i < count && routes->n < POSTFIX_ROUTES; i++)
		if (has_route(p, snapshot_rule(p->snap, i)))
			routes->v[routes->n++] = (struct postfix_route){
				.rule = snapshot_rule(p->snap, i)
			};
	if (routes->n == 0)
		return;
	ask_transport_maps(p);
	ask_classes(p);
	for (size_t i = 0; i < routes->n; i++) {
		take_default(p, &routes->v[i]);
		mark_service(p, &routes->v[i]);
	}
}

/* ---- what is wrong with a route ------------------------------------------ */

enum route_kind {
	ROUTE_GOOD = 0,
	ROUTE_OTHER_RULE, /* another rule, which demands TLS, holds */
	ROUTE_NO_RULE,    /* none that demands TLS does */
	ROUTE_KEPT,       /* the mail does not leave this machine */
	ROUTE_NO_TLS      /* what delivers it asks no rules */
};

static bool
is_class(const struct postfix_route *r)
{
	return r->list != NULL && strcmp(r->list, "relay_domains") != 0 &&
	    r->table == NULL;
}

static enum route_kind
judge_service(const struct postfix_route *r)
{
	static const char *const never[] = { "error", "discard" };

	if (r->service == NULL)
		return r->transport.n == 0 ? ROUTE_KEPT : ROUTE_GOOD;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (sv_is(r->service->command, never[i]))
			return ROUTE_GOOD;
	if (sv_is(r->service->command, "smtp") ||
	    sv_is(r->service->command, "lmtp"))
		return ROUTE_GOOD;
	return is_class(r) ? ROUTE_KEPT : ROUTE_NO_TLS;
}

static enum route_kind
judge(struct plan *p, const struct postfix_route *r)
{
	enum route_kind kind = judge_service(r);
	struct sv rest = r->nexthop, word;
	const struct pattern *pattern = &r->rule->recipient;

	if (kind != ROUTE_GOOD)
		return kind;
	while (postfix_word(&rest, &word)) {
		const struct rule *rule = plan_rule_of(p, word);

		if (rule == r->rule ||
		    sv_eq_nocase(word, sv_make(pattern->text, pattern->n)))
			continue;
		if (!plan_is_strict(rule))
			return ROUTE_NO_RULE;
		kind = ROUTE_OTHER_RULE;
	}
	return kind;
}

static const char *
text_of(struct plan *p, const struct postfix_route *r, enum route_kind kind)
{
	const char *by = r->table != NULL ? r->table : r->by;

	switch (kind) {
	case ROUTE_NO_RULE:
		return check_text(p->check,
		    "%s sends their mail to \"%.*s\", so smtp(8) asks for "
		    "%.*s: these rules do nothing, and no rule demands TLS "
		    "there",
		    by, SV_ARG(r->to), SV_ARG(r->nexthop));
	case ROUTE_OTHER_RULE:
		return check_text(p->check,
		    "%s sends their mail to \"%.*s\", so smtp(8) asks for "
		    "%.*s: the rule for that holds, these do nothing",
		    by, SV_ARG(r->to), SV_ARG(r->nexthop));
	case ROUTE_NO_TLS:
		return check_text(p->check,
		    "%s sends their mail to the service %.*s of master.cf, "
		    "which is %.*s(8) and asks for no rules: these do nothing",
		    by, SV_ARG(r->transport), SV_ARG(r->service->command));
	case ROUTE_KEPT:
		return check_text(p->check,
		    "their domain is in %s: its mail does not leave this "
		    "machine by smtp(8), so these rules do nothing",
		    r->list);
	case ROUTE_GOOD:
		break;
	}
	return "";
}

static const char *
fix_of(struct plan *p, const struct postfix_route *r, enum route_kind kind)
{
	switch (kind) {
	case ROUTE_NO_RULE:
		return plan_rule_for(p, r->nexthop);
	case ROUTE_NO_TLS:
		return check_text(p->check,
		    "deliver it with smtp(8): change %s",
		    r->table != NULL ? r->table : r->by);
	case ROUTE_KEPT:
		return check_text(p->check,
		    "take the domain out of %s, or remove the rule", r->list);
	case ROUTE_OTHER_RULE:
	case ROUTE_GOOD:
		break;
	}
	return NULL;
}

static struct check_finding *
add_finding(struct plan *p, const struct postfix_route *r, enum route_kind kind)
{
	bool is_notice = kind == ROUTE_OTHER_RULE || kind == ROUTE_KEPT;
	const char *code = "routed_elsewhere";
	struct check_finding *f;

	if (kind == ROUTE_KEPT)
		code = "kept_here";
	else if (kind == ROUTE_NO_TLS)
		code = "routed_past";
	else if (strcmp(r->by, "relayhost") == 0)
		code = "relayhost";
	f = check_add(p->check, is_notice ? CHECK_NOTICE : CHECK_PROBLEM, code,
	    CHECK_POSTFIX, text_of(p, r, kind), fix_of(p, r, kind));
	if (f != NULL) {
		f->setting = kind == ROUTE_KEPT ? r->list : r->by;
		f->instance = p->instance;
	}
	return f;
}

static bool
is_same(const struct postfix_route *a, const struct postfix_route *b)
{
	return a->by == b->by && a->table == b->table && a->list == b->list &&
	    sv_eq(a->to, b->to);
}

/* One finding for all rules that go the same way. */
void
plan_routes(struct plan *p)
{
	struct postfix_routes *routes = &p->routes;
	enum route_kind *kinds =
	    arena_alloc(&p->check->mem, (routes->n + 1) * sizeof(*kinds));

	for (size_t i = 0; i < routes->n; i++)
		kinds[i] = judge(p, &routes->v[i]);
	for (size_t i = 0; i < routes->n; i++) {
		const struct postfix_route *r = &routes->v[i];
		enum route_kind kind = kinds[i];
		struct check_finding *f;

		if (kind == ROUTE_GOOD)
			continue;
		f = add_finding(p, r, kind);
		for (size_t j = i; j < routes->n; j++)
			if (kinds[j] == kind && is_same(r, &routes->v[j])) {
				check_rule(f, routes->v[j].rule->id);
				kinds[j] = ROUTE_GOOD;
			}
	}
	if (routes->n_left_out > 0)
		check_add(p->check, CHECK_NOTICE, "routes_not_asked",
		    CHECK_POSTFIX,
		    check_text(p->check,
			"where Postfix sends mail was worked out for the "
			"first %d rules, not for %zu more",
			POSTFIX_ROUTES, routes->n_left_out),
		    NULL);
}
