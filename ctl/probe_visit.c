/* tlswarden: ctl/probe_visit - looks at each place and judges what it does.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cert/fetch.h"
#include "cert/load.h"
#include "ctl/probe.h"
#include "ctl/seen.h"
#include "probe/judge.h"
#include "probe/probe.h"
#include "probe/sweep.h"
#include "wire/domain.h"
#include "base/banned.h"

enum { FETCH_TIMEOUT_SECS = 10 };

/* DNS gave no address: there is nothing to connect to. */
static void
tell_dns(struct visit *v)
{
	struct finding *f = diagnosis_add(&v->d, REASON_DNS_FAILURE);

	f->cause = diagnosis_text(&v->d, "%s. %s",
	    diagnosis_safe(&v->d, sv_from(v->place->trouble)), f->cause);
	if (v->place->status == RESOLVE_NULL_MX) {
		f->fault = FAULT_THEIRS;
		f->dsn = "5.1.10";
	}
	f->command = diagnosis_text(&v->d, "dig %s %s +dnssec",
	    v->errand->target.is_domain ? "MX" : "A", v->place->host);
	diagnosis_settle(&v->d);
	v->outcome = outcome_of_dns(v->place->status);
}

/* The name that the handshake asks for: RFC 6066 3 knows host names only. */
static const char *
server_name(const struct probing *p, const struct visit *v,
    char text_r[LIMIT_DOMAIN + 1])
{
	const char *name = args_get(p->args, "name");
	struct addr addr;
	size_t n = 0;

	if (name == NULL)
		name = v->place->host;
	while (*name == '.')
		name++;
	if (addr_parse(sv_from(name), &addr) ||
	    domain_normalise(sv_from(name), text_r, &n) != DOMAIN_OK ||
	    n == 0 || !domain_is_valid(sv_make(text_r, n)))
		return NULL;
	text_r[n] = '\0';
	return text_r;
}

static int
judge(const struct probing *p, struct visit *v, const struct probe_request *req,
    const struct probe_result *r)
{
	const struct errand *e = v->errand;
	struct judge_request j = {
		.rule = e->rule,
		.trust = e->trust,
		.crls = p->crls,
		.now = p->now,
		.expires_soon_days = (int)p->conf->expiry_warn_days,
		.nexthop = e->target.name,
		.host = v->place->host,
		.name = args_get(p->args, "name"),
		.show_command = probe_show_command(req, &v->d),
	};
	struct seen seen = { p->conf->state_database, v->place->host };
	struct fetch *fetch = NULL;
	int rc;

	j.known = p->known;
	j.recall = seen_recall;
	j.recall_arg = &seen;
	if (args_has(p->args, "fetch-issuers") || p->conf->fetch_issuers) {
		fetch = fetch_new(FETCH_TIMEOUT_SECS);
		j.fetch_issuer = fetch_issuer;
		j.fetch_arg = fetch;
	}
	if (p->keeps_chains && r->chain != NULL) {
		buf_init(&v->chain, LIMIT_RECORD_CHAIN);
		chain_pem_all(r->chain, LIMIT_RECORD_CHAIN, &v->chain);
	}
	rc = probe_judge(&j, r, &v->d, &v->verdict, &v->trouble);
	fetch_free(fetch);
	return rc;
}

static void
visit_one(void *arg, size_t i, size_t worker)
{
	const struct probing *p = arg;
	struct visit *v = &p->visits[i];
	char sni[LIMIT_DOMAIN + 1];
	struct probe_request req;
	struct probe_result r;

	(void)worker;
	if (v->place->addr.family == 0) {
		tell_dns(v);
		return;
	}
	req = (struct probe_request){
		.addr = v->place->addr,
		.port = v->place->port,
		.mode = p->mode,
		.sni = server_name(p, v, sni),
		.helo = p->helo,
		.timeout_msecs = p->timeout_msecs,
		.stage_msecs = p->stage_msecs,
	};
	probe_run(&req, &v->d, &r);
	if (judge(p, v, &req, &r) == 0)
		v->outcome =
		    probe_outcome(v->errand->rule, &r, &v->d, &v->verdict);
	probe_result_free(&r);
}

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

		for (size_t k = 0;
		     e->trouble.sysexit == 0 && k < e->target.n_places; k++) {
			struct visit *v = &p->visits[n++];

			v->errand = e;
			v->place = &e->target.places[k];
			diagnosis_init(&v->d, e->target.text);
		}
	}
}

void
probe_visit_all(struct probing *p)
{
	struct sweep s = {
		.n_parallel = p->n_parallel,
		.job = visit_one,
		.progress = show_progress,
		.arg = p,
	};

	list_visits(p);
	s.n_jobs = p->n_visits;
	sweep_run(&s);
}
