/* tlswarden: policy/row - a stored row checked and made into a rule.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Says the same of a row as the triggers of sql/policy.sql, for rows that got
 * around them, and finds what SQL cannot see. Pure.
 */
#ifndef POLICY_ROW_H
#define POLICY_ROW_H

#include "base/buf.h"
#include "base/err.h"
#include "fact/row.h"
#include "policy/rule.h"

/* A row in parts. Texts are in norm; demand.ca and demand.tlspolicy are not
 * set, ca_name is what the row says (empty: NULL). */
struct row_parts {
	struct rule rule; /* subnet and demand are not set */
	struct demand demand;
	struct sv ca_name;
	bool has_subnet;
	struct cidr subnet;
	struct buf sender_text;
	struct buf recipient_text;
	struct buf name_text;
	struct buf pin_text;
};

void row_init(struct row_parts *p);
void row_free(struct row_parts *p);
/* Checks row and fills p, whose buffers are used again from row to row. */
int row_parse(const struct rule_row *row, struct row_parts *p,
    struct err *err_r) MUST_CHECK;

/* Parses YYYY-MM-DD, or that with 'T' or a blank and HH:MM[:SS], and an
 * optional 'Z', to seconds since 1970 UTC. */
bool row_time_parse(struct sv text, int64_t *secs_r) MUST_CHECK;

#endif
