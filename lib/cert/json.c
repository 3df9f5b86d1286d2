/* tlswarden: cert/json - a diagnosis as JSON with the frozen keys.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <jansson.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "cert/finding.h"
#include "cert/json.h"
#include "cert/words.h"
#include "base/banned.h"

/* A string, or null. Text that is not UTF-8 (a file name) is escaped. */
static json_t *
text(const char *s)
{
	json_t *v;
	struct buf safe;

	if (s == NULL)
		return json_null();
	v = json_string(s);
	if (v != NULL)
		return v;
	buf_init(&safe, LIMIT_FINDING_TEXT * 8);
	words_utf8(&safe, sv_from(s), NULL, LIMIT_FINDING_TEXT);
	v = json_string(buf_str(&safe));
	buf_free(&safe);
	return v != NULL ? v : json_null();
}

static json_t *
time_text(int64_t t)
{
	char iso[INFO_TIME_SIZE];

	return t == INT64_MIN ? json_null() : text(cert_info_time(t, iso));
}

static void
set(json_t *o, const char *key, json_t *value)
{
	(void)json_object_set_new(o, key, value);
}

static json_t *
finding_json(const struct finding *f)
{
	json_t *o = json_object(), *codes = json_array();

	set(o, "class", text(reason_info(f->reason)->code));
	set(o, "severity", text(finding_severity_word(f->severity)));
	set(o, "index", json_integer(f->index));
	set(o, "subject", text(f->subject));
	set(o, "issuer", text(f->issuer));
	set(o, "serial", text(f->serial));
	set(o, "fault", text(reason_fault_word(f->fault)));
	set(o, "cause", text(f->cause));
	set(o, "fix_ours", text(f->fix_ours));
	set(o, "fix_theirs", text(f->fix_theirs));
	set(o, "command", text(f->command));
	set(o, "tlsrpt", text(f->tlsrpt));
	set(o, "dsn", text(f->dsn));
	for (size_t i = 0; i < f->n_codes; i++)
		(void)json_array_append_new(codes, json_integer(f->codes[i]));
	set(o, "openssl", codes);
	return o;
}

static json_t *
cert_json(const struct cert_info *c, size_t index)
{
	json_t *o = json_object(), *names = json_array();

	set(o, "index", json_integer((json_int_t)index));
	set(o, "subject", text(c->subject));
	set(o, "issuer", text(c->issuer));
	set(o, "serial", text(c->serial));
	set(o, "not_before", time_text(c->not_before));
	set(o, "not_after", time_text(c->not_after));
	for (size_t i = 0; i < c->n_names; i++)
		(void)json_array_append_new(names, text(c->names[i]));
	set(o, "names", names);
	set(o, "sha256", text(c->sha256));
	return o;
}

static json_t *
tls_json(const struct diagnosis *d)
{
	json_t *o = json_object();

	set(o, "version", text(d->tls_version));
	set(o, "cipher", text(d->tls_cipher));
	set(o, "bits",
	    d->tls_version != NULL ? json_integer(d->tls_bits) : json_null());
	return o;
}

struct json_t *
diagnosis_json(const struct diagnosis *d)
{
	json_t *o = json_object(), *findings = json_array();
	json_t *chain = json_array();

	for (size_t i = 0; i < d->n_findings; i++)
		(void)json_array_append_new(findings,
		    finding_json(&d->findings[i]));
	for (size_t i = 0; i < d->n_certs; i++)
		(void)json_array_append_new(chain, cert_json(&d->certs[i], i));
	set(o, "target", text(d->target));
	set(o, "verdict", text(diagnosis_verdict_word(d->verdict)));
	set(o, "findings", findings);
	set(o, "chain", chain);
	set(o, "tls", tls_json(d));
	set(o, "client_cert_requested", json_boolean(d->client_cert_requested));
	return o;
}
