/* tlswarden: prober/round - asks for work, does it, hands the results in.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef PROBER_ROUND_H
#define PROBER_ROUND_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"
#include "prober/link.h"

struct trust;

struct rounds {
	const struct conf *conf; /* borrowed */
	struct link *link;
	const struct trust *trust; /* the trust store */
	const atomic_bool *wants_stop;
	char helo[256];
	int64_t generation; /* of policyd's configuration; -1: not told yet */
	uint64_t n_probes;  /* servers looked at so far */
};

/* What is to be done next. */
struct round_end {
	uint32_t wait_secs; /* before the next round */
	bool is_reload;     /* policyd has read its configuration anew */
};

/* One round. -1: the connection is lost; what was not handed in is given out
 * again later. */
int round_run(struct rounds *r, struct round_end *end_r, struct err *err_r)
    MUST_CHECK;

#endif
