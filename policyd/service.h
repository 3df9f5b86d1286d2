/* tlswarden: policyd/service - a protocol: one request in, one answer out.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The event loop knows nothing of socketmap and delegation but this. A
 * service does no I/O and never waits: what it has to wait for it asks others
 * to look for, and says SERVICE_LATER.
 */
#ifndef POLICYD_SERVICE_H
#define POLICYD_SERVICE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/sv.h"
#include "counters.h"
#include "mailbox.h"
#include "policy/dsn.h"
#include "policy/inbound.h"
#include "world.h"

/* A text that a service makes up: a next hop and words around it, a reply, a
 * status with its reason. */
enum { SERVICE_TEXT_MAX = 4096 };

enum service_status {
	SERVICE_CLOSE = 0, /* send what was added, then close */
	SERVICE_MORE,      /* no whole request yet */
	SERVICE_LATER,     /* the answer waits for DNS: take the same request
			      again when MAIL_FOUND is there */
	SERVICE_DONE       /* one request was answered */
};

/* Recipients that were watched lately, by hash. */
enum { SERVICE_WATCHED = 256 };

/* What a worker lends to services: one of each, for one request at a time. */
struct service_context {
	const struct world *world;
	struct source_reader reader;
	struct counters *counters;
	struct party party;     /* scratch */
	struct inbound inbound; /* scratch */
	struct buf subject, issuer, text;
	uint64_t watched[SERVICE_WATCHED];
	uint64_t conn_id;        /* of the connection that asks */
	struct dsn_tie *tie;     /* its last policy answer */
	int64_t now_secs;        /* of a clock that only goes forward */
	const char *why;         /* set with SERVICE_CLOSE: for the log */
	struct servers *found;   /* what the connection waited for, or NULL */
	struct mailbox *mailbox; /* where MAIL_FOUND goes */
	struct tickets tickets;  /* of connections that wait */
};

struct service {
	const char *name;
	size_t max_request; /* bytes that may be kept while one is not whole */
	/* Takes one request off the front of in (*used_r bytes) and adds its
	 * answer to out. */
	enum service_status (*take)(struct service_context *ctx, struct sv in,
	    size_t *used_r, struct buf *out);
};

extern const struct service service_socketmap;
extern const struct service service_delegation;

void
service_context_init(struct service_context *ctx, const struct world *world,
    struct counters *counters, struct mailbox *mailbox);
void service_context_done(struct service_context *ctx);

#endif
