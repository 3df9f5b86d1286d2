/* tlswarden: milter/session - one SMTP session, from CONNECT to its end.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "milter/session.h"
#include "wire/envelope.h"

/* Bytes of a queue ID, a daemon's name: far over what MTAs give. */
enum { SHORT_TEXT = 128 };

static void
set_text(struct buf *b, struct sv v, size_t max_bytes)
{
	buf_reset(b);
	buf_add_printable(b, v, max_bytes);
}

void
session_init(struct session *s, bool is_asked, int64_t now_secs,
    int64_t now_msecs)
{
	struct buf *texts[] = { &s->daemon, &s->client_name, &s->client_addr,
		&s->helo, &s->queue_id, &s->last_queue_id, &s->sender,
		&s->recipient };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		buf_init(texts[i], (size_t)8 * LIMIT_RECORD_TEXT);
	buf_init(&s->row, (size_t)64 * LIMIT_RECORD_TEXT);
	s->prev = s->next = NULL;
	s->began_secs = now_secs;
	s->began_msecs = now_msecs;
	s->mta = RECORD_MTA_UNKNOWN;
	s->tls = RECORD_TLS_UNKNOWN;
	s->is_asked = is_asked;
	s->has_headers = false;
	s->is_local = false;
	s->was_connected = s->was_greeted = s->reached_mail = false;
	s->is_authenticated = false;
	s->client_port = 0;
	facts_init(&s->facts);
	inbound_init(&s->inbound);
	s->inbound.tls = &s->facts.tls;
	domains_init(&s->domains);
	forged_init(&s->forged);
	s->n_messages = s->n_accepted = s->n_refused = 0;
	memset(&s->refused, 0, sizeof(s->refused));
}

void
session_free(struct session *s)
{
	buf_free(&s->daemon);
	buf_free(&s->client_name);
	buf_free(&s->client_addr);
	buf_free(&s->helo);
	buf_free(&s->queue_id);
	buf_free(&s->last_queue_id);
	buf_free(&s->sender);
	buf_free(&s->recipient);
	buf_free(&s->row);
	facts_free(&s->facts);
	domains_free(&s->domains);
	forged_free(&s->forged);
}

static bool
is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (a->family == 4)
		return a->b[0] == 127;
	return a->family == 6 && memcmp(a->b, one, sizeof(one)) == 0;
}

/* The MTA looked the client's name up; without one Postfix says "[address]" or
 * "unknown". */
static struct sv
real_name(struct sv name)
{
	bool is_none =
	    sv_is_nocase(name, "unknown") || (name.n > 0 && name.p[0] == '[');

	return is_none ? sv_from("") : name;
}

/* Postfix's cleanup(8) plays a session for sendmail(1): from localhost, port 0
 * (cleanup_milter.c); Sendmail has no address then. A client whose address or
 * port a proxy did not tell (XCLIENT) has port 0 too, or no name either, and is
 * no local submission. */
static bool
is_local(const struct session_peer *peer)
{
	if (!peer->has_addr)
		return real_name(peer->name).n > 0;
	return peer->port == 0 && is_loopback(&peer->addr);
}

void
session_connect(struct session *s, const struct session_peer *peer,
    const struct macros *m)
{
	s->was_connected = true;
	s->mta = facts_mta(s->mta, m);
	if (facts_has_tls(m))
		s->tls = RECORD_TLS_WRAPPER;
	s->is_local = is_local(peer);
	s->client_port = peer->port;
	s->inbound.has_client = peer->has_addr;
	s->inbound.is_client_hidden = !peer->has_addr;
	s->inbound.client = peer->addr;
	buf_reset(&s->client_addr);
	if (peer->has_addr)
		addr_format(&peer->addr, &s->client_addr);
	set_text(&s->client_name, real_name(peer->name), LIMIT_DOMAIN + 2);
	set_text(&s->daemon, macros_get(m, "{daemon_name}"), SHORT_TEXT);
}

/* Postfix tells of implicit TLS at CONNECT; Sendmail greets before its
 * handshake, so TLS at the first HELO, when no client can have learnt of
 * STARTTLS yet, is implicit too. */
static enum record_tls
tls_at_helo(const struct session *s)
{
	return !s->was_greeted && s->mta == RECORD_SENDMAIL
	    ? RECORD_TLS_WRAPPER
	    : RECORD_TLS_STARTTLS;
}

void
session_helo(struct session *s, struct sv name, const struct macros *m)
{
	s->mta = facts_mta(s->mta, m);
	if (s->tls != RECORD_TLS_WRAPPER && facts_has_tls(m))
		s->tls = tls_at_helo(s);
	s->was_greeted = true;
	set_text(&s->helo, name, LIMIT_DOMAIN + 2);
}

static void
note_tls(struct session *s)
{
	switch (s->facts.tls.state) {
	case TLS_STATE_ON:
		if (s->tls != RECORD_TLS_WRAPPER)
			s->tls = RECORD_TLS_STARTTLS;
		break;
	case TLS_STATE_NONE:
		s->tls = RECORD_TLS_NONE;
		break;
	case TLS_STATE_UNKNOWN:
		break;
	}
}

void
session_keep_address(struct buf *b, struct sv address)
{
	if (address.n >= 2 && address.p[0] == '<' &&
	    address.p[address.n - 1] == '>')
		address = sv_make(address.p + 1, address.n - 2);
	set_text(b, address, LIMIT_RECORD_TEXT);
}

void
session_note_queue_id(struct session *s, const struct macros *m)
{
	struct sv id = macros_get(m, "i");

	if (id.n == 0)
		return;
	set_text(&s->queue_id, id, SHORT_TEXT);
	set_text(&s->last_queue_id, id, SHORT_TEXT);
}

enum inbound_form
session_address(const struct session *s, const struct macros *m,
    const char *macro, struct sv *address)
{
	struct sv read = macros_get(m, macro);

	if (s->mta != RECORD_POSTFIX || read.p == NULL)
		return INBOUND_WRITTEN;
	/* The macro has it in small letters; the logs as it was written. */
	if (!sv_eq_nocase(envelope_strip(*address), read))
		*address = read;
	return INBOUND_READ;
}

void
session_mail(struct session *s, struct sv sender, const struct macros *m)
{
	enum inbound_form form;

	s->reached_mail = true;
	s->mta = facts_mta(s->mta, m);
	facts_collect(&s->facts, s->mta, s->is_asked, m);
	note_tls(s);
	s->is_authenticated |= s->facts.is_authenticated;
	buf_reset(&s->queue_id);
	session_note_queue_id(s, m);
	form = session_address(s, m, "{mail_addr}", &sender);
	inbound_sender(&s->inbound, sender, form);
	session_keep_address(&s->sender, sender);
}

void
session_eom(struct session *s, const struct macros *m)
{
	session_note_queue_id(s, m);
	s->n_messages++;
	session_abort(s);
}

bool
session_begins_tls(const struct session *s, const struct macros *m)
{
	return s->facts.tls.state != TLS_STATE_ON &&
	    s->n_accepted + s->n_refused > 0 && facts_has_tls(m);
}

void
session_next_row(struct session *s, int64_t now_secs, int64_t now_msecs)
{
	s->began_secs = now_secs;
	s->began_msecs = now_msecs;
	domains_free(&s->domains);
	buf_reset(&s->last_queue_id);
	s->n_messages = s->n_accepted = s->n_refused = 0;
	memset(&s->refused, 0, sizeof(s->refused));
}

void
session_abort(struct session *s)
{
	party_none(&s->inbound.sender);
	party_none(&s->inbound.recipient);
	s->inbound.bad_sender = s->inbound.bad_recipient = false;
	buf_reset(&s->sender);
	buf_reset(&s->recipient);
	buf_reset(&s->queue_id);
	forged_reset(&s->forged);
}
