/* tlswarden: milter/live - the sessions that are open, and the gate.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * libmilter cuts open sessions when it stops, and its threads live on: the
 * gate keeps them out of our state then, and the list says which sessions are
 * still to be recorded. Locks are held for some instructions.
 */
#ifndef MILTER_LIVE_H
#define MILTER_LIVE_H

#include <pthread.h>
#include <stdatomic.h>

#include "milter/session.h"

struct live {
	pthread_mutex_t mutex;
	struct session *first;
	atomic_uint n_inside;
	atomic_bool is_closed;
};

void live_init(struct live *l);
/* Each callback enters and leaves; false: all is over, touch nothing. */
bool live_enter(struct live *l) MUST_CHECK;
void live_leave(struct live *l);
void live_add(struct live *l, struct session *s);
void live_remove(struct live *l, struct session *s);
/* Closes the gate and waits until nobody is inside; false if somebody still
 * is after max_msecs. */
bool live_close(struct live *l, unsigned max_msecs) MUST_CHECK;
void live_done(struct live *l);

#endif
