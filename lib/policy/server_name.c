/* tlswarden: policy/server_name - cert_name of an outbound rule, judged here.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "policy/server_name.h"

/* A name of the certificate against one that is wanted. */
static bool
is_name(struct sv have, struct sv want)
{
	if (have.n > 2 && have.p[0] == '*' && have.p[1] == '.') {
		have = sv_skip(have, 1);
		want = sv_skip(want, sv_find(want, '.'));
	}
	return have.n > 0 && sv_eq_nocase(have, want);
}

/* Below parent, which has no dot in front. */
static bool
is_below(struct sv have, struct sv parent)
{
	size_t at;

	if (parent.n == 0 || have.n <= parent.n + 1)
		return false;
	at = have.n - parent.n;
	return have.p[at - 1] == '.' && sv_eq_nocase(sv_skip(have, at), parent);
}

static bool
wants(struct sv word, struct sv have, struct sv nexthop, struct sv host)
{
	if (sv_is_nocase(word, "nexthop"))
		return is_name(have, nexthop);
	if (sv_is_nocase(word, ".nexthop"))
		return is_below(have, nexthop);
	if (sv_is_nocase(word, "hostname"))
		return is_name(have, host);
	if (word.n > 1 && word.p[0] == '.')
		return is_below(have, sv_skip(word, 1));
	return is_name(have, word);
}

bool
server_name_accepted(struct sv names, struct sv cn,
    const struct tls_server *server)
{
	struct sv word;

	if (names.n == 0)
		names = sv_from("nexthop:.nexthop");
	while (sv_cut(&names, ':', &word)) {
		struct sv next = server->nexthop, host = server->host;

		if (word.n == 0)
			continue;
		if (wants(word, cn, next, host) ||
		    (server->has_host && wants(word, host, next, host)) ||
		    (server->has_nexthop && wants(word, next, next, host)))
			return true;
	}
	return false;
}
