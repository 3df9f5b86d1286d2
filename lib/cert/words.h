/* tlswarden: cert/words - what certificates carry, in words safe to print.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * All that is added is valid UTF-8 without control, format, bidirectional or
 * line-breaking characters, and of bounded length, whatever the input.
 */
#ifndef CERT_WORDS_H
#define CERT_WORDS_H

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/sv.h"

enum {
	WORDS_DN_MAX = 512,   /* bytes of a distinguished name */
	WORDS_NAME_MAX = 255, /* bytes of one name or value */
	WORDS_HEX_MAX = 64    /* bytes of a serial or key identifier */
};

/* Adds v, at most max_bytes of it, what is not harmless UTF-8 as \xHH or
 * \u{H}, characters of specials (NULL: none) with a backslash in front;
 * "..." when it was cut. */
void words_utf8(struct buf *out, struct sv v, const char *specials,
    size_t max_bytes);
/* Adds a name as RFC 4514 has it, with blanks behind the commas: the most
 * special part first. "(empty name)" when it has no parts. */
void words_dn(struct buf *out, const X509_NAME *name);
/* Adds the value of an ASN.1 string of any type. */
void words_asn1(struct buf *out, const ASN1_STRING *s, const char *specials,
    size_t max_bytes);
/* Adds bytes as hex, upper case, at most WORDS_HEX_MAX of them. */
void words_hex(struct buf *out, const unsigned char *p, size_t n);
void words_serial(struct buf *out, const ASN1_INTEGER *serial);
/* Adds a DNS name, mail address or IP address; false for other kinds. */
bool words_general_name(struct buf *out, const GENERAL_NAME *gn);
/* Seconds since 1970; INT64_MIN when it is not a time. */
int64_t words_time(const ASN1_TIME *t);

#endif
