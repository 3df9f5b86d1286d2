/* tlswarden: ctl/probe_store - results into state.db, for the dsn map.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/conf.h"
#include "ctl/probe.h"
#include "store/state_db.h"
#include "base/banned.h"

static int64_t
first_expiry(const struct diagnosis *d)
{
	int64_t first = 0;

	for (size_t i = 0; i < d->n_certs; i++) {
		int64_t t = d->certs[i].not_after;

		if (t > 0 && (first == 0 || t < first))
			first = t;
	}
	return first;
}

static const struct finding *
first_failure(const struct diagnosis *d)
{
	for (size_t i = 0; i < d->n_findings; i++)
		if (d->findings[i].severity == FINDING_FAIL)
			return &d->findings[i];
	return NULL;
}

static int
store_visit(const struct probing *p, const struct visit *v, struct state_db *db,
    struct err *err_r)
{
	const struct finding *f = first_failure(&v->d);
	const struct reason_info *info;
	json_t *o = probe_visit_json(v);
	char *json = json_dumps(o, JSON_COMPACT);
	struct record_probe row = {
		.at_secs = p->app->now,
		.domain = sv_from(v->errand->target.name),
		.host = sv_from(v->place->host),
		.port = v->place->port,
		.rule = v->errand->rule != NULL ? v->errand->rule->id : 0,
		.verdict = sv_from(diagnosis_verdict_word(v->d.verdict)),
		.tls_version = sv_from(v->d.tls_version),
		.cipher = sv_from(v->d.tls_cipher),
		.bits = v->d.tls_bits > 0 ? (uint32_t)v->d.tls_bits : 0,
		.not_after_secs = first_expiry(&v->d),
		.has_client_cert_request = v->d.client_cert_requested,
		.json = sv_from(json),
		.chain = buf_sv(&v->chain),
	};
	struct buf addr;
	int rc;

	buf_init(&addr, 64);
	if (v->place->addr.family != 0)
		addr_format(&v->place->addr, &addr);
	row.addr = buf_sv(&addr);
	if (f != NULL) {
		row.class = sv_from(reason_info(f->reason)->code);
		row.fault = sv_from(reason_fault_word(f->fault));
	} else if (v->verdict.kind != VERDICT_PASS) {
		/* A good certificate, but not the one of the rule. */
		info = reason_info(v->verdict.reason);
		row.class = sv_from(info->code);
		row.fault = sv_from(reason_fault_word(info->fault));
	}
	rc = state_db_probe(db, &row, err_r);
	buf_free(&addr);
	free(json);
	json_decref(o);
	return rc;
}

int
probe_store(struct probing *p, struct err *err_r)
{
	struct state_db *db = NULL;
	int rc;

	if (state_db_open(&db, p->conf->state_database, err_r) != 0)
		return -1;
	rc = state_db_begin(db, err_r);
	for (size_t i = 0; rc == 0 && i < p->n_visits; i++)
		if (p->visits[i].trouble.sysexit == 0)
			rc = store_visit(p, &p->visits[i], db, err_r);
	if (rc == 0)
		rc = probe_watch(p, db, err_r);
	if (rc == 0)
		rc = state_db_commit(db, err_r);
	else
		state_db_rollback(db);
	state_db_close(db);
	return rc;
}
