/* tlswarden: policyd/ledger_note - tells log and ledger of a judgement.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>

#include "base/log.h"
#include "daemon/clock.h"
#include "daemon/ledger.h"
#include "ledger_note.h"

enum { VALUE_MAX = 512, N_VALUES = 7, LINE_BYTES = 1800 };

/* Attributes made printable, in one buffer. */
struct printable {
	struct buf text;
	size_t end[N_VALUES];
	size_t n;
};

static void
add_value(struct printable *p, struct sv value)
{
	buf_add_printable(&p->text, value, VALUE_MAX);
	p->end[p->n++] = p->text.n;
}

static struct sv
value_at(const struct printable *p, size_t i)
{
	size_t begin = i == 0 ? 0 : p->end[i - 1];

	return sv_head(sv_skip(buf_sv(&p->text), begin), p->end[i] - begin);
}

enum { CLIENT_ADDR, CLIENT_NAME, SENDER, RECIPIENT, PROTOCOL, CIPHER, QUEUE };

static void
collect(struct printable *p, const struct attrs *a)
{
	static const enum attr wanted[N_VALUES] = {
		[CLIENT_ADDR] = ATTR_CLIENT_ADDRESS,
		[CLIENT_NAME] = ATTR_CLIENT_NAME,
		[SENDER] = ATTR_SENDER,
		[RECIPIENT] = ATTR_RECIPIENT,
		[PROTOCOL] = ATTR_ENCRYPTION_PROTOCOL,
		[CIPHER] = ATTR_ENCRYPTION_CIPHER,
		[QUEUE] = ATTR_QUEUE_ID,
	};

	p->n = 0;
	buf_init(&p->text, N_VALUES * (4 * VALUE_MAX + 4));
	for (size_t i = 0; i < N_VALUES; i++)
		add_value(p, a->v[wanted[i]]);
}

static void
log_note(const struct printable *p, const struct record_violation *row,
    struct sv text)
{
	struct sv queue = value_at(p, QUEUE), tls = value_at(p, PROTOCOL);
	struct buf line;

	buf_init(&line, LINE_BYTES);
	buf_addf(&line,
	    "%.*s: %s rule=%" PRId64
	    " reason=%.*s client=%.*s[%.*s] "
	    "from=<%.*s> to=<%.*s> tls=%.*s reply=\"%.*s\"",
	    SV_ARG(queue.n > 0 ? queue : sv_from("NOQUEUE")),
	    row->is_monitor ? "watched" : "refused", row->rule,
	    SV_ARG(row->reason), SV_ARG(sv_head(value_at(p, CLIENT_NAME), 256)),
	    SV_ARG(sv_head(value_at(p, CLIENT_ADDR), 64)),
	    SV_ARG(sv_head(value_at(p, SENDER), 320)),
	    SV_ARG(sv_head(value_at(p, RECIPIENT), 320)),
	    SV_ARG(tls.n > 0 ? sv_head(tls, 16) : sv_from("none")),
	    SV_ARG(text));
	if (row->is_monitor)
		log_debug("%s", buf_str(&line));
	else
		log_info("%s", buf_str(&line));
	buf_free(&line);
}

static void
record(const struct service_context *ctx, const struct printable *p,
    struct record_violation *row, struct sv text)
{
	enum conf_addresses how =
	    (enum conf_addresses)atomic_load_explicit(&ctx->world->addresses,
		memory_order_relaxed);

	row->at_secs = clock_wall_secs();
	row->source = RECORD_FROM_DELEGATION;
	row->sender =
	    ledger_address(how, &ctx->inbound.sender, value_at(p, SENDER));
	row->recipient = ledger_address(how, &ctx->inbound.recipient,
	    value_at(p, RECIPIENT));
	row->peer_addr = value_at(p, CLIENT_ADDR);
	/* Postfix's word for a client without a name. */
	if (!sv_is_nocase(value_at(p, CLIENT_NAME), "unknown"))
		row->peer_name = value_at(p, CLIENT_NAME);
	row->tls_version = value_at(p, PROTOCOL);
	row->cipher = value_at(p, CIPHER);
	row->queue_id = value_at(p, QUEUE);
	/* The text names a domain. */
	row->text = how == CONF_ADDRESSES_NONE ? sv_from("") : text;
	/* A full queue is counted and told by the recorder. */
	(void)recorder_violation(ctx->world->recorder, row);
}

void
ledger_note(const struct service_context *ctx, const struct attrs *a,
    const struct judgement *j, struct sv text)
{
	struct record_violation row = { 0 };
	struct printable p;

	collect(&p, a);
	ledger_judgement(j, &row);
	log_note(&p, &row, text);
	if (ctx->world->recorder != NULL)
		record(ctx, &p, &row, text);
	buf_free(&p.text);
}
