/* tlswarden: cert/explain - words for one fault, with the evidence.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CERT_EXPLAIN_H
#define CERT_EXPLAIN_H

#include <stdint.h>

#include "base/buf.h"
#include "cert/finding.h"

struct issue;
struct verification;

/* Betters cause, fixes and command of the finding. is->cert is in the pool. */
typedef void
explain_fn(struct verification *v, const struct issue *is, struct finding *f);

/* explain_trust.c: what has to do with issuers and anchors. */
explain_fn explain_self_signed, explain_untrusted_root, explain_incomplete,
    explain_wrong_intermediate, explain_issuer_unknown, explain_distrusted;
/* explain_cert.c: what a certificate says of itself. */
explain_fn explain_expired_leaf, explain_expired_ca, explain_not_yet_valid,
    explain_purpose, explain_key_usage, explain_weak_key,
    explain_weak_signature, explain_constraints, explain_path_length,
    explain_invalid_ca, explain_bad_signature, explain_malformed,
    explain_critical, explain_too_long;
/* explain_crl.c */
explain_fn explain_revoked, explain_crl;
/* explain_name.c: the one finding about the name. */
void explain_name(struct verification *v, struct finding *f);
/* ours.c: the chain is ours, so what the others would be asked to do, we do.
 * Turns fault and fixes of all findings so. */
void explain_as_ours(struct verification *v);

/* Adds "3 days", "5 hours", "2 years". */
void explain_duration(int64_t secs, struct buf *out);
/* Adds "the certificate CN=..." or "the CA certificate CN=... of the trust
 * store /path". */
void explain_subject(struct verification *v, int cert, struct buf *out);
/* The buffer's text, kept as long as the diagnosis; empties the buffer. */
const char *explain_keep(struct verification *v, struct buf *text);

/* command.c: commands that show a fault with other tools. */
/* openssl x509 with those options on certificate index of the chain. */
const char *
command_show(struct verification *v, int index, const char *options);
/* openssl verify of the whole chain, with more options. */
const char *command_verify(struct verification *v, const char *options);
/* Adds a word quoted for a shell. */
void command_quote(const char *word, struct buf *out);

#endif
