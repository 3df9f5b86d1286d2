/* tlswarden: ctl/edit - one change to the table, whole or not at all.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CTL_EDIT_H
#define CTL_EDIT_H

#include "base/attr.h"
#include "base/err.h"
#include "ctl/command.h"
#include "fact/row.h"
#include "store/policy_edit.h"

/* Opens policy_database and begins a transaction. */
int edit_begin(struct app *app, struct policy_edit *e, struct err *err_r)
    MUST_CHECK;
/* Ends it under the name of who runs the program, and closes. */
int edit_commit(struct policy_edit *e, struct err *err_r) MUST_CHECK;

/* -1 with a sentence unless the daemons will take that rule as it is now; the
 * triggers of the table do not see everything. Says on standard error what of
 * it an installed MTA cannot enforce. */
int edit_check_rule(struct policy_edit *e, int64_t id, struct err *err_r)
    MUST_CHECK;

/* Calls fn with the row of that rule: 1; 0: there is none; -1: it cannot be
 * read, or is no row that the table allows (EX_DATAERR). */
int edit_read_rule(struct store *st, int64_t id,
    void (*fn)(void *arg, const struct rule_row *row), void *arg,
    struct err *err_r) MUST_CHECK;

/* Parses the number of a rule. */
int
edit_parse_id(const char *text, int64_t *id_r, struct err *err_r) MUST_CHECK;

/* EX_DATAERR: there is no such rule. */
int edit_no_rule(int64_t id, struct err *err_r);

#endif
