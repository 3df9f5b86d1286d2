/* tlswarden: store/db_words - a failure of SQLite in words, with the way out.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <sqlite3.h>

#include "store/db_words.h"

bool
db_is_wal(struct store *st)
{
	sqlite3_file *file = NULL;
	unsigned char version[2] = { 0, 0 };

	if (st->sq == NULL ||
	    sqlite3_file_control(st->sq, "main", SQLITE_FCNTL_FILE_POINTER,
		&file) != SQLITE_OK ||
	    file == NULL || file->pMethods == NULL)
		return false;
	/* www.sqlite.org/fileformat.html 1.3.2: 2 and 2 mean WAL. */
	if (file->pMethods->xRead(file, version, 2, 18) != SQLITE_OK)
		return false;
	return version[0] == 2 || version[1] == 2;
}

bool
db_has_journal(const struct store *st)
{
	char path[PATH_MAX];
	struct stat sb;
	int n = snprintf(path, sizeof(path), "%s-journal", st->path);

	return n > 0 && (size_t)n < sizeof(path) && stat(path, &sb) == 0 &&
	    sb.st_size > 0;
}

/* Why a file cannot be opened, as far as stat(2) can tell. */
static int
words_cannot_open(struct store *st, const char *what, struct err *err_r)
{
	struct stat sb;

	if (stat(st->path, &sb) != 0) {
		if (errno == ENOENT && st->is_wal_meant)
			return err_set(err_r, EX_NOINPUT,
			    "%s: no such file: tlswarden-policyd and "
			    "tlswarden-milter make it when they first start",
			    st->path);
		if (errno == ENOENT)
			return err_set(err_r, EX_NOINPUT,
			    "%s: no such file: run \"tlswarden init\" as root "
			    "first",
			    st->path);
		return err_set(err_r, EX_NOPERM,
		    "%s: %s: uid %ld must be able to pass through its "
		    "directories; run \"tlswarden init\" as root to set their "
		    "owner and mode",
		    st->path, strerror(errno), (long)geteuid());
	}
	if (!S_ISREG(sb.st_mode))
		return err_set(err_r, EX_NOINPUT, "%s: not a regular file",
		    st->path);
	if (st->is_wal_meant && access(st->path, W_OK) != 0 && errno != EROFS)
		return err_set(err_r, EX_NOPERM,
		    "%s: uid %ld must be a member of its group (owner %ld:%ld, "
		    "mode %04o), or root",
		    st->path, (long)geteuid(), (long)sb.st_uid, (long)sb.st_gid,
		    (unsigned)sb.st_mode & 07777);
	if (!st->is_wal_meant && db_is_wal(st))
		return err_set(err_r, EX_CONFIG,
		    "%s: somebody switched it to a write-ahead log (WAL), "
		    "which uid %ld cannot read: run \"tlswarden init\" as root "
		    "to switch it back",
		    st->path, (long)geteuid());
	if (db_has_journal(st))
		return err_set(err_r, EX_TEMPFAIL,
		    "%s: a program crashed while it wrote, and uid %ld may not "
		    "roll its journal back: run \"tlswarden init\" as root",
		    st->path, (long)geteuid());
	if (access(st->path, R_OK) != 0)
		return err_set(err_r, EX_NOPERM,
		    "%s: uid %ld may not read it (owner %ld:%ld, mode %04o): "
		    "run \"tlswarden init\" as root to set owner and mode",
		    st->path, (long)geteuid(), (long)sb.st_uid, (long)sb.st_gid,
		    (unsigned)sb.st_mode & 07777);
	if (access(st->path, W_OK) != 0 && errno == EROFS)
		return err_set(err_r, EX_NOPERM,
		    "%s: its file system is read-only: mount it for writing",
		    st->path);
	return err_set(err_r, EX_NOPERM,
	    "%s: %s: uid %ld must be able to write the file (owner %ld:%ld, "
	    "mode %04o) and its directory",
	    st->path, what, (long)geteuid(), (long)sb.st_uid, (long)sb.st_gid,
	    (unsigned)sb.st_mode & 07777);
}

static int
words_io(struct store *st, const char *what, struct err *err_r)
{
	int error = st->sq != NULL ? sqlite3_system_errno(st->sq) : 0;
	struct stat sb;

	if (stat(st->path, &sb) == 0 && !S_ISREG(sb.st_mode))
		return err_set(err_r, EX_NOINPUT, "%s: not a regular file",
		    st->path);
	return err_set(err_r, EX_IOERR, "%s: %s (code %d)%s%s", st->path, what,
	    st->extended, error != 0 ? ": " : "",
	    error != 0 ? strerror(error) : "");
}

int
db_words(struct store *st, struct err *err_r)
{
	const char *what =
	    st->sq != NULL ? sqlite3_errmsg(st->sq) : sqlite3_errstr(st->rc);

	switch (st->rc) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(err_r, EX_TEMPFAIL,
		    "%s: locked by another program, perhaps a sqlite3 shell "
		    "in a transaction: try again when it has ended",
		    st->path);
	case SQLITE_NOTADB:
		return err_set(err_r, EX_DATAERR,
		    "%s: not an SQLite database: put a copy of yours in its "
		    "place, or move it away and run \"tlswarden init\"",
		    st->path);
	case SQLITE_CORRUPT:
		return err_set(err_r, EX_DATAERR,
		    "%s: damaged (%s): put a copy in its place; \"sqlite3 %s "
		    ".recover\" shows what can be saved",
		    st->path, what, st->path);
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return words_cannot_open(st, what, err_r);
	case SQLITE_FULL:
		return err_set(err_r, EX_IOERR,
		    "%s: no space left on its disk: make room", st->path);
	case SQLITE_IOERR:
		return words_io(st, what, err_r);
	case SQLITE_NOMEM:
		return err_set(err_r, EX_OSERR, "%s: not enough memory",
		    st->path);
	case SQLITE_CONSTRAINT:
		/* The sentence of a trigger, as it stands in sql/. */
		return err_set(err_r, EX_DATAERR, "%s", what);
	case SQLITE_TOOBIG:
		return err_set(err_r, EX_DATAERR, "%s: a value is too big",
		    st->path);
	case SQLITE_PROTOCOL:
	case SQLITE_NOLFS:
	case SQLITE_INTERRUPT:
	case SQLITE_ABORT:
		return err_set(err_r, EX_TEMPFAIL, "%s: %s", st->path, what);
	case SQLITE_MISMATCH:
	case SQLITE_SCHEMA:
	case SQLITE_ERROR:
		return err_set(err_r, EX_DATAERR, "%s: %s", st->path, what);
	default: /* INTERNAL, MISUSE, RANGE, FORMAT, NOTFOUND, ... */
		return err_set(err_r, EX_SOFTWARE, "%s: %s (code %d)", st->path,
		    what, st->extended);
	}
}
