/* tlswarden: cert/container - what is in a file of certificates.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include "base/limits.h"
#include "base/mem.h"
#include "cert/container.h"
#include "base/banned.h"

struct walk {
	container_fn *fn;
	void *arg;
	struct err *err_r;
};

static const struct {
	const char *name;
	enum object_kind kind;
} pem_names[] = {
	{ "CERTIFICATE", OBJECT_CERT },
	{ "X509 CERTIFICATE", OBJECT_CERT },
	{ "TRUSTED CERTIFICATE", OBJECT_TRUSTED_CERT },
	{ "X509 CRL", OBJECT_CRL },
	{ "PKCS7", OBJECT_PKCS7 },
	{ "PKCS #7 SIGNED DATA", OBJECT_PKCS7 },
	{ "CMS", OBJECT_PKCS7 },
	{ "PRIVATE KEY", OBJECT_KEY },
	{ "ENCRYPTED PRIVATE KEY", OBJECT_KEY },
	{ "RSA PRIVATE KEY", OBJECT_KEY },
	{ "EC PRIVATE KEY", OBJECT_KEY },
	{ "DSA PRIVATE KEY", OBJECT_KEY },
	{ "PUBLIC KEY", OBJECT_PUBLIC_KEY },
	{ "RSA PUBLIC KEY", OBJECT_PUBLIC_KEY },
	{ "CERTIFICATE REQUEST", OBJECT_REQUEST },
	{ "NEW CERTIFICATE REQUEST", OBJECT_REQUEST },
	{ "PKCS12", OBJECT_PKCS12 },
};

const char *
object_kind_words(enum object_kind k)
{
	static const char *const words[OBJECT_KINDS] = {
		[OBJECT_OTHER] = "something else",
		[OBJECT_BROKEN] = "a damaged PEM block",
		[OBJECT_CERT] = "a certificate",
		[OBJECT_TRUSTED_CERT] = "a trusted certificate",
		[OBJECT_CRL] = "a CRL",
		[OBJECT_PKCS7] = "a PKCS#7 without certificates",
		[OBJECT_KEY] = "a private key",
		[OBJECT_PUBLIC_KEY] = "a public key",
		[OBJECT_REQUEST] = "a certificate request (CSR)",
		[OBJECT_PKCS12] = "a PKCS#12 file (.p12, .pfx)",
	};

	return words[k];
}

static int
emit_certs(const struct walk *w, struct object *o, STACK_OF(X509) * certs)
{
	for (int i = 0; i < sk_X509_num(certs); i++) {
		unsigned char *der = NULL;
		int n = i2d_X509(sk_X509_value(certs, i), &der);
		int rc = 0;

		if (n > 0) {
			o->kind = OBJECT_CERT;
			o->der = sv_make((const char *)der, (size_t)n);
			rc = w->fn(w->arg, o, w->err_r);
		}
		OPENSSL_free(der);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
emit_crls(const struct walk *w, struct object *o, STACK_OF(X509_CRL) * crls)
{
	for (int i = 0; i < sk_X509_CRL_num(crls); i++) {
		unsigned char *der = NULL;
		int n = i2d_X509_CRL(sk_X509_CRL_value(crls, i), &der);
		int rc = 0;

		if (n > 0) {
			o->kind = OBJECT_CRL;
			o->der = sv_make((const char *)der, (size_t)n);
			rc = w->fn(w->arg, o, w->err_r);
		}
		OPENSSL_free(der);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* RFC 2315 9.1: certificates and crls of SignedData, each a set. */
static int
emit_pkcs7(const struct walk *w, const struct object *outer)
{
	const unsigned char *p = (const unsigned char *)outer->der.p;
	PKCS7 *p7 = d2i_PKCS7(NULL, &p, (long)outer->der.n);
	struct object o = *outer;
	int rc = 0;

	if (p7 == NULL || !PKCS7_type_is_signed(p7) || p7->d.sign == NULL ||
	    (sk_X509_num(p7->d.sign->cert) <= 0 &&
		sk_X509_CRL_num(p7->d.sign->crl) <= 0)) {
		rc = w->fn(w->arg, outer, w->err_r);
	} else {
		o.is_from_set = true;
		rc = emit_certs(w, &o, p7->d.sign->cert);
		if (rc == 0)
			rc = emit_crls(w, &o, p7->d.sign->crl);
	}
	PKCS7_free(p7);
	return rc;
}

static int
emit(const struct walk *w, const struct object *o)
{
	if (o->kind == OBJECT_PKCS7)
		return emit_pkcs7(w, o);
	return w->fn(w->arg, o, w->err_r);
}

/* The text between "-----BEGIN " or "-----END " and "-----" of a line. */
static bool
armour_name(struct sv line, const char *lead, struct sv *name_r)
{
	struct sv tail = SV("-----"), head = sv_from(lead);

	line = sv_trim(line);
	if (line.n < head.n + tail.n || !sv_starts(line, head) ||
	    !sv_ends(line, tail))
		return false;
	line = sv_skip(line, head.n);
	*name_r = sv_head(line, line.n - tail.n);
	return true;
}

static enum object_kind
kind_of_name(struct sv name)
{
	for (size_t i = 0; i < sizeof(pem_names) / sizeof(pem_names[0]); i++)
		if (sv_is(name, pem_names[i].name))
			return pem_names[i].kind;
	return OBJECT_OTHER;
}

/* Decodes base64 with blanks and line ends in it. Gives the bytes. */
static bool
decode_base64(struct sv text, unsigned char **out_r, size_t *n_r)
{
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	unsigned char *out = mem_alloc(text.n / 4 * 3 + 8);
	int n = 0, last = 0;
	bool ok = ctx != NULL;

	if (ok) {
		EVP_DecodeInit(ctx);
		ok = EVP_DecodeUpdate(ctx, out, &n,
			 (const unsigned char *)text.p, (int)text.n) >= 0 &&
		    EVP_DecodeFinal(ctx, out + n, &last) >= 0 && n + last > 0;
	}
	EVP_ENCODE_CTX_free(ctx);
	if (!ok) {
		free(out);
		return false;
	}
	*out_r = out;
	*n_r = (size_t)(n + last);
	return true;
}

static int
emit_block(const struct walk *w, struct object *o, struct sv body)
{
	unsigned char *der = NULL;
	size_t n = 0;
	int rc;

	o->kind = kind_of_name(o->name);
	if (o->kind != OBJECT_KEY) { /* keys may have headers, be encrypted */
		if (decode_base64(body, &der, &n))
			o->der = sv_make((const char *)der, n);
		else
			o->kind = OBJECT_BROKEN;
	}
	rc = emit(w, o);
	free(der);
	return rc;
}

/* RFC 7468: text outside of the armour is ignored. */
static int
walk_pem(const struct walk *w, struct sv bytes)
{
	struct sv rest = bytes, line, name, body = { NULL, 0 };
	struct object o = { 0 };
	bool is_inside = false;
	int rc = 0;

	for (size_t n = 1; rc == 0 && sv_cut(&rest, '\n', &line); n++) {
		if (armour_name(line, "-----BEGIN ", &name)) {
			if (is_inside) {
				o.kind = OBJECT_BROKEN;
				rc = emit(w, &o);
			}
			o = (struct object){ .name = name, .line = n };
			body = sv_make(rest.p, 0);
			is_inside = true;
		} else if (is_inside && armour_name(line, "-----END ", &name)) {
			body.n = (size_t)(line.p - body.p);
			is_inside = false;
			rc = emit_block(w, &o, body);
		}
	}
	if (rc == 0 && is_inside) {
		o.kind = OBJECT_BROKEN;
		rc = emit(w, &o);
	}
	return rc;
}

/* OpenSSL tries all its decoders on a key, which takes seconds for megabytes
 * of nested nothing; RSA-16384 has 10,000 bytes. */
enum { KEY_BYTES_MAX = 32768 };

static bool
decodes_as_key(const unsigned char *p, long n)
{
	const unsigned char *q = p;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &q, n);
	X509_SIG *sealed = NULL;
	bool is_key = key != NULL;

	if (!is_key) {
		q = p;
		sealed = d2i_X509_SIG(NULL, &q, n);
		is_key = sealed != NULL;
	}
	EVP_PKEY_free(key);
	X509_SIG_free(sealed);
	return is_key;
}

/* What one DER object is; its length to *n_r. */
static enum object_kind
kind_of_der(struct sv der, size_t *n_r)
{
	const unsigned char *p = (const unsigned char *)der.p, *q = p;
	long n = (long)der.n;
	long key_n = n < KEY_BYTES_MAX ? n : KEY_BYTES_MAX;
	enum object_kind kind = OBJECT_OTHER;
	X509 *x;
	X509_CRL *crl = NULL;
	PKCS7 *p7 = NULL;
	X509_REQ *req = NULL;
	PKCS12 *p12 = NULL;
	EVP_PKEY *pub = NULL;

	x = d2i_X509(NULL, &q, n);
	if (x != NULL)
		kind = OBJECT_CERT;
	else if ((q = p, crl = d2i_X509_CRL(NULL, &q, n)) != NULL)
		kind = OBJECT_CRL;
	else if ((q = p, p7 = d2i_PKCS7(NULL, &q, n)) != NULL)
		kind = OBJECT_PKCS7;
	else if ((q = p, req = d2i_X509_REQ(NULL, &q, n)) != NULL)
		kind = OBJECT_REQUEST;
	else if ((q = p, p12 = d2i_PKCS12(NULL, &q, n)) != NULL)
		kind = OBJECT_PKCS12;
	else if ((q = p, pub = d2i_PUBKEY(NULL, &q, key_n)) != NULL)
		kind = OBJECT_PUBLIC_KEY;
	else if ((q = p + n, decodes_as_key(p, key_n)))
		kind = OBJECT_KEY;
	X509_free(x);
	X509_CRL_free(crl);
	PKCS7_free(p7);
	X509_REQ_free(req);
	PKCS12_free(p12);
	EVP_PKEY_free(pub);
	*n_r = kind == OBJECT_OTHER ? der.n : (size_t)(q - p);
	return kind;
}

static int
walk_der(const struct walk *w, struct sv bytes)
{
	int rc = 0;

	while (rc == 0 && bytes.n > 0) {
		struct object o = { 0 };
		size_t n = bytes.n;

		o.kind = kind_of_der(bytes, &n);
		o.der = sv_head(bytes, n);
		rc = emit(w, &o);
		bytes = sv_skip(bytes, n);
	}
	return rc;
}

/* DER of all kinds that matter is a SEQUENCE, 0x30; that is also the digit
 * with which text may begin. */
static bool
looks_like_der(struct sv bytes)
{
	static const char armour[] = "-----BEGIN ";
	size_t n;

	if (bytes.n == 0 || bytes.p[0] != 0x30)
		return false;
	return kind_of_der(bytes, &n) != OBJECT_OTHER ||
	    memmem(bytes.p, bytes.n, armour, sizeof(armour) - 1) == NULL;
}

int
container_walk(struct sv bytes, container_fn *fn, void *arg, struct err *err_r)
{
	struct walk w = { .fn = fn, .arg = arg, .err_r = err_r };
	struct sv bom = SV("\xEF\xBB\xBF");
	int rc;

	if (sv_starts(bytes, bom))
		bytes = sv_skip(bytes, bom.n);
	if (looks_like_der(bytes))
		rc = walk_der(&w, bytes);
	else
		rc = walk_pem(&w, bytes);
	ERR_clear_error();
	return rc;
}
