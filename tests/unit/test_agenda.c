/* tlswarden: tests for policyd/agenda.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "agenda.h"
#include "table.h"
#include "unit.h"

enum { INTERVAL = 100, NOW = 10000 };

static const struct table_row rows[] = {
	{ .is_out = true, .recipient = "a.test", .level = "encrypt" },
	{ .is_out = true, .recipient = "b.test", .level = "secure" },
	{ .is_out = true, .recipient = "u@b.test", .level = "encrypt" },
	{ .is_out = true, .recipient = "v@c.test", .level = "encrypt" },
	{ .is_out = true, .recipient = "[mx.d.test]:587", .level = "encrypt" },
	{ .is_out = true, .recipient = "e.test:25", .level = "encrypt" },
	/* no destination */
	{ .is_out = true, .recipient = ".f.test", .level = "encrypt" },
	{ .is_out = true, .recipient = "*", .level = "preferred" },
	{ .is_out = true, .recipient = "*.g.test", .level = "encrypt" },
	{ .sender = "h.test", .level = "encrypt" },
};
static const char all[] = "[mx.d.test]:587 a.test b.test c.test e.test:25";

static struct agenda *
make(const struct table_row *r, size_t n)
{
	struct agenda *a = agenda_new();
	struct snapshot *s = table_snapshot(r, n);

	ck_assert_uint_eq(agenda_take_rules(a, s), 0);
	snapshot_free(s);
	return a;
}

/* The names of the jobs that are given out, in order. */
static const char *
due(struct agenda *a, int64_t now, size_t max)
{
	static char text[1000];
	struct sv jobs[20];
	size_t n = agenda_due(a, now, INTERVAL, jobs, max), at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%.*s",
		    i > 0 ? " " : "", SV_ARG(jobs[i]));
	return text;
}

START_TEST(destinations_of_rules)
{
	struct agenda *a = make(rows, N_ROWS(rows));

	ck_assert_str_eq(due(a, NOW, 20), all);
	ck_assert_str_eq(due(a, NOW, 20), "");
	agenda_free(a);
}
END_TEST

START_TEST(the_longest_unseen_is_first)
{
	struct agenda *a = make(rows, N_ROWS(rows));

	agenda_seen(a, sv_from("a.test"), 25, NOW - 300);
	agenda_seen(a, sv_from("b.test"), 25, NOW - 400);
	agenda_seen(a, sv_from("c.test"), 25, NOW - 50);
	agenda_seen(a, sv_from("mx.d.test"), 587, NOW - 99);
	agenda_seen(a, sv_from("e.test"), 25, NOW - 100);
	ck_assert_str_eq(due(a, NOW, 2), "b.test a.test");
	ck_assert_str_eq(due(a, NOW, 20), "e.test:25");
	ck_assert_uint_eq(agenda_wait(a, NOW, INTERVAL, 60), 1);
	ck_assert_str_eq(due(a, NOW + 1, 20), "[mx.d.test]:587");
	ck_assert_uint_eq(agenda_wait(a, NOW + 1, INTERVAL, 60), 49);
	ck_assert_uint_eq(agenda_wait(a, NOW + 1, INTERVAL, 30), 30);
	agenda_free(a);
}
END_TEST

START_TEST(what_is_no_destination_was_not_seen)
{
	struct agenda *a = make(rows, N_ROWS(rows));

	agenda_seen(a, sv_from("a.test"), 465, NOW);
	agenda_seen(a, sv_from("mx.d.test"), 25, NOW);
	agenda_seen(a, sv_from("E.test"), 25, NOW);
	agenda_seen(a, sv_from(""), 25, NOW);
	agenda_seen(a, sv_from("b.test"), 0, NOW);
	agenda_seen(a, sv_from("c.test"), 26, NOW);
	ck_assert_str_eq(due(a, NOW, 20), all);
	agenda_free(a);
}
END_TEST

START_TEST(a_job_comes_back_once)
{
	struct agenda *a = make(rows, 1);
	struct sv job = sv_from("a.test");

	ck_assert(!agenda_is_out(a, job));
	ck_assert_str_eq(due(a, NOW, 20), "a.test");
	ck_assert(agenda_is_out(a, job));
	ck_assert(!agenda_is_out(a, sv_from("A.test")));
	ck_assert(!agenda_is_out(a, sv_from("b.test")));
	ck_assert(!agenda_is_out(a, sv_from("")));
	agenda_judged_by(a, job, (struct agenda_judge){ 7, 1 });
	agenda_judged_by(a, sv_from("b.test"), (struct agenda_judge){ 8, 1 });
	ck_assert_int_eq(agenda_judge(a, job).rule, 7);
	ck_assert_int_eq(agenda_judge(a, sv_from("b.test")).rule, 0);
	agenda_done(a, job, NOW + 5);
	agenda_done(a, sv_from("b.test"), NOW + 5);
	ck_assert(!agenda_is_out(a, job));
	ck_assert_int_eq(agenda_judge(a, job).rule, 0);
	ck_assert_str_eq(due(a, NOW + 5 + INTERVAL - 1, 20), "");
	ck_assert_str_eq(due(a, NOW + 5 + INTERVAL, 20), "a.test");
	agenda_free(a);
}
END_TEST

START_TEST(a_lost_job_is_given_out_again)
{
	struct agenda *a = make(rows, 1);

	ck_assert_str_eq(due(a, NOW, 20), "a.test");
	ck_assert_str_eq(due(a, NOW + AGENDA_LOST_SECS - 1, 20), "");
	ck_assert_str_eq(due(a, NOW + AGENDA_LOST_SECS, 20), "a.test");
	agenda_recall(a);
	ck_assert_str_eq(due(a, NOW + AGENDA_LOST_SECS, 20), "a.test");
	agenda_free(a);
}
END_TEST

START_TEST(a_clock_set_back_delays_no_longer)
{
	struct agenda *a = make(rows, 1);

	agenda_seen(a, sv_from("a.test"), 25, NOW + 1000000);
	ck_assert_uint_le(agenda_wait(a, NOW, INTERVAL, 60000), INTERVAL);
	agenda_done(a, sv_from("a.test"), NOW);
	ck_assert_str_eq(due(a, NOW + INTERVAL, 20), "a.test");
	agenda_free(a);
}
END_TEST

START_TEST(another_table_keeps_what_is_known)
{
	struct agenda *a = make(rows, N_ROWS(rows));
	struct snapshot *s = table_snapshot(rows + 1, 4);

	agenda_seen(a, sv_from("b.test"), 25, NOW);
	ck_assert_str_eq(due(a, NOW, 2), "[mx.d.test]:587 a.test");
	agenda_judged_by(a, sv_from("[mx.d.test]:587"),
	    (struct agenda_judge){ 9, 1 });
	ck_assert_uint_eq(agenda_take_rules(a, s), 0);
	snapshot_free(s);
	ck_assert(!agenda_is_out(a, sv_from("a.test")));
	ck_assert(agenda_is_out(a, sv_from("[mx.d.test]:587")));
	ck_assert_int_eq(agenda_judge(a, sv_from("[mx.d.test]:587")).rule, 9);
	ck_assert_str_eq(due(a, NOW, 20), "c.test");
	s = table_snapshot(rows, 0);
	ck_assert_uint_eq(agenda_take_rules(a, s), 0);
	snapshot_free(s);
	ck_assert_str_eq(due(a, NOW + 10000, 20), "");
	ck_assert_uint_eq(agenda_wait(a, NOW, INTERVAL, 60), 60);
	agenda_free(a);
	agenda_free(NULL);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, destinations_of_rules);
	tcase_add_test(tc, the_longest_unseen_is_first);
	tcase_add_test(tc, what_is_no_destination_was_not_seen);
	tcase_add_test(tc, a_job_comes_back_once);
	tcase_add_test(tc, a_lost_job_is_given_out_again);
	tcase_add_test(tc, a_clock_set_back_delays_no_longer);
	tcase_add_test(tc, another_table_keeps_what_is_known);
}

UNIT_MAIN("agenda", add_tests)
