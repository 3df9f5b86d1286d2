/* tlswarden: cert/extensions - what extensions allow, and which are broken.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CERT_EXTENSIONS_H
#define CERT_EXTENSIONS_H

#include <openssl/x509.h>

#include <stdbool.h>

#include "base/buf.h"

/* Why a certificate does not suit a purpose (X509_PURPOSE_SSL_SERVER or
 * _CLIENT; 0: only whether it may be a CA). Bits. */
enum purpose_trouble {
	PURPOSE_FINE = 0,
	PURPOSE_EKU = 1,      /* extended key usage */
	PURPOSE_KU = 2,       /* key usage */
	PURPOSE_NOT_CA = 4,   /* basic constraints, or none at all */
	PURPOSE_NO_SIGN = 8,  /* key usage of a CA without keyCertSign */
	PURPOSE_NS_TYPE = 16, /* Netscape certificate type */
};

/* All troubles of x as a CA of a chain (is_ca) or as its leaf. */
unsigned extensions_purpose(X509 *x, int purpose, bool is_ca);
/* Whether anyExtendedKeyUsage is there and nothing else is in the way. */
bool extensions_any_eku_suffices(X509 *x, int purpose, bool is_ca);
/* Adds the usages that the extended key usage allows: "clientAuth, 1.2.3". */
void extensions_eku_words(const X509 *x, struct buf *out);
/* Adds the key usage bits: "keyCertSign, cRLSign". */
void extensions_ku_words(X509 *x, struct buf *out);
/* Adds what is broken in x: "subjectAltName cannot be decoded". Nothing when
 * all is well. */
void extensions_malformed_words(X509 *x, struct buf *out);
/* Adds the critical extensions that are not understood, by name or number. */
void extensions_critical_words(const X509 *x, struct buf *out);
/* RFC 7633: the certificate demands a stapled OCSP response. */
bool extensions_must_staple(const X509 *x);

#endif
