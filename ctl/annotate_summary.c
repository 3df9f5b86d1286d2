/* tlswarden: ctl/annotate_summary - counts of TLS failures for each peer.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "annotate/annotate.h"
#include "base/mem.h"
#include "ctl/annotate.h"
#include "ctl/command.h"
#include "ctl/out.h"
#include "base/banned.h"

enum { CAP_START = 256 };

void
summary_init(struct summary *s)
{
	arena_init(&s->mem);
	s->cap = CAP_START;
	s->rows = mem_zalloc(s->cap, sizeof(*s->rows));
	s->n = 0;
	s->n_left_out = 0;
}

void
summary_done(struct summary *s)
{
	free(s->rows);
	s->rows = NULL;
	arena_free(&s->mem);
}

/* Postfix writes the port in some lines and not in others: the peer is the
 * same. */
static struct sv
without_port(struct sv peer)
{
	size_t close = sv_rfind(peer, ']');

	return close < peer.n ? sv_head(peer, close + 1) : peer;
}

static uint64_t
hash(struct sv peer, enum reason reason)
{
	uint64_t h = 0xcbf29ce484222325U + (uint64_t)reason;

	for (size_t i = 0; i < peer.n; i++)
		h = (h ^ (unsigned char)peer.p[i]) * 0x100000001b3U;
	return h ^ (h >> 32);
}

static struct summary_row *
find(struct summary *s, struct sv peer, enum reason reason)
{
	size_t at = hash(peer, reason) & (s->cap - 1);

	while (s->rows[at].count > 0 &&
	    (s->rows[at].reason != reason || !sv_eq(s->rows[at].peer, peer)))
		at = (at + 1) & (s->cap - 1);
	return &s->rows[at];
}

static void
grow(struct summary *s)
{
	struct summary_row *old = s->rows;
	size_t n = s->cap;

	if (s->n * 2 < n)
		return;
	s->cap = 2 * n;
	s->rows = mem_zalloc(s->cap, sizeof(*s->rows));
	for (size_t i = 0; i < n; i++)
		if (old[i].count > 0)
			*find(s, old[i].peer, old[i].reason) = old[i];
	free(old);
}

void
summary_add(struct summary *s, const struct annotation *r)
{
	struct sv peer = without_port(r->peer);
	struct summary_row *row = find(s, peer, r->reason);

	if (row->count == 0) {
		if (s->n == SUMMARY_MAX) {
			s->n_left_out++;
			return;
		}
		row->peer = arena_sv(&s->mem, peer);
		row->reason = r->reason;
		row->fault = r->fault;
		row->remark = r->remark;
		s->n++;
	}
	row->count++;
	grow(s);
}

static int
by_count(const void *a, const void *b)
{
	const struct summary_row *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	if (sv_cmp(x->peer, y->peer) != 0)
		return sv_cmp(x->peer, y->peer);
	return (int)x->reason - (int)y->reason;
}

static void
print_json(const struct summary *s)
{
	struct json_list l;

	json_list_begin(&l);
	for (size_t i = 0; i < s->n; i++) {
		const struct summary_row *row = &s->rows[i];
		const struct reason_info *info = reason_info(row->reason);
		json_t *o = json_object();

		out_json_set(o, "peer", out_json_sv(row->peer));
		out_json_set(o, "class", out_json_str(info->code));
		out_json_set(o, "fault",
		    out_json_str(reason_fault_word(row->fault)));
		out_json_set(o, "note",
		    row->remark == NULL ? json_null()
					: out_json_str(row->remark));
		out_json_set(o, "count", json_integer((json_int_t)row->count));
		out_json_set(o, "fix_ours", out_json_str(info->fix_ours));
		out_json_set(o, "fix_theirs", out_json_str(info->fix_theirs));
		json_list_item(&l, o);
	}
	json_list_end(&l);
}

/* Faults of our own are told best by what is special about them. */
static const char *
what_to_do(const struct summary_row *row)
{
	const struct reason_info *info = reason_info(row->reason);

	if (row->fault == FAULT_THEIRS)
		return info->todo;
	return row->fault == FAULT_OURS && row->remark != NULL ? row->remark
							       : info->fix_ours;
}

static void
print_table(const struct summary *s, const struct app *app)
{
	static const char *const heads[] = { "COUNT", "PEER", "CLASS", "FAULT",
		"WHAT TO DO" };
	struct table t;

	table_init(&t, heads, sizeof(heads) / sizeof(heads[0]));
	for (size_t i = 0; i < s->n; i++) {
		const struct summary_row *row = &s->rows[i];
		const struct reason_info *info = reason_info(row->reason);

		table_number(&t, (int64_t)row->count);
		table_sv(&t,
		    row->peer.n == 0 ? sv_from("(not told)") : row->peer);
		table_str(&t, info->code);
		table_str(&t, reason_fault_word(row->fault));
		table_str(&t, what_to_do(row));
	}
	table_done(&t, app);
}

void
summary_print(struct summary *s, const struct app *app, uint64_t n_lines)
{
	qsort(s->rows, s->cap, sizeof(*s->rows), by_count);
	if (app->json) {
		print_json(s);
		return;
	}
	if (s->n > 0)
		print_table(s, app);
	printf("%zu kinds of TLS failure in %" PRIu64 " lines\n", s->n,
	    n_lines);
	if (s->n_left_out > 0)
		printf("%" PRIu64
		       " more failures of other peers are not in "
		       "the table\n",
		    s->n_left_out);
}
