/* tlswarden: milter/control - signals, the timer, reload and the way out.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * One thread. SIGUSR1 reloads. SIGHUP, SIGINT and SIGTERM stop: libmilter has
 * its own thread waiting for them, and stops 5 s after it took one, because
 * its listener sleeps; ours is older and takes them first (Linux asks threads
 * in the order of their birth), and wakes the listener.
 */
#ifndef MILTER_CONTROL_H
#define MILTER_CONTROL_H

#include <pthread.h>

#include "base/err.h"
#include "milter/app.h"

/* Starts the thread; before smfi_main, signals are blocked. */
int control_start(struct app *app, pthread_t *thread_r, struct err *err_r)
    MUST_CHECK;
/* Ends it; after smfi_main, is_done is set. */
void control_stop(pthread_t thread);

#endif
