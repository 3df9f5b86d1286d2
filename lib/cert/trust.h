/* tlswarden: cert/trust - the certificates that we trust.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Immutable once loaded, so threads may share it.
 */
#ifndef CERT_TRUST_H
#define CERT_TRUST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/sv.h"

struct chain;
struct trust;
struct x509_st;

/* Loads a bundle (anything chain_load_file reads) or every certificate file
 * of a directory, where files without certificates are passed over and counted.
 * Trust settings of TRUSTED CERTIFICATE blocks are kept. Gives the store.
 * -1: unreadable, a broken certificate, or not one certificate in it. */
int trust_load(const char *path, struct trust **trust_r, struct err *err_r)
    MUST_CHECK;
/* The same for a file that was named on the command line: one that is empty (no
 * bytes but blanks) is a store that trusts nothing. */
int trust_load_given(const char *path, struct trust **trust_r,
    struct err *err_r) MUST_CHECK;
/* The same from memory (a PEM of table ca); label stands for the file. */
int trust_load_bytes(struct sv bytes, const char *label, struct trust **trust_r,
    struct err *err_r) MUST_CHECK;
/* A store of exactly the chain's certificates, possibly none. */
struct trust *trust_from_chain(const struct chain *c) NONNULL_RETURN MUST_CHECK;
void trust_free(struct trust *t);

/* Different certificates in it. */
size_t trust_count(const struct trust *t);
/* Repetitions that were dropped. */
size_t trust_duplicates(const struct trust *t);
/* Files of a directory that held no certificate. */
size_t trust_passed_over(const struct trust *t);
/* Where it came from, for messages. */
const char *trust_label(const struct trust *t);
/* Views certificate i; NULL when there is none. */
struct x509_st *trust_x509(const struct trust *t, size_t i);
/* Whether the very same certificate is in the store. */
bool trust_has(const struct trust *t, const struct x509_st *x);

#endif
