/* tlswarden: prober/link - the connection to policyd.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include <jansson.h>

#include "daemon/clock.h"
#include "prober/link.h"
#include "probe/work.h"
#include "base/banned.h"

enum { READ_BYTES = 65536, FRAME_BYTES = 32 };

void
link_init(struct link *l)
{
	l->fd = -1;
	buf_init(&l->in, WORK_ANSWER_MAX + FRAME_BYTES + READ_BYTES);
}

int
link_open(struct link *l, const char *path, struct err *err_r)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (l->fd >= 0)
		return 0;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return err_set(err_r, EX_OSERR, "socket: %s", strerror(errno));
	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (connect(l->fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return 0;
	(void)err_set(err_r, EX_TEMPFAIL,
	    "%s: %s: tlswarden-policyd must run, and this user belong to the "
	    "group of the socket (prober_listen)",
	    path, strerror(errno));
	link_close(l);
	return -1;
}

void
link_close(struct link *l)
{
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = -1;
	buf_free(&l->in);
}

static int
lost(struct link *l, const char *why, struct err *err_r)
{
	link_close(l);
	return err_set(err_r, EX_TEMPFAIL, "policyd: %s", why);
}

static int
send_all(struct link *l, struct sv v, struct err *err_r)
{
	while (v.n > 0) {
		ssize_t n = send(l->fd, v.p, v.n, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return lost(l, strerror(errno), err_r);
		v = sv_skip(v, (size_t)n);
	}
	return 0;
}

/* Reads some more bytes. */
static int
receive(struct link *l, int64_t end, struct err *err_r)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };
	char bytes[READ_BYTES];
	int64_t left = end - clock_msecs();
	ssize_t n;

	if (left <= 0 || poll(&p, 1, (int)left) == 0)
		return lost(l, "no answer in time", err_r);
	n = recv(l->fd, bytes, sizeof(bytes), 0);
	if (n < 0 && errno == EINTR)
		return 0;
	if (n <= 0)
		return lost(l,
		    n == 0 ? "it closed the connection" : strerror(errno),
		    err_r);
	buf_add(&l->in, sv_make(bytes, (size_t)n));
	return l->in.is_full ? lost(l, "an endless answer", err_r) : 0;
}

struct json_t *
link_ask(struct link *l, struct json_t *question, struct err *err_r)
{
	int64_t end = clock_msecs() + LINK_ANSWER_MSECS;
	json_t *answer = NULL;
	struct buf out;
	size_t used = 0;
	int rc;

	buf_init(&out, WORK_QUESTION_MAX + FRAME_BYTES);
	work_frame(question, &out);
	json_decref(question);
	rc = out.is_full ? err_set(err_r, EX_DATAERR, "a result over %d bytes",
			       WORK_QUESTION_MAX)
			 : send_all(l, buf_sv(&out), err_r);
	buf_free(&out);
	while (rc == 0) {
		rc = work_take(buf_sv(&l->in), WORK_ANSWER_MAX, &answer, &used);
		if (rc == 0)
			rc = receive(l, end, err_r);
		else if (rc < 0)
			rc = lost(l, "no answer of its kind", err_r);
	}
	if (rc < 0)
		return NULL;
	buf_consume(&l->in, used);
	return answer;
}
