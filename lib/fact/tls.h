/* tlswarden: fact/tls - what an MTA or a probe says of one TLS session.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Edges fill it, policy judges it. Views are valid for the call. A zeroed
 * struct means "nothing is known", which satisfies no rule that demands TLS.
 */
#ifndef FACT_TLS_H
#define FACT_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sv.h"
#include "fact/reason.h"
#include "fact/rule.h"

enum tls_state {
	TLS_STATE_UNKNOWN = 0,
	TLS_STATE_NONE, /* plaintext for certain */
	TLS_STATE_ON
};

enum cert_state {
	CERT_STATE_UNKNOWN = 0, /* none, or one that is not trusted: the asker
				   cannot tell (Postfix by milter) */
	CERT_STATE_NONE,        /* none presented, for certain */
	CERT_STATE_UNVERIFIED,  /* presented, not verified */
	CERT_STATE_VERIFIED     /* chain verified by the MTA or the probe */
};

/* How subject and issuer are written. */
enum name_form {
	NAME_FORM_CN = 0, /* common name only: Postfix */
	NAME_FORM_DN      /* whole DN, "/C=XX/CN=name": Sendmail */
};

/* Names that a verified certificate of a server is known to carry, beside its
 * CN: the MTA has no list of them, it can only be asked about one. */
struct tls_server {
	struct sv nexthop; /* the recipient's domain or the next hop */
	struct sv host;    /* the server's own name */
	bool has_nexthop;  /* is in the certificate */
	bool has_host;
};

struct tls_facts {
	enum tls_state state;
	enum tls_version version;
	uint32_t bits; /* symmetric strength of the cipher; 0: not known */
	struct sv cipher;
	enum cert_state cert;
	struct sv verify; /* the MTA's word, {verify}, or empty */
	enum name_form name_form;
	struct sv subject; /* decoded from xtext */
	struct sv issuer;
	struct sv cn_subject; /* CN where the MTA gives it beside the DN */
	struct sv cert_fingerprint; /* hex, colons allowed; empty: not given */
	struct sv key_fingerprint;
	bool has_fingerprints; /* the asker would have given one */
	/* Outbound, when the MTA verified the chain and nothing else, so that
	 * CA and names are still to be judged: Sendmail. NULL: it did. */
	const struct tls_server *server;
};

/* Sendmail's {verify} (tls.c): OK, NO (asked, none sent), NOT (not asked),
 * FAIL, TRUSTED (DANE); its other words are about sessions without a
 * handshake. */
enum cert_state cert_state_of_verify(struct sv verify);
/* Postfix by milter (smtpd_milter.c, IF_TRUSTED): no name at all of a
 * certificate that is not trusted, an empty one of a trusted one without CN. */
enum cert_state cert_state_of_names(struct sv subject, struct sv issuer);
/* 64 hex digits, colons between them allowed: policies pin SHA-256, and
 * Sendmail's CertFingerprintAlgorithm may be another. */
bool tls_is_sha256(struct sv hex);

#endif
