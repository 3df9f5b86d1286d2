/* tlswarden: bench/hist - a histogram of times, exact to 0.4 %.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Log-linear: 256 buckets per power of two. Times in nanoseconds.
 */
#ifndef TESTS_BENCH_HIST_H
#define TESTS_BENCH_HIST_H

#include <stdint.h>

enum { HIST_SUB = 256, HIST_BUCKETS = HIST_SUB * 57 };

struct hist {
	uint64_t n;
	uint64_t max_nsecs;
	uint64_t bucket[HIST_BUCKETS];
};

void hist_add(struct hist *h, uint64_t nsecs);
/* The time that the part q (0.5, 0.99) of all values does not exceed, in
 * microseconds; 0 when there are none. */
double hist_quantile_usecs(const struct hist *h, double q);

#endif
