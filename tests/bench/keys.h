/* tlswarden: bench/keys - the requests to send, made ready before the clock.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef TESTS_BENCH_KEYS_H
#define TESTS_BENCH_KEYS_H

#include <stdint.h>

#include "target.h"

struct keys {
	struct buf bytes;
	size_t *end; /* of request i in bytes */
	size_t n;
	size_t next;
};

/* Reads one key a line from path, at most max (0: all), shuffles them by seed
 * and makes their requests. keys_free is needed after an error too. */
int keys_load(struct keys *k, const char *path, size_t max, uint64_t seed,
    const struct target *t, struct err *err_r);
void keys_free(struct keys *k);
/* The next request, over and over. Views into k. */
struct sv keys_next(struct keys *k);
/* A random number; *state is not 0. */
uint64_t keys_random(uint64_t *state);

#endif
