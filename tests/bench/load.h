/* tlswarden: bench/load - many connections, one request outstanding on each.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Closed loop: a connection asks again as soon as it is answered. Open loop:
 * requests fall due at random (Poisson) and the time runs from then, also
 * while no connection is free.
 */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include <stdint.h>

#include "hist.h"
#include "target.h"

struct load_options {
	const struct target *target;
	const char *keys_path;
	uint64_t seed;
	uint32_t conns;
	uint32_t max_keys; /* 0: all of the file */
	uint32_t pid;      /* whose CPU time is taken; 0: nobody's */
	double warm_secs;
	double secs;
	double rate; /* requests a second; 0: closed loop */
};

struct load_result {
	struct hist hist;
	uint64_t answers[ANSWER_KINDS]; /* of the measured time */
	uint64_t errors;                /* of the whole run */
	double secs;                    /* really measured */
	double cpu_usecs;               /* of pid a request; -1: not known */
};

/* Asks until the time is over. -1 when it could not start; errors on the way
 * are counted. */
int load_run(const struct load_options *o, struct load_result *r,
    struct err *err_r);

#endif
