/* tlswarden: ctl/load - the table as the daemons load it.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "ctl/load.h"
#include "daemon/policy_load.h"
#include "store/policy_db.h"
#include "base/banned.h"

enum { DOMAINS_MAX = 16 << 20 };

/* Copies the file and builds a snapshot of it. */
static int
load_file(struct app *app, const char *path, struct loaded *l,
    void (*bad_row)(void *arg, const char *sentence), void *arg,
    struct err *err_r)
{
	const struct conf *conf = app->conf;
	struct buf domains;
	struct load_options opt = {
		.snapshot = { .now = app->now,
		    .postfix_version = conf->postfix_version,
		    .ca_directory = sv_from(conf->ca_directory_mta),
		    .transport_nexthop = sv_from(conf->transport_nexthop),
		    .keep_inactive = true },
		.bad_row = bad_row,
		.bad_row_arg = arg,
	};
	struct policy_db *db = policy_db_new(path);
	struct policy_copy_stats stats = { .is_wal = false };
	struct load_result result = { .snap = NULL };
	int rc = policy_db_copy(db, &l->image, &stats, err_r);

	policy_db_free(db);
	l->path = path;
	l->is_wal = stats.is_wal;
	if (rc != 0)
		return -1;
	buf_init(&domains, DOMAINS_MAX);
	for (size_t i = 0; i < conf->local_domains.n; i++)
		buf_addf(&domains, "%s ", conf->local_domains.v[i]);
	opt.snapshot.local_domains = buf_sv(&domains);
	rc = policy_load(l->image, &opt, &result, err_r);
	buf_free(&domains);
	l->snap = result.snap;
	l->n_rows = result.n_rows;
	l->n_bad_rows = result.n_bad_rows;
	if (rc != 0)
		err_prefix(err_r, "%s", path);
	return rc;
}

int
load_table(struct app *app, struct loaded *l,
    void (*bad_row)(void *arg, const char *sentence), void *arg,
    struct err *err_r)
{
	memset(l, 0, sizeof(*l));
	if (app_conf(app, err_r) == NULL)
		return -1;
	return load_file(app, app->conf->policy_database, l, bad_row, arg,
	    err_r);
}

int
load_served(struct app *app, struct loaded *l, struct err *err_r)
{
	struct err second;

	if (load_table(app, l, NULL, NULL, err_r) == 0)
		return 0;
	if (app->conf == NULL)
		return -1;
	loaded_done(l);
	memset(l, 0, sizeof(*l));
	if (load_file(app, app->conf->last_good, l, NULL, NULL, &second) != 0)
		return -1;
	l->is_last_good = true;
	(void)snprintf(l->failure, sizeof(l->failure), "%s", err_r->text);
	return 0;
}

void
loaded_done(struct loaded *l)
{
	snapshot_free(l->snap);
	policy_image_free(l->image);
	l->snap = NULL;
	l->image = NULL;
}

struct each {
	void (*fn)(void *arg, const struct rule_row *row);
	void *arg;
};

static void
pass_row(void *arg, const struct rule_row *row, const char *fault)
{
	const struct each *e = arg;

	if (fault == NULL)
		e->fn(e->arg, row);
}

int
load_each_row(struct loaded *l,
    void (*fn)(void *arg, const struct rule_row *row), void *arg,
    struct err *err_r)
{
	struct each e = { fn, arg };

	return policy_image_each_rule(l->image, pass_row, &e, err_r);
}
