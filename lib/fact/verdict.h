/* tlswarden: fact/verdict - what the one decision function says.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef FACT_VERDICT_H
#define FACT_VERDICT_H

#include <stdint.h>

#include "base/sv.h"
#include "fact/reason.h"
#include "fact/rule.h"

enum verdict_kind { VERDICT_TEMPFAIL = 0, VERDICT_FAIL, VERDICT_PASS };

struct verdict {
	enum verdict_kind kind;
	enum reason reason; /* meaningless with VERDICT_PASS */
	int64_t rule_id;    /* 0: no rule matched */
	enum level level;   /* of that rule */
};

#endif
