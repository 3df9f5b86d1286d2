/* tlswarden: tests for policyd/news.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "news.h"
#include "said.h"
#include "unit.h"

enum { DAY = 86400, THEN = 1000 * DAY, NOW = THEN + DAY };

/* A server as it was, or is: host, fault, days from then or now to its first
 * expiry (0: no chain). */
struct server {
	const char *host;
	const char *class;
	int days;
};

static const struct row {
	const char *label;
	struct server was[3], is[3];
	bool has_pin, is_unverified, is_no_domain, has_no_rule;
	const char *want; /* all lines; words that end a line with * */
} rows[] = {
	{ .label = "new and good", .is = { { "mx", "", 500 } }, .want = "" },
	{ .label = "new and failing",
	    .is = { { "mx", "expired_leaf", 500 } },
	    .want = "probe: failing destination=p.test "
		    "server=mx[192.0.2.1]:25 rule=3 class=expired_leaf "
		    "fault=theirs was=new todo=\"renew the certificate\"\n" },
	{ .label = "as before",
	    .was = { { "mx", "", 500 } },
	    .is = { { "mx", "", 499 } },
	    .want = "" },
	{ .label = "fails as before",
	    .was = { { "mx", "revoked", 500 } },
	    .is = { { "mx", "revoked", 499 } },
	    .want = "" },
	{ .label = "fails now",
	    .was = { { "mx", "", 500 } },
	    .is = { { "mx", "no_starttls", 0 } },
	    .want = "probe: failing destination=p.test "
		    "server=mx[192.0.2.1]:25 rule=3 class=no_starttls "
		    "fault=theirs was=ok todo=\"enable STARTTLS\"\n" },
	{ .label = "fails in another way",
	    .was = { { "mx", "timeout", 0 } },
	    .is = { { "mx", "no_starttls", 0 } },
	    .want = "probe: failing destination=p.test "
		    "server=mx[192.0.2.1]:25 rule=3 class=no_starttls "
		    "fault=theirs was=timeout todo=\"enable STARTTLS\"\n" },
	{ .label = "recovered",
	    .was = { { "mx", "no_starttls", 0 } },
	    .is = { { "mx", "", 500 } },
	    .want = "probe: recovered destination=p.test "
		    "server=mx[192.0.2.1]:25 rule=3 was=no_starttls\n" },
	{ .label = "one of two",
	    .was = { { "a", "", 500 }, { "b", "", 500 } },
	    .is = { { "a", "", 500 }, { "b", "timeout", 0 } },
	    .want = "probe: failing destination=p.test "
		    "server=b[192.0.2.1]:25 rule=3 class=timeout "
		    "fault=theirs was=ok todo=\"check the server and the "
		    "path\"\n" },
	{ .label = "nobody verifies that certificate",
	    .was = { { "mx", "", 500 } },
	    .is = { { "mx", "revoked", 500 } },
	    .is_unverified = true,
	    .want = "" },
	{ .label = "and it is good enough",
	    .was = { { "mx", "no_starttls", 0 } },
	    .is = { { "mx", "self_signed_leaf", 500 } },
	    .is_unverified = true,
	    .want = "probe: recovered destination=p.test "
		    "server=mx[192.0.2.1]:25 rule=3 was=no_starttls\n" },
	{ .label = "without a rule",
	    .is = { { "mx", "timeout", 0 } },
	    .has_no_rule = true,
	    .want = "probe: failing destination=p.test "
		    "server=mx[192.0.2.1]:25 rule=none class=timeout "
		    "fault=theirs was=new todo=\"check the server and the "
		    "path\"\n" },
	{ .label = "a class that is none",
	    .was = { { "mx", "", 500 } },
	    .is = { { "mx", "x", 500 } },
	    .want = "probe: failing destination=p.test "
		    "server=mx[192.0.2.1]:25 rule=3 class=x fault=theirs "
		    "was=ok todo=\"try again later\"\n" },

	{ .label = "22 days", .is = { { "mx", "", 22 } }, .want = "" },
	{ .label = "21 days",
	    .is = { { "mx", "", 21 } },
	    .want = "probe: expires destination=p.test "
		    "server=mx[192.0.2.1]:25 rule=3 not_after=1972-10-19 "
		    "days=21\n" },
	{ .label = "was 22",
	    .was = { { "mx", "", 22 } },
	    .is = { { "mx", "", 21 } },
	    .want = "probe: expires destination=p.test "
		    "server=mx[192.0.2.1]:25 rule=3 not_after=1972-10-19 "
		    "days=21\n" },
	{ .label = "told already",
	    .was = { { "mx", "", 21 } },
	    .is = { { "mx", "", 20 } },
	    .want = "" },
	{ .label = "renewed for a week",
	    .was = { { "mx", "", 5 } },
	    .is = { { "mx", "", 7 } },
	    .want = "probe: expires destination=p.test "
		    "server=mx[192.0.2.1]:25 rule=3 not_after=1972-10-05 "
		    "days=7\n" },
	{ .label = "it is over",
	    .was = { { "mx", "", 1 } },
	    .is = { { "mx", "expired_leaf", -1 } },
	    .want = "probe: failing destination=p.test "
		    "server=mx[192.0.2.1]:25 rule=3 class=expired_leaf "
		    "fault=theirs was=ok todo=\"renew the certificate\"\n" },
	{ .label = "no chain", .is = { { "mx", "", 0 } }, .want = "" },
	{ .label = "a pin",
	    .is = { { "mx", "", 9 } },
	    .has_pin = true,
	    .want =
		"probe: pin-breaks destination=p.test "
		"server=mx[192.0.2.1]:25 rule=3 not_after=1972-10-07 "
		"days=9 todo=\"ask for the next certificate and add its "
		"fingerprint to cert_fingerprint before it is renewed\"\n" },

	{ .label = "an MX more",
	    .was = { { "a", "", 500 } },
	    .is = { { "b", "", 500 }, { "a", "", 500 } },
	    .want = "probe: mx-changed destination=p.test rule=3 was=\"a\" "
		    "now=\"a b\"\n" },
	{ .label = "an MX less",
	    .was = { { "b", "", 500 }, { "a", "", 500 } },
	    .is = { { "b", "", 500 } },
	    .want = "probe: mx-changed destination=p.test rule=3 was=\"a b\" "
		    "now=\"b\"\n" },
	{ .label = "in another order",
	    .was = { { "b", "", 500 }, { "a", "", 500 } },
	    .is = { { "a", "", 500 }, { "b", "", 500 } },
	    .want = "" },
	{ .label = "two addresses of one",
	    .was = { { "a", "", 500 } },
	    .is = { { "a", "", 500 }, { "a", "", 500 } },
	    .want = "" },
	{ .label = "a host has no MX",
	    .was = { { "a", "", 500 } },
	    .is = { { "b", "", 500 } },
	    .is_no_domain = true,
	    .want = "" },
};

static struct record_probe
server_row(const struct server *s, int64_t at)
{
	return (struct record_probe){ .at_secs = at,
		.host = sv_from(s->host),
		.addr = sv_from("192.0.2.1"),
		.port = 25,
		.class = sv_from(s->class),
		.fault = sv_from("theirs"),
		.not_after_secs = s->days == 0 ? 0 : at + s->days * DAY };
}

START_TEST(changes)
{
	const struct row *row = &rows[_i];
	struct record_probe is[3];
	struct said said;
	struct say say = said_init(&said);
	struct news news = { .nexthop = sv_from("p.test"),
		.rule = row->has_no_rule ? 0 : 3,
		.has_pin = row->has_pin,
		.has_mx = !row->is_no_domain,
		.verifies = !row->is_unverified,
		.now = NOW,
		.warn_days = 21,
		.say = &say };
	struct past past;
	size_t n = 0;

	past_init(&past);
	for (size_t i = 0; i < 3 && row->was[i].host != NULL; i++) {
		struct record_probe was = server_row(&row->was[i], THEN);

		past_add(&past, &was);
	}
	for (; n < 3 && row->is[n].host != NULL; n++)
		is[n] = server_row(&row->is[n], NOW);
	news_tell(&news, &past, is, n);
	ck_assert_msg(strcmp(buf_str(&said.lines), row->want) == 0,
	    "%s: got\n%swant\n%s", row->label, buf_str(&said.lines), row->want);
	past_done(&past);
	said_done(&said);
}
END_TEST

START_TEST(dns_that_did_not_answer_changes_no_mx)
{
	struct server s = { "p.test", "dns_failure", 0 };
	struct server mx = { "mx", "", 500 };
	struct record_probe is = server_row(&s, NOW), was;
	struct said said;
	struct say say = said_init(&said);
	struct news news = { .nexthop = sv_from("p.test"),
		.has_mx = true,
		.now = NOW,
		.say = &say };
	struct past past;

	is.addr = sv_from("");
	was = server_row(&mx, THEN);
	past_init(&past);
	past_add(&past, &was);
	news_tell(&news, &past, &is, 1);
	ck_assert_uint_eq(said_count(&said, "mx-changed"), 0);
	ck_assert_uint_eq(said_count(&said, "class=dns_failure"), 1);
	news_tell(&news, &past, &is, 0);
	past_done(&past);
	said_done(&said);
}
END_TEST

START_TEST(servers_of_older_looks_do_not_count)
{
	struct server gone = { "old", "", 500 }, mx = { "mx", "", 500 };
	struct record_probe old = server_row(&gone, THEN - DAY);
	struct record_probe was = server_row(&mx, THEN);
	struct record_probe is = server_row(&mx, NOW);
	struct said said;
	struct say say = said_init(&said);
	struct news news = { .nexthop = sv_from("p.test"),
		.has_mx = true,
		.now = NOW,
		.say = &say };
	struct past past;

	past_init(&past);
	past_add(&past, &old);
	past_add(&past, &was);
	for (int i = 0; i < 2 * NEWS_ROWS_MAX; i++)
		past_add(&past, &old);
	ck_assert_uint_eq(past.n, NEWS_ROWS_MAX);
	news_tell(&news, &past, &is, 1);
	ck_assert_str_eq(buf_str(&said.lines), "");
	past_done(&past);
	said_done(&said);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, changes, 0, N_ROWS(rows));
	tcase_add_test(tc, dns_that_did_not_answer_changes_no_mx);
	tcase_add_test(tc, servers_of_older_looks_do_not_count);
}

UNIT_MAIN("news", add_tests)
