/* tlswarden: policyd/desk_watch - monitor rules beside a prober's results.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What each rule that watches a destination would have refused, of all its
 * servers together, is one row of the ledger.
 */
#ifndef POLICYD_DESK_WATCH_H
#define POLICYD_DESK_WATCH_H

#include "desk_private.h"
#include "fact/record.h"
#include "policy/party.h"

/* rows are the n servers of the next hop, in the order in which they are
 * tried. */
void desk_watch(const struct desk *d, const struct snapshot *s,
    const struct party *nexthop, const struct record_probe *rows, size_t n);

#endif
