/* tlswarden: annotate/words - error texts of OpenSSL and what they mean.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Numbers: X509_V_ERR_* of x509_vfy.h. Texts: X509_verify_cert_error_string
 * of OpenSSL 1.0 to 3.5, reasons of sslerr.h.
 */
#include "config.h"

#include <string.h>

#include "annotate/words.h"

size_t
words_find(struct sv v, struct sv needle)
{
	const char *at;

	if (needle.n == 0 || v.n < needle.n)
		return v.n;
	at = memmem(v.p, v.n, needle.p, needle.n);
	return at == NULL ? v.n : (size_t)(at - v.p);
}

static const struct {
	uint32_t first, last;
	enum reason reason;
} numbers[] = {
	{ 2, 2, REASON_ISSUER_UNKNOWN },
	{ 3, 3, REASON_CRL_UNUSABLE },
	{ 4, 4, REASON_BAD_SIGNATURE },
	{ 6, 6, REASON_MALFORMED },
	{ 7, 7, REASON_BAD_SIGNATURE },
	{ 8, 8, REASON_CRL_UNUSABLE },
	{ 9, 9, REASON_NOT_YET_VALID },
	{ 10, 10, REASON_EXPIRED_LEAF },
	{ 11, 12, REASON_CRL_UNUSABLE },
	{ 13, 14, REASON_MALFORMED },
	{ 18, 18, REASON_SELF_SIGNED_LEAF },
	{ 19, 19, REASON_UNTRUSTED_ROOT },
	{ 20, 21, REASON_ISSUER_UNKNOWN },
	{ 22, 22, REASON_CHAIN_TOO_LONG },
	{ 23, 23, REASON_REVOKED },
	{ 24, 24, REASON_INVALID_CA },
	{ 25, 25, REASON_PATH_LENGTH },
	{ 26, 26, REASON_WRONG_PURPOSE },
	{ 27, 28, REASON_DISTRUSTED },
	{ 29, 31, REASON_WRONG_INTERMEDIATE },
	{ 32, 32, REASON_BAD_KEY_USAGE },
	{ 33, 33, REASON_CRL_UNUSABLE },
	{ 34, 34, REASON_CRITICAL_EXTENSION },
	{ 35, 36, REASON_CRL_UNUSABLE },
	{ 37, 37, REASON_INVALID_CA },
	{ 38, 38, REASON_PATH_LENGTH },
	{ 39, 39, REASON_BAD_KEY_USAGE },
	{ 41, 42, REASON_MALFORMED },
	{ 44, 44, REASON_CRL_UNUSABLE },
	{ 47, 53, REASON_NAME_CONSTRAINTS },
	{ 62, 64, REASON_NAME_MISMATCH },
	{ 66, 67, REASON_WEAK_KEY },
	{ 68, 68, REASON_WEAK_SIGNATURE },
	{ 79, 79, REASON_INVALID_CA },
	{ 94, 94, REASON_WEAK_SIGNATURE },
};

enum reason
words_x509_number(uint32_t n)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (n >= numbers[i].first && n <= numbers[i].last)
			return numbers[i].reason;
	return REASON_CERT_NOT_VERIFIED;
}

static const struct {
	struct sv text;
	enum reason reason;
} texts[] = {
	{ SV("self-signed certificate in certificate chain"),
	    REASON_UNTRUSTED_ROOT },
	{ SV("self signed certificate in certificate chain"),
	    REASON_UNTRUSTED_ROOT },
	{ SV("self-signed certificate"), REASON_SELF_SIGNED_LEAF },
	{ SV("self signed certificate"), REASON_SELF_SIGNED_LEAF },
	{ SV("unable to get local issuer certificate"), REASON_ISSUER_UNKNOWN },
	{ SV("unable to get issuer certificate"), REASON_ISSUER_UNKNOWN },
	{ SV("unable to verify the first certificate"), REASON_ISSUER_UNKNOWN },
	{ SV("certificate not trusted"), REASON_DISTRUSTED },
	{ SV("certificate rejected"), REASON_DISTRUSTED },
	{ SV("certificate has expired"), REASON_EXPIRED_LEAF },
	{ SV("certificate is not yet valid"), REASON_NOT_YET_VALID },
	{ SV("certificate not yet valid"), REASON_NOT_YET_VALID },
	{ SV("certificate revoked"), REASON_REVOKED },
	{ SV("certificate signature failure"), REASON_BAD_SIGNATURE },
	{ SV("hostname mismatch"), REASON_NAME_MISMATCH },
	{ SV("Hostname mismatch"), REASON_NAME_MISMATCH },
	{ SV("IP address mismatch"), REASON_NAME_MISMATCH },
	{ SV("unsupported certificate purpose"), REASON_WRONG_PURPOSE },
	{ SV("unsuitable certificate purpose"), REASON_WRONG_PURPOSE },
	{ SV("invalid CA certificate"), REASON_INVALID_CA },
	{ SV("path length constraint exceeded"), REASON_PATH_LENGTH },
	{ SV("certificate chain too long"), REASON_CHAIN_TOO_LONG },
	{ SV("permitted subtree violation"), REASON_NAME_CONSTRAINTS },
	{ SV("excluded subtree violation"), REASON_NAME_CONSTRAINTS },
	{ SV("key too weak"), REASON_WEAK_KEY },
	{ SV("key too small"), REASON_WEAK_KEY },
	{ SV("md too weak"), REASON_WEAK_SIGNATURE },
	{ SV("unhandled critical extension"), REASON_CRITICAL_EXTENSION },
	{ SV("unable to get certificate CRL"), REASON_CRL_UNUSABLE },
	{ SV("CRL has expired"), REASON_CRL_UNUSABLE },
};

enum reason
words_x509_text(struct sv text)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (words_find(text, texts[i].text) < text.n)
			return texts[i].reason;
	return REASON_COUNT;
}

static const char ours_untrusted[] =
    "The other side does not accept OUR certificate: look at our own chain "
    "with tlswarden check --self.";
static const char ours_expired[] =
    "The other side says that OUR certificate has expired: look at it with "
    "tlswarden check --self.";

/* Alerts are what the peer said of us; the rest is what we found in it. */
static const struct {
	struct sv text;
	enum reason reason;
	enum reason_fault fault;
	const char *remark;
} library[] = {
	{ SV("alert unknown ca"), REASON_INCOMPLETE_CHAIN, FAULT_OURS,
	    ours_untrusted },
	{ SV("alert bad certificate"), REASON_CERT_NOT_VERIFIED, FAULT_OURS,
	    ours_untrusted },
	{ SV("alert certificate unknown"), REASON_CERT_NOT_VERIFIED, FAULT_OURS,
	    ours_untrusted },
	{ SV("alert certificate expired"), REASON_EXPIRED_LEAF, FAULT_OURS,
	    ours_expired },
	{ SV("alert certificate revoked"), REASON_REVOKED, FAULT_OURS,
	    ours_untrusted },
	{ SV("alert certificate required"), REASON_CLIENT_CERT_REQUIRED,
	    FAULT_THEIRS, NULL },
	{ SV("peer did not return a certificate"), REASON_NO_CLIENT_CERT,
	    FAULT_THEIRS, NULL },
	{ SV("alert protocol version"), REASON_LEGACY_PROTOCOL, FAULT_UNKNOWN,
	    "The two sides have no TLS version in common." },
	{ SV("unsupported protocol"), REASON_LEGACY_PROTOCOL, FAULT_THEIRS,
	    NULL },
	{ SV("version too low"), REASON_LEGACY_PROTOCOL, FAULT_THEIRS, NULL },
	{ SV("unknown protocol"), REASON_PROTOCOL_ERROR, FAULT_THEIRS, NULL },
	{ SV("wrong version number"), REASON_PROTOCOL_ERROR, FAULT_THEIRS,
	    "The answer to the handshake was no TLS, often a plain SMTP "
	    "reply." },
	{ SV("http request"), REASON_PROTOCOL_ERROR, FAULT_THEIRS,
	    "Somebody speaks HTTP to the mail server." },
	{ SV("packet length too long"), REASON_PROTOCOL_ERROR, FAULT_THEIRS,
	    NULL },
	{ SV("no shared cipher"), REASON_HANDSHAKE_FAILURE, FAULT_UNKNOWN,
	    "The two sides have no cipher in common." },
	{ SV("no suitable signature algorithm"), REASON_HANDSHAKE_FAILURE,
	    FAULT_UNKNOWN, "The two sides have no signature in common." },
	{ SV("dh key too small"), REASON_WEAK_KEY, FAULT_THEIRS,
	    "The server's Diffie-Hellman parameters are too short." },
	{ SV("ee key too small"), REASON_WEAK_KEY, FAULT_THEIRS, NULL },
	{ SV("ca md too weak"), REASON_WEAK_SIGNATURE, FAULT_THEIRS, NULL },
	{ SV("alert insufficient security"), REASON_CIPHER_TOO_WEAK, FAULT_OURS,
	    "The other side demands stronger ciphers of us." },
	{ SV("alert handshake failure"), REASON_HANDSHAKE_FAILURE,
	    FAULT_UNKNOWN, NULL },
	{ SV("certificate verify failed"), REASON_CERT_NOT_VERIFIED,
	    FAULT_THEIRS, NULL },
	{ SV("unexpected eof while reading"), REASON_CONNECTION_CLOSED,
	    FAULT_THEIRS, NULL },
	{ SV("alert"), REASON_HANDSHAKE_FAILURE, FAULT_UNKNOWN, NULL },
};

bool
words_library(struct sv text, struct annotation *r)
{
	for (size_t i = 0; i < sizeof(library) / sizeof(library[0]); i++) {
		if (words_find(text, library[i].text) == text.n)
			continue;
		r->reason = library[i].reason;
		r->fault = library[i].fault;
		r->remark = library[i].remark;
		return true;
	}
	return false;
}
