/* tlswarden: cert/finding - what was found: verdict, findings, chain.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A diagnosis owns all its text (one arena), may be kept as long as wanted,
 * and is filled by cert/verify, by the probe (which adds findings of its own)
 * and printed by cert/json and cert/text. Text is safe to print (cert/info).
 */
#ifndef CERT_FINDING_H
#define CERT_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "cert/info.h"
#include "fact/reason.h"

enum diagnosis_verdict {
	DIAGNOSIS_NOVERIFY = 0, /* no certificate could be judged */
	DIAGNOSIS_FAIL,
	DIAGNOSIS_OK
};

enum finding_severity { FINDING_FAIL = 0, FINDING_NOTICE };

/* Index of a finding that is about our trust store (or about no certificate
 * that was sent). */
enum { FINDING_INDEX_STORE = -1, FINDING_CODES_MAX = 12 };

struct finding {
	enum reason reason; /* the class */
	enum finding_severity severity;
	enum reason_fault fault; /* who has to act */
	int index;               /* in the chain as sent, or -1 */
	const char *subject;     /* of the certificate at fault; NULL: none */
	const char *issuer;
	const char *serial;
	const char *cause;            /* sentences, with the evidence */
	const char *fix_ours;         /* what we can do */
	const char *fix_theirs;       /* what to ask the other side */
	const char *command;          /* shows the fault again */
	const char *tlsrpt;           /* RFC 8460 result type; NULL: none */
	const char *dsn;              /* enhanced status code */
	int codes[FINDING_CODES_MAX]; /* X509_V_ERR_* */
	size_t n_codes;
};

struct diagnosis {
	struct arena mem;
	const char *target; /* the name or file that was asked about */
	enum diagnosis_verdict verdict;
	struct finding *findings; /* the most important first once settled */
	size_t n_findings;
	size_t max_findings;
	struct cert_info *certs; /* as sent, at most LIMIT_CHAIN */
	size_t n_certs;
	size_t certs_left_out;   /* sent, but over LIMIT_CHAIN */
	int *path;               /* the path that was judged: indices, leaf */
	size_t n_path;           /* first; -1: from the trust store */
	struct cert_info anchor; /* the last of the path when it is trusted */
	bool has_anchor;
	const char *tls_version; /* NULL: no TLS session */
	const char *tls_cipher;
	int tls_bits;
	bool client_cert_requested;
};

void diagnosis_init(struct diagnosis *d, const char *target);
void diagnosis_done(struct diagnosis *d);

/* Adds a finding of that class: severity, fault, cause, fixes, tlsrpt and dsn
 * from the table of fact/reason, index -1; the caller then betters them. Views
 * it until the next diagnosis_add. */
struct finding *
diagnosis_add(struct diagnosis *d, enum reason reason) NONNULL_RETURN;
/* Sets index, subject, issuer and serial to those of certs[index]. */
void finding_point(const struct diagnosis *d, struct finding *f, int index);
/* A formatted text that lives as long as d. The words put in must be safe. */
const char *diagnosis_text(struct diagnosis *d, const char *fmt, ...)
    PRINTF_LIKE(2, 3) NONNULL_RETURN;
/* Untrusted bytes as a text that lives as long as d, escaped and cut. */
const char *diagnosis_safe(struct diagnosis *d, struct sv v) NONNULL_RETURN;
/* Whether there is a finding of that class. */
const struct finding *
diagnosis_find(const struct diagnosis *d, enum reason reason);
/* Sorts the findings and sets the verdict: fail with any failing finding of a
 * judged certificate, noverify when no certificate was judged, else ok. */
void diagnosis_settle(struct diagnosis *d);

const char *diagnosis_verdict_word(enum diagnosis_verdict v);
const char *finding_severity_word(enum finding_severity s);

#endif
