/* tlswarden: ctl/postfix_route - where Postfix sends mail of outbound rules.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * As trivial-rewrite(8) decides it: transport_maps, else the transport of the
 * domain's class (local_transport, virtual_transport, relay_transport,
 * default_transport), else relayhost. Tables are asked by postmap(1).
 */
#ifndef CTL_POSTFIX_ROUTE_H
#define CTL_POSTFIX_ROUTE_H

#include "ctl/postfix.h"
#include "policy/rule.h"

struct plan;

struct postfix_route {
	const struct rule *rule;
	const char *by;      /* the setting that decides the next hop */
	const char *table;   /* of transport_maps; NULL: none */
	struct sv to;        /* as that says it: "smtp:[relay]:25" */
	struct sv nexthop;   /* empty: the domain */
	struct sv transport; /* "smtp" */
	const char *list;    /* that has the domain: "mydestination"; NULL */
	const struct postfix_service *service; /* NULL: not in master.cf */
};

struct postfix_routes {
	struct postfix_route *v;
	size_t n;
	size_t n_left_out; /* rules over POSTFIX_ROUTES */
};

enum { POSTFIX_ROUTES = 10000 };

/* Works out the routes of active, enforced outbound rules about domains that
 * demand TLS, and marks the services that they use. A table that cannot be
 * asked is a finding of check. */
void plan_find_routes(struct plan *p);
/* Adds findings about routes that lead round their rules. */
void plan_routes(struct plan *p);

#endif
