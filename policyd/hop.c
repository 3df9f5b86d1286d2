/* tlswarden: policyd/hop - asks the table about a next hop, and DNS for it.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "daemon/peers.h"
#include "hop.h"

/* What the connection waited for counts even if it may not be kept. */
static enum finder_status
get_servers(struct service_context *ctx, struct servers **found_r)
{
	const struct servers_key key = peers_key(&ctx->party);

	if (ctx->found != NULL && servers_key_eq(&ctx->found->key, &key)) {
		*found_r = servers_hold(ctx->found);
		return FINDER_FOUND;
	}
	return finder_get(ctx->world->finder, &key, ctx->mailbox,
	    tickets_next(&ctx->tickets), found_r);
}

/* The second time, with what is known of the servers. False: later. */
static bool
ask_again(struct service_context *ctx, struct lookup_hop *hop,
    const struct snapshot *snap, enum level level, hop_fn *fn,
    struct lookup_answer *r)
{
	struct lookup_peers peers = {
		.trouble = SV("too many next hops are looked for in DNS"),
	};
	struct servers *found = NULL;

	switch (get_servers(ctx, &found)) {
	case FINDER_LATER:
		return false;
	case FINDER_FOUND:
		peers = peers_of(found);
		break;
	case FINDER_REFUSED:
		break;
	}
	hop->peers = &peers;
	fn(snap, level, hop, r);
	servers_drop(found);
	return true;
}

bool
hop_ask(struct service_context *ctx, struct sv key, enum level level,
    hop_fn *fn, struct lookup_answer *r)
{
	const struct snapshot *snap = source_reader_get(&ctx->reader);
	struct lookup_hop hop = { key, NULL, &ctx->party, &ctx->text };

	fn(snap, level, &hop, r);
	if (r->status != LOOKUP_PEERS)
		return true;
	return ask_again(ctx, &hop, snap, level, fn, r);
}
