/* tlswarden: daemon/source - the policy table as a snapshot that stays fresh.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "daemon/source.h"
#include "daemon/source_loader.h"

static void
lock(struct source *src)
{
	if (pthread_mutex_lock(&src->lock) != 0)
		abort();
}

static void
unlock(struct source *src)
{
	if (pthread_mutex_unlock(&src->lock) != 0)
		abort();
}

static void
move_text(char **to, char **from, struct sv *view)
{
	free(*to);
	*to = *from;
	*from = NULL;
	*view = sv_from(*to);
}

/* Under the lock: what source_reload_as asked for becomes the loader's. */
static void
take_options(struct source *src)
{
	if (!src->wants_options)
		return;
	src->wants_options = false;
	src->load.snapshot.postfix_version = src->next_postfix_version;
	move_text(&src->ca_directory, &src->next_ca_directory,
	    &src->load.snapshot.ca_directory);
	move_text(&src->transport_nexthop, &src->next_transport_nexthop,
	    &src->load.snapshot.transport_nexthop);
	move_text(&src->local_domains, &src->next_local_domains,
	    &src->load.snapshot.local_domains);
}

static void
want_text(char **text, struct sv v)
{
	free(*text);
	*text = mem_svdup(v);
}

static void
want_options(struct source *src, const struct snapshot_options *options)
{
	src->wants_options = true;
	src->next_postfix_version = options->postfix_version;
	want_text(&src->next_ca_directory, options->ca_directory);
	want_text(&src->next_transport_nexthop, options->transport_nexthop);
	want_text(&src->next_local_domains, options->local_domains);
}

static void *
loader(void *arg)
{
	struct source *src = arg;

	lock(src);
	while (!src->wants_stop) {
		uint64_t asked = src->asked;
		int64_t now_secs = src->now_secs;
		bool is_reload = src->wants_reload;

		if (asked == src->answered) {
			(void)pthread_cond_wait(&src->wake, &src->lock);
			continue;
		}
		src->wants_reload = false;
		take_options(src);
		unlock(src);
		source_work(src, now_secs, is_reload);
		lock(src);
		src->answered = asked;
		(void)pthread_cond_broadcast(&src->idle);
	}
	unlock(src);
	return NULL;
}

static struct source *
new_source(const struct source_options *opt)
{
	struct source *src = mem_zalloc(1, sizeof(*src));

	src->policy_path = mem_strdup(opt->policy_path);
	if (opt->last_good_path != NULL)
		src->last_good_path = mem_strdup(opt->last_good_path);
	src->say = opt->say;
	src->load = opt->load;
	src->db = policy_db_new(opt->policy_path);
	src->next_expiry_secs = INT64_MAX;
	src->retry_secs = INT64_MAX;
	atomic_init(&src->generation, 0);
	if (pthread_mutex_init(&src->lock, NULL) != 0 ||
	    pthread_cond_init(&src->wake, NULL) != 0 ||
	    pthread_cond_init(&src->idle, NULL) != 0)
		abort();
	want_options(src, &opt->load.snapshot);
	take_options(src);
	return src;
}

/* All but the thread. */
static void
free_source(struct source *src)
{
	if (src->current != NULL)
		source_give(src, src->current);
	if (src->current != NULL) {
		src->current->next = src->retired;
		src->retired = src->current;
	}
	source_reap(src, true);
	policy_image_free(src->unsaved);
	policy_db_free(src->db);
	(void)pthread_cond_destroy(&src->idle);
	(void)pthread_cond_destroy(&src->wake);
	(void)pthread_mutex_destroy(&src->lock);
	free(src->next_ca_directory);
	free(src->next_transport_nexthop);
	free(src->next_local_domains);
	free(src->ca_directory);
	free(src->transport_nexthop);
	free(src->local_domains);
	free(src->last_good_path);
	free(src->policy_path);
	free(src);
}

static int
start_thread(struct source *src, struct err *err_r)
{
	sigset_t all, before;
	int rc;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&src->thread, NULL, loader, src);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return err_set(err_r, EX_OSERR,
		    "cannot start the thread that loads the policy table: %s",
		    strerror(rc));
	return 0;
}

int
source_open(struct source **src_r, const struct source_options *opt,
    int64_t now_secs, struct err *err_r)
{
	struct source *src = new_source(opt);

	if (source_load_first(src, now_secs, err_r) == 0 &&
	    start_thread(src, err_r) == 0) {
		*src_r = src;
		/* Keeps what was loaded as policy.last-good. */
		source_poll(src, now_secs);
		return 0;
	}
	free_source(src);
	return -1;
}

static void
ask(struct source *src, int64_t now_secs, bool is_reload)
{
	lock(src);
	src->asked++;
	src->now_secs = now_secs;
	src->wants_reload = src->wants_reload || is_reload;
	(void)pthread_cond_signal(&src->wake);
	unlock(src);
}

void
source_poll(struct source *src, int64_t now_secs)
{
	ask(src, now_secs, false);
}

void
source_reload(struct source *src, int64_t now_secs)
{
	ask(src, now_secs, true);
}

void
source_reload_as(struct source *src, const struct snapshot_options *options,
    int64_t now_secs)
{
	lock(src);
	want_options(src, options);
	unlock(src);
	source_reload(src, now_secs);
}

void
source_settle(struct source *src)
{
	uint64_t asked;

	lock(src);
	asked = src->asked;
	while (src->answered < asked)
		(void)pthread_cond_wait(&src->idle, &src->lock);
	unlock(src);
}

bool
source_is_settled(struct source *src)
{
	bool is_settled;

	lock(src);
	is_settled = src->answered >= src->asked;
	unlock(src);
	return is_settled;
}

void
source_status(struct source *src, struct source_status *st_r)
{
	lock(src);
	*st_r = src->status;
	unlock(src);
}

struct source_held *
source_take(struct source *src)
{
	struct source_held *held;

	lock(src);
	held = src->current;
	(void)atomic_fetch_add_explicit(&held->refs, 1, memory_order_relaxed);
	unlock(src);
	return held;
}

const struct snapshot *
source_held_snapshot(const struct source_held *held)
{
	return held->snap;
}

void
source_give(struct source *src UNUSED, struct source_held *held)
{
	/* The loader frees it: release what was read before. */
	if (atomic_fetch_sub_explicit(&held->refs, 1, memory_order_release) ==
	    0)
		abort();
}

void
source_reader_init(struct source_reader *r, struct source *src)
{
	r->src = src;
	r->current = &src->generation;
	r->generation = 0;
	r->held = NULL;
	r->snap = NULL;
	source_reader_renew(r);
}

void
source_reader_renew(struct source_reader *r)
{
	struct source_held *old = r->held;

	lock(r->src);
	r->held = r->src->current;
	r->generation =
	    atomic_load_explicit(&r->src->generation, memory_order_relaxed);
	(void)atomic_fetch_add_explicit(&r->held->refs, 1,
	    memory_order_relaxed);
	unlock(r->src);
	r->snap = r->held->snap;
	if (old != NULL)
		source_give(r->src, old);
}

void
source_reader_done(struct source_reader *r)
{
	if (r->held != NULL)
		source_give(r->src, r->held);
	r->held = NULL;
	r->snap = NULL;
}

void
source_close(struct source *src)
{
	if (src == NULL)
		return;
	lock(src);
	src->wants_stop = true;
	(void)pthread_cond_signal(&src->wake);
	unlock(src);
	policy_db_give_up(src->db);
	(void)pthread_join(src->thread, NULL);
	free_source(src);
}
