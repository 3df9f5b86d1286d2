/* tlswarden: tests for daemon/source: what is kept and who reads.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sysexits.h>
#include <unistd.h>

#include "source_world.h"

struct preparing {
	int answer;
	unsigned n_calls;
	size_t n_cas;
};

static int
prepare(void *arg, const struct load_ca *some, size_t n, struct err *err_r)
{
	struct preparing *p = arg;

	(void)some;
	p->n_calls++;
	p->n_cas = n;
	if (p->answer != 0)
		return err_set(err_r, EX_IOERR, "no room for PEM files");
	return 0;
}

/* What policyd must write before it serves can fail, and is tried again. */
START_TEST(prepares)
{
	struct preparing p = { 0, 0, 99 };
	struct world w;
	struct source_status st;

	world_init(&w);
	w.opt.load.prepare = prepare;
	w.opt.load.prepare_arg = &p;
	open_source(&w);
	ck_assert_uint_eq(p.n_calls, 1);
	ck_assert_uint_eq(p.n_cas, 0);
	p.answer = -1;
	fixture_sql(w.f.policy, good);
	st = poll_source(&w);
	ck_assert(st.is_failing);
	ck_assert_str_eq(st.failure, "no room for PEM files");
	ck_assert_uint_eq(st.n_rules, 0);
	st = poll_source(&w);
	ck_assert_uint_eq(p.n_calls, 2);
	p.answer = 0;
	w.now += 60;
	st = poll_source(&w);
	ck_assert_uint_eq(st.n_rules, 1);
	ck_assert(!st.is_failing);
	world_done(&w);
}
END_TEST

START_TEST(cannot_save)
{
	struct world w;
	struct source_status st;

	world_init(&w);
	w.opt.last_good_path = "/nonexistent/last-good";
	fixture_sql(w.f.policy, good);
	open_source(&w);
	st = poll_source(&w);
	ck_assert_uint_eq(st.n_rules, 1);
	ck_assert_uint_eq(st.n_saves, 0);
	ck_assert_uint_ge(st.n_save_failures, 1);
	ck_assert(!st.is_failing);
	ck_assert_uint_eq(said_count(&w.said, "not kept as last good"), 1);
	for (int i = 0; i < 5; i++) {
		w.now += 60;
		st = poll_source(&w);
	}
	ck_assert_uint_ge(st.n_save_failures, 5);
	ck_assert_uint_eq(said_count(&w.said, "not kept as last good"), 1);
	world_done(&w);
}
END_TEST

/* Changes the table while it is being loaded. */
static int
change_meanwhile(void *arg, const struct load_ca *some, size_t n,
    struct err *err_r)
{
	const struct fixture *f = arg;

	(void)some;
	(void)n;
	(void)err_r;
	fixture_sql(f->policy, good);
	return 0;
}

/* A table that changes with every look is written now and then. */
START_TEST(saves_seldom)
{
	struct world w;
	struct source_status st;

	world_init(&w);
	w.opt.load.prepare = change_meanwhile;
	w.opt.load.prepare_arg = &w.f;
	open_source(&w);
	for (int i = 0; i < 9; i++, w.now++)
		st = poll_source(&w);
	ck_assert_uint_eq(st.n_rules, 10);
	ck_assert_uint_eq(st.n_saves, 0);
	for (int i = 0; i < 10; i++, w.now++)
		st = poll_source(&w);
	ck_assert_uint_eq(st.n_saves, 1);
	world_done(&w);
}
END_TEST

/* Good, then at once bad: the good one is kept all the same. */
START_TEST(saves_what_served)
{
	struct world w;
	struct source_status st;
	struct err err;

	world_init(&w);
	open_source(&w);
	fixture_sql(w.f.policy, untriggered);
	fixture_sql(w.f.policy, good);
	(void)poll_source(&w);
	fixture_sql(w.f.policy, bad);
	st = poll_source(&w);
	ck_assert(st.is_failing);
	source_close(w.src);
	w.src = NULL;
	ck_assert_msg(source_open(&w.src, &w.opt, w.now, &err) == 0, "%s",
	    err.text);
	source_status(w.src, &st);
	ck_assert(st.is_last_good);
	ck_assert_uint_eq(st.n_rules, 1);
	world_done(&w);
}
END_TEST

/* Two daemons share policy.last-good; who finds the other at it waits. */
START_TEST(saves_in_turn)
{
	struct world w;
	struct source_status st;
	char fresh[100];
	int fd;

	world_init(&w);
	(void)snprintf(fresh, sizeof(fresh), "%s.new", w.f.last_good);
	fd = open(fresh, O_RDWR | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	open_source(&w);
	st = poll_source(&w);
	ck_assert_uint_eq(st.n_saves + st.n_save_failures, 0);
	(void)close(fd);
	st = poll_source(&w);
	ck_assert_uint_eq(st.n_saves, 1);
	ck_assert_uint_eq(said_count(&w.said, "last good"), 0);

	/* But not for ever in silence. */
	fd = open(fresh, O_RDWR | O_CREAT, 0600);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	fixture_sql(w.f.policy, good);
	st = poll_source(&w);
	w.now += 60;
	st = poll_source(&w);
	ck_assert_uint_eq(st.n_save_failures, 1);
	ck_assert_uint_eq(said_count(&w.said, "not kept as last good"), 1);
	(void)close(fd);
	world_done(&w);
}
END_TEST

START_TEST(readers)
{
	struct source_reader a, b;
	const struct snapshot *old;
	struct source_held *held;
	struct world w;

	world_init(&w);
	fixture_sql(w.f.policy, good);
	open_source(&w);
	source_reader_init(&a, w.src);
	source_reader_init(&b, w.src);
	old = source_reader_get(&a);
	ck_assert_ptr_eq(source_reader_get(&b), old);
	held = source_take(w.src);
	ck_assert_ptr_eq(source_held_snapshot(held), old);
	fixture_sql(w.f.policy, good);
	(void)poll_source(&w);
	ck_assert_uint_eq(snapshot_count(source_reader_get(&a)), 2);
	ck_assert_ptr_ne(source_reader_get(&a), old);
	/* b has not moved on, so what it has is still there, loads later. */
	fixture_sql(w.f.policy, good);
	(void)poll_source(&w);
	(void)poll_source(&w);
	ck_assert_uint_eq(snapshot_count(b.snap), 1);
	ck_assert_uint_eq(snapshot_count(source_held_snapshot(held)), 1);
	ck_assert_uint_eq(snapshot_count(source_reader_get(&b)), 3);
	source_give(w.src, held);
	source_reader_done(&a);
	source_reader_done(&b);
	source_reader_done(&b);
	world_done(&w);
}
END_TEST

struct reading {
	struct source *src;
	atomic_bool wants_stop;
	uint64_t n_bad;
	uint64_t n_seen; /* different snapshots */
};

static void *
read_on(void *arg)
{
	struct reading *r = arg;
	struct source_reader reader;
	const struct snapshot *last = NULL;
	size_t count = 0;

	source_reader_init(&reader, r->src);
	while (!atomic_load(&r->wants_stop)) {
		const struct snapshot *snap = source_reader_get(&reader);
		size_t n = snapshot_count(snap);

		/* Rules are only added: never fewer than before. */
		r->n_bad += n < count ? 1 : 0;
		r->n_seen += snap != last ? 1 : 0;
		count = n;
		last = snap;
	}
	source_reader_done(&reader);
	return NULL;
}

START_TEST(reading_threads)
{
	struct reading r[2] = { 0 };
	pthread_t threads[2];
	struct world w;

	world_init(&w);
	open_source(&w);
	for (int i = 0; i < 2; i++) {
		r[i].src = w.src;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_on,
				     &r[i]),
		    0);
	}
	for (int i = 0; i < 30; i++) {
		fixture_sql(w.f.policy, good);
		(void)poll_source(&w);
	}
	for (int i = 0; i < 2; i++) {
		atomic_store(&r[i].wants_stop, true);
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert_uint_eq(r[i].n_bad, 0);
		ck_assert_uint_gt(r[i].n_seen, 1);
	}
	world_done(&w);
}
END_TEST

START_TEST(write_ahead_log)
{
	struct world w;
	struct source_status st;
	struct sqlite3 *shell;

	world_init(&w);
	fixture_sql(w.f.policy, good);
	open_source(&w);
	shell = fixture_open(w.f.policy);
	fixture_exec(shell, "PRAGMA journal_mode=WAL");
	for (int i = 0; i < 3; i++) {
		fixture_exec(shell, good);
		st = poll_source(&w);
	}
	ck_assert_uint_eq(st.n_rules, 4);
	ck_assert_uint_eq(said_count(&w.said, "write-ahead log"), 1);
	fixture_close(shell);
	world_done(&w);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, prepares);
	tcase_add_test(tc, cannot_save);
	tcase_add_test(tc, saves_seldom);
	tcase_add_test(tc, saves_what_served);
	tcase_add_test(tc, saves_in_turn);
	tcase_add_test(tc, readers);
	tcase_add_test(tc, reading_threads);
	tcase_add_test(tc, write_ahead_log);
}

UNIT_MAIN("source_keep", add_tests)
