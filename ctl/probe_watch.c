/* tlswarden: ctl/probe_watch - monitor rules beside the probes of one run.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Each rule that watches and would have won is judged by what the probe saw of
 * all servers of a destination: one that satisfies it takes the mail. What it
 * would have refused is one row of the ledger for rule, destination and run.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/mem.h"
#include "ctl/probe.h"
#include "daemon/ledger.h"
#include "policy/watchers.h"
#include "probe/look.h"
#include "store/state_db.h"
#include "base/banned.h"

/* One destination. */
struct watch {
	struct probing *p;
	struct state_db *db;
	const struct errand *errand;
	struct look *looks;
	struct looked *looked;
	size_t n;
	size_t at; /* visits are in the order of errands */
	int rc;
	struct err *err_r;
};

static int
add_row(const struct watch *w, const struct rule *rule, const struct look *l,
    const struct looked *r)
{
	const struct judgement j = { rule,
		{ r->is_permanent ? VERDICT_FAIL : VERDICT_TEMPFAIL, r->reason,
		    rule->id, rule->demand->level } };
	struct record_violation row = { .at_secs = w->p->app->now,
		.source = RECORD_FROM_PROBE,
		.peer_name = sv_from(l->host),
		.peer_addr = sv_from(l->addr),
		.tls_version = sv_from(l->tls_version),
		.cipher = sv_from(l->tls_cipher) };
	struct buf text;
	int rc;

	buf_init(&text, LIMIT_REPLY + 16);
	look_text(l, rule, r, &text);
	ledger_outbound((enum conf_addresses)w->p->conf->record_addresses, &j,
	    party_text(&w->errand->target.party), buf_sv(&text), &row);
	rc = state_db_violation(w->db, &row, w->err_r);
	buf_free(&text);
	return rc;
}

/* A rule that cannot be judged here is no reason to lose the rest. */
static void
judge_rule(void *arg, const struct rule *rule)
{
	struct watch *w = arg;
	struct err err = { 0 };
	const struct trust *trust = probe_trust(w->p, rule, &err);
	struct looked all;
	size_t which;

	if (w->rc != 0)
		return;
	for (size_t i = 0; i < w->n && trust != NULL; i++)
		if (look_judge(&w->looks[i], rule, trust, &w->looked[i],
			&err) != 0)
			trust = NULL;
	if (trust == NULL) {
		fprintf(stderr,
		    "tlswarden: rule %" PRId64 " not judged beside: %s\n",
		    rule->id, err.text);
		return;
	}
	all = look_of_all(w->looked, w->n, &which);
	if (all.kind == LOOKED_FAILS)
		w->rc = add_row(w, rule, &w->looks[which], &all);
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
watch_errand(struct watch *w, const struct watchers *watchers)
{
	struct addr addrs[TARGET_PLACES];
	struct query q;

	w->n = 0;
	for (; w->at < w->p->n_visits &&
	     w->p->visits[w->at].target == &w->errand->target;
	     w->at++) {
		const struct visit *v = &w->p->visits[w->at];
		struct look *l = &w->looks[w->n];
		struct err err = { 0 };

		if (v->trouble.sysexit != 0)
			continue;
		if (take_look(v, w->p->how.now, l, &err) == 0)
			w->n++;
		else
			look_done(l);
	}
	probe_query(w->errand, addrs, &q);
	if (w->n > 0)
		watchers_each(watchers, &q, judge_rule, w);
	for (size_t i = 0; i < w->n; i++)
		look_done(&w->looks[i]);
}

/* Judged under what is not so, or elsewhere than mail goes. */
static bool
is_what_if(const struct probing *p)
{
	static const char *const options[] = { "connect", "name", "roots",
		"time" };

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (args_has(p->args, options[i]))
			return true;
	return p->how.mode != PROBE_MODE_STARTTLS;
}

int
probe_watch(struct probing *p, struct state_db *db, struct err *err_r)
{
	struct watch w = { .p = p, .db = db, .err_r = err_r };
	struct watchers watchers;

	if (p->table.snap == NULL || is_what_if(p))
		return 0;
	watchers_init(&watchers, p->table.snap, p->how.now);
	w.looks = mem_zalloc(TARGET_PLACES, sizeof(*w.looks));
	w.looked = mem_zalloc(TARGET_PLACES, sizeof(*w.looked));
	for (size_t i = 0; i < p->n_errands && w.rc == 0; i++) {
		w.errand = &p->errands[i];
		if (w.errand->trouble.sysexit == 0)
			watch_errand(&w, &watchers);
	}
	free(w.looks);
	free(w.looked);
	watchers_done(&watchers);
	return w.rc;
}
