/* tlswarden: probe/sweep - many jobs side by side, but not too many.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef PROBE_SWEEP_H
#define PROBE_SWEEP_H

#include <stddef.h>

enum { SWEEP_PARALLEL_MAX = 256 };

struct sweep {
	size_t n_jobs;
	size_t n_parallel; /* 1 to SWEEP_PARALLEL_MAX; more is cut */
	/* Does job i, on a thread; worker (below n_parallel) has one job at a
	 * time. */
	void (*job)(void *arg, size_t i, size_t worker);
	/* Called by the thread that sweeps, now and then and at the end; NULL:
	 * nobody looks. */
	void (*progress)(void *progress_arg, size_t n_done);
	void *arg, *progress_arg;
};

/* Runs all jobs, begun in their order; returns when all are done. Without a
 * single thread to be had it does them itself. */
void sweep_run(const struct sweep *s);

#endif
