/* tlswarden: cert/verify - judges a chain as it was sent, naming every fault.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * OpenSSL judges each path (RFC 5280 section 6); this module looks for paths,
 * collects all that is wrong, merges the codes of one fault, and says whose it
 * is. No I/O but through fetch_issuer and recall; no clock: the time is given.
 * Limits: LIMIT_CHAIN certificates, LIMIT_PATHS paths.
 */
#ifndef CERT_VERIFY_H
#define CERT_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/sv.h"

struct chain;
struct crls;
struct diagnosis;
struct trust;

enum verify_purpose {
	VERIFY_PURPOSE_UNSET = 0,
	VERIFY_PURPOSE_SERVER,
	VERIFY_PURPOSE_CLIENT,
	VERIFY_PURPOSE_ANY
};

enum verify_crl_check { VERIFY_CRL_NONE = 0, VERIFY_CRL_LEAF, VERIFY_CRL_ALL };

/* Fetches what an AIA caIssuers URL names. Gives the certificates found. */
typedef int verify_fetch_fn(void *arg, const char *url, struct chain **chain_r,
    struct err *err_r);

/* What was seen before; asked once, and only when no trusted certificate is
 * reached. Gives the certificates (NULL: none), with notes of where and when.
 * -1: it cannot be told; the finding says so. */
typedef int
verify_recall_fn(void *arg, struct chain **chain_r, struct err *err_r);

/* Everything is borrowed for the call. */
struct verify_request {
	const struct chain *chain; /* as sent, leaf first */
	const struct trust *trust;
	const struct chain *untrusted; /* paths may use them; NULL: none */
	const struct chain *known;     /* intermediates that exist in the
					 * world: evidence, never a pass */
	verify_recall_fn *recall;      /* more of the kind; NULL: no more */
	void *recall_arg;
	const struct crls *crls;
	enum verify_crl_check crl_check;
	struct sv ocsp;   /* stapled response in DER, or empty */
	bool ocsp_asked;  /* a staple was asked for */
	int64_t now;      /* seconds since 1970 */
	bool ignore_time; /* nothing expires */
	enum verify_purpose purpose;
	/* host (U-label or A-label, leading dot = subdomain), IP or mail
	 * address; NULL: none */
	const char *name;
	const char *const *names; /* more of them: any one suffices */
	size_t n_names;
	int auth_level;        /* -1: keys, digests not judged */
	int depth;             /* intermediates allowed; -1: default */
	bool partial_chain;    /* any trusted certificate ends a path */
	int expires_soon_days; /* 0: never a notice */
	bool is_ours;          /* the chain is what we present */
	/* and this setting names the file that intermediates belong into;
	 * NULL: the certificate's own */
	const char *ca_setting;
	verify_fetch_fn *fetch_issuer; /* NULL: never */
	void *fetch_arg;
	/* for the commands of findings: where the chain is (a file), or what
	 * prints it (a command, instead of the file), and the other files */
	const char *chain_label;
	const char *show_command;
	const char *trust_label; /* NULL: the store's own */
	const char *crl_label;
};

/* RSA keys below this are a fault at every auth level: RSA-768 was factored in
 * public in 2009, 512 bits take hours. */
enum { VERIFY_RSA_FLOOR_BITS = 768 };

/* Fills in the defaults: purpose server, auth level 2, depth -1, 21 days. */
void verify_request_init(struct verify_request *req);
/* Judges the chain and adds certificates, path, findings and verdict to d,
 * which diagnosis_init made (and the probe may have filled before).
 * -1 only when the request itself is wrong (no chain, no trust, a name that is
 * no name: EX_USAGE), never because of the chain; d is then unchanged. */
int verify_chain(const struct verify_request *req, struct diagnosis *d,
    struct err *err_r) MUST_CHECK;

#endif
