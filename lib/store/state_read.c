/* tlswarden: store/state_read - what state.db holds, for the tool and dsn map.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <sqlite3.h>

#include "base/arena.h"
#include "base/limits.h"
#include "store/state_db.h"
#include "store/state_read.h"
#include "store/state_words.h"

int
state_read_open(struct store *st, const char *path, struct err *err_r)
{
	int64_t application = 0;
	int64_t version = 0;

	if (store_open_wal(st, path, STORE_READ, STATE_READ_BUSY_MSECS,
		err_r) != 0)
		return -1;
	if (store_number(st, "PRAGMA application_id", &application, err_r) !=
		0 ||
	    store_number(st, "PRAGMA user_version", &version, err_r) != 0)
		goto fail;
	if (application == STATE_APPLICATION_ID && version >= 1 &&
	    version <= STATE_VERSION)
		return 0;
	(void)err_set(err_r, EX_CONFIG,
	    application == 0 && version == 0
		? "%s: holds nothing yet: no daemon has recorded anything"
		: "%s: not a state database of this version of tlswarden",
	    path);
fail:
	store_close(st);
	return -1;
}

/* Columns of a row, one after the other. */
struct columns {
	struct sqlite3_stmt *stmt;
	int at;
};

static int64_t
get_number(struct columns *c)
{
	return sqlite3_column_int64(c->stmt, c->at++);
}

static uint32_t
get_count(struct columns *c)
{
	int64_t n = get_number(c);

	return n < 0 ? 0 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static uint16_t
get_port(struct columns *c)
{
	return (uint16_t)get_count(c);
}

static struct sv
get_text(struct columns *c)
{
	return store_text(c->stmt, c->at++);
}

static int64_t
limit_of(uint64_t limit)
{
	return limit == 0 || limit > INT64_MAX ? -1 : (int64_t)limit;
}

static int64_t
until_of(int64_t until_secs)
{
	return until_secs == 0 ? INT64_MAX : until_secs;
}

/* The domains of one session, in memory of mem. */
static int
get_domains(struct store *st, struct sqlite3_stmt *stmt, int64_t session,
    struct arena *mem, struct record_session *row, struct err *err_r)
{
	struct record_domain *domains =
	    arena_alloc(mem, LIMIT_RECORD_DOMAINS * sizeof(*domains));
	size_t n = 0;
	int got;

	store_bind_int(stmt, 1, session);
	while (n < LIMIT_RECORD_DOMAINS &&
	    (got = store_step(st, stmt, err_r)) > 0) {
		struct columns c = { stmt, 0 };
		struct record_domain *d = &domains[n++];

		d->is_sender = get_number(&c) != 0;
		d->domain = arena_sv(mem, get_text(&c));
		d->n_accepted = get_count(&c);
		d->n_refused = get_count(&c);
	}
	(void)sqlite3_reset(stmt);
	row->domains = domains;
	row->n_domains = n;
	return n < LIMIT_RECORD_DOMAINS && got < 0 ? -1 : 0;
}

static void
get_session(struct sqlite3_stmt *stmt, struct record_session *row)
{
	struct columns c = { stmt, 1 };

	row->at_secs = get_number(&c);
	row->duration_msecs = get_count(&c);
	row->mta = state_mta_parse(get_text(&c));
	row->daemon = get_text(&c);
	row->queue_id = get_text(&c);
	row->client_addr = get_text(&c);
	row->client_name = get_text(&c);
	row->client_port = get_port(&c);
	row->helo = get_text(&c);
	row->tls = state_tls_parse(get_text(&c));
	row->tls_version = get_text(&c);
	row->cipher = get_text(&c);
	row->bits = get_count(&c);
	row->verify = get_text(&c);
	row->cert_subject = get_text(&c);
	row->cert_issuer = get_text(&c);
	row->cert_fingerprint = get_text(&c);
	row->is_authenticated = get_number(&c) != 0;
	row->n_messages = get_count(&c);
	row->n_accepted = get_count(&c);
	row->n_refused = get_count(&c);
	row->refused_rule = get_number(&c);
	row->refused_reason = get_text(&c);
}

static void
bind_filled(struct sqlite3_stmt *stmt, int at, struct sv v)
{
	store_bind_sv(stmt, at, v.n > 0 ? v : sv_make(NULL, 0));
}

static int
walk_sessions(struct store *st, struct sqlite3_stmt *stmt,
    struct sqlite3_stmt *domains,
    int (*fn)(void *arg, int64_t id, const struct record_session *row),
    void *arg, struct err *err_r)
{
	int got;

	while ((got = store_step(st, stmt, err_r)) > 0) {
		struct record_session row = { 0 };
		int64_t id = sqlite3_column_int64(stmt, 0);
		struct arena mem;
		int done;

		arena_init(&mem);
		get_session(stmt, &row);
		done = get_domains(st, domains, id, &mem, &row, err_r);
		if (done == 0 && fn(arg, id, &row) != 0)
			done = 1;
		arena_free(&mem);
		if (done != 0)
			return done < 0 ? -1 : 0;
	}
	return got;
}

int
state_sessions_each(struct store *st, const struct session_filter *filter,
    int (*fn)(void *arg, int64_t id, const struct record_session *row),
    void *arg, struct err *err_r)
{
	struct sqlite3_stmt *domains = NULL;
	struct sqlite3_stmt *stmt = NULL;
	int done = -1;

	if (store_prepare(st,
		"SELECT id, at, duration_msecs, mta, daemon, queue_id,"
		" client_addr, client_name, client_port, helo, tls,"
		" tls_version, cipher, bits, verify, cert_subject,"
		" cert_issuer, cert_fingerprint, authenticated, messages,"
		" accepted, refused, refused_rule, refused_reason FROM session"
		" WHERE at >= ?1 AND at < ?2 AND (?3 IS NULL OR client_addr"
		" GLOB ?3 OR lower(client_name) GLOB lower(?3))"
		" AND (NOT ?4 OR tls = 'none') AND (NOT ?5 OR refused > 0)"
		" AND (?6 IS NULL OR EXISTS (SELECT 1 FROM session_domain d"
		" WHERE d.session = session.id AND d.domain = lower(?6)))"
		" ORDER BY at DESC, id DESC LIMIT ?7",
		&stmt, err_r) != 0 ||
	    store_prepare(st,
		"SELECT is_sender, domain, accepted, refused FROM"
		" session_domain WHERE session = ?1 ORDER BY is_sender DESC,"
		" domain",
		&domains, err_r) != 0)
		goto out;
	store_bind_int(stmt, 1, filter->since_secs);
	store_bind_int(stmt, 2, until_of(filter->until_secs));
	bind_filled(stmt, 3, filter->peer);
	store_bind_int(stmt, 4, filter->is_only_plaintext ? 1 : 0);
	store_bind_int(stmt, 5, filter->is_only_refused ? 1 : 0);
	bind_filled(stmt, 6, filter->domain);
	store_bind_int(stmt, 7, limit_of(filter->limit));
	done = walk_sessions(st, stmt, domains, fn, arg, err_r);
out:
	store_finish(domains);
	store_finish(stmt);
	return done;
}

static void
get_violation(struct sqlite3_stmt *stmt, struct record_violation *row)
{
	struct columns c = { stmt, 1 };

	row->at_secs = get_number(&c);
	row->rule = get_number(&c);
	row->is_outbound = sv_is(get_text(&c), "out");
	row->is_monitor = sv_is(get_text(&c), "monitor");
	row->is_permanent = sv_is(get_text(&c), "fail");
	row->source = state_source_parse(get_text(&c));
	row->reason = get_text(&c);
	row->sender = get_text(&c);
	row->recipient = get_text(&c);
	row->nexthop = get_text(&c);
	row->peer_addr = get_text(&c);
	row->peer_name = get_text(&c);
	row->tls_version = get_text(&c);
	row->cipher = get_text(&c);
	row->queue_id = get_text(&c);
	row->text = get_text(&c);
}

int
state_violations_each(struct store *st, const struct violation_filter *filter,
    int (*fn)(void *arg, int64_t id, const struct record_violation *row),
    void *arg, struct err *err_r)
{
	struct sqlite3_stmt *stmt = NULL;
	int got;

	if (store_prepare(st,
		"SELECT id, at, rule, direction, mode, on_failure, source,"
		" reason, sender, recipient, nexthop, peer_addr, peer_name,"
		" tls_version, cipher, queue_id, text FROM violation"
		" WHERE at >= ?1 AND at < ?2 AND (?3 = 0 OR rule = ?3)"
		" AND (?4 IS NULL OR reason = ?4)"
		" AND (NOT ?5 OR mode = 'monitor')"
		" AND (NOT ?6 OR mode = 'enforce')"
		" AND (NOT ?7 OR direction = 'in')"
		" AND (NOT ?8 OR direction = 'out')"
		" AND (?9 IS NULL OR source = ?9)"
		" AND NOT (?11 AND source = 'delegation' AND"
		" mode = 'monitor' AND EXISTS (SELECT 1 FROM violation m"
		" WHERE m.at BETWEEN violation.at - 2 AND violation.at + 2"
		" AND m.source = 'milter' AND m.rule = violation.rule"
		" AND m.mode = 'monitor' AND m.peer_addr IS"
		" violation.peer_addr AND m.sender IS violation.sender"
		" AND m.recipient IS violation.recipient))"
		" ORDER BY at DESC, id DESC LIMIT ?10",
		&stmt, err_r) != 0)
		return -1;
	store_bind_int(stmt, 1, filter->since_secs);
	store_bind_int(stmt, 2, until_of(filter->until_secs));
	store_bind_int(stmt, 3, filter->rule);
	bind_filled(stmt, 4, filter->reason);
	store_bind_int(stmt, 5, filter->is_only_monitor ? 1 : 0);
	store_bind_int(stmt, 6, filter->is_only_enforce ? 1 : 0);
	store_bind_int(stmt, 7, filter->is_only_in ? 1 : 0);
	store_bind_int(stmt, 8, filter->is_only_out ? 1 : 0);
	bind_filled(stmt, 9,
	    filter->source == RECORD_FROM_UNKNOWN
		? sv_from(NULL)
		: sv_from(state_source_word(filter->source)));
	store_bind_int(stmt, 10, limit_of(filter->limit));
	store_bind_int(stmt, 11, filter->is_once ? 1 : 0);
	while ((got = store_step(st, stmt, err_r)) > 0) {
		struct record_violation row = { 0 };

		get_violation(stmt, &row);
		if (fn(arg, sqlite3_column_int64(stmt, 0), &row) != 0) {
			got = 0;
			break;
		}
	}
	store_finish(stmt);
	return got;
}

static void
get_probe(struct sqlite3_stmt *stmt, struct record_probe *row)
{
	struct columns c = { stmt, 0 };

	row->domain = get_text(&c);
	row->host = get_text(&c);
	row->addr = get_text(&c);
	row->port = get_port(&c);
	row->at_secs = get_number(&c);
	row->rule = get_number(&c);
	row->verdict = get_text(&c);
	row->class = get_text(&c);
	row->fault = get_text(&c);
	row->tls_version = get_text(&c);
	row->cipher = get_text(&c);
	row->bits = get_count(&c);
	row->not_after_secs = get_number(&c);
	row->has_client_cert_request = get_number(&c) != 0;
	row->json = get_text(&c);
	row->demand = get_number(&c);
}

/* A database of an older version lacks some columns. */
#define PROBES_OF(demand)                                                   \
	"SELECT domain, host, addr, port, at, rule, verdict, class, fault," \
	" tls_version, cipher, bits, not_after, client_cert_requested,"     \
	" iif(?1, json, NULL), " demand                                     \
	" FROM probe"                                                       \
	" WHERE at >= ?2 AND (?3 IS NULL OR domain = lower(?3))"            \
	" AND (?4 IS NULL OR host = lower(?4))"                             \
	" AND (NOT ?5 OR verdict = 'fail')"                                 \
	" ORDER BY at DESC, domain, host, addr, port LIMIT ?6"

int
state_probes_each(struct store *st, const struct probe_filter *filter,
    bool with_json, int (*fn)(void *arg, const struct record_probe *row),
    void *arg, struct err *err_r)
{
	struct sqlite3_stmt *stmt = NULL;
	int64_t version = 0;
	int got;

	if (store_number(st, "PRAGMA user_version", &version, err_r) != 0 ||
	    store_prepare(st,
		version < STATE_VERSION_DEMAND ? PROBES_OF("NULL")
					       : PROBES_OF("demand"),
		&stmt, err_r) != 0)
		return -1;
	store_bind_int(stmt, 1, with_json ? 1 : 0);
	store_bind_int(stmt, 2, filter->since_secs);
	bind_filled(stmt, 3, filter->domain);
	bind_filled(stmt, 4, filter->host);
	store_bind_int(stmt, 5, filter->is_only_fail ? 1 : 0);
	store_bind_int(stmt, 6, limit_of(filter->limit));
	while ((got = store_step(st, stmt, err_r)) > 0) {
		struct record_probe row = { 0 };

		get_probe(stmt, &row);
		if (fn(arg, &row) != 0) {
			got = 0;
			break;
		}
	}
	store_finish(stmt);
	return got;
}

/* Both walk along an index and sort nothing. */
static const char *const chain_walks[] = {
	"SELECT host, at, pem FROM seen_chain WHERE host = lower(?1)"
	" ORDER BY at DESC",
	"SELECT host, at, pem FROM seen_chain WHERE host <> lower(?1)"
	" ORDER BY at DESC",
};

/* 1: fn has enough. */
static int
walk_chains(struct store *st, const char *sql, struct sv host,
    int (*fn)(void *arg, const struct seen_chain *row), void *arg,
    struct err *err_r)
{
	struct sqlite3_stmt *stmt = NULL;
	int got;

	if (store_prepare(st, sql, &stmt, err_r) != 0)
		return -1;
	store_bind_sv(stmt, 1, host.n > 0 ? host : sv_make("", 0));
	while ((got = store_step(st, stmt, err_r)) > 0) {
		struct columns c = { stmt, 0 };
		struct seen_chain row;

		row.host = get_text(&c);
		row.at_secs = get_number(&c);
		row.pem = get_text(&c);
		if (fn(arg, &row) != 0)
			break;
	}
	store_finish(stmt);
	return got;
}

int
state_chains_each(struct store *st, struct sv host,
    int (*fn)(void *arg, const struct seen_chain *row), void *arg,
    struct err *err_r)
{
	int64_t version = 0;
	int got;

	if (store_number(st, "PRAGMA user_version", &version, err_r) != 0)
		return -1;
	if (version < STATE_VERSION_CHAINS)
		return 0;
	got = walk_chains(st, chain_walks[0], host, fn, arg, err_r);
	if (got == 0)
		got = walk_chains(st, chain_walks[1], host, fn, arg, err_r);
	return got < 0 ? -1 : 0;
}

int
state_probe_gap(struct store *st, struct sv domain, int64_t since_secs,
    int64_t now_secs, int64_t *gap_secs_r, struct err *err_r)
{
	int64_t before = since_secs / STATE_DAY_SECS, longest = -1;
	int64_t today = now_secs / STATE_DAY_SECS, version = 0;
	struct sqlite3_stmt *stmt = NULL;
	int got;

	*gap_secs_r = INT64_MAX;
	if (store_number(st, "PRAGMA user_version", &version, err_r) != 0)
		return -1;
	if (version < STATE_VERSION_DAYS)
		return 0;
	if (store_prepare(st,
		"SELECT day FROM probe_day WHERE domain = ?1 AND day >= ?2"
		" AND day <= ?3 ORDER BY day",
		&stmt, err_r) != 0)
		return -1;
	store_bind_sv(stmt, 1, domain.n > 0 ? domain : sv_make("", 0));
	store_bind_int(stmt, 2, before);
	store_bind_int(stmt, 3, today);
	while ((got = store_step(st, stmt, err_r)) > 0) {
		int64_t day = sqlite3_column_int64(stmt, 0);

		if (day - before > longest)
			longest = day - before;
		before = day;
	}
	store_finish(stmt);
	if (got < 0)
		return -1;
	if (longest >= 0)
		*gap_secs_r =
		    (today - before > longest ? today - before : longest) *
		    STATE_DAY_SECS;
	return 0;
}

int
state_lost(struct store *st, int64_t since_secs, uint64_t *n_r,
    struct err *err_r)
{
	struct sqlite3_stmt *stmt = NULL;
	int64_t version = 0;
	int got;

	*n_r = 0;
	if (store_number(st, "PRAGMA user_version", &version, err_r) != 0)
		return -1;
	if (version < STATE_VERSION_LOST)
		return 0;
	if (store_prepare(st,
		"SELECT coalesce(sum(n), 0) FROM lost WHERE at >= ?1", &stmt,
		err_r) != 0)
		return -1;
	store_bind_int(stmt, 1, since_secs);
	got = store_step(st, stmt, err_r);
	if (got > 0)
		*n_r = (uint64_t)sqlite3_column_int64(stmt, 0);
	store_finish(stmt);
	return got < 0 ? -1 : 0;
}
