/* tlswarden: tests/unit/test_milter_facts - macros of both MTAs as facts.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "base/limits.h"
#include "macro_table.h"
#include "milter/facts.h"
#include "unit.h"

#define FP                                                \
	"AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99" \
	":AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99"

struct row {
	const char *label;
	enum record_mta mta;
	bool is_unasked;
	struct macro_pair macros[MACRO_TABLE_MAX];
	enum tls_state state;
	enum tls_version version;
	uint32_t bits;
	enum cert_state cert;
	const char *subject, *issuer, *cn;
	bool has_pin, is_authenticated;
};

static const struct row rows[] = {
	{ "Postfix, plaintext", RECORD_POSTFIX, .state = TLS_STATE_NONE },
	{ "Postfix, encrypted", RECORD_POSTFIX,
	    .macros = { { "{tls_version}", "TLSv1.3" },
		{ "{cipher}", "TLS_AES_256_GCM_SHA384" },
		{ "{cipher_bits}", "256" } },
	    TLS_STATE_ON, TLS_VERSION_1_3, 256 },
	{ "Postfix, trusted: names are as they are", RECORD_POSTFIX,
	    .macros = { { "{tls_version}", "TLSv1.2" },
		{ "{cipher_bits}", "128" },
		{ "{cert_subject}", "out+20.partner.test" },
		{ "{cert_issuer}", "Test Root Good" } },
	    TLS_STATE_ON, TLS_VERSION_1_2, 128, CERT_STATE_VERIFIED,
	    "out+20.partner.test", "Test Root Good" },
	{ "Postfix, trusted without CN", RECORD_POSTFIX,
	    .macros = { { "{tls_version}", "TLSv1" },
		{ "{cert_subject}", "" } },
	    TLS_STATE_ON, TLS_VERSION_1_0, 0, CERT_STATE_VERIFIED, "", "" },
	{ "Sendmail, plaintext", RECORD_SENDMAIL, .state = TLS_STATE_NONE },
	{ "Sendmail, verified, xtext", RECORD_SENDMAIL,
	    .macros = { { "{tls_version}", "TLSv1.3" },
		{ "{cipher_bits}", "256" }, { "{verify}", "OK" },
		{ "{cert_subject}", "/O=Good+20Org/CN=a+5C+2Bb+20+28x+29" },
		{ "{cert_issuer}", "/CN=CA" }, { "{cn_subject}", "a+20b" } },
	    TLS_STATE_ON, TLS_VERSION_1_3, 256, CERT_STATE_VERIFIED,
	    "/O=Good Org/CN=a\\+b (x)", "/CN=CA", "a b" },
	{ "Sendmail, DANE, which is about servers", RECORD_SENDMAIL,
	    .macros = { { "{tls_version}", "TLSv1.3" },
		{ "{verify}", "TRUSTED" } },
	    TLS_STATE_ON, TLS_VERSION_1_3, 0, CERT_STATE_UNKNOWN },
	{ "Sendmail, forged: names without trust", RECORD_SENDMAIL,
	    .macros = { { "{tls_version}", "TLSv1.3" },
		{ "{cipher_bits}", "256" }, { "{verify}", "FAIL" },
		{ "{cert_subject}", "/CN=out.partner.test" },
		{ "{cert_issuer}", "/CN=CA" } },
	    TLS_STATE_ON, TLS_VERSION_1_3, 256, CERT_STATE_UNVERIFIED,
	    "/CN=out.partner.test", "/CN=CA" },
	{ "Sendmail, none sent", RECORD_SENDMAIL,
	    .macros = { { "{tls_version}", "TLSv1.3" }, { "{verify}", "NO" } },
	    TLS_STATE_ON, TLS_VERSION_1_3, 0, CERT_STATE_NONE },
	{ "Sendmail, not asked for", RECORD_SENDMAIL,
	    .macros = { { "{tls_version}", "TLSv1.3" }, { "{verify}", "NOT" } },
	    TLS_STATE_ON, TLS_VERSION_1_3, 0, CERT_STATE_NONE },
	{ "Sendmail, unheard-of word", RECORD_SENDMAIL,
	    .macros = { { "{tls_version}", "TLSv1.3" }, { "{verify}", "ok" } },
	    TLS_STATE_ON, TLS_VERSION_1_3, 0, CERT_STATE_UNKNOWN },
	{ "Sendmail without {verify}", RECORD_SENDMAIL,
	    .macros = { { "{tls_version}", "TLSv1.3" },
		{ "{cert_subject}", "/CN=x" } },
	    TLS_STATE_ON, TLS_VERSION_1_3, 0, CERT_STATE_UNKNOWN, "/CN=x" },
	{ "Sendmail, broken xtext is no name", RECORD_SENDMAIL,
	    .macros = { { "{tls_version}", "TLSv1.3" }, { "{verify}", "OK" },
		{ "{cert_subject}", "/CN=x+2" },
		{ "{cert_issuer}", "/CN=+zz" } },
	    TLS_STATE_ON, TLS_VERSION_1_3, 0, CERT_STATE_VERIFIED, "", "" },
	{ "Sendmail, SHA-256 fingerprint", RECORD_SENDMAIL,
	    .macros = { { "{tls_version}", "TLSv1.3" }, { "{cert_fp}", FP } },
	    TLS_STATE_ON, TLS_VERSION_1_3, .has_pin = true },
	{ "Sendmail, SHA-1 fingerprint is none", RECORD_SENDMAIL,
	    .macros = { { "{tls_version}", "TLSv1.3" },
		{ "{cert_fp}", "AA:BB:CC" } },
	    TLS_STATE_ON, TLS_VERSION_1_3 },
	{ "fingerprint with other letters", RECORD_SENDMAIL,
	    .macros = { { "{tls_version}", "TLSv1.3" },
		{ "{cert_fp}", "x" FP } },
	    TLS_STATE_ON, TLS_VERSION_1_3 },
	{ "no known MTA: names give no trust", RECORD_MTA_UNKNOWN,
	    .macros = { { "{tls_version}", "TLSv1.3" },
		{ "{cert_subject}", "out.partner.test" } },
	    TLS_STATE_ON, TLS_VERSION_1_3, 0, CERT_STATE_UNKNOWN,
	    "out.partner.test" },
	{ "macros were not asked for", RECORD_POSTFIX, .is_unasked = true,
	    .state = TLS_STATE_UNKNOWN },
	{ "not asked for, but there", RECORD_POSTFIX, .is_unasked = true,
	    .macros = { { "{tls_version}", "TLSv1.3" } }, TLS_STATE_ON,
	    TLS_VERSION_1_3 },
	{ "empty version", RECORD_SENDMAIL,
	    .macros = { { "{tls_version}", "" }, { "{cipher}", "" } },
	    .state = TLS_STATE_NONE },
	{ "a cipher without a version", RECORD_POSTFIX,
	    .macros = { { "{cipher}", "AES" } }, .state = TLS_STATE_UNKNOWN },
	{ "names without TLS count nothing", RECORD_POSTFIX,
	    .macros = { { "{cert_subject}", "out.partner.test" },
		{ "{cipher_bits}", "256" } },
	    .state = TLS_STATE_NONE },
	{ "unheard-of version", RECORD_POSTFIX,
	    .macros = { { "{tls_version}", "TLSv9" } }, TLS_STATE_ON,
	    TLS_VERSION_UNKNOWN },
	{ "bits that are no number", RECORD_POSTFIX,
	    .macros = { { "{tls_version}", "TLSv1.3" },
		{ "{cipher_bits}", "256x" } },
	    TLS_STATE_ON, TLS_VERSION_1_3 },
	{ "bits beyond all sense", RECORD_POSTFIX,
	    .macros = { { "{tls_version}", "TLSv1.3" },
		{ "{cipher_bits}", "99999999999999999999999" } },
	    TLS_STATE_ON, TLS_VERSION_1_3 },
	{ "negative bits", RECORD_POSTFIX,
	    .macros = { { "{tls_version}", "TLSv1.3" },
		{ "{cipher_bits}", "-1" } },
	    TLS_STATE_ON, TLS_VERSION_1_3 },
	{ "logged in", RECORD_POSTFIX, .macros = { { "{auth_type}", "PLAIN" } },
	    TLS_STATE_NONE, .is_authenticated = true },
};

static struct macros
macros_of(const struct macro_pair *pairs)
{
	static struct macro_pair copy[MACRO_TABLE_MAX];
	struct macros m = { macro_table_get, copy };

	memcpy(copy, pairs, sizeof(copy));
	return m;
}

START_TEST(collects)
{
	const struct row *row = &rows[_i];
	struct macros m = macros_of(row->macros);
	struct facts f;

	facts_init(&f);
	facts_collect(&f, row->mta, !row->is_unasked, &m);
	ck_assert_msg(f.tls.state == row->state, "%s: state %d", row->label,
	    (int)f.tls.state);
	ck_assert_msg(f.tls.version == row->version, "%s: version %d",
	    row->label, (int)f.tls.version);
	ck_assert_msg(f.tls.bits == row->bits, "%s: bits %u", row->label,
	    f.tls.bits);
	ck_assert_msg(f.tls.cert == row->cert, "%s: cert %d", row->label,
	    (int)f.tls.cert);
	ck_assert_sv_eq(f.tls.subject, sv_from(row->subject), row->label);
	ck_assert_sv_eq(f.tls.issuer, sv_from(row->issuer), row->label);
	ck_assert_sv_eq(f.tls.cn_subject, sv_from(row->cn), row->label);
	ck_assert_msg(f.tls.has_fingerprints == row->has_pin, "%s: pin",
	    row->label);
	ck_assert_msg(f.is_authenticated == row->is_authenticated, "%s: auth",
	    row->label);
	ck_assert_int_eq(f.tls.name_form == NAME_FORM_DN,
	    row->mta == RECORD_SENDMAIL && row->state == TLS_STATE_ON);
	facts_free(&f);
}
END_TEST

/* The second collection of a session forgets the first. */
START_TEST(forgets)
{
	struct macros first = macros_of(rows[2].macros), second;
	struct facts f;

	facts_init(&f);
	facts_collect(&f, RECORD_POSTFIX, true, &first);
	ck_assert_int_eq((int)f.tls.cert, CERT_STATE_VERIFIED);
	second = macros_of(rows[1].macros);
	facts_collect(&f, RECORD_POSTFIX, true, &second);
	ck_assert_int_eq((int)f.tls.cert, CERT_STATE_UNKNOWN);
	ck_assert_uint_eq(f.tls.subject.n, 0);
	ck_assert_uint_eq(f.tls.bits, 256);
	second = macros_of(rows[0].macros);
	facts_collect(&f, RECORD_POSTFIX, true, &second);
	ck_assert_int_eq((int)f.tls.state, TLS_STATE_NONE);
	ck_assert_uint_eq(f.tls.cipher.n, 0);
	facts_free(&f);
}
END_TEST

/* Half of a name could be somebody else's: a longer one is none. Words are
 * cut and printable. */
START_TEST(bounds)
{
	static char name[LIMIT_RECORD_TEXT + 2], cipher[5000];
	struct macro_pair pairs[MACRO_TABLE_MAX] = {
		{ "{tls_version}", "TLSv1.3\n%s\x1b" },
		{ "{cipher}", cipher },
		{ "{cert_subject}", name },
		{ "{cert_issuer}", name + 1 },
	};
	struct macros m = { macro_table_get, pairs };
	struct facts f;

	memset(name, 'x', sizeof(name) - 1);
	memset(cipher, '\x80', sizeof(cipher) - 1);
	facts_init(&f);
	facts_collect(&f, RECORD_POSTFIX, true, &m);
	ck_assert_uint_eq(f.tls.subject.n, 0);
	ck_assert_uint_eq(f.tls.issuer.n, LIMIT_RECORD_TEXT);
	ck_assert_sv_eq(f.tls_version, sv_from("TLSv1.3\\x0A%s\\x1B"), "word");
	ck_assert_uint_lt(f.tls.cipher.n, 1000);
	ck_assert_int_eq(f.text.is_full, false);
	facts_free(&f);
}
END_TEST

static const struct {
	const char *label, *v, *verify;
	enum record_mta known, want;
} mtas[] = {
	{ "Postfix", "Postfix 3.7.11", NULL, 0, RECORD_POSTFIX },
	{ "a renamed Postfix", "Our Mailer 3.7.11", NULL, 0, RECORD_POSTFIX },
	{ "Sendmail", "8.17.1.9", NULL, 0, RECORD_SENDMAIL },
	{ "{verify} tells", NULL, "", 0, RECORD_SENDMAIL },
	{ "the version tells first", "Postfix 3.7.11", "OK", 0,
	    RECORD_POSTFIX },
	{ "the version tells first, of Sendmail", "8.18.1", NULL, 0,
	    RECORD_SENDMAIL },
	{ "known stays, whatever comes", "Postfix 3.7.11", "OK",
	    RECORD_SENDMAIL, RECORD_SENDMAIL },
	{ "known stays", NULL, NULL, RECORD_POSTFIX, RECORD_POSTFIX },
	{ "nothing", NULL, NULL, 0, RECORD_MTA_UNKNOWN },
	{ "empty", "", NULL, 0, RECORD_MTA_UNKNOWN },
	{ "blanks", "  \t ", NULL, 0, RECORD_MTA_UNKNOWN },
	{ "no number", "Postfix", NULL, 0, RECORD_MTA_UNKNOWN },
	{ "no number at the end", "3.7.11 Postfix", NULL, 0,
	    RECORD_MTA_UNKNOWN },
};

START_TEST(tells_mta)
{
	struct macro_pair pairs[MACRO_TABLE_MAX] = {
		{ "v", mtas[_i].v },
		{ "{verify}", mtas[_i].verify },
	};
	struct macros m = { macro_table_get, pairs };

	ck_assert_msg(facts_mta(mtas[_i].known, &m) == mtas[_i].want, "%s",
	    mtas[_i].label);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, collects, 0, N_ROWS(rows));
	tcase_add_test(tc, forgets);
	tcase_add_test(tc, bounds);
	tcase_add_loop_test(tc, tells_mta, 0, N_ROWS(mtas));
}

UNIT_MAIN("milter_facts", add_tests)
