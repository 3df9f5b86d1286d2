/* tlswarden: fuzz target for patterns, parties and next hops.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Input: a byte for the place, the pattern, a newline, what it is matched with.
 */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "fuzz.h"
#include "policy/pattern.h"

/* What a pattern prints means the same when it is read again. */
static void
check_format(const struct pattern *p, enum pattern_place place)
{
	struct buf text, again, norm;
	struct pattern q;

	buf_init(&text, 4 * LIMIT_PATTERN);
	buf_init(&again, 4 * LIMIT_PATTERN);
	buf_init(&norm, 4 * LIMIT_PATTERN);
	pattern_format(p, &text);
	/* user@[192.0.2.1] prints without its brackets. */
	if (pattern_parse(buf_sv(&text), place, &norm, &q, NULL) == 0 &&
	    q.kind == p->kind) {
		pattern_format(&q, &again);
		assert(sv_eq(buf_sv(&text), buf_sv(&again)));
		assert(q.literals == p->literals && q.port == p->port);
		assert(pattern_covers_domain(&q) == pattern_covers_domain(p));
	}
	buf_free(&text);
	buf_free(&again);
	buf_free(&norm);
}

static void
check_match(const struct pattern *p, const struct party *who)
{
	bool yes = pattern_matches(p, who);

	assert(p->kind != PATTERN_ANY || yes);
	/* A match of the whole is one of the domain. */
	if (yes && who->kind != PARTY_ABSENT && who->kind != PARTY_NULL)
		assert(pattern_matches_domain(p, who));
	if (yes && who->kind == PARTY_NEXTHOP)
		assert(pattern_covers_domain(p));
	assert(who->text_n <= sizeof(who->text));
	assert(who->n_labels <= PARTY_LABELS_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct party who;
	struct sv rest, text;
	struct buf norm;
	struct pattern p;
	enum pattern_place place;

	if (size < 2)
		return 0;
	place = (enum pattern_place)(data[0] % 3);
	rest = sv_make((const char *)data + 1, size - 1);
	if (!sv_cut(&rest, '\n', &text))
		return 0;
	buf_init(&norm, 4 * LIMIT_PATTERN);
	if (pattern_parse(text, place, &norm, &p, NULL) == 0) {
		check_format(&p, place);
		if (party_nexthop(&who, rest) == PARTY_OK)
			check_match(&p, &who);
		if (party_address(&who, rest) == PARTY_OK)
			check_match(&p, &who);
		party_none(&who);
		check_match(&p, &who);
	}
	buf_free(&norm);
	return 0;
}
