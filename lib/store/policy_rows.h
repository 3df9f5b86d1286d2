/* tlswarden: store/policy_rows - the rows of a policy database, checked.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The same for an image and for the file that the administrator's tool has
 * open. A fault is NULL, or why the row is not one that the table allows (a
 * type, a NULL, a length); of a faulty row only id or name is to be used.
 */
#ifndef STORE_POLICY_ROWS_H
#define STORE_POLICY_ROWS_H

#include "base/attr.h"
#include "base/err.h"
#include "fact/row.h"
#include "store/db.h"

/* One row of table ca, as stored. Views are valid for one call. */
struct ca_row {
	struct sv name;
	struct sv pem;
	struct sv comment;
	struct sv added_at;
};

/* Each calls fn for each row, rules by id, CAs by name. -1: not readable. */
int policy_rows_rules(struct store *st,
    void (*fn)(void *arg, const struct rule_row *row, const char *fault),
    void *arg, struct err *err_r) MUST_CHECK;
int policy_rows_cas(struct store *st,
    void (*fn)(void *arg, const struct ca_row *row, const char *fault),
    void *arg, struct err *err_r) MUST_CHECK;

#endif
