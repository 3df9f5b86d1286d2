/* tlswarden: tests for policy/dsn_watch and sendmail_watch.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "policy/dsn_watch.h"
#include "policy/lookup.h"
#include "policy/sendmail.h"
#include "table.h"
#include "unit.h"

#define OFFERED                                                   \
	"4.7.4 TLS is required, but was not offered by host mx.x" \
	".test[192.0.2.9]"
#define REFUSED                                                           \
	"4.7.0 TLS is required, but host mx.x.test[192.0.2.9] refused to" \
	" start TLS: 454 4.7.0 later"
#define HANDSHAKE "4.7.5 Cannot start TLS: handshake failure"
#define CERT "4.7.5 Server certificate not verified"

#define OUT(to, lev, how) \
	.is_out = true, .recipient = (to), .level = (lev), .mode = (how)
#define M "monitor"

/* ids from 1, the lower wins */
static const struct table_row rows[] = {
	{ OUT("free.test", "encrypt", M), .on_failure = "fail" },
	{ OUT("free.test", "secure", M) },
	{ OUT("free.test", "preferred", M) },
	{ OUT("ceo@free.test", "encrypt", M) },
	{ OUT("low.test", "encrypt", NULL) },
	{ OUT("low.test", "secure", M) }, /* loses to 5 */
	{ OUT("old.test", "encrypt", M), .min_protocol = "TLSv1.3" },
	{ OUT("old.test", "encrypt", M) },
	{ OUT("old.test", "encrypt", M), .min_bits = 256 },
	{ OUT("old.test", "secure", M), .min_protocol = "TLSv1.2" },
	{ OUT("old.test", "encrypt", NULL), .min_protocol = "TLSv1.2",
	    .on_failure = "fail" },
	{ OUT("cert.test", "secure", M) },
	{ OUT("cert.test", "secure", M), .ca = "Test CA" },
	{ OUT("cert.test", "secure", M), .cert_name = "mx.cert.test" },
	{ OUT("cert.test", "encrypt", M) },
	{ OUT("cert.test", "secure", NULL), .on_failure = "fail" },
	{ OUT("*", "encrypt", M), .subnet = "192.0.2.0/28" },
	{ OUT("*", "encrypt", M), .subnet = "198.51.100.0/24" },
	{ OUT("may.test", "encrypt", M) },
	{ OUT("may.test", "preferred", NULL) },
	{ .recipient = "free.test", .mode = M },
};

struct heard {
	struct buf ids; /* " 1! 2": '!' for one that would have failed */
	struct buf text;
	struct sv want_nexthop;
};

static void
heard_init(struct heard *h)
{
	buf_init(&h->ids, 1000);
	buf_init(&h->text, 4000);
}

static void
heard_done(struct heard *h)
{
	buf_free(&h->ids);
	buf_free(&h->text);
}

static void
hear(struct heard *h, const struct judgement *j, struct sv text)
{
	buf_addf(&h->ids, " %d%s", (int)j->verdict.rule_id,
	    j->verdict.kind == VERDICT_FAIL ? "!" : "");
	ck_assert(j->verdict.kind != VERDICT_PASS);
	ck_assert(j->rule != NULL && j->rule->id == j->verdict.rule_id);
	buf_addf(&h->text, "%.*s\n", SV_ARG(text));
}

static void
on_dsn(void *arg, const struct dsn_note *n)
{
	struct heard *h = arg;

	ck_assert_sv_eq(n->nexthop, h->want_nexthop, "next hop");
	hear(h, &n->judgement, n->text);
}

static const struct {
	const char *label, *nexthop, *key, *want;
	enum reason found; /* REASON_COUNT: nothing is known */
} statuses[] = {
	{ "no rule, not offered", "free.test", OFFERED, " 1! 2 17",
	    REASON_COUNT },
	{ "refused", "free.test", REFUSED, " 1! 2 17", REASON_COUNT },
	{ "handshake, nothing known", "free.test", HANDSHAKE, " 1 2",
	    REASON_COUNT },
	{ "handshake, a probe of another rule", "free.test", HANDSHAKE, " 1 2",
	    REASON_LEGACY_PROTOCOL },
	{ "a wish failed", "may.test", HANDSHAKE, " 19", REASON_COUNT },
	{ "brackets", "[free.test]:25", OFFERED, " 1! 2 17", REASON_COUNT },
	{ "by subnet alone", "other.test", OFFERED, " 17", REASON_COUNT },
	{ "loses to the one that answered", "low.test", OFFERED, "",
	    REASON_COUNT },
	{ "a handshake that asked for more", "old.test", HANDSHAKE, " 7 10",
	    REASON_COUNT },
	{ "not offered", "old.test", OFFERED, " 7 8 9 10", REASON_COUNT },
	{ "the same proof", "cert.test", CERT, " 12", REASON_COUNT },
	{ "the site's own proof", "free.test", CERT, "", REASON_COUNT },
	/* what tells nothing */
	{ "sent", "free.test", "2.0.0 250 2.0.0 Ok: queued as 1", "",
	    REASON_COUNT },
	{ "our trouble", "free.test", "4.7.5 client TLS configuration problem",
	    "", REASON_COUNT },
	{ "our engine", "free.test",
	    "4.7.5 TLS is required, but our TLS engine is unavailable", "",
	    REASON_COUNT },
	{ "no TLS", "free.test", "4.4.1 connect to x: Connection refused", "",
	    REASON_COUNT },
	{ "a peer that quotes us", "free.test",
	    "4.2.2 452 TLS is required, but was not offered by host x[y]", "",
	    REASON_COUNT },
	{ "success that quotes us", "free.test",
	    "2.7.4 TLS is required, but was not offered by host x[y]", "",
	    REASON_COUNT },
	{ "no status", "free.test", "Cannot start TLS: handshake failure", "",
	    REASON_COUNT },
	{ "empty", "free.test", "", "", REASON_COUNT },
	{ "blank", "free.test", " ", "", REASON_COUNT },
	{ "an odd next hop", "[", OFFERED, " 17", REASON_COUNT },
	{ "no next hop", "", OFFERED, "", REASON_COUNT },
};

/* In the order of ids: the index calls in none. */
static void
ck_ids(const struct heard *h, const char *want, const char *label)
{
	struct sv words = sv_from(want), got = buf_sv(&h->ids), word;
	size_t n = 0, n_got = 0;

	while (sv_word(&got, &word))
		n_got++;
	for (; sv_word(&words, &word); n++) {
		struct sv all = buf_sv(&h->ids), one;
		bool has = false;

		while (sv_word(&all, &one))
			has = has || sv_eq(one, word);
		ck_assert_msg(has, "%s: \"%s\" lacks %.*s", label,
		    buf_str(&h->ids), SV_ARG(word));
	}
	ck_assert_msg(n == n_got, "%s: got \"%s\", want \"%s\"", label,
	    buf_str(&h->ids), want);
}

static void
ask_tlspolicy(const struct snapshot *s, struct sv key, struct party *party,
    struct lookup_answer *r)
{
	const struct lookup_hop hop = { key, NULL, party, NULL };

	lookup_tlspolicy(s, &hop, r);
}

START_TEST(dsn)
{
	struct snapshot *s = table_snapshot(rows, N_ROWS(rows));
	struct sv key = sv_from(statuses[_i].key);
	struct sv hop = sv_from(statuses[_i].nexthop);
	const struct dsn_probe one = { statuses[_i].found, FAULT_THEIRS };
	struct dsn_probes probes = { &one, statuses[_i].found != REASON_COUNT };
	static struct dsn_tie tie;
	struct lookup_answer a;
	struct party party;
	struct heard h;

	heard_init(&h);
	ask_tlspolicy(s, hop, &party, &a);
	h.want_nexthop = party_text(&party);
	dsn_tie_set(&tie, a.rule, hop, 1000);
	dsn_watch(s, key, &tie, 1010, probes, on_dsn, &h);
	ck_ids(&h, statuses[_i].want, statuses[_i].label);
	buf_reset(&h.ids);
	dsn_watch(s, key, &tie, 1001 + DSN_TIE_SECS, probes, on_dsn, &h);
	dsn_watch(s, key, &tie, 999, probes, on_dsn, &h);
	ck_ids(&h, "", "an old tie");
	heard_done(&h);
	snapshot_free(s);
}
END_TEST

START_TEST(dsn_words)
{
	struct snapshot *s = table_snapshot(rows, N_ROWS(rows));
	static struct dsn_tie tie;
	struct dsn_note note;
	struct party party;
	struct heard h;

	heard_init(&h);
	h.want_nexthop = sv_from("free.test");
	dsn_tie_set(&tie, NULL, sv_from("Free.Test"), 1000);
	dsn_watch(s, sv_from(OFFERED), &tie, 1000,
	    (struct dsn_probes){ NULL, 0 }, on_dsn, &h);
	ck_assert_ptr_nonnull(strstr(buf_str(&h.text),
	    "5.7.4 TLS required by policy rule 1 for mail to Free.Test: "));
	ck_assert_ptr_nonnull(strstr(buf_str(&h.text),
	    "4.7.4 Verified TLS required by policy rule 2 for mail to "));
	ck_assert_ptr_nonnull(strstr(buf_str(&h.text), "no_starttls: "));
	dsn_note_answer(sv_from(OFFERED), &tie, (struct dsn_probes){ NULL, 0 },
	    sv_from("5.7.4 x"), &party, &note);
	ck_assert(note.judgement.verdict.kind == VERDICT_FAIL);
	ck_assert(note.judgement.verdict.reason == REASON_NO_STARTTLS);
	ck_assert_sv_eq(note.peer_name, sv_from("mx.x.test"), "name");
	ck_assert_sv_eq(note.peer_addr, sv_from("192.0.2.9"), "address");
	ck_assert_sv_eq(note.nexthop, sv_from("free.test"), "next hop");
	heard_done(&h);
	snapshot_free(s);
}
END_TEST

/* The table changed between the two lookups: what depends on the rule that
 * answered is not said. */
START_TEST(dsn_changed)
{
	struct snapshot *s = table_snapshot(rows, N_ROWS(rows));
	static struct dsn_tie tie;
	struct lookup_answer a;
	struct party party;
	struct heard h;

	heard_init(&h);
	h.want_nexthop = sv_from("cert.test");
	ask_tlspolicy(s, h.want_nexthop, &party, &a);
	dsn_tie_set(&tie, a.rule, h.want_nexthop, 1000);
	tie.rule_id = 999;
	dsn_watch(s, sv_from(CERT), &tie, 1000, (struct dsn_probes){ NULL, 0 },
	    on_dsn, &h);
	ck_ids(&h, "", "another rule answered");
	dsn_watch(s, sv_from(OFFERED), &tie, 1000,
	    (struct dsn_probes){ NULL, 0 }, on_dsn, &h);
	ck_ids(&h, " 12 13 14 15", "no STARTTLS is so under any rule");
	heard_done(&h);
	snapshot_free(s);
}
END_TEST

static const struct {
	const char *text, *name, *addr;
} peers[] = {
	{ "was not offered by host mx[192.0.2.1]", "mx", "192.0.2.1" },
	{ "but host a.b.c[2001:db8::1] refused: 454 host z[1]", "a.b.c",
	    "2001:db8::1" },
	{ "no server", "", "" },
	{ "by host ", "", "" },
	{ "by host mx", "", "" },
	{ "by host mx[192.0.2.1", "", "" },
	{ "by host that is far away[192.0.2.1]", "", "" },
	{ "", "", "" },
};

START_TEST(peer)
{
	struct sv name, addr;

	dsn_peer(sv_from(peers[_i].text), &name, &addr);
	ck_assert_sv_eq(name, sv_from(peers[_i].name), peers[_i].text);
	ck_assert_sv_eq(addr, sv_from(peers[_i].addr), peers[_i].text);
}
END_TEST

static const struct table_row sendmail_rows[] = {
	{ OUT("free.test", "encrypt", M), .on_failure = "fail" },
	{ OUT("free.test", "secure", M) },
	{ OUT("ceo@free.test", "secure", M), .on_failure = "fail" },
	{ OUT("net.test", "encrypt", M), .subnet = "192.0.2.0/24",
	    .min_protocol = "TLSv1.3" },
	{ OUT("enc.test", "encrypt", M), .min_bits = 256 },
	{ OUT("enc.test", "encrypt", NULL), .on_failure = "fail" },
	{ OUT("enc.test", "secure", M) }, /* loses */
	{ OUT("cfo@free.test", "encrypt", NULL), .on_failure = "fail" },
};

#define SESSION(verify, tls) "<" verify "><" tls "><128><1><1><1><192.0.2.1>"
#define K(verify, tls, to) \
	SESSION(verify, tls) "<a@" to "><" to "><mx.t><CN><I>"
#define TO(verify, tls, to, hop) \
	SESSION(verify, tls) "<" to "><" hop "><mx.t><CN><I>"
#define LONG50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *key, *want;
} keys[] = {
	{ "srv:" K("NONE", "", "free.test"), " 1! 2" },
	{ "srv:" K("FAIL", "TLSv1.3", "free.test"), " 2" },
	{ "srv:" K("OK", "TLSv1.3", "free.test"), "" },
	{ "srv:" K("SOFTWARE", "", "free.test"), " 1 2" },
	{ "srv:" K("NO", "TLSv1.2", "net.test"), " 4" },
	{ "srv:" K("NO", "TLSv1.3", "net.test"), "" },
	{ "srv:" K("NONE", "", "enc.test"), " 5 6!" },
	{ "srv:" K("NO", "TLSv1.3", "enc.test"), " 5" },
	{ "srv:" TO("NONE", "", "ceo@free.test", "free.test"), " 1! 2 3!" },
	{ "srv:" TO("NONE", "", "cfo@free.test", "free.test"), " 1! 2 8!" },
	/* another next hop: its own rules beside, none twice */
	{ "srv:" TO("NONE", "", "x@free.test", "enc.test"), " 1! 2 5 6!" },
	{ "srv:" TO("NONE", "", "x@enc.test", "free.test"), " 5 6!" },
	{ "srv:" TO("NONE", "", "x@free.test", "[free.test]"), " 1! 2" },
	/* rcpt comes after srv: what srv has told is not told again */
	{ "rcpt:" TO("NONE", "", "x@free.test", "free.test"), "" },
	{ "rcpt:" TO("NONE", "", "ceo@free.test", "free.test"), "" },
	{ "rcpt:" TO("NONE", "", "cfo@free.test", "free.test"), " 8" },
	{ "rcpt:" TO("NO", "TLSv1.3", "x@enc.test", "enc.test"), "" },
	/* a cut key has no names to judge by */
	{ "srv:" SESSION("OK",
	      "TLSv1.3") "<a@free.test><free.test><mx.t><" LONG50 LONG50 LONG50
		LONG50,
	    "" },
	{ "srv:" K("NONE", "", "other.test"), "" },
	{ "try:<192.0.2.1><a@free.test><free.test><mx.t>", "" },
	{ "feat:<192.0.2.1>", "" },
	{ "srv:" K("NONE", "", "["), "" },
	{ "srv:<NONE>", "" },
	{ "srv:", "" },
	{ "free.test", "" },
	{ "", "" },
};

static void
on_sendmail(void *arg, const struct sendmail_note *n)
{
	struct heard *h = arg;

	ck_assert_sv_eq(n->key->address, sv_from("192.0.2.1"), "address");
	hear(h, &n->judgement, n->text);
}

START_TEST(sendmail)
{
	struct snapshot *s =
	    table_snapshot(sendmail_rows, N_ROWS(sendmail_rows));
	struct party party;
	struct heard h;

	heard_init(&h);
	sendmail_watch(s, sv_from(keys[_i].key), &party, on_sendmail, &h);
	ck_ids(&h, keys[_i].want, keys[_i].key);
	if (h.text.n > 0)
		ck_assert_msg(strstr(buf_str(&h.text), "policy rule") != NULL,
		    "%s", buf_str(&h.text));
	heard_done(&h);
	snapshot_free(s);
}
END_TEST

static struct snapshot *
enforcing_alone(const struct table_row *all, int n)
{
	struct table_row few[N_ROWS(rows)];

	/* Ids stay: what watches becomes another direction's. */
	for (int i = 0; i < n; i++) {
		few[i] = all[i];
		if (few[i].mode != NULL) {
			few[i].is_out = false;
			few[i].recipient = "gone.test";
			few[i].subnet = NULL;
		}
	}
	return table_snapshot(few, (size_t)n);
}

/* Answers are those of a table without the monitor rules. */
START_TEST(answers_stay)
{
	struct snapshot *with = table_snapshot(rows, N_ROWS(rows));
	struct snapshot *without = enforcing_alone(rows, N_ROWS(rows));
	struct lookup_answer a, b;
	struct party party;

	for (int i = 0; i < N_ROWS(statuses); i++) {
		struct sv hop = sv_from(statuses[i].nexthop);

		ask_tlspolicy(with, hop, &party, &a);
		ask_tlspolicy(without, hop, &party, &b);
		ck_assert(a.status == b.status);
		ck_assert_sv_eq(a.text, b.text, statuses[i].nexthop);
	}
	snapshot_free(with);
	snapshot_free(without);
}
END_TEST

START_TEST(sendmail_answers_stay)
{
	struct snapshot *with =
	    table_snapshot(sendmail_rows, N_ROWS(sendmail_rows));
	struct snapshot *without =
	    enforcing_alone(sendmail_rows, N_ROWS(sendmail_rows));
	struct buf text_a, text_b;
	struct lookup_answer a, b;
	struct party party;

	buf_init(&text_a, 2000);
	buf_init(&text_b, 2000);
	for (int i = 0; i < N_ROWS(keys); i++) {
		sendmail_answer(with, sv_from(keys[i].key), &party, &text_a,
		    &a);
		sendmail_answer(without, sv_from(keys[i].key), &party, &text_b,
		    &b);
		ck_assert(a.status == b.status);
		ck_assert_sv_eq(a.text, b.text, keys[i].key);
	}
	buf_free(&text_a);
	buf_free(&text_b);
	snapshot_free(with);
	snapshot_free(without);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, dsn, 0, N_ROWS(statuses));
	tcase_add_test(tc, dsn_words);
	tcase_add_test(tc, dsn_changed);
	tcase_add_loop_test(tc, peer, 0, N_ROWS(peers));
	tcase_add_loop_test(tc, sendmail, 0, N_ROWS(keys));
	tcase_add_test(tc, answers_stay);
	tcase_add_test(tc, sendmail_answers_stay);
}

UNIT_MAIN("watch", add_tests)
