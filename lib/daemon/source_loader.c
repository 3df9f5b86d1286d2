/* tlswarden: daemon/source_loader - what the thread of a source does.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>

#include "base/mem.h"
#include "daemon/source_loader.h"

/* A table that was loaded, or why it was not. */
struct loaded {
	struct policy_image *image;
	struct load_result result;
	struct policy_copy_stats copy;
	uint64_t msecs;
};

static uint64_t
now_msecs(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
		abort(); /* cannot fail with this clock */
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void
source_reap(struct source *src, bool is_last)
{
	struct source_held **at = &src->retired;

	while (*at != NULL) {
		struct source_held *held = *at;

		if (atomic_load_explicit(&held->refs, memory_order_acquire) !=
		    0) {
			if (is_last)
				abort(); /* a reader was not done */
			at = &held->next;
			continue;
		}
		*at = held->next;
		snapshot_free(held->snap);
		free(held);
	}
}

struct bad_rows {
	const struct say *say;
	unsigned n;
};

static void
say_bad_row(void *arg, const char *sentence)
{
	struct bad_rows *rows = arg;

	if (rows->n++ < SOURCE_BAD_ROWS_SAID)
		say_error(rows->say, "%s", sentence);
}

/* Copies and loads db; the image stays for policy_image_save. */
static int
load_from(struct source *src, struct policy_db *db, int64_t now_secs,
    struct loaded *l, struct err *err_r)
{
	struct load_options opt = src->load;
	struct bad_rows rows = { &src->say, 0 };
	uint64_t begin = now_msecs();
	int done;

	memset(l, 0, sizeof(*l));
	opt.snapshot.now = now_secs;
	opt.bad_row = say_bad_row;
	opt.bad_row_arg = &rows;
	if (policy_db_copy(db, &l->image, &l->copy, err_r) != 0)
		return -1;
	done = policy_load(l->image, &opt, &l->result, err_r);
	l->msecs = now_msecs() - begin;
	if (rows.n > SOURCE_BAD_ROWS_SAID)
		say_error(&src->say,
		    "policy table: %u more bad rows; \"tlswarden check\" lists "
		    "them all",
		    rows.n - SOURCE_BAD_ROWS_SAID);
	if (done == 0)
		return 0;
	policy_image_free(l->image);
	l->image = NULL;
	return -1;
}

static void
publish(struct source *src, const struct loaded *l, bool is_last_good,
    int64_t now_secs)
{
	struct source_held *held = mem_zalloc(1, sizeof(*held));
	struct source_held *old;
	struct source_status *st = &src->status;
	struct snapshot_stats stats;
	int64_t expiry = snapshot_next_expiry(l->result.snap);

	held->snap = l->result.snap;
	atomic_init(&held->refs, 1);
	snapshot_stats(held->snap, &stats);
	src->next_expiry_secs = expiry;
	(void)pthread_mutex_lock(&src->lock);
	old = src->current;
	src->current = held;
	st->generation++;
	st->n_rules = stats.rules;
	st->n_bytes = stats.string_bytes + stats.table_bytes;
	st->load_msecs = l->msecs;
	st->lock_usecs = l->copy.lock_usecs;
	st->next_expiry_secs = expiry == INT64_MAX ? 0 : expiry;
	st->is_last_good = is_last_good;
	if (!is_last_good) {
		st->n_loads++;
		st->n_bad_rows = 0;
		st->last_success_secs = now_secs;
		st->last_try_secs = now_secs;
		st->is_failing = false;
		st->failure[0] = '\0';
	}
	atomic_store_explicit(&src->generation, st->generation,
	    memory_order_release);
	(void)pthread_mutex_unlock(&src->lock);
	if (old == NULL)
		return;
	old->next = src->retired;
	src->retired = old;
	source_give(src, old);
}

/* Counts and says a failure, once until it changes or time has passed. */
static void
failed(struct source *src, const struct err *err, uint64_t n_bad_rows,
    int64_t now_secs)
{
	struct source_status *st = &src->status;
	bool is_new = !st->is_failing || strcmp(st->failure, err->text) != 0;

	(void)pthread_mutex_lock(&src->lock);
	st->n_failures += is_new ? 1 : 0;
	st->n_bad_rows = n_bad_rows;
	st->is_failing = true;
	st->last_try_secs = now_secs;
	(void)snprintf(st->failure, sizeof(st->failure), "%s", err->text);
	(void)pthread_mutex_unlock(&src->lock);
	if (!is_new && now_secs - src->said_secs < SOURCE_SAY_AGAIN_SECS)
		return;
	src->said_secs = now_secs;
	if (st->generation == 0)
		say_error(&src->say, "policy table not loaded: %s", err->text);
	else if (err->sysexit == EX_TEMPFAIL)
		say_warning(&src->say,
		    "policy table not loaded yet, will be tried again: %s",
		    err->text);
	else
		say_error(&src->say,
		    "policy table not loaded, the %llu rules of the last good "
		    "one keep serving: %s",
		    (unsigned long long)st->n_rules, err->text);
}

static void
say_loaded(struct source *src, const struct loaded *l, bool was_failing)
{
	const struct source_status *st = &src->status;

	say_info(&src->say,
	    "policy table loaded%s: rules=%llu rows=%llu bytes=%llu msecs=%llu "
	    "lock_usecs=%llu generation=%llu",
	    was_failing ? " again" : "", (unsigned long long)st->n_rules,
	    (unsigned long long)l->result.n_rows,
	    (unsigned long long)st->n_bytes, (unsigned long long)st->load_msecs,
	    (unsigned long long)st->lock_usecs,
	    (unsigned long long)st->generation);
	if (l->copy.is_wal && !src->is_wal_said)
		say_warning(&src->say,
		    "%s: somebody switched it to a write-ahead log (WAL), "
		    "which a daemon of another user cannot always read: run "
		    "\"tlswarden init\" as root to switch it back",
		    src->policy_path);
	src->is_wal_said = l->copy.is_wal;
}

/* One try at policy.db. */
static int
load_policy(struct source *src, int64_t now_secs, struct err *err_r)
{
	struct loaded l;
	bool was_failing = src->status.is_failing;

	src->retry_secs = INT64_MAX;
	if (load_from(src, src->db, now_secs, &l, err_r) != 0) {
		/* A full disk under the PEM files ends without a change. */
		if (l.result.n_bad_rows == 0)
			src->retry_secs = now_secs + SOURCE_RETRY_SECS;
		failed(src, err_r, l.result.n_bad_rows, now_secs);
		return -1;
	}
	publish(src, &l, false, now_secs);
	say_loaded(src, &l, was_failing);
	if (src->unsaved == NULL)
		src->unsaved_secs = now_secs;
	policy_image_free(src->unsaved);
	src->unsaved = l.image;
	src->is_saved = false;
	return 0;
}

/* One try at policy.last-good. */
static int
load_last_good(struct source *src, int64_t now_secs, struct err *err_r)
{
	struct policy_db *db;
	struct loaded l;
	struct stat sb;
	int done;

	if (src->last_good_path == NULL)
		return err_set(err_r, EX_CONFIG, "no last_good is set");
	if (stat(src->last_good_path, &sb) != 0 && errno == ENOENT)
		return err_set(err_r, EX_NOINPUT, "there is no %s yet",
		    src->last_good_path);
	db = policy_db_new(src->last_good_path);
	done = load_from(src, db, now_secs, &l, err_r);
	policy_db_free(db);
	if (done != 0)
		return -1;
	policy_image_free(l.image);
	publish(src, &l, true, now_secs);
	src->is_saved = true;
	return 0;
}

int
source_load_first(struct source *src, int64_t now_secs, struct err *err_r)
{
	struct err policy = { 0 };
	struct err last_good = { 0 };
	int loaded = load_policy(src, now_secs, &policy);

	policy_db_set_patience(src->db, SOURCE_PATIENCE_MSECS);
	if (loaded == 0)
		return 0;
	if (load_last_good(src, now_secs, &last_good) != 0)
		return err_set(err_r, policy.sysexit,
		    "no policy table to serve: %.480s; and %.480s", policy.text,
		    last_good.text);
	say_error(&src->say,
	    "SERVING AN OLD POLICY TABLE: %llu rules of %s, since %s does not "
	    "load; \"tlswarden check\" says what to mend",
	    (unsigned long long)src->status.n_rules, src->last_good_path,
	    src->policy_path);
	return 0;
}

/* A rule's time is over and policy.db does not load: what is served was kept
 * as policy.last-good and is loaded from there with the new time. */
static void
expire(struct source *src, int64_t now_secs)
{
	struct err err = { 0 };

	if (!src->is_saved)
		(void)err_set(&err, EX_UNAVAILABLE,
		    "what is served could not be kept as last good");
	else if (load_last_good(src, now_secs, &err) == 0) {
		say_info(&src->say,
		    "policy rules expired: rules=%llu generation=%llu",
		    (unsigned long long)src->status.n_rules,
		    (unsigned long long)src->status.generation);
		return;
	}
	say_error(&src->say,
	    "a policy rule has expired and is still enforced, since no table "
	    "loads: %s",
	    err.text);
	src->next_expiry_secs = now_secs + SOURCE_RETRY_SECS;
}

static void
save_failed(struct source *src, const struct err *err, int64_t now_secs)
{
	(void)pthread_mutex_lock(&src->lock);
	src->status.n_save_failures++;
	(void)pthread_mutex_unlock(&src->lock);
	if (strcmp(src->save_failure, err->text) != 0)
		say_warning(&src->say,
		    "policy table not kept as last good, a restart with a "
		    "broken table would serve an older one: %s",
		    err->text);
	(void)snprintf(src->save_failure, sizeof(src->save_failure), "%s",
	    err->text);
	src->retry_secs = now_secs + SOURCE_SAVE_RETRY_SECS;
}

/* Keeps what is served. While the table changes all the time only now and
 * then; at once when what follows does not load. */
static void
save(struct source *src, int64_t now_secs)
{
	struct err err = { 0 };
	bool is_written = false;

	if (src->unsaved == NULL)
		return;
	if (src->last_good_path != NULL) {
		if (!src->status.is_failing &&
		    now_secs - src->unsaved_secs < SOURCE_SAVE_DELAY_SECS &&
		    policy_db_changed(src->db, NULL) == 1)
			return;
		if (policy_image_save(src->unsaved, src->last_good_path,
			&is_written, &err) != 0) {
			/* Another daemon is at it: look again soon. */
			if (err.sysexit == EX_TEMPFAIL &&
			    now_secs - src->unsaved_secs <
				SOURCE_SAVE_RETRY_SECS)
				return;
			save_failed(src, &err, now_secs);
		} else {
			src->is_saved = true;
			src->save_failure[0] = '\0';
		}
		(void)pthread_mutex_lock(&src->lock);
		src->status.n_saves += is_written ? 1 : 0;
		(void)pthread_mutex_unlock(&src->lock);
	}
	policy_image_free(src->unsaved);
	src->unsaved = NULL;
}

/* True if the clock was set back: rules that were over may not be, and what
 * waits for a time would wait for too long. */
static bool
look_at_clock(struct source *src, int64_t now_secs)
{
	bool was_set_back = now_secs < src->seen_secs;

	src->seen_secs = now_secs;
	if (!was_set_back)
		return false;
	src->said_secs = now_secs;
	if (src->unsaved != NULL)
		src->unsaved_secs = now_secs;
	return true;
}

void
source_work(struct source *src, int64_t now_secs, bool is_reload)
{
	bool was_set_back = look_at_clock(src, now_secs);
	struct err err = { 0 };
	int changed = 1;

	source_reap(src, false);
	if (!is_reload && !was_set_back && now_secs < src->next_expiry_secs &&
	    now_secs < src->retry_secs)
		changed = policy_db_changed(src->db, &err);
	if (changed < 0)
		failed(src, &err, 0, now_secs);
	else if (changed > 0)
		(void)load_policy(src, now_secs, &err);
	if (now_secs >= src->next_expiry_secs)
		expire(src, now_secs);
	save(src, now_secs);
	source_reap(src, false);
}
