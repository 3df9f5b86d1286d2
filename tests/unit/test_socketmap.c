/* tlswarden: tests for wire/netstring and wire/socketmap.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "unit.h"
#include "wire/netstring.h"
#include "wire/socketmap.h"

static const struct {
	const char *label;
	struct sv in;
	size_t max;
	enum netstring_status want;
	struct sv payload;
	size_t used;
} frames[] = {
	{ "hello", SV("12:hello world!,"), 99, NETSTRING_OK, SV("hello world!"),
	    16 },
	{ "empty", SV("0:,"), 99, NETSTRING_OK, SV(""), 3 },
	{ "a second one behind", SV("1:a,1:b,"), 99, NETSTRING_OK, SV("a"), 4 },
	{ "NUL is data", SV("3:a\0b,"), 99, NETSTRING_OK, SV("a\0b"), 6 },
	{ "comma inside", SV("2:,,,"), 99, NETSTRING_OK, SV(",,"), 5 },
	{ "as long as allowed", SV("3:abc,"), 3, NETSTRING_OK, SV("abc"), 6 },
	{ "one over", SV("4:abcd,"), 3, NETSTRING_TOO_LONG, SV(""), 0 },
	{ "over, body not there", SV("4"), 3, NETSTRING_TOO_LONG, SV(""), 0 },
	{ "length that overflows", SV("99999999999999999999999999:"), 10000,
	    NETSTRING_TOO_LONG, SV(""), 0 },
	{ "nothing", SV(""), 99, NETSTRING_MORE, SV(""), 0 },
	{ "half a length", SV("1"), 99, NETSTRING_MORE, SV(""), 0 },
	{ "no body", SV("12:"), 99, NETSTRING_MORE, SV(""), 0 },
	{ "half a body", SV("12:hello"), 99, NETSTRING_MORE, SV(""), 0 },
	{ "no comma", SV("12:hello world!"), 99, NETSTRING_MORE, SV(""), 0 },
	{ "wrong end", SV("5:hello;"), 99, NETSTRING_BAD, SV(""), 0 },
	{ "body too short", SV("4:hello,"), 99, NETSTRING_BAD, SV(""), 0 },
	{ "leading zero", SV("05:hello,"), 99, NETSTRING_BAD, SV(""), 0 },
	{ "two zeros", SV("00:,"), 99, NETSTRING_BAD, SV(""), 0 },
	{ "no length", SV(":hello,"), 99, NETSTRING_BAD, SV(""), 0 },
	{ "negative", SV("-1:,"), 99, NETSTRING_BAD, SV(""), 0 },
	{ "plus sign", SV("+1:a,"), 99, NETSTRING_BAD, SV(""), 0 },
	{ "blank in front", SV(" 1:a,"), 99, NETSTRING_BAD, SV(""), 0 },
	{ "blank behind", SV("1 :a,"), 99, NETSTRING_BAD, SV(""), 0 },
	{ "newline", SV("\n"), 99, NETSTRING_BAD, SV(""), 0 },
	{ "hex", SV("a:0123456789,"), 99, NETSTRING_BAD, SV(""), 0 },
	{ "HTTP", SV("GET / HTTP/1.0\r\n"), 99, NETSTRING_BAD, SV(""), 0 },
	{ "NUL first", SV("\0"), 99, NETSTRING_BAD, SV(""), 0 },
	{ "8 bit", SV("\xb2:ab,"), 99, NETSTRING_BAD, SV(""), 0 },
};

START_TEST(frame)
{
	struct sv payload = SV("untouched");
	size_t used = 12345;
	enum netstring_status got =
	    netstring_parse(frames[_i].in, frames[_i].max, &payload, &used);

	ck_assert_msg(got == frames[_i].want, "%s: status %u", frames[_i].label,
	    got);
	if (got == NETSTRING_OK) {
		ck_assert_sv_eq(payload, frames[_i].payload, frames[_i].label);
		ck_assert_uint_eq(used, frames[_i].used);
		return;
	}
	ck_assert_uint_eq(used, 12345);
	ck_assert(sv_is(payload, "untouched"));
}
END_TEST

static const struct {
	const char *label;
	struct sv in;
	enum socketmap_status want;
	struct sv map, key;
} requests[] = {
	{ "plain", SV("21:tlspolicy example.com,"), SOCKETMAP_OK,
	    SV("tlspolicy"), SV("example.com") },
	{ "key with blanks", SV("9:dsn 4.7.4,"), SOCKETMAP_OK, SV("dsn"),
	    SV("4.7.4") },
	{ "key of words", SV("10:dsn 4 a  b,"), SOCKETMAP_OK, SV("dsn"),
	    SV("4 a  b") },
	{ "empty key", SV("4:dsn ,"), SOCKETMAP_OK, SV("dsn"), SV("") },
	{ "key is a blank", SV("5:dsn  ,"), SOCKETMAP_OK, SV("dsn"), SV(" ") },
	{ "NUL in key", SV("7:dsn a\0b,"), SOCKETMAP_OK, SV("dsn"),
	    SV("a\0b") },
	{ "no blank", SV("3:dsn,"), SOCKETMAP_BAD, SV(""), SV("") },
	{ "no map", SV("4: dsn,"), SOCKETMAP_BAD, SV(""), SV("") },
	{ "only a blank", SV("1: ,"), SOCKETMAP_BAD, SV(""), SV("") },
	{ "empty", SV("0:,"), SOCKETMAP_BAD, SV(""), SV("") },
	{ "tab is no blank", SV("5:dsn\ta,"), SOCKETMAP_BAD, SV(""), SV("") },
	{ "tcp_table(5)", SV("get a\n"), SOCKETMAP_BAD, SV(""), SV("") },
	{ "delegation", SV("request=smtpd_access_policy\n"), SOCKETMAP_BAD,
	    SV(""), SV("") },
	{ "largest length", SV("10000:dsn "), SOCKETMAP_MORE, SV(""), SV("") },
	{ "length over", SV("10001:dsn "), SOCKETMAP_TOO_LONG, SV(""), SV("") },
	{ "half", SV("9:dsn 4"), SOCKETMAP_MORE, SV(""), SV("") },
};

START_TEST(request)
{
	struct socketmap_request req = { SV("x"), SV("y") };
	size_t used = 0;
	struct buf out;
	enum socketmap_status got =
	    socketmap_parse(requests[_i].in, &req, &used);

	ck_assert_msg(got == requests[_i].want, "%s: status %u",
	    requests[_i].label, got);
	if (got != SOCKETMAP_OK) {
		ck_assert(sv_is(req.map, "x") && sv_is(req.key, "y"));
		return;
	}
	ck_assert_sv_eq(req.map, requests[_i].map, requests[_i].label);
	ck_assert_sv_eq(req.key, requests[_i].key, requests[_i].label);
	ck_assert_uint_eq(used, requests[_i].in.n);
	buf_init(&out, 99);
	socketmap_format(&req, &out);
	ck_assert_sv_eq(buf_sv(&out), requests[_i].in, requests[_i].label);
	buf_free(&out);
}
END_TEST

/* Byte by byte, a request is MORE until its last byte. */
START_TEST(bytewise)
{
	static const struct sv in = SV("21:tlspolicy example.com,");
	struct socketmap_request req;
	size_t used;

	for (size_t n = 0; n < in.n; n++)
		ck_assert_msg(socketmap_parse(sv_head(in, n), &req, &used) ==
			SOCKETMAP_MORE,
		    "%zu bytes", n);
	ck_assert_uint_eq(socketmap_parse(in, &req, &used), SOCKETMAP_OK);
}
END_TEST

START_TEST(largest_request)
{
	char *text = mem_alloc(LIMIT_SOCKETMAP_REQUEST);
	struct socketmap_request req = { SV("dsn"), SV("") }, got;
	struct buf out;
	size_t used;

	memset(text, 'k', LIMIT_SOCKETMAP_REQUEST);
	buf_init(&out, LIMIT_SOCKETMAP_REQUEST + 16);
	req.key = sv_make(text, LIMIT_SOCKETMAP_REQUEST - 4);
	socketmap_format(&req, &out);
	ck_assert_uint_eq(socketmap_parse(buf_sv(&out), &got, &used),
	    SOCKETMAP_OK);
	ck_assert_uint_eq(got.key.n, req.key.n);
	buf_reset(&out);
	req.key.n++;
	socketmap_format(&req, &out);
	ck_assert_uint_eq(socketmap_parse(buf_sv(&out), &got, &used),
	    SOCKETMAP_TOO_LONG);
	buf_free(&out);
	free(text);
}
END_TEST

START_TEST(reply)
{
	struct buf out;
	char *big = mem_alloc(LIMIT_SOCKETMAP_REPLY);
	enum socketmap_word word;
	struct sv text;
	size_t used;

	memset(big, 'v', LIMIT_SOCKETMAP_REPLY);
	buf_init(&out, 2 * LIMIT_SOCKETMAP_REPLY);
	socketmap_ok(sv_from("encrypt"), &out);
	socketmap_notfound(&out);
	socketmap_temp(sv_from("try\nlater"), &out);
	socketmap_ok(sv_from(""), &out);
	ck_assert_str_eq(buf_str(&out),
	    "10:OK encrypt,9:NOTFOUND ,17:TEMP try\\x0Alater,"
	    "24:TEMP the answer is empty,");
	buf_reset(&out);
	socketmap_ok(sv_make(big, LIMIT_SOCKETMAP_REPLY - 3), &out);
	ck_assert_uint_eq(socketmap_reply_parse(buf_sv(&out), &word, &text,
			      &used),
	    SOCKETMAP_OK);
	ck_assert_uint_eq(word, SOCKETMAP_WORD_OK);
	ck_assert_uint_eq(text.n, LIMIT_SOCKETMAP_REPLY - 3);
	buf_reset(&out);
	socketmap_ok(sv_make(big, LIMIT_SOCKETMAP_REPLY - 2), &out);
	ck_assert_str_eq(buf_str(&out), "27:TEMP the answer is too long,");
	buf_reset(&out);
	socketmap_temp(sv_make(big, 401), &out);
	ck_assert_uint_eq(out.n, strlen("408:TEMP ...,") + 400);
	buf_free(&out);
	free(big);
}
END_TEST

static const struct {
	const char *label;
	struct sv in;
	enum socketmap_status want;
	enum socketmap_word word;
	struct sv text;
} replies[] = {
	{ "OK", SV("10:OK encrypt,"), SOCKETMAP_OK, SOCKETMAP_WORD_OK,
	    SV("encrypt") },
	{ "NOTFOUND", SV("9:NOTFOUND ,"), SOCKETMAP_OK, SOCKETMAP_WORD_NOTFOUND,
	    SV("") },
	{ "TEMP", SV("6:TEMP x,"), SOCKETMAP_OK, SOCKETMAP_WORD_TEMP, SV("x") },
	{ "bare OK", SV("2:OK,"), SOCKETMAP_BAD, SOCKETMAP_WORD_UNKNOWN,
	    SV("") },
	{ "bare NOTFOUND", SV("8:NOTFOUND,"), SOCKETMAP_BAD,
	    SOCKETMAP_WORD_UNKNOWN, SV("") },
	{ "PERM", SV("6:PERM x,"), SOCKETMAP_BAD, SOCKETMAP_WORD_UNKNOWN,
	    SV("") },
	{ "small letters", SV("4:ok x,"), SOCKETMAP_BAD, SOCKETMAP_WORD_UNKNOWN,
	    SV("") },
	{ "half", SV("10:OK enc"), SOCKETMAP_MORE, SOCKETMAP_WORD_UNKNOWN,
	    SV("") },
};

START_TEST(reply_words)
{
	enum socketmap_word word = SOCKETMAP_WORD_UNKNOWN;
	struct sv text = SV("");
	size_t used;
	enum socketmap_status got =
	    socketmap_reply_parse(replies[_i].in, &word, &text, &used);

	ck_assert_msg(got == replies[_i].want, "%s: status %u",
	    replies[_i].label, got);
	ck_assert_uint_eq(word, replies[_i].word);
	ck_assert_sv_eq(text, replies[_i].text, replies[_i].label);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, frame, 0, N_ROWS(frames));
	tcase_add_loop_test(tc, request, 0, N_ROWS(requests));
	tcase_add_test(tc, bytewise);
	tcase_add_test(tc, largest_request);
	tcase_add_test(tc, reply);
	tcase_add_loop_test(tc, reply_words, 0, N_ROWS(replies));
}

UNIT_MAIN("socketmap", add_tests)
