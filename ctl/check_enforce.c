/* tlswarden: ctl/check_enforce - check --before-enforce.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <sysexits.h>

#include "base/conf.h"
#include "ctl/check_enforce.h"
#include "ctl/dryrun.h"
#include "ctl/edit.h"
#include "ctl/out.h"
#include "ctl/when.h"
#include "policy/snapshot.h"
#include "store/state_read.h"
#include "base/banned.h"

static int
run(struct app *app, const struct args *args, struct loaded *table,
    struct store *st, int *code_r, struct err *err_r)
{
	const char *since = args_get(args, "since");
	int64_t id = 0, since_secs = 0;
	const struct rule *rule;
	struct dryrun d;
	int rc;

	if (edit_parse_id(args_get(args, "before-enforce"), &id, err_r) != 0 ||
	    (since != NULL &&
		when_parse(since, app->now, &since_secs, err_r) != 0) ||
	    load_table(app, table, NULL, NULL, err_r) != 0)
		return -1;
	rule = snapshot_rule_by_id(table->snap, id);
	if (rule == NULL)
		return edit_no_rule(id, err_r);
	if (state_read_open(st, app->conf->state_database, err_r) != 0)
		return -1;
	dryrun_init(&d, app, table, rule, since_secs);
	rc = dryrun_run(&d, st, err_r);
	if (rc == 0) {
		*code_r = dryrun_is_clean(&d) ? CTL_GOOD : CTL_FINDING;
		if (app->json)
			out_json(dryrun_json(&d));
		else
			dryrun_print(&d);
	}
	dryrun_done(&d);
	return rc;
}

int
check_enforce(struct app *app, const struct args *args)
{
	struct loaded table = { .snap = NULL };
	struct store st = { .sq = NULL };
	struct err err = { 0 };
	int code = CTL_FINDING;

	if (run(app, args, &table, &st, &code, &err) != 0)
		code = args_fail(args, &err);
	store_close(&st);
	loaded_done(&table);
	return code;
}
