/* tlswarden: milter/session_row - the row that is kept of a session.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "milter/session.h"

static bool
is_recorded(const struct session *s, const struct settings *settings)
{
	if (!s->was_connected || s->is_local)
		return false;
	switch (settings->record) {
	case CONF_RECORD_ALL:
		return true;
	case CONF_RECORD_MAIL:
		return s->reached_mail;
	case CONF_RECORD_NONE:
		break;
	}
	return false;
}

static uint32_t
duration(const struct session *s, int64_t now_msecs)
{
	int64_t msecs = now_msecs - s->began_msecs;

	if (msecs < 0)
		return 0;
	return msecs > UINT32_MAX ? UINT32_MAX : (uint32_t)msecs;
}

static void
put_client(const struct session *s, struct record_session *row)
{
	row->mta = s->mta;
	row->daemon = buf_sv(&s->daemon);
	row->queue_id = buf_sv(&s->last_queue_id);
	row->client_addr = buf_sv(&s->client_addr);
	row->client_name = buf_sv(&s->client_name);
	row->client_port = s->client_port;
	row->helo = buf_sv(&s->helo);
}

/* Names in certificates hold any bytes; a person reads the row. */
static void
put_tls(struct session *s, struct record_session *row)
{
	const struct tls_facts *tls = &s->facts.tls;
	size_t at;

	buf_reset(&s->row);
	buf_add_printable(&s->row, tls->subject, LIMIT_RECORD_TEXT);
	at = s->row.n;
	buf_add_printable(&s->row, tls->issuer, LIMIT_RECORD_TEXT);
	row->tls = s->tls;
	row->tls_version = s->facts.tls_version;
	row->cipher = tls->cipher;
	row->bits = tls->bits;
	row->verify = tls->verify;
	row->cert_subject = sv_head(buf_sv(&s->row), at);
	row->cert_issuer = sv_skip(buf_sv(&s->row), at);
	row->cert_fingerprint = tls->cert_fingerprint;
}

bool
session_row(struct session *s, const struct settings *settings,
    int64_t now_msecs, struct record_domain *domains,
    struct record_session *row)
{
	if (!is_recorded(s, settings))
		return false;
	row->at_secs = s->began_secs;
	row->duration_msecs = duration(s, now_msecs);
	put_client(s, row);
	put_tls(s, row);
	row->is_authenticated = s->is_authenticated;
	row->n_messages = s->n_messages;
	row->n_accepted = s->n_accepted;
	row->n_refused = s->n_refused;
	row->refused_rule = s->refused.verdict.rule_id;
	row->refused_reason = s->n_refused > 0
	    ? sv_from(reason_info(s->refused.verdict.reason)->code)
	    : sv_from("");
	row->domains = domains;
	row->n_domains = settings->addresses == CONF_ADDRESSES_NONE
	    ? 0
	    : domains_rows(&s->domains, domains);
	return true;
}
