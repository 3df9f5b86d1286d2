/* tlswarden: cert/words - what certificates carry, in words safe to print.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <arpa/inet.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/objects.h>

#include "cert/words.h"
#include "base/banned.h"

/* The code point at the front of v and its length; 0 for what is not UTF-8
 * (RFC 3629: no overlong forms, no surrogates, nothing above 10FFFF). */
static size_t
decode_utf8(struct sv v, uint32_t *point_r)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)v.p;
	size_t n = p[0] < 0x80 ? 1
	    : p[0] < 0xC2      ? 0
	    : p[0] < 0xE0      ? 2
	    : p[0] < 0xF0      ? 3
	    : p[0] < 0xF5      ? 4
			       : 0;
	uint32_t point;

	if (n <= 1 || n > v.n) {
		*point_r = p[0];
		return n == 1 ? 1 : 0;
	}
	point = p[0] & (0xFFU >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		point = point << 6 | (p[i] & 0x3FU);
	}
	if (point < least[n] || point > 0x10FFFF ||
	    (point >= 0xD800 && point <= 0xDFFF))
		return 0;
	*point_r = point;
	return n;
}

/* Controls, invisible and bidirectional formatting, line separators, tags,
 * private use and noncharacters: what could hide or rearrange output. */
static bool
is_harmless(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} bad[] = {
		{ 0x00, 0x1F },
		{ 0x7F, 0x9F },
		{ 0xAD, 0xAD },
		{ 0x61C, 0x61C },
		{ 0x115F, 0x1160 },
		{ 0x180B, 0x180F },
		{ 0x200B, 0x200F },
		{ 0x2028, 0x202E },
		{ 0x2060, 0x206F },
		{ 0x3164, 0x3164 },
		{ 0xE000, 0xF8FF },
		{ 0xFDD0, 0xFDEF },
		{ 0xFE00, 0xFE0F },
		{ 0xFEFF, 0xFEFF },
		{ 0xFFA0, 0xFFA0 },
		{ 0xFFF0, 0xFFFF },
		{ 0x1D173, 0x1D17A },
		{ 0xE0000, 0x10FFFF },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (c >= bad[i].first && c <= bad[i].last)
			return false;
	return true;
}

void
words_utf8(struct buf *out, struct sv v, const char *specials, size_t max_bytes)
{
	struct sv rest = sv_head(v, max_bytes);

	while (rest.n > 0) {
		uint32_t point = 0;
		size_t n = decode_utf8(rest, &point);

		if (n == 0) {
			if (v.n > max_bytes && rest.n < 4)
				break; /* cut in the middle of a character */
			buf_addf(out, "\\x%02X", (unsigned char)rest.p[0]);
			n = 1;
		} else if (!is_harmless(point)) {
			if (point < 0x100)
				buf_addf(out, "\\x%02X", point);
			else
				buf_addf(out, "\\u{%X}", point);
		} else {
			if (point == '\\' ||
			    (specials != NULL && point < 0x80 &&
				strchr(specials, (int)point) != NULL))
				buf_addc(out, '\\');
			buf_add(out, sv_head(rest, n));
		}
		rest = sv_skip(rest, n);
	}
	if (v.n > max_bytes)
		buf_adds(out, "...");
}

void
words_asn1(struct buf *out, const ASN1_STRING *s, const char *specials,
    size_t max_bytes)
{
	unsigned char *utf8 = NULL;
	int n = -1;
	const char *raw = (const char *)ASN1_STRING_get0_data(s);
	size_t raw_n = (size_t)ASN1_STRING_length(s);

	/* Up to four bytes become one character, and an escape takes eight. */
	if (raw_n <= max_bytes * 16)
		n = ASN1_STRING_to_UTF8(&utf8, s);
	if (n >= 0)
		words_utf8(out, sv_make((const char *)utf8, (size_t)n),
		    specials, max_bytes);
	else if (raw_n > 0)
		words_utf8(out, sv_make(raw, raw_n), specials, max_bytes);
	OPENSSL_free(utf8);
	ERR_clear_error();
}

static void
attribute_type(struct buf *out, const ASN1_OBJECT *object)
{
	int nid = OBJ_obj2nid(object);
	char oid[80];

	if (nid != NID_undef) {
		buf_adds(out, OBJ_nid2sn(nid));
		return;
	}
	if (OBJ_obj2txt(oid, sizeof(oid), object, 1) > 0)
		buf_adds(out, oid);
	else
		buf_adds(out, "?");
}

void
words_dn(struct buf *out, const X509_NAME *name)
{
	size_t start = out->n;
	int set = -1;

	for (int i = X509_NAME_entry_count(name) - 1; i >= 0; i--) {
		const X509_NAME_ENTRY *e = X509_NAME_get_entry(name, i);

		if (out->n - start > WORDS_DN_MAX) {
			buf_adds(out, ", ...");
			return;
		}
		if (out->n > start)
			buf_adds(out,
			    X509_NAME_ENTRY_set(e) == set ? " + " : ", ");
		set = X509_NAME_ENTRY_set(e);
		attribute_type(out, X509_NAME_ENTRY_get_object(e));
		buf_addc(out, '=');
		words_asn1(out, X509_NAME_ENTRY_get_data(e),
		    ",+\"<>;=", WORDS_NAME_MAX);
	}
	if (out->n == start)
		buf_adds(out, "(empty name)");
}

void
words_hex(struct buf *out, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n && i < WORDS_HEX_MAX; i++)
		buf_addf(out, "%02X", p[i]);
	if (n > WORDS_HEX_MAX)
		buf_adds(out, "...");
}

void
words_serial(struct buf *out, const ASN1_INTEGER *serial)
{
	if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
		buf_addc(out, '-');
	if (ASN1_STRING_length(serial) == 0)
		buf_adds(out, "00");
	words_hex(out, ASN1_STRING_get0_data(serial),
	    (size_t)ASN1_STRING_length(serial));
}

static void
ip_address(struct buf *out, const ASN1_OCTET_STRING *ip)
{
	const unsigned char *p = ASN1_STRING_get0_data(ip);
	int n = ASN1_STRING_length(ip);
	char text[INET6_ADDRSTRLEN];

	if ((n == 4 && inet_ntop(AF_INET, p, text, sizeof(text)) != NULL) ||
	    (n == 16 && inet_ntop(AF_INET6, p, text, sizeof(text)) != NULL))
		buf_adds(out, text);
	else
		words_hex(out, p, (size_t)n);
}

bool
words_general_name(struct buf *out, const GENERAL_NAME *gn)
{
	int type = 0;
	const void *value = GENERAL_NAME_get0_value(gn, &type);

	if (value == NULL)
		return false;
	if (type == GEN_DNS || type == GEN_EMAIL) {
		const ASN1_IA5STRING *s = value;

		words_utf8(out,
		    sv_make((const char *)ASN1_STRING_get0_data(s),
			(size_t)ASN1_STRING_length(s)),
		    ",", WORDS_NAME_MAX);
		return true;
	}
	if (type == GEN_IPADD) {
		ip_address(out, value);
		return true;
	}
	return false;
}

int64_t
words_time(const ASN1_TIME *t)
{
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1) {
		ERR_clear_error();
		return INT64_MIN;
	}
	return (int64_t)timegm(&tm);
}
