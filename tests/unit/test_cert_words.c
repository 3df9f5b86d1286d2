/* tlswarden: tests for cert/words, cert/wrap and cert/names.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "cert/info.h"
#include "cert/names.h"
#include "cert/words.h"
#include "cert/wrap.h"
#include "unit.h"

static const struct {
	const char *label;
	struct sv in;
	size_t max;
	const char *want;
} rows[] = {
	{ "plain", SV("mx.example.com"), 100, "mx.example.com" },
	{ "empty", SV(""), 100, "" },
	{ "UTF-8", SV("M\xC3\xBCller"), 100, "M\xC3\xBCller" },
	{ "four bytes", SV("\xF0\x9F\x93\xA7"), 100, "\xF0\x9F\x93\xA7" },
	{ "just fits", SV("abcd"), 4, "abcd" },
	{ "cut", SV("abcde"), 4, "abcd..." },
	{ "cut in a character", SV("abc\xC3\xBC"), 4, "abc..." },
	{ "special", SV("a,b"), 100, "a\\,b" },
	{ "backslash", SV("a\\x41"), 100, "a\\\\x41" },
	{ "NUL", SV("a\0b"), 100, "a\\x00b" },
	{ "newline", SV("a\r\nb"), 100, "a\\x0D\\x0Ab" },
	{ "escape", SV("\033[31m"), 100, "\\x1B[31m" },
	{ "DEL", SV("\x7F"), 100, "\\x7F" },
	{ "C1 control", SV("\xC2\x9B"), 100, "\\x9B" },
	{ "right to left", SV("\xE2\x80\xAEgpj"), 100, "\\u{202E}gpj" },
	{ "zero width", SV("a\xE2\x80\x8B"), 100, "a\\u{200B}" },
	{ "line separator", SV("\xE2\x80\xA8"), 100, "\\u{2028}" },
	{ "tag", SV("\xF3\xA0\x81\x81"), 100, "\\u{E0041}" },
	{ "lone byte", SV("\xFFz"), 100, "\\xFFz" },
	{ "half a character", SV("a\xC3"), 100, "a\\xC3" },
	{ "overlong", SV("\xC0\x80"), 100, "\\xC0\\x80" },
	{ "overlong 3", SV("\xE0\x80\xAF"), 100, "\\xE0\\x80\\xAF" },
	{ "surrogate", SV("\xED\xA0\x80"), 100, "\\xED\\xA0\\x80" },
	{ "over 10FFFF", SV("\xF4\x90\x80\x80"), 100, "\\xF4\\x90\\x80\\x80" },
};

START_TEST(utf8)
{
	struct buf out;

	buf_init(&out, 4096);
	words_utf8(&out, rows[_i].in, ",", rows[_i].max);
	ck_assert_msg(strcmp(buf_str(&out), rows[_i].want) == 0, "%s: %s",
	    rows[_i].label, buf_str(&out));
	buf_free(&out);
}
END_TEST

START_TEST(times)
{
	ASN1_TIME *t = ASN1_TIME_new();
	char text[INFO_TIME_SIZE];

	ck_assert(ASN1_TIME_set_string(t, "260601000000Z") == 1);
	ck_assert_int_eq(words_time(t), 1780272000);
	ck_assert_str_eq(cert_info_time(1780272000, text),
	    "2026-06-01T00:00:00Z");
	ck_assert(ASN1_TIME_set_string(t, "99991231235959Z") == 1);
	ck_assert_int_eq(words_time(t), 253402300799);
	ck_assert(ASN1_STRING_set(t, "26060100", 8) == 1);
	ck_assert(words_time(t) == INT64_MIN);
	ck_assert(words_time(NULL) == INT64_MIN);
	ck_assert_str_eq(cert_info_time(INT64_MIN, text), "unreadable");
	ck_assert_str_eq(cert_info_time(INT64_MAX, text), "unreadable");
	ASN1_TIME_free(t);
}
END_TEST

/* 64 parts of 255 bytes: far over what is shown. */
START_TEST(long_name)
{
	X509_NAME *name = X509_NAME_new();
	unsigned char value[60];
	struct buf out;

	memset(value, '\1', sizeof(value));
	for (int i = 0; i < 500; i++)
		ck_assert(X509_NAME_add_entry_by_txt(name, "OU", MBSTRING_UTF8,
			      value, sizeof(value), -1, 0) == 1);
	buf_init(&out, 8192);
	words_dn(&out, name);
	ck_assert(!out.is_full && out.n < 2 * WORDS_DN_MAX + 300);
	ck_assert(sv_ends(buf_sv(&out), sv_from(", ...")));
	X509_NAME_free(name);
	buf_reset(&out);
	name = X509_NAME_new();
	words_dn(&out, name);
	ck_assert_str_eq(buf_str(&out), "(empty name)");
	X509_NAME_free(name);
	buf_free(&out);
}
END_TEST

static const struct {
	const char *label;
	const char *in;
	int rc;
	enum names_kind kind;
	const char *want;
} names[] = {
	{ "host", "mx.example.com", 0, NAMES_HOST, "mx.example.com" },
	{ "case and dot", "MX.Example.COM.", 0, NAMES_HOST, "mx.example.com" },
	{ "U-label", "m\xC3\xBCller.example", 0, NAMES_HOST,
	    "xn--mller-kva.example" },
	{ "subdomains", ".Example.com", 0, NAMES_HOST, ".example.com" },
	{ "one label", "localhost", 0, NAMES_HOST, "localhost" },
	{ "address", "192.0.2.1", 0, NAMES_IP, "192.0.2.1" },
	{ "literal", "[192.0.2.1]", 0, NAMES_IP, "192.0.2.1" },
	{ "IPv6", "2001:DB8:0:0::1", 0, NAMES_IP, "2001:db8::1" },
	{ "IPv6 literal", "[IPv6:2001:db8::1]", 0, NAMES_IP, "2001:db8::1" },
	{ "mail", "Joe@Example.com", 0, NAMES_MAIL, "Joe@example.com" },
	{ "mail, two @", "a@b@example.com", 0, NAMES_MAIL, "a@b@example.com" },
	{ "empty", "", -1, NAMES_HOST, "" },
	{ "blank", " ", -1, NAMES_HOST, "" },
	{ "dot", ".", -1, NAMES_HOST, "" },
	{ "empty label", "a..b", -1, NAMES_HOST, "" },
	{ "no user", "@example.com", -1, NAMES_MAIL, "" },
	{ "no domain", "joe@", -1, NAMES_MAIL, "" },
	{ "inner blank", "mx example", -1, NAMES_HOST, "" },
	{ "wildcard", "*.example.com", -1, NAMES_HOST, "" },
	{ "control", "mx\x01.example", -1, NAMES_HOST, "" },
	{ "not UTF-8", "\xFF.example", -1, NAMES_HOST, "" },
};

START_TEST(name)
{
	struct names_wanted w;
	struct err err = { 0 };
	int rc = names_parse(names[_i].in, &w, &err);

	ck_assert_msg(rc == names[_i].rc, "%s: %s", names[_i].label, err.text);
	if (rc == 0)
		ck_assert_msg(w.kind == names[_i].kind &&
			strcmp(w.text, names[_i].want) == 0,
		    "%s: %s", names[_i].label, w.text);
}
END_TEST

START_TEST(wrap)
{
	struct buf out;

	buf_init(&out, 4096);
	wrap_paragraph(&out, "  to: ", sv_from("one two  three"), 13);
	ck_assert_str_eq(buf_str(&out), "  to: one two\n      three\n");
	buf_reset(&out);
	wrap_paragraph(&out, "", sv_from("averyveryverylongword b"), 5);
	ck_assert_str_eq(buf_str(&out), "averyveryverylongword\nb\n");
	buf_reset(&out);
	wrap_paragraph(&out, "x ", sv_from(""), 5);
	ck_assert_str_eq(buf_str(&out), "x \n");
	ck_assert_uint_eq(wrap_width(sv_from("M\xC3\xBC")), 2);
	buf_free(&out);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, utf8, 0, N_ROWS(rows));
	tcase_add_test(tc, times);
	tcase_add_test(tc, long_name);
	tcase_add_loop_test(tc, name, 0, N_ROWS(names));
	tcase_add_test(tc, wrap);
}

UNIT_MAIN("cert_words", add_tests)
