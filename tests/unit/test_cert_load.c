/* tlswarden: tests for cert/load, cert/trust and cert/key.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cert/load.h"
#include "cert/trust.h"
#include "cert_samples.h"
#include "unit.h"

#define BAD_BASE64 \
	"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n"
#define BAD_DER "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
#define TEXT(lit) (lit), sizeof(lit) - 1

static const struct {
	const char *label;
	const char *bytes;
	size_t n;
	int strict;        /* certificates; -1: an error */
	int sent;          /* the same as sent, broken ones kept */
	const char *words; /* of the strict error */
} rows[] = {
	{ "one", TEXT(SAMPLE_CERT), 1, 1, "" },
	{ "two, the same", TEXT(SAMPLE_CERT SAMPLE_CERT), 2, 2, "" },
	{ "text around", TEXT("0 s:CN\n" SAMPLE_CERT "---\nmore\n"), 1, 1, "" },
	{ "no newline at the end", TEXT("\n" SAMPLE_CERT "x"), 1, 1, "" },
	{ "byte order mark", TEXT("\xEF\xBB\xBF" SAMPLE_CERT), 1, 1, "" },
	{ "key beside it", TEXT(SAMPLE_KEY SAMPLE_CERT), 1, 1, "" },
	{ "PKCS#7", TEXT(SAMPLE_PKCS7), 1, 1, "" },
	{ "NUL in the text", TEXT("a\0b\n" SAMPLE_CERT), 1, 1, "" },
	{ "empty", TEXT(""), -1, -1, "empty" },
	{ "words", TEXT("hello\n"), -1, -1, "neither PEM, DER nor PKCS#7" },
	{ "only a key", TEXT(SAMPLE_KEY), -1, -1, "a private key" },
	{ "only a request", TEXT(SAMPLE_CSR), -1, -1, "CSR" },
	{ "only a CRL", TEXT(SAMPLE_CRL), -1, -1, "a CRL" },
	{ "a sealed key", TEXT(SAMPLE_SEALED_KEY), -1, -1, "a private key" },
	{ "damaged base64", TEXT("text\n" BAD_BASE64), -1, 1,
	    "label, line 2: certificate 1 cannot be decoded" },
	{ "damaged DER", TEXT(SAMPLE_CERT BAD_DER), -1, 2,
	    "certificate 2 cannot be decoded" },
	{ "no end", TEXT(SAMPLE_CERT "-----BEGIN CERTIFICATE-----\nMIIB\n"), -1,
	    2, "certificate 2 cannot be decoded" },
	{ "begin twice", TEXT("-----BEGIN CERTIFICATE-----\n" SAMPLE_CERT), -1,
	    2, "line 1" },
	{ "UTF-16", TEXT("\xFF\xFE-\0-\0"), -1, -1, "UTF-16" },
	{ "cut DER", TEXT("\x30\x82\x01\xFE\x30"), -1, -1, "neither" },
	{ "another block",
	    TEXT("-----BEGIN DH PARAMETERS-----\nMIIB\n"
		 "-----END DH PARAMETERS-----\n"),
	    -1, -1, "something else" },
};

START_TEST(load)
{
	struct sv bytes = sv_make(rows[_i].bytes, rows[_i].n);
	struct chain *c = NULL;
	struct err err = { 0 };
	int rc = chain_load_bytes(bytes, "label", &c, &err);

	if (rows[_i].strict < 0)
		ck_assert_msg(rc == -1 && c == NULL &&
			err.sysexit == EX_DATAERR &&
			strstr(err.text, "label") != NULL &&
			strstr(err.text, rows[_i].words) != NULL,
		    "%s: %s", rows[_i].label, err.text);
	else
		ck_assert_msg(rc == 0 && (int)chain_count(c) == rows[_i].strict,
		    "%s: %s", rows[_i].label, err.text);
	chain_free(c);
	c = NULL;
	rc = chain_load_sent_bytes(bytes, "label", &c, &err);
	ck_assert_msg((rc == 0 ? (int)chain_count(c) : -1) == rows[_i].sent,
	    "%s as sent: %s", rows[_i].label, err.text);
	if (rows[_i].strict < 0 && rows[_i].sent > 0) {
		size_t n = chain_count(c), broken = 0;

		for (size_t i = 0; i < n; i++)
			broken += chain_broken(c, i) != NULL &&
			    chain_x509(c, i) == NULL;
		ck_assert_msg(broken == 1, "%s", rows[_i].label);
	}
	chain_free(c);
}
END_TEST

static const struct {
	const char *label;
	const char *bytes;
	int count;
	const char *words;
} crl_rows[] = {
	{ "one", SAMPLE_CRL, 1, "" },
	{ "two among others", SAMPLE_CRL SAMPLE_CERT SAMPLE_CRL, 2, "" },
	{ "none", SAMPLE_CERT, -1, "a certificate" },
	{ "damaged", "-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n",
	    -1, "CRL 1 cannot be decoded" },
	{ "damaged base64",
	    "-----BEGIN X509 CRL-----\n\x01\n-----END X509 CRL-----\n", -1,
	    "CRL 1 cannot be decoded" },
	{ "nothing", "", -1, "empty" },
};

START_TEST(crls)
{
	struct crls *c = NULL;
	struct err err = { 0 };
	int rc =
	    crls_load_bytes(sv_from(crl_rows[_i].bytes), "label", &c, &err);

	ck_assert_msg((rc == 0 ? (int)crls_count(c) : -1) == crl_rows[_i].count,
	    "%s: %s", crl_rows[_i].label, err.text);
	ck_assert_msg(rc == 0 || strstr(err.text, crl_rows[_i].words) != NULL,
	    "%s: %s", crl_rows[_i].label, err.text);
	ck_assert(crls_crl(c, crls_count(c)) == NULL);
	crls_free(c);
}
END_TEST

START_TEST(ends)
{
	struct chain *c = chain_new();
	struct err err;
	struct buf pem;

	ck_assert_uint_eq(chain_count(c), 0);
	ck_assert_uint_eq(chain_count(NULL), 0);
	ck_assert(chain_x509(c, 0) == NULL && chain_broken(c, 0) == NULL);
	ck_assert_int_eq(chain_add_stack(c, NULL, &err), 0);
	buf_init(&pem, 4096);
	chain_pem(c, 0, &pem);
	ck_assert_uint_eq(pem.n, 0);
	chain_free(c);
	chain_free(NULL);
	crls_free(NULL);
	trust_free(NULL);
	ck_assert_int_eq(chain_load_bytes(sv_from(SAMPLE_CERT), "x", &c, &err),
	    0);
	chain_pem(c, 0, &pem);
	ck_assert_str_eq(buf_str(&pem), SAMPLE_CERT);
	buf_free(&pem);
	chain_free(c);
}
END_TEST

/* A folder of its own for each test, with files in it. */
static void
put_file(const char *dir, const char *name, const char *text)
{
	char path[4096];
	FILE *fp;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fp = fopen(path, "w");
	ck_assert(fp != NULL && fputs(text, fp) >= 0 && fclose(fp) == 0);
}

static void
drop_file(const char *dir, const char *name)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_int_eq(unlink(path), 0);
}

static const struct {
	size_t max_bytes;
	size_t n; /* certificates that there is room for */
} rooms[] = {
	{ 0, 0 },
	{ sizeof(SAMPLE_CERT) - 2, 0 },
	{ sizeof(SAMPLE_CERT) - 1, 1 },
	{ 2 * (sizeof(SAMPLE_CERT) - 1) - 1, 1 },
	{ 2 * (sizeof(SAMPLE_CERT) - 1), 2 },
	{ 1000000, 2 },
};

/* Only whole certificates, from the first on. */
START_TEST(kept_as_pem)
{
	struct chain *c = NULL;
	struct err err;
	struct buf out;

	ck_assert_int_eq(chain_load_bytes(sv_from(SAMPLE_CERT SAMPLE_CERT), "x",
			     &c, &err),
	    0);
	buf_init(&out, 1000000);
	chain_pem_all(c, rooms[_i].max_bytes, &out);
	ck_assert_uint_eq(out.n, rooms[_i].n * (sizeof(SAMPLE_CERT) - 1));
	buf_free(&out);
	chain_free(c);
}
END_TEST

START_TEST(notes)
{
	struct chain *from = NULL, *to = chain_new();
	struct err err;

	ck_assert_int_eq(chain_load_bytes(sv_from(SAMPLE_CERT SAMPLE_CERT), "x",
			     &from, &err),
	    0);
	chain_add_cas(to, from, 0, "no room");
	ck_assert_uint_eq(chain_count(to), 0);
	chain_add_cas(to, from, 9, "first");
	ck_assert_uint_eq(chain_count(to), 1);
	chain_add_cas(to, from, 9, "second");
	ck_assert_uint_eq(chain_count(to), 1);
	ck_assert_str_eq(chain_note(to, 0), "first");
	ck_assert_ptr_null(chain_note(to, 1));
	ck_assert_ptr_null(chain_note(from, 0));
	chain_set_note(to, 0, NULL);
	ck_assert_ptr_null(chain_note(to, 0));
	chain_add_cas(to, NULL, 9, "nothing");
	chain_free(from);
	chain_free(to);
}
END_TEST

enum { NESTED_BYTES = 16 << 20, NESTED_SECS = 20 };

/* Open sequences of unknown length inside each other: OpenSSL's decoders of
 * keys took two seconds of CPU for each megabyte of them. */
START_TEST(nested_nothing)
{
	struct chain *chain = NULL;
	struct crls *lists = NULL;
	struct err err = { 0 };
	struct timespec from, until;
	char *bytes = mem_alloc(NESTED_BYTES);

	for (size_t i = 0; i < NESTED_BYTES; i += 2) {
		bytes[i] = 0x30;
		bytes[i + 1] = (char)0x80;
	}
	ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from), 0);
	ck_assert_int_eq(chain_load_sent_bytes(sv_make(bytes, NESTED_BYTES),
			     "nested", &chain, &err),
	    -1);
	ck_assert_int_eq(err.sysexit, EX_DATAERR);
	ck_assert_int_eq(crls_load_bytes(sv_make(bytes, NESTED_BYTES), "nested",
			     &lists, &err),
	    -1);
	ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &until), 0);
	ck_assert_msg(until.tv_sec - from.tv_sec < NESTED_SECS, "%lld s of CPU",
	    (long long)(until.tv_sec - from.tv_sec));
	free(bytes);
}
END_TEST

START_TEST(trust)
{
	char dir[] = "/tmp/tlswarden-trust-XXXXXX";
	struct trust *t = NULL;
	struct err err = { 0 };

	ck_assert(mkdtemp(dir) != NULL);
	ck_assert_int_eq(trust_load(dir, &t, &err), -1);
	ck_assert(strstr(err.text, dir) != NULL);
	put_file(dir, "a.pem", SAMPLE_CERT);
	put_file(dir, "b.pem", SAMPLE_CERT SAMPLE_CERT);
	put_file(dir, "README", "not a certificate\n");
	ck_assert_int_eq(trust_load(dir, &t, &err), 0);
	ck_assert_uint_eq(trust_count(t), 1);
	ck_assert_uint_eq(trust_duplicates(t), 2);
	ck_assert_uint_ge(trust_passed_over(t), 1);
	ck_assert_str_eq(trust_label(t), dir);
	ck_assert(trust_has(t, trust_x509(t, 0)));
	ck_assert(trust_x509(t, 1) == NULL);
	trust_free(t);
	drop_file(dir, "a.pem");
	drop_file(dir, "b.pem");
	drop_file(dir, "README");
	ck_assert_int_eq(rmdir(dir), 0);
	ck_assert_int_eq(trust_load(dir, &t, &err), -1);
	ck_assert_int_eq(err.sysexit, EX_NOINPUT);
	ck_assert_int_eq(trust_load_bytes(sv_from(BAD_DER), "ca", &t, &err),
	    -1);
}
END_TEST

static const struct {
	const char *label;
	const char *key;
	int want;
	const char *words;
} key_rows[] = {
	{ "its own", SAMPLE_KEY, 1, "" },
	{ "another", SAMPLE_OTHER_KEY, 0, "" },
	{ "behind the certificate", SAMPLE_CERT SAMPLE_KEY, 1, "" },
	{ "sealed", SAMPLE_SEALED_KEY, -1, "encrypted" },
	{ "no key", SAMPLE_CERT, -1, "no private key" },
	{ "empty", "", -1, "no private key" },
};

START_TEST(keys)
{
	char dir[] = "/tmp/tlswarden-key-XXXXXX";
	char path[4096];
	struct chain *c = NULL;
	struct err err = { 0 };

	ck_assert(mkdtemp(dir) != NULL);
	put_file(dir, "key", key_rows[_i].key);
	(void)snprintf(path, sizeof(path), "%s/key", dir);
	ck_assert_int_eq(chain_load_bytes(sv_from(SAMPLE_CERT), "x", &c, &err),
	    0);
	ck_assert_msg(chain_matches_key(c, 0, path, &err) == key_rows[_i].want,
	    "%s: %s", key_rows[_i].label, err.text);
	ck_assert_msg(strstr(err.text, key_rows[_i].words) != NULL, "%s: %s",
	    key_rows[_i].label, err.text);
	ck_assert_int_eq(chain_matches_key(c, 1, path, &err), -1);
	drop_file(dir, "key");
	ck_assert_int_eq(chain_matches_key(c, 0, path, &err), -1);
	ck_assert_int_eq(rmdir(dir), 0);
	chain_free(c);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, load, 0, N_ROWS(rows));
	tcase_add_loop_test(tc, crls, 0, N_ROWS(crl_rows));
	tcase_add_test(tc, ends);
	tcase_add_loop_test(tc, kept_as_pem, 0, N_ROWS(rooms));
	tcase_add_test(tc, notes);
	tcase_add_test(tc, nested_nothing);
	tcase_add_test(tc, trust);
	tcase_add_loop_test(tc, keys, 0, N_ROWS(key_rows));
}

UNIT_MAIN("cert_load", add_tests)
