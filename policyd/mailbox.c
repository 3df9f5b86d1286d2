/* tlswarden: policyd/mailbox - how one thread tells another something.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "mailbox.h"
#include "resolve/servers.h"

int
mailbox_init(struct mailbox *m, struct err *err_r)
{
	int rc;

	*m = (struct mailbox){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	if (m->fd < 0)
		return err_set(err_r, EX_OSERR, "eventfd: %s", strerror(errno));
	rc = pthread_mutex_init(&m->lock, NULL);
	assert(rc == 0);
	return 0;
}

static void
lock(struct mailbox *m)
{
	int rc = pthread_mutex_lock(&m->lock);

	assert(rc == 0);
}

static void
unlock(struct mailbox *m)
{
	int rc = pthread_mutex_unlock(&m->lock);

	assert(rc == 0);
}

static void
post(struct mailbox *m, struct mail mail)
{
	uint64_t one = 1;
	ssize_t n;

	lock(m);
	if (m->n == m->cap) {
		m->cap = m->cap == 0 ? 16 : m->cap * 2;
		m->v = mem_realloc(m->v, m->cap, sizeof(*m->v));
	}
	m->v[m->n++] = mail;
	unlock(m);
	/* It can only fail when the counter is full: readable anyway. */
	n = write(m->fd, &one, sizeof(one));
	(void)n;
}

void
mailbox_post(struct mailbox *m, enum mail_kind kind, struct conn *conn)
{
	post(m, (struct mail){ .kind = kind, .conn = conn });
}

void
mailbox_post_found(struct mailbox *m, struct ticket ticket,
    struct servers *found)
{
	post(m,
	    (struct mail){ .kind = MAIL_FOUND,
		.ticket = ticket,
		.servers = found });
}

struct mail *
mailbox_take(struct mailbox *m, size_t *n_r)
{
	uint64_t count;
	struct mail *v;
	ssize_t n;

	/* First the wake-up, then the mail: what comes between wakes again. */
	n = read(m->fd, &count, sizeof(count));
	(void)n;
	lock(m);
	v = m->v;
	*n_r = m->n;
	m->v = NULL;
	m->n = m->cap = 0;
	unlock(m);
	return v;
}

void
mailbox_done(struct mailbox *m)
{
	if (m->fd < 0)
		return;
	(void)close(m->fd);
	m->fd = -1;
	for (size_t i = 0; i < m->n; i++)
		servers_drop(m->v[i].servers);
	free(m->v);
	(void)pthread_mutex_destroy(&m->lock);
}
