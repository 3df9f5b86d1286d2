/* tlswarden: probe/visit - looks at the places of targets and judges them.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "cert/fetch.h"
#include "cert/load.h"
#include "probe/judge.h"
#include "probe/sweep.h"
#include "probe/visit.h"
#include "wire/domain.h"

enum { FETCH_TIMEOUT_SECS = 10 };

struct round {
	const struct visiting *how;
	struct visit *v;
};

struct recalling {
	const struct visiting *how;
	const char *host;
};

void
visit_begin(struct visit *v, const struct target *t, const struct rule *rule,
    const struct trust *trust)
{
	for (size_t i = 0; i < t->n_places; i++) {
		memset(&v[i], 0, sizeof(v[i]));
		v[i].target = t;
		v[i].place = &t->places[i];
		v[i].rule = rule;
		v[i].trust = trust;
		diagnosis_init(&v[i].d, t->text);
		buf_init(&v[i].chain, LIMIT_RECORD_CHAIN);
	}
}

void
visit_done(struct visit *v)
{
	diagnosis_done(&v->d);
	buf_free(&v->chain);
}

void
visit_helo(char *text_r, size_t size)
{
	text_r[0] = '\0';
	if (gethostname(text_r, size - 1) != 0 || text_r[0] == '\0')
		(void)snprintf(text_r, size, "localhost");
	text_r[size - 1] = '\0';
}

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
	    v->target->is_domain ? "MX" : "A", v->place->host);
	diagnosis_settle(&v->d);
	v->outcome = outcome_of_dns(v->place->status);
}

/* The name that the handshake asks for: RFC 6066 3 knows host names only. */
static const char *
server_name(const struct visiting *how, const struct visit *v,
    char text_r[LIMIT_DOMAIN + 1])
{
	const char *name = how->name;
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
recall(void *arg, struct chain **chain_r, struct err *err_r)
{
	const struct recalling *r = arg;

	return r->how->recall(r->how->recall_arg, r->host, chain_r, err_r);
}

static int
judge(const struct visiting *how, struct visit *v,
    const struct probe_request *req, const struct probe_result *r)
{
	struct judge_request j = {
		.rule = v->rule,
		.trust = v->trust,
		.known = how->known,
		.crls = how->crls,
		.now = how->now,
		.expires_soon_days = how->expires_soon_days,
		.nexthop = v->target->name,
		.host = v->place->host,
		.name = how->name,
		.show_command = probe_show_command(req, &v->d),
	};
	struct recalling recalling = { how, v->place->host };
	struct fetch *fetch = NULL;
	int rc;

	if (how->recall != NULL) {
		j.recall = recall;
		j.recall_arg = &recalling;
	}
	if (how->fetches_issuers) {
		fetch = fetch_new(FETCH_TIMEOUT_SECS);
		j.fetch_issuer = fetch_issuer;
		j.fetch_arg = fetch;
	}
	if (how->keeps_chains && r->chain != NULL)
		chain_pem_all(r->chain, LIMIT_RECORD_CHAIN, &v->chain);
	rc = probe_judge(&j, r, &v->d, &v->verdict, &v->trouble);
	fetch_free(fetch);
	return rc;
}

static void
visit_one(void *arg, size_t i, size_t worker)
{
	const struct round *round = arg;
	const struct visiting *how = round->how;
	struct visit *v = &round->v[i];
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
		.mode = how->mode,
		.sni = server_name(how, v, sni),
		.helo = how->helo,
		.timeout_msecs = how->timeout_msecs,
		.stage_msecs = how->stage_msecs,
	};
	probe_run(&req, &v->d, &r);
	if (judge(how, v, &req, &r) == 0)
		v->outcome = probe_outcome(v->rule, &r, &v->d, &v->verdict);
	probe_result_free(&r);
}

void
visit_all(const struct visiting *how, struct visit *v, size_t n,
    size_t n_parallel, void (*progress)(void *arg, size_t n_done), void *arg)
{
	struct round round = { how, v };
	struct sweep s = {
		.n_jobs = n,
		.n_parallel = n_parallel,
		.job = visit_one,
		.progress = progress,
		.progress_arg = arg,
		.arg = &round,
	};

	sweep_run(&s);
}
