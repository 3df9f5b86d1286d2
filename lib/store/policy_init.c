/* tlswarden: store/policy_init - makes policy.db and brings it up to date.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "sql/policy_sql.h"
#include "store/db.h"
#include "store/db_words.h"
#include "store/policy_init.h"
#include "store/policy_schema.h"

enum { INIT_BUSY_MSECS = 10000, INIT_PAUSE_MSECS = 20 };

/* Makes an empty file of mode 0640; SQLite would take 0644 and the umask. */
static int
make_file(const char *path, bool *is_created_r, struct err *err_r)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

	*is_created_r = fd >= 0;
	if (fd >= 0) {
		(void)close(fd);
		return 0;
	}
	if (errno == EEXIST)
		return 0;
	return err_set(err_r, errno == EACCES ? EX_NOPERM : EX_CANTCREAT,
	    "%s: cannot be made: %s: its directory must be there, and only "
	    "root should be able to write it",
	    path, strerror(errno));
}

static int
try_end_wal(struct store *st, struct err *err_r)
{
	struct sqlite3_stmt *stmt = NULL;
	bool is_ended = false;
	int got;

	if (store_prepare(st, "PRAGMA journal_mode=DELETE", &stmt, err_r) != 0)
		return -1;
	got = store_step(st, stmt, err_r);
	if (got > 0)
		is_ended = sv_is(store_text(stmt, 0), "delete");
	store_finish(stmt);
	if (got >= 0 && !is_ended)
		return err_set(err_r, EX_TEMPFAIL,
		    "%s: another program has it open and keeps it in WAL mode: "
		    "try again when that has ended",
		    st->path);
	return got < 0 ? -1 : 0;
}

/* SQLite's busy timeout does not count here: whoever has the file open at that
 * moment, such as a daemon that looks at it, ends the try at once. */
static int
end_wal(struct store *st, struct err *err_r)
{
	const struct timespec pause = { 0, INIT_PAUSE_MSECS * 1000000 };

	for (int msecs = 0; msecs < INIT_BUSY_MSECS;
	     msecs += INIT_PAUSE_MSECS) {
		if (try_end_wal(st, err_r) == 0)
			return 0;
		if (err_r->sysexit != EX_TEMPFAIL)
			return -1;
		(void)nanosleep(&pause, NULL);
	}
	return -1;
}

static int
bring_up_to_date(struct store *st, struct policy_init_result *result,
    struct err *err_r)
{
	switch (policy_schema_age(st, &result->from_version, err_r)) {
	case POLICY_AGE_UNKNOWN:
	case POLICY_FOREIGN:
	case POLICY_NEWER:
		return -1;
	case POLICY_EMPTY:
	case POLICY_OLDER:
	case POLICY_CURRENT:
		break;
	}
	result->was_wal = db_is_wal(st);
	if (result->was_wal && end_wal(st, err_r) != 0)
		return -1;
	/* The script's own savepoint is inside this transaction, so that what
	 * does not become a good table stays as it was. */
	if (store_exec(st, "BEGIN IMMEDIATE", err_r) != 0)
		return -1;
	if (store_script(st, policy_sql, err_r) == 0 &&
	    policy_schema_check(st, err_r) == 0 &&
	    store_exec(st, "COMMIT", err_r) == 0) {
		result->version = POLICY_VERSION;
		return 0;
	}
	store_rollback(st);
	return -1;
}

static int
set_owner(const char *path, gid_t gid, struct err *err_r)
{
	if (gid != (gid_t)-1 && chown(path, (uid_t)-1, gid) != 0)
		return err_set(err_r, EX_NOPERM,
		    "%s: cannot be given to group %ld: %s: run it as root",
		    path, (long)gid, strerror(errno));
	if (chmod(path, 0640) != 0)
		return err_set(err_r, EX_NOPERM, "%s: mode cannot be set: %s",
		    path, strerror(errno));
	return 0;
}

int
policy_init(const char *path, gid_t gid, struct policy_init_result *result_r,
    struct err *err_r)
{
	struct store st = { 0 };
	int done = -1;

	memset(result_r, 0, sizeof(*result_r));
	if (make_file(path, &result_r->is_created, err_r) != 0)
		return -1;
	if (store_open(&st, path, STORE_WRITE, INIT_BUSY_MSECS, err_r) == 0) {
		result_r->had_journal = db_has_journal(&st);
		done = bring_up_to_date(&st, result_r, err_r);
	}
	store_close(&st);
	if (done != 0 && result_r->is_created)
		(void)unlink(path);
	return done != 0 ? -1 : set_owner(path, gid, err_r);
}
