/* tlswarden: bench/msession - one SMTP session as Postfix tells it to a milter.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Negotiation, connect, EHLO, STARTTLS, EHLO, MAIL, RCPT, DATA, one header,
 * the body, the end, quit; what the filter opted out of is not sent, what it
 * does not reply to is not waited for.
 */
#ifndef TESTS_BENCH_MSESSION_H
#define TESTS_BENCH_MSESSION_H

#include <stdint.h>

#include "base/buf.h"

enum msession_status {
	MSESSION_BROKEN = 0, /* not a reply that fits */
	MSESSION_WAIT,       /* for (more of) a reply */
	MSESSION_DONE        /* all is sent, close */
};

struct msession {
	struct sv client; /* IPv4 or IPv6 address as text */
	struct sv sender;
	unsigned step;
	uint32_t steps;   /* SMFIP_* negotiated */
	uint32_t actions; /* SMFIF_* negotiated */
	bool was_refused;
	size_t n;
	char in[4096];
};

/* Begins a session; the views must live as long. */
void msession_start(struct msession *s, struct sv client, struct sv sender);
/* Adds to out what is to be sent until the next reply is needed. Called first
 * after msession_start, then after each change of s->in and s->n. */
enum msession_status msession_run(struct msession *s, struct buf *out);
/* Whether the negotiation is over. */
bool msession_is_negotiated(const struct msession *s);

#endif
