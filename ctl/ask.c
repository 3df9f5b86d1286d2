/* tlswarden: ctl/ask - one lookup in a socketmap, as a mail server does it.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/limits.h"
#include "ctl/ask.h"
#include "base/banned.h"

union address {
	struct sockaddr any;
	struct sockaddr_un un;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* endpoint_parse took only what fits and is an address. */
static socklen_t
set_address(const struct endpoint *ep, union address *to)
{
	memset(to, 0, sizeof(*to));
	if (ep->kind == ENDPOINT_UNIX) {
		to->un.sun_family = AF_UNIX;
		(void)snprintf(to->un.sun_path, sizeof(to->un.sun_path), "%s",
		    ep->path);
		return sizeof(to->un);
	}
	if (ep->is_ipv6) {
		to->in6.sin6_family = AF_INET6;
		to->in6.sin6_port = htons(ep->port);
		(void)inet_pton(AF_INET6, ep->host, &to->in6.sin6_addr);
		return sizeof(to->in6);
	}
	to->in.sin_family = AF_INET;
	to->in.sin_port = htons(ep->port);
	(void)inet_pton(AF_INET, ep->host, &to->in.sin_addr);
	return sizeof(to->in);
}

static int
connect_to(const struct endpoint *ep)
{
	const struct timeval wait = { .tv_sec = ASK_MSECS / 1000 };
	union address to;
	socklen_t n = set_address(ep, &to);
	int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == 0 &&
	    connect(fd, &to.any, n) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static int
send_all(int fd, struct sv v)
{
	while (v.n > 0) {
		ssize_t n = send(fd, v.p, v.n, MSG_NOSIGNAL);

		if (n <= 0)
			return -1;
		v = sv_skip(v, (size_t)n);
	}
	return 0;
}

/* Reads until the reply is whole. */
static enum socketmap_status
read_reply(int fd, struct buf *in, enum socketmap_word *word_r,
    struct sv *text_r)
{
	enum socketmap_status status;
	char chunk[4096];
	size_t used;
	ssize_t n;

	do {
		n = recv(fd, chunk, sizeof(chunk), 0);
		if (n <= 0)
			return SOCKETMAP_MORE;
		buf_add(in, sv_make(chunk, (size_t)n));
		status =
		    socketmap_reply_parse(buf_sv(in), word_r, text_r, &used);
	} while (status == SOCKETMAP_MORE && !in->is_full);
	return status;
}

int
ask_socketmap(const struct endpoint *ep, const char *map, struct sv key,
    enum socketmap_word *word_r, struct buf *out, struct err *err_r)
{
	const struct socketmap_request req = { sv_from(map), key };
	enum socketmap_status status = SOCKETMAP_MORE;
	struct buf where, bytes;
	struct sv text;
	int fd, rc = 0;

	buf_init(&where, ENDPOINT_TEXT_MAX);
	buf_init(&bytes, LIMIT_SOCKETMAP_REQUEST * 16);
	endpoint_format(ep, &where);
	socketmap_format(&req, &bytes);
	fd = connect_to(ep);
	if (fd >= 0 && send_all(fd, buf_sv(&bytes)) == 0) {
		buf_reset(&bytes);
		status = read_reply(fd, &bytes, word_r, &text);
	}
	if (status == SOCKETMAP_OK)
		buf_add(out, text);
	else if (fd < 0)
		rc = err_set(err_r, EX_UNAVAILABLE, "%s: %s", buf_str(&where),
		    strerror(errno));
	else
		rc = err_set(err_r,
		    status == SOCKETMAP_MORE ? EX_UNAVAILABLE : EX_PROTOCOL,
		    status == SOCKETMAP_MORE
			? "%s: no answer in five seconds"
			: "%s: what listens there is no socketmap",
		    buf_str(&where));
	if (fd >= 0)
		(void)close(fd);
	buf_free(&bytes);
	buf_free(&where);
	return rc;
}

int
ask_listens(const struct endpoint *ep, struct err *err_r)
{
	int fd = connect_to(ep), error = errno;
	struct buf where;

	if (fd >= 0) {
		(void)close(fd);
		return 0;
	}
	buf_init(&where, ENDPOINT_TEXT_MAX);
	endpoint_format(ep, &where);
	(void)err_set(err_r, EX_UNAVAILABLE, "%s: %s", buf_str(&where),
	    strerror(error));
	buf_free(&where);
	return -1;
}
