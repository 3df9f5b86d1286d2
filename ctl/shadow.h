/* tlswarden: ctl/shadow - finds the rules that can never win.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A rule is shadowed when an enforcing rule before it covers all that it
 * matches. Rules are filed by their criteria, so that each looks up the few
 * that could cover it; those with wildcards are compared one by one, for
 * SHADOW_COMPARISONS in all.
 */
#ifndef CTL_SHADOW_H
#define CTL_SHADOW_H

#include <stddef.h>

#include "policy/snapshot.h"

enum { SHADOW_COMPARISONS = 50000000 };

/* Calls fn for each shadowed rule, in winning order, with one that covers it.
 * Returns how many rules were not compared with every glob: 0 is complete. */
size_t shadow_find(const struct snapshot *s, int64_t now,
    void (*fn)(void *arg, const struct rule *rule, const struct rule *by),
    void *arg);

#endif
