/* tlswarden: ctl/postfix_again - mail that is judged twice, or not after all.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "ctl/postfix_plan.h"
#include "base/banned.h"

/* What comes back comes in clear, from the filter: the service that takes it is
 * the one that asks no filter itself, or hears of the client by XFORWARD. */
static bool
takes_back(const struct plan *p, struct sv service)
{
	bool is_own = false;
	struct sv value = postfix_service_get(&p->postfix, service,
	    "content_filter", &is_own);

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
		plan_change(p, f, "-P",
		    check_text(p->check,
			by_milter ? "%.*s/smtpd_milters="
				  : "%.*s/smtpd_recipient_restrictions="
				    "permit_mynetworks,reject",
			SV_ARG(service)));
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
