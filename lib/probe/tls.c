/* tlswarden: probe/tls - the client side of a handshake that only looks.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>
#include <sysexits.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "probe/tls.h"

static int
tls_fail(const char *what, struct err *err_r)
{
	char text[256];

	ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	ERR_clear_error();
	return err_set(err_r, EX_SOFTWARE, "%s: %s", what, text);
}

/* Returning 0 without a certificate makes OpenSSL send an empty one. */
static int
answer_with_nothing(SSL *ssl, X509 **x, EVP_PKEY **key)
{
	struct tls_watch *w = SSL_get_app_data(ssl);

	*x = NULL;
	*key = NULL;
	w->saw_cert_request = true;
	return 0;
}

/* Length of the certificate_list of a Certificate message: RFC 5246 7.4.2 has
 * a 3-byte length behind the 4-byte header, RFC 8446 4.4.2 a 1-byte context
 * before it. */
static long
certificate_bytes(int version, const unsigned char *msg, size_t n)
{
	size_t at = version == TLS1_3_VERSION ? 5 : 4;

	if (n < at + 3)
		return 0;
	return ((long)msg[at] << 16) | ((long)msg[at + 1] << 8) | msg[at + 2];
}

static void
watch_message(int is_write, int version, int content_type, const void *buf,
    size_t n, SSL *ssl, void *arg)
{
	struct tls_watch *w = arg;
	const unsigned char *msg = buf;

	(void)ssl;
	if (content_type != SSL3_RT_HANDSHAKE || n == 0)
		return;
	if (is_write && msg[0] == SSL3_MT_CERTIFICATE)
		w->own_certificate_bytes = certificate_bytes(version, msg, n);
	else if (!is_write && msg[0] == SSL3_MT_SERVER_HELLO)
		w->saw_server_hello = true;
}

static void
watch_alert(const SSL *ssl, int where, int ret)
{
	struct tls_watch *w = SSL_get_app_data(ssl);

	/* ret is level << 8 | alert; close_notify (0) is no fault. */
	if (!(where & SSL_CB_ALERT) || (ret & 0xff) == SSL3_AD_CLOSE_NOTIFY)
		return;
	if (where & SSL_CB_READ)
		w->alert_read = ret & 0xff;
	else
		w->alert_sent = ret & 0xff;
}

static int
setup_ctx(struct tls_client *t, struct err *err_r)
{
	t->ctx = SSL_CTX_new(TLS_client_method());
	if (t->ctx == NULL)
		return tls_fail("SSL_CTX_new", err_r);
	SSL_CTX_set_security_level(t->ctx, 0);
	if (SSL_CTX_set_min_proto_version(t->ctx, TLS1_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(t->ctx, "ALL:@SECLEVEL=0") != 1)
		return tls_fail("TLS settings", err_r);
	SSL_CTX_set_options(t->ctx, SSL_OP_LEGACY_SERVER_CONNECT);
	SSL_CTX_set_verify(t->ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_session_cache_mode(t->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_client_cert_cb(t->ctx, answer_with_nothing);
	SSL_CTX_set_info_callback(t->ctx, watch_alert);
	return 0;
}

int
tls_open(struct tls_client *t, const char *sni, struct err *err_r)
{
	memset(t, 0, sizeof(*t));
	t->watch.alert_read = TLS_NO_ALERT;
	t->watch.alert_sent = TLS_NO_ALERT;
	t->watch.own_certificate_bytes = TLS_NO_CERTIFICATE;
	ERR_clear_error();
	if (setup_ctx(t, err_r) != 0)
		return -1;
	t->ssl = SSL_new(t->ctx);
	if (t->ssl == NULL)
		return tls_fail("SSL_new", err_r);
	SSL_set_app_data(t->ssl, &t->watch);
	SSL_set_msg_callback(t->ssl, watch_message);
	SSL_set_msg_callback_arg(t->ssl, &t->watch);
	if (SSL_set_tlsext_status_type(t->ssl, TLSEXT_STATUSTYPE_ocsp) != 1)
		return tls_fail("OCSP status request", err_r);
	if (sni != NULL && SSL_set_tlsext_host_name(t->ssl, sni) != 1)
		return tls_fail("SNI", err_r);
	return 0;
}

void
tls_close(struct tls_client *t)
{
	if (t->ssl != NULL && SSL_is_init_finished(t->ssl))
		(void)SSL_shutdown(t->ssl);
	SSL_free(t->ssl);
	SSL_CTX_free(t->ctx);
	t->ssl = NULL;
	t->ctx = NULL;
	ERR_clear_error();
}

const char *
tls_alert_name(int alert)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {
		{ 0, "close_notify" },
		{ 10, "unexpected_message" },
		{ 20, "bad_record_mac" },
		{ 22, "record_overflow" },
		{ 40, "handshake_failure" },
		{ 41, "no_certificate" },
		{ 42, "bad_certificate" },
		{ 43, "unsupported_certificate" },
		{ 44, "certificate_revoked" },
		{ 45, "certificate_expired" },
		{ 46, "certificate_unknown" },
		{ 47, "illegal_parameter" },
		{ 48, "unknown_ca" },
		{ 49, "access_denied" },
		{ 50, "decode_error" },
		{ 51, "decrypt_error" },
		{ 70, "protocol_version" },
		{ 71, "insufficient_security" },
		{ 80, "internal_error" },
		{ 86, "inappropriate_fallback" },
		{ 90, "user_canceled" },
		{ 100, "no_renegotiation" },
		{ 109, "missing_extension" },
		{ 110, "unsupported_extension" },
		{ 112, "unrecognized_name" },
		{ 113, "bad_certificate_status_response" },
		{ 115, "unknown_psk_identity" },
		{ 116, "certificate_required" },
		{ 120, "no_application_protocol" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == alert)
			return names[i].name;
	return "unknown";
}
