/* tlswarden: tests for probe/reply.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "probe/reply.h"
#include "unit.h"

/* used is 0 unless the status is OK: then 0 stands for all of it. */
static const struct {
	const char *label;
	struct sv in;
	enum reply_status want;
	unsigned code;
	size_t used;
	const char *first;
} replies[] = {
	{ "one line", SV("220 mx ESMTP\r\n"), REPLY_OK, 220, 0, "mx ESMTP" },
	{ "bare LF", SV("220 mx\n"), REPLY_OK, 220, 0, "mx" },
	{ "no text", SV("250 \r\n"), REPLY_OK, 250, 0, "" },
	{ "no blank", SV("250\r\n"), REPLY_OK, 250, 0, "" },
	{ "no blank, LF", SV("250\n"), REPLY_OK, 250, 0, "" },
	{ "many lines", SV("250-a\r\n250-b\r\n250 c\r\n"), REPLY_OK, 250, 0,
	    "a" },
	{ "empty continuation", SV("250-\r\n250 \r\n"), REPLY_OK, 250, 0, "" },
	{ "two replies", SV("220 a\r\n250 b\r\n"), REPLY_OK, 220, 7, "a" },
	{ "lowest code", SV("200 a\r\n"), REPLY_OK, 200, 0, "a" },
	{ "highest code", SV("599 a\r\n"), REPLY_OK, 599, 0, "a" },
	{ "NUL in the text", SV("220 a\0b\r\n"), REPLY_OK, 220, 0, NULL },
	{ "8 bits in the text", SV("220 \xff\r\n"), REPLY_OK, 220, 0, NULL },
	{ "nothing", SV(""), REPLY_MORE, 0, 0, NULL },
	{ "one digit", SV("2"), REPLY_MORE, 0, 0, NULL },
	{ "no line end", SV("220 mx"), REPLY_MORE, 0, 0, NULL },
	{ "CR alone", SV("220 mx\r"), REPLY_MORE, 0, 0, NULL },
	{ "last line is missing", SV("250-a\r\n"), REPLY_MORE, 0, 0, NULL },
	{ "last line is begun", SV("250-a\r\n25"), REPLY_MORE, 0, 0, NULL },
	{ "letters", SV("HTTP/1.1 400\r\n"), REPLY_BAD, 0, 0, NULL },
	{ "letters, no line end", SV("SSH"), REPLY_BAD, 0, 0, NULL },
	{ "letter later", SV("2a"), REPLY_BAD, 0, 0, NULL },
	{ "letter in the next line", SV("250-a\r\nx"), REPLY_BAD, 0, 0, NULL },
	{ "a blank first", SV(" 220 a\r\n"), REPLY_BAD, 0, 0, NULL },
	{ "empty line", SV("\r\n"), REPLY_BAD, 0, 0, NULL },
	{ "line feed", SV("\n"), REPLY_BAD, 0, 0, NULL },
	{ "two digits", SV("22 a\r\n"), REPLY_BAD, 0, 0, NULL },
	{ "two digits alone", SV("22\n"), REPLY_BAD, 0, 0, NULL },
	{ "four digits", SV("2200 a\r\n"), REPLY_BAD, 0, 0, NULL },
	{ "code 199", SV("199 a\r\n"), REPLY_BAD, 0, 0, NULL },
	{ "code 600", SV("600 a\r\n"), REPLY_BAD, 0, 0, NULL },
	{ "code 000", SV("000 a\r\n"), REPLY_BAD, 0, 0, NULL },
	{ "minus", SV("-20 a\r\n"), REPLY_BAD, 0, 0, NULL },
	{ "tab behind the code", SV("220\ta\r\n"), REPLY_BAD, 0, 0, NULL },
	{ "plus behind the code", SV("220+a\r\n"), REPLY_BAD, 0, 0, NULL },
	{ "NUL behind the code", SV("220\0a\r\n"), REPLY_BAD, 0, 0, NULL },
	{ "another code later", SV("250-a\r\n251 b\r\n"), REPLY_BAD, 0, 0,
	    NULL },
	{ "TLS alert", SV("\x15\x03\x01\x00\x02\x02\x28"), REPLY_BAD, 0, 0,
	    NULL },
};

START_TEST(parse)
{
	struct reply r = { 0 };
	enum reply_status got = reply_parse(replies[_i].in, &r);
	const char *label = replies[_i].label;

	ck_assert_msg(got == replies[_i].want, "%s: %d", label, (int)got);
	if (got != REPLY_OK)
		return;
	ck_assert_msg(r.code == replies[_i].code, "%s: %u", label, r.code);
	ck_assert_msg(r.used ==
		(replies[_i].used != 0 ? replies[_i].used : replies[_i].in.n),
	    "%s: %zu", label, r.used);
	if (replies[_i].first != NULL)
		ck_assert_sv_eq(reply_first_line(&r),
		    sv_from(replies[_i].first), label);
}
END_TEST

/* Whatever is a reply is none yet without its last byte. */
START_TEST(prefixes)
{
	struct reply r;
	struct sv in = replies[_i].in;

	if (replies[_i].want != REPLY_OK)
		return;
	if (replies[_i].used != 0)
		in.n = replies[_i].used;
	for (size_t n = 0; n < in.n; n++)
		ck_assert_msg(reply_parse(sv_head(in, n), &r) == REPLY_MORE,
		    "%s: %zu bytes", replies[_i].label, n);
}
END_TEST

static void
add_lines(struct buf *b, size_t n, size_t bytes)
{
	for (size_t i = 0; i < n; i++) {
		buf_adds(b, i + 1 < n ? "250-" : "250 ");
		for (size_t k = 0; k < bytes; k++)
			buf_addc(b, 'x');
		buf_addc(b, '\n');
	}
}

static const struct {
	const char *label;
	size_t lines, bytes; /* behind "250-", before the line feed */
	enum reply_status want;
} sizes[] = {
	{ "as many lines as may be", REPLY_LINES, 10, REPLY_OK },
	{ "one line more", REPLY_LINES + 1, 10, REPLY_BAD },
	{ "the longest line", 1, REPLY_LINE - 4, REPLY_OK },
	{ "one byte more", 1, REPLY_LINE - 3, REPLY_BAD },
	{ "as many bytes as may be", 16, REPLY_BYTES / 16 - 5, REPLY_OK },
	{ "a line more", 17, REPLY_BYTES / 16 - 5, REPLY_BAD },
};

START_TEST(limits)
{
	struct reply r;
	struct buf b;

	buf_init(&b, 1 << 20);
	add_lines(&b, sizes[_i].lines, sizes[_i].bytes);
	ck_assert_msg(reply_parse(buf_sv(&b), &r) == sizes[_i].want, "%s",
	    sizes[_i].label);
	buf_free(&b);
}
END_TEST

/* A line that never ends is given up, not waited for. */
START_TEST(endless)
{
	struct reply r;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_adds(&b, "250-");
	while (b.n < REPLY_LINE)
		buf_addc(&b, 'x');
	ck_assert(reply_parse(buf_sv(&b), &r) == REPLY_MORE);
	buf_addc(&b, 'x');
	ck_assert(reply_parse(buf_sv(&b), &r) == REPLY_BAD);
	buf_free(&b);
}
END_TEST

static const struct {
	const char *label;
	struct sv in;
	bool want;
} keywords[] = {
	{ "alone", SV("250-mx\r\n250 STARTTLS\r\n"), true },
	{ "in the middle", SV("250-mx\r\n250-STARTTLS\r\n250 X\r\n"), true },
	{ "lower case", SV("250-mx\r\n250 starttls\r\n"), true },
	{ "with a parameter", SV("250-mx\r\n250 STARTTLS now\r\n"), true },
	{ "bare LF", SV("250-mx\n250 STARTTLS\n"), true },
	{ "blanks behind", SV("250-mx\r\n250 STARTTLS  \r\n"), true },
	{ "in the first line", SV("250-STARTTLS\r\n250 X\r\n"), false },
	{ "only line", SV("250 STARTTLS\r\n"), false },
	{ "a longer word", SV("250-mx\r\n250 STARTTLSX\r\n"), false },
	{ "the end of a word", SV("250-mx\r\n250 XSTARTTLS\r\n"), false },
	{ "as a parameter", SV("250-mx\r\n250 X STARTTLS\r\n"), false },
	{ "with NUL", SV("250-mx\r\n250 STARTTLS\0\r\n"), false },
	{ "with a minus", SV("250-mx\r\n250 STARTTLS-\r\n"), false },
	{ "an equals sign", SV("250-mx\r\n250 AUTH=STARTTLS\r\n"), false },
};

START_TEST(has_keyword)
{
	static const struct sv keyword = SV("STARTTLS");
	struct reply r;

	ck_assert(reply_parse(keywords[_i].in, &r) == REPLY_OK);
	ck_assert_msg(reply_has_keyword(&r, keyword) == keywords[_i].want, "%s",
	    keywords[_i].label);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, parse, 0, N_ROWS(replies));
	tcase_add_loop_test(tc, prefixes, 0, N_ROWS(replies));
	tcase_add_loop_test(tc, limits, 0, N_ROWS(sizes));
	tcase_add_test(tc, endless);
	tcase_add_loop_test(tc, has_keyword, 0, N_ROWS(keywords));
}

UNIT_MAIN("reply", add_tests)
