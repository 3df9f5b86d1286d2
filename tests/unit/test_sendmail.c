/* tlswarden: tests for policy/sendmail, its keys, and policy/server_name.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "policy/sendmail.h"
#include "policy/server_name.h"
#include "unit.h"

#define LONG50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SRV(session, domain) \
	"srv:" session "<192.0.2.1><a@" domain "><" domain "><"
#define VIA(to, hop) "<192.0.2.1><" to "><" hop "><mx><><>"
#define PLAIN "<NONE><><><0><0><0>"
#define GOOD "<OK><TLSv1.3><256><1><1><1>"
/* Cut by an old Sendmail: 256 bytes and no end. */
#define CUT(domain)        \
	SRV(GOOD, domain)  \
	"mx.x.test><mx.x." \
	"test></O=" LONG50 LONG50 LONG50 LONG50
/* 233 bytes: 22 more and a colon are too many for Sendmail. */
#define D25 "abcdefghijklmnopqrst.test"
#define D233 D25 ":" D25 ":" D25 ":" D25 ":" D25 ":" D25 ":" D25 ":" D25 ":" D25
#define D21 "abcdefghijklmnop.test"

#define CUT_CLT(domain, verify)                               \
	"clt:<" verify "><TLSv1.3><256><192.0.2.9><a@" domain \
	"><b@us"                                              \
	".test><><x></O=" LONG50 LONG50 LONG50 LONG50

static const struct {
	const char *sender, *level, *name;
} clients[] = {
	{ "in.test", "encrypt", NULL },
	{ "dn.test", "secure", "*Partner*" },
};

static const struct {
	const char *recipient, *subnet, *level, *on_failure, *name, *protocol;
	int64_t bits;
} table[] = {
	/* ids from 1 */
	{ "enc.test", NULL, "encrypt", "fail", NULL, NULL, 0 },
	{ "soft.test", NULL, "encrypt", "tempfail", NULL, NULL, 0 },
	{ "sec.test", NULL, "secure", "fail", NULL, NULL, 0 },
	{ "host.test", NULL, "secure", "fail", "hostname", NULL, 0 },
	{ "name.test", NULL, "secure", "fail", "a.test:.b.test", NULL, 0 },
	{ "new.test", NULL, "encrypt", "fail", NULL, "TLSv1.3", 0 },
	{ "bits.test", NULL, "encrypt", "fail", NULL, NULL, 256 },
	{ "none.test", NULL, "none", "fail", NULL, NULL, 0 },
	{ "ceo@user.test", NULL, "encrypt", "fail", NULL, NULL, 0 },
	{ "net.test", "192.0.2.0/24", "encrypt", "fail", NULL, NULL, 0 },
	{ "test@enc.test", NULL, "none", "fail", NULL, NULL, 0 },
	{ "full.test", NULL, "secure", "fail", D233 ":" D21, NULL, 0 },
	{ "long.test", NULL, "secure", "fail", D233 ":x" D21 ":mx.x.test", NULL,
	    0 },
};

static struct snapshot *
build(void)
{
	struct snapshot_options o = { .postfix_version = 306 };
	struct snapshot_builder *b = snapshot_builder_new(&o);

	for (int i = 0; i < N_ROWS(table); i++) {
		struct err e = { 0 };
		struct rule_row r = { .id = i + 1,
			.enabled = 1,
			.priority = 100,
			.direction = sv_from("out"),
			.sender = sv_from("*"),
			.recipient = sv_from(table[i].recipient),
			.subnet = sv_from(table[i].subnet),
			.level = sv_from(table[i].level),
			.on_failure = sv_from(table[i].on_failure),
			.cert_name = sv_from(table[i].name),
			.min_protocol = sv_from(table[i].protocol),
			.min_bits = table[i].bits,
			.mode = sv_from("enforce") };

		ck_assert_msg(snapshot_builder_row(b, &r, &e) == 0, "%s",
		    e.text);
	}
	for (int i = 0; i < N_ROWS(clients); i++) {
		struct err e = { 0 };
		struct rule_row r = { .id = 100 + i,
			.enabled = 1,
			.priority = 100,
			.direction = sv_from("in"),
			.sender = sv_from(clients[i].sender),
			.recipient = sv_from("*"),
			.level = sv_from(clients[i].level),
			.on_failure = sv_from("fail"),
			.cert_name = sv_from(clients[i].name),
			.mode = sv_from("enforce") };

		ck_assert_msg(snapshot_builder_row(b, &r, &e) == 0, "%s",
		    e.text);
	}
	return snapshot_builder_done(b);
}

/* want is the start of the answer; NULL: TEMP. */
static const struct {
	struct sv key;
	const char *want;
} answers[] = {
	{ SV(SRV("<NONE><><><0><0><0>", "free.test") "mx.free.test><><>"),
	    "ok" },
	{ SV(SRV("<OK><TLSv1.3><256><0><0><0>", "enc.test") "mx><><>"), "ok" },
	{ SV(SRV("<NO><TLSv1.3><256><0><0><0>", "enc.test") "mx><><>"), "ok" },
	{ SV(SRV("<NONE><TLSv1.3><256><0><0><0>", "enc.test") "mx><><>"),
	    "5.7.10:\"550 TLS required by policy rule 1 for mail to enc.test" },
	{ SV(SRV("<CLEAR><><><0><0><0>", "soft.test") "mx><><>"),
	    "4.7.0:\"451 TLS required by policy rule 2 " },
	/* trouble of the handshake is never permanent, nor plaintext */
	{ SV(SRV("<SOFTWARE><><><0><0><0>", "enc.test") "mx><><>"),
	    "4.7.0:\"451 " },
	{ SV(SRV("<TEMP><><><0><0><0>", "enc.test") "mx><><>"),
	    "4.7.0:\"451 " },
	{ SV(SRV("<><><><0><0><0>", "enc.test") "mx><><>"), "4.7.0:\"451 " },
	{ SV(SRV("<OK><TLSv1.2><256><0><0><0>", "new.test") "mx><><>"),
	    "5.7.6:\"550 TLSv1.3 or newer required by policy rule 6 " },
	{ SV(SRV("<OK><x><256><0><0><0>", "new.test") "mx><><>"),
	    "4.7.0:\"451 " },
	{ SV(SRV("<OK><TLSv1.2><128><0><0><0>", "bits.test") "mx><><>"),
	    "5.7.6:\"550 TLS with 256 bits required by policy rule 7 " },
	{ SV(SRV("<OK><TLSv1.2><x><0><0><0>", "bits.test") "mx><><>"),
	    "4.7.0:\"451 TLS required by policy rule 7 " },
	{ SV(SRV("<OK><TLSv1.3><256><0><1><1>", "sec.test") "mx><><>"), "ok" },
	{ SV(SRV("<OK><TLSv1.3><><0><0><0>", "sec.test") "><sec.test><>"),
	    "ok" },
	{ SV(SRV("<FAIL><TLSv1.3><256><1><1><1>", "sec.test") "mx><><>"),
	    "5.7.5:\"550 Verified certificate required by policy rule 3 " },
	{ SV(SRV("<OK><TLSv1.3><256><1><0><0>", "sec.test") "mx.o.test><>"
							    "<>"),
	    "5.7.5:\"550 Certificate for " },
	{ SV(SRV("<OK><TLSv1.3><256><1><0><0>", "host.test") "mx.o.test><>"
							     "<>"),
	    "ok" },
	/* DANE: verified, but nobody knows by which CA */
	{ SV(SRV("<TRUSTED><TLSv1.3><256><0><1><1>", "sec.test") "mx><><>"),
	    "ok" },
	{ SV(SRV("<TRUSTED><TLSv1.3><256><0><0><0>", "sec.test") "mx><x><>"),
	    "5.7.5:\"550 " },
	{ SV(SRV("<DANE_FAIL><TLSv1.3><256><0><1><1>", "sec.test") "mx><><>"),
	    "5.7.5:\"550 " },
	/* a server without a certificate: not what is said of clients */
	{ SV(SRV("<NO><TLSv1.2><256><0><0><0>", "sec.test") "mx><><>"),
	    "5.7.5:\"550 Verified certificate required by policy rule 3 for "
	    "mail to sec.test: no verified certificate was presented (verify "
	    "NO); present a certificate" },
	/* a quote in a name cannot end ours */
	{ SV(SRV("<OK><TLSv1.3><256><0><0><0>", "name.test") "mx><a+22b+5C>"
							     "<>"),
	    "5.7.5:\"550 Certificate for a.test:.b.test required by policy "
	    "rule 5 for mail to name.test: the certificate carries another "
	    "name than agreed (subject a'b'x5C); " },
	{ SV(SRV("<NONE><><><0><0><0>", "net.test") "mx><><>"),
	    "5.7.10:\"550 " },
	{ SV("srv:" PLAIN "<198.51.100.1><a@net.test><net.test><mx><><>"),
	    "ok" },
	{ SV("srv:<NONE><><><0><0><0><><a@net.test><net.test><mx><><>"), NULL },
	{ SV("rcpt:" PLAIN VIA("ceo@user.test", "user.test")),
	    "4.7.10:\"451 TLS required by policy rule 9 " },
	{ SV("rcpt:" PLAIN VIA("b@user.test", "user.test")), "ok" },
	{ SV(SRV("<NONE><><><0><0><0>", "user.test") "mx><><>"), "ok" },
	{ SV("try:<192.0.2.1><a@none.test><none.test><mx>"), "no" },
	{ SV("try:<192.0.2.1><a@enc.test><enc.test><mx>"), "ok" },
	{ SV("try:<192.0.2.1><a@free.test><free.test><mx>"), "ok" },
	{ SV("feat:<192.0.2.1>"), "ok" },
	{ SV("feat:<>"), "ok" },
	/* the rule about the user is that of the recipient, permanent too */
	{ SV("srv:" PLAIN VIA("ceo@user.test", "user.test")),
	    "5.7.10:\"550 TLS required by policy rule 9 for mail to user" },
	{ SV("srv:" PLAIN VIA("\"ceo\"@user.test", "user.test")),
	    "5.7.10:\"550 " },
	{ SV("srv:" PLAIN VIA("\\c\\eo@user.test", "user.test")),
	    "5.7.10:\"550 " },
	{ SV("srv:" PLAIN VIA("ceo@[user.test]", "[user.test]")),
	    "5.7.10:\"550 TLS required by policy rule 9 for mail to user" },
	{ SV("srv:" PLAIN VIA("\"ceo\"@[User.test.]", "[user.test]")),
	    "5.7.10:\"550 " },
	{ SV("srv:" PLAIN VIA("b@[user.test]", "[user.test]")), "ok" },
	{ SV("srv:" PLAIN VIA("ceo@[192.0.2.1]", "[192.0.2.1]")), "ok" },
	{ SV("srv:" PLAIN VIA("\"x><y\"@user.test", "user.test")), "ok" },
	{ SV("srv:" PLAIN VIA("x\\>y@user.test", "user.test")), "ok" },
	{ SV("srv:" PLAIN VIA("test@enc.test", "enc.test")), "ok" },
	{ SV("srv:" PLAIN VIA("test@ENC.test", "Enc.Test.")), "ok" },
	/* by another next hop: both rules */
	{ SV("srv:" PLAIN VIA("a@enc.test", "relay.test")), "5.7.10:\"550 " },
	{ SV("srv:" PLAIN VIA("test@enc.test", "[enc.test]")),
	    "5.7.10:\"550 TLS required by policy rule 1 for mail through " },
	{ SV("srv:" PLAIN VIA("a@free.test", "soft.test")), "4.7.10:\"451 " },
	{ SV("srv:" PLAIN VIA("test@enc.test", "relay.test")), "ok" },
	{ SV("srv:" PLAIN VIA("a@free.test", "relay.test:26")), "ok" },
	{ SV("srv:" PLAIN VIA("local", "relay.test")), "ok" },
	/* a list of hosts, which are asked one after the other: the rules of
	 * all, unless one in brackets is the server */
	{ SV("srv:" PLAIN VIA("a@free.test", "enc.test:relay.test")),
	    "5.7.10:\"550 TLS required by policy rule 1 for mail through enc" },
	{ SV("srv:" PLAIN VIA("a@free.test", "relay.test:enc.test")),
	    "5.7.10:\"550 " },
	{ SV("srv:" PLAIN VIA("a@free.test", "relay.test,enc.test")),
	    "5.7.10:\"550 " },
	{ SV("srv:" PLAIN VIA("a@free.test", "[relay.test]:[enc.test]")),
	    "5.7.10:\"550 " },
	{ SV("srv:" PLAIN VIA("a@free.test", "[ENC.test.]:[mx]")), "ok" },
	{ SV("srv:" PLAIN VIA("a@free.test", "[MX.]:[enc.test]")), "ok" },
	{ SV("srv:" PLAIN "<192.0.2.1><a@free.test><[b.test]:[enc.test]>"
	     "<enc.test><><>"),
	    "5.7.10:\"550 " },
	{ SV("srv:" PLAIN "<2001:db8::1><a@free.test><[IPv6:2001:db8::1]:enc."
	     "test><mx.enc.test><><>"),
	    "5.7.10:\"550 " },
	{ SV("srv:" PLAIN VIA("a@free.test", ":enc.test:")), "5.7.10:\"550 " },
	{ SV("srv:" PLAIN VIA("a@free.test", "relay.test:soft.test")),
	    "4.7.10:\"451 " },
	{ SV("srv:" PLAIN VIA("test@enc.test", "enc.test:relay.test")), "ok" },
	{ SV("try:<192.0.2.1><a@free.test><none.test:relay.test><mx>"), "ok" },
	{ SV("try:<192.0.2.1><a@free.test><[none.test]:[b.test]><none.test>"),
	    "no" },
	{ SV("try:<192.0.2.1><a@free.test><[none.test]:[b.test]><b.test>"),
	    "ok" },
	{ SV("try:<192.0.2.1><a@free.test><none.test:enc.test><mx>"), "ok" },
	{ SV("try:<192.0.2.1><a@none.test><relay.test:enc.test><mx>"), "ok" },
	{ SV("srv:<OK><TLSv1.3><256><0><1><0>" VIA("a@sec.test", "free.test")),
	    "ok" },
	{ SV("srv:<OK><TLSv1.3><256><0><0><1>" VIA("a@sec.test", "free.test")),
	    "5.7.5:\"550 Certificate for " },
	{ SV("srv:<OK><TLSv1.3><256><0><0><1>" VIA("a@free.test", "sec.test")),
	    "ok" },
	{ SV("srv:" PLAIN VIA("", "free.test")), NULL },
	{ SV("srv:" PLAIN VIA("<>", "free.test")), NULL },
	{ SV("srv:" PLAIN VIA("\"\"", "free.test")), NULL },
	{ SV("srv:" PLAIN VIA("a@free.test", "")), NULL },
	{ SV("srv:" PLAIN VIA("\"a@free.test", "free.test")), NULL },
	{ SV("srv:" PLAIN VIA("a@free.test\\", "free.test")), NULL },
	{ SV("try:" VIA("test@enc.test", "enc.test")), NULL },
	{ SV("try:<192.0.2.1><test@enc.test><enc.test><mx>"), "no" },
	{ SV("try:<192.0.2.1><a@enc.test><none.test><mx>"), "ok" },
	{ SV("try:<192.0.2.1><a@none.test><enc.test><mx>"), "ok" },
	{ SV("try:<192.0.2.1><a@none.test><relay.test><mx>"), "no" },
	{ SV("try:<192.0.2.1><a@free.test><none.test><mx>"), "no" },
	{ SV("try:<192.0.2.1><a@none.test><><mx>"), NULL },
	{ SV("try:<192.0.2.1><><none.test><mx>"), NULL },
	/* who writes a recipient cannot make another key of a cut one */
	{ SV("srv:" PLAIN
	     "<192.0.2.1><\"a@free.test><free.test><mx><" LONG50 LONG50 LONG50
		  LONG50),
	    NULL },
	/* a long one is whole */
	{ SV(SRV(GOOD,
	      "sec.test") "mx><mx></O=" LONG50 LONG50 LONG50 LONG50 LONG50 ">"),
	    "ok" },
	/* cut: judged by what is left, unless names are needed */
	{ SV(CUT("enc.test")), "ok" },
	{ SV(CUT("free.test")), "ok" },
	{ SV(CUT("sec.test")), NULL },
	/* no keys */
	{ SV(""), NULL },
	{ SV("srv:"), NULL },
	{ SV("srv"), NULL },
	{ SV("clt:<192.0.2.1>"), NULL },
	{ SV("clt:<><><><192.0.2.9><a@in.test><b@us.test><><><><>"),
	    "5.7.10:\"550 TLS required by policy rule " },
	{ SV("clt:<NO><TLSv1.3><256><192.0.2.9><a@in.test><b@us.test><><><><>"),
	    "ok" },
	{ SV("clt:<><><><192.0.2.9><a@free.test><b@us.test><><><><>"), "ok" },
	{ SV("clt:<><><><192.0.2.9><><b@us.test><><><><>"), "ok" },
	/* trouble of a handshake is no plaintext */
	{ SV("clt:<TEMP><><><192.0.2.9><a@in.test><b@us.test><><><><>"),
	    "4.7.0:\"451 " },
	{ SV("clt:<OK><TLSv1.3><256><192.0.2.9><a@dn.test><b@us.test><><x>"
	     "</O=A+20Partner/CN=x></CN=CA>"),
	    "ok" },
	{ SV("clt:<FAIL><TLSv1.3><256><192.0.2.9><a@dn.test><b@us.test><><x>"
	     "</O=A+20Partner/CN=x></CN=CA>"),
	    "5.7.5:\"550 Verified certificate required by policy rule " },
	{ SV("clt:<TRUSTED><TLSv1.3><256><192.0.2.9><a@dn.test><b@us.test><><x>"
	     "</O=A+20Partner/CN=x></CN=CA>"),
	    "5.7.5:\"550 Verified certificate required by policy rule " },
	{ SV("clt:<OK><TLSv1.3><256><192.0.2.9><a@dn.test><b@us.test><><x>"
	     "</O=B/CN=x></CN=CA>"),
	    "5.7.5:\"550 Certificate for " },
	/* the machine itself, as for the milter */
	{ SV("clt:<><><><><a@in.test><b@us.test><><><><>"), "ok" },
	/* an address that is none is not judged as nobody's */
	{ SV("clt:<><><><192.0.2.9><a@x.\xff.test><b@us.test><><><><>"),
	    "4.7.0:\"451 " },
	{ SV("clt:<><><><192.0.2.9><a@in.test><b@us.test><><><><><>"), NULL },
	{ SV("clt:<><><><192.0.2.9><a@in.test><b><c@us.test><><><><>"), NULL },
	{ SV("clt:<><><><192.0.2.9><a@in.test><b@us.test><><><>"), NULL },
	/* cut: what is left is judged, unless names are needed */
	{ SV(CUT_CLT("in.test", "NO")), "ok" },
	{ SV(CUT_CLT("dn.test", "OK")), NULL },
	{ SV("SRV:<NONE><><><0><0><192.0.2.1><free.test><mx><><>"), NULL },
	{ SV(SRV("<NONE><><><0><0><0>", "free.test") "mx><>"), NULL },
	{ SV(SRV("<NONE><><><0><0><0>", "free.test") "mx><><><>"), NULL },
	{ SV(SRV("<NONE><><><0><0><0>", "free.test") "mx><><"), NULL },
	{ SV(SRV("<NONE><><><0><0><0>", "free.test") "mx><><>x"), NULL },
	{ SV(SRV("<NONE><><><2><0><0>", "free.test") "mx><><>"), NULL },
	{ SV(SRV("<NONE><><><><0><0>", "free.test") "mx><><>"), NULL },
	{ SV(SRV("<NONE><><><0><0><0>", "free.\xff.test") "mx><><>"), NULL },
	/* a server's name that brings fields of its own */
	{ SV(SRV("<OK><TLSv1.3><256><0><0><0>", "name.test") "mx><a.test><>"
							     "><b><>"),
	    NULL },
	{ SV(SRV("<OK><TLSv1.3><256><0><0><0>", "name.test") "mx><a.test><x>"
							     "<b><>"),
	    NULL },
	{ SV("try:<192.0.2.1><a@none.test><none.test>"), NULL },
	{ SV("try:<192.0.2.1><a@none.test><none.test><mx><>"), NULL },
	{ SV("feat:192.0.2.1"), NULL },
	{ SV("feat:<a<b>"), NULL },
};

static struct party party;

/* Sendmail reads no longer token, and keeps no longer text. */
enum { TOKEN_MAX = 255 };

START_TEST(answers_keys)
{
	struct snapshot *s = build();
	struct sv key = answers[_i].key;
	const char *want = answers[_i].want;
	struct lookup_answer a;
	struct buf out;

	buf_init(&out, 1000);
	sendmail_answer(s, key, &party, &out, &a);
	if (want == NULL)
		ck_assert_msg(a.status == LOOKUP_TEMP && a.text.n > 0,
		    "%.*s: %.*s", SV_ARG(key), SV_ARG(a.text));
	else
		ck_assert_msg(a.status == LOOKUP_FOUND &&
			sv_starts(a.text, sv_from(want)),
		    "%.*s: got %.*s, want %s", SV_ARG(key), SV_ARG(a.text),
		    want);
	ck_assert_uint_le(sv_skip(a.text, sv_find(a.text, '"')).n, TOKEN_MAX);
	buf_free(&out);
	snapshot_free(s);
}
END_TEST

/* What to do stands at the end of the longest text. */
START_TEST(shortens_names)
{
	static const char key[] = SRV("<OK><TLSv1.3><256><0><0><0>",
	    "name.test") "mx><" LONG50 LONG50 "><>";
	struct snapshot *s = build();
	struct lookup_answer a;
	struct buf out;

	buf_init(&out, 1000);
	sendmail_answer(s, sv_from(key), &party, &out, &a);
	ck_assert(a.status == LOOKUP_FOUND);
	ck_assert_uint_le(sv_skip(a.text, sv_find(a.text, '"')).n, TOKEN_MAX);
	ck_assert_msg(strstr(buf_str(&out), "that was agreed\"") != NULL, "%s",
	    buf_str(&out));
	buf_free(&out);
	snapshot_free(s);
}
END_TEST

static const struct {
	const char *key, *want; /* "": NOTFOUND, NULL: TEMP */
} stss[] = {
	{ "sec.test", "secure match=sec.test:.sec.test servername=hostname" },
	{ "SEC.test", "secure match=sec.test:.sec.test servername=hostname" },
	{ "host.test", "secure servername=hostname" },
	{ "name.test", "secure match=a.test:.b.test servername=hostname" },
	{ "full.test", "secure match=" D233 ":" D21 " servername=hostname" },
	{ "long.test", "secure match=" D233 ":mx.x.test servername=hostname" },
	{ "enc.test", "" },
	{ "none.test", "" },
	{ "free.test", "" },
	{ "user.test", "" },
	{ "", NULL },
	{ "a.\xff.test", NULL },
};

START_TEST(answers_sts)
{
	struct snapshot *s = build();
	struct lookup_answer a;
	struct buf out;

	buf_init(&out, 1000);
	sendmail_sts(s,
	    &(struct lookup_hop){ sv_from(stss[_i].key), NULL, &party, &out },
	    &a);
	if (stss[_i].want == NULL) {
		ck_assert_msg(a.status == LOOKUP_TEMP, "%s", stss[_i].key);
	} else if (*stss[_i].want == '\0') {
		ck_assert_msg(a.status == LOOKUP_NOTFOUND, "%s", stss[_i].key);
	} else {
		ck_assert(a.status == LOOKUP_FOUND);
		ck_assert_sv_eq(a.text, sv_from(stss[_i].want), stss[_i].key);
	}
	buf_free(&out);
	snapshot_free(s);
}
END_TEST

/* The next hop is next.test, the server mx.next.test. */
static const struct {
	const char *names, *cn;
	bool has_host, has_nexthop, want;
} names[] = {
	{ "", "next.test", false, false, true },
	{ "", "NEXT.test", false, false, true },
	{ "", "mx.next.test", false, false, true },
	{ "", "x.test", true, false, true },
	{ "", "x.test", false, true, true },
	{ "nexthop", "x.test", false, true, true },
	{ "hostname", "mx.next.test", false, false, true },
	{ "hostname", "*.next.test", false, false, true },
	{ "hostname", "x.test", true, false, true },
	{ ".nexthop", "x.test", true, false, true },
	{ "x.test:y.test", "y.test", false, false, true },
	{ ".y.test", "a.b.y.test", false, false, true },
	{ "mx.next.test", "", true, false, true },
	{ "", "", false, false, false },
	{ "", "x.test", false, false, false },
	{ "", "anext.test", false, false, false },
	{ "", "*", false, false, false },
	{ "", "*.", false, false, false },
	{ "", "*.test", false, true, true },
	{ "hostname", "*.test", false, false, false },
	{ "hostname", "next.test", false, true, false },
	{ "nexthop", "mx.next.test", true, false, false },
	{ ".nexthop", "next.test", false, true, false },
	{ ".y.test", "y.test", false, false, false },
	{ ".y.test", "xy.test", false, false, false },
	{ "y.test", "a.y.test", true, true, false },
	{ ":", "", false, false, false },
	{ ".", "x.test", true, true, false },
};

START_TEST(accepts_names)
{
	struct tls_server server = { SV("next.test"), SV("mx.next.test"),
		names[_i].has_nexthop, names[_i].has_host };

	ck_assert_msg(server_name_accepted(sv_from(names[_i].names),
			  sv_from(names[_i].cn), &server) == names[_i].want,
	    "%s with %s", names[_i].names, names[_i].cn);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, answers_keys, 0, N_ROWS(answers));
	tcase_add_loop_test(tc, answers_sts, 0, N_ROWS(stss));
	tcase_add_test(tc, shortens_names);
	tcase_add_loop_test(tc, accepts_names, 0, N_ROWS(names));
}

UNIT_MAIN("sendmail", add_tests)
