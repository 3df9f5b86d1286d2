/* tlswarden: tests for probe/judge, probe/outcome and probe/sweep.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The sample certificate is good from 2025 to 2034; judged in 2026.
 */
#include "config.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cert/finding.h"
#include "cert/load.h"
#include "cert/trust.h"
#include "cert_samples.h"
#include "probe/judge.h"
#include "probe/outcome.h"
#include "probe/sweep.h"
#include "unit.h"

enum { NOW = 1767225600, LATER = 2082758400 };

#define PIN_OF_ANOTHER \
	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* ---- judge -------------------------------------------------------------- */
/* A session with the sample chain, and a rule. */
static const struct {
	const char *label;
	enum level level; /* LEVEL_UNKNOWN: no rule */
	enum on_failure on_failure;
	const char *cert_name, *pin; /* pin "own": that of the certificate */
	enum tls_version min_protocol;
	uint32_t min_bits;
	const char *version; /* of TLS; NULL: none */
	int bits;
	bool is_untrusted, is_incomplete, is_expired, has_no_starttls;
	enum verdict_kind kind;
	enum reason reason;  /* of a verdict that is none of pass */
	enum reason finding; /* that fails; REASON_COUNT: none */
	enum reason notice;  /* REASON_COUNT: whatever */
} judged[] = {
	{ .label = "no rule, a good server",
	    .version = "TLSv1.3",
	    .kind = VERDICT_PASS,
	    .finding = REASON_COUNT },
	{ .label = "no rule, untrusted",
	    .version = "TLSv1.3",
	    .is_untrusted = true,
	    .kind = VERDICT_PASS,
	    .finding = REASON_SELF_SIGNED_LEAF },
	{ .label = "none",
	    .level = LEVEL_NONE,
	    .has_no_starttls = true,
	    .kind = VERDICT_PASS,
	    .finding = REASON_NO_STARTTLS },
	{ .label = "preferred, in clear",
	    .level = LEVEL_PREFERRED,
	    .has_no_starttls = true,
	    .kind = VERDICT_PASS,
	    .finding = REASON_NO_STARTTLS },
	{ .label = "encrypt",
	    .level = LEVEL_ENCRYPT,
	    .version = "TLSv1.2",
	    .kind = VERDICT_PASS,
	    .finding = REASON_COUNT },
	{ .label = "encrypt looks at no certificate",
	    .level = LEVEL_ENCRYPT,
	    .version = "TLSv1.2",
	    .is_untrusted = true,
	    .kind = VERDICT_PASS,
	    .finding = REASON_SELF_SIGNED_LEAF },
	{ .label = "encrypt, TLS 1.0",
	    .level = LEVEL_ENCRYPT,
	    .version = "TLSv1",
	    .kind = VERDICT_PASS,
	    .finding = REASON_LEGACY_PROTOCOL },
	{ .label = "encrypt, in clear",
	    .level = LEVEL_ENCRYPT,
	    .has_no_starttls = true,
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_NO_TLS,
	    .finding = REASON_NO_STARTTLS },
	{ .label = "encrypt, in clear, fail",
	    .level = LEVEL_ENCRYPT,
	    .on_failure = ON_FAILURE_FAIL,
	    .has_no_starttls = true,
	    .kind = VERDICT_FAIL,
	    .reason = REASON_NO_TLS,
	    .finding = REASON_NO_STARTTLS },
	{ .label = "it does not go on inside TLS",
	    .level = LEVEL_ENCRYPT,
	    .on_failure = ON_FAILURE_FAIL,
	    .version = "TLSv1.3",
	    .is_incomplete = true,
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_UNKNOWN,
	    .finding = REASON_COUNT },
	{ .label = "protocol too old",
	    .level = LEVEL_ENCRYPT,
	    .min_protocol = TLS_VERSION_1_3,
	    .version = "TLSv1.2",
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_PROTOCOL_TOO_OLD,
	    .finding = REASON_COUNT },
	{ .label = "just new enough",
	    .level = LEVEL_ENCRYPT,
	    .min_protocol = TLS_VERSION_1_2,
	    .version = "TLSv1.2",
	    .kind = VERDICT_PASS,
	    .finding = REASON_COUNT },
	{ .label = "a protocol nobody knows",
	    .level = LEVEL_ENCRYPT,
	    .min_protocol = TLS_VERSION_1_2,
	    .version = "TLSv9",
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_UNKNOWN,
	    .finding = REASON_COUNT },
	{ .label = "128 bits",
	    .level = LEVEL_ENCRYPT,
	    .min_bits = 256,
	    .version = "TLSv1.3",
	    .bits = 128,
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_CIPHER_TOO_WEAK,
	    .finding = REASON_COUNT },
	{ .label = "its pin",
	    .level = LEVEL_ENCRYPT,
	    .pin = "own",
	    .version = "TLSv1.3",
	    .kind = VERDICT_PASS,
	    .finding = REASON_COUNT },
	{ .label = "its pin alone decides",
	    .level = LEVEL_ENCRYPT,
	    .pin = "own",
	    .version = "TLSv1.3",
	    .is_untrusted = true,
	    .kind = VERDICT_PASS,
	    .finding = REASON_COUNT,
	    .notice = REASON_SELF_SIGNED_LEAF },
	{ .label = "another pin",
	    .level = LEVEL_ENCRYPT,
	    .on_failure = ON_FAILURE_FAIL,
	    .pin = PIN_OF_ANOTHER,
	    .version = "TLSv1.3",
	    .kind = VERDICT_FAIL,
	    .reason = REASON_FINGERPRINT_MISMATCH,
	    .finding = REASON_COUNT },
	{ .label = "secure, its own name",
	    .level = LEVEL_SECURE,
	    .cert_name = "hostname",
	    .version = "TLSv1.3",
	    .kind = VERDICT_PASS,
	    .finding = REASON_COUNT },
	{ .label = "secure, one of several names",
	    .level = LEVEL_SECURE,
	    .cert_name = "a.test:unit:b.test",
	    .version = "TLSv1.3",
	    .kind = VERDICT_PASS,
	    .finding = REASON_COUNT },
	{ .label = "secure, the next hop's name by default",
	    .level = LEVEL_SECURE,
	    .version = "TLSv1.3",
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_CERT_NOT_VERIFIED,
	    .finding = REASON_NAME_MISMATCH },
	{ .label = "secure, another name",
	    .level = LEVEL_SECURE,
	    .on_failure = ON_FAILURE_FAIL,
	    .cert_name = "mx.other.test",
	    .version = "TLSv1.3",
	    .kind = VERDICT_FAIL,
	    .reason = REASON_CERT_NOT_VERIFIED,
	    .finding = REASON_NAME_MISMATCH },
	{ .label = "secure, untrusted",
	    .level = LEVEL_SECURE,
	    .cert_name = "hostname",
	    .version = "TLSv1.3",
	    .is_untrusted = true,
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_CERT_NOT_VERIFIED,
	    .finding = REASON_SELF_SIGNED_LEAF },
	{ .label = "secure, expired",
	    .level = LEVEL_SECURE,
	    .cert_name = "hostname",
	    .version = "TLSv1.3",
	    .is_expired = true,
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_CERT_NOT_VERIFIED,
	    .finding = REASON_EXPIRED_LEAF },
	{ .label = "secure, TLS 1.1, which Postfix cannot then",
	    .level = LEVEL_SECURE,
	    .cert_name = "hostname",
	    .version = "TLSv1.1",
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_PROTOCOL_TOO_OLD,
	    .finding = REASON_LEGACY_PROTOCOL },
	{ .label = "secure and pinned",
	    .level = LEVEL_SECURE,
	    .cert_name = "hostname",
	    .pin = "own",
	    .version = "TLSv1.3",
	    .kind = VERDICT_PASS,
	    .finding = REASON_COUNT },
	{ .label = "secure, another pin",
	    .level = LEVEL_SECURE,
	    .cert_name = "hostname",
	    .pin = PIN_OF_ANOTHER,
	    .version = "TLSv1.3",
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_FINGERPRINT_MISMATCH,
	    .finding = REASON_COUNT },
	{ .label = "secure, in clear",
	    .level = LEVEL_SECURE,
	    .has_no_starttls = true,
	    .kind = VERDICT_TEMPFAIL,
	    .reason = REASON_NO_TLS,
	    .finding = REASON_NO_STARTTLS },
};

/* The chain, the trust store and the pin of the sample. */
struct sample {
	struct chain *chain;
	struct trust *trust, *empty;
	char pin[80];
};

static void
sample_init(struct sample *s)
{
	struct err e = { 0 };
	struct arena mem;
	struct cert_info info;

	memset(s, 0, sizeof(*s));
	ck_assert_msg(chain_load_sent_bytes(sv_from(SAMPLE_CERT), "sample",
			  &s->chain, &e) == 0 &&
		trust_load_bytes(sv_from(SAMPLE_CERT), "sample", &s->trust,
		    &e) == 0,
	    "%s", e.text);
	ck_assert_int_eq(trust_load_given("/dev/null", &s->empty, &e), 0);
	arena_init(&mem);
	cert_info_fill(chain_x509(s->chain, 0), &mem, &info);
	(void)snprintf(s->pin, sizeof(s->pin), "%s", info.sha256);
	arena_free(&mem);
}

static void
sample_done(struct sample *s)
{
	chain_free(s->chain);
	trust_free(s->trust);
	trust_free(s->empty);
}

static void
ck_findings(const struct diagnosis *d, enum reason failing, enum reason notice,
    const char *label)
{
	const struct finding *f = NULL;

	for (size_t i = 0; i < d->n_findings; i++) {
		if (d->findings[i].severity != FINDING_FAIL)
			continue;
		f = &d->findings[i];
		ck_assert_msg(f->reason == failing, "%s: %s", label,
		    reason_info(f->reason)->code);
	}
	ck_assert_msg((f != NULL) == (failing != REASON_COUNT), "%s: fails",
	    label);
	if (notice == REASON_COUNT || notice == REASON_UNKNOWN)
		return;
	f = diagnosis_find(d, notice);
	ck_assert_msg(f != NULL && f->severity == FINDING_NOTICE, "%s: notice",
	    label);
}

START_TEST(judge)
{
	struct sample sample;
	struct demand demand = { .level = judged[_i].level,
		.min_protocol = judged[_i].min_protocol,
		.min_bits = judged[_i].min_bits,
		.cert_name = sv_from(judged[_i].cert_name) };
	const struct rule rule = { .id = 5,
		.demand = &demand,
		.direction = DIRECTION_OUT,
		.on_failure = (uint8_t)judged[_i].on_failure };
	struct judge_request req = { .now = judged[_i].is_expired ? LATER : NOW,
		.nexthop = "partner.test",
		.host = "unit" };
	bool has_tls = judged[_i].version != NULL;
	struct probe_result r = { .has_ehlo = true,
		.has_tls = has_tls,
		.tried_handshake = has_tls,
		.is_complete = has_tls && !judged[_i].is_incomplete };
	struct diagnosis d;
	struct verdict v;
	struct err e = { 0 };

	sample_init(&sample);
	if (judged[_i].pin != NULL)
		demand.fingerprint = sv_from(strcmp(judged[_i].pin, "own") == 0
			? sample.pin
			: judged[_i].pin);
	req.rule = judged[_i].level == LEVEL_UNKNOWN ? NULL : &rule;
	req.trust = judged[_i].is_untrusted ? sample.empty : sample.trust;
	diagnosis_init(&d, "unit");
	if (judged[_i].has_no_starttls)
		(void)diagnosis_add(&d, REASON_NO_STARTTLS);
	if (has_tls) {
		r.chain = sample.chain;
		d.tls_version = judged[_i].version;
		d.tls_bits = judged[_i].bits == 0 ? 256 : judged[_i].bits;
	}
	ck_assert_msg(probe_judge(&req, &r, &d, &v, &e) == 0, "%s: %s",
	    judged[_i].label, e.text);
	ck_assert_msg(v.kind == judged[_i].kind, "%s: kind %u, reason %s",
	    judged[_i].label, (unsigned)v.kind, reason_info(v.reason)->code);
	if (v.kind != VERDICT_PASS)
		ck_assert_msg(v.reason == judged[_i].reason, "%s: %s",
		    judged[_i].label, reason_info(v.reason)->code);
	ck_findings(&d, judged[_i].finding, judged[_i].notice,
	    judged[_i].label);
	diagnosis_done(&d);
	sample_done(&sample);
}
END_TEST

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
	tcase_add_loop_test(tc, judge, 0, N_ROWS(judged));
	tcase_add_loop_test(tc, outcome, 0, N_ROWS(outcomes));
	tcase_add_loop_test(tc, outcome_without_address, 0, N_ROWS(dns));
	tcase_add_test(tc, outcome_words);
	tcase_add_loop_test(tc, sweep, 0, N_ROWS(sweeps));
	tcase_add_test(tc, sweep_side_by_side);
}

UNIT_MAIN("probe", add_tests)
