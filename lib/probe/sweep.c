/* tlswarden: probe/sweep - many jobs side by side, but not too many.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "probe/sweep.h"

enum { STACK_BYTES = 1 << 20, LOOK_NSECS = 100000000 };

struct state {
	const struct sweep *s;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t next;
	size_t n_done;
	size_t n_workers;
};

static void
work(struct state *st, size_t worker)
{
	pthread_mutex_lock(&st->lock);
	while (st->next < st->s->n_jobs) {
		size_t i = st->next++;

		pthread_mutex_unlock(&st->lock);
		st->s->job(st->s->arg, i, worker);
		pthread_mutex_lock(&st->lock);
		st->n_done++;
		pthread_cond_signal(&st->changed);
	}
	pthread_mutex_unlock(&st->lock);
}

static void *
worker_main(void *arg)
{
	struct state *st = arg;
	size_t worker;

	pthread_mutex_lock(&st->lock);
	worker = st->n_workers++;
	pthread_mutex_unlock(&st->lock);
	work(st, worker);
	return NULL;
}

static size_t
start(struct state *st, pthread_t *threads, size_t n)
{
	pthread_attr_t attr;
	size_t started = 0;

	pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK_BYTES);
	while (started < n &&
	    pthread_create(&threads[started], &attr, worker_main, st) == 0)
		started++;
	pthread_attr_destroy(&attr);
	return started;
}

/* Under the lock, which is let go while it is told. */
static void
tell(struct state *st, size_t *told)
{
	size_t n_done = st->n_done;

	if (st->s->progress == NULL || n_done == *told)
		return;
	*told = n_done;
	pthread_mutex_unlock(&st->lock);
	st->s->progress(st->s->progress_arg, n_done);
	pthread_mutex_lock(&st->lock);
}

/* Shows how far it is until all is done, and that it is. */
static void
watch(struct state *st)
{
	size_t told = 0;

	pthread_mutex_lock(&st->lock);
	while (st->n_done < st->s->n_jobs) {
		struct timespec until;

		(void)clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += LOOK_NSECS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		(void)pthread_cond_timedwait(&st->changed, &st->lock, &until);
		tell(st, &told);
	}
	tell(st, &told);
	pthread_mutex_unlock(&st->lock);
}

void
sweep_run(const struct sweep *s)
{
	struct state st = { .s = s };
	pthread_t threads[SWEEP_PARALLEL_MAX];
	size_t n = s->n_parallel, started;

	assert(n > 0);
	if (n > SWEEP_PARALLEL_MAX)
		n = SWEEP_PARALLEL_MAX;
	if (n > s->n_jobs)
		n = s->n_jobs;
	pthread_mutex_init(&st.lock, NULL);
	pthread_cond_init(&st.changed, NULL);
	started = start(&st, threads, n);
	if (started == 0)
		work(&st, 0);
	watch(&st);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	pthread_cond_destroy(&st.changed);
	pthread_mutex_destroy(&st.lock);
}
