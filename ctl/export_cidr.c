/* tlswarden: ctl/export_cidr - the map ehlo as a cidr table of Postfix.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ctl/export_cidr.h"
#include "policy/lookup.h"
#include "base/banned.h"

/* A network that a rule names. Inside of it, but for the longer ones in it,
 * every client gets the same answer. */
struct block {
	struct cidr net;
	struct addr first, last;
	bool is_asked;   /* it has a client that is in no longer one */
	struct sv found; /* what that client is answered; empty: nothing */
	bool is_masked;  /* a shorter one around it has an answer */
};

/* By first address, the shorter network first: what lies in one follows it. */
static int
by_place(const void *a, const void *b)
{
	const struct block *x = a, *y = b;
	int d = addr_cmp(&x->first, &y->first);

	return d != 0 ? d : (int)x->net.bits - (int)y->net.bits;
}

static int
by_length(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	if (x->net.bits != y->net.bits)
		return (int)y->net.bits - (int)x->net.bits;
	return addr_cmp(&x->first, &y->first);
}

static void
add_block(struct block *blocks, size_t *n, const struct cidr *net)
{
	struct block *b = &blocks[(*n)++];

	memset(b, 0, sizeof(*b));
	b->net = *net;
	cidr_range(net, &b->first, &b->last);
}

/* The networks of all inbound rules that hold, and everybody, each once. */
static size_t
collect(const struct snapshot *s, int64_t now, struct block *blocks)
{
	static const struct cidr everybody[] = { { .net.family = 4 },
		{ .net.family = 6 } };
	size_t n = 0, kept = 1;

	add_block(blocks, &n, &everybody[0]);
	add_block(blocks, &n, &everybody[1]);
	for (size_t i = 0; i < snapshot_count(s); i++) {
		const struct rule *r = snapshot_rule(s, i);

		if (r->direction == DIRECTION_IN && r->subnet != NULL &&
		    r->is_enabled && r->expires_at > now)
			add_block(blocks, &n, r->subnet);
	}
	qsort(blocks, n, sizeof(*blocks), by_place);
	for (size_t i = 1; i < n; i++)
		if (by_place(&blocks[kept - 1], &blocks[i]) != 0)
			blocks[kept++] = blocks[i];
	return kept;
}

/* The next address; false: there is none. */
static bool
step(struct addr *a)
{
	for (size_t i = a->family == 4 ? 4 : 16; i > 0; i--)
		if (++a->b[i - 1] != 0)
			return true;
	return false;
}

/* A client of block i that is in none of the longer ones. */
static bool
find_client(const struct block *blocks, size_t n, size_t i, struct addr *r)
{
	*r = blocks[i].first;
	for (size_t j = i + 1; j < n && cidr_has(&blocks[j].net, r); j++) {
		*r = blocks[j].last;
		if (!step(r) || !cidr_has(&blocks[i].net, r))
			return false;
		/* Past those in what was stepped over. */
		while (j + 1 < n && addr_cmp(&blocks[j + 1].first, r) < 0)
			j++;
	}
	return true;
}

static void
ask(const struct snapshot *s, struct block *blocks, size_t n, size_t i)
{
	struct lookup_answer a;
	struct addr client;
	struct buf text;

	if (!find_client(blocks, n, i, &client))
		return;
	buf_init(&text, 64);
	addr_format(&client, &text);
	lookup_ehlo(s, buf_sv(&text), &a);
	buf_free(&text);
	blocks[i].is_asked = true;
	if (a.status == LOOKUP_FOUND)
		blocks[i].found = a.text;
}

/* Marks what lies in a network that has an answer. */
static void
mark(struct block *blocks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; blocks[i].found.n > 0 && j < n &&
		     cidr_has(&blocks[i].net, &blocks[j].first);
		     j++)
			blocks[j].is_masked = true;
}

void
export_cidr(const struct snapshot *s, int64_t now, struct buf *out)
{
	struct block *blocks =
	    mem_zalloc(snapshot_count(s) + 2, sizeof(*blocks));
	size_t n = collect(s, now, blocks);

	for (size_t i = 0; i < n; i++)
		ask(s, blocks, n, i);
	mark(blocks, n);
	qsort(blocks, n, sizeof(*blocks), by_length);
	buf_adds(out,
	    EXPORT_CIDR_HEAD
	    "# For smtpd_discard_ehlo_keyword_address_maps = cidr:FILE. Made "
	    "by\n# \"tlswarden export --format cidr\": make it again when an "
	    "inbound rule changes\n# or ends, then postfix reload.\n");
	for (size_t i = 0; i < n; i++) {
		const struct block *b = &blocks[i];

		if (!b->is_asked || (b->found.n == 0 && !b->is_masked))
			continue;
		cidr_format(&b->net, out);
		buf_addc(out, '\t');
		if (b->found.n > 0)
			buf_add(out, b->found);
		else /* nothing is discarded, and nothing logged */
			buf_adds(out, "silent-discard");
		buf_addc(out, '\n');
	}
	free(blocks);
}
