/* tlswarden: daemon/probe_cache - fresh results of probes, for who answers.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>

#include "base/limits.h"
#include "base/mem.h"
#include "daemon/clock.h"
#include "daemon/probe_cache.h"
#include "store/state_read.h"

enum {
	HOUR_SECS = 3600,
	DAY_SECS = 86400,
	AHEAD_SECS = 60, /* a clock may be set back by so much */
	/* A load may take a twentieth of the time. */
	REST_PARTS = 20,
};

struct probe_held {
	struct probe_table *table;
	unsigned n_refs; /* takes, and one of the cache for the newest */
	struct probe_held *next; /* of those that nobody has any more */
};

/* What state.db looked like when it was read. */
struct sight {
	int64_t data_version, n_rows, newest;
};

struct noted {
	struct record_probe row; /* views text */
	char *text;
};

struct probe_cache {
	char *path;
	struct say say;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;

	/* Under the lock. */
	struct probe_held *held;
	struct probe_held *retired; /* freed by the cache's thread */
	uint64_t generation;
	uint32_t max_age_secs;
	struct noted *noted; /* a ring of PROBE_CACHE_NOTED */
	size_t n_noted;      /* ever */
	bool has_news;
	bool wants_stop;

	/* The thread's own. */
	struct store st;
	bool is_open;
	dev_t dev;
	ino_t ino;
	struct sight sight;
	int64_t expiry_secs; /* the oldest result is then too old */
	int64_t rest_until_msecs;
	char trouble[ERR_TEXT_MAX]; /* of the last look; empty: none */
	bool is_said;
};

uint32_t
probe_cache_age(uint32_t interval_secs)
{
	if (interval_secs < HOUR_SECS / 2)
		return HOUR_SECS;
	return interval_secs > DAY_SECS / 2 ? DAY_SECS : 2 * interval_secs;
}

static void
lock(struct probe_cache *c)
{
	if (pthread_mutex_lock(&c->lock) != 0)
		abort();
}

static void
unlock(struct probe_cache *c)
{
	if (pthread_mutex_unlock(&c->lock) != 0)
		abort();
}

/* ---- state.db ----------------------------------------------------------- */
static void
close_db(struct probe_cache *c)
{
	if (c->is_open)
		store_close(&c->st);
	c->is_open = false;
}

/* True if the file at the path is open. One that is not there is no trouble:
 * nothing was recorded yet. */
static bool
open_db(struct probe_cache *c, struct err *err_r)
{
	struct stat sb;

	err_r->sysexit = 0;
	if (stat(c->path, &sb) != 0) {
		if (errno != ENOENT)
			(void)err_set(err_r, EX_NOINPUT, "%s: %s", c->path,
			    strerror(errno));
		close_db(c);
		return false;
	}
	if (c->is_open && (sb.st_dev != c->dev || sb.st_ino != c->ino))
		close_db(c);
	if (c->is_open)
		return true;
	if (state_read_open(&c->st, c->path, err_r) != 0)
		return false;
	c->is_open = true;
	c->dev = sb.st_dev;
	c->ino = sb.st_ino;
	c->sight.data_version = -1;
	return true;
}

/* 1: there is something new; 0: not; -1: trouble. Sessions are recorded all
 * the time; only changed probes are worth a load. */
static int
look(struct probe_cache *c, int64_t now_secs, struct sight *r,
    struct err *err_r)
{
	struct sight s = c->sight;

	if (store_number(&c->st, "PRAGMA data_version", &s.data_version,
		err_r) != 0)
		return -1;
	*r = s;
	if (s.data_version == c->sight.data_version)
		return 0;
	if (store_number(&c->st, "SELECT count(*) FROM probe", &s.n_rows,
		err_r) != 0 ||
	    store_number(&c->st, "SELECT ifnull(max(at), 0) FROM probe",
		&s.newest, err_r) != 0)
		return -1;
	*r = s;
	/* A result that took the place of one of the same second. */
	if (c->sight.data_version != -1 && s.n_rows == c->sight.n_rows &&
	    s.newest == c->sight.newest && s.newest < now_secs - 2) {
		c->sight.data_version = s.data_version;
		return 0;
	}
	return 1;
}

struct fresh {
	struct probe_table_builder *b;
	int64_t since_secs, until_secs;
};

/* What was found at a time that is to come was found by a wrong clock: nobody
 * can tell how old it is. */
static int
add_row(void *arg, const struct record_probe *row)
{
	const struct fresh *f = arg;

	if (row->at_secs >= f->since_secs && row->at_secs <= f->until_secs)
		probe_table_add(f->b, row);
	return 0;
}

/* Once, when it has not gone by the next look: a file that is just being made
 * holds nothing yet. */
static void
say_trouble(struct probe_cache *c, const struct err *e)
{
	if (strcmp(c->trouble, e->text) != 0) {
		(void)snprintf(c->trouble, sizeof(c->trouble), "%s", e->text);
		c->is_said = false;
	} else if (!c->is_said) {
		c->is_said = true;
		say_warning(&c->say,
		    "results of probes cannot be read, what is known stays "
		    "until it is too old: %s",
		    e->text);
	}
}

/* ---- tables ------------------------------------------------------------- */
/* Under the lock. */
static void
unref(struct probe_cache *c, struct probe_held *held)
{
	if (--held->n_refs > 0)
		return;
	held->next = c->retired;
	c->retired = held;
}

static void
reap(struct probe_cache *c)
{
	struct probe_held *held;

	lock(c);
	held = c->retired;
	c->retired = NULL;
	unlock(c);
	while (held != NULL) {
		struct probe_held *next = held->next;

		probe_table_free(held->table);
		free(held);
		held = next;
	}
}

static void
publish(struct probe_cache *c, struct probe_table *table, uint32_t max_age)
{
	struct probe_held *held = mem_zalloc(1, sizeof(*held));
	int64_t oldest = probe_table_oldest(table);

	held->table = table;
	held->n_refs = 1;
	c->expiry_secs =
	    oldest > INT64_MAX - max_age ? INT64_MAX : oldest + max_age + 1;
	lock(c);
	unref(c, c->held);
	c->held = held;
	c->generation++;
	unlock(c);
}

/* Adds what was handed over; it may not be in state.db, or not yet. */
static void
add_noted(struct probe_cache *c, struct fresh *f)
{
	lock(c);
	for (size_t i = 0; i < c->n_noted && i < PROBE_CACHE_NOTED; i++)
		(void)add_row(f, &c->noted[i].row);
	c->has_news = false;
	unlock(c);
}

/* A new table of all that is fresh. */
static int
load(struct probe_cache *c, int64_t now_secs, const struct sight *sight,
    struct err *err_r)
{
	struct fresh f = { probe_table_begin(), 0, now_secs + AHEAD_SECS };
	struct probe_filter filter = { .limit = PROBE_CACHE_ROWS };
	int64_t begin = clock_usecs();
	uint32_t max_age;
	int rc = 0;

	lock(c);
	max_age = c->max_age_secs;
	unlock(c);
	filter.since_secs = f.since_secs = now_secs - max_age;
	if (c->is_open)
		rc = state_probes_each(&c->st, &filter, false, add_row, &f,
		    err_r);
	if (rc != 0) {
		probe_table_free(probe_table_done(f.b));
		return -1;
	}
	add_noted(c, &f);
	if (sight != NULL)
		c->sight = *sight;
	publish(c, probe_table_done(f.b), max_age);
	c->rest_until_msecs =
	    clock_msecs() + (clock_usecs() - begin) * REST_PARTS / 1000;
	return 0;
}

/* One look at everything that can bring a new table. */
static void
work(struct probe_cache *c, bool is_asked)
{
	int64_t now = clock_wall_secs();
	struct sight sight = { 0, 0, 0 };
	struct err e = { 0 };
	int news = 0;

	if (open_db(c, &e))
		news = look(c, now, &sight, &e);
	if (news > 0)
		news = load(c, now, &sight, &e);
	else if (news == 0 && (is_asked || now >= c->expiry_secs))
		news = load(c, now, NULL, &e);
	if (news < 0) {
		close_db(c);
		c->rest_until_msecs = clock_msecs() + PROBE_CACHE_POLL_MSECS;
	}
	if (e.sysexit != 0)
		say_trouble(c, &e);
	else
		c->trouble[0] = '\0';
}

static bool
is_resting(const struct probe_cache *c)
{
	return clock_msecs() < c->rest_until_msecs;
}

/* Waits until something is to be done; false: the end. */
static bool
wait_for_work(struct probe_cache *c, bool *is_asked_r)
{
	struct timespec until;
	int64_t msecs = PROBE_CACHE_POLL_MSECS;
	bool goes_on;

	if (is_resting(c))
		msecs = c->rest_until_msecs - clock_msecs() + 1;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += msecs / 1000;
	until.tv_nsec += msecs % 1000 * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	lock(c);
	while (!c->wants_stop && (!c->has_news || is_resting(c)))
		if (pthread_cond_clockwait(&c->wake, &c->lock, CLOCK_MONOTONIC,
			&until) != 0)
			break;
	*is_asked_r = c->has_news;
	goes_on = !c->wants_stop;
	unlock(c);
	return goes_on;
}

static void *
run(void *arg)
{
	struct probe_cache *c = arg;
	bool is_asked = false;

	do {
		work(c, is_asked);
		reap(c);
	} while (wait_for_work(c, &is_asked));
	close_db(c);
	return NULL;
}

/* ---- for all threads ---------------------------------------------------- */
static void
free_cache(struct probe_cache *c)
{
	lock(c);
	unref(c, c->held);
	unlock(c);
	reap(c);
	for (size_t i = 0; i < PROBE_CACHE_NOTED; i++)
		free(c->noted[i].text);
	(void)pthread_cond_destroy(&c->wake);
	(void)pthread_mutex_destroy(&c->lock);
	free(c->noted);
	free(c->path);
	free(c);
}

int
probe_cache_start(struct probe_cache **c_r,
    const struct probe_cache_options *opt, struct err *err_r)
{
	struct probe_cache *c = mem_zalloc(1, sizeof(*c));
	sigset_t all, before;
	int rc;

	c->path = mem_strdup(opt->path);
	c->say = opt->say;
	c->max_age_secs = opt->max_age_secs;
	c->expiry_secs = INT64_MAX;
	c->noted = mem_zalloc(PROBE_CACHE_NOTED, sizeof(*c->noted));
	c->held = mem_zalloc(1, sizeof(*c->held));
	c->held->table = probe_table_done(probe_table_begin());
	c->held->n_refs = 1;
	if (pthread_mutex_init(&c->lock, NULL) != 0 ||
	    pthread_cond_init(&c->wake, NULL) != 0)
		abort();
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&c->thread, NULL, run, c);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0) {
		free_cache(c);
		return err_set(err_r, EX_OSERR,
		    "cannot start the thread that reads results of probes: %s",
		    strerror(rc));
	}
	*c_r = c;
	return 0;
}

void
probe_cache_set_age(struct probe_cache *c, uint32_t max_age_secs)
{
	lock(c);
	c->max_age_secs = max_age_secs;
	c->has_news = true;
	(void)pthread_cond_signal(&c->wake);
	unlock(c);
}

/* Moves v to the end of the text, which has room. */
static void
keep_text(char *text, size_t *at, struct sv *v)
{
	if (v->n > 0)
		memcpy(text + *at, v->p, v->n);
	v->p = text + *at;
	*at += v->n;
}

void
probe_cache_note(struct probe_cache *c, const struct record_probe *row)
{
	struct record_probe r = { .at_secs = row->at_secs,
		.domain = row->domain,
		.host = row->host,
		.port = row->port,
		.rule = row->rule,
		.demand = row->demand,
		.verdict = row->verdict,
		.class = row->class,
		.fault = row->fault };
	struct sv *const texts[] = { &r.domain, &r.host, &r.verdict, &r.class,
		&r.fault };
	size_t n_texts = sizeof(texts) / sizeof(texts[0]), n = 1, at = 0;
	struct noted *noted;
	char *text;

	for (size_t i = 0; i < n_texts; i++) {
		*texts[i] = sv_head(*texts[i], LIMIT_RECORD_TEXT);
		n += texts[i]->n;
	}
	text = mem_alloc(n);
	for (size_t i = 0; i < n_texts; i++)
		keep_text(text, &at, texts[i]);
	lock(c);
	noted = &c->noted[c->n_noted++ % PROBE_CACHE_NOTED];
	free(noted->text);
	*noted = (struct noted){ r, text };
	c->has_news = true;
	(void)pthread_cond_signal(&c->wake);
	unlock(c);
}

struct probe_held *
probe_cache_take(struct probe_cache *c)
{
	struct probe_held *held;

	lock(c);
	held = c->held;
	held->n_refs++;
	unlock(c);
	return held;
}

const struct probe_table *
probe_held_table(const struct probe_held *held)
{
	return held->table;
}

void
probe_cache_give(struct probe_cache *c, struct probe_held *held)
{
	lock(c);
	unref(c, held);
	unlock(c);
}

uint64_t
probe_cache_generation(struct probe_cache *c)
{
	uint64_t n;

	lock(c);
	n = c->generation;
	unlock(c);
	return n;
}

void
probe_cache_stop(struct probe_cache *c)
{
	if (c == NULL)
		return;
	lock(c);
	c->wants_stop = true;
	(void)pthread_cond_signal(&c->wake);
	unlock(c);
	(void)pthread_join(c->thread, NULL);
	free_cache(c);
}
