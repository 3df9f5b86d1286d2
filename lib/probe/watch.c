/* tlswarden: probe/watch - monitor rules beside the visits of one target.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>

#include "base/mem.h"
#include "probe/watch.h"

struct watch {
	const struct watching *how;
	struct look *looks;
	struct looked *looked;
	size_t n;
};

static void
tell(const struct watch *w, const struct rule *rule, const struct look *l,
    const struct looked *r)
{
	struct watch_found f = { rule, l,
		{ r->is_permanent ? VERDICT_FAIL : VERDICT_TEMPFAIL, r->reason,
		    rule->id, rule->demand->level },
		{ NULL, 0 } };
	struct buf text;

	buf_init(&text, LIMIT_REPLY + 16);
	look_text(l, rule, r, &text);
	f.text = buf_sv(&text);
	w->how->found(w->how->arg, &f);
	buf_free(&text);
}

static void
judge_rule(void *arg, const struct rule *rule)
{
	struct watch *w = arg;
	struct err err = { 0 };
	const struct trust *trust = w->how->trust_of(w->how->arg, rule, &err);
	struct looked all;
	size_t which;

	for (size_t i = 0; i < w->n && trust != NULL; i++)
		if (look_judge(&w->looks[i], rule, trust, &w->looked[i],
			&err) != 0)
			trust = NULL;
	if (trust == NULL) {
		w->how->trouble(w->how->arg, rule, &err);
		return;
	}
	all = look_of_all(w->looked, w->n, &which);
	if (all.kind == LOOKED_FAILS)
		tell(w, rule, &w->looks[which], &all);
}

static int
take_look(const struct visit *v, int64_t now, struct look *l, struct err *err_r)
{
	struct look_at at = { now, sv_from(v->target->name),
		sv_from(v->place->host), { NULL, 0 } };
	struct buf addr;
	int rc;

	buf_init(&addr, 64);
	if (v->place->addr.family != 0)
		addr_format(&v->place->addr, &addr);
	at.addr = buf_sv(&addr);
	rc = look_of_probe(l, &at, &v->d, buf_sv(&v->chain), err_r);
	buf_free(&addr);
	return rc;
}

static void
take_looks(struct watch *w, const struct visit *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct err err = { 0 };

		if (v[i].trouble.sysexit != 0)
			continue;
		if (take_look(&v[i], w->how->now, &w->looks[w->n], &err) == 0)
			w->n++;
		else
			look_done(&w->looks[w->n]);
	}
}

static void
begin(struct watch *w, const struct watching *how, size_t n)
{
	w->how = how;
	w->n = 0;
	w->looks = mem_zalloc(n + 1, sizeof(*w->looks));
	w->looked = mem_zalloc(n + 1, sizeof(*w->looked));
}

static void
judge_all(struct watch *w, const struct query *q)
{
	if (w->n > 0)
		watchers_each(w->how->watchers, q, judge_rule, w);
	for (size_t i = 0; i < w->n; i++)
		look_done(&w->looks[i]);
	free(w->looks);
	free(w->looked);
}

void
watch_target(const struct watching *how, const struct query *q,
    const struct visit *v, size_t n)
{
	struct watch w;

	begin(&w, how, n);
	take_looks(&w, v, n);
	judge_all(&w, q);
}

void
watch_rows(const struct watching *how, const struct query *q,
    const struct record_probe *rows, size_t n)
{
	struct watch w;

	begin(&w, how, n);
	for (size_t i = 0; i < n; i++) {
		struct err err = { 0 };

		if (look_of_row(&w.looks[w.n], &rows[i], &err) == 0)
			w.n++;
		else
			look_done(&w.looks[w.n]);
	}
	judge_all(&w, q);
}
