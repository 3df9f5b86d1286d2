/* tlswarden: tests for policy/row, policy/postfix and policy/snapshot.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "policy/lookup.h"
#include "policy/postfix.h"
#include "policy/row.h"
#include "unit.h"

static const struct {
	struct sv text;
	int64_t want; /* -1: refused */
} times[] = {
	{ SV("1970-01-01"), 0 },
	{ SV("2001-09-09T01:46:40Z"), 1000000000 },
	{ SV("2001-09-09 01:46:40"), 1000000000 },
	{ SV("2001-09-09 01:46"), 999999960 },
	{ SV("2000-02-29"), 951782400 },
	{ SV("2038-01-19 03:14:08"), 2147483648 },
	{ SV("1999-02-29"), -1 },
	{ SV("2100-02-29"), -1 },
	{ SV("2001-13-01"), -1 },
	{ SV("2001-00-01"), -1 },
	{ SV("2001-01-32"), -1 },
	{ SV("2001-04-31"), -1 },
	{ SV("2001-1-1"), -1 },
	{ SV("2001/01/01"), -1 },
	{ SV("12:00"), -1 },
	{ SV("2451545"), -1 },
	{ SV("now"), -1 },
	{ SV(""), -1 },
	{ SV("Z"), -1 },
	{ SV("2001-09-09T01"), -1 },
	{ SV("2001-09-09T24:00"), -1 },
	{ SV("2001-09-09T01:60"), -1 },
	{ SV("2001-09-09T01:46:60"), -1 },
	{ SV("2001-09-09T01:46:40.5"), -1 },
	{ SV("2001-09-09T01:46:40+02:00"), -1 },
	{ SV("2001-09-09T01:46:40ZZ"), -1 },
	{ SV("2001-09-09 01:46:40 "), -1 },
};

START_TEST(parse_time)
{
	int64_t got = -1;
	bool ok = row_time_parse(times[_i].text, &got);

	ck_assert_msg(ok == (times[_i].want >= 0) && got == times[_i].want,
	    "%.*s: %lld", SV_ARG(times[_i].text), (long long)got);
}
END_TEST

#define HEX32 "0123456789abcdef0123456789abcdef"
#define PIN HEX32 HEX32
#define PIN_COLONS                                         \
	"01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:" \
	"01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF"

/* Columns direction, recipient, level, cert_name, cert_fingerprint,
 * min_protocol, ca; min_bits; then the answer for example.com, or words of the
 * refusal. */
static const struct {
	const char *direction, *recipient, *level, *name, *pin, *protocol, *ca;
	int64_t bits;
	const char *answer, *refusal;
} rows[] = {
	{ "out", "*", "none", NULL, NULL, NULL, NULL, 0, "none", NULL },
	{ "out", "*", "preferred", NULL, NULL, NULL, NULL, 0, "may", NULL },
	{ "out", "*", "encrypt", NULL, NULL, NULL, NULL, 0, "encrypt", NULL },
	{ "out", "*", "encrypt", NULL, NULL, "TLSv1.2", NULL, 0,
	    "encrypt protocols=>=TLSv1.2", NULL },
	{ "out", "*", "encrypt", NULL, NULL, NULL, NULL, 112,
	    "encrypt ciphers=medium", NULL },
	{ "out", "*", "encrypt", NULL, NULL, "TLSv1.3", NULL, 128,
	    "encrypt protocols=>=TLSv1.3 ciphers=high", NULL },
	{ "out", "*", "encrypt", NULL, NULL, NULL, NULL, 256,
	    "encrypt ciphers=high exclude=AES128:ARIA128:CAMELLIA128:3DES",
	    NULL },
	{ "out", "*", "encrypt", NULL, PIN, NULL, NULL, 0,
	    "fingerprint match=" PIN_COLONS, NULL },
	{ "out", "*", "encrypt", NULL, PIN "  " PIN_COLONS, NULL, NULL, 0,
	    "fingerprint match=" PIN_COLONS "|" PIN_COLONS, NULL },
	{ "out", "*", "secure", NULL, NULL, NULL, NULL, 0, "secure", NULL },
	{ "out", "*", "secure", ".nexthop:NextHop:MX.Example.com:.x.test", NULL,
	    NULL, NULL, 0,
	    "secure match=dot-nexthop:nexthop:mx.example.com:.x.test", NULL },
	{ "out", "*", "secure", "hostname", NULL, NULL, "lab", 0,
	    "secure match=hostname tafile=tlswarden/ca/abc.pem", NULL },
	{ "in", "*", "secure", "CN of ours:*O=Bank?*", NULL, NULL, "lab", 0,
	    NULL, NULL },
	{ "up", "*", "none", NULL, NULL, NULL, NULL, 0, NULL, "in (mail" },
	{ "OUT", "*", "none", NULL, NULL, NULL, NULL, 0, NULL, "in (mail" },
	{ "out", "*", "may", NULL, NULL, NULL, NULL, 0, NULL, "preferred" },
	{ "out", "a b", "none", NULL, NULL, NULL, NULL, 0, NULL,
	    "recipient: pattern" },
	{ "in", "[mx.test]", "none", NULL, NULL, NULL, NULL, 0, NULL,
	    "direction out" },
	{ "out", "*", "none", NULL, NULL, "TLSv1.2", NULL, 0, NULL,
	    "legal only with level encrypt" },
	{ "out", "*", "preferred", NULL, NULL, NULL, NULL, 128, NULL,
	    "legal only with level encrypt" },
	{ "out", "*", "encrypt", "a.test", NULL, NULL, NULL, 0, NULL,
	    "legal only with level secure" },
	{ "out", "*", "encrypt", NULL, NULL, NULL, "lab", 0, NULL,
	    "legal only with level secure" },
	{ "out", "*", "preferred", NULL, PIN, NULL, NULL, 0, NULL,
	    "cert_fingerprint is legal" },
	{ "out", "*", "secure", "*.example.com", NULL, NULL, NULL, 0, NULL,
	    "globs cannot" },
	{ "out", "*", "secure", "a b", NULL, NULL, NULL, 0, NULL,
	    "must be host names" },
	{ "out", "*", "secure", "", NULL, NULL, NULL, 0, NULL, "parted" },
	{ "out", "*", "secure", "a.test:", NULL, NULL, NULL, 0, NULL,
	    "parted" },
	{ "out", "*", "secure", "a.test::b.test", NULL, NULL, NULL, 0, NULL,
	    "empty name" },
	{ "out", "*", "secure", "192.0.2.1", NULL, NULL, NULL, 0, NULL,
	    "must be host names" },
	{ "out", "*", "secure", "a.test:.192.0.2.1", NULL, NULL, NULL, 0, NULL,
	    "must be host names" },
	{ "out", "*", "secure", "a.test:x.1", NULL, NULL, NULL, 0, NULL,
	    "must be host names" },
	{ "out", "*", "secure", "192.0.2.1.test:x.t1", NULL, NULL, NULL, 0,
	    "secure match=192.0.2.1.test:x.t1", NULL },
	{ "out", "*", "secure", "a.test match=evil", NULL, NULL, NULL, 0, NULL,
	    "must be host names" },
	{ "in", "*", "secure", "nexthop", NULL, NULL, NULL, 0, NULL,
	    "means nothing inbound" },
	{ "in", "*", "secure", "a\nb", NULL, NULL, NULL, 0, NULL,
	    "control characters" },
	{ "out", "*", "encrypt", NULL, "", NULL, NULL, 0, NULL, "empty" },
	{ "out", "*", "encrypt", NULL, HEX32, NULL, NULL, 0, NULL,
	    "64 hex digits" },
	{ "out", "*", "encrypt", NULL, PIN "0", NULL, NULL, 0, NULL,
	    "64 hex digits" },
	{ "out", "*", "encrypt", NULL, HEX32 "0123456789abcdeg" HEX32, NULL,
	    NULL, 0, NULL, "64 hex digits" },
	{ "out", "*", "encrypt", NULL, NULL, "TLSv1.4", NULL, 0, NULL,
	    "min_protocol" },
	{ "out", "*", "encrypt", NULL, NULL, "SSLv3", NULL, 0, NULL,
	    "min_protocol" },
	{ "out", "*", "encrypt", NULL, NULL, NULL, NULL, 257, NULL,
	    "1 to 256" },
	{ "out", "*", "encrypt", NULL, NULL, NULL, NULL, -1, NULL, "1 to 256" },
	{ "out", "*", "secure", NULL, NULL, NULL, "nosuch", 0, NULL,
	    "no usable row" },
};

static struct snapshot_builder *
new_builder(void)
{
	static const struct sv dn = SV("/CN=Lab CA"), cn = SV("Lab CA");
	struct snapshot_options o = { .now = 0,
		.postfix_version = 306,
		.ca_directory = SV("tlswarden/ca") };
	struct ca_fact ca = { SV("lab"), SV("abc"), &dn, &cn, 1 };
	struct snapshot_builder *b = snapshot_builder_new(&o);
	struct err e = { 0 };

	ck_assert(snapshot_builder_ca(b, &ca, &e) == 0);
	ck_assert(snapshot_builder_ca(b, &ca, &e) == -1);
	return b;
}

static struct rule_row
make_row(int i)
{
	struct rule_row row = { .id = 1, .enabled = 1, .priority = 100 };

	row.direction = sv_from(rows[i].direction);
	row.sender = sv_from("*");
	row.recipient = sv_from(rows[i].recipient);
	row.level = sv_from(rows[i].level);
	row.on_failure = sv_from("tempfail");
	row.mode = sv_from("enforce");
	row.cert_name = sv_from(rows[i].name);
	row.cert_fingerprint = sv_from(rows[i].pin);
	row.min_protocol = sv_from(rows[i].protocol);
	row.ca = sv_from(rows[i].ca);
	row.min_bits = rows[i].bits;
	return row;
}

static void
ask_tlspolicy(const struct snapshot *s, struct sv key, struct lookup_answer *r)
{
	static struct party party;
	const struct lookup_hop hop = { key, NULL, &party, NULL };

	lookup_tlspolicy(s, &hop, r);
}

START_TEST(row)
{
	struct snapshot_builder *b = new_builder();
	struct rule_row in = make_row(_i);
	struct err e = { 0 };
	int rc = snapshot_builder_row(b, &in, &e);
	struct snapshot *s = snapshot_builder_done(b);
	struct lookup_answer a;

	if (rows[_i].refusal != NULL) {
		ck_assert_msg(rc == -1 && strstr(e.text, rows[_i].refusal),
		    "row %d: %s", _i, e.text);
		ck_assert_uint_eq(snapshot_count(s), 0);
	} else {
		ck_assert_msg(rc == 0, "row %d: %s", _i, e.text);
		ask_tlspolicy(s, sv_from("example.com"), &a);
		if (rows[_i].answer == NULL) {
			ck_assert(a.status == LOOKUP_NOTFOUND);
		} else {
			ck_assert(a.status == LOOKUP_FOUND);
			ck_assert_sv_eq(a.text, sv_from(rows[_i].answer),
			    rows[_i].level);
		}
	}
	snapshot_free(s);
}
END_TEST

static const struct {
	struct sv key;
	enum lookup_status status;
} keys[] = {
	{ SV("example.com"), LOOKUP_FOUND },
	{ SV(".example.com"), LOOKUP_NOTFOUND },
	{ SV("."), LOOKUP_NOTFOUND },
	{ SV("/path/to/lmtp"), LOOKUP_FOUND },
	{ SV(""), LOOKUP_TEMP },
	{ SV("a\0b"), LOOKUP_TEMP },
	{ SV("\xff.test"), LOOKUP_TEMP },
};

START_TEST(catch_all_keys)
{
	struct snapshot_builder *b = new_builder();
	struct rule_row in = make_row(2);
	struct snapshot *s;
	struct lookup_answer a;

	ck_assert(snapshot_builder_row(b, &in, NULL) == 0);
	s = snapshot_builder_done(b);
	ask_tlspolicy(s, keys[_i].key, &a);
	ck_assert_msg(a.status == keys[_i].status, "key %d: status %d", _i,
	    (int)a.status);
	snapshot_free(s);
}
END_TEST

/* A name of n bytes under b.example that begins with first. */
static struct sv
long_name(char *out, char first, size_t n)
{
	memset(out, 'x', n);
	out[0] = first;
	memcpy(out + n - 10, ".b.example", 10);
	return sv_make(out, n);
}

/* Short patterns stand in their rule, long ones do not; rules are moved when
 * they are sorted. Each must still read as it was written. */
START_TEST(patterns_of_every_length)
{
	enum { SHORTEST = 12, LONGEST = 60, STEP = 4 };
	struct snapshot_builder *b = new_builder();
	struct snapshot *s;
	char sender[LONGEST], recipient[LONGEST];
	int64_t n = 0;

	for (size_t i = SHORTEST; i <= LONGEST; i += STEP)
		for (size_t j = SHORTEST; j <= LONGEST; j += STEP) {
			struct rule_row in = make_row(2);

			in.id = ++n;
			in.priority = -n;
			in.sender = long_name(sender, 's', i);
			in.recipient = long_name(recipient, 'r', j);
			ck_assert(snapshot_builder_row(b, &in, NULL) == 0);
		}
	s = snapshot_builder_done(b);
	for (size_t i = SHORTEST; i <= LONGEST; i += STEP)
		for (size_t j = SHORTEST; j <= LONGEST; j += STEP) {
			const struct rule *r = snapshot_rule(s, (size_t)--n);

			ck_assert_sv_eq(sv_make(r->sender.text, r->sender.n),
			    long_name(sender, 's', i), "sender");
			ck_assert_sv_eq(sv_make(r->recipient.text,
					    r->recipient.n),
			    long_name(recipient, 'r', j), "recipient");
		}
	snapshot_free(s);
}
END_TEST

/* To be met by any word: an address is to OpenSSL no further name, but a demand
 * beside them. */
static const struct {
	struct sv cert_name;
	bool is_address;
	const char *want; /* "" and "dot-nexthop": of an address nothing is */
} matches[] = {
	{ SV("mx.test"), false, "mx.test" },
	{ SV(".nexthop:nexthop:hostname"), false,
	    "dot-nexthop:nexthop:hostname" },
	{ SV("mx.test"), true, "mx.test" },
	{ SV("hostname:mx.test"), true, "mx.test" },
	{ SV("mx.test:nexthop:.b.test"), true, "mx.test:.b.test" },
	{ SV("hostname"), true, "hostname" },
	{ SV("nexthop"), true, "nexthop" },
	{ SV("nexthop:hostname"), true, "nexthop" },
	{ SV(".nexthop:hostname"), true, "hostname" },
	{ SV("nexthop:.nexthop"), true, "nexthop" },
	{ SV(".nexthop:.a.test"), true, ".a.test" },
	/* An address has no subdomains: nothing matches, ever. */
	{ SV(".nexthop"), true, "dot-nexthop" },
	{ SV(""), false, "" },
	{ SV(""), true, "" },
};

START_TEST(match_lists)
{
	const char *want = matches[_i].want;
	bool is_none =
	    strcmp(want, "") == 0 || strcmp(want, "dot-nexthop") == 0;
	struct buf b;

	buf_init(&b, 1000);
	postfix_match(matches[_i].cert_name, matches[_i].is_address, &b);
	ck_assert_str_eq(buf_str(&b), want);
	ck_assert(
	    postfix_can_match(matches[_i].cert_name, matches[_i].is_address) ==
	    !(matches[_i].is_address && is_none));
	buf_free(&b);
}
END_TEST

static const struct {
	const char *key;
	const char *want;
} hops[] = {
	{ "a.test",
	    "secure match=hostname:mx.test tafile=tlswarden/ca/abc.pem" },
	{ "[a.test]",
	    "secure match=hostname:mx.test "
	    "tafile=tlswarden/ca/abc.pem" },
	{ "[192.0.2.1]", "secure match=mx.test tafile=tlswarden/ca/abc.pem" },
	{ "192.0.2.1:25", "secure match=mx.test tafile=tlswarden/ca/abc.pem" },
	{ "[IPv6:2001:db8::1]:25",
	    "secure match=mx.test tafile=tlswarden/ca/abc.pem" },
	{ "[2001:db8::1]", "secure match=mx.test tafile=tlswarden/ca/abc.pem" },
};

/* The next hop decides, not the pattern. */
START_TEST(address_nexthops)
{
	struct snapshot_builder *b = new_builder();
	struct rule_row in = make_row(0);
	struct lookup_answer a;
	struct snapshot *s;

	in.level = sv_from("secure");
	in.ca = sv_from("lab");
	in.cert_name = sv_from("hostname:mx.test");
	ck_assert(snapshot_builder_row(b, &in, NULL) == 0);
	s = snapshot_builder_done(b);
	ask_tlspolicy(s, sv_from(hops[_i].key), &a);
	ck_assert(a.status == LOOKUP_FOUND);
	ck_assert_sv_eq(a.text, sv_from(hops[_i].want), hops[_i].key);
	snapshot_free(s);
}
END_TEST

static const struct {
	const char *text;
	unsigned want;
} versions[] = { { "3.6", 306 }, { "3.11.6", 311 }, { "2.11", 211 },
	{ "3.12-20250101", 0 }, { "2.10", 0 }, { "3", 0 }, { "", 0 },
	{ "3.", 0 }, { "x.y", 0 }, { "10.1", 0 } };

START_TEST(postfix_versions)
{
	unsigned got = 0;
	bool ok = postfix_version_parse(sv_from(versions[_i].text), &got);

	ck_assert_msg(got == versions[_i].want && ok == (got != 0), "%s: %u",
	    versions[_i].text, got);
}
END_TEST

START_TEST(old_postfix_protocols)
{
	struct demand d = { .level = LEVEL_ENCRYPT,
		.min_protocol = TLS_VERSION_1_2 };
	const struct postfix_target to = { .version = 305,
		.ca_directory = sv_from("x") };
	struct buf b;

	buf_init(&b, 1000);
	postfix_tlspolicy(&d, &to, &b);
	ck_assert_str_eq(buf_str(&b),
	    "encrypt protocols=!SSLv2:!SSLv3:!TLSv1:!TLSv1.1");
	buf_free(&b);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, parse_time, 0, N_ROWS(times));
	tcase_add_loop_test(tc, row, 0, N_ROWS(rows));
	tcase_add_loop_test(tc, catch_all_keys, 0, N_ROWS(keys));
	tcase_add_loop_test(tc, match_lists, 0, N_ROWS(matches));
	tcase_add_loop_test(tc, address_nexthops, 0, N_ROWS(hops));
	tcase_add_loop_test(tc, postfix_versions, 0, N_ROWS(versions));
	tcase_add_test(tc, patterns_of_every_length);
	tcase_add_test(tc, old_postfix_protocols);
}

UNIT_MAIN("row", add_tests)
