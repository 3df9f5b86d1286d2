/* tlswarden: store/state_db - state.db as the one thread that writes it has it.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/limits.h"
#include "base/mem.h"
#include "sql/state_sql.h"
#include "store/db.h"
#include "store/state_db.h"
#include "store/state_words.h"

enum statement {
	ADD_SESSION,
	ADD_DOMAIN,
	ADD_VIOLATION,
	ADD_PROBE,
	FORGET_CHAIN,
	ADD_CHAIN,
	TRIM_CHAINS,
	ADD_DAY,
	ADD_LOST,
	BEGIN_GROUP,
	COMMIT_GROUP,
	N_STATEMENTS
};

static const char *const statements[N_STATEMENTS] = {
	[ADD_SESSION] =
	    "INSERT INTO session(at, duration_msecs, mta, daemon, queue_id,"
	    " client_addr, client_name, client_port, helo, tls, tls_version,"
	    " cipher, bits, verify, cert_subject, cert_issuer,"
	    " cert_fingerprint, authenticated, messages, accepted, refused,"
	    " refused_rule, refused_reason) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7,"
	    " ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,"
	    " ?21, ?22, ?23)",
	[ADD_DOMAIN] =
	    "INSERT INTO session_domain(session, is_sender, domain, accepted,"
	    " refused) VALUES(?1, ?2, ?3, ?4, ?5)"
	    " ON CONFLICT(session, is_sender, domain) DO UPDATE SET"
	    " accepted = accepted + excluded.accepted,"
	    " refused = refused + excluded.refused",
	[ADD_VIOLATION] =
	    "INSERT INTO violation(at, rule, direction, mode, on_failure,"
	    " source, reason, sender, recipient, nexthop, peer_addr, peer_name,"
	    " tls_version, cipher, queue_id, text) VALUES(?1, ?2, ?3, ?4, ?5,"
	    " ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
	[ADD_PROBE] =
	    "INSERT OR REPLACE INTO probe(domain, host, addr, port, at, rule,"
	    " verdict, class, fault, tls_version, cipher, bits, not_after,"
	    " client_cert_requested, json, demand) VALUES(?1, ?2, ?3, ?4, ?5,"
	    " ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
	[FORGET_CHAIN] =
	    "DELETE FROM seen_chain WHERE host = lower(?1) AND pem = ?2",
	[ADD_CHAIN] =
	    "INSERT INTO seen_chain(host, at, pem) VALUES(lower(?1), ?2, ?3)",
	[TRIM_CHAINS] =
	    "DELETE FROM seen_chain WHERE id IN (SELECT id FROM seen_chain"
	    " WHERE host = lower(?1) ORDER BY at DESC, id DESC LIMIT -1"
	    " OFFSET ?2)",
	[ADD_DAY] =
	    "INSERT INTO probe_day(domain, day, looks) VALUES(?1, ?2, 1)"
	    " ON CONFLICT(domain, day) DO UPDATE SET looks = looks + 1",
	[ADD_LOST] = "INSERT INTO lost(since, at, n) VALUES(?1, ?2, ?3)",
	[BEGIN_GROUP] = "BEGIN IMMEDIATE",
	[COMMIT_GROUP] = "COMMIT",
};

struct state_db {
	struct store st;
	dev_t dev; /* of the file that is open */
	ino_t ino;
	struct sqlite3_stmt *stmts[N_STATEMENTS];
};

/* SQLite would make it 0644 less the umask, for itself alone. */
static int
make_file(const char *path, struct err *err_r)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0660);
	int done = 0;

	if (fd < 0 && errno == EEXIST)
		return 0;
	if (fd < 0 || fchmod(fd, 0660) != 0)
		done = err_set(err_r,
		    errno == ENOSPC || errno == EDQUOT ? EX_IOERR : EX_NOPERM,
		    "%s: cannot be made by uid %ld: %s: run \"tlswarden init\" "
		    "as root, which makes its directory with mode 2770 and the "
		    "service's user and group",
		    path, (long)geteuid(), strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return done;
}

/* What a statement that may be run again cannot do. Two programs may be at
 * it: the second finds it done. */
static int
add_columns(struct store *st, struct err *err_r)
{
	int64_t lacks = 0;
	int rc;

	if (store_exec(st, "BEGIN IMMEDIATE", err_r) != 0)
		return -1;
	rc = store_number(st,
	    "SELECT count(*) FROM sqlite_schema WHERE name = 'probe' AND NOT"
	    " EXISTS (SELECT 1 FROM pragma_table_info('probe')"
	    " WHERE name = 'demand')",
	    &lacks, err_r);
	if (rc == 0 && lacks > 0)
		rc = store_exec(st,
		    "ALTER TABLE probe ADD COLUMN demand INTEGER", err_r);
	if (rc == 0)
		return store_exec(st, "COMMIT", err_r);
	(void)!store_exec(st, "ROLLBACK", NULL);
	return -1;
}

static int
check_ours(struct store *st, struct err *err_r)
{
	int64_t application = 0;
	int64_t version = 0;
	int64_t objects = 0;

	if (store_number(st, "PRAGMA application_id", &application, err_r) !=
		0 ||
	    store_number(st, "PRAGMA user_version", &version, err_r) != 0 ||
	    store_number(st, "SELECT count(*) FROM sqlite_schema", &objects,
		err_r) != 0)
		return -1;
	if (application != STATE_APPLICATION_ID &&
	    (application != 0 || objects != 0))
		return err_set(err_r, EX_CONFIG,
		    "%s: an SQLite database, but not a state database of "
		    "tlswarden: give the right file as state_database",
		    st->path);
	if (version > STATE_VERSION)
		return err_set(err_r, EX_CONFIG,
		    "%s: made by a newer tlswarden (version %lld, this program "
		    "knows up to %d): install the newer program",
		    st->path, (long long)version, STATE_VERSION);
	if (application == STATE_APPLICATION_ID && version == STATE_VERSION)
		return 0;
	if (version > 0 && add_columns(st, err_r) != 0)
		return -1;
	return store_script(st, state_sql, err_r);
}

static int
set_up(struct state_db *db, struct err *err_r)
{
	struct stat sb;

	/* A group that was committed survives a crash of the program, and the
	 * file a crash of the machine; syncing each group costs 40 ms. */
	if (check_ours(&db->st, err_r) != 0 ||
	    store_exec(&db->st, "PRAGMA synchronous=NORMAL", err_r) != 0)
		return -1;
	for (int i = 0; i < N_STATEMENTS; i++)
		if (store_prepare(&db->st, statements[i], &db->stmts[i],
			err_r) != 0)
			return -1;
	if (stat(db->st.path, &sb) != 0)
		return err_set(err_r, EX_IOERR, "%s: %s", db->st.path,
		    strerror(errno));
	db->dev = sb.st_dev;
	db->ino = sb.st_ino;
	return 0;
}

int
state_db_open(struct state_db **db_r, const char *path, struct err *err_r)
{
	struct state_db *db;

	if (make_file(path, err_r) != 0)
		return -1;
	db = mem_zalloc(1, sizeof(*db));
	if (store_open_wal(&db->st, path, STORE_WRITE, STATE_BUSY_MSECS,
		err_r) == 0 &&
	    set_up(db, err_r) == 0) {
		*db_r = db;
		return 0;
	}
	state_db_close(db);
	return -1;
}

void
state_db_close(struct state_db *db)
{
	if (db == NULL)
		return;
	for (int i = 0; i < N_STATEMENTS; i++)
		store_finish(db->stmts[i]);
	store_close(&db->st);
	free(db);
}

bool
state_db_has_moved(struct state_db *db)
{
	struct stat sb;

	return stat(db->st.path, &sb) != 0 || sb.st_dev != db->dev ||
	    sb.st_ino != db->ino;
}

bool
state_db_is_busy(const struct state_db *db)
{
	return store_is_busy(&db->st);
}

/* Runs a statement whose values are bound. */
static int
run(struct state_db *db, enum statement which, struct err *err_r)
{
	struct sqlite3_stmt *stmt = db->stmts[which];
	int got = store_step(&db->st, stmt, err_r);

	/* Repeats the code of the step. */
	(void)sqlite3_reset(stmt);
	return got < 0 ? -1 : 0;
}

int
state_db_begin(struct state_db *db, struct err *err_r)
{
	return run(db, BEGIN_GROUP, err_r);
}

int
state_db_commit(struct state_db *db, struct err *err_r)
{
	if (run(db, COMMIT_GROUP, err_r) == 0)
		return 0;
	state_db_rollback(db);
	return -1;
}

void
state_db_rollback(struct state_db *db)
{
	store_rollback(&db->st);
}

/* Values for a statement, one after the other. */
struct binder {
	struct sqlite3_stmt *stmt;
	int at;
};

static void
put_number(struct binder *b, int64_t number)
{
	store_bind_int(b->stmt, ++b->at, number);
}

/* 0 is not known. */
static void
put_known(struct binder *b, int64_t number)
{
	if (number != 0)
		store_bind_int(b->stmt, ++b->at, number);
	else
		store_bind_sv(b->stmt, ++b->at, sv_make(NULL, 0));
}

/* Empty is not known. */
static void
put_text(struct binder *b, struct sv v)
{
	store_bind_sv(b->stmt, ++b->at, v.n > 0 ? v : sv_make(NULL, 0));
}

/* Empty is an empty text: what must not be NULL. */
static void
put_key(struct binder *b, struct sv v)
{
	store_bind_sv(b->stmt, ++b->at, v.n > 0 ? v : sv_make("", 0));
}

static int
add_domains(struct state_db *db, int64_t session,
    const struct record_session *row, struct err *err_r)
{
	for (size_t i = 0; i < row->n_domains; i++) {
		const struct record_domain *d = &row->domains[i];
		struct binder b = { db->stmts[ADD_DOMAIN], 0 };

		put_number(&b, session);
		put_number(&b, d->is_sender ? 1 : 0);
		put_key(&b, d->domain);
		put_number(&b, d->n_accepted);
		put_number(&b, d->n_refused);
		if (run(db, ADD_DOMAIN, err_r) != 0)
			return -1;
	}
	return 0;
}

int
state_db_session(struct state_db *db, const struct record_session *row,
    struct err *err_r)
{
	struct binder b = { db->stmts[ADD_SESSION], 0 };

	put_number(&b, row->at_secs);
	put_number(&b, row->duration_msecs);
	put_text(&b, sv_from(state_mta_word(row->mta)));
	put_text(&b, row->daemon);
	put_text(&b, row->queue_id);
	put_text(&b, row->client_addr);
	put_text(&b, row->client_name);
	put_known(&b, row->client_port);
	put_text(&b, row->helo);
	put_key(&b, sv_from(state_tls_word(row->tls)));
	put_text(&b, row->tls_version);
	put_text(&b, row->cipher);
	put_known(&b, row->bits);
	put_text(&b, row->verify);
	put_text(&b, row->cert_subject);
	put_text(&b, row->cert_issuer);
	put_text(&b, row->cert_fingerprint);
	put_number(&b, row->is_authenticated ? 1 : 0);
	put_number(&b, row->n_messages);
	put_number(&b, row->n_accepted);
	put_number(&b, row->n_refused);
	put_known(&b, row->refused_rule);
	put_text(&b, row->refused_reason);
	if (run(db, ADD_SESSION, err_r) != 0)
		return -1;
	return add_domains(db, sqlite3_last_insert_rowid(db->st.sq), row,
	    err_r);
}

int
state_db_violation(struct state_db *db, const struct record_violation *row,
    struct err *err_r)
{
	struct binder b = { db->stmts[ADD_VIOLATION], 0 };

	put_number(&b, row->at_secs);
	put_number(&b, row->rule);
	put_key(&b, sv_from(row->is_outbound ? "out" : "in"));
	put_key(&b, sv_from(row->is_monitor ? "monitor" : "enforce"));
	put_key(&b, sv_from(row->is_permanent ? "fail" : "tempfail"));
	put_key(&b, sv_from(state_source_word(row->source)));
	put_key(&b, row->reason);
	put_text(&b, row->sender);
	put_text(&b, row->recipient);
	put_text(&b, row->nexthop);
	put_text(&b, row->peer_addr);
	put_text(&b, row->peer_name);
	put_text(&b, row->tls_version);
	put_text(&b, row->cipher);
	put_text(&b, row->queue_id);
	put_text(&b, row->text);
	return run(db, ADD_VIOLATION, err_r);
}

/* The chain in the place of the same one of that host. */
static int
add_chain(struct state_db *db, const struct record_probe *row,
    struct err *err_r)
{
	struct binder forget = { db->stmts[FORGET_CHAIN], 0 };
	struct binder add = { db->stmts[ADD_CHAIN], 0 };
	struct binder trim = { db->stmts[TRIM_CHAINS], 0 };

	put_key(&forget, row->host);
	put_key(&forget, row->chain);
	put_key(&add, row->host);
	put_number(&add, row->at_secs);
	put_key(&add, row->chain);
	put_key(&trim, row->host);
	put_number(&trim, LIMIT_SEEN_CHAINS);
	if (run(db, FORGET_CHAIN, err_r) != 0 || run(db, ADD_CHAIN, err_r) != 0)
		return -1;
	return run(db, TRIM_CHAINS, err_r);
}

static int
add_day(struct state_db *db, const struct record_probe *row, struct err *err_r)
{
	struct binder b = { db->stmts[ADD_DAY], 0 };

	put_key(&b, row->domain);
	put_number(&b, row->at_secs / STATE_DAY_SECS);
	return run(db, ADD_DAY, err_r);
}

int
state_db_probe(struct state_db *db, const struct record_probe *row,
    struct err *err_r)
{
	struct binder b = { db->stmts[ADD_PROBE], 0 };

	put_key(&b, row->domain);
	put_key(&b, row->host);
	put_key(&b, row->addr);
	put_number(&b, row->port);
	put_number(&b, row->at_secs);
	put_known(&b, row->rule);
	put_key(&b, row->verdict);
	put_text(&b, row->class);
	put_text(&b, row->fault);
	put_text(&b, row->tls_version);
	put_text(&b, row->cipher);
	put_known(&b, row->bits);
	put_known(&b, row->not_after_secs);
	put_number(&b, row->has_client_cert_request ? 1 : 0);
	put_text(&b, row->json);
	put_known(&b, row->demand);
	if (run(db, ADD_PROBE, err_r) != 0 || add_day(db, row, err_r) != 0)
		return -1;
	return row->chain.n > 0 ? add_chain(db, row, err_r) : 0;
}

int
state_db_lost(struct state_db *db, int64_t since_secs, int64_t at_secs,
    uint64_t n, struct err *err_r)
{
	struct binder b = { db->stmts[ADD_LOST], 0 };

	put_number(&b, since_secs);
	put_number(&b, at_secs);
	put_number(&b, (int64_t)n);
	return run(db, ADD_LOST, err_r);
}

struct old {
	int64_t before_secs;
	int64_t max_rows;
};

static void
bind_old(struct sqlite3_stmt *stmt, const void *arg)
{
	const struct old *old = arg;

	store_bind_int(stmt, 1, old->before_secs);
	store_bind_int(stmt, 2, old->max_rows);
}

static int
delete_old(struct state_db *db, const struct old *old, uint64_t *n,
    struct err *err_r)
{
	static const char *const deletes[] = {
		"DELETE FROM session_domain WHERE session IN (SELECT id FROM"
		" session WHERE at < ?1 ORDER BY at LIMIT ?2)",
		"DELETE FROM session WHERE id IN (SELECT id FROM session"
		" WHERE at < ?1 ORDER BY at LIMIT ?2)",
		"DELETE FROM violation WHERE id IN (SELECT id FROM violation"
		" WHERE at < ?1 ORDER BY at LIMIT ?2)",
		"DELETE FROM probe WHERE (domain, host, addr, port) IN"
		" (SELECT domain, host, addr, port FROM probe WHERE at < ?1"
		" ORDER BY at LIMIT ?2)",
		"DELETE FROM seen_chain WHERE id IN (SELECT id FROM seen_chain"
		" WHERE at < ?1 ORDER BY at LIMIT ?2)",
		"DELETE FROM probe_day WHERE (domain, day) IN (SELECT domain,"
		" day FROM probe_day WHERE day < ?1 / 86400 LIMIT ?2)",
		"DELETE FROM lost WHERE rowid IN (SELECT rowid FROM lost"
		" WHERE at < ?1 LIMIT ?2)",
	};

	for (size_t i = 0; i < sizeof(deletes) / sizeof(deletes[0]); i++) {
		if (store_change(&db->st, deletes[i], bind_old, old, err_r) !=
		    0)
			return -1;
		/* Domains go with their session and are not counted. */
		if (i > 0)
			*n += (uint64_t)sqlite3_changes64(db->st.sq);
	}
	return 0;
}

int
state_db_prune(struct state_db *db, int64_t before_secs, uint32_t max_rows,
    uint64_t *n_r, struct err *err_r)
{
	struct old old = { before_secs, max_rows };
	uint64_t n = 0;

	if (state_db_begin(db, err_r) != 0)
		return -1;
	if (delete_old(db, &old, &n, err_r) != 0) {
		state_db_rollback(db);
		return -1;
	}
	if (state_db_commit(db, err_r) != 0)
		return -1;
	*n_r = n;
	return 0;
}
