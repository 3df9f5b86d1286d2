/* tlswarden: cert/info - one certificate in words that are safe to print.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/limits.h"
#include "cert/info.h"
#include "cert/words.h"
#include "base/banned.h"

/* Scratch text of any one field. */
#define FIELD_MAX 8192

static const char *
keep(struct arena *mem, struct buf *text)
{
	struct sv v = arena_sv(mem, buf_sv(text));

	buf_reset(text);
	return v.p;
}

static const char *
keep_key_id(struct arena *mem, struct buf *text, const ASN1_OCTET_STRING *id)
{
	if (id == NULL)
		return NULL;
	words_hex(text, ASN1_STRING_get0_data(id),
	    (size_t)ASN1_STRING_length(id));
	return keep(mem, text);
}

static const char *
entry(struct arena *mem, struct buf *text, const X509_NAME *name, int at)
{
	if (at < 0)
		return NULL;
	words_asn1(text,
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)), NULL,
	    WORDS_NAME_MAX);
	return keep(mem, text);
}

static const char *
last_cn(struct arena *mem, struct buf *text, const X509_NAME *name)
{
	int at = -1, last = -1;

	while ((at = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0)
		last = at;
	return entry(mem, text, name, last);
}

/* Postfix's tls_issuer_CN(), tls/tls_verify.c. */
static const char *
postfix_name(struct arena *mem, struct buf *text, const X509_NAME *name)
{
	int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);

	if (at < 0)
		at = X509_NAME_get_index_by_NID(name, NID_organizationName, -1);
	return entry(mem, text, name, at);
}

static const char *
oneline(struct arena *mem, struct buf *text, const X509_NAME *name)
{
	char line[WORDS_DN_MAX];

	/* Escapes what is not printable ASCII itself, and cuts. */
	if (X509_NAME_oneline(name, line, (int)sizeof(line)) != NULL)
		words_utf8(text, sv_from(line), NULL, sizeof(line));
	return keep(mem, text);
}

static const char *
key_words(struct arena *mem, struct buf *text, X509 *x)
{
	EVP_PKEY *key = X509_get0_pubkey(x);
	const char *type;
	char curve[64];
	size_t n = 0;

	if (key == NULL)
		return "unreadable";
	type = EVP_PKEY_get0_type_name(key);
	words_utf8(text, sv_from(type != NULL ? type : "unknown"), NULL, 32);
	if (EVP_PKEY_get_group_name(key, curve, sizeof(curve), &n) == 1 &&
	    EVP_PKEY_is_a(key, "EC")) {
		buf_addc(text, ' ');
		words_utf8(text, sv_from(curve), NULL, sizeof(curve));
	}
	buf_addf(text, " %d bits", EVP_PKEY_get_bits(key));
	return keep(mem, text);
}

static const char *
signature_words(struct arena *mem, struct buf *text, const X509 *x)
{
	int nid = X509_get_signature_nid(x);

	buf_adds(text, nid != NID_undef ? OBJ_nid2ln(nid) : "unknown");
	return keep(mem, text);
}

static const char *
digest_hex(struct arena *mem, struct buf *text, const unsigned char *md)
{
	for (int i = 0; i < 32; i++)
		buf_addf(text, "%02x", md[i]);
	return keep(mem, text);
}

static void
fill_digests(X509 *x, struct arena *mem, struct buf *text,
    struct cert_info *info)
{
	unsigned char md[EVP_MAX_MD_SIZE] = { 0 }, *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);

	(void)X509_digest(x, EVP_sha256(), md, NULL);
	info->sha256 = digest_hex(mem, text, md);
	memset(md, 0, sizeof(md));
	if (n > 0)
		(void)EVP_Digest(der, (size_t)n, md, NULL, EVP_sha256(), NULL);
	info->spki_sha256 = digest_hex(mem, text, md);
	OPENSSL_free(der);
}

static void
fill_names(const X509 *x, struct arena *mem, struct buf *text,
    struct cert_info *info)
{
	GENERAL_NAMES *sans =
	    X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	int n = sk_GENERAL_NAME_num(sans);
	const char **names = arena_alloc(mem,
	    sizeof(*names) *
		(size_t)(n < 0                 ? 1
			: n > LIMIT_CERT_NAMES ? LIMIT_CERT_NAMES + 1
					       : n + 1));
	bool has_dns = false;

	for (int i = 0; i < n; i++) {
		GENERAL_NAME *gn = sk_GENERAL_NAME_value(sans, i);

		has_dns = has_dns || gn->type == GEN_DNS;
		buf_reset(text);
		if (!words_general_name(text, gn))
			continue;
		if (info->n_names < LIMIT_CERT_NAMES)
			names[info->n_names++] = keep(mem, text);
		else
			info->names_left_out++;
	}
	buf_reset(text);
	/* RFC 6125 6.4.4: the CN counts when there is no DNS name. */
	has_dns = has_dns ||
	    (sans == NULL &&
		X509_get_ext_by_NID(x, NID_subject_alt_name, -1) >= 0);
	if (!has_dns && info->subject_cn != NULL)
		names[info->n_names++] = info->subject_cn;
	info->names = names;
	GENERAL_NAMES_free(sans);
}

/* RFC 5280 4.2.2.1; http can be fetched, ldap only be told. */
static void
fill_issuer_url(const X509 *x, struct arena *mem, struct buf *text,
    struct cert_info *info)
{
	AUTHORITY_INFO_ACCESS *aia =
	    X509_get_ext_d2i(x, NID_info_access, NULL, NULL);
	bool has_http = false;

	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(aia) && i < 64; i++) {
		const ACCESS_DESCRIPTION *ad =
		    sk_ACCESS_DESCRIPTION_value(aia, i);
		const ASN1_IA5STRING *uri;
		struct sv v, http = SV("http://");

		if (OBJ_obj2nid(ad->method) != NID_ad_ca_issuers ||
		    ad->location->type != GEN_URI || has_http)
			continue;
		uri = ad->location->d.uniformResourceIdentifier;
		v = sv_make((const char *)ASN1_STRING_get0_data(uri),
		    (size_t)ASN1_STRING_length(uri));
		has_http = sv_eq_nocase(sv_head(v, http.n), http);
		if (!has_http && info->issuer_url != NULL)
			continue;
		words_utf8(text, v, " <>\"'", 1024);
		info->issuer_url = keep(mem, text);
	}
	AUTHORITY_INFO_ACCESS_free(aia);
}

static void
fill_subject(X509 *x, struct arena *mem, struct buf *text,
    struct cert_info *info)
{
	const X509_NAME *subject = X509_get_subject_name(x);
	const X509_NAME *issuer = X509_get_issuer_name(x);

	words_dn(text, subject);
	info->subject = keep(mem, text);
	words_dn(text, issuer);
	info->issuer = keep(mem, text);
	info->subject_cn = last_cn(mem, text, subject);
	info->subject_postfix = postfix_name(mem, text, subject);
	info->subject_oneline = oneline(mem, text, subject);
	words_serial(text, X509_get0_serialNumber(x));
	info->serial = keep(mem, text);
	info->is_self_issued = X509_NAME_cmp(subject, issuer) == 0;
	info->is_self_signed =
	    info->is_self_issued && X509_verify(x, X509_get0_pubkey(x)) == 1;
}

void
cert_info_fill(struct x509_st *x, struct arena *mem, struct cert_info *info_r)
{
	struct buf text;

	*info_r = (struct cert_info){ 0 };
	buf_init(&text, FIELD_MAX);
	fill_subject(x, mem, &text, info_r);
	info_r->not_before = words_time(X509_get0_notBefore(x));
	info_r->not_after = words_time(X509_get0_notAfter(x));
	fill_names(x, mem, &text, info_r);
	info_r->key = key_words(mem, &text, x);
	info_r->signature = signature_words(mem, &text, x);
	fill_digests(x, mem, &text, info_r);
	info_r->subject_key_id =
	    keep_key_id(mem, &text, X509_get0_subject_key_id(x));
	info_r->authority_key_id =
	    keep_key_id(mem, &text, X509_get0_authority_key_id(x));
	fill_issuer_url(x, mem, &text, info_r);
	info_r->is_ca = X509_check_ca(x) > 0;
	buf_free(&text);
	ERR_clear_error();
}

const char *
cert_info_time(int64_t t, char text_r[INFO_TIME_SIZE])
{
	time_t when = (time_t)t;
	struct tm tm;

	if (t == INT64_MIN || gmtime_r(&when, &tm) == NULL ||
	    strftime(text_r, INFO_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return "unreadable";
	return text_r;
}
