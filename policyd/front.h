/* tlswarden: policyd/front - accepts connections and deals them to workers.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Runs on the main thread's event base. Owns the memory of every connection
 * and the count of them: over the maximum the longest idle one, whichever
 * worker has it, is told to go.
 */
#ifndef POLICYD_FRONT_H
#define POLICYD_FRONT_H

#include <event2/event.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"
#include "counters.h"
#include "world.h"

struct front;

/* Opens all sockets of conf; nothing is accepted yet. Gives (front_free). */
int front_new(struct front **f_r, const struct conf *conf, struct err *err_r)
    MUST_CHECK;
/* Adds "unix:/..., inet:..." of what is listened on. */
void front_format(const struct front *f, struct buf *out);
/* Starts the workers and accepts; base and world are borrowed. */
int
front_start(struct front *f, struct event_base *base, const struct world *world,
    uint32_t n_workers, struct err *err_r) MUST_CHECK;
/* The most connections from now on. */
void front_set_max(struct front *f, uint32_t max_connections);
/* Adds up the counters of all workers; *n_open_r: connections now. */
void front_counters(const struct front *f, struct counters *sum_r,
    uint32_t *n_open_r);
/* Stops accepting, removes the sockets, drains and ends the workers. */
void front_stop(struct front *f);
/* NULL is allowed. */
void front_free(struct front *f);

#endif
