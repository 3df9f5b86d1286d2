/* tlswarden: probe/report - a visit as JSON and as a row of state.db.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cert/json.h"
#include "probe/report.h"

/* Memory that is out ends the program as elsewhere. */
static void
set(json_t *o, const char *key, json_t *value)
{
	if (value == NULL || json_object_set_new(o, key, value) != 0)
		abort();
}

/* Texts of ours and of diagnosis_safe: ASCII. */
static json_t *
text_json(const char *s)
{
	json_t *o = json_string(s);

	return o != NULL ? o : json_string("");
}

static json_t *
addr_json(const struct addr *a)
{
	struct buf text;
	json_t *o;

	if (a->family == 0)
		return json_null();
	buf_init(&text, 64);
	addr_format(a, &text);
	o = text_json(buf_str(&text));
	buf_free(&text);
	return o;
}

struct json_t *
report_json(const struct visit *v)
{
	json_t *o = diagnosis_json(&v->d);
	const struct rule *rule = v->rule;

	set(o, "host", text_json(v->place->host));
	set(o, "address", addr_json(&v->place->addr));
	set(o, "port", json_integer(v->place->port));
	set(o, "dnssec", json_boolean(v->place->is_dns_secure));
	set(o, "rule", rule != NULL ? json_integer(rule->id) : json_null());
	set(o, "level",
	    rule != NULL ? text_json(level_word(rule->demand->level))
			 : json_null());
	set(o, "outcome", text_json(outcome_word(v->outcome)));
	set(o, "outcome_text", text_json(outcome_phrase(v->outcome)));
	set(o, "reason",
	    v->verdict.kind == VERDICT_PASS || rule == NULL
		? json_null()
		: text_json(reason_info(v->verdict.reason)->code));
	if (v->trouble.sysexit != 0)
		set(o, "trouble", text_json(v->trouble.text));
	return o;
}

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

/* What is at fault: the first finding that fails, or with a good certificate
 * what the rule misses: a pin, for example. */
static void
name_fault(const struct visit *v, struct record_probe *row)
{
	enum reason reason = v->verdict.reason;
	enum reason_fault fault = reason_info(reason)->fault;
	bool is_found = v->verdict.kind != VERDICT_PASS;

	for (size_t i = v->d.n_findings; i-- > 0;) {
		const struct finding *f = &v->d.findings[i];

		if (f->severity != FINDING_FAIL)
			continue;
		reason = f->reason;
		fault = f->fault;
		is_found = true;
	}
	if (!is_found)
		return;
	row->class = sv_from(reason_info(reason)->code);
	row->fault = sv_from(reason_fault_word(fault));
}

void
report_row(const struct visit *v, int64_t at_secs, struct report_row *r)
{
	json_t *o = report_json(v);

	buf_init(&r->addr, 64);
	if (v->place->addr.family != 0)
		addr_format(&v->place->addr, &r->addr);
	r->json = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	r->row = (struct record_probe){
		.at_secs = at_secs,
		.domain = sv_from(v->target->name),
		.host = sv_from(v->place->host),
		.addr = buf_sv(&r->addr),
		.port = v->place->port,
		.rule = v->rule != NULL ? v->rule->id : 0,
		.demand = v->rule != NULL ? v->rule->demand->mark : 0,
		.verdict = sv_from(diagnosis_verdict_word(v->d.verdict)),
		.tls_version = sv_from(v->d.tls_version),
		.cipher = sv_from(v->d.tls_cipher),
		.bits = v->d.tls_bits > 0 ? (uint32_t)v->d.tls_bits : 0,
		.not_after_secs = first_expiry(&v->d),
		.has_client_cert_request = v->d.client_cert_requested,
		.json = sv_from(r->json),
		.chain = buf_sv(&v->chain),
	};
	name_fault(v, &r->row);
}

void
report_row_done(struct report_row *r)
{
	buf_free(&r->addr);
	free(r->json);
	r->json = NULL;
}
