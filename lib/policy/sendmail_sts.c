/* tlswarden: policy/sendmail_sts - the map that FEATURE(`sts') asks.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "base/limits.h"
#include "policy/sendmail_private.h"

/* "match=" is a list of servers: their names, or ".parent" of one label. The
 * server has to be in it and to show its own name in the certificate; the
 * keyword hostname is that alone. Sendmail's ruleset STS_Check reads at most
 * 255 bytes of the list and would take half a name; a name that is left out
 * costs a delivery, not a promise. */
static bool
add_match(struct sv names, struct sv domain, struct buf *out)
{
	struct sv word, all = names;
	static const char first[] = " match=";
	const char *sep = first;
	size_t left = SENDMAIL_STS_MATCH_MAX + 1;
	struct buf name;

	while (sv_cut(&all, ':', &word))
		if (sv_is_nocase(word, "hostname"))
			return true;
	buf_init(&name, LIMIT_COLUMN);
	while (sv_cut(&names, ':', &word)) {
		buf_reset(&name);
		if (sv_is_nocase(word, "nexthop"))
			buf_add(&name, domain);
		else if (sv_is_nocase(word, ".nexthop"))
			buf_addf(&name, ".%.*s", SV_ARG(domain));
		else
			buf_add(&name, word);
		if (name.n == 0 || name.n + 1 > left)
			continue;
		left -= name.n + 1;
		buf_adds(out, sep);
		buf_add(out, buf_sv(&name));
		sep = ":";
	}
	buf_free(&name);
	return sep != first;
}

void
sendmail_sts(const struct snapshot *s, const struct lookup_hop *hop,
    struct lookup_answer *r)
{
	struct sv names;

	r->rule = NULL;
	if (party_nexthop(hop->party, hop->key) != PARTY_OK ||
	    hop->party->is_odd) {
		sendmail_set(r, LOOKUP_TEMP, "the key is no domain");
		return;
	}
	if (!lookup_hop_rule(s, hop, r) || r->rule == NULL ||
	    r->rule->demand->level != LEVEL_SECURE)
		return;
	names = r->rule->demand->cert_name;
	buf_reset(hop->out);
	buf_adds(hop->out, "secure");
	if (!add_match(names.n > 0 ? names : sv_from("nexthop:.nexthop"),
		party_domain(hop->party), hop->out)) {
		sendmail_set(r, LOOKUP_TEMP,
		    "no name of the rule fits an answer");
		return;
	}
	buf_adds(hop->out, " servername=hostname");
	r->status = LOOKUP_FOUND;
	r->text = buf_sv(hop->out);
}
