/* tlswarden: policyd/service - a protocol: one request in, one answer out.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "service.h"

void
service_context_init(struct service_context *ctx, const struct world *world,
    struct counters *counters, struct mailbox *mailbox)
{
	ctx->world = world;
	source_reader_init(&ctx->reader, world->src);
	ctx->counters = counters;
	party_none(&ctx->party);
	inbound_init(&ctx->inbound);
	buf_init(&ctx->subject, LIMIT_DELEGATION_REQUEST);
	buf_init(&ctx->issuer, LIMIT_DELEGATION_REQUEST);
	buf_init(&ctx->text, SERVICE_TEXT_MAX);
	memset(ctx->watched, 0, sizeof(ctx->watched));
	ctx->conn_id = 0;
	ctx->found = NULL;
	ctx->mailbox = mailbox;
	tickets_init(&ctx->tickets);
	ctx->why = "";
}

void
service_context_done(struct service_context *ctx)
{
	source_reader_done(&ctx->reader);
	buf_free(&ctx->subject);
	buf_free(&ctx->issuer);
	buf_free(&ctx->text);
	tickets_done(&ctx->tickets);
}
