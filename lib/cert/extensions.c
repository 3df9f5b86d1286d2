/* tlswarden: cert/extensions - what extensions allow, and which are broken.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "cert/extensions.h"
#include "cert/words.h"
#include "base/banned.h"

/* Extensions of one certificate that are looked at, and that are named. */
#define EXTENSIONS_MAX 256
#define EXTENSIONS_SHOWN_MAX 8

static bool
ns_type_lacks(const X509 *x, int wanted)
{
	ASN1_BIT_STRING *type =
	    X509_get_ext_d2i(x, NID_netscape_cert_type, NULL, NULL);
	bool lacks = false;

	if (type != NULL && ASN1_STRING_length(type) > 0)
		lacks = (ASN1_STRING_get0_data(type)[0] & wanted) == 0;
	ASN1_BIT_STRING_free(type);
	return lacks;
}

static unsigned
leaf_troubles(X509 *x, int purpose)
{
	bool is_server = purpose == X509_PURPOSE_SSL_SERVER;
	uint32_t ku = X509_get_key_usage(x); /* all bits when absent */
	uint32_t need = is_server
	    ? KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT
	    : KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT;
	unsigned troubles = 0;

	if ((ku & need) == 0)
		troubles |= PURPOSE_KU;
	if (ns_type_lacks(x, is_server ? NS_SSL_SERVER : NS_SSL_CLIENT))
		troubles |= PURPOSE_NS_TYPE;
	return troubles;
}

static unsigned
ca_troubles(X509 *x)
{
	bool may_sign = (X509_get_key_usage(x) & KU_KEY_CERT_SIGN) != 0;

	if (X509_check_ca(x) > 0)
		return 0;
	if ((X509_get_extension_flags(x) & EXFLAG_CA) != 0 && !may_sign)
		return PURPOSE_NO_SIGN;
	return PURPOSE_NOT_CA | (may_sign ? 0U : PURPOSE_NO_SIGN);
}

unsigned
extensions_purpose(X509 *x, int purpose, bool is_ca)
{
	uint32_t wanted = purpose == X509_PURPOSE_SSL_SERVER
	    ? XKU_SSL_SERVER | XKU_SGC
	    : XKU_SSL_CLIENT;
	unsigned troubles = 0;

	if (purpose != 0 &&
	    (X509_get_extended_key_usage(x) & (wanted | XKU_ANYEKU)) == 0)
		troubles |= PURPOSE_EKU;
	if (is_ca)
		return troubles | ca_troubles(x);
	return purpose != 0 ? troubles | leaf_troubles(x, purpose) : troubles;
}

bool
extensions_any_eku_suffices(X509 *x, int purpose, bool is_ca)
{
	uint32_t eku = X509_get_extended_key_usage(x);

	return purpose != 0 && eku != UINT32_MAX && (eku & XKU_ANYEKU) != 0 &&
	    extensions_purpose(x, purpose, is_ca) == PURPOSE_FINE;
}

void
extensions_eku_words(const X509 *x, struct buf *out)
{
	EXTENDED_KEY_USAGE *eku =
	    X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
	int n = sk_ASN1_OBJECT_num(eku);

	for (int i = 0; i < n && i < 16; i++) {
		const ASN1_OBJECT *o = sk_ASN1_OBJECT_value(eku, i);
		int nid = OBJ_obj2nid(o);
		char oid[80];

		if (i > 0)
			buf_adds(out, ", ");
		if (nid != NID_undef)
			buf_adds(out, OBJ_nid2sn(nid));
		else if (OBJ_obj2txt(oid, sizeof(oid), o, 1) > 0)
			buf_adds(out, oid);
	}
	if (n > 16)
		buf_adds(out, ", ...");
	EXTENDED_KEY_USAGE_free(eku);
}

void
extensions_ku_words(X509 *x, struct buf *out)
{
	static const struct {
		uint32_t bit;
		const char *word;
	} bits[] = {
		{ KU_DIGITAL_SIGNATURE, "digitalSignature" },
		{ KU_NON_REPUDIATION, "nonRepudiation" },
		{ KU_KEY_ENCIPHERMENT, "keyEncipherment" },
		{ KU_DATA_ENCIPHERMENT, "dataEncipherment" },
		{ KU_KEY_AGREEMENT, "keyAgreement" },
		{ KU_KEY_CERT_SIGN, "keyCertSign" },
		{ KU_CRL_SIGN, "cRLSign" },
		{ KU_ENCIPHER_ONLY, "encipherOnly" },
		{ KU_DECIPHER_ONLY, "decipherOnly" },
	};
	uint32_t ku = X509_get_key_usage(x);
	const char *sep = "";

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if ((ku & bits[i].bit) != 0) {
			buf_addf(out, "%s%s", sep, bits[i].word);
			sep = ", ";
		}
	if (sep[0] == '\0')
		buf_adds(out, "nothing");
}

static void
extension_name(const ASN1_OBJECT *o, struct buf *out)
{
	int nid = OBJ_obj2nid(o);
	char oid[80];

	if (nid != NID_undef)
		buf_adds(out, OBJ_nid2sn(nid));
	else if (OBJ_obj2txt(oid, sizeof(oid), o, 1) > 0)
		buf_adds(out, oid);
	else
		buf_adds(out, "an extension");
}

/* Whether OpenSSL knows the extension and cannot decode it. */
static bool
is_undecodable(X509_EXTENSION *ext)
{
	const X509V3_EXT_METHOD *method = X509V3_EXT_get(ext);
	void *value;

	if (method == NULL)
		return false;
	value = X509V3_EXT_d2i(ext);
	if (value == NULL)
		return true;
	if (method->it != NULL)
		ASN1_item_free(value, ASN1_ITEM_ptr(method->it));
	else if (method->ext_free != NULL)
		method->ext_free(value);
	return false;
}

static void
separate(struct buf *out, size_t start)
{
	if (out->n > start)
		buf_adds(out, "; ");
}

/* RFC 5280 4.2: an extension must not occur twice. */
static bool
is_repeated(const X509 *x, const ASN1_OBJECT *o, int at)
{
	return X509_get_ext_by_OBJ(x, o, at) >= 0 &&
	    X509_get_ext_by_OBJ(x, o, -1) == at;
}

void
extensions_malformed_words(X509 *x, struct buf *out)
{
	size_t start = out->n;
	int n = X509_get_ext_count(x), shown = 0;

	for (int i = 0;
	     i < n && i < EXTENSIONS_MAX && shown < EXTENSIONS_SHOWN_MAX; i++) {
		X509_EXTENSION *ext = X509_get_ext(x, i);
		ASN1_OBJECT *o = X509_EXTENSION_get_object(ext);
		bool is_broken = is_undecodable(ext);

		if (!is_broken && !is_repeated(x, o, i))
			continue;
		shown++;
		separate(out, start);
		extension_name(o, out);
		buf_adds(out,
		    is_broken ? " cannot be decoded" : " is there twice");
	}
	if (out->n == start && X509_get0_pubkey(x) == NULL) {
		separate(out, start);
		buf_adds(out, "the public key cannot be decoded");
	}
	if (out->n == start &&
	    (X509_check_purpose(x, -1, 0) != 1 ||
		(X509_get_extension_flags(x) & EXFLAG_INVALID) != 0))
		buf_adds(out,
		    "an extension holds a value that RFC 5280 forbids");
	ERR_clear_error();
}

void
extensions_critical_words(const X509 *x, struct buf *out)
{
	size_t start = out->n;
	int n = X509_get_ext_count(x), shown = 0;

	for (int i = 0;
	     i < n && i < EXTENSIONS_MAX && shown < EXTENSIONS_SHOWN_MAX; i++) {
		X509_EXTENSION *ext = X509_get_ext(x, i);
		const ASN1_OBJECT *o = X509_EXTENSION_get_object(ext);

		/* OpenSSL knows proxy certificates (RFC 3820), nobody allows
		 * them. */
		if (X509_EXTENSION_get_critical(ext) != 1 ||
		    (X509_supported_extension(ext) == 1 &&
			OBJ_obj2nid(o) != NID_proxyCertInfo))
			continue;
		shown++;
		if (out->n > start)
			buf_adds(out, ", ");
		extension_name(o, out);
	}
}

bool
extensions_must_staple(const X509 *x)
{
	TLS_FEATURE *features = X509_get_ext_d2i(x, NID_tlsfeature, NULL, NULL);
	bool must = false;

	for (int i = 0; i < sk_ASN1_INTEGER_num(features) && i < 16; i++)
		must |= ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) ==
		    5; /* status_request */
	TLS_FEATURE_free(features);
	return must;
}
