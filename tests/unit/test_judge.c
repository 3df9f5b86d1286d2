/* tlswarden: tests for probe/judge.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The sample certificate is good from 2025 to 2034; judged in 2026.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cert/finding.h"
#include "cert/load.h"
#include "cert/trust.h"
#include "cert_samples.h"
#include "probe/judge.h"
#include "unit.h"

enum { NOW = 1767225600, LATER = 2082758400 };

#define PIN_OF_ANOTHER \
	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* A session with the sample chain, and a rule. */
static const struct {
	const char *label;
	enum level level; /* LEVEL_UNKNOWN: no rule */
	enum on_failure on_failure;
	const char *cert_name, *pin; /* pin "own": that of the certificate */
	enum tls_version min_protocol;
	uint32_t min_bits;
	const char *version; /* of TLS; NULL: none */
	int bits;
	bool is_untrusted, is_incomplete, is_expired, has_no_starttls;
	enum verdict_kind kind;
	enum reason reason;  /* of a verdict that is none of pass */
	enum reason finding; /* that fails; REASON_COUNT: none */
	enum reason notice;  /* REASON_COUNT: whatever */
	const char *nexthop; /* NULL: partner.test */
	bool is_ours;        /* the finding is our fault */
} judged[] = {
	{ .label = "no rule, a good server",
	    .version = "TLSv1.3",
	    .kind = VERDICT_PASS,
	    .finding = REASON_COUNT },
	{ .label = "no rule, untrusted",
	    .version = "TLSv1.3",
	    .is_untrusted = true,
	    .kind = VERDICT_PASS,
	    .finding = REASON_SELF_SIGNED_LEAF },
	{ .label = "none",
	    .level = LEVEL_NONE,
	    .has_no_starttls = true,
	    .kind = VERDICT_PASS,
	    .finding = REASON_NO_STARTTLS },
	{ .label = "preferred, in clear",
	    .level = LEVEL_PREFERRED,
	    .has_no_starttls = true,
	    .kind = VERDICT_PASS,
	    .finding = REASON_NO_STARTTLS },
	{ .label = "encrypt",
	    .level = LEVEL_ENCRYPT,
	    .version = "TLSv1.2",
	    .kind = VERDICT_PASS,
	    .finding = REASON_COUNT },
	{ .label = "encrypt looks at no certificate",
	    .level = LEVEL_ENCRYPT,
	    .version = "TLSv1.2",
	    .is_untrusted = true,
	    .kind = VERDICT_PASS,
	    .finding = REASON_SELF_SIGNED_LEAF },
	{ .label = "encrypt, TLS 1.0",
	    .level = LEVEL_ENCRYPT,
	    .version = "TLSv1",
	    .kind = VERDICT_PASS,
	    .finding = REASON_LEGACY_PROTOCOL },
	{ .label = "encrypt, in clear",
	    .level = LEVEL_ENCRYPT,
	    .has_no_starttls = true,
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_NO_TLS,
	    .finding = REASON_NO_STARTTLS },
	{ .label = "encrypt, in clear, fail",
	    .level = LEVEL_ENCRYPT,
	    .on_failure = ON_FAILURE_FAIL,
	    .has_no_starttls = true,
	    .kind = VERDICT_FAIL,
	    .reason = REASON_NO_TLS,
	    .finding = REASON_NO_STARTTLS },
	{ .label = "it does not go on inside TLS",
	    .level = LEVEL_ENCRYPT,
	    .on_failure = ON_FAILURE_FAIL,
	    .version = "TLSv1.3",
	    .is_incomplete = true,
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_UNKNOWN,
	    .finding = REASON_COUNT },
	{ .label = "protocol too old",
	    .level = LEVEL_ENCRYPT,
	    .min_protocol = TLS_VERSION_1_3,
	    .version = "TLSv1.2",
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_PROTOCOL_TOO_OLD,
	    .finding = REASON_COUNT },
	{ .label = "just new enough",
	    .level = LEVEL_ENCRYPT,
	    .min_protocol = TLS_VERSION_1_2,
	    .version = "TLSv1.2",
	    .kind = VERDICT_PASS,
	    .finding = REASON_COUNT },
	{ .label = "a protocol nobody knows",
	    .level = LEVEL_ENCRYPT,
	    .min_protocol = TLS_VERSION_1_2,
	    .version = "TLSv9",
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_UNKNOWN,
	    .finding = REASON_COUNT },
	{ .label = "128 bits",
	    .level = LEVEL_ENCRYPT,
	    .min_bits = 256,
	    .version = "TLSv1.3",
	    .bits = 128,
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_CIPHER_TOO_WEAK,
	    .finding = REASON_COUNT },
	{ .label = "its pin",
	    .level = LEVEL_ENCRYPT,
	    .pin = "own",
	    .version = "TLSv1.3",
	    .kind = VERDICT_PASS,
	    .finding = REASON_COUNT },
	{ .label = "its pin alone decides",
	    .level = LEVEL_ENCRYPT,
	    .pin = "own",
	    .version = "TLSv1.3",
	    .is_untrusted = true,
	    .kind = VERDICT_PASS,
	    .finding = REASON_COUNT,
	    .notice = REASON_SELF_SIGNED_LEAF },
	{ .label = "another pin",
	    .level = LEVEL_ENCRYPT,
	    .on_failure = ON_FAILURE_FAIL,
	    .pin = PIN_OF_ANOTHER,
	    .version = "TLSv1.3",
	    .kind = VERDICT_FAIL,
	    .reason = REASON_FINGERPRINT_MISMATCH,
	    .finding = REASON_COUNT },
	{ .label = "secure, its own name",
	    .level = LEVEL_SECURE,
	    .cert_name = "hostname",
	    .version = "TLSv1.3",
	    .kind = VERDICT_PASS,
	    .finding = REASON_COUNT },
	{ .label = "secure, one of several names",
	    .level = LEVEL_SECURE,
	    .cert_name = "a.test:unit:b.test",
	    .version = "TLSv1.3",
	    .kind = VERDICT_PASS,
	    .finding = REASON_COUNT },
	{ .label = "secure, the next hop's name by default",
	    .level = LEVEL_SECURE,
	    .version = "TLSv1.3",
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_CERT_NOT_VERIFIED,
	    .finding = REASON_NAME_MISMATCH },
	{ .label = "secure, another name",
	    .level = LEVEL_SECURE,
	    .on_failure = ON_FAILURE_FAIL,
	    .cert_name = "mx.other.test",
	    .version = "TLSv1.3",
	    .kind = VERDICT_FAIL,
	    .reason = REASON_CERT_NOT_VERIFIED,
	    .finding = REASON_NAME_MISMATCH },
	{ .label = "secure, untrusted",
	    .level = LEVEL_SECURE,
	    .cert_name = "hostname",
	    .version = "TLSv1.3",
	    .is_untrusted = true,
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_CERT_NOT_VERIFIED,
	    .finding = REASON_SELF_SIGNED_LEAF },
	{ .label = "secure, expired",
	    .level = LEVEL_SECURE,
	    .cert_name = "hostname",
	    .version = "TLSv1.3",
	    .is_expired = true,
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_CERT_NOT_VERIFIED,
	    .finding = REASON_EXPIRED_LEAF },
	{ .label = "secure, TLS 1.1, which Postfix cannot then",
	    .level = LEVEL_SECURE,
	    .cert_name = "hostname",
	    .version = "TLSv1.1",
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_PROTOCOL_TOO_OLD,
	    .finding = REASON_LEGACY_PROTOCOL },
	{ .label = "secure and pinned",
	    .level = LEVEL_SECURE,
	    .cert_name = "hostname",
	    .pin = "own",
	    .version = "TLSv1.3",
	    .kind = VERDICT_PASS,
	    .finding = REASON_COUNT },
	{ .label = "secure, another pin",
	    .level = LEVEL_SECURE,
	    .cert_name = "hostname",
	    .pin = PIN_OF_ANOTHER,
	    .version = "TLSv1.3",
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_FINGERPRINT_MISMATCH,
	    .finding = REASON_COUNT },
	{ .label = "secure, a name among words for the address",
	    .level = LEVEL_SECURE,
	    .nexthop = "192.0.2.1",
	    .cert_name = "hostname:unit:.nexthop",
	    .version = "TLSv1.3",
	    .kind = VERDICT_PASS,
	    .finding = REASON_COUNT },
	{ .label = "secure, the address alone",
	    .level = LEVEL_SECURE,
	    .nexthop = "192.0.2.1",
	    .cert_name = "nexthop:.nexthop",
	    .version = "TLSv1.3",
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_CERT_NOT_VERIFIED,
	    .finding = REASON_NAME_MISMATCH },
	{ .label = "secure, an address without names: the rule's fault",
	    .level = LEVEL_SECURE,
	    .nexthop = "192.0.2.1",
	    .version = "TLSv1.3",
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_CERT_NOT_VERIFIED,
	    .finding = REASON_NAME_MISMATCH,
	    .is_ours = true },
	{ .label = "secure, below an IPv6 address: the rule's fault",
	    .level = LEVEL_SECURE,
	    .nexthop = "2001:db8::1",
	    .cert_name = ".nexthop",
	    .version = "TLSv1.3",
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_CERT_NOT_VERIFIED,
	    .finding = REASON_NAME_MISMATCH,
	    .is_ours = true },
	{ .label = "secure, in clear",
	    .level = LEVEL_SECURE,
	    .has_no_starttls = true,
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_NO_TLS,
	    .finding = REASON_NO_STARTTLS },
};

/* The chain, the trust store and the pin of the sample. */
struct sample {
	struct chain *chain;
	struct trust *trust, *empty;
	char pin[80];
};

static void
sample_init(struct sample *s)
{
	struct err e = { 0 };
	struct arena mem;
	struct cert_info info;

	memset(s, 0, sizeof(*s));
	ck_assert_msg(chain_load_sent_bytes(sv_from(SAMPLE_CERT), "sample",
			  &s->chain, &e) == 0 &&
		trust_load_bytes(sv_from(SAMPLE_CERT), "sample", &s->trust,
		    &e) == 0,
	    "%s", e.text);
	ck_assert_int_eq(trust_load_given("/dev/null", &s->empty, &e), 0);
	arena_init(&mem);
	cert_info_fill(chain_x509(s->chain, 0), &mem, &info);
	(void)snprintf(s->pin, sizeof(s->pin), "%s", info.sha256);
	arena_free(&mem);
}

static void
sample_done(struct sample *s)
{
	chain_free(s->chain);
	trust_free(s->trust);
	trust_free(s->empty);
}

static void
ck_findings(const struct diagnosis *d, enum reason failing, enum reason notice,
    const char *label)
{
	const struct finding *f = NULL;

	for (size_t i = 0; i < d->n_findings; i++) {
		if (d->findings[i].severity != FINDING_FAIL)
			continue;
		f = &d->findings[i];
		ck_assert_msg(f->reason == failing, "%s: %s", label,
		    reason_info(f->reason)->code);
	}
	ck_assert_msg((f != NULL) == (failing != REASON_COUNT), "%s: fails",
	    label);
	if (notice == REASON_COUNT || notice == REASON_UNKNOWN)
		return;
	f = diagnosis_find(d, notice);
	ck_assert_msg(f != NULL && f->severity == FINDING_NOTICE, "%s: notice",
	    label);
}

START_TEST(judge)
{
	struct sample sample;
	struct demand demand = { .level = judged[_i].level,
		.min_protocol = judged[_i].min_protocol,
		.min_bits = judged[_i].min_bits,
		.cert_name = sv_from(judged[_i].cert_name) };
	const struct rule rule = { .id = 5,
		.demand = &demand,
		.direction = DIRECTION_OUT,
		.on_failure = (uint8_t)judged[_i].on_failure };
	const char *nexthop = judged[_i].nexthop;
	struct judge_request req = { .now = judged[_i].is_expired ? LATER : NOW,
		.nexthop = nexthop != NULL ? nexthop : "partner.test",
		.host = "unit" };
	bool has_tls = judged[_i].version != NULL;
	struct probe_result r = { .has_ehlo = true,
		.has_tls = has_tls,
		.tried_handshake = has_tls,
		.is_complete = has_tls && !judged[_i].is_incomplete };
	struct diagnosis d;
	struct verdict v;
	struct err e = { 0 };

	sample_init(&sample);
	if (judged[_i].pin != NULL)
		demand.fingerprint = sv_from(strcmp(judged[_i].pin, "own") == 0
			? sample.pin
			: judged[_i].pin);
	req.rule = judged[_i].level == LEVEL_UNKNOWN ? NULL : &rule;
	req.trust = judged[_i].is_untrusted ? sample.empty : sample.trust;
	diagnosis_init(&d, "unit");
	if (judged[_i].has_no_starttls)
		(void)diagnosis_add(&d, REASON_NO_STARTTLS);
	if (has_tls) {
		r.chain = sample.chain;
		d.tls_version = judged[_i].version;
		d.tls_bits = judged[_i].bits == 0 ? 256 : judged[_i].bits;
	}
	ck_assert_msg(probe_judge(&req, &r, &d, &v, &e) == 0, "%s: %s",
	    judged[_i].label, e.text);
	ck_assert_msg(v.kind == judged[_i].kind, "%s: kind %u, reason %s",
	    judged[_i].label, (unsigned)v.kind, reason_info(v.reason)->code);
	if (v.kind != VERDICT_PASS)
		ck_assert_msg(v.reason == judged[_i].reason, "%s: %s",
		    judged[_i].label, reason_info(v.reason)->code);
	ck_findings(&d, judged[_i].finding, judged[_i].notice,
	    judged[_i].label);
	if (judged[_i].is_ours)
		ck_assert_msg(diagnosis_find(&d, judged[_i].finding)->fault ==
			FAULT_OURS,
		    "%s: whose fault", judged[_i].label);
	diagnosis_done(&d);
	sample_done(&sample);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, judge, 0, N_ROWS(judged));
}

UNIT_MAIN("judge", add_tests)
