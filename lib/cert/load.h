/* tlswarden: cert/load - certificates and CRLs from PEM, DER and PKCS#7.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Order and repetitions are kept as found: a chain is judged as it was sent.
 * Certificates with broken extensions load; the verifier names the fault.
 * Limits: LIMIT_CERT_FILE bytes, LIMIT_CERT_LIST certificates or CRLs.
 * A loaded list is not changed by anybody and may be shared between threads.
 */
#ifndef CERT_LOAD_H
#define CERT_LOAD_H

#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/sv.h"

struct x509_st;
struct X509_crl_st;
struct stack_st_X509;

/* Certificates in the order found: a chain as sent, a bundle, a set of
 * intermediates. */
struct chain;
struct crls;

/* An empty chain; gives it (free with chain_free). */
struct chain *chain_new(void) NONNULL_RETURN MUST_CHECK;
void chain_free(struct chain *c);

/* Reads all certificates of a file, "-" being standard input: PEM with any
 * text around, TRUSTED CERTIFICATE too; DER, several in a row too; PKCS#7 as
 * PEM and DER. Gives the chain. -1: unreadable (EX_NOINPUT), or no certificate
 * in it or a broken one (EX_DATAERR); the text names the file, the place, and
 * what was found instead (a private key, a request, a CRL, ...). */
int chain_load_file(const char *path, struct chain **chain_r, struct err *err_r)
    MUST_CHECK;
/* The same from memory; label stands for the file in errors. */
int chain_load_bytes(struct sv bytes, const char *label, struct chain **chain_r,
    struct err *err_r) MUST_CHECK;
/* The same for a chain to be judged: a certificate that cannot be decoded at
 * all keeps its place (chain_broken) so that the verifier can name it. */
int chain_load_sent_file(const char *path, struct chain **chain_r,
    struct err *err_r) MUST_CHECK;
int chain_load_sent_bytes(struct sv bytes, const char *label,
    struct chain **chain_r, struct err *err_r) MUST_CHECK;
/* Adds one certificate in DER. */
int chain_add_der(struct chain *c, struct sv der, const char *label,
    struct err *err_r) MUST_CHECK;
/* Adds x, borrowed: the chain keeps a reference of its own. -1 when full. */
int chain_add_x509(struct chain *c, struct x509_st *x, struct err *err_r);
/* Adds all of a stack, which may be NULL (what SSL_get_peer_cert_chain gives
 * on the client side is the chain as sent). */
int chain_add_stack(struct chain *c, const struct stack_st_X509 *stack,
    struct err *err_r);

size_t chain_count(const struct chain *c);
/* Views certificate i; NULL when there is none or it could not be decoded. */
struct x509_st *chain_x509(const struct chain *c, size_t i);
/* Why certificate i could not be decoded; NULL when it was. */
const char *chain_broken(const struct chain *c, size_t i);
/* Adds certificate i to out, as PEM. */
void chain_pem(const struct chain *c, size_t i, struct buf *out);
/* Adds all of c that can be decoded, as PEM, until the next one would make out
 * longer than max_bytes. */
void chain_pem_all(const struct chain *c, size_t max_bytes, struct buf *out);
/* Where certificate i comes from, as evidence: "seen at mx.example.com on
 * 2026-11-01"; copied. NULL: nothing to say. */
void chain_set_note(struct chain *c, size_t i, const char *note);
const char *chain_note(const struct chain *c, size_t i);
/* Adds the CA certificates of set that are not in c, with that note, until c
 * has max certificates. */
void chain_add_cas(struct chain *c, const struct chain *set, size_t max,
    const char *note);
/* Gives a chain of certificate i alone. */
struct chain *
chain_single(const struct chain *c, size_t i) NONNULL_RETURN MUST_CHECK;

/* Reads all CRLs of a file: PEM, DER, PKCS#7. Errors as chain_load_file. */
int crls_load_file(const char *path, struct crls **crls_r, struct err *err_r)
    MUST_CHECK;
int crls_load_bytes(struct sv bytes, const char *label, struct crls **crls_r,
    struct err *err_r) MUST_CHECK;
size_t crls_count(const struct crls *c);
/* Views CRL i. */
struct X509_crl_st *crls_crl(const struct crls *c, size_t i);
void crls_free(struct crls *c);

/* Whether the private key in the PEM or DER file belongs to certificate i of
 * c: 1 yes, 0 no, -1 cannot be told (unreadable, encrypted, not a key). */
int chain_matches_key(const struct chain *c, size_t i, const char *key_path,
    struct err *err_r) MUST_CHECK;
/* The same with the key in memory; label stands for the file in errors. */
int chain_matches_key_bytes(const struct chain *c, size_t i, struct sv key,
    const char *label, struct err *err_r) MUST_CHECK;

/* What a server with that certificate file presents. OpenSSL completes a file
 * with one certificate alone from the CAs it was given to trust (ca_file,
 * ca_path: a hashed directory; NULL: none), and from OpenSSL's own defaults
 * when it is told to add those; *added_r tells how many it added.
 * Gives the chain. -1: the CAs cannot be read. */
struct presented_cas {
	const char *ca_file;
	const char *ca_path;
	bool adds_defaults; /* beside one of the two */
};
int chain_presented(const struct chain *own, const struct presented_cas *cas,
    struct chain **chain_r, size_t *added_r, struct err *err_r) MUST_CHECK;

#endif
