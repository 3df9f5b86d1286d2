/* tlswarden: policy/cover - whether one rule leaves nothing for another.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. Sound, not complete: true is certain; false is also said where globs
 * with '?' or with wildcards on both sides are too much to tell.
 */
#ifndef POLICY_COVER_H
#define POLICY_COVER_H

#include "policy/pattern.h"
#include "policy/rule.h"

/* True if a matches every party that b matches. */
bool pattern_covers(const struct pattern *a, const struct pattern *b);
/* True if whatever b's criteria match is matched by a's as well. Who wins is
 * rule_rank's business, who is active the caller's. */
bool rule_covers(const struct rule *a, const struct rule *b);

#endif
