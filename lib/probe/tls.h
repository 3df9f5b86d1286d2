/* tlswarden: probe/tls - the client side of a handshake that only looks.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * TLS 1.0 to 1.3 at security level 0, so that weak peers can be described; no
 * verification (cert/verify judges later, with all errors). A
 * CertificateRequest is always answered with an empty certificate, on every
 * connection: a context is made for each handshake and never holds a
 * certificate, key or chain of ours.
 */
#ifndef PROBE_TLS_H
#define PROBE_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

struct ssl_ctx_st;
struct ssl_st;

enum { TLS_NO_ALERT = -1, TLS_NO_CERTIFICATE = -1 };

/* What the callbacks of a handshake saw. */
struct tls_watch {
	bool saw_server_hello;
	bool saw_cert_request;
	int alert_read; /* number of the last fatal alert of the peer */
	int alert_sent;
	/* Bytes of certificates in our Certificate message, TLS_NO_CERTIFICATE
	 * when none was sent; 0 is the only other legal value. */
	long own_certificate_bytes;
};

struct tls_client {
	struct ssl_ctx_st *ctx;
	struct ssl_st *ssl;
	struct tls_watch watch; /* pointed at by ssl: do not move */
};

/* Prepares a handshake; sni may be NULL (an address needs none). -1: OpenSSL
 * refused, or sni is no name. Close with tls_close in any case. */
int
tls_open(struct tls_client *t, const char *sni, struct err *err_r) MUST_CHECK;
/* Says close_notify if a session is up; frees; safe twice. */
void tls_close(struct tls_client *t);
/* The name of an alert (RFC 8446 6, RFC 5246 7.2), "unknown". */
const char *tls_alert_name(int alert) NONNULL_RETURN;

#endif
