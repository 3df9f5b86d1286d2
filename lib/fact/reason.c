/* tlswarden: fact/reason - look-ups in the one table of reasons.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "fact/reason.h"

const struct reason_info *
reason_info(enum reason r)
{
	if ((unsigned)r >= REASON_COUNT)
		r = REASON_UNKNOWN;
	return &reason_table[r];
}

bool
reason_parse(struct sv code, enum reason *r_r)
{
	for (unsigned i = 0; i < REASON_COUNT; i++)
		if (sv_is(code, reason_table[i].code)) {
			*r_r = (enum reason)i;
			return true;
		}
	return false;
}

const char *
reason_fault_word(enum reason_fault f)
{
	switch (f) {
	case FAULT_THEIRS:
		return "theirs";
	case FAULT_OURS:
		return "ours";
	case FAULT_PATH:
		return "path";
	case FAULT_UNKNOWN:
		break;
	}
	return "unknown";
}
