/* tlswarden: tests for resolve/resolve, what needs no network.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "resolve/resolve.h"
#include "unit.h"

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L61 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L62 L61 "a"

static const struct {
	const char *label;
	struct sv in;
	const char *want; /* NULL: malformed */
} names[] = {
	{ "root", SV("\0"), "" },
	{ "one label", SV("\2mx\0"), "mx" },
	{ "three labels", SV("\2mx\7example\3com\0"), "mx.example.com" },
	{ "upper case", SV("\2MX\7Example\3COM\0"), "mx.example.com" },
	{ "underscore", SV("\3_mx\1x\0"), "_mx.x" },
	{ "digits",
	    SV("\3"
	       "192\1x\0"),
	    "192.x" },
	{ "63 bytes", SV("\77" L63 "\0"), L63 },
	{ "253 bytes", SV("\77" L63 "\77" L63 "\77" L63 "\75" L61 "\0"),
	    L63 "." L63 "." L63 "." L61 },
	{ "an address in place of a name",
	    SV("\3"
	       "192\1"
	       "0\1"
	       "2\1"
	       "1\0"),
	    "192.0.2.1" },
	{ "an IPv6 address",
	    SV("\13"
	       "2001:DB8::1\0"),
	    "2001:db8::1" },
	{ "a wildcard", SV("\1*\1x\0"), "*.x" },
	{ "bytes behind", SV("\2mx\0\xff\xff"), "mx" },
	{ "254 bytes", SV("\77" L63 "\77" L63 "\77" L63 "\76" L62 "\0"), NULL },
	{ "nothing", SV(""), NULL },
	{ "no root", SV("\2mx"), NULL },
	{ "cut label", SV("\5mx"), NULL },
	{ "length alone", SV("\5"), NULL },
	{ "64 bytes", SV("\100a" L63 "\0"), NULL },
	{ "compressed", SV("\300\014"), NULL },
	{ "compressed later", SV("\2mx\300\014"), NULL },
	{ "reserved 01", SV("\101a\0"), NULL },
	{ "reserved 10", SV("\201a\0"), NULL },
	{ "dot in a label", SV("\3a.b\0"), "a.b" },
	{ "two dots in a label", SV("\4a..b\0"), NULL },
	{ "blank", SV("\3a b\0"), NULL },
	{ "NUL", SV("\3a\0b\0"), NULL },
	{ "line feed", SV("\3a\nb\0"), NULL },
	{ "at sign", SV("\3a@b\0"), NULL },
	{ "bracket", SV("\3[a]\0"), NULL },
	{ "slash", SV("\3a/b\0"), NULL },
	{ "colon", SV("\3a:b\0"), NULL },
	{ "a wildcard alone", SV("\1*\0"), NULL },
	{ "a wildcard behind", SV("\1a\1*\1x\0"), NULL },
	{ "two wildcards", SV("\1*\1*\1x\0"), NULL },
	{ "a part of a label", SV("\2*a\1x\0"), NULL },
	{ "nearly IPv6",
	    SV("\5"
	       "1:::2\0"),
	    NULL },
	{ "hyphen first", SV("\2-a\0"), NULL },
	{ "hyphen last", SV("\2a-\0"), NULL },
	{ "8 bits, no UTF-8", SV("\2\xff\xfe\0"), NULL },
	{ "escape", SV("\4\x1b[1m\0"), NULL },
};

START_TEST(wire_name)
{
	char text[LIMIT_DOMAIN + 1] = "untouched";
	bool ok = resolve_wire_name(names[_i].in, text);

	ck_assert_msg(ok == (names[_i].want != NULL), "%s: %d", names[_i].label,
	    ok);
	if (ok)
		ck_assert_msg(strcmp(text, names[_i].want) == 0, "%s: \"%s\"",
		    names[_i].label, text);
}
END_TEST

/* What comes from a cut message is never read behind its end. */
START_TEST(wire_name_cut)
{
	char text[LIMIT_DOMAIN + 1];
	struct sv in = SV("\2mx\7example\3com\0");

	for (size_t n = 0; n < in.n; n++)
		ck_assert_msg(!resolve_wire_name(sv_head(in, n), text),
		    "%zu bytes", n);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, wire_name, 0, N_ROWS(names));
	tcase_add_test(tc, wire_name_cut);
}

UNIT_MAIN("resolve", add_tests)
