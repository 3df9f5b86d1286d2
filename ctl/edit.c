/* tlswarden: ctl/edit - one change to the table, whole or not at all.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/conf.h"
#include "ctl/check.h"
#include "ctl/edit.h"
#include "policy/row.h"
#include "store/policy_rows.h"
#include "base/banned.h"

enum { ACTOR_MAX = 128 };

int
edit_begin(struct app *app, struct policy_edit *e, struct err *err_r)
{
	const struct conf *conf = app_conf(app, err_r);

	if (conf == NULL)
		return -1;
	if (policy_edit_open(e, conf->policy_database, err_r) != 0)
		return -1;
	if (policy_edit_begin(e, err_r) == 0)
		return 0;
	policy_edit_close(e);
	return -1;
}

/* Who is behind sudo(8), or the user. */
static void
find_actor(char name_r[static ACTOR_MAX])
{
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *pw = getpwuid(getuid());

	if (getuid() == 0 && sudo != NULL && *sudo != '\0')
		(void)snprintf(name_r, ACTOR_MAX, "%s", sudo);
	else if (pw != NULL)
		(void)snprintf(name_r, ACTOR_MAX, "%s", pw->pw_name);
	else
		(void)snprintf(name_r, ACTOR_MAX, "uid %ju",
		    (uintmax_t)getuid());
}

int
edit_commit(struct policy_edit *e, struct err *err_r)
{
	char actor[ACTOR_MAX];
	int rc;

	find_actor(actor);
	rc = policy_edit_commit(e, sv_from(actor), err_r);
	policy_edit_close(e);
	return rc;
}

struct wanted {
	int64_t id;
	void (*fn)(void *arg, const struct rule_row *row);
	void *arg;
	bool is_found;
	char fault[ERR_TEXT_MAX];
};

static void
pick(void *arg, const struct rule_row *row, const char *fault)
{
	struct wanted *w = arg;

	if (row->id != w->id)
		return;
	w->is_found = true;
	if (fault != NULL)
		(void)snprintf(w->fault, sizeof(w->fault), "%s", fault);
	else
		w->fn(w->arg, row);
}

int
edit_read_rule(struct store *st, int64_t id,
    void (*fn)(void *arg, const struct rule_row *row), void *arg,
    struct err *err_r)
{
	struct wanted w = { .id = id, .fn = fn, .arg = arg };

	if (policy_rows_rules(st, pick, &w, err_r) != 0)
		return -1;
	if (w.fault[0] != '\0')
		return err_set(err_r, EX_DATAERR, "rule %" PRId64 ": %s", id,
		    w.fault);
	return w.is_found ? 1 : 0;
}

struct parsed {
	int rc;
	struct err *err_r;
	int64_t id;
};

static void
print_note(void *arg, const char *text, const char *fix)
{
	const struct parsed *p = arg;

	fprintf(stderr, "tlswarden: note: rule %" PRId64 " %s%s%s\n", p->id,
	    text, fix != NULL ? "; " : "", fix != NULL ? fix : "");
}

static void
parse(void *arg, const struct rule_row *row)
{
	struct parsed *p = arg;
	struct row_parts parts;

	row_init(&parts);
	p->rc = row_parse(row, &parts, p->err_r);
	if (p->rc == 0 && row->enabled != 0) {
		parts.rule.demand = &parts.demand;
		parts.rule.subnet = parts.has_subnet ? &parts.subnet : NULL;
		check_one_rule(&parts.rule, check_installed_mtas(), print_note,
		    p);
	}
	row_free(&parts);
}

int
edit_check_rule(struct policy_edit *e, int64_t id, struct err *err_r)
{
	struct parsed p = { 0, err_r, id };

	switch (edit_read_rule(&e->st, id, parse, &p, err_r)) {
	case 1:
		return p.rc;
	case 0:
		return edit_no_rule(id, err_r);
	default:
		return -1;
	}
}

int
edit_parse_id(const char *text, int64_t *id_r, struct err *err_r)
{
	uint64_t id;

	if (!sv_to_u64(sv_from(text), INT64_MAX, &id) || id == 0)
		return err_set(err_r, EX_USAGE,
		    "\"%s\" is not the number of a rule", text);
	*id_r = (int64_t)id;
	return 0;
}

int
edit_no_rule(int64_t id, struct err *err_r)
{
	return err_set(err_r, EX_DATAERR,
	    "there is no rule %" PRId64
	    "; \"tlswarden rule list\" shows all, "
	    "\"tlswarden audit --rule %" PRId64 "\" what became of it",
	    id, id);
}
