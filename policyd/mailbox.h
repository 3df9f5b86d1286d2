/* tlswarden: policyd/mailbox - how one thread tells another something.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Any thread posts; the owner's event loop wakes by fd and takes everything
 * that is there. Used for connections that come and go and for what DNS said,
 * never per request that is answered at once.
 */
#ifndef POLICYD_MAILBOX_H
#define POLICYD_MAILBOX_H

#include <pthread.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "ticket.h"

struct conn;
struct servers;

enum mail_kind {
	MAIL_NONE = 0,
	MAIL_ADD,   /* to a worker: serve this connection */
	MAIL_EVICT, /* to a worker: close it if it is still open */
	MAIL_DRAIN, /* to a worker: finish what is in hand, then end */
	MAIL_FOUND, /* to a worker: what a connection waits for */
	MAIL_GONE   /* to the front: one of those is done with it */
};

struct mail {
	enum mail_kind kind;
	struct conn *conn;
	struct ticket ticket;    /* MAIL_FOUND, without conn */
	struct servers *servers; /* given with it */
};

struct mailbox {
	int fd; /* readable when there is mail */
	pthread_mutex_t lock;
	struct mail *v;
	size_t n, cap;
};

int mailbox_init(struct mailbox *m, struct err *err_r) MUST_CHECK;
void mailbox_post(struct mailbox *m, enum mail_kind kind, struct conn *conn);
/* MAIL_FOUND; takes found. */
void mailbox_post_found(struct mailbox *m, struct ticket ticket,
    struct servers *found);
/* Gives what was posted, in order (caller frees); the box is empty after. */
struct mail *mailbox_take(struct mailbox *m, size_t *n_r) MUST_CHECK;
/* Only when nobody posts any more. */
void mailbox_done(struct mailbox *m);

#endif
