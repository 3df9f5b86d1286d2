/* tlswarden: ctl/probe_visit - visits the places of all targets.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>

#include "base/conf.h"
#include "base/mem.h"
#include "ctl/probe.h"
#include "ctl/seen.h"
#include "base/banned.h"

static void
show_progress(void *arg, size_t n_done)
{
	const struct probing *p = arg;

	if (!p->shows_progress)
		return;
	fprintf(stderr, "\rprobed %zu of %zu%s", n_done, p->n_visits,
	    n_done == p->n_visits ? "\r\033[K" : "");
	(void)fflush(stderr);
}

static int
recall(void *arg, const char *host, struct chain **chain_r, struct err *err_r)
{
	const struct probing *p = arg;
	struct seen seen = { p->conf->state_database, host };

	return seen_recall(&seen, chain_r, err_r);
}

static void
list_visits(struct probing *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_errands; i++)
		if (p->errands[i].trouble.sysexit == 0)
			p->n_visits += p->errands[i].target.n_places;
	p->visits = mem_zalloc(p->n_visits + 1, sizeof(*p->visits));
	for (size_t i = 0; i < p->n_errands; i++) {
		const struct errand *e = &p->errands[i];

		if (e->trouble.sysexit != 0)
			continue;
		visit_begin(&p->visits[n], &e->target, e->rule, e->trust);
		n += e->target.n_places;
	}
}

void
probe_visit_all(struct probing *p)
{
	list_visits(p);
	p->how.crls = p->crls;
	p->how.known = p->known;
	p->how.recall = recall;
	p->how.recall_arg = p;
	visit_all(&p->how, p->visits, p->n_visits, p->n_parallel, show_progress,
	    p);
}
