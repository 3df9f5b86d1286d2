/* tlswarden: tests for policy/decide, policy/words and fact/reason.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "policy/decide.h"
#include "unit.h"

static const struct sv ca_dns[] = { SV("/O=Lab/CN=Lab Root"),
	SV("/CN=Lab Issuing") };
static const struct sv ca_cns[] = { SV("Lab Root"), SV("Lab Issuing") };
#define X50 "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN"
#define LONG_DN "/C=XX/O=" X50 X50 "/OU=" X50 X50 X50 "/CN=Long Root"
static const struct sv long_dns[] = { SV(LONG_DN) };
static const struct sv long_cns[] = { SV("Long Root") };
static const struct ca long_ca = { SV("long"), SV("abd"), long_dns, long_cns,
	1 };
static const struct ca lab = { SV("lab"), SV("abc"), ca_dns, ca_cns, 2 };

#define HEX32 "0123456789abcdef0123456789abcdef"

static const struct demand none = { .level = LEVEL_NONE };
static const struct demand encrypt = { .level = LEVEL_ENCRYPT };
static const struct demand tls12 = { .level = LEVEL_ENCRYPT,
	.min_protocol = TLS_VERSION_1_2 };
static const struct demand bits256 = { .level = LEVEL_ENCRYPT,
	.min_bits = 256 };
static const struct demand pin = { .level = LEVEL_ENCRYPT,
	.fingerprint = SV(HEX32 HEX32) };
static const struct demand secure = { .level = LEVEL_SECURE };
static const struct demand secure_pin = { .level = LEVEL_SECURE,
	.fingerprint = SV(HEX32 HEX32) };
static const struct demand issuer = { .level = LEVEL_SECURE, .ca = &lab };
static const struct demand long_issuer = { .level = LEVEL_SECURE,
	.ca = &long_ca };
static const struct demand named = { .level = LEVEL_SECURE,
	.cert_name = SV("mx.bank.test:.bank.example:*o=bank?cn=*") };
static const struct demand unknown = { .level = LEVEL_UNKNOWN };

#define ON(...)                                                    \
	{                                                          \
		.state = TLS_STATE_ON, .version = TLS_VERSION_1_3, \
		.bits = 256, __VA_ARGS__                           \
	}
#define GOOD(...) ON(.cert = CERT_STATE_VERIFIED, __VA_ARGS__)

static const struct {
	const char *label;
	const struct demand *demand;
	struct tls_facts tls;
	enum reason want; /* REASON_COUNT: passes */
} cases[] = {
	{ "none, plaintext", &none, { .state = TLS_STATE_NONE }, REASON_COUNT },
	{ "none, unknown", &none, { .bits = 0 }, REASON_COUNT },
	{ "encrypt, TLS", &encrypt, ON(.cipher = SV("x")), REASON_COUNT },
	{ "encrypt, plaintext", &encrypt, { .state = TLS_STATE_NONE },
	    REASON_NO_TLS },
	{ "encrypt, nothing known", &encrypt, { .bits = 0 }, REASON_UNKNOWN },
	{ "a broken rule never passes", &unknown, GOOD(.cipher = SV("x")),
	    REASON_UNKNOWN },
	{ "version just right", &tls12,
	    { .state = TLS_STATE_ON, .version = TLS_VERSION_1_2 },
	    REASON_COUNT },
	{ "version too old", &tls12,
	    { .state = TLS_STATE_ON, .version = TLS_VERSION_1_1 },
	    REASON_PROTOCOL_TOO_OLD },
	{ "version not known", &tls12, { .state = TLS_STATE_ON },
	    REASON_UNKNOWN },
	{ "bits just right", &bits256, ON(.cipher = SV("x")), REASON_COUNT },
	{ "bits too few", &bits256, { .state = TLS_STATE_ON, .bits = 255 },
	    REASON_CIPHER_TOO_WEAK },
	{ "bits not known", &bits256, { .state = TLS_STATE_ON },
	    REASON_UNKNOWN },
	{ "pin of the certificate", &pin,
	    ON(.has_fingerprints = true, .cert_fingerprint = SV(HEX32 HEX32)),
	    REASON_COUNT },
	{ "pin of the key, unverified", &pin,
	    ON(.has_fingerprints = true, .cert = CERT_STATE_UNVERIFIED,
		.cert_fingerprint = SV("00"),
		.key_fingerprint = SV("01:23:45:67:89:AB:CD:EF:01:23:45:67:"
				      "89:AB:CD:EF:" HEX32)),
	    REASON_COUNT },
	{ "another pin", &pin,
	    ON(.has_fingerprints = true, .cert_fingerprint = SV(HEX32)),
	    REASON_FINGERPRINT_MISMATCH },
	{ "no certificate to pin", &pin, ON(.has_fingerprints = true),
	    REASON_NO_CLIENT_CERT },
	{ "fingerprints not given", &pin, ON(.cert = CERT_STATE_VERIFIED),
	    REASON_UNKNOWN },
	{ "secure, verified", &secure, GOOD(.cipher = SV("x")), REASON_COUNT },
	{ "secure, plaintext", &secure, { .state = TLS_STATE_NONE },
	    REASON_NO_TLS },
	{ "secure, no certificate", &secure, ON(.cert = CERT_STATE_NONE),
	    REASON_NO_CLIENT_CERT },
	{ "secure, untrusted", &secure, ON(.cert = CERT_STATE_UNVERIFIED),
	    REASON_CERT_NOT_VERIFIED },
	{ "secure, cannot tell", &secure, ON(.cipher = SV("x")),
	    REASON_CERT_NOT_VERIFIED },
	{ "secure and pin, chain bad", &secure_pin,
	    ON(.has_fingerprints = true, .cert = CERT_STATE_UNVERIFIED,
		.cert_fingerprint = SV(HEX32 HEX32)),
	    REASON_CERT_NOT_VERIFIED },
	{ "secure and pin, pin bad", &secure_pin,
	    GOOD(.has_fingerprints = true, .cert_fingerprint = SV(HEX32)),
	    REASON_FINGERPRINT_MISMATCH },
	{ "issuer by CN", &issuer, GOOD(.issuer = SV("Lab Issuing")),
	    REASON_COUNT },
	{ "issuer by DN", &issuer,
	    GOOD(.name_form = NAME_FORM_DN, .issuer = SV("/O=Lab/CN=Lab Root")),
	    REASON_COUNT },
	{ "issuer CN given as DN", &issuer,
	    GOOD(.name_form = NAME_FORM_DN, .issuer = SV("Lab Root")),
	    REASON_ISSUER_MISMATCH },
	/* Sendmail leaves out what does not fit into 255 bytes */
	{ "issuer, as it is cut", &long_issuer,
	    GOOD(.name_form = NAME_FORM_DN, .issuer = SV("/C=XX/O=" X50 X50)),
	    REASON_UNKNOWN },
	{ "issuer, whole", &long_issuer,
	    GOOD(.name_form = NAME_FORM_DN, .issuer = SV(LONG_DN)),
	    REASON_COUNT },
	{ "issuer, another that is long", &long_issuer,
	    GOOD(.name_form = NAME_FORM_DN, .issuer = SV("/C=XX/O=" X50 "x")),
	    REASON_ISSUER_MISMATCH },
	{ "issuer, cut inside of a name", &long_issuer,
	    GOOD(.name_form = NAME_FORM_DN, .issuer = SV("/C=XX/O=" X50)),
	    REASON_ISSUER_MISMATCH },
	{ "issuer, the start of a short one", &issuer,
	    GOOD(.name_form = NAME_FORM_DN, .issuer = SV("/O=Lab")),
	    REASON_ISSUER_MISMATCH },
	{ "issuer, a CN is never cut", &long_issuer,
	    GOOD(.name_form = NAME_FORM_CN, .issuer = SV("/C=XX/O=" X50 X50)),
	    REASON_ISSUER_MISMATCH },
	{ "another issuer", &issuer, GOOD(.issuer = SV("Evil")),
	    REASON_ISSUER_MISMATCH },
	{ "issuer empty", &issuer, GOOD(.issuer = SV("")),
	    REASON_ISSUER_MISMATCH },
	{ "issuer right, chain bad", &issuer,
	    ON(.cert = CERT_STATE_UNVERIFIED, .issuer = SV("Lab Root")),
	    REASON_CERT_NOT_VERIFIED },
	{ "name equal", &named, GOOD(.subject = SV("MX.bank.test")),
	    REASON_COUNT },
	{ "name below the suffix", &named,
	    GOOD(.subject = SV("a.bank.example")), REASON_COUNT },
	{ "the suffix itself", &named, GOOD(.subject = SV("bank.example")),
	    REASON_SUBJECT_MISMATCH },
	{ "suffix without dot", &named, GOOD(.subject = SV("xbank.example")),
	    REASON_SUBJECT_MISMATCH },
	{ "glob over the DN", &named,
	    GOOD(.name_form = NAME_FORM_DN,
		.subject = SV("/C=XX/O=Bank/CN=other")),
	    REASON_COUNT },
	{ "CN inside the DN", &named,
	    GOOD(.name_form = NAME_FORM_DN,
		.subject = SV("/C=XX/CN=mx.bank.test/OU=x")),
	    REASON_COUNT },
	{ "CN beside the DN", &named,
	    GOOD(.name_form = NAME_FORM_DN, .subject = SV("/C=XX"),
		.cn_subject = SV("mx.bank.test")),
	    REASON_COUNT },
	{ "name empty", &named, GOOD(.subject = SV("")),
	    REASON_SUBJECT_MISMATCH },
};

START_TEST(verdict)
{
	struct rule r = { .id = 7, .demand = cases[_i].demand };
	struct verdict v = decide(&r, &cases[_i].tls);
	enum reason got = v.kind == VERDICT_PASS ? REASON_COUNT : v.reason;

	ck_assert_msg(got == cases[_i].want, "%s: %s", cases[_i].label,
	    reason_info(got)->code);
	if (got == REASON_COUNT)
		return;
	ck_assert_uint_eq(decide_smtp_code(&v), 451);
	r.on_failure = ON_FAILURE_FAIL;
	v = decide(&r, &cases[_i].tls);
	ck_assert_msg(decide_smtp_code(&v) ==
		(got == REASON_UNKNOWN ? 451 : 550),
	    "%s: a doubt is never permanent", cases[_i].label);
}
END_TEST

START_TEST(no_rule_passes)
{
	struct tls_facts tls = { 0 };
	struct verdict v = decide(NULL, &tls);

	ck_assert(v.kind == VERDICT_PASS);
	ck_assert_int_eq(v.rule_id, 0);
}
END_TEST

static const struct {
	const struct demand *demand;
	struct tls_facts tls;
	const char *want;
} texts[] = {
	{ &encrypt, { .state = TLS_STATE_NONE },
	    "5.7.10 TLS required by policy rule 12 for mail from example.mil: "
	    "this session is not encrypted; enable STARTTLS on your outbound "
	    "server" },
	{ &tls12, { .state = TLS_STATE_ON, .version = TLS_VERSION_1_1 },
	    "5.7.6 TLSv1.2 or newer required by policy rule 12 for mail from "
	    "example.mil: the TLS protocol version is too old (TLSv1.1); "
	    "enable TLSv1.2 or newer" },
	{ &issuer, GOOD(.issuer = SV("Evil\r\n250 ok")),
	    "5.7.5 Certificate of CA lab required by policy rule 12 for mail "
	    "from example.mil: the certificate was issued by another CA than "
	    "agreed (issuer Evil\\x0D\\x0A250 ok); use a certificate of the "
	    "CA that was agreed" },
};

START_TEST(words)
{
	struct rule r = { .id = 12,
		.on_failure = ON_FAILURE_FAIL,
		.demand = texts[_i].demand };
	struct verdict v = decide(&r, &texts[_i].tls);
	struct buf b;

	buf_init(&b, 1000);
	decide_text(&r, &v, &texts[_i].tls, sv_from("mail from example.mil"),
	    &b);
	ck_assert_str_eq(buf_str(&b), texts[_i].want);
	buf_free(&b);
}
END_TEST

/* Whatever a peer puts into its names: one line, ASCII, short, and what to do
 * stands at its end. Sendmail has room for 245 bytes. */
static void
ck_words(const struct rule *r, enum reason reason, size_t room)
{
	char junk[300];
	struct tls_facts tls = GOOD(.cipher = SV("x"));
	struct verdict v = { VERDICT_FAIL, reason, r->id, LEVEL_SECURE };
	struct sv todo = sv_from(reason_info(reason)->todo);
	struct buf b;

	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = (char)(i * 7 + 128);
	tls.issuer = tls.subject = tls.verify = sv_make(junk, sizeof(junk));
	buf_init(&b, room);
	decide_text(r, &v, &tls, sv_make(junk, sizeof(junk)), &b);
	ck_assert(!b.is_full);
	ck_assert_uint_lt(b.n, LIMIT_REPLY);
	ck_assert_uint_gt(b.n, todo.n + 20);
	if (reason != REASON_PROTOCOL_TOO_OLD)
		ck_assert_sv_eq(sv_skip(buf_sv(&b), b.n - todo.n), todo,
		    buf_str(&b));
	for (size_t k = 0; k < b.n; k++)
		ck_assert(b.p[k] >= ' ' && b.p[k] < 0x7f);
	buf_free(&b);
}

START_TEST(words_hostile)
{
	struct rule r = { .id = INT64_MAX, .demand = cases[_i].demand };

	for (unsigned i = 0; i < REASON_COUNT; i++) {
		if (i == REASON_ISSUER_MISMATCH && r.demand->ca == NULL)
			continue;
		r.id = INT64_MAX;
		ck_words(&r, (enum reason)i, 1000);
		r.id = 9999999;
		ck_words(&r, (enum reason)i, 245);
	}
}
END_TEST

START_TEST(table_is_whole)
{
	const struct reason_info *info = reason_info((enum reason)_i);
	enum reason back;

	ck_assert_msg(info->code != NULL && info->seen[0] != '\0' &&
		info->todo[0] != '\0' && info->cause[0] != '\0' &&
		info->fix_ours[0] != '\0' && info->fix_theirs[0] != '\0' &&
		info->status[0] != '\0',
	    "row %d", _i);
	ck_assert(reason_parse(sv_from(info->code), &back));
	ck_assert_int_eq(back, _i);
	ck_assert_uint_lt(strlen(info->seen) + strlen(info->todo), 160);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, verdict, 0, N_ROWS(cases));
	tcase_add_test(tc, no_rule_passes);
	tcase_add_loop_test(tc, words, 0, N_ROWS(texts));
	tcase_add_loop_test(tc, words_hostile, 0, N_ROWS(cases));
	tcase_add_loop_test(tc, table_is_whole, 0, REASON_COUNT);
}

UNIT_MAIN("decide", add_tests)
