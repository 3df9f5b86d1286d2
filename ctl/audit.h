/* tlswarden: ctl/audit - who changed what in the table, and when.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CTL_AUDIT_H
#define CTL_AUDIT_H

#include <jansson.h>

#include "ctl/command.h"
#include "store/policy_edit.h"

/* Prints a change in one line: when, who, what. */
void audit_print(const struct app *app, const struct audit_row *row);
/* Gives the change with before and after as objects. */
json_t *audit_json(const struct audit_row *row) NONNULL_RETURN MUST_CHECK;
/* Parses column before or after; NULL when it is none. */
json_t *audit_parse(struct sv text) MUST_CHECK;

#endif
