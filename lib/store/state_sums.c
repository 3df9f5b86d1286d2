/* tlswarden: store/state_sums - state.db added up, for reports and suggestions.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <sqlite3.h>

#include "store/state_sums.h"

static uint64_t
count_at(struct sqlite3_stmt *stmt, int column)
{
	int64_t n = sqlite3_column_int64(stmt, column);

	return n < 0 ? 0 : (uint64_t)n;
}

int
state_session_sums(struct store *st, int64_t since_secs,
    struct session_sums *sums_r, struct err *err_r)
{
	struct sqlite3_stmt *stmt = NULL;
	int got;

	if (store_prepare(st,
		"SELECT count(*), sum(tls IN ('starttls', 'wrapper')),"
		" sum(tls = 'none'), sum(tls = 'unknown'), sum(messages),"
		" sum(accepted), sum(refused), min(at), max(at) FROM session"
		" WHERE at >= ?1",
		&stmt, err_r) != 0)
		return -1;
	store_bind_int(stmt, 1, since_secs);
	got = store_step(st, stmt, err_r);
	if (got > 0) {
		sums_r->n_sessions = count_at(stmt, 0);
		sums_r->n_encrypted = count_at(stmt, 1);
		sums_r->n_plaintext = count_at(stmt, 2);
		sums_r->n_unknown = count_at(stmt, 3);
		sums_r->n_messages = count_at(stmt, 4);
		sums_r->n_accepted = count_at(stmt, 5);
		sums_r->n_refused = count_at(stmt, 6);
		sums_r->first_secs = sqlite3_column_int64(stmt, 7);
		sums_r->last_secs = sqlite3_column_int64(stmt, 8);
	}
	store_finish(stmt);
	return got < 0 ? -1 : 0;
}

static void
get_sender(struct sqlite3_stmt *stmt, struct domain_sums *sums)
{
	sums->domain = store_text(stmt, 0);
	sums->n_sessions = count_at(stmt, 1);
	sums->n_encrypted = count_at(stmt, 2);
	sums->n_plaintext = count_at(stmt, 3);
	sums->n_recipients = count_at(stmt, 4);
	sums->first_secs = sqlite3_column_int64(stmt, 5);
	sums->last_secs = sqlite3_column_int64(stmt, 6);
	sums->oldest_version = store_text(stmt, 7);
}

int
state_sender_sums(struct store *st, int64_t since_secs, uint64_t min_sessions,
    int (*fn)(void *arg, const struct domain_sums *sums), void *arg,
    struct err *err_r)
{
	struct sqlite3_stmt *stmt = NULL;
	int got;

	/* As text, "TLSv1" sorts before "TLSv1.1" and that before "TLSv1.2". */
	if (store_prepare(st,
		"SELECT d.domain, count(*) AS n,"
		" sum(s.tls IN ('starttls', 'wrapper')), sum(s.tls = 'none'),"
		" sum(d.accepted + d.refused), min(s.at), max(s.at),"
		" min(s.tls_version)"
		" FROM session s JOIN session_domain d ON d.session = s.id"
		" WHERE s.at >= ?1 AND s.authenticated = 0 AND d.is_sender = 1"
		" AND d.domain <> '' GROUP BY d.domain HAVING n >= ?2"
		" ORDER BY n DESC, d.domain",
		&stmt, err_r) != 0)
		return -1;
	store_bind_int(stmt, 1, since_secs);
	store_bind_int(stmt, 2, (int64_t)min_sessions);
	while ((got = store_step(st, stmt, err_r)) > 0) {
		struct domain_sums sums = { .n_sessions = 0 };

		get_sender(stmt, &sums);
		if (fn(arg, &sums) != 0) {
			got = 0;
			break;
		}
	}
	store_finish(stmt);
	return got;
}
