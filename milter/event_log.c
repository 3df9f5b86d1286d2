/* tlswarden: milter/event_log - the lines that the log has of decisions.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "base/log.h"
#include "milter/event_log.h"

enum { LINE_MAX = 16384 };

static void
add_tls(const struct session *s, struct buf *line)
{
	const struct tls_facts *tls = &s->facts.tls;

	switch (tls->state) {
	case TLS_STATE_ON:
		buf_add(line, s->facts.tls_version);
		buf_addf(line, "/%u", tls->bits);
		return;
	case TLS_STATE_NONE:
		buf_adds(line, "none");
		return;
	case TLS_STATE_UNKNOWN:
		break;
	}
	buf_adds(line, "unknown");
}

/* All texts of a session are printable. */
static void
add_party(const struct session *s, struct buf *line)
{
	const struct buf *name = &s->client_name, *addr = &s->client_addr;

	buf_addf(line, " client=%s[%s] from=<%s> to=<%s> tls=",
	    name->n > 0 ? buf_str(name) : "unknown",
	    addr->n > 0 ? buf_str(addr) : "unknown", buf_str(&s->sender),
	    buf_str(&s->recipient));
	add_tls(s, line);
}

void
event_log_violation(const struct session *s, const struct record_violation *row)
{
	struct buf line;

	buf_init(&line, LINE_MAX);
	buf_addf(&line, "%s: %s rule=%lld reason=%.*s",
	    s->queue_id.n > 0 ? buf_str(&s->queue_id) : "NOQUEUE",
	    row->is_monitor ? "watched" : "refused", (long long)row->rule,
	    SV_ARG(row->reason));
	add_party(s, &line);
	buf_addf(&line, " reply=\"%.*s\"", SV_ARG(row->text));
	if (row->is_monitor)
		log_debug("%s", buf_str(&line));
	else
		log_info("%s", buf_str(&line));
	buf_free(&line);
}
