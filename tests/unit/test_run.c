/* tlswarden: tests for ctl/run.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "ctl/run.h"
#include "unit.h"

enum { LIMIT_MSECS = 300, PATIENCE_MSECS = 20000, OUT_BYTES = 100000 };

static int64_t
clock_msecs(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Runs a script with the limit; how long that took. */
static int64_t
run_script(const char *script, int limit_msecs, struct run *r, int *rc_r,
    struct err *err_r)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	int64_t start = clock_msecs();

	*rc_r = run_program(argv, limit_msecs, r, err_r);
	return clock_msecs() - start;
}

static const struct {
	const char *label;
	const char *script;
	int rc;
	int code; /* exit code, or sysexit */
	const char *out;
	const char *err; /* of the program, or of the failure */
} ends[] = {
	{ "nothing", ":", 0, 0, "", "" },
	{ "both outputs", "echo a; echo b >&2", 0, 0, "a\n", "b\n" },
	{ "an exit code", "echo a; exit 7", 0, 7, "a\n", "" },
	{ "no input", "cat; echo end", 0, 0, "end\n", "" },
	{ "NUL bytes", "printf 'a\\000b' | tr '\\000' .", 0, 0, "a.b", "" },
	{ "output in pieces", "echo a; sleep 0.1; echo b", 0, 0, "a\nb\n", "" },
	{ "killed itself", "kill -9 $$", -1, EX_SOFTWARE, "", "by signal 9" },
	{ "too much output", "yes", -1, EX_DATAERR, NULL,
	    "printed more than the 100000 bytes" },
};

START_TEST(ends_by_itself)
{
	struct run r;
	struct err err = { 0 };
	int rc;

	run_init(&r, OUT_BYTES);
	(void)run_script(ends[_i].script, PATIENCE_MSECS, &r, &rc, &err);
	ck_assert_msg(rc == ends[_i].rc, "%s: %d %s", ends[_i].label, rc,
	    err.text);
	ck_assert_msg((rc == 0 ? r.exit_code : err.sysexit) == ends[_i].code,
	    "%s: %d %d", ends[_i].label, r.exit_code, err.sysexit);
	if (ends[_i].out != NULL)
		ck_assert_str_eq(buf_str(&r.out), ends[_i].out);
	ck_assert_msg(strstr(rc == 0 ? buf_str(&r.err) : err.text,
			  ends[_i].err) != NULL,
	    "%s: %s", ends[_i].label, err.text);
	run_done(&r);
}
END_TEST

static const struct {
	const char *label;
	const char *script;
} hangers[] = {
	{ "sleeps", "exec sleep 60" },
	{ "sleeps after its output", "echo a; sleep 60" },
	{ "prints slowly for ever", "while :; do echo a; sleep 0.05; done" },
	{ "closed both outputs", "exec >&- 2>&-; sleep 60" },
	{ "does not mind signals", "trap '' TERM INT HUP; sleep 60" },
	{ "left a child that holds the outputs", "sleep 60 & exit 0" },
};

/* The time limit is kept whatever the program does, and says so. */
START_TEST(takes_too_long)
{
	struct run r;
	struct err err = { 0 };
	int64_t msecs;
	int rc;

	run_init(&r, OUT_BYTES);
	msecs = run_script(hangers[_i].script, LIMIT_MSECS, &r, &rc, &err);
	ck_assert_msg(rc == -1, "%s: %d", hangers[_i].label, rc);
	ck_assert_msg(msecs >= LIMIT_MSECS && msecs < PATIENCE_MSECS,
	    "%s: %lld ms", hangers[_i].label, (long long)msecs);
	ck_assert_msg(err.text[0] != '\0' && err.sysexit != 0, "%s",
	    hangers[_i].label);
	run_done(&r);
}
END_TEST

static bool
is_gone(pid_t pid)
{
	return kill(pid, 0) != 0 && errno == ESRCH;
}

/* What the program started goes with it. */
START_TEST(kills_all_of_it)
{
	const struct timespec step = { .tv_nsec = 20000000 };
	struct run r;
	struct err err = { 0 };
	uint32_t pid = 0;
	int rc;

	run_init(&r, OUT_BYTES);
	(void)run_script("sleep 60 & echo $!; wait", LIMIT_MSECS, &r, &rc,
	    &err);
	ck_assert_int_eq(rc, -1);
	ck_assert_int_eq(err.sysexit, EX_TEMPFAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "did not end in time"));
	ck_assert(sv_to_u32(sv_trim(buf_sv(&r.out)), INT32_MAX, &pid));
	for (int i = 0; i < 250 && !is_gone((pid_t)pid); i++)
		(void)nanosleep(&step, NULL);
	ck_assert_msg(is_gone((pid_t)pid), "%u is left", pid);
	run_done(&r);
}
END_TEST

START_TEST(cannot_start)
{
	const char *const none[] = { "no-such-program-at-all", NULL };
	const char *const folder[] = { "/", NULL };
	struct run r;
	struct err err = { 0 };

	run_init(&r, OUT_BYTES);
	ck_assert_int_eq(run_program(none, LIMIT_MSECS, &r, &err), -1);
	ck_assert_int_eq(err.sysexit, EX_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(err.text, "no-such-program-at-all"));
	/* As a shell has it. */
	ck_assert_int_eq(run_program(folder, PATIENCE_MSECS, &r, &err), 0);
	ck_assert_int_eq(r.exit_code, 127);
	run_done(&r);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, ends_by_itself, 0, N_ROWS(ends));
	tcase_add_loop_test(tc, takes_too_long, 0, N_ROWS(hangers));
	tcase_add_test(tc, kills_all_of_it);
	tcase_add_test(tc, cannot_start);
}

UNIT_MAIN("run", add_tests)
