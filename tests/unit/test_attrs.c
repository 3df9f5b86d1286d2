/* tlswarden: tests for wire/attrs and wire/xtext.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "unit.h"
#include "wire/attrs.h"
#include "wire/xtext.h"

/* What Postfix 3.7 sends at RCPT. */
static const char postfix_request[] =
    "request=smtpd_access_policy\nprotocol_state=RCPT\n"
    "protocol_name=ESMTP\nclient_address=127.0.0.1\n"
    "client_name=localhost\nclient_port=40000\n"
    "reverse_client_name=localhost\nserver_address=127.0.0.1\n"
    "server_port=25\nhelo_name=client.example\nsender=a@b.example\n"
    "recipient=c@d.example\nrecipient_count=0\nqueue_id=\n"
    "instance=123.5f.0\nsize=0\netrn_domain=\nstress=\nsasl_method=\n"
    "sasl_username=\nsasl_sender=\nccert_subject=Lab+20Client\n"
    "ccert_issuer=Lab+20Root+20CA\nccert_fingerprint=AA:BB\n"
    "ccert_pubkey_fingerprint=CC:DD\nencryption_protocol=TLSv1.3\n"
    "encryption_cipher=TLS_AES_256_GCM_SHA384\n"
    "encryption_keysize=256\npolicy_context=\n\n";

START_TEST(from_postfix)
{
	struct sv in = sv_from(postfix_request);
	struct attrs a, again;
	struct buf out;
	size_t used = 0;

	ck_assert_uint_eq(attrs_parse(in, LIMIT_DELEGATION_REQUEST, &a, &used),
	    ATTRS_OK);
	ck_assert_uint_eq(used, in.n);
	ck_assert(sv_is(a.v[ATTR_REQUEST], "smtpd_access_policy"));
	ck_assert(sv_is(a.v[ATTR_PROTOCOL_STATE], "RCPT"));
	ck_assert(sv_is(a.v[ATTR_CLIENT_PORT], "40000"));
	ck_assert(sv_is(a.v[ATTR_CCERT_ISSUER], "Lab+20Root+20CA"));
	ck_assert(sv_is(a.v[ATTR_ENCRYPTION_KEYSIZE], "256"));
	ck_assert(a.v[ATTR_QUEUE_ID].p != NULL && a.v[ATTR_QUEUE_ID].n == 0);
	buf_init(&out, 4096);
	attrs_format(&a, &out);
	ck_assert_uint_eq(attrs_parse(buf_sv(&out), 4096, &again, &used),
	    ATTRS_OK);
	for (int i = 0; i < ATTR_COUNT; i++)
		ck_assert_sv_eq(again.v[i], a.v[i], attrs_name((enum attr)i));
	buf_free(&out);
}
END_TEST

START_TEST(bytewise)
{
	struct sv in = sv_from(postfix_request);
	struct attrs a;
	size_t used;

	for (size_t n = 0; n < in.n; n++)
		ck_assert_msg(attrs_parse(sv_head(in, n),
				  LIMIT_DELEGATION_REQUEST, &a,
				  &used) == ATTRS_MORE,
		    "%zu bytes", n);
}
END_TEST

static const struct {
	const char *label;
	struct sv in;
	size_t max;
	enum attrs_status want;
	size_t used;
	struct sv sender; /* p == NULL: not sent */
} rows[] = {
	{ "one", SV("sender=a@b\n\n"), 99, ATTRS_OK, 12, SV("a@b") },
	{ "other order", SV("recipient=x\nsender=y\n\n"), 99, ATTRS_OK, 22,
	    SV("y") },
	{ "unknown ones are skipped", SV("new=1\nsender=y\nnew=2\n\n"), 99,
	    ATTRS_OK, 22, SV("y") },
	{ "empty value", SV("sender=\n\n"), 99, ATTRS_OK, 9, SV("") },
	{ "not sent", SV("recipient=x\n\n"), 99, ATTRS_OK, 13, { NULL, 0 } },
	{ "nothing", SV("\n"), 99, ATTRS_OK, 1, { NULL, 0 } },
	{ "equal signs", SV("sender=a=b=c\n\n"), 99, ATTRS_OK, 14,
	    SV("a=b=c") },
	{ "NUL is data", SV("sender=a\0b\n\n"), 99, ATTRS_OK, 12, SV("a\0b") },
	{ "a second request", SV("sender=a\n\nsender=b\n\n"), 99, ATTRS_OK, 10,
	    SV("a") },
	{ "CR is data", SV("sender=a\r\n\n"), 99, ATTRS_OK, 11, SV("a\r") },
	{ "as long as allowed", SV("sender=a\n\n"), 10, ATTRS_OK, 10, SV("a") },
	{ "one over", SV("sender=ab\n\n"), 10, ATTRS_BAD, 0, { NULL, 0 } },
	{ "endless line", SV("sender=abcdefgh"), 10, ATTRS_BAD, 0,
	    { NULL, 0 } },
	{ "empty", SV(""), 99, ATTRS_MORE, 0, { NULL, 0 } },
	{ "half a line", SV("send"), 99, ATTRS_MORE, 0, { NULL, 0 } },
	{ "no empty line", SV("sender=a\n"), 99, ATTRS_MORE, 0, { NULL, 0 } },
	{ "no equal sign", SV("sender\n\n"), 99, ATTRS_BAD, 0, { NULL, 0 } },
	{ "no name", SV("=a\n\n"), 99, ATTRS_BAD, 0, { NULL, 0 } },
	{ "only an equal sign", SV("=\n"), 99, ATTRS_BAD, 0, { NULL, 0 } },
	{ "twice", SV("sender=a\nsender=b\n\n"), 99, ATTRS_BAD, 0,
	    { NULL, 0 } },
	{ "twice, one empty", SV("sender=\nsender=b\n\n"), 99, ATTRS_BAD, 0,
	    { NULL, 0 } },
	{ "netstring", SV("21:tlspolicy example.com,\n"), 99, ATTRS_BAD, 0,
	    { NULL, 0 } },
	{ "HTTP", SV("GET / HTTP/1.0\r\n\r\n"), 99, ATTRS_BAD, 0, { NULL, 0 } },
	{ "bad line, no end yet", SV("sender\nx"), 99, ATTRS_BAD, 0,
	    { NULL, 0 } },
};

START_TEST(lines)
{
	struct attrs a = { .v[ATTR_SENDER] = SV("untouched") };
	size_t used = 0;
	enum attrs_status got =
	    attrs_parse(rows[_i].in, rows[_i].max, &a, &used);

	ck_assert_msg(got == rows[_i].want, "%s: status %u", rows[_i].label,
	    got);
	ck_assert_uint_eq(used, rows[_i].used);
	if (got != ATTRS_OK) {
		ck_assert(sv_is(a.v[ATTR_SENDER], "untouched"));
		return;
	}
	ck_assert_sv_eq(a.v[ATTR_SENDER], rows[_i].sender, rows[_i].label);
	ck_assert((a.v[ATTR_SENDER].p == NULL) == (rows[_i].sender.p == NULL));
}
END_TEST

START_TEST(action)
{
	struct buf out;

	buf_init(&out, 100);
	attrs_format_action(sv_from("DUNNO"), &out);
	attrs_format_action(sv_from("550 a\n\naction=OK\xff\x7f"), &out);
	ck_assert_str_eq(buf_str(&out),
	    "action=DUNNO\n\naction=550 a??action=OK??\n\n");
	buf_free(&out);
}
END_TEST

static const struct {
	const char *label;
	struct sv in;
	const char *want; /* NULL: refused */
} xtexts[] = {
	{ "plain", SV("abc"), "abc" },
	{ "empty", SV(""), "" },
	{ "blank", SV("Lab+20CA"), "Lab CA" },
	{ "plus", SV("a+2Bb"), "a+b" },
	{ "small hex digits", SV("a+2bb"), "a+b" },
	{ "only one", SV("+41"), "A" },
	{ "8 bit", SV("+C3+A9"), "\xc3\xa9" },
	{ "equal sign as it is", SV("a=b"), "a=b" },
	{ "lone plus", SV("+"), NULL },
	{ "one digit", SV("+4"), NULL },
	{ "plus at the end", SV("ab+"), NULL },
	{ "no digits", SV("+zz"), NULL },
	{ "one digit of two", SV("+4z"), NULL },
	{ "plus behind plus", SV("++41"), NULL },
	{ "good, then bad", SV("+41+"), NULL },
	{ "percent of another coding", SV("+%41"), NULL },
};

START_TEST(xtext)
{
	struct buf out, back, again;
	enum xtext_status st;

	buf_init(&out, 100);
	buf_init(&back, 100);
	buf_init(&again, 100);
	st = xtext_parse(xtexts[_i].in, &out);
	ck_assert_msg((st == XTEXT_OK) == (xtexts[_i].want != NULL), "%s",
	    xtexts[_i].label);
	ck_assert_str_eq(buf_str(&out),
	    xtexts[_i].want == NULL ? "" : xtexts[_i].want);
	xtext_format(buf_sv(&out), &back);
	ck_assert_uint_eq(xtext_parse(buf_sv(&back), &again), XTEXT_OK);
	ck_assert_sv_eq(buf_sv(&again), buf_sv(&out), xtexts[_i].label);
	buf_free(&out);
	buf_free(&back);
	buf_free(&again);
}
END_TEST

START_TEST(xtext_all_bytes)
{
	char all[256];
	struct buf out, back;

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	buf_init(&out, 1024);
	buf_init(&back, 1024);
	xtext_format(sv_make(all, sizeof(all)), &out);
	for (size_t i = 0; i < out.n; i++)
		ck_assert(out.p[i] > 32 && out.p[i] < 127);
	ck_assert_uint_eq(xtext_parse(buf_sv(&out), &back), XTEXT_OK);
	ck_assert_sv_eq(buf_sv(&back), sv_make(all, sizeof(all)), "all bytes");
	buf_free(&out);
	buf_free(&back);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, from_postfix);
	tcase_add_test(tc, bytewise);
	tcase_add_loop_test(tc, lines, 0, N_ROWS(rows));
	tcase_add_test(tc, action);
	tcase_add_loop_test(tc, xtext, 0, N_ROWS(xtexts));
	tcase_add_test(tc, xtext_all_bytes);
}

UNIT_MAIN("attrs", add_tests)
