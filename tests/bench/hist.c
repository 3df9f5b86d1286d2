/* tlswarden: bench/hist - a histogram of times, exact to 0.4 %.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stddef.h>

#include "hist.h"

/* Values below 256 have a bucket each; above, the eight bits behind the
 * leading one choose it. */
static size_t
bucket_of(uint64_t v)
{
	unsigned shift;

	if (v < HIST_SUB)
		return (size_t)v;
	shift = 55U - (unsigned)__builtin_clzll(v);
	return (shift + 1) * (size_t)HIST_SUB +
	    (size_t)((v >> shift) - HIST_SUB);
}

/* The middle of a bucket. */
static double
value_of(size_t b)
{
	size_t shift;

	if (b < HIST_SUB)
		return (double)b;
	shift = b / HIST_SUB - 1;
	return ((double)(b % HIST_SUB) + HIST_SUB + 0.5) *
	    (double)((uint64_t)1 << shift);
}

void
hist_add(struct hist *h, uint64_t nsecs)
{
	h->n++;
	h->bucket[bucket_of(nsecs)]++;
	if (nsecs > h->max_nsecs)
		h->max_nsecs = nsecs;
}

double
hist_quantile_usecs(const struct hist *h, double q)
{
	uint64_t seen = 0;
	double want = q * (double)h->n;

	for (size_t b = 0; b < HIST_BUCKETS; b++) {
		seen += h->bucket[b];
		if (seen > 0 && (double)seen >= want)
			return value_of(b) / 1000;
	}
	return 0;
}
