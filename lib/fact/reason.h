/* tlswarden: fact/reason - the one table of reasons and verifier classes.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Replies, bounces, annotate, probe, verify and the documentation all read
 * cause, fix, enhanced status and RFC 8460 type from here. Constant data.
 */
#ifndef FACT_REASON_H
#define FACT_REASON_H

#include <stdbool.h>

#include "base/sv.h"

enum reason {
	REASON_UNKNOWN = 0,
	/* what a policy can find in a session */
	REASON_NO_TLS,
	REASON_PROTOCOL_TOO_OLD,
	REASON_CIPHER_TOO_WEAK,
	REASON_NO_CLIENT_CERT,
	REASON_CERT_NOT_VERIFIED,
	REASON_ISSUER_MISMATCH,
	REASON_SUBJECT_MISMATCH,
	REASON_FINGERPRINT_MISMATCH,
	/* what the verifier can find in a chain */
	REASON_SELF_SIGNED_LEAF,
	REASON_UNTRUSTED_ROOT,
	REASON_INCOMPLETE_CHAIN,
	REASON_WRONG_INTERMEDIATE,
	REASON_ISSUER_UNKNOWN,
	REASON_EXPIRED_LEAF,
	REASON_EXPIRED_INTERMEDIATE,
	REASON_EXPIRED_ROOT,
	REASON_NOT_YET_VALID,
	REASON_NAME_MISMATCH,
	REASON_WRONG_PURPOSE,
	REASON_BAD_KEY_USAGE,
	REASON_WEAK_KEY,
	REASON_WEAK_SIGNATURE,
	REASON_NAME_CONSTRAINTS,
	REASON_PATH_LENGTH,
	REASON_INVALID_CA,
	REASON_BAD_SIGNATURE,
	REASON_MALFORMED,
	REASON_CRITICAL_EXTENSION,
	REASON_REVOKED,
	REASON_CRL_UNUSABLE,
	REASON_DISTRUSTED,
	REASON_CHAIN_TOO_LONG,
	/* what a probe can find in a session */
	REASON_NO_STARTTLS,
	REASON_STARTTLS_REFUSED,
	REASON_STARTTLS_INJECTION,
	REASON_HANDSHAKE_FAILURE,
	REASON_LEGACY_PROTOCOL,
	REASON_CONNECTION_CLOSED,
	REASON_PROTOCOL_ERROR,
	REASON_TIMEOUT,
	REASON_SMTP_REFUSED,
	REASON_CLIENT_CERT_REQUIRED,
	REASON_DNS_FAILURE,
	REASON_CONNECTION_REFUSED,
	/* notices: worth saying, not a failure */
	REASON_CN_ONLY,
	REASON_WRONG_ORDER,
	REASON_EXTRA_CERTS,
	REASON_DUPLICATE,
	REASON_ROOT_INCLUDED,
	REASON_CROSS_SIGNED,
	REASON_CLIENT_CERT_REQUESTED,
	REASON_EXPIRES_SOON,
	REASON_OCSP_MISSING,
	REASON_COUNT
};

/* Whose fault it is: the peer's, ours, or the path's between us. */
enum reason_fault { FAULT_UNKNOWN = 0, FAULT_THEIRS, FAULT_OURS, FAULT_PATH };

struct reason_info {
	const char *code; /* FROZEN word */
	bool is_notice;
	enum reason_fault fault; /* unless the evidence says otherwise */
	const char *status;      /* enhanced status without its class: "7.5" */
	const char *tlsrpt;      /* RFC 8460 4.3 result type, "" for none */
	const char *seen;        /* short: what is wrong, for a reply text */
	const char *todo;        /* short: what the peer does about it */
	const char *cause;       /* a sentence for a person */
	const char *fix_ours;    /* what we can do */
	const char *fix_theirs;  /* what to send to the peer's postmaster */
};

/* The rows, in the order of the enum; read them through reason_info. */
extern const struct reason_info reason_table[REASON_COUNT];

/* The row of a reason; a value outside the enum gives the row of unknown. */
const struct reason_info *reason_info(enum reason r) NONNULL_RETURN;
/* Finds a code word. False when there is none. */
bool reason_parse(struct sv code, enum reason *r_r) MUST_CHECK;
/* "theirs", "ours", "path" or "unknown". */
const char *reason_fault_word(enum reason_fault f) NONNULL_RETURN;

#endif
