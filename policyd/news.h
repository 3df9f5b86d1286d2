/* tlswarden: policyd/news - what has changed at a partner since the last probe.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A line for a server that newly fails, fails differently or has recovered,
 * for a certificate that is about to expire, for a pin that breaks when it is
 * renewed, and for MX hosts that came or went. What stays as it was is not
 * told again.
 */
#ifndef POLICYD_NEWS_H
#define POLICYD_NEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "daemon/say.h"
#include "fact/record.h"

enum { NEWS_ROWS_MAX = 1024 };

/* What was known of one destination; an empty one knows nothing. */
struct past {
	struct arena mem;
	struct record_probe *rows; /* views mem */
	size_t n;
	int64_t newest; /* of all rows */
};

void past_init(struct past *p);
/* Keeps a copy of what matters in row; those over NEWS_ROWS_MAX are left. */
void past_add(struct past *p, const struct record_probe *row);
void past_done(struct past *p);

struct news {
	struct sv nexthop;
	int64_t rule;       /* 0: none */
	bool has_pin;       /* the rule pins a certificate */
	bool has_mx;        /* the servers are those of a domain */
	bool verifies;      /* what is wrong with a certificate counts */
	int64_t now;        /* seconds since 1970 */
	uint32_t warn_days; /* 0: expiry is not told */
	const struct say *say;
};

/* Tells of the n rows that were found now. */
void news_tell(const struct news *news, const struct past *past,
    const struct record_probe *rows, size_t n);

#endif
