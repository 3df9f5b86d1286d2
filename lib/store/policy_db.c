/* tlswarden: store/policy_db - watches policy.db and copies it, read-only.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>

#include <sqlite3.h>

#include "base/limits.h"
#include "base/mem.h"
#include "store/db.h"
#include "store/db_words.h"
#include "store/policy_db.h"

enum {
	COPY_CHUNK = 1 << 20,
	TICK_NSECS = 4000000, /* a tick of the kernel's clock at 250 Hz */
	CALM_LOOKS = 8,       /* data_version is asked at least every so many */
};

/* What stat(2) says of the file at the path. */
struct stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
	struct timespec ctime;
};

struct policy_db {
	struct store st; /* st.sq == NULL: not open */
	char *path;
	struct stamp opened; /* dev and ino of what st has open */
	struct stamp tried;  /* of the last copy, or try at one */
	int64_t tried_version;
	bool has_tried;
	bool is_wal;      /* commits do not touch the file itself */
	unsigned n_looks; /* since data_version was asked */
	unsigned patience_msecs;
	atomic_bool gives_up;
};

struct policy_db *
policy_db_new(const char *path)
{
	struct policy_db *db = mem_zalloc(1, sizeof(*db));

	db->path = mem_strdup(path);
	db->patience_msecs = POLICY_DB_PATIENCE_MSECS;
	atomic_init(&db->gives_up, false);
	return db;
}

void
policy_db_free(struct policy_db *db)
{
	if (db == NULL)
		return;
	store_close(&db->st);
	free(db->path);
	free(db);
}

void
policy_db_set_patience(struct policy_db *db, unsigned msecs)
{
	db->patience_msecs = msecs;
}

void
policy_db_give_up(struct policy_db *db)
{
	atomic_store_explicit(&db->gives_up, true, memory_order_relaxed);
}

static bool
same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool
same_file(const struct stamp *a, const struct stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

static bool
same_stamp(const struct stamp *a, const struct stamp *b)
{
	return same_file(a, b) && a->size == b->size &&
	    same_time(a->mtime, b->mtime) && same_time(a->ctime, b->ctime);
}

/* True once no later write can leave the stamp as it is. */
static bool
is_settled(const struct stamp *s)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0)
		return false;
	return !same_time(now, s->mtime) && !same_time(now, s->ctime);
}

static uint64_t
now_usecs(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
		abort(); /* cannot fail with this clock */
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void
pause_tick(void)
{
	struct timespec t = { 0, TICK_NSECS };

	(void)nanosleep(&t, NULL);
}

static int
look(struct policy_db *db, struct stamp *s, struct err *err_r)
{
	struct stat sb;

	if (stat(db->path, &sb) != 0) {
		struct store gone = { .path = db->path };

		return store_fail(&gone, SQLITE_CANTOPEN, err_r);
	}
	*s = (struct stamp){ sb.st_dev, sb.st_ino, sb.st_size, sb.st_mtim,
		sb.st_ctim };
	return 0;
}

/* Opens the file that is at the path now; opens it again when it is another
 * one than before. */
static int
open_current(struct policy_db *db, struct stamp *s, struct err *err_r)
{
	struct stamp before;

	if (look(db, &before, err_r) != 0)
		return -1;
	if (db->st.sq != NULL && same_file(&before, &db->opened)) {
		*s = before;
		return 0;
	}
	store_close(&db->st);
	if (store_open(&db->st, db->path, STORE_READ, POLICY_DB_BUSY_MSECS,
		err_r) != 0)
		return -1;
	if (look(db, s, err_r) == 0 && same_file(&before, s)) {
		db->opened = *s;
		return 0;
	}
	store_close(&db->st);
	return err_set(err_r, EX_TEMPFAIL,
	    "%s: replaced while it was being opened: will be tried again",
	    db->path);
}

/* Takes and drops the shared lock; changes after every foreign commit. */
static int
data_version(struct policy_db *db, int64_t *version_r, uint64_t *lock_usecs,
    struct err *err_r)
{
	uint64_t begin = now_usecs();
	int done =
	    store_number(&db->st, "PRAGMA data_version", version_r, err_r);

	*lock_usecs += now_usecs() - begin;
	return done;
}

static int
is_changed(struct policy_db *db, struct err *err_r)
{
	struct stamp now;
	int64_t version = 0;
	uint64_t ignored = 0;

	if (look(db, &now, err_r) != 0)
		return -1;
	if (!db->has_tried || db->st.sq == NULL ||
	    !same_file(&now, &db->opened))
		return 1;
	/* The stamp alone would do on a local disk. SQLite is asked now and
	 * then all the same: it also finds a journal that waits for root. */
	if (!db->is_wal && same_stamp(&now, &db->tried) &&
	    ++db->n_looks < CALM_LOOKS)
		return 0;
	db->n_looks = 0;
	if (data_version(db, &version, &ignored, err_r) != 0)
		return -1;
	if (version != db->tried_version)
		return 1;
	/* Touched, or a transaction that was rolled back. */
	db->tried = now;
	return 0;
}

int
policy_db_changed(struct policy_db *db, struct err *err_r)
{
	int changed = is_changed(db, err_r);

	/* Once the file can be seen again it is loaded again, changed or not:
	 * that ends the failure. */
	if (changed < 0)
		db->has_tried = false;
	return changed;
}

static void *
map_bytes(size_t n)
{
	void *p = mmap(NULL, n == 0 ? 1 : n, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void
unmap_bytes(void *p, size_t n)
{
	if (p != NULL)
		(void)munmap(p, n == 0 ? 1 : n);
}

/* A copy on its way. A try that fails leaves its memory to the next one: what
 * is already mapped is filled three times as fast. */
struct copy {
	void *bytes;
	size_t n_bytes;
	struct stamp at;
	int64_t version;
	struct policy_copy_stats stats;
};

/* Reads the open file into memory of our own: 1 done, 0 it became shorter, -1
 * failed. */
static int
read_bytes(struct policy_db *db, struct copy *c, struct err *err_r)
{
	sqlite3_file *file = NULL;
	size_t size = (size_t)c->at.size;
	size_t at = 0;
	int rc;

	if (size > LIMIT_POLICY_FILE)
		return err_set(err_r, EX_DATAERR,
		    "%s: larger than %llu bytes: delete old rows of table "
		    "audit and VACUUM it",
		    db->path, (unsigned long long)LIMIT_POLICY_FILE);
	if (c->bytes == NULL || c->n_bytes != size) {
		unmap_bytes(c->bytes, c->n_bytes);
		c->bytes = map_bytes(size);
		c->n_bytes = size;
		if (c->bytes == NULL)
			return store_fail(&db->st, SQLITE_NOMEM, err_r);
	}
	rc = sqlite3_file_control(db->st.sq, "main", SQLITE_FCNTL_FILE_POINTER,
	    &file);
	for (; rc == SQLITE_OK && at < size; at += COPY_CHUNK)
		rc = file->pMethods->xRead(file, (char *)c->bytes + at,
		    (int)(size - at < COPY_CHUNK ? size - at : COPY_CHUNK),
		    (sqlite3_int64)at);
	if (rc == SQLITE_OK)
		return 1;
	if (rc == SQLITE_IOERR_SHORT_READ)
		return 0;
	return store_fail(&db->st, rc, err_r);
}

/* One try without a lock: 1 copied, 0 somebody wrote, -1 failed. */
static int
copy_unlocked(struct policy_db *db, struct copy *c, struct err *err_r)
{
	uint64_t *locked = &c->stats.lock_usecs;
	struct stamp after;
	int64_t version = 0;
	int done;

	if (open_current(db, &c->at, err_r) != 0)
		return -1;
	if (!is_settled(&c->at))
		return 0;
	if (data_version(db, &c->version, locked, err_r) != 0)
		return -1;
	done = read_bytes(db, c, err_r);
	if (done <= 0)
		return done;
	if (data_version(db, &version, locked, err_r) != 0 ||
	    look(db, &after, err_r) != 0)
		done = -1;
	else
		done = version == c->version && same_stamp(&c->at, &after);
	return done;
}

/* Under the shared lock nobody writes. */
static int
copy_locked(struct policy_db *db, struct copy *c, struct err *err_r)
{
	uint64_t begin;
	int done = -1;

	if (open_current(db, &c->at, err_r) != 0 ||
	    store_exec(&db->st, "BEGIN", err_r) != 0)
		return -1;
	begin = now_usecs();
	c->stats.is_locked = true;
	if (store_number(&db->st, "PRAGMA data_version", &c->version, err_r) ==
		0 &&
	    look(db, &c->at, err_r) == 0)
		done = read_bytes(db, c, err_r);
	store_rollback(&db->st);
	c->stats.lock_usecs += now_usecs() - begin;
	if (done == 0)
		return err_set(err_r, EX_TEMPFAIL,
		    "%s: was cut short while it was being copied", db->path);
	return done > 0 ? 0 : -1;
}

static int
backup_to(struct policy_db *db, struct store *copy, struct err *err_r)
{
	sqlite3_backup *backup =
	    sqlite3_backup_init(copy->sq, "main", db->st.sq, "main");
	int rc;

	if (backup == NULL)
		return store_fail(copy, sqlite3_extended_errcode(copy->sq),
		    err_r);
	(void)sqlite3_backup_step(backup, -1);
	rc = sqlite3_backup_finish(backup); /* repeats the code of the step */
	return rc == SQLITE_OK ? 0 : store_fail(&db->st, rc, err_r);
}

/* Readers of a WAL database stop no writer, so SQLite's own copy may take its
 * time. */
static int
copy_wal(struct policy_db *db, struct copy *c, struct err *err_r)
{
	struct store copy = { 0 };
	sqlite3_int64 n = 0;
	unsigned char *p = NULL;
	int done = -1;

	if (open_current(db, &c->at, err_r) != 0 ||
	    store_number(&db->st, "PRAGMA data_version", &c->version, err_r) !=
		0 ||
	    store_open_memory(&copy, err_r) != 0)
		return -1;
	if (backup_to(db, &copy, err_r) != 0)
		goto out;
	p = sqlite3_serialize(copy.sq, "main", &n, 0);
	if (p == NULL || (c->bytes = map_bytes((size_t)n)) == NULL) {
		(void)store_fail(&db->st, SQLITE_NOMEM, err_r);
		goto out;
	}
	memcpy(c->bytes, p, (size_t)n);
	c->n_bytes = (size_t)n;
	/* www.sqlite.org/fileformat.html 1.3.2: no longer a WAL database. */
	memset((char *)c->bytes + 18, 1, 2);
	done = 0;
out:
	sqlite3_free(p);
	store_close(&copy);
	return done;
}

static int
copy_bytes(struct policy_db *db, struct copy *c, struct err *err_r)
{
	uint64_t begin = now_usecs();
	int done;

	if (open_current(db, &c->at, err_r) != 0 ||
	    data_version(db, &c->version, &c->stats.lock_usecs, err_r) != 0)
		return -1;
	c->stats.is_wal = db_is_wal(&db->st);
	if (c->stats.is_wal)
		return copy_wal(db, c, err_r);
	while (now_usecs() - begin < db->patience_msecs * UINT64_C(1000)) {
		c->stats.n_tries++;
		done = copy_unlocked(db, c, err_r);
		if (done != 0)
			return done > 0 ? 0 : -1;
		if (atomic_load_explicit(&db->gives_up, memory_order_relaxed))
			return err_set(err_r, EX_TEMPFAIL,
			    "%s: changes all the time, and there is no time "
			    "left to wait for a quiet moment",
			    db->path);
		pause_tick();
	}
	return copy_locked(db, c, err_r);
}

int
policy_db_copy(struct policy_db *db, struct policy_image **image_r,
    struct policy_copy_stats *stats_r, struct err *err_r)
{
	struct copy c = { 0 };
	uint64_t begin = now_usecs();
	int done = copy_bytes(db, &c, err_r);

	c.stats.usecs = now_usecs() - begin;
	if (stats_r != NULL)
		*stats_r = c.stats;
	/* What failed is tried again when the file changes, or when SQLite can
	 * tell its version again. */
	db->has_tried = !(done != 0 && store_is_busy(&db->st));
	db->tried = c.at;
	db->tried_version = done == 0 ? c.version : -1;
	db->is_wal = c.stats.is_wal;
	db->n_looks = 0;
	if (done != 0) {
		unmap_bytes(c.bytes, c.n_bytes);
		return -1;
	}
	return policy_image_new(image_r, c.bytes, c.n_bytes, db->path, err_r);
}
