/* tlswarden: ctl/postfix_again - mail that is judged twice, or not after all.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "ctl/postfix_plan.h"
#include "base/banned.h"

static bool
is_loopback(struct sv host)
{
	static const struct sv net = SV("127.");

	return sv_is(host, "loopback-only") || sv_is(host, "localhost") ||
	    sv_is(host, "[::1]") || sv_is(host, "::1") || sv_starts(host, net);
}

/* Where it listens, "[::1]:10025/inet" or "10025/inet", the network does not
 * reach. Ports that clients know are theirs, whatever they ask for. */
static bool
is_inside(const struct plan *p, struct sv service)
{
	static const char *const ports[] = { "25/inet", "smtp/inet", "465/inet",
		"smtps/inet", "submissions/inet", "587/inet",
		"submission/inet" };
	size_t colon = sv_rfind(service, ':');
	bool has_host = colon < service.n, is_loop = false;
	struct sv port = has_host ? sv_skip(service, colon + 1) : service;
	struct sv rest, word;

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (sv_is(port, ports[i]))
			return false;
	if (has_host)
		return is_loopback(sv_head(service, colon));
	rest = postfix_get(&p->postfix, "inet_interfaces");
	while (postfix_word(&rest, &word)) {
		is_loop = is_loopback(word);
		if (!is_loop)
			break;
	}
	return is_loop;
}

/* What comes back comes in clear, from the filter: the service that takes it is
 * the one that asks no filter itself, or hears of the client by XFORWARD, and
 * that the filter alone can reach. */
static bool
takes_back(const struct plan *p, struct sv service)
{
	bool is_own = false;
	struct sv value = postfix_service_get(&p->postfix, service,
	    "content_filter", &is_own);

	if (!is_inside(p, service))
		return false;
	if (is_own && value.n == 0)
		return true;
	value = postfix_service_get(&p->postfix, service,
	    "smtpd_authorized_xforward_hosts", &is_own);
	return is_own && value.n > 0;
}

/* permit_mynetworks in front lets the filter's mail through unasked. */
static bool
is_exempt(const struct plan *p, struct sv service)
{
	bool is_own;
	struct sv list = postfix_service_get(&p->postfix, service,
	    "smtpd_recipient_restrictions", &is_own);
	struct sv word, rest = list;

	while (postfix_word(&rest, &word))
		if (sv_is(word, "permit_mynetworks"))
			return true;
	return false;
}

/* Takes our own word out of the list that has it there, and nothing else. */
static void
ask_no_more(struct plan *p, struct check_finding *f, struct sv service,
    bool is_milter)
{
	struct postfix_place at = { .service = service,
		.name = "smtpd_milters" };
	const struct postfix_pair *pair;
	struct sv word;
	bool is_own;

	if (is_milter)
		(void)plan_names(p, plan_setting(p, service, at.name),
		    &p->conf->milter_listen, &word);
	else
		(void)plan_delegation_at(p, service, &word, &at.name);
	pair = postfix_service_pair(&p->postfix, service, at.name, &is_own);
	at.value = pair->value;
	at.written = pair->written;
	plan_unset_word(p, f, &at, word,
	    is_milter ? NULL : "check_policy_service");
}

static void
need_once(struct plan *p)
{
	for (size_t i = 0; i < p->postfix.n_services; i++) {
		struct sv service = p->postfix.services[i].name;
		bool by_milter, by_delegation;
		struct check_finding *f;

		if (!sv_is(p->postfix.services[i].command, "smtpd") ||
		    !takes_back(p, service))
			continue;
		plan_judges_at(p, service, &by_milter, &by_delegation);
		if (!by_milter && (!by_delegation || is_exempt(p, service)))
			continue;
		f = plan_need(p, plan_is_in_strict, "judged_again", "master.cf",
		    check_text(p->check,
			"the service %.*s takes mail back from a content "
			"filter, in clear, and has it judged again: what a "
			"rule demands encrypted is refused there and bounces",
			SV_ARG(service)));
		ask_no_more(p, f, service, by_milter);
	}
}

/* The filter is named, and turned off. */
static void
need_on(struct plan *p)
{
	struct postfix_places places = postfix_places(&p->postfix,
	    POSTFIX_EVERY, "smtpd", "receive_override_options");

	for (size_t i = 0; i < places.n; i++) {
		const struct postfix_place *at = &places.v[i];
		bool by_milter, by_delegation, is_own;
		struct check_finding *f;
		struct sv word;

		plan_judges_at(p, at->service, &by_milter, &by_delegation);
		if (by_milter || by_delegation || !plan_is_used(p, at) ||
		    !plan_names(p,
			postfix_service_get(&p->postfix, at->service,
			    "smtpd_milters", &is_own),
			&p->conf->milter_listen, &word))
			continue;
		f = plan_need_at(p, at, plan_is_in, "inbound_not_asked",
		    "no_milters turns the filter off: the rules about mail "
		    "that we receive do nothing");
		if (f != NULL)
			f->fix =
			    "take no_milters out of "
			    "receive_override_options";
	}
}

void
plan_inbound_odd(struct plan *p)
{
	need_once(p);
	need_on(p);
}
