/* tlswarden: policyd/metrics - counters over HTTP, for Prometheus.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Off by default. Runs on the main thread's event base: it can delay the
 * acceptance of a connection, never an answer.
 */
#ifndef POLICYD_METRICS_H
#define POLICYD_METRICS_H

#include "base/conf.h"
#include "base/err.h"
#include "front.h"

struct metrics;

/* Listens on metrics_listen; *m_r is NULL when that is empty. */
int metrics_new(struct metrics **m_r, const struct conf *conf,
    struct err *err_r) MUST_CHECK;
/* Answers from now on; front and world are borrowed until metrics_free. */
int metrics_start(struct metrics *m, struct event_base *base,
    const struct front *front, const struct world *world, struct err *err_r)
    MUST_CHECK;
/* NULL is allowed. */
void metrics_free(struct metrics *m);

#endif
