/* tlswarden: probe/probe - what one mail server at one address does.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Speaks SMTP STARTTLS (RFC 3207), LMTP (RFC 2033) or TLS from the first byte
 * (RFC 8314) up to a second EHLO inside TLS, then QUIT. Sends no mail. The
 * faults of the session become findings; the chain is judged by probe_judge.
 */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "wire/addr.h"

struct chain;
struct diagnosis;

enum probe_mode {
	PROBE_MODE_UNSET = 0,
	PROBE_MODE_STARTTLS,
	PROBE_MODE_SMTPS,
	PROBE_MODE_LMTP
};

struct probe_request {
	struct addr addr;
	uint16_t port;
	enum probe_mode mode;
	const char *sni;       /* A-label of the server; NULL: none */
	const char *helo;      /* the name that we greet with */
	int64_t timeout_msecs; /* of the whole probe */
	int64_t stage_msecs;   /* of one step; 0: no limit of its own */
};

/* What one step may take when nobody says: half of the whole. */
enum { PROBE_STAGE_PARTS = 2 };

struct probe_result {
	struct chain *chain; /* as sent; NULL: none was seen. Owned */
	char *ocsp;          /* stapled response in DER; NULL: none. Owned */
	size_t ocsp_n;
	bool has_ehlo;        /* it answered EHLO, LHLO */
	bool tried_handshake; /* the ClientHello was sent */
	bool has_tls;         /* the handshake was completed */
	bool is_complete;     /* and the server went on inside TLS */
	bool was_refused;     /* or answered no inside TLS */
	bool offers_starttls;
	/* Bytes of certificates that we sent: 0 when asked, -1 when not. */
	long own_certificate_bytes;
};

/* Once, at the start of a program that probes: SIGPIPE is ignored. */
void probe_init(void);
/* Runs one probe and adds what is wrong with the session to d, with its TLS
 * version, cipher and bits. Always returns; the result must be freed. */
void probe_run(const struct probe_request *req, struct diagnosis *d,
    struct probe_result *r);
void probe_result_free(struct probe_result *r);

/* The command that shows the server's certificates with other tools. It lives
 * as long as d. */
const char *probe_show_command(const struct probe_request *req,
    struct diagnosis *d) NONNULL_RETURN;

bool probe_mode_parse(const char *word, enum probe_mode *mode_r) MUST_CHECK;

#endif
