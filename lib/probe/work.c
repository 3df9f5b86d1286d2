/* tlswarden: probe/work - what policyd and tlswarden-prober tell each other.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <jansson.h>

#include "base/limits.h"
#include "fact/tls.h"
#include "probe/work.h"
#include "wire/addr.h"
#include "wire/domain.h"
#include "wire/netstring.h"

/* Year 9999: later no time is printed. */
#define TIME_MAX INT64_C(253402300799)

/* ---- messages ----------------------------------------------------------- */
void
work_frame(const struct json_t *o, struct buf *out)
{
	char *text = json_dumps(o, JSON_COMPACT);
	struct sv part = sv_from(text);

	if (text == NULL)
		abort();
	netstring_format(&part, 1, out);
	free(text);
}

int
work_take(struct sv in, size_t max, struct json_t **o_r, size_t *used_r)
{
	struct sv payload;
	json_t *o;

	switch (netstring_parse(in, max, &payload, used_r)) {
	case NETSTRING_MORE:
		return 0;
	case NETSTRING_BAD:
	case NETSTRING_TOO_LONG:
		return -1;
	case NETSTRING_OK:
		break;
	}
	o = json_loadb(payload.p, payload.n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(o)) {
		json_decref(o);
		return -1;
	}
	*o_r = o;
	return 1;
}

static void
set(json_t *o, const char *key, json_t *value)
{
	if (value == NULL || json_object_set_new(o, key, value) != 0)
		abort();
}

/* What is no UTF-8 is left out: all of ours is ASCII. */
static void
set_text(json_t *o, const char *key, struct sv v)
{
	json_t *text = json_stringn(v.p == NULL ? "" : v.p, v.n);

	set(o, key, text != NULL ? text : json_string(""));
}

/* A text; one that is missing is empty. False: it is something else. */
static bool
get_text(const json_t *o, const char *key, size_t max, struct sv *r)
{
	const json_t *v = json_object_get(o, key);

	*r = sv_from("");
	if (v == NULL)
		return true;
	if (!json_is_string(v) || json_string_length(v) > max)
		return false;
	*r = sv_make(json_string_value(v), json_string_length(v));
	return true;
}

static bool
get_number(const json_t *o, const char *key, int64_t max, int64_t *r)
{
	const json_t *v = json_object_get(o, key);

	*r = json_integer_value(v);
	return v == NULL || (json_is_integer(v) && *r >= 0 && *r <= max);
}

/* ---- rules -------------------------------------------------------------- */
struct json_t *
work_rule_json(const struct rule *rule, struct sv ca_pem)
{
	const struct demand *d = rule->demand;
	json_t *o = json_object();

	set(o, "id", json_integer(rule->id));
	set_text(o, "level", sv_from(level_word(d->level)));
	set_text(o, "on_failure",
	    sv_from(on_failure_word((enum on_failure)rule->on_failure)));
	if (d->min_protocol != TLS_VERSION_UNKNOWN)
		set_text(o, "min_protocol",
		    sv_from(tls_version_word(d->min_protocol)));
	set(o, "min_bits", json_integer(d->min_bits));
	set_text(o, "cert_name", d->cert_name);
	set_text(o, "cert_fingerprint", d->fingerprint);
	if (d->ca != NULL) {
		set_text(o, "ca", d->ca->name);
		set_text(o, "ca_pem", ca_pem);
	}
	return o;
}

static bool
read_demand(const json_t *o, struct work_rule *r)
{
	struct demand *d = &r->demand;
	struct sv level, on_failure, protocol;
	enum on_failure how;
	int64_t bits;

	if (!get_text(o, "level", WORK_WORD_MAX, &level) ||
	    !level_parse(level, &d->level) ||
	    !get_text(o, "on_failure", WORK_WORD_MAX, &on_failure) ||
	    !on_failure_parse(on_failure, &how) ||
	    !get_text(o, "min_protocol", WORK_WORD_MAX, &protocol) ||
	    (protocol.n > 0 &&
		!tls_version_parse(protocol, &d->min_protocol)) ||
	    !get_number(o, "min_bits", 256, &bits) ||
	    !get_text(o, "cert_name", LIMIT_COLUMN, &d->cert_name) ||
	    !get_text(o, "cert_fingerprint", LIMIT_COLUMN, &d->fingerprint) ||
	    !get_text(o, "ca", LIMIT_COLUMN, &r->ca.name) ||
	    !get_text(o, "ca_pem", LIMIT_CA_PEM, &r->ca_pem))
		return false;
	r->rule.on_failure = (uint8_t)how;
	d->min_bits = (uint32_t)bits;
	return (r->ca.name.n == 0) == (r->ca_pem.n == 0);
}

int
work_rule_read(const struct json_t *o, struct work_rule *r, struct err *err_r)
{
	memset(r, 0, sizeof(*r));
	r->json = json_deep_copy(o);
	if (!json_is_object(r->json) ||
	    !get_number(r->json, "id", INT64_MAX, &r->rule.id) ||
	    r->rule.id == 0 || !read_demand(r->json, r))
		return err_set(err_r, EX_PROTOCOL,
		    "policyd sent a rule that is none");
	if (r->ca.name.n > 0)
		r->demand.ca = &r->ca;
	r->rule.demand = &r->demand;
	r->rule.direction = DIRECTION_OUT;
	r->rule.mode = MODE_ENFORCE;
	r->rule.is_enabled = true;
	r->rule.expires_at = INT64_MAX;
	return 0;
}

void
work_rule_done(struct work_rule *r)
{
	json_decref(r->json);
	r->json = NULL;
}

/* ---- results ------------------------------------------------------------ */
struct json_t *
work_server_json(const struct record_probe *row)
{
	json_t *o = json_object();

	set_text(o, "host", row->host);
	set_text(o, "addr", row->addr);
	set(o, "port", json_integer(row->port));
	set_text(o, "verdict", row->verdict);
	set_text(o, "class", row->class);
	set_text(o, "fault", row->fault);
	set_text(o, "tls_version", row->tls_version);
	set_text(o, "cipher", row->cipher);
	set(o, "bits", json_integer(row->bits));
	set(o, "not_after", json_integer(row->not_after_secs));
	set(o, "client_cert_requested",
	    json_boolean(row->has_client_cert_request));
	if (row->json.n <= WORK_JSON_MAX)
		set_text(o, "json", row->json);
	set_text(o, "chain", row->chain);
	return o;
}

static bool
is_printable(struct sv v)
{
	for (size_t i = 0; i < v.n; i++)
		if ((v.p[i] < ' ' || v.p[i] > '~') && v.p[i] != '\n')
			return false;
	return true;
}

static bool
is_one_of(struct sv word, const char *const *words)
{
	while (*words != NULL)
		if (sv_is(word, *words++))
			return true;
	return false;
}

static bool
read_place(const json_t *o, struct record_probe *row)
{
	struct addr addr;
	int64_t port;

	if (!get_text(o, "host", LIMIT_DOMAIN, &row->host) ||
	    !get_text(o, "addr", LIMIT_DOMAIN, &row->addr) ||
	    !get_number(o, "port", UINT16_MAX, &port) || port == 0)
		return false;
	row->port = (uint16_t)port;
	return domain_is_mail_host(row->host) &&
	    (row->addr.n == 0 || addr_parse(row->addr, &addr));
}

/* A server that is good has no fault, and every other one has. */
static bool
read_judgement(const json_t *o, struct record_probe *row)
{
	static const char *const verdicts[] = { "ok", "fail", "noverify",
		NULL };
	static const char *const faults[] = { "theirs", "ours", "path",
		"unknown", NULL };
	enum reason reason;

	if (!get_text(o, "verdict", WORK_WORD_MAX, &row->verdict) ||
	    !get_text(o, "class", WORK_WORD_MAX, &row->class) ||
	    !get_text(o, "fault", WORK_WORD_MAX, &row->fault) ||
	    !is_one_of(row->verdict, verdicts))
		return false;
	if (row->class.n == 0)
		return row->fault.n == 0;
	return reason_parse(row->class, &reason) &&
	    !reason_info(reason)->is_notice && is_one_of(row->fault, faults);
}

static bool
read_session(const json_t *o, struct record_probe *row)
{
	const json_t *asked = json_object_get(o, "client_cert_requested");
	int64_t bits;

	if (!get_text(o, "tls_version", WORK_WORD_MAX, &row->tls_version) ||
	    !get_text(o, "cipher", WORK_WORD_MAX, &row->cipher) ||
	    !get_number(o, "bits", 4096, &bits) ||
	    !get_number(o, "not_after", TIME_MAX, &row->not_after_secs) ||
	    (asked != NULL && !json_is_boolean(asked)))
		return false;
	row->bits = (uint32_t)bits;
	row->has_client_cert_request = json_is_true(asked);
	return is_printable(row->tls_version) && is_printable(row->cipher);
}

/* Kept as they are and read again by our own readers of such things. */
static bool
read_evidence(const json_t *o, struct record_probe *row)
{
	json_t *inner;

	if (!get_text(o, "json", WORK_JSON_MAX, &row->json) ||
	    !get_text(o, "chain", LIMIT_RECORD_CHAIN, &row->chain) ||
	    !is_printable(row->chain))
		return false;
	if (row->json.n == 0)
		return true;
	inner = json_loadb(row->json.p, row->json.n, 0, NULL);
	json_decref(inner);
	return inner != NULL;
}

int
work_server_read(const struct json_t *o, struct record_probe *row_r,
    struct err *err_r)
{
	memset(row_r, 0, sizeof(*row_r));
	if (json_is_object(o) && read_place(o, row_r) &&
	    read_judgement(o, row_r) && read_session(o, row_r) &&
	    read_evidence(o, row_r))
		return 0;
	return err_set(err_r, EX_PROTOCOL,
	    "a result of a server that cannot be one");
}
