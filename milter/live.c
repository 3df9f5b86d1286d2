/* tlswarden: milter/live - the sessions that are open, and the gate.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <time.h>

#include "milter/live.h"

void
live_init(struct live *l)
{
	(void)pthread_mutex_init(&l->mutex, NULL);
	l->first = NULL;
	atomic_init(&l->n_inside, 0);
	atomic_init(&l->is_closed, false);
}

/* Counted first, asked then: who closes the gate waits for all that passed. */
bool
live_enter(struct live *l)
{
	atomic_fetch_add(&l->n_inside, 1);
	if (!atomic_load(&l->is_closed))
		return true;
	live_leave(l);
	return false;
}

void
live_leave(struct live *l)
{
	atomic_fetch_sub(&l->n_inside, 1);
}

void
live_add(struct live *l, struct session *s)
{
	(void)pthread_mutex_lock(&l->mutex);
	s->prev = NULL;
	s->next = l->first;
	if (l->first != NULL)
		l->first->prev = s;
	l->first = s;
	(void)pthread_mutex_unlock(&l->mutex);
}

void
live_remove(struct live *l, struct session *s)
{
	(void)pthread_mutex_lock(&l->mutex);
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		l->first = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	(void)pthread_mutex_unlock(&l->mutex);
}

bool
live_close(struct live *l, unsigned max_msecs)
{
	const struct timespec msec = { 0, 1000000 };

	atomic_store(&l->is_closed, true);
	for (unsigned i = 0; atomic_load(&l->n_inside) > 0; i++) {
		if (i == max_msecs)
			return false;
		(void)nanosleep(&msec, NULL);
	}
	return true;
}

void
live_done(struct live *l)
{
	(void)pthread_mutex_destroy(&l->mutex);
}
