/* tlswarden: policyd/desk_answer - what the prober asks, and what it brings.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/clock.h"
#include "desk_private.h"
#include "desk_watch.h"
#include "news.h"
#include "policy/lookup.h"
#include "policy/snapshot.h"
#include "probe/work.h"
#include "store/state_read.h"

enum {
	PORT_SMTP = 25,
	WAIT_MAX_SECS = 60,
	IDLE_SECS = 5, /* between two questions when nothing is due */
	/* Results wait for the recorder, so that they crowd nothing out. */
	RECORDER_ROWS = 256,
	RECORDER_LOOKS = 500,
};

/* One question under way. */
struct asked {
	struct desk *d;
	const json_t *question;
	json_t *answer;
	struct sv nexthop;
	struct party party;
	const struct snapshot *snap;
};

static void
set(json_t *o, const char *key, json_t *value)
{
	if (value == NULL || json_object_set_new(o, key, value) != 0)
		abort();
}

static struct sv
text_at(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_string(v)
	    ? sv_make(json_string_value(v), json_string_length(v))
	    : sv_from("");
}

/* ---- what is due -------------------------------------------------------- */
static int
see_row(void *arg, const struct record_probe *row)
{
	agenda_seen(arg, row->domain, row->port, row->at_secs);
	return 0;
}

/* After a start: what was probed not long ago is not due at once. */
static void
recall_past(struct desk *d)
{
	const struct probe_filter filter = { .limit = AGENDA_MAX };
	struct store st;
	struct err err = { 0 };

	if (state_read_open(&st, d->state_database, &err) != 0)
		return;
	(void)!state_probes_each(&st, &filter, false, see_row, d->agenda, &err);
	store_close(&st);
}

static void
renew_agenda(struct desk *d)
{
	struct source_status status;
	struct source_held *held;
	size_t n_over;

	source_status(d->world->src, &status);
	if (status.generation == d->table)
		return;
	held = source_take(d->world->src);
	n_over = agenda_take_rules(d->agenda, source_held_snapshot(held));
	source_give(d->world->src, held);
	if (n_over > 0)
		log_warning("%zu destinations are not probed: more than %d",
		    n_over, AGENDA_MAX);
	d->table = status.generation;
	if (!d->knows_past)
		recall_past(d);
	d->knows_past = true;
}

static bool
answer_due(struct asked *q)
{
	struct desk_settings s = desk_settings(q->d);
	json_int_t max =
	    json_integer_value(json_object_get(q->question, "max"));
	struct sv jobs[WORK_JOBS_MAX];
	json_t *list = json_array();
	int64_t now = clock_wall_secs();
	size_t n = 0;

	if (max < 1 || max > WORK_JOBS_MAX)
		max = WORK_JOBS_MAX;
	if (s.probe) {
		renew_agenda(q->d);
		n = agenda_due(q->d->agenda, now, s.interval_secs, jobs,
		    (size_t)max);
	}
	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(list,
			json_stringn(jobs[i].p, jobs[i].n)) != 0)
			abort();
	set(q->answer, "jobs", list);
	set(q->answer, "wait",
	    json_integer(s.probe
		    ? agenda_wait(q->d->agenda, now, s.interval_secs, IDLE_SECS)
		    : IDLE_SECS));
	set(q->answer, "generation", json_integer((json_int_t)s.generation));
	return true;
}

/* ---- its rule ----------------------------------------------------------- */
/* True if that job is out; fills nexthop and party. */
static bool
take_job(struct asked *q)
{
	q->nexthop = text_at(q->question, "nexthop");
	return q->nexthop.n > 0 && q->nexthop.n <= LIMIT_NEXTHOP &&
	    agenda_is_out(q->d->agenda, q->nexthop) &&
	    party_nexthop(&q->party, q->nexthop) == PARTY_OK;
}

/* Its rule may have gone meanwhile. */
static bool
refuse(struct asked *q)
{
	set(q->answer, "error", json_string("that is no job that is out"));
	return true;
}

/* The addresses that DNS told the prober; false: it told nothing. */
static bool
read_addrs(const json_t *list, struct addr addrs[static WORK_SERVERS_MAX],
    size_t *n_r)
{
	size_t n = json_array_size(list);

	if (n == 0 || n > WORK_SERVERS_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_array_get(list, i);

		if (!json_is_string(v) ||
		    !addr_parse(sv_make(json_string_value(v),
				    json_string_length(v)),
			&addrs[i]))
			return false;
	}
	*n_r = n;
	return true;
}

static const struct rule *
find_rule(const struct asked *q, const json_t *addresses)
{
	struct addr addrs[WORK_SERVERS_MAX];
	struct lookup_peers peers = { .addrs = addrs };
	struct query query;

	peers.is_complete = read_addrs(addresses, addrs, &peers.n);
	lookup_nexthop_query(&q->party, &peers, &query);
	return snapshot_find(q->snap, &query).rule;
}

/* The PEM file that answers name; policyd wrote it before it served them. */
static bool
read_ca(const struct desk *d, const struct ca *ca, struct buf *pem)
{
	struct buf path;
	struct err err = { 0 };
	int rc;

	buf_init(&path, 4096);
	buf_addf(&path, "%s/%.*s.pem", d->ca_directory, SV_ARG(ca->hash));
	rc = file_read(buf_str(&path), pem, &err);
	buf_free(&path);
	if (rc != 0)
		log_warning("prober: %s", err.text);
	return rc == 0;
}

static bool
answer_rule(struct asked *q)
{
	const json_t *addresses = json_object_get(q->question, "addresses");
	struct agenda_judge judge = { 0, 0 };
	const struct rule *rule;
	struct buf pem;
	bool is_good = true;

	if (!take_job(q))
		return refuse(q);
	rule = find_rule(q, addresses);
	if (rule != NULL)
		judge = (struct agenda_judge){ rule->id, rule->demand->mark };
	agenda_judged_by(q->d->agenda, q->nexthop, judge);
	buf_init(&pem, LIMIT_CA_PEM);
	if (rule != NULL && rule->demand->ca != NULL)
		is_good = read_ca(q->d, rule->demand->ca, &pem);
	if (!is_good)
		set(q->answer, "error",
		    json_string("the CA of the rule cannot be read"));
	else
		set(q->answer, "rule",
		    rule == NULL ? json_null()
				 : work_rule_json(rule, buf_sv(&pem)));
	buf_free(&pem);
	return true;
}

/* ---- its result --------------------------------------------------------- */
static int
keep_past(void *arg, const struct record_probe *row)
{
	past_add(arg, row);
	return 0;
}

struct past_filter {
	struct past *past;
	uint16_t port;
};

static int
keep_port(void *arg, const struct record_probe *row)
{
	const struct past_filter *f = arg;

	return row->port == f->port ? keep_past(f->past, row) : 0;
}

static void
read_past(const struct desk *d, struct sv domain, uint16_t port,
    struct past *past)
{
	const struct probe_filter filter = { .domain = domain,
		.limit = NEWS_ROWS_MAX };
	struct past_filter f = { past, port };
	struct store st;
	struct err err = { 0 };

	if (state_read_open(&st, d->state_database, &err) != 0)
		return;
	(void)!state_probes_each(&st, &filter, false, keep_port, &f, &err);
	store_close(&st);
}

static void
tell_news(const struct asked *q, const struct rule *rule,
    const struct record_probe *rows, size_t n)
{
	const struct say say = { say_to_log, NULL };
	const struct news news = { .nexthop = q->nexthop,
		.rule = rule == NULL ? 0 : rule->id,
		.has_pin = rule != NULL && rule->demand->fingerprint.n > 0,
		.has_mx = !q->party.is_literal && !q->party.is_bracketed &&
		    q->party.port == 0,
		.verifies = rule != NULL && rule_authenticates(rule),
		.now = rows[0].at_secs,
		.warn_days = desk_settings(q->d).warn_days,
		.say = &say };
	struct past past;

	past_init(&past);
	read_past(q->d, rows[0].domain, rows[0].port, &past);
	news_tell(&news, &past, rows, n);
	past_done(&past);
}

static void
wait_for_recorder(struct recorder *rec)
{
	static const struct timespec pause = { .tv_nsec = 10000000 };
	struct recorder_stats st;

	for (int i = 0; i < RECORDER_LOOKS; i++) {
		recorder_stats(rec, &st);
		if (st.n_waiting < RECORDER_ROWS)
			return;
		(void)nanosleep(&pause, NULL);
	}
}

static void
keep_rows(const struct world *world, const struct record_probe *rows, size_t n)
{
	if (world->recorder != NULL)
		wait_for_recorder(world->recorder);
	for (size_t i = 0; i < n; i++) {
		/* A full queue is counted and told by the recorder. */
		if (world->recorder != NULL)
			(void)recorder_probe(world->recorder, &rows[i]);
		if (world->probes != NULL)
			probe_cache_note(world->probes, &rows[i]);
	}
}

/* All servers of the job, or none. */
static int
read_servers(const struct asked *q, struct record_probe *rows, size_t *n_r,
    struct err *err_r)
{
	const json_t *list = json_object_get(q->question, "servers");
	uint16_t port = q->party.port != 0 ? q->party.port : PORT_SMTP;
	struct agenda_judge judge = agenda_judge(q->d->agenda, q->nexthop);
	int64_t now = clock_wall_secs();

	*n_r = json_array_size(list);
	if (*n_r == 0 || *n_r > WORK_SERVERS_MAX)
		return err_set(err_r, EX_PROTOCOL, "1 to %d servers are needed",
		    WORK_SERVERS_MAX);
	for (size_t i = 0; i < *n_r; i++) {
		if (work_server_read(json_array_get(list, i), &rows[i],
			err_r) != 0)
			return -1;
		if (rows[i].port != port)
			return err_set(err_r, EX_PROTOCOL, "another port");
		rows[i].domain = party_text(&q->party);
		rows[i].rule = judge.rule;
		rows[i].demand = judge.demand;
		rows[i].at_secs = now;
	}
	return 0;
}

static bool
answer_result(struct asked *q)
{
	struct record_probe *rows;
	const struct rule *rule = NULL;
	struct err err = { 0 };
	int64_t id;
	size_t n;

	if (!take_job(q))
		return refuse(q);
	id = agenda_judge(q->d->agenda, q->nexthop).rule;
	if (id != 0)
		rule = snapshot_rule_by_id(q->snap, id);
	rows = mem_zalloc(WORK_SERVERS_MAX, sizeof(*rows));
	if (read_servers(q, rows, &n, &err) == 0) {
		tell_news(q, rule, rows, n);
		desk_watch(q->d, q->snap, &q->party, rows, n);
		keep_rows(q->d->world, rows, n);
		set(q->answer, "ok", json_true());
	} else {
		log_warning("prober: a result was refused: %s", err.text);
		set(q->answer, "error", json_string(err.text));
	}
	/* A refused one is tried again after the interval, not at once. */
	agenda_done(q->d->agenda, q->nexthop, clock_wall_secs());
	free(rows);
	return true;
}

bool
desk_answer(struct desk *d, const json_t *question)
{
	static const struct {
		const char *word;
		bool (*answer)(struct asked *q);
	} verbs[] = {
		{ "due", answer_due },
		{ "rule", answer_rule },
		{ "result", answer_result },
	};
	struct asked q = { .d = d, .question = question };
	struct source_held *held = source_take(d->world->src);
	struct sv word = text_at(question, "ask");
	bool is_good = false;

	q.snap = source_held_snapshot(held);
	q.answer = json_object();
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (sv_is(word, verbs[i].word)) {
			is_good = verbs[i].answer(&q);
			break;
		}
	if (is_good)
		work_frame(q.answer, &d->out);
	json_decref(q.answer);
	source_give(d->world->src, held);
	return is_good;
}
