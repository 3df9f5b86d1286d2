/* tlswarden: cert/info - one certificate in words that are safe to print.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Strings are valid UTF-8 without control, format or line-breaking characters
 * (they are written \xHH or \u{H}), cut to fixed sizes, whatever is in the
 * certificate. All memory is the arena's.
 */
#ifndef CERT_INFO_H
#define CERT_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/sv.h"

struct x509_st;

/* ISO 8601 in UTC, "2026-01-31T23:59:59Z". */
enum { INFO_TIME_SIZE = 32 };

struct cert_info {
	const char *subject; /* "CN=mx.example.com, O=Example, C=US" */
	const char *issuer;
	const char *subject_cn; /* the last CN; NULL: none */
	/* As issuer, to Postfix: the first CN, else the organisation; NULL */
	const char *subject_postfix;
	const char *subject_oneline; /* "/C=US/O=Example/CN=..." as Sendmail */
	const char *serial;          /* hex, upper case */
	int64_t not_before; /* seconds since 1970; INT64_MIN: unreadable */
	int64_t not_after;
	const char *const *names; /* DNS, IP, mail; the CN when it counts */
	size_t n_names;
	size_t names_left_out;      /* over LIMIT_CERT_NAMES */
	const char *key;            /* "RSA 2048 bits" */
	const char *signature;      /* "sha256WithRSAEncryption" */
	const char *sha256;         /* of the certificate: 64 hex digits */
	const char *spki_sha256;    /* of its public key */
	const char *subject_key_id; /* hex, NULL: none */
	const char *authority_key_id;
	const char *issuer_url; /* first AIA caIssuers, http before ldap */
	bool is_ca;
	bool is_self_issued; /* subject equals issuer */
	bool is_self_signed; /* and its own key signed it */
};

/* Describes x. Never fails: what cannot be read is said so in the words. */
void
cert_info_fill(struct x509_st *x, struct arena *mem, struct cert_info *info_r);
/* Writes t as ISO 8601; "unreadable" for INT64_MIN. */
const char *cert_info_time(int64_t t, char text_r[INFO_TIME_SIZE]);

#endif
