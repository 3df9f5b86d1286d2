/* tlswarden: bench_store - what copying, reading and keeping a table costs.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * usage: bench_store POLICY.db FOLDER [ROUNDS]
 * Medians over the rounds. cpu_ms is of this thread and can be compared on a
 * machine that does other things too; ms is by the clock. FOLDER takes what
 * is written and must be empty of policy.last-good and state.db.
 */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "daemon/policy_load.h"
#include "store/policy_db.h"
#include "store/state_db.h"

enum { MAX_ROUNDS = 99, STATE_ROWS = 20000 };

enum step { COPY, LOCKED, LOCK_HELD, READ, VERIFY, LOAD, SAVE, N_STEPS };

static const char *const step_words[N_STEPS] = {
	[COPY] = "copy without a lock",
	[LOCKED] = "copy under the lock",
	[LOCK_HELD] = "  of it, lock held",
	[READ] = "read every row",
	[VERIFY] = "quick_check",
	[LOAD] = "read, check, build the snapshot",
	[SAVE] = "keep as last good, content the same",
};

struct sample {
	double msecs[N_STEPS][MAX_ROUNDS];
	double cpu_msecs[N_STEPS][MAX_ROUNDS];
};

struct watch {
	double msecs;
	double cpu_msecs;
};

static double
msecs_of(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static struct watch
watch_start(void)
{
	return (struct watch){ msecs_of(CLOCK_MONOTONIC),
		msecs_of(CLOCK_THREAD_CPUTIME_ID) };
}

static void
watch_stop(struct sample *s, enum step step, int round, struct watch w)
{
	s->msecs[step][round] = msecs_of(CLOCK_MONOTONIC) - w.msecs;
	s->cpu_msecs[step][round] =
	    msecs_of(CLOCK_THREAD_CPUTIME_ID) - w.cpu_msecs;
}

static void
count_rule(void *arg, const struct rule_row *row, const char *fault)
{
	uint64_t *n = arg;

	*n += fault == NULL && row->id > 0 ? 1 : 0;
}

static int
copy_locked(struct policy_db *db, struct sample *s, int round,
    struct err *err_r)
{
	struct policy_image *image = NULL;
	struct policy_copy_stats stats;
	struct watch w = watch_start();

	policy_db_set_patience(db, 0);
	if (policy_db_copy(db, &image, &stats, err_r) != 0)
		return -1;
	watch_stop(s, LOCKED, round, w);
	s->msecs[LOCK_HELD][round] = (double)stats.lock_usecs / 1e3;
	s->cpu_msecs[LOCK_HELD][round] = (double)stats.lock_usecs / 1e3;
	policy_image_free(image);
	policy_db_set_patience(db, POLICY_DB_PATIENCE_MSECS);
	return 0;
}

static int
load(struct policy_image *image, struct load_result *r, struct err *err_r)
{
	struct load_options opt = { .snapshot = {
					.now = 1,
					.postfix_version = 306,
					.ca_directory = SV("tlswarden/ca"),
				    } };

	return policy_load(image, &opt, r, err_r);
}

static int
run_image(struct policy_image *image, const char *last_good, struct sample *s,
    int round, struct err *err_r)
{
	struct load_result r = { 0 };
	struct watch w = watch_start();
	uint64_t n = 0;
	bool is_written;

	if (policy_image_each_rule(image, count_rule, &n, err_r) != 0)
		return -1;
	watch_stop(s, READ, round, w);
	w = watch_start();
	if (policy_image_verify(image, err_r) != 0)
		return -1;
	watch_stop(s, VERIFY, round, w);
	w = watch_start();
	if (load(image, &r, err_r) != 0)
		return -1;
	watch_stop(s, LOAD, round, w);
	snapshot_free(r.snap);
	w = watch_start();
	if (policy_image_save(image, last_good, &is_written, err_r) != 0)
		return -1;
	watch_stop(s, SAVE, round, w);
	if (round == 0)
		(void)printf("rules=%llu file_bytes=%zu\n",
		    (unsigned long long)n, policy_image_bytes(image));
	return 0;
}

static int
run_round(struct policy_db *db, const char *last_good, struct sample *s,
    int round, struct err *err_r)
{
	struct policy_image *image = NULL;
	struct watch w = watch_start();
	int rc;

	if (policy_db_copy(db, &image, NULL, err_r) != 0)
		return -1;
	watch_stop(s, COPY, round, w);
	rc = run_image(image, last_good, s, round, err_r);
	policy_image_free(image);
	return rc != 0 ? -1 : copy_locked(db, s, round, err_r);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
median(double *values, int n)
{
	qsort(values, (size_t)n, sizeof(*values), by_value);
	return values[n / 2];
}

static void
report(struct sample *s, int rounds)
{
	(void)printf("%-40s %10s %10s\n", "step", "ms", "cpu_ms");
	for (int i = 0; i < N_STEPS; i++)
		(void)printf("%-40s %10.1f %10.1f\n", step_words[i],
		    median(s->msecs[i], rounds),
		    median(s->cpu_msecs[i], rounds));
}

/* Sessions in groups of some size: rows a second and the slowest commit. */
static int
run_state(const char *path, int group, struct err *err_r)
{
	static const struct record_domain domain = { SV("example.com"), false,
		1, 0 };
	static const struct record_session row = {
		.at_secs = 1000000000,
		.client_addr = SV("192.0.2.1"),
		.client_name = SV("mx.example.com"),
		.helo = SV("mx.example.com"),
		.tls = RECORD_TLS_STARTTLS,
		.tls_version = SV("TLSv1.3"),
		.cipher = SV("TLS_AES_256_GCM_SHA384"),
		.bits = 256,
		.n_messages = 1,
		.n_accepted = 1,
		.domains = &domain,
		.n_domains = 1,
	};
	struct state_db *db = NULL;
	struct watch all;
	double longest = 0;
	double took;

	if (state_db_open(&db, path, err_r) != 0)
		return -1;
	all = watch_start();
	for (int n = 0; n < STATE_ROWS; n += group) {
		double begin;

		if (state_db_begin(db, err_r) != 0)
			break;
		for (int i = 0; i < group; i++)
			if (state_db_session(db, &row, err_r) != 0)
				break;
		begin = msecs_of(CLOCK_MONOTONIC);
		if (state_db_commit(db, err_r) != 0)
			break;
		took = msecs_of(CLOCK_MONOTONIC) - begin;
		longest = took > longest ? took : longest;
	}
	took = msecs_of(CLOCK_MONOTONIC) - all.msecs;
	(void)printf(
	    "sessions in groups of %-4d rows/s=%.0f cpu_us/row=%.1f "
	    "longest_commit_ms=%.1f\n",
	    group, STATE_ROWS / took * 1e3,
	    (msecs_of(CLOCK_THREAD_CPUTIME_ID) - all.cpu_msecs) * 1e3 /
		STATE_ROWS,
	    longest);
	state_db_close(db);
	return err_r->sysexit == 0 ? 0 : -1;
}

static int
run(const char *path, const char *folder, int rounds, struct err *err_r)
{
	static const int groups[] = { 1, 10, 100, 500 };
	static struct sample sample;
	struct policy_db *db = policy_db_new(path);
	char file[PATH_MAX];
	int rc = 0;

	(void)snprintf(file, sizeof(file), "%s/policy.last-good", folder);
	for (int i = 0; rc == 0 && i < rounds; i++)
		rc = run_round(db, file, &sample, i, err_r);
	policy_db_free(db);
	if (rc != 0)
		return -1;
	report(&sample, rounds);
	(void)snprintf(file, sizeof(file), "%s/state.db", folder);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (run_state(file, groups[i], err_r) != 0)
			return -1;
	return 0;
}

int
main(int argc, char **argv)
{
	struct err err = { 0 };
	uint32_t rounds = 5;

	if (argc < 3 || argc > 4 ||
	    (argc == 4 &&
		(!sv_to_u32(sv_from(argv[3]), MAX_ROUNDS, &rounds) ||
		    rounds == 0))) {
		(void)fprintf(stderr,
		    "usage: bench_store POLICY.db FOLDER [ROUNDS]\n");
		return EX_USAGE;
	}
	if (run(argv[1], argv[2], (int)rounds, &err) == 0)
		return 0;
	(void)fprintf(stderr, "bench_store: %s\n", err.text);
	return err.sysexit;
}
