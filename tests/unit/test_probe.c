/* tlswarden: tests for probe/outcome and probe/sweep.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cert/finding.h"
#include "probe/outcome.h"
#include "probe/sweep.h"
#include "unit.h"

/* ---- outcome ------------------------------------------------------------ */
/* E: EHLO was answered, O: STARTTLS offered, H: handshake tried, T: TLS up,
 * C: complete, R: refused inside. */
static const struct {
	const char *label;
	enum level level; /* LEVEL_UNKNOWN: no rule */
	enum on_failure on_failure;
	const char *session;
	enum reason finding; /* that fails; REASON_COUNT: none */
	enum reason_fault fault;
	enum verdict_kind verdict;
	enum outcome want;
} outcomes[] = {
	{ "no rule, TLS", LEVEL_UNKNOWN, 0, "EOHTC", REASON_COUNT, 0,
	    VERDICT_PASS, OUTCOME_ENCRYPTED },
	{ "no rule, not offered", LEVEL_UNKNOWN, 0, "E", REASON_NO_STARTTLS,
	    FAULT_THEIRS, VERDICT_PASS, OUTCOME_PLAIN },
	{ "no rule, refused", LEVEL_UNKNOWN, 0, "EO", REASON_STARTTLS_REFUSED,
	    FAULT_THEIRS, VERDICT_PASS, OUTCOME_PLAIN },
	{ "no rule, handshake", LEVEL_UNKNOWN, 0, "EOH",
	    REASON_HANDSHAKE_FAILURE, FAULT_THEIRS, VERDICT_PASS,
	    OUTCOME_PLAIN_LATER },
	{ "no rule, refused inside TLS", LEVEL_UNKNOWN, 0, "EOHTR",
	    REASON_SMTP_REFUSED, FAULT_THEIRS, VERDICT_PASS, OUTCOME_DEFERRED },
	{ "no rule, no server", LEVEL_UNKNOWN, 0, "", REASON_CONNECTION_REFUSED,
	    FAULT_THEIRS, VERDICT_PASS, OUTCOME_DEFERRED },
	{ "none", LEVEL_NONE, 0, "E", REASON_NO_STARTTLS, FAULT_THEIRS,
	    VERDICT_PASS, OUTCOME_PLAIN },
	{ "none with TLS offered", LEVEL_NONE, 0, "EOHTC", REASON_COUNT, 0,
	    VERDICT_PASS, OUTCOME_PLAIN },
	{ "none, no server", LEVEL_NONE, 0, "", REASON_TIMEOUT, FAULT_PATH,
	    VERDICT_PASS, OUTCOME_DEFERRED },
	{ "preferred", LEVEL_PREFERRED, ON_FAILURE_FAIL, "EOH",
	    REASON_HANDSHAKE_FAILURE, FAULT_THEIRS, VERDICT_PASS,
	    OUTCOME_PLAIN_LATER },
	{ "encrypt", LEVEL_ENCRYPT, 0, "EOHTC", REASON_COUNT, 0, VERDICT_PASS,
	    OUTCOME_ENCRYPTED },
	{ "secure", LEVEL_SECURE, 0, "EOHTC", REASON_COUNT, 0, VERDICT_PASS,
	    OUTCOME_VERIFIED },
	{ "encrypt, tempfail", LEVEL_ENCRYPT, ON_FAILURE_TEMPFAIL, "E",
	    REASON_NO_STARTTLS, FAULT_THEIRS, VERDICT_TEMPFAIL,
	    OUTCOME_DEFERRED },
	{ "encrypt, fail", LEVEL_ENCRYPT, ON_FAILURE_FAIL, "E",
	    REASON_NO_STARTTLS, FAULT_THEIRS, VERDICT_FAIL, OUTCOME_BOUNCED },
	{ "handshake, fail, theirs", LEVEL_ENCRYPT, ON_FAILURE_FAIL, "EOH",
	    REASON_LEGACY_PROTOCOL, FAULT_THEIRS, VERDICT_TEMPFAIL,
	    OUTCOME_BOUNCED },
	{ "handshake, tempfail", LEVEL_ENCRYPT, ON_FAILURE_TEMPFAIL, "EOH",
	    REASON_LEGACY_PROTOCOL, FAULT_THEIRS, VERDICT_TEMPFAIL,
	    OUTCOME_DEFERRED },
	{ "handshake, ours", LEVEL_ENCRYPT, ON_FAILURE_FAIL, "EOH",
	    REASON_HANDSHAKE_FAILURE, FAULT_OURS, VERDICT_TEMPFAIL,
	    OUTCOME_DEFERRED },
	{ "handshake, the path's", LEVEL_ENCRYPT, ON_FAILURE_FAIL, "EOH",
	    REASON_TIMEOUT, FAULT_PATH, VERDICT_TEMPFAIL, OUTCOME_DEFERRED },
	{ "handshake, closed: may be busy", LEVEL_ENCRYPT, ON_FAILURE_FAIL,
	    "EOH", REASON_CONNECTION_CLOSED, FAULT_THEIRS, VERDICT_TEMPFAIL,
	    OUTCOME_DEFERRED },
	{ "no handshake was tried", LEVEL_ENCRYPT, ON_FAILURE_FAIL, "EO",
	    REASON_PROTOCOL_ERROR, FAULT_THEIRS, VERDICT_TEMPFAIL,
	    OUTCOME_DEFERRED },
	{ "TLS is up, then it ends", LEVEL_ENCRYPT, ON_FAILURE_FAIL, "EOHT",
	    REASON_CLIENT_CERT_REQUIRED, FAULT_THEIRS, VERDICT_TEMPFAIL,
	    OUTCOME_DEFERRED },
	{ "no server, fail", LEVEL_SECURE, ON_FAILURE_FAIL, "",
	    REASON_CONNECTION_REFUSED, FAULT_THEIRS, VERDICT_TEMPFAIL,
	    OUTCOME_DEFERRED },
};

START_TEST(outcome)
{
	const char *s = outcomes[_i].session;
	const struct probe_result r = { .has_ehlo = strchr(s, 'E') != NULL,
		.offers_starttls = strchr(s, 'O') != NULL,
		.tried_handshake = strchr(s, 'H') != NULL,
		.has_tls = strchr(s, 'T') != NULL,
		.is_complete = strchr(s, 'C') != NULL,
		.was_refused = strchr(s, 'R') != NULL };
	const struct demand demand = { .level = outcomes[_i].level };
	const struct rule rule = { .id = 1,
		.demand = &demand,
		.on_failure = (uint8_t)outcomes[_i].on_failure };
	const struct verdict v = { .kind = outcomes[_i].verdict };
	struct diagnosis d;
	enum outcome got;

	diagnosis_init(&d, "x");
	if (outcomes[_i].finding != REASON_COUNT)
		diagnosis_add(&d, outcomes[_i].finding)->fault =
		    outcomes[_i].fault;
	got = probe_outcome(outcomes[_i].level == LEVEL_UNKNOWN ? NULL : &rule,
	    &r, &d, &v);
	ck_assert_msg(got == outcomes[_i].want, "%s: %s", outcomes[_i].label,
	    outcome_phrase(got));
	diagnosis_done(&d);
}
END_TEST

static const struct {
	enum resolve_status status;
	enum outcome want;
	const char *word;
} dns[] = {
	{ RESOLVE_TEMP, OUTCOME_DEFERRED, "deferred" },
	{ RESOLVE_NONE, OUTCOME_BOUNCED, "bounced" },
	{ RESOLVE_NULL_MX, OUTCOME_BOUNCED, "bounced" },
	{ RESOLVE_OK, OUTCOME_UNKNOWN, "unknown" },
};

START_TEST(outcome_without_address)
{
	enum outcome got = outcome_of_dns(dns[_i].status);

	ck_assert_int_eq(got, dns[_i].want);
	ck_assert_str_eq(outcome_word(got), dns[_i].word);
}
END_TEST

START_TEST(outcome_words)
{
	for (int i = OUTCOME_UNKNOWN; i <= OUTCOME_VERIFIED; i++) {
		const char *word = outcome_word((enum outcome)i);

		/* A phrase that says more ends in how. */
		ck_assert_ptr_nonnull(
		    strstr(outcome_phrase((enum outcome)i), word));
	}
}
END_TEST

/* ---- sweep -------------------------------------------------------------- */
enum { JOBS_MAX = 2000 };

struct swept {
	atomic_uint times[JOBS_MAX];
	atomic_uint busy[SWEEP_PARALLEL_MAX];
	atomic_uint n_now, n_most, n_bad;
	size_t n_parallel;
	size_t n_progress, last;
	long pause_nsecs;
};

static void
sweep_job(void *arg, size_t i, size_t worker)
{
	struct swept *s = arg;
	const struct timespec pause = { 0, s->pause_nsecs };
	unsigned now = atomic_fetch_add(&s->n_now, 1) + 1;

	if (worker >= s->n_parallel ||
	    atomic_fetch_add(&s->busy[worker], 1) != 0)
		(void)atomic_fetch_add(&s->n_bad, 1);
	if (now > atomic_load(&s->n_most))
		atomic_store(&s->n_most, now);
	(void)atomic_fetch_add(&s->times[i], 1);
	if (s->pause_nsecs > 0)
		(void)nanosleep(&pause, NULL);
	if (worker < s->n_parallel)
		(void)atomic_fetch_sub(&s->busy[worker], 1);
	(void)atomic_fetch_sub(&s->n_now, 1);
}

static void
sweep_progress(void *arg, size_t n_done)
{
	struct swept *s = arg;

	if (n_done <= s->last)
		(void)atomic_fetch_add(&s->n_bad, 1);
	s->last = n_done;
	s->n_progress++;
}

static const struct {
	const char *label;
	size_t n_jobs, n_parallel, most;
	long pause_nsecs;
} sweeps[] = {
	{ "nothing to do", 0, 4, 0, 0 },
	{ "one job", 1, 1, 1, 0 },
	{ "one at a time", 50, 1, 1, 100000 },
	{ "more threads than jobs", 3, 100, 3, 1000000 },
	{ "four at a time", 100, 4, 4, 200000 },
	{ "many short ones", JOBS_MAX, 8, 8, 0 },
	{ "the most", JOBS_MAX, SWEEP_PARALLEL_MAX, SWEEP_PARALLEL_MAX,
	    100000 },
	{ "more than that is cut", JOBS_MAX, 100000, SWEEP_PARALLEL_MAX,
	    100000 },
};

START_TEST(sweep)
{
	static struct swept s;
	size_t n = sweeps[_i].n_parallel;
	const struct sweep how = { .n_jobs = sweeps[_i].n_jobs,
		.n_parallel = n,
		.job = sweep_job,
		.progress = sweep_progress,
		.arg = &s,
		.progress_arg = &s };

	memset(&s, 0, sizeof(s));
	s.n_parallel = n > SWEEP_PARALLEL_MAX ? SWEEP_PARALLEL_MAX : n;
	s.pause_nsecs = sweeps[_i].pause_nsecs;
	sweep_run(&how);
	for (size_t i = 0; i < JOBS_MAX; i++)
		ck_assert_msg(atomic_load(&s.times[i]) == (i < how.n_jobs),
		    "%s: job %zu was done %u times", sweeps[_i].label, i,
		    atomic_load(&s.times[i]));
	ck_assert_msg(atomic_load(&s.n_bad) == 0, "%s: bad worker or progress",
	    sweeps[_i].label);
	ck_assert_msg(atomic_load(&s.n_most) <= sweeps[_i].most,
	    "%s: %u at a time", sweeps[_i].label, atomic_load(&s.n_most));
	ck_assert_uint_eq(s.last, how.n_jobs);
	ck_assert(how.n_jobs == 0 || s.n_progress > 0);
}
END_TEST

START_TEST(sweep_side_by_side)
{
	static struct swept s = { .n_parallel = 50, .pause_nsecs = 200000000 };
	const struct sweep how = { .n_jobs = 50,
		.n_parallel = 50,
		.job = sweep_job,
		.arg = &s };
	struct timespec begin, end;

	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	sweep_run(&how);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	/* One after the other they take ten seconds. */
	ck_assert_int_lt(end.tv_sec - begin.tv_sec, 5);
	ck_assert_uint_gt(atomic_load(&s.n_most), 10);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, outcome, 0, N_ROWS(outcomes));
	tcase_add_loop_test(tc, outcome_without_address, 0, N_ROWS(dns));
	tcase_add_test(tc, outcome_words);
	tcase_add_loop_test(tc, sweep, 0, N_ROWS(sweeps));
	tcase_add_test(tc, sweep_side_by_side);
}

UNIT_MAIN("probe", add_tests)
