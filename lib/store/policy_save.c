/* tlswarden: store/policy_save - keeps an image as policy.last-good.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Written to PATH.new, which a lock (flock(2)) gives to one process at a
 * time, compared with what is at PATH, synced, renamed. A crash leaves at
 * most a PATH.new, which the next one empties and writes again.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "store/policy_image.h"
#include "store/policy_image_db.h"
#include "store/policy_schema.h"

enum { COMPARE_CHUNK = 65536 };

/* Only what a daemon loads: no audit, no triggers, no views. The statement
 * "INSERT INTO x SELECT * FROM y" copies whole records when both tables are
 * alike. */
static const char keep_tables[] =
    "PRAGMA keep.journal_mode=MEMORY;"
    "PRAGMA keep.synchronous=OFF;"
    "BEGIN;"
    "CREATE TABLE keep.policy (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " enabled INTEGER NOT NULL DEFAULT 1,"
    " priority INTEGER NOT NULL DEFAULT 100, direction TEXT NOT NULL,"
    " sender TEXT NOT NULL DEFAULT '*', recipient TEXT NOT NULL DEFAULT '*',"
    " subnet TEXT, level TEXT NOT NULL,"
    " on_failure TEXT NOT NULL DEFAULT 'tempfail', ca TEXT, cert_name TEXT,"
    " cert_fingerprint TEXT, min_protocol TEXT, min_bits INTEGER,"
    " mode TEXT NOT NULL DEFAULT 'enforce', expires_at TEXT,"
    " comment TEXT NOT NULL DEFAULT '') STRICT;"
    "CREATE TABLE keep.ca (name TEXT PRIMARY KEY, pem ANY NOT NULL,"
    " comment TEXT NOT NULL DEFAULT '', added_at TEXT NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "INSERT INTO keep.ca SELECT name, pem, comment, added_at FROM main.ca"
    " ORDER BY 1;";
static const char same_columns[] =
    "SELECT (SELECT group_concat(name) FROM pragma_table_xinfo('policy',"
    "'main')) = (SELECT group_concat(name) FROM pragma_table_xinfo('policy',"
    "'keep'))";
static const char keep_whole[] =
    "INSERT INTO keep.policy SELECT * FROM main.policy;";
/* The administrator added or moved columns. */
static const char keep_columns[] =
    "INSERT INTO keep.policy SELECT id, enabled, priority, direction, sender,"
    " recipient, subnet, level, on_failure, ca, cert_name, cert_fingerprint,"
    " min_protocol, min_bits, mode, expires_at, comment FROM main.policy;";

static int
fill(struct store *st, struct err *err_r)
{
	char versions[128];
	int64_t is_same = 0;

	(void)snprintf(versions, sizeof(versions),
	    "PRAGMA keep.application_id=%d;PRAGMA keep.user_version=%d;COMMIT",
	    POLICY_APPLICATION_ID, POLICY_VERSION);
	if (store_exec(st, keep_tables, err_r) != 0 ||
	    store_number(st, same_columns, &is_same, err_r) != 0 ||
	    store_exec(st, is_same == 1 ? keep_whole : keep_columns, err_r) !=
		0)
		return -1;
	return store_exec(st, versions, err_r);
}

static void
bind_path(struct sqlite3_stmt *stmt, const void *arg)
{
	const char *path = arg;

	store_bind_sv(stmt, 1, sv_from(path));
}

/* Writes the tables into the empty file at path. */
static int
write_tables(struct policy_image *image, const char *path, struct err *err_r)
{
	struct store *st = policy_image_store(image);
	char *from = st->path;
	int done;

	/* The image is in memory: what fails is this file, and its name is
	 * what an error has to say. */
	st->path = mem_strdup(path);
	done = store_change(st, "ATTACH ?1 AS keep", bind_path, path, err_r);
	if (done == 0) {
		done = fill(st, err_r);
		if (done != 0)
			store_rollback(st);
		if (store_exec(st, "DETACH keep", done == 0 ? err_r : NULL) !=
		    0)
			done = -1;
	}
	free(st->path);
	st->path = from;
	return done;
}

static int
fail_errno(struct err *err_r, const char *path, const char *what)
{
	return err_set(err_r, errno == EACCES ? EX_NOPERM : EX_IOERR,
	    "%s: %s: %s", path, what, strerror(errno));
}

/* The descriptor of an empty PATH.new that is ours alone; -1. */
static int
open_new(const char *path, struct err *err_r)
{
	struct stat ours, there;
	int fd;

	for (int tries = 0; tries < 3; tries++) {
		fd = open(path,
		    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
		    0640);
		if (fd < 0)
			return fail_errno(err_r, path, "cannot be made");
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			(void)close(fd);
			return err_set(err_r, EX_TEMPFAIL,
			    "%s: another process is writing it", path);
		}
		/* Who held the lock before may have renamed the file. */
		if (fstat(fd, &ours) == 0 && S_ISREG(ours.st_mode) &&
		    stat(path, &there) == 0 && ours.st_ino == there.st_ino) {
			if (ftruncate(fd, 0) == 0 && fchmod(fd, 0640) == 0)
				return fd;
			(void)fail_errno(err_r, path, "cannot be emptied");
			(void)close(fd);
			return -1;
		}
		(void)close(fd);
	}
	return err_set(err_r, EX_TEMPFAIL, "%s: not a file to write", path);
}

/* True if both files can be read and hold the same bytes. */
static bool
same_content(int fd, const char *path)
{
	char *a = mem_alloc(COMPARE_CHUNK);
	char *b = mem_alloc(COMPARE_CHUNK);
	int other = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	bool same = other >= 0;
	off_t at = 0;

	while (same) {
		ssize_t n = pread(fd, a, COMPARE_CHUNK, at);

		same = n >= 0 && pread(other, b, COMPARE_CHUNK, at) == n &&
		    memcmp(a, b, (size_t)n) == 0;
		if (n <= 0)
			break;
		at += n;
	}
	if (other >= 0)
		(void)close(other);
	free(a);
	free(b);
	return same;
}

/* Makes the rename itself last. */
static int
sync_folder(const char *path, struct err *err_r)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL
	    ? mem_strdup(".")
	    : mem_svdup(sv_make(path, (size_t)(slash - path) + 1));
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int done = 0;

	if (fd < 0 || fsync(fd) != 0)
		done = fail_errno(err_r, folder, "cannot be synced");
	if (fd >= 0)
		(void)close(fd);
	free(folder);
	return done;
}

int
policy_image_save(struct policy_image *image, const char *path,
    bool *is_written_r, struct err *err_r)
{
	char fresh[PATH_MAX];
	int n = snprintf(fresh, sizeof(fresh), "%s.new", path);
	int done = -1;
	int fd;

	*is_written_r = false;
	if (n < 0 || (size_t)n >= sizeof(fresh))
		return err_set(err_r, EX_CONFIG, "%s: path too long", path);
	fd = open_new(fresh, err_r);
	if (fd < 0)
		return -1;
	if (write_tables(image, fresh, err_r) != 0)
		goto out;
	if (same_content(fd, path)) {
		done = 0;
		goto out;
	}
	if (fsync(fd) != 0) {
		(void)fail_errno(err_r, fresh, "cannot be synced");
		goto out;
	}
	if (rename(fresh, path) != 0) {
		(void)fail_errno(err_r, path, "cannot be replaced");
		goto out;
	}
	*is_written_r = true;
	done = sync_folder(path, err_r);
out:
	if (!*is_written_r)
		(void)unlink(fresh);
	(void)close(fd);
	return done;
}
