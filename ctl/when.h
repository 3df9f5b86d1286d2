/* tlswarden: ctl/when - times as a person gives and reads them.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CTL_WHEN_H
#define CTL_WHEN_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

enum { WHEN_SIZE = sizeof("2026-01-31T12:00:00Z") };

/* Parses 90s, 30m, 12h, 7d, 2w (so long before now), or a time in UTC:
 * 2026-01-31, with T12:00[:00][Z] behind it if wanted. Seconds since 1970. */
int when_parse(const char *text, int64_t now, int64_t *secs_r,
    struct err *err_r) MUST_CHECK;
/* Writes 2026-01-31T12:00:00Z; out has WHEN_SIZE bytes. Returns out. */
const char *when_format(int64_t secs, char *out) NONNULL_RETURN;

#endif
