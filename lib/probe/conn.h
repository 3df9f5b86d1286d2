/* tlswarden: probe/conn - a connection with a deadline for every step.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Non-blocking socket and poll(2); plain first, through OpenSSL's SSL once
 * conn_start_tls was called. A peer that closes raises SIGPIPE in OpenSSL's
 * writes: the program ignores it (probe_init). One probe uses a connection.
 */
#ifndef PROBE_CONN_H
#define PROBE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "wire/addr.h"

struct ssl_st;

enum { CONN_FIRST = 64 };

enum conn_status {
	CONN_ERROR = 0, /* errno_value tells (0: TLS) */
	CONN_CLOSED,
	CONN_TIMEOUT,
	CONN_OK
};

struct conn {
	int fd;
	struct ssl_st *ssl; /* borrowed; NULL: plain */
	int64_t deadline;   /* msecs of the monotonic clock */
	int errno_value;
	struct buf in; /* read, not yet consumed */
	/* What the peer said first when a handshake was begun; OpenSSL eats it
	 * and keeps nothing. */
	char first[CONN_FIRST];
	size_t n_first;
};

/* Milliseconds of the monotonic clock. */
int64_t conn_now(void);
/* Sets how long the steps from now on may take together. */
void conn_set_deadline(struct conn *c, int64_t msecs);

/* Connects; c is usable (and must be closed) whatever is returned. max_in is
 * the ceiling of what is read and not consumed. */
enum conn_status conn_open(struct conn *c, const struct addr *addr,
    uint16_t port, int64_t msecs, size_t max_in) MUST_CHECK;
/* Closes socket, frees buffers; safe twice. */
void conn_close(struct conn *c);

/* Writes all of v. */
enum conn_status conn_write(struct conn *c, struct sv v) MUST_CHECK;
/* Reads at least one byte more into c->in. CONN_ERROR with errno_value
 * EMSGSIZE: the ceiling is reached. */
enum conn_status conn_read(struct conn *c) MUST_CHECK;
/* True if the peer sends a byte within msecs without being asked. */
bool conn_talks(struct conn *c, int64_t msecs);
/* Does the handshake of ssl (client side) on the connection; from then on all
 * bytes go through it. */
enum conn_status conn_start_tls(struct conn *c, struct ssl_st *ssl) MUST_CHECK;

#endif
