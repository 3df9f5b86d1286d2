/* tlswarden: store/policy_db - watches policy.db and copies it, read-only.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
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
	WAL_PATIENCE_TICKS = 25,
	HEADER_SIZE = 100, /* www.sqlite.org/fileformat.html 1.3 */
	HEADER_WRITE_VERSION = 18,
	HEADER_CHANGES = 24,
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
	char *wal_path;
	struct stamp opened;      /* dev and ino of what st has open */
	struct stamp tried;       /* of the last copy */
	struct stamp tried_wal;   /* of the -wal file then, if is_wal */
	unsigned char changes[4]; /* the change counter in it */
	bool has_tried;
	bool is_wal; /* commits do not touch the file itself */
	unsigned patience_msecs;
	atomic_bool gives_up;
};

struct policy_db *
policy_db_new(const char *path)
{
	struct policy_db *db = mem_zalloc(1, sizeof(*db));
	size_t n_wal = strlen(path) + sizeof("-wal");

	db->path = mem_strdup(path);
	db->wal_path = mem_zalloc(n_wal, 1);
	(void)snprintf(db->wal_path, n_wal, "%s-wal", path);
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
	free(db->wal_path);
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
same_bytes(const struct stamp *a, const struct stamp *b)
{
	return same_file(a, b) && a->size == b->size &&
	    same_time(a->mtime, b->mtime);
}

static bool
same_stamp(const struct stamp *a, const struct stamp *b)
{
	return same_bytes(a, b) && same_time(a->ctime, b->ctime);
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

/* False, and zeros, which no file has, when it is away. */
static bool
look_at(const char *path, struct stamp *s)
{
	struct stat sb;

	memset(s, 0, sizeof(*s));
	if (stat(path, &sb) != 0)
		return false;
	*s = (struct stamp){ sb.st_dev, sb.st_ino, sb.st_size, sb.st_mtim,
		sb.st_ctim };
	return true;
}

static int
look(struct policy_db *db, struct stamp *s, struct err *err_r)
{
	struct store gone = { .path = db->path };

	if (look_at(db->path, s))
		return 0;
	return store_fail(&gone, SQLITE_CANTOPEN, err_r);
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

/* SQLite's own view: takes and drops the shared lock. Finds a journal that has
 * to be rolled back; the version changes after every foreign commit. */
static int
data_version(struct policy_db *db, int64_t *version_r, struct err *err_r)
{
	return store_number(&db->st, "PRAGMA data_version", version_r, err_r);
}

/* The open file through SQLite's methods for it, which take no lock. */
static sqlite3_file *
raw_file(struct policy_db *db)
{
	sqlite3_file *file = NULL;

	if (sqlite3_file_control(db->st.sq, "main", SQLITE_FCNTL_FILE_POINTER,
		&file) != SQLITE_OK ||
	    file == NULL || file->pMethods == NULL)
		abort(); /* a file that is open has them */
	return file;
}

/* True if somebody is in a transaction that writes: from its first statement
 * to the end of its commit he holds the reserved lock. */
static bool
is_being_written(struct policy_db *db)
{
	sqlite3_file *file = raw_file(db);
	int is_reserved = 1;

	return file->pMethods->xCheckReservedLock(file, &is_reserved) !=
	    SQLITE_OK ||
	    is_reserved != 0;
}

/* The header of the file; false when it has none. */
static bool
read_header(struct policy_db *db, unsigned char header[HEADER_SIZE])
{
	sqlite3_file *file = raw_file(db);

	return file->pMethods->xRead(file, header, HEADER_SIZE, 0) == SQLITE_OK;
}

static int
is_changed(struct policy_db *db, struct err *err_r)
{
	unsigned char header[HEADER_SIZE];
	struct stamp now, wal;

	if (look(db, &now, err_r) != 0)
		return -1;
	if (!db->has_tried || !same_file(&now, &db->opened))
		return 1;
	/* SQLite changes the owner of a -wal file when root merely reads. */
	if (db->is_wal) {
		(void)look_at(db->wal_path, &wal);
		return !same_stamp(&now, &db->tried) ||
		    !same_bytes(&wal, &db->tried_wal);
	}
	/* The counter is for file systems that keep no time of a write. */
	if (!read_header(db, header) ||
	    memcmp(header + HEADER_CHANGES, db->changes, 4) != 0)
		return 1;
	if (same_stamp(&now, &db->tried))
		return 0;
	if (now.size != db->tried.size || !is_settled(&now) ||
	    is_being_written(db) || db_has_journal(&db->st))
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

/* A copy on its way. A try that fails leaves its memory to the next one: what
 * is already mapped is filled three times as fast. */
struct copy {
	void *bytes;
	size_t n_bytes; /* of the memory */
	size_t size;    /* of what is in it */
	struct stamp at;
	struct stamp wal; /* of the -wal file */
	int64_t version;
	struct policy_copy_stats stats;
};

static void
drop_bytes(struct copy *c)
{
	if (c->bytes != NULL)
		(void)munmap(c->bytes, c->n_bytes);
	c->bytes = NULL;
	c->n_bytes = 0;
}

/* Room for n bytes, with real memory under it: to get that while the file is
 * being read would make the reading, which nobody may disturb, three times as
 * long. What was there stays. */
static int
make_room(struct policy_db *db, struct copy *c, size_t n, struct err *err_r)
{
	void *p;

	if (n > LIMIT_POLICY_FILE)
		return err_set(err_r, EX_DATAERR,
		    "%s: larger than %llu bytes: delete old rows of table "
		    "audit and VACUUM it",
		    db->path, (unsigned long long)LIMIT_POLICY_FILE);
	n = n == 0 ? 1 : n;
	if (c->bytes == NULL)
		p = mmap(NULL, n, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	else if (c->n_bytes != n)
		p = mremap(c->bytes, c->n_bytes, n, MREMAP_MAYMOVE);
	else
		return 0;
	if (p == MAP_FAILED)
		return store_fail(&db->st, SQLITE_NOMEM, err_r);
	c->bytes = p;
	c->n_bytes = n;
	return 0;
}

/* Reads the open file into memory of our own: 1 done, 0 it became shorter, -1
 * failed. */
static int
read_bytes(struct policy_db *db, struct copy *c, struct err *err_r)
{
	sqlite3_file *file = raw_file(db);
	size_t size = (size_t)c->at.size;
	size_t at = 0;
	int rc = SQLITE_OK;

	if (make_room(db, c, size, err_r) != 0)
		return -1;
	for (; rc == SQLITE_OK && at < size; at += COPY_CHUNK)
		rc = file->pMethods->xRead(file, (char *)c->bytes + at,
		    (int)(size - at < COPY_CHUNK ? size - at : COPY_CHUNK),
		    (sqlite3_int64)at);
	c->size = size;
	if (rc == SQLITE_OK)
		return 1;
	if (rc == SQLITE_IOERR_SHORT_READ)
		return 0;
	return store_fail(&db->st, rc, err_r);
}

/* One try without a lock: 1 copied, 0 somebody wrote, -1 failed. Order
 * matters: stamp, writer, journal, bytes, stamp. */
static int
copy_unlocked(struct policy_db *db, struct copy *c, struct err *err_r)
{
	struct stamp after;
	int done;

	if (open_current(db, &c->at, err_r) != 0)
		return -1;
	if (!is_settled(&c->at) || is_being_written(db))
		return 0;
	if (db_has_journal(&db->st) &&
	    data_version(db, &c->version, err_r) != 0)
		return -1;
	done = read_bytes(db, c, err_r);
	if (done <= 0)
		return done;
	if (look(db, &after, err_r) != 0)
		return -1;
	return same_stamp(&c->at, &after) ? 1 : 0;
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
	/* Waits for a writer, and keeps the lock until the transaction ends. */
	if (data_version(db, &c->version, err_r) == 0) {
		begin = now_usecs();
		c->stats.is_locked = true;
		if (look(db, &c->at, err_r) == 0)
			done = read_bytes(db, c, err_r);
		c->stats.lock_usecs = now_usecs() - begin;
	}
	store_rollback(&db->st);
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

	/* A write of the same tick would not be seen later. */
	for (int i = 0; i < WAL_PATIENCE_TICKS; i++) {
		(void)look_at(db->wal_path, &c->wal);
		if (is_settled(&c->wal))
			break;
		pause_tick();
	}
	if (store_open_memory(&copy, err_r) != 0)
		return -1;
	if (backup_to(db, &copy, err_r) != 0)
		goto out;
	p = sqlite3_serialize(copy.sq, "main", &n, 0);
	if (p == NULL) {
		(void)store_fail(&db->st, SQLITE_NOMEM, err_r);
		goto out;
	}
	if (make_room(db, c, (size_t)n, err_r) != 0)
		goto out;
	memcpy(c->bytes, p, (size_t)n);
	c->size = (size_t)n;
	/* www.sqlite.org/fileformat.html 1.3.2: no longer a WAL database. */
	memset((char *)c->bytes + HEADER_WRITE_VERSION, 1, 2);
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
	    make_room(db, c, (size_t)c->at.size, err_r) != 0)
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
	/* What could not be copied is tried again; what is broken only when it
	 * has changed. */
	db->has_tried = done == 0;
	if (done != 0) {
		drop_bytes(&c);
		return -1;
	}
	db->tried = c.at;
	db->is_wal = c.stats.is_wal;
	if (db->is_wal) {
		db->tried_wal = c.wal;
		store_close(&db->st);
	}
	memset(db->changes, 0, sizeof(db->changes));
	if (c.size >= HEADER_SIZE)
		memcpy(db->changes, (char *)c.bytes + HEADER_CHANGES,
		    sizeof(db->changes));
	return policy_image_new(image_r, c.bytes, c.size, db->path, err_r);
}
