/* tlswarden: ctl/postfix_in - filters for mail we receive.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "ctl/export_cidr.h"
#include "ctl/postfix_plan.h"
#include "base/banned.h"

enum { PATH_BYTES = 4096 };

/* Those that are asked at RCPT; the later ones only with
 * smtpd_delay_reject. */
static const char *const restrictions[] = { "smtpd_recipient_restrictions",
	"smtpd_relay_restrictions", "smtpd_sender_restrictions",
	"smtpd_helo_restrictions", "smtpd_client_restrictions" };

enum {
	N_RESTRICTIONS = sizeof(restrictions) / sizeof(restrictions[0]),
	N_AT_RCPT = 2
};

/* The list without what stands behind a bare permit, reject or defer, which is
 * never asked. */
static struct sv
reached(struct sv list)
{
	struct sv rest = list, word;

	while (postfix_word(&rest, &word))
		if (sv_is(word, "permit") || sv_is(word, "reject") ||
		    sv_is(word, "defer"))
			return sv_head(list, (size_t)(word.p - list.p));
	return list;
}

bool
plan_delegation_at(const struct plan *p, struct sv service, struct sv *word_r,
    const char **name_r)
{
	size_t n = sv_is(plan_setting(p, service, "smtpd_delay_reject"), "no")
	    ? N_AT_RCPT
	    : N_RESTRICTIONS;

	for (size_t i = 0; i < n; i++) {
		*name_r = restrictions[i];
		if (plan_names(p,
			reached(plan_setting(p, service, restrictions[i])),
			&p->conf->delegation_listen, word_r))
			return true;
	}
	return false;
}

static bool
delegates(const struct plan *p, struct sv service)
{
	struct sv word;
	const char *name;

	return plan_delegation_at(p, service, &word, &name);
}

static bool
names_milter(const struct plan *p, struct sv service)
{
	struct sv word;

	return plan_names(p, plan_setting(p, service, "smtpd_milters"),
	    &p->conf->milter_listen, &word);
}

/* receive_override_options = no_milters turns them off. */
static bool
filters(const struct plan *p, struct sv service)
{
	struct sv word,
	    options = plan_setting(p, service, "receive_override_options");

	while (postfix_word(&options, &word))
		if (sv_is(word, "no_milters"))
			return false;
	return names_milter(p, service);
}

/* Our milter in front of those that are there. */
static void
ask_milter(struct plan *p, const struct postfix_place *at,
    struct check_finding *f)
{
	if (p->milter != NULL)
		plan_set_front(p, f, at, p->milter);
}

static void
service_without(struct plan *p, struct sv service)
{
	struct check_finding *f = plan_notice(p, plan_is_in,
	    "service_without_filter", "master.cf",
	    check_text(p->check,
		"the service %.*s has options of its own and asks neither the "
		"milter nor policy delegation: the rules do not hold there",
		SV_ARG(service)));

	if (f != NULL)
		f->fix = check_text(p->check,
		    "postconf -PX '%.*s/smtpd_milters', unless that is meant, "
		    "for example behind a content filter",
		    SV_ARG(service));
}

static void
need_filter(struct plan *p)
{
	static const char text[] =
	    "neither the milter nor policy delegation is asked: the rules "
	    "about mail that we receive do nothing";
	struct postfix_places places = postfix_places(&p->postfix,
	    POSTFIX_EVERY, "smtpd", "smtpd_milters");

	for (size_t i = 0; i < places.n; i++) {
		const struct postfix_place *at = &places.v[i];

		if (names_milter(p, at->service) || delegates(p, at->service))
			continue;
		if (plan_is_used(p, at))
			ask_milter(p, at,
			    plan_need_at(p, at, plan_is_in, "inbound_not_asked",
				text));
		else if (names_milter(p, sv_make(NULL, 0)) ||
		    delegates(p, sv_make(NULL, 0)))
			service_without(p, at->service);
	}
}

static void
need_delegation(struct plan *p)
{
	struct postfix_places places = postfix_places(&p->postfix,
	    POSTFIX_EVERY, "smtpd", restrictions[0]);

	for (size_t i = 0; i < places.n; i++) {
		const struct postfix_place *at = &places.v[i];
		struct check_finding *f;

		if (delegates(p, at->service) || !plan_is_used(p, at))
			continue;
		f = plan_need_at(p, at, plan_is_in_pinned,
		    "delegation_not_asked",
		    "the rules pin client certificates, and Postfix tells "
		    "fingerprints to policy delegation alone, which is not "
		    "asked");
		if (f == NULL || p->delegation == NULL)
			continue;
		if (reached(at->value).n < at->value.n)
			f->fix = check_text(p->check,
			    "put \"check_policy_service %s\" in front of "
			    "permit, reject or defer of %s",
			    p->delegation, at->name);
		else
			plan_set_end(p, f, at,
			    check_text(p->check, "check_policy_service %s",
				p->delegation));
	}
}

/* ---- what happens when we are down --------------------------------------- */

static bool
is_refusal(struct sv action)
{
	static const struct sv words[] = { SV("defer"), SV("reject") };

	if (action.n > 0 && (action.p[0] == '4' || action.p[0] == '5'))
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (sv_starts(action, words[i]))
			return true;
	return sv_is_nocase(sv_head(action, 5), "DEFER") ||
	    sv_is_nocase(sv_head(action, 6), "REJECT");
}

static const struct sv action_name = SV("default_action=");

/* The option "default_action=..." of the listener word of a list:
 * "{ unix:PATH, default_action=accept }". */
static bool
own_action(struct sv list, struct sv word, struct sv *action_r)
{
	struct sv rest = sv_skip(list, (size_t)(word.p - list.p) + word.n);
	struct sv option;

	while (
	    postfix_word(&rest, &option) && sv_find(option, '=') < option.n) {
		if (!sv_starts(option, action_name))
			continue;
		*action_r = sv_skip(option, action_name.n);
		return true;
	}
	return false;
}

/* tempfail, and shutdown of 3.11, keep mail with its sender. */
static bool
keeps_mail(struct sv action)
{
	return !sv_is(action, "accept") && !sv_is(action, "quarantine") &&
	    !sv_is(action, "reject");
}

static struct check_finding *
milter_fails(struct plan *p, const struct postfix_place *at, struct sv action)
{
	if (sv_is(action, "reject"))
		return plan_need_at(p, at, plan_is_in, "milter_fails_hard",
		    "\"reject\": while the milter is down all mail is refused "
		    "for ever and bounces");
	return plan_need_at(p, at, plan_is_in_strict, "milter_fails_open",
	    check_text(p->check,
		"\"%.*s\": while the milter is down, mail that the rules "
		"refuse is taken",
		SV_ARG(action)));
}

static void
need_strict_milter(struct plan *p)
{
	struct postfix_places places = postfix_places(&p->postfix,
	    POSTFIX_EVERY, "smtpd", "smtpd_milters");
	struct sv word, action;

	for (size_t i = 0; i < places.n; i++) {
		const struct postfix_place *at = &places.v[i];

		if (!plan_names(p, at->value, &p->conf->milter_listen, &word) ||
		    !own_action(at->value, word, &action) || keeps_mail(action))
			continue;
		plan_set_word(p, milter_fails(p, at, action), at,
		    sv_make(action.p - action_name.n, action_name.n + action.n),
		    "default_action=tempfail");
	}
	places = postfix_places(&p->postfix, POSTFIX_EVERY, "smtpd",
	    "milter_default_action");
	for (size_t i = 0; i < places.n; i++) {
		const struct postfix_place *at = &places.v[i];
		struct sv list = plan_setting(p, at->service, "smtpd_milters");

		if (!keeps_mail(at->value) &&
		    plan_names(p, list, &p->conf->milter_listen, &word) &&
		    !own_action(list, word, &action))
			plan_set_at(p, milter_fails(p, at, at->value), at,
			    "tempfail");
	}
}

static void
need_strict_delegation(struct plan *p)
{
	struct postfix_places places = postfix_places(&p->postfix,
	    POSTFIX_EVERY, "smtpd", "smtpd_policy_service_default_action");

	for (size_t i = 0; i < places.n; i++) {
		const struct postfix_place *at = &places.v[i];
		struct sv word, action = at->value;
		struct check_finding *f;
		const char *name;

		if (filters(p, at->service) ||
		    !plan_delegation_at(p, at->service, &word, &name))
			continue;
		(void)own_action(plan_setting(p, at->service, name), word,
		    &action);
		if (is_refusal(action))
			continue;
		f = plan_need_at(p, at, plan_is_in_strict,
		    "delegation_fails_open",
		    check_text(p->check,
			"\"%.*s\": while policyd is down, mail that the rules "
			"refuse is taken",
			SV_ARG(action)));
		if (sv_eq(action, at->value))
			plan_set_at(p, f, at,
			    "451 4.3.5 Server configuration problem");
		else if (f != NULL)
			f->fix = check_text(p->check,
			    "take default_action out of %s", name);
	}
}

/* smtpd_milter_maps overrides smtpd_milters for the clients that it has. */
static void
need_no_exceptions(struct plan *p)
{
	struct postfix_places places = postfix_places(&p->postfix,
	    POSTFIX_EVERY, "smtpd", "smtpd_milter_maps");

	for (size_t i = 0; i < places.n; i++) {
		const struct postfix_place *at = &places.v[i];
		struct check_finding *f;

		if (at->value.n == 0 || !filters(p, at->service))
			continue;
		f = plan_need_at(p, at, plan_is_in, "milter_maps",
		    check_text(p->check,
			"%.*s gives some clients other filters than "
			"smtpd_milters, or none: the rules do not hold for "
			"these",
			SV_ARG(at->value)));
		if (f == NULL)
			continue;
		f->severity = CHECK_NOTICE;
		f->fix = check_text(p->check,
		    "put %s into what it answers, unless that is meant",
		    p->milter != NULL ? p->milter : "milter_listen");
	}
}

/* ---- the map ehlo, or a table instead ---------------------------------- */

bool
plan_cidr_of(struct sv list, struct sv *word_r)
{
	static const struct sv type = SV("cidr:");
	char path[PATH_BYTES];
	struct buf bytes;

	while (postfix_word(&list, word_r)) {
		bool is_ours;

		if (!sv_starts(*word_r, type))
			continue;
		(void)snprintf(path, sizeof(path), "%.*s",
		    SV_ARG(sv_skip(*word_r, type.n)));
		buf_init(&bytes, EXPORT_CIDR_BYTES);
		is_ours = file_read(path, &bytes, NULL) == 0 &&
		    sv_starts(buf_sv(&bytes), sv_from(EXPORT_CIDR_HEAD));
		buf_free(&bytes);
		if (is_ours)
			return true;
	}
	return false;
}

/* It says what the table said when it was made. */
static void
need_fresh(struct plan *p, const struct postfix_place *at, struct sv word)
{
	const char *path = check_text(p->check, "%.*s",
	    SV_ARG(sv_skip(word, sv_find(word, ':') + 1)));
	struct check_finding *f = NULL;
	struct buf now, then;

	buf_init(&now, EXPORT_CIDR_BYTES);
	buf_init(&then, EXPORT_CIDR_BYTES);
	export_cidr(p->snap, p->check->app->now, &now);
	if (file_read(path, &then, NULL) != 0 ||
	    !sv_eq(buf_sv(&now), buf_sv(&then)))
		f = check_add(p->check, CHECK_PROBLEM, "ehlo_stale",
		    CHECK_POSTFIX,
		    check_text(p->check,
			"%s is older than the rules: STARTTLS is hidden as "
			"they were",
			path),
		    check_text(p->check,
			"tlswarden export --format cidr >%s.new && mv %s.new "
			"%s && postfix reload",
			path, path, path));
	if (f != NULL) {
		f->setting = at->name;
		f->instance = p->instance;
	}
	buf_free(&now);
	buf_free(&then);
}

static void
need_ehlo_of(struct plan *p, const char *command, const char *name)
{
	struct postfix_places places =
	    postfix_places(&p->postfix, POSTFIX_EVERY, command, name);

	for (size_t i = 0; i < places.n; i++) {
		const struct postfix_place *at = &places.v[i];
		struct check_finding *f;
		struct sv word;
		size_t place;

		if (plan_asks_map(p, at->value, "ehlo", &word, &place) ==
		    PLAN_ASKS)
			continue;
		if (plan_cidr_of(at->value, &word)) {
			need_fresh(p, at, word);
			continue;
		}
		f = plan_need_at(p, at, plan_is_in_none, "ehlo_not_asked",
		    "STARTTLS stays offered to clients of rules with level "
		    "none: the map ehlo is not asked");
		if (p->socketmap != NULL || p->ehlo_file != NULL)
			plan_set_front(p, f, at,
			    check_text(p->check, "%s%s",
				p->ehlo_file != NULL ? "cidr:" : p->socketmap,
				p->ehlo_file != NULL ? p->ehlo_file : ":ehlo"));
	}
}

/* postscreen(8) asks smtpd's map, unless it is told another. */
static void
need_ehlo(struct plan *p)
{
	bool is_screened = false;

	for (size_t i = 0; i < p->postfix.n_services; i++)
		is_screened |=
		    sv_is(p->postfix.services[i].command, "postscreen");
	need_ehlo_of(p, "smtpd", "smtpd_discard_ehlo_keyword_address_maps");
	if (is_screened)
		need_ehlo_of(p, "postscreen",
		    "postscreen_discard_ehlo_keyword_address_maps");
}

void
plan_judges_at(const struct plan *p, struct sv service, bool *milter_r,
    bool *delegation_r)
{
	*milter_r = filters(p, service);
	*delegation_r = delegates(p, service);
}

void
plan_asked_in(struct plan *p, bool is_planned, bool *milter_r,
    bool *delegation_r)
{
	struct postfix_places places = postfix_places(&p->postfix,
	    POSTFIX_EVERY, "smtpd", "smtpd_milters");

	*milter_r = *delegation_r = false;
	if (!plan_has(p, plan_is_in))
		return;
	for (size_t i = 0; i < places.n; i++) {
		*milter_r |= filters(p, places.v[i].service);
		*delegation_r |= delegates(p, places.v[i].service);
	}
	if (is_planned && !*milter_r && !*delegation_r)
		*milter_r = p->milter != NULL;
	if (is_planned && plan_has(p, plan_is_in_pinned))
		*delegation_r = p->delegation != NULL;
}

void
plan_inbound(struct plan *p)
{
	need_filter(p);
	need_delegation(p);
	need_strict_milter(p);
	need_strict_delegation(p);
	need_no_exceptions(p);
	plan_inbound_tls(p);
	need_ehlo(p);
	plan_inbound_odd(p);
}
