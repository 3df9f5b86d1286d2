/* tlswarden: ctl/rule_words - rules as text and as JSON.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CTL_RULE_WORDS_H
#define CTL_RULE_WORDS_H

#include <jansson.h>

#include "base/buf.h"
#include "ctl/out.h"
#include "fact/row.h"
#include "policy/rule.h"

/* A row with the names of the columns; NULL columns are null. */
json_t *row_json(const struct rule_row *row) NONNULL_RETURN MUST_CHECK;
/* A rule of a snapshot: its criteria, level and mode. */
json_t *rule_json(const struct rule *rule) NONNULL_RETURN MUST_CHECK;
/* Prints a row whole, a column a line; those that are NULL are left out. */
void row_print(const struct app *app, const struct rule_row *row);

/* Adds a subnet, "-" for none; a time, UTC, as the table takes it. */
void rule_words_subnet(const struct cidr *subnet, struct buf *out);
void rule_words_time(int64_t secs, struct buf *out);
/* Adds "out to example.com" or "in from example.org to *": what it is about. */
void rule_words_criteria(const struct rule *rule, struct buf *out);

#endif
