/* tlswarden: tests for daemon/record_queue and daemon/recorder.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "daemon/record_queue.h"
#include "daemon/recorder.h"
#include "policy_fixture.h"
#include "said.h"
#include "store/state_read.h"
#include "unit.h"

enum { N_THREADS = 4, N_EACH = 2000, PATIENCE_MSECS = 20000 };

static uint64_t
now_msecs(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
sleep_msecs(long msecs)
{
	struct timespec t = { msecs / 1000, msecs % 1000 * 1000000 };

	(void)nanosleep(&t, NULL);
}

START_TEST(queue_copies)
{
	char text[2000];
	char domain[] = "example.com";
	struct record_domain domains[LIMIT_RECORD_DOMAINS + 5];
	struct record_session row = { .at_secs = 7 };
	struct record_queue q;
	struct record_item *item;

	memset(text, 'x', sizeof(text));
	for (int i = 0; i < N_ROWS(domains); i++)
		domains[i] = (struct record_domain){ sv_from(domain), false,
			(uint32_t)i, 0 };
	record_queue_init(&q, 10, 1 << 20, 5);
	row.helo = sv_make(text, sizeof(text));
	row.verify = sv_make(text, 0);
	row.domains = domains;
	row.n_domains = sizeof(domains) / sizeof(domains[0]);
	ck_assert(record_queue_put(&q, RECORD_SESSION, &row));
	memset(text, 'y', sizeof(text));
	memset(domain, 'y', sizeof(domain) - 1);
	item = record_queue_take(&q);
	ck_assert_ptr_nonnull(item);
	ck_assert_int_eq(item->row.session.at_secs, 7);
	ck_assert_uint_eq(item->row.session.helo.n, LIMIT_RECORD_TEXT);
	ck_assert_int_eq(item->row.session.helo.p[LIMIT_RECORD_TEXT - 1], 'x');
	ck_assert_ptr_null(item->row.session.daemon.p);
	ck_assert_uint_eq(item->row.session.n_domains, LIMIT_RECORD_DOMAINS);
	ck_assert_sv_eq(item->row.session.domains[255].domain,
	    sv_from("example.com"), "domain");
	ck_assert_uint_eq(item->row.session.domains[255].n_accepted, 255);
	ck_assert_ptr_null(record_queue_take(&q));
	record_queue_free(&q, item);
	ck_assert_uint_eq(q.n_rows, 0);
	ck_assert_uint_eq(q.n_bytes, 0);
	record_queue_done(&q);
}
END_TEST

START_TEST(queue_is_bounded)
{
	struct record_violation row = { .rule = 1 };
	struct record_probe probe = { .json = SV("{}") };
	char json[5000] = "";
	struct record_queue q;
	struct record_item *item;

	record_queue_init(&q, 3, 4000, 100);
	for (row.rule = 1; row.rule <= 5; row.rule++)
		ck_assert_msg(record_queue_put(&q, RECORD_VIOLATION, &row) ==
			(row.rule <= 3),
		    "row %d", (int)row.rule);
	ck_assert_uint_eq(q.n_refused, 2);
	item = record_queue_take(&q);
	for (int64_t rule = 1; rule <= 3; rule++) {
		struct record_item *next = item->next;

		ck_assert_int_eq(item->row.violation.rule, rule);
		record_queue_free(&q, item);
		item = next;
	}
	ck_assert_ptr_null(item);
	/* By bytes. */
	ck_assert(record_queue_put(&q, RECORD_PROBE, &probe));
	probe.json = sv_make(json, sizeof(json));
	ck_assert(!record_queue_put(&q, RECORD_PROBE, &probe));
	ck_assert_uint_eq(q.n_refused, 3);
	record_queue_done(&q);
}
END_TEST

static struct recorder *
start(const struct fixture *f, struct say say)
{
	struct recorder_options opt = { .path = f->state, .say = say };
	struct recorder *rec = NULL;
	struct err err = { 0 };

	ck_assert_msg(recorder_start(&rec, &opt, &err) == 0, "%s", err.text);
	return rec;
}

static int
count(void *arg, int64_t id, const struct record_session *row)
{
	(void)id;
	(void)row;
	++*(uint64_t *)arg;
	return 0;
}

static uint64_t
recorded(const struct fixture *f)
{
	struct session_filter all = { 0 };
	struct store st;
	struct err err = { 0 };
	uint64_t n = 0;

	ck_assert_msg(state_read_open(&st, f->state, &err) == 0, "%s",
	    err.text);
	ck_assert_int_eq(state_sessions_each(&st, &all, count, &n, &err), 0);
	store_close(&st);
	return n;
}

/* Waits until so many rows are written or lost. */
static struct recorder_stats
wait_for(struct recorder *rec, uint64_t n_done)
{
	uint64_t begin = now_msecs();
	struct recorder_stats st;

	for (;;) {
		recorder_stats(rec, &st);
		if (st.n_written + st.n_lost_failed + st.n_lost_full >= n_done)
			return st;
		ck_assert_msg(now_msecs() - begin < PATIENCE_MSECS,
		    "only %llu rows", (unsigned long long)st.n_written);
		sleep_msecs(5);
	}
}

static void
wait_for_words(struct said *said, const char *words)
{
	uint64_t begin = now_msecs();

	while (said_count(said, words) == 0) {
		ck_assert_msg(now_msecs() - begin < PATIENCE_MSECS,
		    "never said: %s", words);
		sleep_msecs(20);
	}
}

static void *
produce(void *arg)
{
	struct record_session row = { .helo = SV("mx.example.com"),
		.tls = RECORD_TLS_STARTTLS };

	for (row.at_secs = 1; row.at_secs <= N_EACH; row.at_secs++)
		(void)recorder_session(arg, &row);
	return NULL;
}

START_TEST(many_producers)
{
	struct recorder_stats st;
	struct fixture f;
	struct said said;
	struct recorder *rec;
	pthread_t threads[N_THREADS];

	fixture_init(&f);
	rec = start(&f, said_init(&said));
	for (int i = 0; i < N_THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, produce,
				     rec),
		    0);
	for (int i = 0; i < N_THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	/* At once: nothing that was taken may be lost. */
	recorder_stop(rec, PATIENCE_MSECS, &st);
	ck_assert_uint_eq(st.n_written, N_THREADS * N_EACH);
	ck_assert_uint_eq(st.n_lost_full + st.n_lost_failed, 0);
	ck_assert_uint_eq(st.n_waiting, 0);
	ck_assert_uint_ge(st.n_groups, N_THREADS * N_EACH / RECORDER_GROUP);
	ck_assert_uint_eq(recorded(&f), N_THREADS * N_EACH);
	ck_assert_uint_eq(said.n_errors, 0);
	said_done(&said);
	fixture_done(&f);
}
END_TEST

/* One row is in the file soon, and idle takes no time. */
START_TEST(written_soon)
{
	struct record_session row = { .at_secs = 1 };
	struct fixture f;
	struct said said;
	struct recorder *rec;
	uint64_t begin;

	fixture_init(&f);
	rec = start(&f, said_init(&said));
	begin = now_msecs();
	ck_assert(recorder_session(rec, &row));
	(void)wait_for(rec, 1);
	ck_assert_uint_lt(now_msecs() - begin, 5000);
	ck_assert_uint_eq(recorded(&f), 1);
	begin = now_msecs();
	recorder_stop(rec, 1000, NULL);
	ck_assert_uint_lt(now_msecs() - begin, 900);
	said_done(&said);
	fixture_done(&f);
}
END_TEST

/* The database knows that n of its rows are missing. */
static void
check_noted(const struct fixture *f, int n)
{
	char sql[160];

	(void)snprintf(sql, sizeof(sql),
	    "CREATE TEMP TABLE t(n CHECK(n = %d)); INSERT INTO t"
	    " SELECT sum(n) FROM lost WHERE since <= at",
	    n);
	ck_assert_msg(fixture_try_sql(f->state, sql), "%d rows", n);
}

/* A shell that forgot its transaction: rows wait, then are lost, loudly; when
 * it has ended, recording goes on. */
START_TEST(locked)
{
	struct record_session row = { .at_secs = 1 };
	struct recorder_stats st;
	struct fixture f;
	struct said said;
	struct recorder *rec;
	struct sqlite3 *shell;
	uint64_t begin;

	fixture_init(&f);
	rec = start(&f, said_init(&said));
	shell = fixture_open(f.state);
	fixture_exec(shell, "BEGIN IMMEDIATE");
	begin = now_msecs();
	for (int i = 0; i < 10; i++)
		ck_assert(recorder_session(rec, &row));
	ck_assert_msg(now_msecs() - begin < 1000, "the producer waited");
	/* Released in time: none is lost. */
	sleep_msecs(500);
	fixture_exec(shell, "COMMIT");
	st = wait_for(rec, 10);
	ck_assert_uint_eq(st.n_written, 10);

	fixture_exec(shell, "BEGIN IMMEDIATE");
	ck_assert(recorder_session(rec, &row));
	st = wait_for(rec, 11);
	ck_assert_uint_eq(st.n_lost_failed, 1);
	ck_assert_uint_eq(said_count(&said, "NOT RECORDED: 1 rows lost"), 1);
	ck_assert_uint_eq(said_count(&said, "locked by another program"), 1);
	fixture_exec(shell, "COMMIT");
	ck_assert(recorder_session(rec, &row));
	st = wait_for(rec, 12);
	ck_assert_uint_eq(st.n_written, 11);
	wait_for_words(&said, "recording again");
	check_noted(&f, 1);

	/* The end does not wait for the shell either. */
	fixture_exec(shell, "BEGIN IMMEDIATE");
	for (int i = 0; i < 2000; i++)
		ck_assert(recorder_session(rec, &row));
	begin = now_msecs();
	recorder_stop(rec, 300, &st);
	ck_assert_uint_lt(now_msecs() - begin, 3000);
	ck_assert_uint_eq(st.n_lost_failed, 2001);
	ck_assert_uint_eq(said_count(&said, "2001 rows lost"), 1);
	fixture_exec(shell, "COMMIT");
	fixture_close(shell);
	ck_assert_uint_eq(recorded(&f), 11);
	said_done(&said);
	fixture_done(&f);
}
END_TEST

START_TEST(queue_full)
{
	struct recorder_options opt = { .max_rows = 100 };
	struct record_session row = { .at_secs = 1 };
	struct recorder_stats st;
	struct fixture f;
	struct said said;
	struct recorder *rec;
	struct sqlite3 *shell;
	struct err err;
	unsigned n_taken = 0;

	fixture_init(&f);
	opt.path = f.state;
	opt.say = said_init(&said);
	ck_assert_int_eq(recorder_start(&rec, &opt, &err), 0);
	shell = fixture_open(f.state);
	fixture_exec(shell, "BEGIN IMMEDIATE");
	for (int i = 0; i < 250; i++)
		n_taken += recorder_session(rec, &row) ? 1 : 0;
	ck_assert_uint_eq(n_taken, 100);
	fixture_exec(shell, "COMMIT");
	fixture_close(shell);
	st = wait_for(rec, 250);
	ck_assert_uint_eq(st.n_written, 100);
	ck_assert_uint_eq(st.n_lost_full, 150);
	recorder_stop(rec, 5000, NULL);
	ck_assert_uint_ge(said_count(&said, "150 rows lost"), 1);
	check_noted(&f, 150);
	said_done(&said);
	fixture_done(&f);
}
END_TEST

/* Writes fail as on a full disk: no file may grow over a limit. */
START_TEST(full_disk)
{
	struct rlimit limit, before;
	struct record_session row = { .at_secs = 1 };
	struct recorder_stats st;
	struct fixture f;
	struct said said;
	struct recorder *rec;
	uint64_t n = 0;

	fixture_init(&f);
	rec = start(&f, said_init(&said));
	ck_assert(recorder_session(rec, &row));
	(void)wait_for(rec, ++n);
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 300000;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (int i = 0; i < 20000; i++, n++)
		(void)recorder_session(rec, &row);
	st = wait_for(rec, n);
	ck_assert_uint_gt(st.n_lost_failed, 0);
	ck_assert_uint_ge(said_count(&said, "NOT RECORDED"), 1);
	/* Room again. */
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	for (int i = 0; i < 10; i++, n++)
		ck_assert(recorder_session(rec, &row));
	(void)wait_for(rec, n);
	wait_for_words(&said, "recording again");
	recorder_stop(rec, 5000, &st);
	/* What was counted as written is there, and nothing is damaged. */
	ck_assert_uint_eq(recorded(&f), st.n_written);
	ck_assert_uint_eq(st.n_written + st.n_lost_failed + st.n_lost_full, n);
	ck_assert(fixture_try_sql(f.state,
	    "CREATE TABLE t(n CHECK(n = 'ok')); INSERT INTO t"
	    " SELECT * FROM pragma_integrity_check"));
	said_done(&said);
	fixture_done(&f);
}
END_TEST

static void
record_until_killed(const struct fixture *f, int fd)
{
	struct record_session row = { .at_secs = 1 };
	struct say nobody = { NULL, NULL };
	struct recorder *rec = start(f, nobody);
	uint64_t n = 0;

	for (;;) {
		struct recorder_stats st;

		for (int i = 0; i < 50; i++, n++)
			(void)recorder_session(rec, &row);
		sleep_msecs(1);
		recorder_stats(rec, &st);
		if (write(fd, &st.n_written, sizeof(st.n_written)) < 0)
			_exit(1);
	}
}

START_TEST(killed)
{
	struct fixture f;
	int fds[2];
	uint64_t n_written = 0;
	uint64_t n;
	pid_t pid;

	fixture_init(&f);
	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0)
		record_until_killed(&f, fds[1]);
	(void)close(fds[1]);
	while (n_written < 2000)
		ck_assert_int_eq(read(fds[0], &n_written, sizeof(n_written)),
		    sizeof(n_written));
	(void)kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	while (read(fds[0], &n, sizeof(n)) == sizeof(n))
		n_written = n;
	(void)close(fds[0]);
	/* All that had been committed is there. */
	ck_assert_uint_ge(recorded(&f), n_written);
	ck_assert(fixture_try_sql(f.state,
	    "CREATE TABLE t(n CHECK(n = 'ok')); INSERT INTO t"
	    " SELECT * FROM pragma_integrity_check"));
	fixture_done(&f);
}
END_TEST

START_TEST(moved_away)
{
	struct record_session row = { .at_secs = 1 };
	struct fixture f;
	struct said said;
	struct recorder *rec;

	fixture_init(&f);
	rec = start(&f, said_init(&said));
	ck_assert(recorder_session(rec, &row));
	(void)wait_for(rec, 1);
	ck_assert_int_eq(unlink(f.state), 0);
	ck_assert(recorder_session(rec, &row));
	(void)wait_for(rec, 2);
	recorder_stop(rec, 5000, NULL);
	ck_assert_uint_eq(recorded(&f), 1);
	ck_assert_uint_eq(said_count(&said, "a new one is made"), 1);
	said_done(&said);
	fixture_done(&f);
}
END_TEST

/* Row 0: set at the start; row 1: by a reload. */
START_TEST(retention)
{
	struct recorder_options opt = { .retention_days = _i == 0 ? 90 : 0 };
	struct record_session row = { .at_secs = 1000 };
	struct fixture f;
	struct said said;
	struct recorder *rec;
	struct recorder_stats st;
	struct err err;
	uint64_t begin = now_msecs();

	fixture_init(&f);
	opt.path = f.state;
	opt.say = said_init(&said);
	rec = start(&f, opt.say);
	for (int i = 0; i < 1200; i++)
		ck_assert(recorder_session(rec, &row));
	row.at_secs = INT64_C(1) << 40; /* for ever young */
	ck_assert(recorder_session(rec, &row));
	recorder_stop(rec, 5000, NULL);
	ck_assert_uint_eq(recorded(&f), 1201);
	ck_assert_int_eq(recorder_start(&rec, &opt, &err), 0);
	if (_i == 1)
		recorder_retain(rec, 90);
	do {
		ck_assert_uint_lt(now_msecs() - begin, PATIENCE_MSECS);
		sleep_msecs(5);
		recorder_stats(rec, &st);
	} while (st.n_pruned < 1200);
	recorder_stop(rec, 5000, NULL);
	ck_assert_uint_eq(recorded(&f), 1);
	said_done(&said);
	fixture_done(&f);
}
END_TEST

START_TEST(start_fails)
{
	struct recorder_options opt = { .path = "/nonexistent/state.db" };
	struct recorder *rec = NULL;
	struct recorder_stats st;
	struct fixture f;
	struct said said;
	struct sqlite3 *shell;
	struct err err;
	struct record_session row = { .at_secs = 1 };

	ck_assert_int_eq(recorder_start(&rec, &opt, &err), -1);
	ck_assert_int_eq(err.sysexit, EX_NOPERM);
	fixture_init(&f);
	opt.path = f.policy;
	ck_assert_int_eq(recorder_start(&rec, &opt, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "not a state database"));
	/* Locked now is no reason not to start. */
	fixture_write(f.state, "", 0);
	shell = fixture_open(f.state);
	fixture_exec(shell, "BEGIN EXCLUSIVE");
	rec = start(&f, said_init(&said));
	ck_assert_uint_eq(said_count(&said, "not recording yet"), 1);
	ck_assert(recorder_session(rec, &row));
	(void)wait_for(rec, 1);
	fixture_exec(shell, "ROLLBACK");
	fixture_close(shell);
	recorder_stop(rec, 100, &st);
	ck_assert_uint_eq(st.n_lost_failed, 1);
	recorder_stop(NULL, 100, NULL);
	said_done(&said);
	fixture_done(&f);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, queue_copies);
	tcase_add_test(tc, queue_is_bounded);
	tcase_add_test(tc, many_producers);
	tcase_add_test(tc, written_soon);
	tcase_add_test(tc, locked);
	tcase_add_test(tc, queue_full);
	tcase_add_test(tc, full_disk);
	tcase_add_test(tc, killed);
	tcase_add_test(tc, moved_away);
	tcase_add_loop_test(tc, retention, 0, 2);
	tcase_add_test(tc, start_fails);
}

UNIT_MAIN("recorder", add_tests)
