/* tlswarden: policyd/ledger_out - tells log and ledger of outbound mail.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>

#include "base/log.h"
#include "daemon/clock.h"
#include "daemon/ledger.h"
#include "ledger_out.h"
#include "policy/dsn_watch.h"
#include "policy/sendmail.h"

enum { LINE_BYTES = 1800, NAME_BYTES = 256 };

static enum conf_addresses
addresses(const struct service_context *ctx)
{
	return (enum conf_addresses)atomic_load_explicit(&ctx->world->addresses,
	    memory_order_relaxed);
}

static void
log_row(const struct record_violation *row, struct sv nexthop, struct sv text)
{
	struct buf line;

	buf_init(&line, LINE_BYTES);
	buf_addf(&line, "%s: %s rule=%" PRId64 " reason=%.*s nexthop=",
	    row->source == RECORD_FROM_DSN ? "dsn" : "sendmail",
	    row->is_monitor ? "watched" : "refused", row->rule,
	    SV_ARG(row->reason));
	buf_add_printable(&line, nexthop, NAME_BYTES);
	if (row->peer_name.n > 0 || row->peer_addr.n > 0) {
		buf_adds(&line, " server=");
		buf_add_printable(&line, row->peer_name, NAME_BYTES);
		buf_addc(&line, '[');
		buf_add_printable(&line, row->peer_addr, NAME_BYTES);
		buf_addc(&line, ']');
	}
	buf_adds(&line, " reply=\"");
	buf_add_printable(&line, text, LIMIT_REPLY);
	buf_addc(&line, '"');
	if (row->is_monitor)
		log_debug("%s", buf_str(&line));
	else
		log_info("%s", buf_str(&line));
	buf_free(&line);
}

/* What a peer said goes into the database printable. */
static void
record(const struct service_context *ctx, struct record_violation *row)
{
	struct buf name, addr;

	if (ctx->world->recorder == NULL)
		return;
	buf_init(&name, 4 * NAME_BYTES + 4);
	buf_init(&addr, 4 * NAME_BYTES + 4);
	buf_add_printable(&name, row->peer_name, NAME_BYTES);
	buf_add_printable(&addr, row->peer_addr, NAME_BYTES);
	row->peer_name = buf_sv(&name);
	row->peer_addr = buf_sv(&addr);
	/* A full queue is counted and told by the recorder. */
	(void)recorder_violation(ctx->world->recorder, row);
	buf_free(&addr);
	buf_free(&name);
}

static void
note_dsn(void *arg, const struct dsn_note *note)
{
	const struct service_context *ctx = arg;
	struct record_violation row = { .at_secs = clock_wall_secs(),
		.source = RECORD_FROM_DSN,
		.peer_name = note->peer_name,
		.peer_addr = note->peer_addr };

	ledger_outbound(addresses(ctx), &note->judgement, note->nexthop,
	    note->text, &row);
	log_row(&row, note->nexthop, note->text);
	record(ctx, &row);
}

void
ledger_dsn(struct service_context *ctx, struct sv key, struct dsn_probes probes,
    struct sv answer)
{
	struct dsn_note note;

	if (answer.n > 0) {
		dsn_note_answer(key, ctx->tie, probes, answer, &ctx->party,
		    &note);
		note_dsn(ctx, &note);
	}
	dsn_watch(source_reader_get(&ctx->reader), key, ctx->tie, ctx->now_secs,
	    probes, note_dsn, ctx);
}

static void
note_sendmail(void *arg, const struct sendmail_note *note)
{
	const struct service_context *ctx = arg;
	const struct sendmail_key *k = note->key;
	enum conf_addresses how = addresses(ctx);
	struct sv nexthop = ledger_domain(&ctx->party);
	struct record_violation row = { .at_secs = clock_wall_secs(),
		.source = RECORD_FROM_SENDMAIL,
		.peer_name = k->server,
		.peer_addr = k->address,
		.tls_version = k->version };

	ledger_outbound(how, &note->judgement, nexthop, note->text, &row);
	if (note->is_recipient)
		row.recipient =
		    ledger_address(how, &ctx->party, party_text(&ctx->party));
	log_row(&row, nexthop, note->text);
	record(ctx, &row);
}

void
ledger_sendmail(struct service_context *ctx, struct sv key)
{
	sendmail_watch(source_reader_get(&ctx->reader), key, &ctx->party,
	    note_sendmail, ctx);
}
