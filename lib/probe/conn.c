/* tlswarden: probe/conn - a connection with a deadline for every step.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "probe/conn.h"

int64_t
conn_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void
conn_set_deadline(struct conn *c, int64_t msecs)
{
	c->deadline = conn_now() + msecs;
}

/* Waits for events until the deadline. */
static enum conn_status
wait_for(struct conn *c, short events, int64_t deadline)
{
	struct pollfd p = { .fd = c->fd, .events = events };

	for (;;) {
		int64_t left = deadline - conn_now();
		int n;

		if (left < 0)
			left = 0;
		n = poll(&p, 1, left > 60000 ? 60000 : (int)left);
		if (n > 0)
			return CONN_OK;
		if (n < 0 && errno != EINTR) {
			c->errno_value = errno;
			return CONN_ERROR;
		}
		if (conn_now() >= deadline)
			return CONN_TIMEOUT;
	}
}

static enum conn_status
failed(struct conn *c, int errno_value)
{
	c->errno_value = errno_value;
	return errno_value == ECONNRESET || errno_value == EPIPE ? CONN_CLOSED
								 : CONN_ERROR;
}

static socklen_t
fill_sockaddr(const struct addr *addr, uint16_t port,
    struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof(*ss));
	if (addr->family == 4) {
		struct sockaddr_in *in = (struct sockaddr_in *)ss;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, addr->b, 4);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, addr->b, 16);
	return sizeof(*in6);
}

static enum conn_status
finish_connect(struct conn *c)
{
	enum conn_status status = wait_for(c, POLLOUT, c->deadline);
	int error = 0;
	socklen_t n = sizeof(error);

	if (status != CONN_OK)
		return status;
	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		error = errno;
	if (error == 0)
		return CONN_OK;
	c->errno_value = error;
	return error == ETIMEDOUT ? CONN_TIMEOUT : CONN_ERROR;
}

enum conn_status
conn_open(struct conn *c, const struct addr *addr, uint16_t port, int64_t msecs,
    size_t max_in)
{
	struct sockaddr_storage ss;
	socklen_t n = fill_sockaddr(addr, port, &ss);
	int one = 1;

	memset(c, 0, sizeof(*c));
	buf_init(&c->in, max_in);
	conn_set_deadline(c, msecs);
	c->fd =
	    socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return failed(c, errno);
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->fd, (const struct sockaddr *)&ss, n) == 0)
		return CONN_OK;
	if (errno != EINPROGRESS && errno != EINTR)
		return failed(c, errno);
	return finish_connect(c);
}

void
conn_close(struct conn *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
	c->ssl = NULL;
	buf_free(&c->in);
}

/* After an SSL call that returned rc: waits for what it wants, or tells how it
 * ended. CONN_OK: call again. */
static enum conn_status
ssl_wait(struct conn *c, int rc)
{
	int saved = errno;

	/* A peer that always has one record more does not stop the clock. */
	if (conn_now() >= c->deadline)
		return CONN_TIMEOUT;
	switch (SSL_get_error(c->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return wait_for(c, POLLIN, c->deadline);
	case SSL_ERROR_WANT_WRITE:
		return wait_for(c, POLLOUT, c->deadline);
	case SSL_ERROR_ZERO_RETURN:
		return CONN_CLOSED;
	case SSL_ERROR_SYSCALL:
		return saved == 0 ? CONN_CLOSED : failed(c, saved);
	default:
		break;
	}
	/* OpenSSL 3 reports a close without close_notify as an error. */
	if (ERR_GET_REASON(ERR_peek_error()) ==
	    SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return CONN_CLOSED;
	c->errno_value = 0;
	return CONN_ERROR;
}

static enum conn_status
write_tls(struct conn *c, struct sv v, size_t *n_r)
{
	int rc;

	for (;;) {
		enum conn_status status;

		ERR_clear_error();
		errno = 0;
		rc = SSL_write_ex(c->ssl, v.p, v.n, n_r);
		if (rc == 1)
			return CONN_OK;
		status = ssl_wait(c, rc);
		if (status != CONN_OK)
			return status;
	}
}

static enum conn_status
write_plain(struct conn *c, struct sv v, size_t *n_r)
{
	for (;;) {
		ssize_t n = send(c->fd, v.p, v.n, MSG_NOSIGNAL);
		enum conn_status status;

		if (n >= 0) {
			*n_r = (size_t)n;
			return CONN_OK;
		}
		if (errno != EAGAIN && errno != EINTR)
			return failed(c, errno);
		status = wait_for(c, POLLOUT, c->deadline);
		if (status != CONN_OK)
			return status;
	}
}

enum conn_status
conn_write(struct conn *c, struct sv v)
{
	while (v.n > 0) {
		size_t n = 0;
		enum conn_status status = c->ssl != NULL
		    ? write_tls(c, v, &n)
		    : write_plain(c, v, &n);

		if (status != CONN_OK)
			return status;
		v = sv_skip(v, n);
	}
	return CONN_OK;
}

static enum conn_status
read_tls(struct conn *c, char *into, size_t size, size_t *n_r)
{
	for (;;) {
		enum conn_status status;
		int rc;

		ERR_clear_error();
		errno = 0;
		rc = SSL_read_ex(c->ssl, into, size, n_r);
		if (rc == 1)
			return CONN_OK;
		status = ssl_wait(c, rc);
		if (status != CONN_OK)
			return status;
	}
}

static enum conn_status
read_plain(struct conn *c, char *into, size_t size, size_t *n_r)
{
	for (;;) {
		enum conn_status status = wait_for(c, POLLIN, c->deadline);
		ssize_t n;

		if (status != CONN_OK)
			return status;
		n = recv(c->fd, into, size, 0);
		if (n == 0)
			return CONN_CLOSED;
		if (n > 0) {
			*n_r = (size_t)n;
			return CONN_OK;
		}
		if (errno != EAGAIN && errno != EINTR)
			return failed(c, errno);
	}
}

enum conn_status
conn_read(struct conn *c)
{
	char bytes[4096];
	size_t n = 0;
	enum conn_status status;

	/* A peer that always has one byte more does not stop the clock. */
	if (conn_now() >= c->deadline)
		return CONN_TIMEOUT;
	status = c->ssl != NULL ? read_tls(c, bytes, sizeof(bytes), &n)
				: read_plain(c, bytes, sizeof(bytes), &n);
	if (status != CONN_OK)
		return status;
	buf_add(&c->in, sv_make(bytes, n));
	if (!c->in.is_full)
		return CONN_OK;
	c->errno_value = EMSGSIZE;
	return CONN_ERROR;
}

bool
conn_talks(struct conn *c, int64_t msecs)
{
	char byte;

	if (c->in.n > 0)
		return true;
	return wait_for(c, POLLIN, conn_now() + msecs) == CONN_OK &&
	    recv(c->fd, &byte, 1, MSG_PEEK) == 1;
}

static void
keep_first(struct conn *c, const char *bytes, size_t n)
{
	size_t room = sizeof(c->first) - c->n_first;

	if (n > room)
		n = room;
	memcpy(c->first + c->n_first, bytes, n);
	c->n_first += n;
}

/* Sees all that OpenSSL reads. */
static long
watch_read(BIO *bio, int oper, const char *bytes, size_t len, int argi,
    long argl, int ret, size_t *processed)
{
	struct conn *c = (struct conn *)(void *)BIO_get_callback_arg(bio);

	(void)len;
	(void)argi;
	(void)argl;
	if (oper == (BIO_CB_READ | BIO_CB_RETURN) && ret == 1)
		keep_first(c, bytes, *processed);
	return ret;
}

/* OpenSSL takes no more than the head of what is no record of TLS. */
static enum conn_status
handshake_failed(struct conn *c, enum conn_status status)
{
	char bytes[CONN_FIRST];
	ssize_t n;

	if (status != CONN_ERROR)
		return status;
	n = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (n > 0)
		keep_first(c, bytes, (size_t)n);
	return status;
}

enum conn_status
conn_start_tls(struct conn *c, struct ssl_st *ssl)
{
	if (SSL_set_fd(ssl, c->fd) != 1)
		return failed(c, ENOMEM);
	c->ssl = ssl;
	BIO_set_callback_arg(SSL_get_rbio(ssl), (char *)(void *)c);
	BIO_set_callback_ex(SSL_get_rbio(ssl), watch_read);
	buf_reset(&c->in);
	for (;;) {
		enum conn_status status;
		int rc;

		ERR_clear_error();
		errno = 0;
		rc = SSL_connect(ssl);
		if (rc == 1)
			return CONN_OK;
		status = ssl_wait(c, rc);
		if (status != CONN_OK)
			return handshake_failed(c, status);
	}
}
