/* tlswarden: policy/probe_table - what was seen at destinations, for map dsn.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Built once from the results of probes, then read by any number of threads,
 * then freed whole. Of a destination only the servers of the newest look
 * count: others may not be its servers any more. Pure: no I/O, no clock.
 */
#ifndef POLICY_PROBE_TABLE_H
#define POLICY_PROBE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/sv.h"
#include "fact/record.h"
#include "policy/dsn.h"
#include "policy/party.h"

struct probe_table;
struct probe_table_builder;

struct probe_table_builder *probe_table_begin(void) NONNULL_RETURN MUST_CHECK;
/* Adds one result; copies what it needs. What is no result of ours (a verdict
 * or class that does not exist) is left out. */
void
probe_table_add(struct probe_table_builder *b, const struct record_probe *row);
/* Ends building; gives the table (free with probe_table_free), takes b. */
struct probe_table *
probe_table_done(struct probe_table_builder *b) NONNULL_RETURN MUST_CHECK;
/* NULL is allowed. */
void probe_table_free(struct probe_table *t);

/* What is known of the next hop of the tie, as Postfix writes it, if its rule
 * judged it, and demanded then what it demands in the tie. Without a port it is
 * that of SMTP. scratch is memory of the caller's. The result views t, which
 * may be NULL: nothing is known. */
struct dsn_probes probe_table_find(const struct probe_table *t,
    const struct dsn_tie *tie, struct party *scratch);
/* When the oldest result was found; INT64_MAX: there is none. */
int64_t probe_table_oldest(const struct probe_table *t);

#endif
