/* tlswarden: cert/constraints - name constraints in words.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CERT_CONSTRAINTS_H
#define CERT_CONSTRAINTS_H

#include <openssl/x509.h>

#include <stdbool.h>

#include "base/buf.h"

/* Whether the certificate at depth of chain meets the constraints of all CAs
 * above it when mailbox names of a wrong type (RFC 8398 3 wants UTF8String) are
 * left out: nobody can match those, so they cannot break a constraint. False
 * when there is no such name. */
bool constraints_hold_without_broken(X509 *x, const STACK_OF(X509) * chain,
    int depth);
/* Whether x has (readable) name constraints. */
bool constraints_has(const X509 *x);
/* Adds "only .example.com, 10.0.0.0/8; never bad.example", cut. */
void constraints_words(const X509 *x, struct buf *out);
/* Adds the names of x that constraints apply to, cut. */
void constraints_names_words(const X509 *x, struct buf *out);

#endif
