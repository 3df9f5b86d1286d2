/* tlswarden: probe/report - a visit as JSON and as a row of state.db.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef PROBE_REPORT_H
#define PROBE_REPORT_H

#include <stdint.h>

#include "base/attr.h"
#include "fact/record.h"
#include "probe/visit.h"

struct json_t;

/* The FROZEN keys of a diagnosis and host, address, port, dnssec, rule, level,
 * outcome, outcome_text, reason, trouble. Gives (json_decref). */
struct json_t *report_json(const struct visit *v) NONNULL_RETURN MUST_CHECK;

/* A row, and the texts in it that nobody else holds. */
struct report_row {
	struct record_probe row; /* views the visit and the texts */
	struct buf addr;
	char *json;
};

/* Fills r, which views v; free with report_row_done. */
void report_row(const struct visit *v, int64_t at_secs, struct report_row *r);
void report_row_done(struct report_row *r);

#endif
