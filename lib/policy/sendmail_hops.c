/* tlswarden: policy/sendmail_hops - the next hops in a key of map sendmail.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "policy/sendmail_private.h"

/* Up to the next ':' or ',' outside of brackets (deliver.c, hostsignature()).
 */
static struct sv
cut_hop(struct sv *list)
{
	size_t i = 0;
	struct sv hop;

	if (list->n > 0 && list->p[0] == '[')
		i = sv_find(*list, ']');
	while (i < list->n && list->p[i] != ':' && list->p[i] != ',')
		i++;
	hop = sv_head(*list, i);
	*list = i < list->n ? sv_skip(*list, i + 1) : sv_from("");
	return hop;
}

/* What is in brackets, without a dot at its end; empty: it has none. */
static struct sv
bracketed(struct sv hop)
{
	if (hop.n < 2 || hop.p[0] != '[' || hop.p[hop.n - 1] != ']')
		return sv_from("");
	hop = sv_make(hop.p + 1, hop.n - 2);
	if (hop.n > 0 && hop.p[hop.n - 1] == '.')
		hop.n--;
	return hop;
}

static bool
is_server(struct sv hop, struct sv server)
{
	struct sv host = bracketed(hop), literal = bracketed(server);

	if (literal.n > 0)
		server = literal;
	if (server.n > 0 && server.p[server.n - 1] == '.')
		server.n--;
	return host.n > 0 && sv_eq_nocase(host, server);
}

void
sendmail_hops_init(struct sendmail_hops *h, struct sv list, struct sv server)
{
	struct sv rest = list;

	*h = (struct sendmail_hops){ .rest = list, .server = server };
	while (rest.n > 0 && !h->knows_server)
		h->knows_server = is_server(cut_hop(&rest), server);
}

bool
sendmail_hops_next(struct sendmail_hops *h, struct sv *hop_r)
{
	bool is_first = !h->is_begun;

	h->is_begun = true;
	/* A list of nothing is one hop, which is none. */
	if (is_first && h->rest.n == 0) {
		*hop_r = h->rest;
		return true;
	}
	while (h->rest.n > 0) {
		*hop_r = cut_hop(&h->rest);
		if (hop_r->n > 0 &&
		    (!h->knows_server || is_server(*hop_r, h->server)))
			return true;
	}
	return false;
}
