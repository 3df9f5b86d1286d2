/* tlswarden: prober/round - asks for work, does it, hands the results in.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <jansson.h>

#include "base/log.h"
#include "base/mem.h"
#include "cert/trust.h"
#include "daemon/clock.h"
#include "prober/round.h"
#include "probe/report.h"
#include "probe/sweep.h"
#include "probe/visit.h"
#include "probe/work.h"
#include "base/banned.h"

enum {
	JOBS_PER_PROBE = 4, /* a round is so many times probe_parallel */
	RESOLVERS_MAX = 16,
};

/* One destination. */
struct job {
	char *nexthop;
	struct target target;
	struct work_rule rule; /* rule.id 0: none */
	struct trust *own_trust;
	struct visit *visits; /* target.n_places of all; NULL: not visited */
};

struct round {
	struct rounds *r;
	struct job *jobs;
	size_t n;
	struct resolver *resolvers[RESOLVERS_MAX];
	size_t n_resolvers;
};

static void
set(json_t *o, const char *key, json_t *value)
{
	if (value == NULL || json_object_set_new(o, key, value) != 0)
		abort();
}

static json_t *
question(const char *word, const char *nexthop)
{
	json_t *o = json_object();

	set(o, "ask", json_string(word));
	if (nexthop != NULL)
		set(o, "nexthop", json_string(nexthop));
	return o;
}

/* ---- jobs --------------------------------------------------------------- */
static size_t
max_jobs(const struct conf *conf)
{
	size_t n = (size_t)conf->probe_parallel * JOBS_PER_PROBE;

	return n > WORK_JOBS_MAX ? WORK_JOBS_MAX : n;
}

static int
ask_due(struct round *round, struct round_end *end_r, struct err *err_r)
{
	struct rounds *r = round->r;
	json_t *q = question("due", NULL), *answer;
	const json_t *jobs, *wait;
	int64_t generation;

	set(q, "max", json_integer((json_int_t)max_jobs(r->conf)));
	answer = link_ask(r->link, q, err_r);
	if (answer == NULL)
		return -1;
	jobs = json_object_get(answer, "jobs");
	wait = json_object_get(answer, "wait");
	generation = json_integer_value(json_object_get(answer, "generation"));
	end_r->wait_secs = (uint32_t)json_integer_value(wait);
	end_r->is_reload = r->generation != -1 && r->generation != generation;
	r->generation = generation;
	round->n = json_array_size(jobs);
	if (round->n > WORK_JOBS_MAX)
		round->n = WORK_JOBS_MAX;
	round->jobs = mem_zalloc(round->n + 1, sizeof(*round->jobs));
	for (size_t i = 0; i < round->n; i++) {
		const char *text = json_string_value(json_array_get(jobs, i));

		round->jobs[i].nexthop = mem_strdup(text != NULL ? text : "");
	}
	json_decref(answer);
	return 0;
}

static void
job_done(struct job *job)
{
	for (size_t i = 0; job->visits != NULL && i < job->target.n_places; i++)
		visit_done(&job->visits[i]);
	free(job->visits);
	trust_free(job->own_trust);
	work_rule_done(&job->rule);
	target_done(&job->target);
	free(job->nexthop);
}

/* ---- places ------------------------------------------------------------- */
/* Made by one thread, see resolver_new. */
static int
make_resolvers(struct round *round, struct err *err_r)
{
	const struct conf *conf = round->r->conf;
	size_t n = round->n;

	if (n > conf->probe_parallel)
		n = conf->probe_parallel;
	if (n > RESOLVERS_MAX)
		n = RESOLVERS_MAX;
	while (round->n_resolvers < n) {
		struct resolver *r = target_resolver(conf, err_r);

		if (r == NULL)
			return -1;
		round->resolvers[round->n_resolvers++] = r;
	}
	return 0;
}

static void
resolve_one(void *arg, size_t i, size_t worker)
{
	struct round *round = arg;
	struct job *job = &round->jobs[i];
	struct err err = { 0 };

	if (target_parse(&job->target, sv_from(job->nexthop),
		PROBE_MODE_STARTTLS, &err) == 0)
		target_resolve(&job->target, round->resolvers[worker],
		    (int64_t)round->r->conf->probe_timeout_secs * 1000);
}

static int
resolve_all(struct round *round, struct err *err_r)
{
	struct sweep s = { .n_jobs = round->n,
		.job = resolve_one,
		.arg = round };

	if (make_resolvers(round, err_r) != 0)
		return -1;
	s.n_parallel = round->n_resolvers;
	sweep_run(&s);
	return 0;
}

/* ---- rules -------------------------------------------------------------- */
/* All of them, or none: with one unknown a rule about a subnet may win. */
static json_t *
addresses(const struct target *t)
{
	json_t *list = json_array();
	struct buf text;

	buf_init(&text, 64);
	for (size_t i = 0; i < t->n_places; i++) {
		if (t->places[i].addr.family == 0) {
			(void)json_array_clear(list);
			break;
		}
		buf_reset(&text);
		addr_format(&t->places[i].addr, &text);
		if (json_array_append_new(list, json_string(buf_str(&text))) !=
		    0)
			abort();
	}
	buf_free(&text);
	return list;
}

/* -1: the connection is lost. A rule that cannot be judged leaves the job
 * without visits: it is given out again later. */
static int
ask_rule(struct round *round, struct job *job, struct err *err_r)
{
	json_t *q = question("rule", job->nexthop), *answer;
	const json_t *rule;
	struct err err = { 0 };
	int rc = 0;

	set(q, "addresses", addresses(&job->target));
	answer = link_ask(round->r->link, q, err_r);
	if (answer == NULL)
		return -1;
	rule = json_object_get(answer, "rule");
	if (rule == NULL)
		rc = err_set(&err, EX_UNAVAILABLE, "policyd told no rule");
	else if (!json_is_null(rule))
		rc = work_rule_read(rule, &job->rule, &err);
	json_decref(answer);
	if (rc == 0 && job->rule.ca_pem.n > 0)
		rc = trust_load_bytes(job->rule.ca_pem, "the CA of the rule",
		    &job->own_trust, &err);
	if (rc != 0) {
		log_warning("%s: not probed: %s", job->nexthop, err.text);
		return 0;
	}
	job->visits =
	    mem_zalloc(job->target.n_places + 1, sizeof(*job->visits));
	return 0;
}

static int
ask_rules(struct round *round, struct err *err_r)
{
	for (size_t i = 0; i < round->n; i++) {
		struct job *job = &round->jobs[i];

		if (job->target.n_places > 0 &&
		    ask_rule(round, job, err_r) != 0)
			return -1;
	}
	return 0;
}

/* ---- visits ------------------------------------------------------------- */
/* All visits stand in one array while they are made, and are the jobs' again
 * after. */
static void
visit_jobs(struct round *round)
{
	const struct conf *conf = round->r->conf;
	const struct visiting how = {
		.mode = PROBE_MODE_STARTTLS,
		.timeout_msecs = (int64_t)conf->probe_timeout_secs * 1000,
		.stage_msecs = (int64_t)conf->probe_timeout_secs * 1000 /
		    PROBE_STAGE_PARTS,
		.now = clock_wall_secs(),
		.helo = round->r->helo,
		.expires_soon_days = (int)conf->expiry_warn_days,
		.fetches_issuers = conf->fetch_issuers,
		.keeps_chains = true,
	};
	struct visit *all;
	size_t n = 0;

	for (size_t i = 0; i < round->n; i++)
		if (round->jobs[i].visits != NULL)
			n += round->jobs[i].target.n_places;
	all = mem_zalloc(n + 1, sizeof(*all));
	n = 0;
	for (size_t i = 0; i < round->n; i++) {
		struct job *job = &round->jobs[i];

		if (job->visits == NULL)
			continue;
		visit_begin(&all[n], &job->target,
		    job->rule.rule.id != 0 ? &job->rule.rule : NULL,
		    job->own_trust != NULL ? job->own_trust : round->r->trust);
		n += job->target.n_places;
	}
	visit_all(&how, all, n, conf->probe_parallel, NULL, NULL);
	round->r->n_probes += n;
	n = 0;
	for (size_t i = 0; i < round->n; i++) {
		struct job *job = &round->jobs[i];

		if (job->visits == NULL)
			continue;
		memcpy(job->visits, &all[n],
		    job->target.n_places * sizeof(*all));
		n += job->target.n_places;
	}
	free(all);
}

/* ---- results ------------------------------------------------------------ */
static int
hand_in(struct round *round, const struct job *job, struct err *err_r)
{
	json_t *q = question("result", job->nexthop), *list = json_array();
	json_t *answer;
	const char *text;

	for (size_t i = 0; i < job->target.n_places; i++) {
		struct report_row row;

		if (job->visits[i].trouble.sysexit != 0) {
			log_warning("%s: not judged: %s", job->nexthop,
			    job->visits[i].trouble.text);
			continue;
		}
		report_row(&job->visits[i], 0, &row);
		if (json_array_append_new(list, work_server_json(&row.row)) !=
		    0)
			abort();
		report_row_done(&row);
	}
	set(q, "servers", list);
	answer = link_ask(round->r->link, q, err_r);
	if (answer == NULL)
		return -1;
	text = json_string_value(json_object_get(answer, "error"));
	if (text != NULL)
		log_warning("%s: policyd refused the result: %.200s",
		    job->nexthop, text);
	json_decref(answer);
	return 0;
}

static int
hand_in_all(struct round *round, struct err *err_r)
{
	for (size_t i = 0; i < round->n; i++)
		if (round->jobs[i].visits != NULL &&
		    hand_in(round, &round->jobs[i], err_r) != 0)
			return -1;
	return 0;
}

int
round_run(struct rounds *r, struct round_end *end_r, struct err *err_r)
{
	struct round round = { .r = r };
	int rc = ask_due(&round, end_r, err_r);

	if (rc == 0 && round.n > 0) {
		rc = resolve_all(&round, err_r);
		if (rc == 0)
			rc = ask_rules(&round, err_r);
		if (rc == 0 && !atomic_load(r->wants_stop)) {
			visit_jobs(&round);
			rc = hand_in_all(&round, err_r);
		}
	}
	for (size_t i = 0; i < round.n_resolvers; i++)
		resolver_free(round.resolvers[i]);
	for (size_t i = 0; i < round.n; i++)
		job_done(&round.jobs[i]);
	free(round.jobs);
	return rc;
}
