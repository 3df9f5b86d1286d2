/* tlswarden: ctl/postfix_plan - what the rules need of Postfix and it has not.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/postfix_plan.h"
#include "policy/lookup.h"
#include "base/banned.h"

enum { PATH_BYTES = 4096 };

bool
plan_is_out(const struct rule *r)
{
	return r->direction == DIRECTION_OUT;
}

bool
plan_is_out_domain(const struct rule *r)
{
	return plan_is_out(r) && pattern_covers_domain(&r->recipient);
}

bool
plan_is_out_users(const struct rule *r)
{
	return plan_is_out(r) && r->mode == MODE_ENFORCE &&
	    !pattern_covers_domain(&r->recipient);
}

bool
plan_is_out_strict(const struct rule *r)
{
	return plan_is_out(r) && r->mode == MODE_ENFORCE &&
	    level_demands_tls(r->demand->level);
}

bool
plan_is_in(const struct rule *r)
{
	return r->direction == DIRECTION_IN;
}

bool
plan_is_in_strict(const struct rule *r)
{
	return plan_is_in(r) && level_demands_tls(r->demand->level);
}

bool
plan_is_in_secure(const struct rule *r)
{
	return plan_is_in(r) && r->demand->level == LEVEL_SECURE;
}

bool
plan_is_in_pinned(const struct rule *r)
{
	return plan_is_in(r) && r->demand->fingerprint.n > 0;
}

struct sv
plan_setting(const struct plan *p, struct sv service, const char *name)
{
	bool is_own;

	return postfix_service_get(&p->postfix, service, name, &is_own);
}

bool
plan_is_active(const struct plan *p, const struct rule *r)
{
	return check_is_active(p->check, r);
}

bool
plan_has(struct plan *p, plan_fits *fits)
{
	return check_has(p->check, fits);
}

static struct check_finding *
about(struct plan *p, const struct check_about *a)
{
	struct check_finding *f = check_about_rules(p->check, a);

	if (f != NULL)
		f->instance = p->instance;
	return f;
}

struct check_finding *
plan_notice(struct plan *p, plan_fits *fits, const char *code,
    const char *setting, const char *text)
{
	return about(p,
	    &(struct check_about){ fits, CHECK_NOTICE, CHECK_POSTFIX, code,
		setting, text });
}

struct check_finding *
plan_need(struct plan *p, plan_fits *fits, const char *code,
    const char *setting, const char *text)
{
	return about(p,
	    &(struct check_about){ fits, CHECK_PROBLEM, CHECK_POSTFIX, code,
		setting, text });
}

bool
plan_is_out_permanent(const struct rule *r)
{
	return plan_is_out_strict(r) && r->on_failure == ON_FAILURE_FAIL;
}

bool
plan_is_in_none(const struct rule *r)
{
	return plan_is_in(r) && r->mode == MODE_ENFORCE &&
	    r->demand->level == LEVEL_NONE && r->sender.kind == PATTERN_ANY &&
	    r->recipient.kind == PATTERN_ANY;
}

bool
plan_is_used(const struct plan *p, const struct postfix_place *at)
{
	for (size_t i = 0; i < p->postfix.n_services; i++)
		if (sv_eq(p->postfix.services[i].name, at->service))
			return p->postfix.services[i].is_used;
	return true;
}

struct check_finding *
plan_need_at(struct plan *p, const struct postfix_place *at, plan_fits *fits,
    const char *code, const char *text)
{
	const char *setting = at->service.n == 0
	    ? at->name
	    : check_text(p->check, "%.*s/%s", SV_ARG(at->service), at->name);

	return plan_is_used(p, at) ? plan_need(p, fits, code, setting, text)
				   : plan_notice(p, fits, code, setting, text);
}

const struct rule *
plan_rule_of(const struct plan *p, struct sv nexthop)
{
	static const struct sv inet = SV("inet:");
	struct lookup_answer a;
	struct party party;

	if (sv_starts(nexthop, inet)) /* lmtp(8) */
		nexthop = sv_skip(nexthop, inet.n);
	/* What only its addresses could tell is not asked for here. */
	const struct lookup_hop hop = { nexthop, NULL, &party, NULL };

	lookup_tlspolicy(p->snap, &hop, &a);
	return a.status == LOOKUP_FOUND ? a.rule : NULL;
}

bool
plan_is_strict(const struct rule *r)
{
	return r != NULL && level_demands_tls(r->demand->level);
}

const char *
plan_rule_for(struct plan *p, struct sv nexthop)
{
	return check_text(p->check,
	    "tlswarden rule add --direction out --recipient '%.*s' --level "
	    "encrypt",
	    SV_ARG(nexthop));
}

void
plan_starttls(struct plan *p, const char *command, const char *name,
    plan_fits *fits, const char *text)
{
	struct postfix_places places =
	    postfix_places(&p->postfix, POSTFIX_EVERY, command, name);

	for (size_t i = 0; i < places.n; i++) {
		struct sv rest = places.v[i].value, word;
		struct check_finding *f;

		while (postfix_word(&rest, &word)) {
			if (!sv_is_nocase(word, "starttls"))
				continue;
			f = plan_need_at(p, &places.v[i], fits,
			    "starttls_discarded", text);
			if (f != NULL)
				f->fix =
				    "take starttls out of it; rules of "
				    "level none are the way to talk "
				    "without TLS";
		}
	}
}

/* "unix:PATH" or "inet:HOST:PORT" as Postfix has it is that listener. */
static bool
is_listener(const struct plan *p, struct sv where, const struct endpoint *ep)
{
	struct sv queue = postfix_get(&p->postfix, "queue_directory");
	struct sv kind, rest = where;
	char path[PATH_BYTES];
	struct endpoint asked;

	if (!sv_cut(&rest, ':', &kind))
		return false;
	if (ep->kind == ENDPOINT_INET)
		return sv_is(kind, "inet") &&
		    endpoint_parse_inet(rest, &asked, NULL) == 0 &&
		    asked.port == ep->port && strcmp(asked.host, ep->host) == 0;
	if (!sv_is(kind, "unix") && !sv_is(kind, "local"))
		return false;
	if (rest.n > 0 && rest.p[0] == '/')
		return sv_is(rest, ep->path);
	(void)snprintf(path, sizeof(path), "%.*s/%.*s", SV_ARG(queue),
	    SV_ARG(rest));
	return strcmp(path, ep->path) == 0;
}

static bool
is_any_listener(const struct plan *p, struct sv where,
    const struct conf_endpoints *listeners)
{
	for (size_t i = 0; i < listeners->n; i++)
		if (is_listener(p, where, &listeners->v[i]))
			return true;
	return false;
}

bool
plan_names(const struct plan *p, struct sv list,
    const struct conf_endpoints *listeners, struct sv *word_r)
{
	while (postfix_word(&list, word_r))
		if (is_any_listener(p, *word_r, listeners))
			return true;
	return false;
}

enum plan_ask
plan_asks_map(const struct plan *p, struct sv list, const char *map,
    struct sv *word_r, size_t *place_r)
{
	static const struct sv proxy = SV("proxy:"), type = SV("socketmap:");
	enum plan_ask asks = PLAN_ASKS_NOT;
	struct sv word;

	for (size_t place = 0; postfix_word(&list, &word); place++) {
		struct sv where =
		    sv_starts(word, proxy) ? sv_skip(word, proxy.n) : word;
		size_t colon = sv_rfind(where, ':');

		if (asks != PLAN_ASKS_NOT || !sv_starts(where, type) ||
		    !sv_is(sv_skip(where, colon + 1), map))
			continue;
		where = sv_skip(sv_head(where, colon), type.n);
		asks = is_any_listener(p, where, &p->conf->socketmap_listen)
		    ? PLAN_ASKS
		    : PLAN_ASKS_ELSEWHERE;
		*word_r = word;
		*place_r = place;
	}
	return asks;
}

/* How Postfix is to name the first listener that it can reach: a unix socket
 * below its queue directory, an inet one, any unix one without a chroot. */
static const char *
name_of(struct plan *p, const struct conf_endpoints *listeners,
    const char *command)
{
	struct sv queue = postfix_get(&p->postfix, "queue_directory");

	for (size_t i = 0; i < listeners->n; i++) {
		const struct endpoint *ep = &listeners->v[i];
		struct sv path = sv_from(ep->path);

		if (ep->kind == ENDPOINT_UNIX && sv_starts(path, queue) &&
		    path.n > queue.n && path.p[queue.n] == '/')
			return check_text(p->check, "unix:%s",
			    ep->path + queue.n + 1);
	}
	for (size_t i = 0; i < listeners->n; i++)
		if (listeners->v[i].kind == ENDPOINT_INET)
			return check_text(p->check,
			    listeners->v[i].is_ipv6 ? "inet:[%s]:%u"
						    : "inet:%s:%u",
			    listeners->v[i].host, listeners->v[i].port);
	if (listeners->n > 0 && !postfix_is_chrooted(&p->postfix, command))
		return check_text(p->check, "unix:%s", listeners->v[0].path);
	return NULL;
}

/* Services that take mail from others, that every message goes through, and
 * those of rules about some users. */
static void
mark_services(struct postfix *pf)
{
	static const char *const always[] = { "postscreen", "cleanup",
		"trivial-rewrite" };
	static const char *const names[] = { "smtp/inet", "25/inet",
		"smtpd/pass" };
	static const struct sv ours = SV("tlswarden-");

	for (size_t i = 0; i < pf->n_services; i++) {
		struct postfix_service *s = &pf->services[i];
		size_t colon = sv_rfind(s->name, ':');
		struct sv port =
		    colon < s->name.n ? sv_skip(s->name, colon + 1) : s->name;

		s->is_used = sv_starts(s->name, ours);
		for (size_t k = 0; k < sizeof(always) / sizeof(always[0]); k++)
			s->is_used |= sv_is(s->command, always[k]);
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			s->is_used |=
			    sv_is(s->command, "smtpd") && sv_is(port, names[k]);
	}
}

int
plan_init(struct plan *p, struct check *c, const char *instance,
    struct err *err_r)
{
	const char *where;

	memset(p, 0, sizeof(*p));
	p->check = c;
	p->conf = c->app->conf;
	p->snap = c->table.snap;
	p->instance = instance;
	p->directory =
	    instance != NULL ? instance : postfix_directory(&c->mem, err_r);
	if (p->directory == NULL ||
	    postfix_read_in(&p->postfix, &c->mem, p->directory, err_r) != 0)
		return -1;
	where = name_of(p, &p->conf->socketmap_listen, "smtp");
	if (where != NULL)
		p->socketmap = check_text(c, "socketmap:%s", where);
	p->delegation = name_of(p, &p->conf->delegation_listen, "smtpd");
	p->milter = name_of(p, &p->conf->milter_listen, "smtpd");
	mark_services(&p->postfix);
	plan_find_routes(p);
	return 0;
}

void
plan_done(struct plan *p)
{
	postfix_done(&p->postfix);
}

void
plan_all(struct plan *p)
{
	plan_paths(p);
	plan_outbound(p);
	plan_inbound(p);
	plan_ways_around(p);
	plan_routes(p);
}

static void
not_read(struct check *c, const struct err *err)
{
	check_add(c, err->sysexit == EX_CONFIG ? CHECK_PROBLEM : CHECK_NOTICE,
	    "postfix_not_read", CHECK_POSTFIX,
	    check_text(c, "the settings of Postfix cannot be read: %s",
		err->text),
	    "run this where Postfix is set up, as root; MAIL_CONFIG names "
	    "another configuration directory");
}

/* postmulti(1): main.cf of the first instance lists the directories of the
 * others. */
static void
check_instances(struct check *c, struct sv directories)
{
	struct sv word;

	while (postfix_word(&directories, &word)) {
		struct plan p;
		struct err err;

		if (plan_init(&p, c, check_text(c, "%.*s", SV_ARG(word)),
			&err) != 0)
			not_read(c, &err);
		else if (sv_is(postfix_get(&p.postfix, "multi_instance_enable"),
			     "yes"))
			plan_all(&p);
		plan_done(&p);
	}
}

void
check_postfix(struct check *c, bool is_asked)
{
	struct plan p;
	struct err err;

	if ((c->mtas & CHECK_POSTFIX) == 0)
		return;
	if (plan_init(&p, c, NULL, &err) == 0) {
		plan_all(&p);
		check_instances(c,
		    postfix_get(&p.postfix, "multi_instance_directories"));
	} else if (is_asked ||
	    (err.sysexit != EX_NOINPUT && err.sysexit != EX_UNAVAILABLE)) {
		not_read(c, &err);
	}
	plan_done(&p);
}
