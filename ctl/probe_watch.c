/* tlswarden: ctl/probe_watch - monitor rules beside the probes of one run.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What they would have refused goes into the ledger.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/conf.h"
#include "ctl/probe.h"
#include "daemon/ledger.h"
#include "probe/watch.h"
#include "store/state_db.h"
#include "base/banned.h"

struct watch {
	struct probing *p;
	struct state_db *db;
	const struct errand *errand;
	int rc;
	struct err *err_r;
};

static const struct trust *
trust_of(void *arg, const struct rule *rule, struct err *err_r)
{
	const struct watch *w = arg;

	return probe_trust(w->p, rule, err_r);
}

static void
add_row(void *arg, const struct watch_found *f)
{
	struct watch *w = arg;
	const struct judgement j = { f->rule, f->verdict };
	const struct look *l = f->look;
	struct record_violation row = { .at_secs = w->p->app->now,
		.source = RECORD_FROM_PROBE,
		.peer_name = sv_from(l->host),
		.peer_addr = sv_from(l->addr),
		.tls_version = sv_from(l->tls_version),
		.cipher = sv_from(l->tls_cipher) };

	ledger_outbound((enum conf_addresses)w->p->conf->record_addresses, &j,
	    party_text(&w->errand->target.party), f->text, &row);
	if (w->rc == 0)
		w->rc = state_db_violation(w->db, &row, w->err_r);
}

static void
say_trouble(void *arg, const struct rule *rule, const struct err *err)
{
	(void)arg;
	fprintf(stderr, "tlswarden: rule %" PRId64 " not judged beside: %s\n",
	    rule->id, err->text);
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

/* Visits are in the order of errands. */
static void
watch_all(struct watch *w, const struct watching *how)
{
	struct probing *p = w->p;
	size_t at = 0, n;

	for (size_t i = 0; i < p->n_errands; i++) {
		struct query q;

		w->errand = &p->errands[i];
		if (w->errand->trouble.sysexit != 0)
			continue;
		for (n = 0; at + n < p->n_visits &&
		     p->visits[at + n].target == &w->errand->target;
		     n++)
			continue;
		probe_query(p, w->errand, &q);
		watch_target(how, &q, &p->visits[at], n);
		at += n;
	}
}

int
probe_watch(struct probing *p, struct state_db *db, struct err *err_r)
{
	struct watch w = { .p = p, .db = db, .err_r = err_r };
	struct watchers watchers;
	const struct watching how = { .watchers = &watchers,
		.now = p->how.now,
		.trust_of = trust_of,
		.found = add_row,
		.trouble = say_trouble,
		.arg = &w };

	if (p->table.snap == NULL || is_what_if(p))
		return 0;
	watchers_init(&watchers, p->table.snap, p->how.now);
	watch_all(&w, &how);
	watchers_done(&watchers);
	return w.rc;
}
