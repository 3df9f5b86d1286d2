/* tlswarden: ctl/when - times as a person gives and reads them.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "ctl/when.h"
#include "policy/row.h"
#include "base/banned.h"

static uint32_t
unit_secs(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 7 * 86400;
	default:
		return 0;
	}
}

int
when_parse(const char *text, int64_t now, int64_t *secs_r, struct err *err_r)
{
	struct sv v = sv_from(text);
	uint32_t unit = v.n < 2 ? 0 : unit_secs(v.p[v.n - 1]), n;

	if (unit > 0 && sv_to_u32(sv_head(v, v.n - 1), 999999, &n)) {
		*secs_r = now - (int64_t)n * unit;
		return 0;
	}
	if (row_time_parse(v, secs_r))
		return 0;
	return err_set(err_r, EX_USAGE,
	    "\"%.40s\" is no time: write 12h, 7d or 2w for so long ago, or "
	    "2026-01-31T12:00Z (UTC)",
	    text);
}

const char *
when_format(int64_t secs, char *out)
{
	time_t t = (time_t)secs;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(out, WHEN_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		memcpy(out, "?", sizeof("?"));
	return out;
}
