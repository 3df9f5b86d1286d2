/* tlswarden: ctl/probe_store - results into state.db, for the dsn map.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "base/conf.h"
#include "ctl/probe.h"
#include "probe/report.h"
#include "store/state_db.h"
#include "base/banned.h"

static int
store_visit(const struct probing *p, const struct visit *v, struct state_db *db,
    struct err *err_r)
{
	struct report_row r;
	int rc;

	report_row(v, p->app->now, &r);
	rc = state_db_probe(db, &r.row, err_r);
	report_row_done(&r);
	return rc;
}

int
probe_store(struct probing *p, struct err *err_r)
{
	struct state_db *db = NULL;
	int rc;

	if (state_db_open(&db, p->conf->state_database, err_r) != 0)
		return -1;
	rc = state_db_begin(db, err_r);
	for (size_t i = 0; rc == 0 && i < p->n_visits; i++)
		if (p->visits[i].trouble.sysexit == 0)
			rc = store_visit(p, &p->visits[i], db, err_r);
	if (rc == 0)
		rc = probe_watch(p, db, err_r);
	if (rc == 0)
		rc = state_db_commit(db, err_r);
	else
		state_db_rollback(db);
	state_db_close(db);
	return rc;
}
