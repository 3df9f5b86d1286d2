/* tlswarden: cert/trust_private - look-ups that the verifier alone needs.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CERT_TRUST_PRIVATE_H
#define CERT_TRUST_PRIVATE_H

#include <openssl/x509.h>

#include "cert/trust.h"

/* The first certificate with that subject at or after *at, which moves behind
 * it; start with *at = SIZE_MAX. NULL: no more. */
X509 *
trust_next_by_subject(const struct trust *t, const X509_NAME *name, size_t *at);
/* The very same certificate as held in the store; NULL: not there. */
X509 *trust_same(const struct trust *t, const X509 *x);

#endif
