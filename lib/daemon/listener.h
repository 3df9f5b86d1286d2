/* tlswarden: daemon/listener - listening sockets, unix and inet.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Open them before privileges are dropped, close them at the end: the file of
 * a unix socket is removed then, unless another program has replaced it.
 */
#ifndef DAEMON_LISTENER_H
#define DAEMON_LISTENER_H

#include <sys/types.h>

#include "base/attr.h"
#include "base/endpoint.h"
#include "base/err.h"

struct listener {
	int fd; /* non-blocking, close-on-exec; -1 when not open */
	struct endpoint endpoint;
	dev_t dev; /* of the unix socket's file */
	ino_t ino;
};

/* What unix sockets get whose endpoint names none. */
struct listener_defaults {
	int mode;
	const char *group; /* "": as the directory has it */
};

/* Binds and listens. A unix socket that nobody answers on is replaced; one
 * that answers, or a file that is no socket, is an error and left alone. */
int listener_open(struct listener *l, const struct endpoint *ep,
    const struct listener_defaults *defaults, struct err *err_r) MUST_CHECK;
/* For a unix socket that another library binds (libmilter): first its place is
 * made free as above, then, once it is bound, it gets group and mode, belongs
 * to user (when we are root: who stops the library by connecting must be able
 * to), and l remembers it, so that listener_close removes it. Nothing to do
 * for inet. */
int listener_claim(const struct endpoint *ep, struct err *err_r) MUST_CHECK;
int listener_adopt(struct listener *l, const struct endpoint *ep,
    const struct listener_defaults *defaults, const char *user,
    struct err *err_r) MUST_CHECK;
/* Whether somebody answers on it: 0, or the errno(3) of connect(2). */
int listener_reach(const struct endpoint *ep) MUST_CHECK;
/* Safe on a listener that is not open (fd -1) or was closed before. */
void listener_close(struct listener *l);

#endif
