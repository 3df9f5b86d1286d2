/* tlswarden: tests/unit/test_milter_session - events of a session, any order.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "macro_table.h"
#include "milter/session.h"
#include "table.h"
#include "unit.h"

#define POSTFIX                       \
	{                             \
		"v", "Postfix 3.7.11" \
	}
#define SENDMAIL              \
	{                     \
		"v", "8.17.1" \
	}
#define TLS13                              \
	{                                  \
		"{tls_version}", "TLSv1.3" \
	}

static const struct macro_pair plain[MACRO_TABLE_MAX] = { POSTFIX };
static const struct macro_pair tls[MACRO_TABLE_MAX] = { POSTFIX, TLS13,
	{ "{cipher}", "TLS_AES_256_GCM_SHA384" }, { "{cipher_bits}", "256" } };
static const struct macro_pair sendmail[MACRO_TABLE_MAX] = { SENDMAIL };
static const struct macro_pair sendmail_tls[MACRO_TABLE_MAX] = { SENDMAIL,
	TLS13, { "{verify}", "NO" } };

static const struct table_row rules[] = {
	{ .sender = "bank.test", .on_failure = "fail" },
	{ .sender = "watched.test", .mode = "monitor" },
};

struct heard {
	int n, n_monitor;
	char sender[256], recipient[256], text[LIMIT_REPLY + 1];
};

static void
keep(char *out, size_t max, struct sv v)
{
	v = sv_head(v, max - 1);
	memcpy(out, v.p == NULL ? "" : v.p, v.n);
	out[v.n] = '\0';
}

static void
hear(void *arg, const struct record_violation *row)
{
	struct heard *h = arg;

	h->n++;
	h->n_monitor += row->is_monitor;
	ck_assert_int_eq((int)row->source, RECORD_FROM_MILTER);
	keep(h->sender, sizeof(h->sender), row->sender);
	keep(h->recipient, sizeof(h->recipient), row->recipient);
	keep(h->text, sizeof(h->text), row->text);
}

/* A session with all that surrounds it. */
struct stage {
	struct session s;
	struct snapshot *snapshot;
	struct settings settings;
	struct heard heard;
	struct reply reply;
};

static void
stage_open(struct stage *st)
{
	memset(st, 0, sizeof(*st));
	st->snapshot = table_snapshot(rules, N_ROWS(rules));
	st->settings.addresses = CONF_ADDRESSES_FULL;
	session_init(&st->s, true, 1000, 5000);
}

static void
stage_close(struct stage *st)
{
	session_free(&st->s);
	snapshot_free(st->snapshot);
}

static struct macros
as_macros(const struct macro_pair *pairs)
{
	static struct macro_pair copy[MACRO_TABLE_MAX];
	struct macros m = { macro_table_get, copy };

	memcpy(copy, pairs, sizeof(copy));
	return m;
}

static void
connect_from(struct stage *st, const char *addr, uint16_t port,
    const struct macro_pair *pairs)
{
	struct session_peer peer = { SV("client.test"), false, { 0 }, port };
	struct macros m = as_macros(pairs);

	peer.has_addr = addr_parse(sv_from(addr), &peer.addr);
	session_connect(&st->s, &peer, &m);
}

static void
helo(struct stage *st, const struct macro_pair *pairs)
{
	struct macros m = as_macros(pairs);

	session_helo(&st->s, sv_from("mail.client.test"), &m);
}

static void
mail(struct stage *st, const char *sender, const struct macro_pair *pairs)
{
	struct macros m = as_macros(pairs);

	session_mail(&st->s, sv_from(sender), &m);
}

static bool
rcpt(struct stage *st, const char *recipient)
{
	struct macros m = as_macros(plain);
	struct session_rcpt with = { st->snapshot, &st->settings, 1001, hear,
		&st->heard };

	return session_rcpt(&st->s, sv_from(recipient), &m, &with, &st->reply);
}

static void
eom(struct stage *st)
{
	static const struct macro_pair id[MACRO_TABLE_MAX] = { { "i", "Q1" } };
	struct macros m = as_macros(id);

	session_eom(&st->s, &m);
}

static bool
get_row(struct stage *st, struct record_session *row)
{
	static struct record_domain domains[LIMIT_RECORD_DOMAINS];

	return session_row(&st->s, &st->settings, 5250, domains, row);
}

/* Which events come, and what the row says of TLS then: C connect, T connect
 * inside TLS, H helo, E helo inside TLS, M mail, S mail inside TLS; small
 * letters: as Sendmail. */
static const struct {
	const char *label, *events;
	enum record_tls tls;
} ways[] = {
	{ "plaintext", "CHM", RECORD_TLS_NONE },
	{ "STARTTLS", "CHES", RECORD_TLS_STARTTLS },
	{ "STARTTLS, no second EHLO", "CHS", RECORD_TLS_STARTTLS },
	{ "STARTTLS before any EHLO", "CES", RECORD_TLS_STARTTLS },
	{ "no EHLO at all", "CM", RECORD_TLS_NONE },
	{ "implicit", "TES", RECORD_TLS_WRAPPER },
	{ "implicit, ends early", "T", RECORD_TLS_WRAPPER },
	{ "implicit, ends before MAIL", "TE", RECORD_TLS_WRAPPER },
	{ "ends at once", "C", RECORD_TLS_UNKNOWN },
	{ "ends after EHLO, or its handshake failed", "CH",
	    RECORD_TLS_UNKNOWN },
	{ "ends after the second EHLO", "CHE", RECORD_TLS_STARTTLS },
	{ "plaintext mail, then STARTTLS", "CHMES", RECORD_TLS_STARTTLS },
	{ "Sendmail, plaintext", "chm", RECORD_TLS_NONE },
	{ "Sendmail, STARTTLS", "ches", RECORD_TLS_STARTTLS },
	{ "Sendmail, STARTTLS, no second EHLO", "chs", RECORD_TLS_STARTTLS },
	{ "Sendmail, implicit", "ces", RECORD_TLS_WRAPPER },
	{ "Sendmail, ends early", "ch", RECORD_TLS_UNKNOWN },
	{ "mail before all", "M", RECORD_TLS_NONE },
};

static void
play(struct stage *st, char event)
{
	switch (event) {
	case 'C':
		connect_from(st, "192.0.2.1", 25000, plain);
		break;
	case 'c':
		connect_from(st, "192.0.2.1", 25000, sendmail);
		break;
	case 'T':
		connect_from(st, "192.0.2.1", 25000, tls);
		break;
	case 'H':
	case 'h':
		helo(st, event == 'H' ? plain : sendmail);
		break;
	case 'E':
	case 'e':
		helo(st, event == 'E' ? tls : sendmail_tls);
		break;
	case 'M':
	case 'm':
		mail(st, "<a@x.test>", event == 'M' ? plain : sendmail);
		break;
	case 'S':
	case 's':
		mail(st, "<a@x.test>", event == 'S' ? tls : sendmail_tls);
		break;
	default:
		ck_abort_msg("unknown event %c", event);
	}
}

START_TEST(tells_how_tls_came)
{
	struct stage st;
	struct record_session row;

	stage_open(&st);
	for (const char *p = ways[_i].events; *p != '\0'; p++)
		play(&st, *p);
	ck_assert_msg(st.s.tls == ways[_i].tls, "%s: %d", ways[_i].label,
	    (int)st.s.tls);
	ck_assert_msg(get_row(&st, &row) == (ways[_i].events[0] != 'M'),
	    "%s: row", ways[_i].label);
	stage_close(&st);
}
END_TEST

/* Postfix plays a session for sendmail(1); it is the only exemption. */
static const struct {
	const char *label, *addr;
	uint16_t port;
	bool is_refused;
} clients[] = {
	{ "sendmail(1)", "127.0.0.1", 0, false },
	{ "sendmail(1), IPv6", "::1", 0, false },
	{ "sendmail(1), mapped", "::ffff:127.0.0.1", 0, false },
	{ "no address", NULL, 0, false },
	{ "a real session from here", "127.0.0.1", 40000, true },
	{ "a real session from here, IPv6", "::1", 40000, true },
	{ "a proxy that tells no port", "192.0.2.7", 0, true },
	{ "a proxy that tells no port, IPv6", "2001:db8::1", 0, true },
	{ "from afar", "192.0.2.7", 40000, true },
};

START_TEST(exempts_local)
{
	struct stage st;
	struct record_session row;

	stage_open(&st);
	connect_from(&st, clients[_i].addr, clients[_i].port, plain);
	mail(&st, "<a@bank.test>", plain);
	ck_assert_msg(rcpt(&st, "<b@us.test>") != clients[_i].is_refused, "%s",
	    clients[_i].label);
	ck_assert_int_eq(st.heard.n, clients[_i].is_refused);
	ck_assert_msg(get_row(&st, &row) == clients[_i].is_refused, "%s: row",
	    clients[_i].label);
	stage_close(&st);
}
END_TEST

/* A client whose address XCLIENT hides is no local submission. */
START_TEST(judges_unknown_address)
{
	static const struct sv names[] = { SV("unknown"), SV("[unknown]"),
		SV("") };
	struct session_peer peer = { names[_i], false, { 0 }, 0 };
	struct macros m = as_macros(plain);
	struct stage st;

	stage_open(&st);
	session_connect(&st.s, &peer, &m);
	mail(&st, "<a@bank.test>", plain);
	ck_assert(!rcpt(&st, "<b@us.test>"));
	stage_close(&st);
}
END_TEST

START_TEST(refuses_per_recipient)
{
	struct stage st;

	stage_open(&st);
	connect_from(&st, "192.0.2.1", 25000, plain);
	mail(&st, "<a@Bank.test>", plain);
	ck_assert(!rcpt(&st, "<b@us.test>"));
	ck_assert_str_eq(st.reply.code, "550");
	ck_assert_str_eq(st.reply.status, "5.7.10");
	ck_assert_str_eq(st.reply.text,
	    "TLS required by policy rule 1 for mail from bank.test: this "
	    "session is not encrypted; enable STARTTLS on your outbound "
	    "server");
	ck_assert_str_eq(st.heard.sender, "a@Bank.test");
	ck_assert_str_eq(st.heard.recipient, "b@us.test");
	ck_assert_str_eq(st.heard.text,
	    "550 5.7.10 TLS required by policy rule 1 for mail from "
	    "bank.test: this session is not encrypted; enable STARTTLS on "
	    "your outbound server");
	ck_assert_int_eq(st.heard.n_monitor, 0);
	mail(&st, "<a@bank.test>", tls);
	ck_assert(rcpt(&st, "<b@us.test>"));
	ck_assert_int_eq(st.heard.n, 1);
	stage_close(&st);
}
END_TEST

START_TEST(watches)
{
	struct stage st;

	stage_open(&st);
	connect_from(&st, "192.0.2.1", 25000, plain);
	mail(&st, "<a@watched.test>", plain);
	ck_assert(rcpt(&st, "<b@us.test>"));
	ck_assert_int_eq(st.heard.n, 1);
	ck_assert_int_eq(st.heard.n_monitor, 1);
	ck_assert(sv_starts(sv_from(st.heard.text),
	    sv_from("451 4.7.10 TLS required by policy rule 2 ")));
	ck_assert_uint_eq(st.s.n_refused, 0);
	stage_close(&st);
}
END_TEST

START_TEST(knows_nothing_before_mail)
{
	struct stage st;

	stage_open(&st);
	connect_from(&st, "192.0.2.1", 25000, plain);
	ck_assert(rcpt(&st, "<b@us.test>"));
	inbound_sender(&st.s.inbound, sv_from("a@bank.test"), INBOUND_READ);
	ck_assert(!rcpt(&st, "<b@us.test>"));
	ck_assert_str_eq(st.reply.code, "451");
	ck_assert_str_eq(st.reply.status, "4.7.0");
	stage_close(&st);
}
END_TEST

/* What the client wrote, whose MTA, what that read; is it refused, as what? */
static const struct {
	const char *written, *version, *read;
	const char *code; /* NULL: accepted */
	const char *sender;
} reading[] = {
	{ "<a@bank.test (x@x.test)>", "Postfix 3.7.11", "a@bank.test", "550",
	    "a@bank.test" },
	{ "<a@bank.test (x@x.test)>", "Postfix 3.7.11", NULL, "451",
	    "a@bank.test (x@x.test)" },
	{ "<a@bank.test (x@x.test)>", "8.17.1", "a@x.test", "451",
	    "a@bank.test (x@x.test)" },
	{ "<a@x.test>", "8.17.1", "a@bank.test", NULL, "" },
	{ "<a@bank.test>", "8.17.1", "a", "550", "a@bank.test" },
	{ "<a@x.test (a@bank.test)>", "Postfix 3.7.11", "a@x.test", NULL, "" },
	{ "<>", "Postfix 3.7.11", "", NULL, "" },
	{ "<A@Bank.Test>", "Postfix 3.7.11", "a@bank.test", "550",
	    "A@Bank.Test" },
};

START_TEST(believes_what_postfix_reads)
{
	struct macro_pair told[MACRO_TABLE_MAX] = { { "v",
							reading[_i].version },
		{ "{mail_addr}", reading[_i].read } };
	struct stage st;

	stage_open(&st);
	connect_from(&st, "192.0.2.1", 25000, told);
	mail(&st, reading[_i].written, told);
	ck_assert_int_eq(rcpt(&st, "<b@us.test>"), reading[_i].code == NULL);
	if (reading[_i].code != NULL)
		ck_assert_str_eq(st.reply.code, reading[_i].code);
	ck_assert_str_eq(st.heard.sender, reading[_i].sender);
	stage_close(&st);
}
END_TEST

START_TEST(forgets_the_sender)
{
	struct stage st;

	stage_open(&st);
	connect_from(&st, "192.0.2.1", 25000, plain);
	mail(&st, "<a@bank.test>", plain);
	session_abort(&st.s);
	ck_assert_int_eq((int)st.s.inbound.sender.kind, PARTY_ABSENT);
	ck_assert(rcpt(&st, "<b@us.test>"));
	mail(&st, "<a@bank.test>", plain);
	eom(&st);
	ck_assert(rcpt(&st, "<b@us.test>"));
	ck_assert_uint_eq(st.s.n_messages, 1);
	ck_assert_uint_eq(st.s.queue_id.n, 0);
	stage_close(&st);
}
END_TEST

static const struct {
	const char *label;
	enum conf_addresses addresses;
	const char *mail_from, *sender, *recipient;
	bool has_text;
	size_t n_domains;
} privacy[] = {
	{ "full", CONF_ADDRESSES_FULL, "<A@bank.test>", "A@bank.test",
	    "b+c@us.test", true, 2 },
	{ "domain", CONF_ADDRESSES_DOMAIN, "<a@bank.test>", "bank.test",
	    "us.test", true, 2 },
	{ "none", CONF_ADDRESSES_NONE, "<a@bank.test>", "", "", false, 0 },
};

START_TEST(keeps_what_is_allowed)
{
	struct stage st;
	struct record_session row;

	stage_open(&st);
	st.settings.addresses = privacy[_i].addresses;
	connect_from(&st, "192.0.2.1", 25000, plain);
	mail(&st, privacy[_i].mail_from, plain);
	ck_assert(!rcpt(&st, "<b+c@us.test>"));
	ck_assert_str_eq(st.heard.sender, privacy[_i].sender);
	ck_assert_str_eq(st.heard.recipient, privacy[_i].recipient);
	ck_assert_int_eq(st.heard.text[0] != '\0', privacy[_i].has_text);
	ck_assert(get_row(&st, &row));
	ck_assert_uint_eq(row.n_domains, privacy[_i].n_domains);
	stage_close(&st);
}
END_TEST

START_TEST(fills_the_row)
{
	struct stage st;
	struct record_session row;

	stage_open(&st);
	connect_from(&st, "192.0.2.1", 25000, plain);
	helo(&st, plain);
	helo(&st, tls);
	mail(&st, "<a@bank.test>", tls);
	ck_assert(rcpt(&st, "<b@us.test>") && rcpt(&st, "<c@us.test>"));
	eom(&st);
	mail(&st, "<>", tls);
	ck_assert(rcpt(&st, "<b@them.test>"));
	eom(&st);
	ck_assert(get_row(&st, &row));
	ck_assert_int_eq(row.at_secs, 1000);
	ck_assert_uint_eq(row.duration_msecs, 250);
	ck_assert_int_eq((int)row.mta, RECORD_POSTFIX);
	ck_assert_sv_eq(row.client_addr, sv_from("192.0.2.1"), "address");
	ck_assert_sv_eq(row.client_name, sv_from("client.test"), "name");
	ck_assert_sv_eq(row.helo, sv_from("mail.client.test"), "helo");
	ck_assert_sv_eq(row.queue_id, sv_from("Q1"), "queue id");
	ck_assert_sv_eq(row.tls_version, sv_from("TLSv1.3"), "version");
	ck_assert_uint_eq(row.bits, 256);
	ck_assert_uint_eq(row.client_port, 25000);
	ck_assert_uint_eq(row.n_messages, 2);
	ck_assert_uint_eq(row.n_accepted, 3);
	ck_assert_uint_eq(row.n_refused, 0);
	ck_assert_uint_eq(row.refused_reason.n, 0);
	ck_assert_uint_eq(row.n_domains, 4);
	ck_assert_sv_eq(row.domains[0].domain, sv_from("bank.test"), "first");
	ck_assert(row.domains[0].is_sender && !row.domains[1].is_sender);
	ck_assert_uint_eq(row.domains[1].n_accepted, 2);
	ck_assert_sv_eq(row.domains[2].domain, sv_from(""), "null sender");
	stage_close(&st);
}
END_TEST

/* Mail in clear, then STARTTLS: H the second HELO tells, M only MAIL. */
START_TEST(parts_the_row)
{
	struct macros in_clear, in_tls;
	struct record_session row;
	struct stage st;

	stage_open(&st);
	connect_from(&st, "192.0.2.1", 25000, plain);
	helo(&st, plain);
	mail(&st, "<a@x.test>", plain);
	in_tls = as_macros(tls);
	ck_assert(!session_begins_tls(&st.s, &in_tls));
	ck_assert(rcpt(&st, "<b@us.test>"));
	eom(&st);
	in_clear = as_macros(plain);
	ck_assert(!session_begins_tls(&st.s, &in_clear));
	in_tls = as_macros(tls);
	ck_assert(session_begins_tls(&st.s, &in_tls));
	ck_assert(get_row(&st, &row));
	ck_assert_int_eq((int)row.tls, RECORD_TLS_NONE);
	ck_assert_uint_eq(row.n_messages, 1);
	ck_assert_uint_eq(row.n_domains, 2);
	session_next_row(&st.s, 1100, 5100);
	ck_assert(!session_begins_tls(&st.s, &in_tls));
	if (_i == 0)
		helo(&st, tls);
	mail(&st, "<a@bank.test>", tls);
	ck_assert(rcpt(&st, "<b@us.test>"));
	in_tls = as_macros(tls);
	ck_assert(!session_begins_tls(&st.s, &in_tls));
	ck_assert(get_row(&st, &row));
	ck_assert_int_eq(row.at_secs, 1100);
	ck_assert_int_eq((int)row.tls, RECORD_TLS_STARTTLS);
	ck_assert_uint_eq(row.n_messages, 0);
	ck_assert_uint_eq(row.n_accepted, 1);
	ck_assert_sv_eq(row.domains[0].domain, sv_from("bank.test"), "second");
	stage_close(&st);
}
END_TEST

START_TEST(fills_the_refusal)
{
	struct stage st;
	struct record_session row;

	stage_open(&st);
	connect_from(&st, "192.0.2.1", 25000, plain);
	mail(&st, "<a@bank.test>", plain);
	ck_assert(!rcpt(&st, "<b@us.test>") && !rcpt(&st, "<c@us.test>"));
	mail(&st, "<a@x.test>", plain);
	ck_assert(rcpt(&st, "<b@us.test>"));
	ck_assert(get_row(&st, &row));
	ck_assert_uint_eq(row.n_accepted, 1);
	ck_assert_uint_eq(row.n_refused, 2);
	ck_assert_int_eq(row.refused_rule, 1);
	ck_assert_sv_eq(row.refused_reason, sv_from("no_tls"), "reason");
	ck_assert_uint_eq(row.domains[1].n_refused, 2);
	ck_assert_uint_eq(row.domains[1].n_accepted, 1);
	stage_close(&st);
}
END_TEST

START_TEST(records_what_is_wanted)
{
	struct stage st;
	struct record_session row;

	stage_open(&st);
	connect_from(&st, "192.0.2.1", 25000, plain);
	st.settings.record = CONF_RECORD_MAIL;
	ck_assert(!get_row(&st, &row));
	mail(&st, "<a@x.test>", plain);
	ck_assert(get_row(&st, &row));
	st.settings.record = CONF_RECORD_NONE;
	ck_assert(!get_row(&st, &row));
	stage_close(&st);
}
END_TEST

/* Thousands of domains, endless texts: bounded, never wrong. */
START_TEST(bounds)
{
	static char longest[70000];
	struct stage st;
	struct record_session row;
	struct macros m = as_macros(plain);
	char recipient[64];

	stage_open(&st);
	memset(longest, '\x01', sizeof(longest) - 1);
	connect_from(&st, "192.0.2.1", 25000, plain);
	session_helo(&st.s, sv_from(longest), &m);
	mail(&st, longest, plain);
	for (int i = 0; i < 3000; i++) {
		(void)snprintf(recipient, sizeof(recipient), "a@d%d.test", i);
		(void)rcpt(&st, recipient);
	}
	ck_assert(get_row(&st, &row));
	ck_assert_uint_eq(row.n_domains, LIMIT_RECORD_DOMAINS);
	ck_assert_uint_lt(row.helo.n, 1200);
	ck_assert_uint_eq(row.n_accepted + row.n_refused, 3000);
	stage_close(&st);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, tells_how_tls_came, 0, N_ROWS(ways));
	tcase_add_loop_test(tc, exempts_local, 0, N_ROWS(clients));
	tcase_add_loop_test(tc, judges_unknown_address, 0, 3);
	tcase_add_test(tc, refuses_per_recipient);
	tcase_add_test(tc, watches);
	tcase_add_test(tc, knows_nothing_before_mail);
	tcase_add_loop_test(tc, believes_what_postfix_reads, 0,
	    N_ROWS(reading));
	tcase_add_test(tc, forgets_the_sender);
	tcase_add_loop_test(tc, keeps_what_is_allowed, 0, N_ROWS(privacy));
	tcase_add_test(tc, fills_the_row);
	tcase_add_loop_test(tc, parts_the_row, 0, 2);
	tcase_add_test(tc, fills_the_refusal);
	tcase_add_test(tc, records_what_is_wanted);
	tcase_add_test(tc, bounds);
}

UNIT_MAIN("milter_session", add_tests)
