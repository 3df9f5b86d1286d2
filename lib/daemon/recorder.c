/* tlswarden: daemon/recorder - hands rows to the one thread that writes them.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "base/mem.h"
#include "daemon/record_queue.h"
#include "daemon/recorder.h"
#include "store/state_db.h"

enum {
	MAX_ROWS = 65536,
	MAX_BYTES = 64 << 20,
	IDLE_MSECS = 1000,          /* between looks when nothing comes */
	BUSY_PATIENCE_MSECS = 5000, /* for another writer's lock */
	REOPEN_MSECS = 5000,        /* after trouble with the file */
	SAY_AGAIN_MSECS = 60000,
	WELL_MSECS = 1000,
	PRUNE_STEP_ROWS = 500,
	PRUNE_PAUSE_MSECS = 20,
	PRUNE_EVERY_MSECS = 3600000,
	DAY_SECS = 86400,
};

struct recorder {
	struct record_queue queue;
	char *path;
	struct say say;
	atomic_uint retention_days;
	pthread_t thread;
	atomic_bool wants_stop;
	atomic_uint_fast64_t stop_msecs; /* monotonic: give up then */
	atomic_uint_fast64_t n_written;
	atomic_uint_fast64_t n_lost;
	atomic_uint_fast64_t n_groups;
	atomic_uint_fast64_t n_pruned;
	atomic_uint_fast64_t max_commit_usecs;

	/* The writer's own. */
	struct state_db *db; /* NULL: not open */
	uint64_t open_msecs; /* do not try before */
	uint64_t prune_msecs;
	uint64_t said_msecs;
	uint64_t lost_msecs; /* when rows were lost last */
	bool is_well;        /* rows were written since */
	uint64_t n_said;     /* lost rows that were told of */
	uint64_t n_noted;    /* that the database was told of */
	int64_t lost_secs;   /* since when there are others; 0: none */
	char reason[ERR_TEXT_MAX];
};

static uint64_t
now_usecs(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
		abort(); /* cannot fail with this clock */
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t
now_msecs(void)
{
	return now_usecs() / 1000;
}

/* Waits for a post, at most so long. */
static void
wait_msecs(sem_t *sem, uint64_t msecs)
{
	uint64_t until = now_usecs() + msecs * 1000;
	struct timespec t = { (time_t)(until / 1000000),
		(long)(until % 1000000) * 1000 };

	while (sem_clockwait(sem, CLOCK_MONOTONIC, &t) != 0 && errno == EINTR)
		continue;
}

static bool
may_wait(struct recorder *rec, uint64_t begin_msecs)
{
	uint64_t now = now_msecs();

	if (atomic_load(&rec->wants_stop))
		return now < atomic_load(&rec->stop_msecs);
	return now - begin_msecs < BUSY_PATIENCE_MSECS;
}

static uint64_t
n_lost(struct recorder *rec)
{
	return atomic_load(&rec->n_lost) + atomic_load(&rec->queue.n_refused);
}

/* Tells of lost rows: at once, then once a minute, and when it is over. */
static void
say_lost(struct recorder *rec, bool is_over)
{
	uint64_t lost = n_lost(rec);
	uint64_t now = now_msecs();

	if (lost == rec->n_said)
		return;
	if (!is_over && rec->said_msecs != 0 &&
	    now - rec->said_msecs < SAY_AGAIN_MSECS)
		return;
	rec->said_msecs = now;
	say_error(&rec->say,
	    "%s: NOT RECORDED: %llu rows lost, %llu since the last such line: "
	    "%s",
	    rec->path, (unsigned long long)lost,
	    (unsigned long long)(lost - rec->n_said),
	    rec->reason[0] != '\0' ? rec->reason
				   : "more came than could be written");
	rec->n_said = lost;
}

static void
close_db(struct recorder *rec)
{
	state_db_close(rec->db);
	rec->db = NULL;
}

static void
keep_reason(struct recorder *rec, const struct err *err)
{
	memcpy(rec->reason, err->text, sizeof(rec->reason));
}

/* Has the database open, the one that is at the path now. */
static int
ensure_open(struct recorder *rec, struct err *err_r)
{
	if (rec->db != NULL && state_db_has_moved(rec->db)) {
		say_warning(&rec->say,
		    "%s: moved or removed while in use: a new one is made",
		    rec->path);
		close_db(rec);
	}
	if (rec->db != NULL)
		return 0;
	if (now_msecs() < rec->open_msecs)
		return err_set(err_r, EX_TEMPFAIL, "%s", rec->reason);
	if (state_db_open(&rec->db, rec->path, err_r) == 0)
		return 0;
	rec->open_msecs = now_msecs() + REOPEN_MSECS;
	return -1;
}

static int
write_row(struct state_db *db, const struct record_item *item,
    struct err *err_r)
{
	switch (item->kind) {
	case RECORD_SESSION:
		return state_db_session(db, &item->row.session, err_r);
	case RECORD_VIOLATION:
		return state_db_violation(db, &item->row.violation, err_r);
	case RECORD_PROBE:
		return state_db_probe(db, &item->row.probe, err_r);
	case RECORD_UNKNOWN:
		break;
	}
	return err_set(err_r, EX_SOFTWARE, "a row of no kind");
}

static int
begin_group(struct recorder *rec, struct err *err_r)
{
	uint64_t begin = now_msecs();

	while (state_db_begin(rec->db, err_r) != 0)
		if (!state_db_is_busy(rec->db) || !may_wait(rec, begin))
			return -1;
	return 0;
}

/* Has the database know how much of it is missing. */
static int
note_lost(struct recorder *rec, uint64_t n_lost_now, struct err *err_r)
{
	int64_t now = (int64_t)time(NULL);

	if (n_lost_now == rec->n_noted)
		return 0;
	return state_db_lost(rec->db,
	    rec->lost_secs != 0 ? rec->lost_secs : now, now,
	    n_lost_now - rec->n_noted, err_r);
}

/* The first n_rows of items in one transaction. */
static int
write_group(struct recorder *rec, const struct record_item *item,
    uint64_t n_rows, struct err *err_r)
{
	uint64_t n_lost_now = n_lost(rec);
	uint64_t begin;
	uint64_t usecs;

	if (atomic_load(&rec->wants_stop) && !may_wait(rec, 0))
		return err_set(err_r, EX_TEMPFAIL,
		    "stopped before they could be written");
	if (ensure_open(rec, err_r) != 0 || begin_group(rec, err_r) != 0)
		return -1;
	if (note_lost(rec, n_lost_now, err_r) != 0) {
		state_db_rollback(rec->db);
		return -1;
	}
	for (uint64_t i = 0; i < n_rows; i++, item = item->next)
		if (write_row(rec->db, item, err_r) != 0) {
			state_db_rollback(rec->db);
			return -1;
		}
	begin = now_usecs();
	if (state_db_commit(rec->db, err_r) != 0)
		return -1;
	rec->n_noted = n_lost_now;
	rec->lost_secs = 0;
	usecs = now_usecs() - begin;
	if (usecs > atomic_load(&rec->max_commit_usecs))
		atomic_store(&rec->max_commit_usecs, usecs);
	return 0;
}

static void
written(struct recorder *rec, uint64_t n_rows)
{
	(void)atomic_fetch_add(&rec->n_written, n_rows);
	(void)atomic_fetch_add(&rec->n_groups, 1);
	rec->is_well = true;
}

/* The trouble is over when it has not come back for a while: on a full disk
 * small groups may still find room. */
static void
say_over(struct recorder *rec)
{
	if (rec->reason[0] == '\0' || !rec->is_well ||
	    now_msecs() - rec->lost_msecs < WELL_MSECS)
		return;
	say_lost(rec, true);
	say_info(&rec->say, "%s: recording again", rec->path);
	rec->reason[0] = '\0';
}

static void
lost(struct recorder *rec, uint64_t n_rows, const struct err *err)
{
	/* What ails the file itself may be mended by opening it anew; a full
	 * disk or a lock is not. */
	bool is_passing =
	    err->sysexit == EX_TEMPFAIL || err->sysexit == EX_IOERR;

	(void)atomic_fetch_add(&rec->n_lost, n_rows);
	if (rec->lost_secs == 0)
		rec->lost_secs = (int64_t)time(NULL);
	keep_reason(rec, err);
	rec->is_well = false;
	rec->lost_msecs = now_msecs();
	if (!is_passing && rec->db != NULL) {
		close_db(rec);
		rec->open_msecs = now_msecs() + REOPEN_MSECS;
	}
	say_lost(rec, false);
}

/* Writes all of the list in groups and frees it. */
static void
write_all(struct recorder *rec, struct record_item *items)
{
	while (items != NULL) {
		struct record_item *at = items;
		struct err err = { 0 };
		uint64_t n = 0;

		while (at != NULL && n < RECORDER_GROUP) {
			at = at->next;
			n++;
		}
		if (write_group(rec, items, n, &err) == 0)
			written(rec, n);
		else
			lost(rec, n, &err);
		while (items != at) {
			struct record_item *next = items->next;

			record_queue_free(&rec->queue, items);
			items = next;
		}
	}
}

/* One small step of deleting what is too old. */
static void
prune(struct recorder *rec)
{
	uint32_t days = atomic_load(&rec->retention_days);
	uint64_t now = now_msecs();
	struct err err = { 0 };
	int64_t before;
	uint64_t n = 0;

	if (days == 0 || now < rec->prune_msecs)
		return;
	rec->prune_msecs = now + REOPEN_MSECS;
	if (ensure_open(rec, &err) != 0)
		return;
	before = (int64_t)time(NULL) - (int64_t)days * DAY_SECS;
	rec->prune_msecs = now + PRUNE_EVERY_MSECS;
	if (state_db_prune(rec->db, before, PRUNE_STEP_ROWS, &n, &err) != 0) {
		if (!state_db_is_busy(rec->db))
			say_warning(&rec->say, "old rows not deleted: %s",
			    err.text);
		return;
	}
	(void)atomic_fetch_add(&rec->n_pruned, n);
	if (n > 0)
		rec->prune_msecs = now + PRUNE_PAUSE_MSECS;
}

/* Waits for rows, then for those that come with them. */
static void
gather(struct recorder *rec)
{
	uint64_t now = now_msecs();
	uint64_t idle = IDLE_MSECS;

	if (atomic_load(&rec->retention_days) != 0 &&
	    rec->prune_msecs < now + idle)
		idle = rec->prune_msecs > now ? rec->prune_msecs - now : 1;
	wait_msecs(&rec->queue.work, idle);
	if (!atomic_load(&rec->wants_stop) &&
	    atomic_load(&rec->queue.n_rows) > 0 &&
	    atomic_load(&rec->queue.n_rows) < RECORDER_GROUP)
		wait_msecs(&rec->queue.work, RECORDER_DELAY_MSECS);
	/* Before the rows are taken: a post that comes later stays. */
	while (sem_trywait(&rec->queue.work) == 0)
		continue;
}

static void *
writer(void *arg)
{
	struct recorder *rec = arg;
	bool is_last;

	do {
		struct record_item *items;

		gather(rec);
		is_last = atomic_load(&rec->wants_stop);
		items = record_queue_take(&rec->queue);
		if (items != NULL)
			write_all(rec, items);
		else if (!is_last)
			prune(rec);
		say_over(rec);
		say_lost(rec, is_last);
	} while (!is_last);
	return NULL;
}

static int
start_thread(struct recorder *rec, struct err *err_r)
{
	sigset_t all, before;
	int rc;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&rec->thread, NULL, writer, rec);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return err_set(err_r, EX_OSERR,
		    "cannot start the thread that records: %s", strerror(rc));
	return 0;
}

static void
free_recorder(struct recorder *rec)
{
	record_queue_done(&rec->queue);
	state_db_close(rec->db);
	free(rec->path);
	free(rec);
}

int
recorder_start(struct recorder **rec_r, const struct recorder_options *opt,
    struct err *err_r)
{
	struct recorder *rec = mem_zalloc(1, sizeof(*rec));
	struct err err = { 0 };

	record_queue_init(&rec->queue,
	    opt->max_rows != 0 ? opt->max_rows : MAX_ROWS,
	    opt->max_bytes != 0 ? opt->max_bytes : MAX_BYTES, RECORDER_GROUP);
	rec->path = mem_strdup(opt->path);
	rec->say = opt->say;
	atomic_init(&rec->retention_days, opt->retention_days);
	atomic_init(&rec->wants_stop, false);
	if (ensure_open(rec, &err) != 0) {
		if (err.sysexit != EX_TEMPFAIL && err.sysexit != EX_IOERR) {
			free_recorder(rec);
			return err_set(err_r, err.sysexit, "%s", err.text);
		}
		keep_reason(rec, &err);
		say_warning(&rec->say, "not recording yet: %s", err.text);
	}
	if (start_thread(rec, err_r) != 0) {
		free_recorder(rec);
		return -1;
	}
	*rec_r = rec;
	return 0;
}

bool
recorder_session(struct recorder *rec, const struct record_session *row)
{
	return record_queue_put(&rec->queue, RECORD_SESSION, row);
}

bool
recorder_violation(struct recorder *rec, const struct record_violation *row)
{
	return record_queue_put(&rec->queue, RECORD_VIOLATION, row);
}

bool
recorder_probe(struct recorder *rec, const struct record_probe *row)
{
	return record_queue_put(&rec->queue, RECORD_PROBE, row);
}

void
recorder_retain(struct recorder *rec, uint32_t days)
{
	atomic_store(&rec->retention_days, days);
}

void
recorder_stats(const struct recorder *rec, struct recorder_stats *st_r)
{
	*st_r = (struct recorder_stats){
		.n_written = atomic_load(&rec->n_written),
		.n_lost_full = atomic_load(&rec->queue.n_refused),
		.n_lost_failed = atomic_load(&rec->n_lost),
		.n_groups = atomic_load(&rec->n_groups),
		.n_pruned = atomic_load(&rec->n_pruned),
		.n_waiting = atomic_load(&rec->queue.n_rows),
		.max_commit_usecs = atomic_load(&rec->max_commit_usecs),
	};
}

void
recorder_stop(struct recorder *rec, uint32_t max_msecs,
    struct recorder_stats *last_r)
{
	if (rec == NULL)
		return;
	atomic_store(&rec->stop_msecs, now_msecs() + max_msecs);
	atomic_store(&rec->wants_stop, true);
	(void)sem_post(&rec->queue.work);
	(void)pthread_join(rec->thread, NULL);
	if (last_r != NULL)
		recorder_stats(rec, last_r);
	free_recorder(rec);
}
