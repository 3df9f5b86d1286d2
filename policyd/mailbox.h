/* tlswarden: policyd/mailbox - how one thread tells another something.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Any thread posts; the owner's event loop wakes by fd and takes everything
 * that is there. Used for connections that come and go, never per request.
 */
#ifndef POLICYD_MAILBOX_H
#define POLICYD_MAILBOX_H

#include <pthread.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

struct conn;

enum mail_kind {
	MAIL_NONE = 0,
	MAIL_ADD,   /* to a worker: serve this connection */
	MAIL_EVICT, /* to a worker: close it if it is still open */
	MAIL_DRAIN, /* to a worker: finish what is in hand, then end */
	MAIL_GONE   /* to the front: one of those is done with it */
};

struct mail {
	enum mail_kind kind;
	struct conn *conn;
};

struct mailbox {
	int fd; /* readable when there is mail */
	pthread_mutex_t lock;
	struct mail *v;
	size_t n, cap;
};

int mailbox_init(struct mailbox *m, struct err *err_r) MUST_CHECK;
void mailbox_post(struct mailbox *m, enum mail_kind kind, struct conn *conn);
/* Gives what was posted, in order (caller frees); the box is empty after. */
struct mail *mailbox_take(struct mailbox *m, size_t *n_r) MUST_CHECK;
/* Only when nobody posts any more. */
void mailbox_done(struct mailbox *m);

#endif
