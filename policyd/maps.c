/* tlswarden: policyd/maps - the socketmap service and its maps.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A map is a row of the table below: its name and the function that answers.
 * An unknown name is TEMP, since Sendmail takes PERM for "not found".
 */
#include "config.h"

#include "base/limits.h"
#include "hop.h"
#include "ledger_out.h"
#include "policy/lookup.h"
#include "policy/sendmail.h"
#include "service.h"
#include "wire/socketmap.h"

struct map {
	struct sv name; /* FROZEN */
	enum map_id id;
	/* Adds one reply to the key; none with MAP_LATER. */
	enum map_result (*answer)(struct service_context *ctx,
	    const struct socketmap_request *req, struct buf *out);
};

static enum map_result
answer_temp(struct service_context *ctx, const struct socketmap_request *req,
    const char *what, struct buf *out)
{
	buf_reset(&ctx->text);
	buf_adds(&ctx->text, "map ");
	buf_add(&ctx->text, sv_head(req->map, 64)); /* escaped by temp */
	buf_addf(&ctx->text, " %s", what);
	socketmap_temp(buf_sv(&ctx->text), out);
	return MAP_TEMP;
}

static enum map_result
answer_unknown(struct service_context *ctx, const struct socketmap_request *req,
    struct buf *out)
{
	return answer_temp(ctx, req,
	    "is unknown; tlswarden-policyd(8) lists the maps", out);
}

static enum map_result
reply(const struct lookup_answer *a, struct buf *out)
{
	switch (a->status) {
	case LOOKUP_FOUND:
		socketmap_ok(a->text, out);
		return MAP_FOUND;
	case LOOKUP_NOTFOUND:
		socketmap_notfound(out);
		return MAP_NOTFOUND;
	case LOOKUP_PEERS: /* never with peers given */
	case LOOKUP_TEMP:
		break;
	}
	socketmap_temp(a->text, out);
	return MAP_TEMP;
}

/* A key with a dot in front is Postfix walking up behind a NOTFOUND of the
 * same delivery: it ties to nothing new. */
static void
note_tie(struct service_context *ctx, struct sv key, const struct rule *rule)
{
	if (key.n == 0 || key.p[0] == '.')
		return;
	dsn_tie_set(ctx->tie, rule, key, ctx->now_secs);
	ctx->tie->table = ctx->reader.generation;
}

static void
ask_tlspolicy(const struct snapshot *s, enum level level,
    const struct lookup_hop *hop, struct lookup_answer *r)
{
	(void)level;
	lookup_tlspolicy(s, hop, r);
}

static enum map_result
answer_tlspolicy(struct service_context *ctx,
    const struct socketmap_request *req, struct buf *out)
{
	struct lookup_answer a;

	if (!hop_ask(ctx, req->key, LEVEL_UNKNOWN, ask_tlspolicy, &a))
		return MAP_LATER;
	note_tie(ctx, req->key, a.rule);
	return reply(&a, out);
}

static enum map_result
answer_transport(struct service_context *ctx,
    const struct socketmap_request *req, struct buf *out)
{
	const struct snapshot *snap = source_reader_get(&ctx->reader);
	struct lookup_answer a;

	lookup_transport(snap, req->key, &ctx->party, &ctx->text, &a);
	return reply(&a, out);
}

/* The map's name ends in the level. */
static enum map_result
answer_address(struct service_context *ctx, const struct socketmap_request *req,
    struct buf *out)
{
	struct lookup_answer a;
	enum level level;

	if (!level_parse(sv_skip(req->map, sv_find(req->map, '-') + 1), &level))
		return answer_unknown(ctx, req, out);
	if (!hop_ask(ctx, req->key, level, lookup_address, &a))
		return MAP_LATER;
	note_tie(ctx, req->key, a.rule);
	/* Whose mail it is is not told: none may bounce that has to wait. */
	if (a.is_kept)
		ctx->tie->on_failure = ON_FAILURE_TEMPFAIL;
	return reply(&a, out);
}

static enum map_result
answer_ehlo(struct service_context *ctx, const struct socketmap_request *req,
    struct buf *out)
{
	struct lookup_answer a;

	lookup_ehlo(source_reader_get(&ctx->reader), req->key, &a);
	return reply(&a, out);
}

/* What TLS trouble is said better; everything else stays as it is. */
static enum map_result
answer_dsn(struct service_context *ctx, const struct socketmap_request *req,
    struct buf *out)
{
	struct probe_cache *cache = ctx->world->probes;
	struct probe_held *held = NULL;
	struct dsn_probes probes = { NULL, 0 };
	const struct dsn_tie *tie = ctx->tie;
	bool is_better;

	(void)source_reader_get(&ctx->reader);
	dsn_tie_status(ctx->tie, req->key);
	dsn_tie_table(ctx->tie, ctx->reader.generation);
	if (cache != NULL && tie->rule_id != 0) {
		held = probe_cache_take(cache);
		probes =
		    probe_table_find(probe_held_table(held), tie, &ctx->party);
	}
	buf_reset(&ctx->text);
	is_better =
	    dsn_rewrite(req->key, tie, ctx->now_secs, probes, &ctx->text);
	ledger_dsn(ctx, req->key, probes, buf_sv(&ctx->text));
	if (held != NULL)
		probe_cache_give(cache, held);
	if (!is_better) {
		socketmap_notfound(out);
		return MAP_NOTFOUND;
	}
	socketmap_ok(buf_sv(&ctx->text), out);
	return MAP_FOUND;
}

static enum map_result
answer_sendmail(struct service_context *ctx,
    const struct socketmap_request *req, struct buf *out)
{
	const struct snapshot *snap = source_reader_get(&ctx->reader);
	struct lookup_answer a;

	sendmail_answer(snap, req->key, &ctx->party, &ctx->text, &a);
	ledger_sendmail(ctx, req->key);
	return reply(&a, out);
}

static void
ask_sts(const struct snapshot *s, enum level level,
    const struct lookup_hop *hop, struct lookup_answer *r)
{
	(void)level;
	sendmail_sts(s, hop, r);
}

static enum map_result
answer_sts(struct service_context *ctx, const struct socketmap_request *req,
    struct buf *out)
{
	struct lookup_answer a;

	if (!hop_ask(ctx, req->key, LEVEL_UNKNOWN, ask_sts, &a))
		return MAP_LATER;
	return reply(&a, out);
}

static const struct map maps[] = {
	{ SV("tlspolicy"), MAP_TLSPOLICY, answer_tlspolicy },
	{ SV("dsn"), MAP_DSN, answer_dsn },
	{ SV("transport"), MAP_TRANSPORT, answer_transport },
	{ SV("address-none"), MAP_ADDRESS, answer_address },
	{ SV("address-preferred"), MAP_ADDRESS, answer_address },
	{ SV("address-encrypt"), MAP_ADDRESS, answer_address },
	{ SV("address-secure"), MAP_ADDRESS, answer_address },
	{ SV("ehlo"), MAP_EHLO, answer_ehlo },
	{ SV("sendmail"), MAP_SENDMAIL, answer_sendmail },
	{ SV("sts"), MAP_STS, answer_sts },
};

static const struct map unknown_map = { SV("unknown"), MAP_UNKNOWN,
	answer_unknown };

static const struct map *
find_map(struct sv name)
{
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		if (sv_eq(maps[i].name, name))
			return &maps[i];
	return &unknown_map;
}

static enum service_status
take(struct service_context *ctx, struct sv in, size_t *used_r, struct buf *out)
{
	struct socketmap_request req;
	const struct map *map;
	enum map_result result;

	switch (socketmap_parse(in, &req, used_r)) {
	case SOCKETMAP_OK:
		map = find_map(req.map);
		result = map->answer(ctx, &req, out);
		counter_add(&ctx->counters->lookups[map->id][result]);
		return result == MAP_LATER ? SERVICE_LATER : SERVICE_DONE;
	case SOCKETMAP_MORE:
		return SERVICE_MORE;
	case SOCKETMAP_TOO_LONG:
		ctx->why = "a request over 10000 bytes";
		socketmap_temp(sv_from(ctx->why), out);
		return SERVICE_CLOSE;
	case SOCKETMAP_BAD:
		break;
	}
	ctx->why = "no socketmap request";
	return SERVICE_CLOSE;
}

const struct service service_socketmap = {
	.name = "socketmap",
	/* A length of at most five digits and the two delimiters. */
	.max_request = LIMIT_SOCKETMAP_REQUEST + 7,
	.take = take,
};
