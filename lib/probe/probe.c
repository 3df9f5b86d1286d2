/* tlswarden: probe/probe - what one mail server at one address does.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/mem.h"
#include "cert/finding.h"
#include "cert/load.h"
#include "probe/conn.h"
#include "probe/probe.h"
#include "probe/reply.h"
#include "probe/tls.h"

enum { INJECTION_MSECS = 50, LAST_WORDS_MSECS = 1000, SHOWN_BYTES = 120 };

/* A probe under way. Every step returns false once a fault was added. */
struct probe {
	const struct probe_request *req;
	struct diagnosis *d;
	struct probe_result *r;
	struct conn conn;
	struct tls_client tls;
	struct reply reply; /* views conn.in */
	const char *stage;  /* for the words of a fault */
	int64_t limit;      /* of the stage, in msecs */
	int64_t end;
};

void
probe_init(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
}

bool
probe_mode_parse(const char *word, enum probe_mode *mode_r)
{
	static const char *const words[] = { "unset", "starttls", "smtps",
		"lmtp" };

	for (int i = PROBE_MODE_STARTTLS; i <= PROBE_MODE_LMTP; i++)
		if (strcmp(word, words[i]) == 0) {
			*mode_r = (enum probe_mode)i;
			return true;
		}
	return false;
}

const char *
probe_show_command(const struct probe_request *req, struct diagnosis *d)
{
	const char *starttls = req->mode == PROBE_MODE_LMTP ? " -starttls lmtp"
	    : req->mode == PROBE_MODE_SMTPS                 ? ""
							    : " -starttls smtp";
	bool is_v6 = req->addr.family == 6;
	struct buf addr;
	const char *text;

	buf_init(&addr, 64);
	addr_format(&req->addr, &addr);
	text = diagnosis_text(d,
	    "openssl s_client%s -connect %s%s%s:%u%s%s -showcerts </dev/null",
	    starttls, is_v6 ? "[" : "", buf_str(&addr), is_v6 ? "]" : "",
	    (unsigned)req->port, req->sni != NULL ? " -servername " : "",
	    req->sni != NULL ? req->sni : "");
	buf_free(&addr);
	return text;
}

/* A fault in the words of the table, with what was seen in front. */
static struct finding *
fault(struct probe *p, enum reason reason, const char *seen)
{
	struct finding *f = diagnosis_add(p->d, reason);

	f->cause = diagnosis_text(p->d, "%s %s", seen, f->cause);
	f->command = probe_show_command(p->req, p->d);
	return f;
}

/* Sets stage and limit, what the step may take. */
static void
enter_stage(struct probe *p, const char *stage)
{
	int64_t left = p->end - conn_now();

	p->stage = stage;
	p->limit = left < 0 ? 0 : left;
	if (p->req->stage_msecs > 0 && p->req->stage_msecs < p->limit)
		p->limit = p->req->stage_msecs;
}

static void
begin_stage(struct probe *p, const char *stage)
{
	enter_stage(p, stage);
	conn_set_deadline(&p->conn, p->limit);
}

/* Which of the two limits ended the wait. */
static const char *
no_answer(struct probe *p)
{
	bool is_stage =
	    p->req->stage_msecs > 0 && p->limit == p->req->stage_msecs;
	int64_t msecs = is_stage ? p->limit : p->req->timeout_msecs;

	return diagnosis_text(p->d, "No answer %s within %lld.%lld s%s.",
	    p->stage, (long long)(msecs / 1000),
	    (long long)(msecs % 1000 / 100),
	    is_stage ? ", the limit of one step" : " for the whole probe");
}

/* What a failed read or write outside the handshake means. */
static bool
io_fault(struct probe *p, enum conn_status status)
{
	switch (status) {
	case CONN_OK:
		return true;
	case CONN_TIMEOUT:
		(void)fault(p, REASON_TIMEOUT, no_answer(p));
		return false;
	case CONN_CLOSED:
		(void)fault(p, REASON_CONNECTION_CLOSED,
		    diagnosis_text(p->d, "The connection ended %s.", p->stage));
		return false;
	case CONN_ERROR:
		break;
	}
	if (p->conn.errno_value == EMSGSIZE)
		(void)fault(p, REASON_PROTOCOL_ERROR,
		    diagnosis_text(p->d, "An endless reply %s.", p->stage));
	else
		(void)fault(p, REASON_CONNECTION_CLOSED,
		    diagnosis_text(p->d, "The connection broke %s (%s).",
			p->stage,
			p->conn.errno_value == 0
			    ? "TLS error"
			    : strerror(p->conn.errno_value)));
	return false;
}

static const char *
shown(struct probe *p, struct sv bytes)
{
	return diagnosis_safe(p->d, sv_head(bytes, SHOWN_BYTES));
}

/* Reads one reply into p->reply. */
static bool
read_reply(struct probe *p)
{
	for (;;) {
		switch (reply_parse(buf_sv(&p->conn.in), &p->reply)) {
		case REPLY_OK:
			return true;
		case REPLY_BAD:
			(void)fault(p, REASON_PROTOCOL_ERROR,
			    diagnosis_text(p->d, "It said \"%s\" %s.",
				shown(p, buf_sv(&p->conn.in)), p->stage));
			return false;
		case REPLY_MORE:
			break;
		}
		if (!io_fault(p, conn_read(&p->conn)))
			return false;
	}
}

static bool
command(struct probe *p, const char *line, const char *stage)
{
	begin_stage(p, stage);
	if (!io_fault(p, conn_write(&p->conn, sv_from(line))))
		return false;
	return read_reply(p);
}

static void
consume(struct probe *p)
{
	buf_consume(&p->conn.in, p->reply.used);
}

/* The words of the reply in hand, with its code. */
static const char *
reply_words(struct probe *p)
{
	return diagnosis_text(p->d, "\"%u %s\"", p->reply.code,
	    shown(p, reply_first_line(&p->reply)));
}

static bool
connect_to(struct probe *p)
{
	enum conn_status status;

	enter_stage(p, "to the connection attempt");
	status = conn_open(&p->conn, &p->req->addr, p->req->port, p->limit,
	    REPLY_BYTES + 8192);
	if (status == CONN_OK)
		return true;
	if (status == CONN_TIMEOUT)
		return io_fault(p, status);
	(void)fault(p, REASON_CONNECTION_REFUSED,
	    diagnosis_text(p->d, "Port %u: %s.", (unsigned)p->req->port,
		strerror(p->conn.errno_value)));
	return false;
}

static bool
greeting(struct probe *p)
{
	begin_stage(p, "as greeting");
	if (!read_reply(p))
		return false;
	if (p->reply.code != 220) {
		(void)fault(p, REASON_SMTP_REFUSED,
		    diagnosis_text(p->d, "It greeted with %s.",
			reply_words(p)));
		return false;
	}
	consume(p);
	return true;
}

static bool
hello(struct probe *p, const char *stage)
{
	const char *verb = p->req->mode == PROBE_MODE_LMTP ? "LHLO" : "EHLO";
	const char *line =
	    diagnosis_text(p->d, "%s %s\r\n", verb, p->req->helo);

	if (!command(p, line, stage))
		return false;
	if (p->reply.code == 250) {
		p->r->has_ehlo = true;
		return true;
	}
	(void)fault(p, REASON_SMTP_REFUSED,
	    diagnosis_text(p->d, "It answered %s with %s.", verb,
		reply_words(p)));
	return false;
}

static bool
starttls(struct probe *p)
{
	static const struct sv keyword = SV("STARTTLS");

	if (!hello(p, "to EHLO"))
		return false;
	p->r->offers_starttls = reply_has_keyword(&p->reply, keyword);
	consume(p);
	if (!p->r->offers_starttls) {
		(void)fault(p, REASON_NO_STARTTLS,
		    "STARTTLS is not among its EHLO keywords.");
		return false;
	}
	if (!command(p, "STARTTLS\r\n", "to STARTTLS"))
		return false;
	if (p->reply.code != 220) {
		struct finding *f = fault(p, REASON_STARTTLS_REFUSED,
		    diagnosis_text(p->d, "It answered STARTTLS with %s.",
			reply_words(p)));

		if (p->reply.code >= 500)
			f->dsn = "5.7.4";
		return false;
	}
	consume(p);
	/* RFC 3207 6 and 4.2: nothing may stand between the 220 and the
	 * handshake, in which the client speaks first. */
	if (conn_talks(&p->conn, INJECTION_MSECS)) {
		if (p->conn.in.n == 0 && !io_fault(p, conn_read(&p->conn)))
			return false;
		(void)fault(p, REASON_STARTTLS_INJECTION,
		    diagnosis_text(p->d, "Behind the 220 came \"%s\".",
			shown(p, buf_sv(&p->conn.in))));
		return false;
	}
	return true;
}

static const char *
openssl_words(void)
{
	const char *words = ERR_reason_error_string(ERR_peek_last_error());

	return words == NULL ? "no reason given" : words;
}

/* Something else than a TLS record: those of a handshake and alerts begin with
 * their type and the version, 3.x (RFC 8446 5.1). */
static bool
talks_no_tls(const struct conn *c)
{
	return c->n_first >= 3 &&
	    ((c->first[0] != 22 && c->first[0] != 21) || c->first[1] != 3);
}

/* Why SSL_connect failed. */
static bool
handshake_fault(struct probe *p, enum conn_status status)
{
	const struct tls_watch *w = &p->tls.watch;
	bool asked = w->saw_cert_request &&
	    w->own_certificate_bytes != TLS_NO_CERTIFICATE;

	if (status == CONN_TIMEOUT)
		return io_fault(p, status);
	if (w->alert_read != TLS_NO_ALERT) {
		enum reason reason = asked ? REASON_CLIENT_CERT_REQUIRED
		    : w->alert_read == 70  ? REASON_LEGACY_PROTOCOL
					   : REASON_HANDSHAKE_FAILURE;

		(void)fault(p, reason,
		    diagnosis_text(p->d,
			"It ended the handshake with alert %d (%s).",
			w->alert_read, tls_alert_name(w->alert_read)));
		return false;
	}
	if (status == CONN_CLOSED) {
		(void)fault(p,
		    asked ? REASON_CLIENT_CERT_REQUIRED
			  : REASON_CONNECTION_CLOSED,
		    "It closed the connection during the handshake.");
		return false;
	}
	if (talks_no_tls(&p->conn)) {
		(void)fault(p, REASON_HANDSHAKE_FAILURE,
		    diagnosis_text(p->d,
			"It began not with TLS but with \"%s\".",
			shown(p, sv_make(p->conn.first, p->conn.n_first))));
		return false;
	}
	(void)fault(p, REASON_HANDSHAKE_FAILURE,
	    diagnosis_text(p->d, "The handshake broke: %s.",
		p->conn.errno_value == 0 ? openssl_words()
					 : strerror(p->conn.errno_value)));
	return false;
}

static void
note_session(struct probe *p)
{
	SSL *ssl = p->tls.ssl;
	const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);

	p->r->has_tls = true;
	p->d->tls_version = diagnosis_text(p->d, "%s", SSL_get_version(ssl));
	p->d->tls_cipher =
	    diagnosis_text(p->d, "%s", SSL_CIPHER_get_name(cipher));
	p->d->tls_bits = SSL_CIPHER_get_bits(cipher, NULL);
}

/* The chain as sent; OpenSSL keeps it also when the handshake fails later. */
static void
note_chain(struct probe *p)
{
	const struct stack_st_X509 *sent = SSL_get_peer_cert_chain(p->tls.ssl);
	const unsigned char *staple = NULL;
	long n;

	if (sent != NULL) {
		p->r->chain = chain_new();
		(void)chain_add_stack(p->r->chain, sent, NULL);
	}
	n = SSL_get_tlsext_status_ocsp_resp(p->tls.ssl, &staple);
	if (n > 0 && staple != NULL) {
		p->r->ocsp = mem_alloc((size_t)n);
		memcpy(p->r->ocsp, staple, (size_t)n);
		p->r->ocsp_n = (size_t)n;
	}
}

static void
note_client_cert(struct probe *p)
{
	const struct tls_watch *w = &p->tls.watch;

	if (!w->saw_cert_request)
		return;
	p->r->own_certificate_bytes = w->own_certificate_bytes;
	p->d->client_cert_requested = true;
	/* Its words are that the server goes on without. */
	if (diagnosis_find(p->d, REASON_CLIENT_CERT_REQUIRED) == NULL)
		(void)diagnosis_add(p->d, REASON_CLIENT_CERT_REQUESTED);
}

static bool
handshake(struct probe *p)
{
	struct err e = { 0 };
	enum conn_status status;
	bool is_up;

	begin_stage(p, "to the TLS handshake");
	if (tls_open(&p->tls, p->req->sni, &e) != 0) {
		struct finding *f = fault(p, REASON_HANDSHAKE_FAILURE, e.text);

		f->fault = FAULT_OURS;
		return false;
	}
	p->r->tried_handshake = true;
	status = conn_start_tls(&p->conn, p->tls.ssl);
	is_up = status == CONN_OK;
	note_chain(p);
	if (is_up)
		note_session(p);
	else
		(void)handshake_fault(p, status);
	return is_up;
}

/* A peer that insists may have ended the connection before our EHLO was
 * written; its alert is then still to be read. */
static void
read_last_words(struct probe *p)
{
	conn_set_deadline(&p->conn, LAST_WORDS_MSECS);
	while (p->tls.watch.alert_read == TLS_NO_ALERT &&
	    conn_read(&p->conn) == CONN_OK)
		continue;
}

/* TLS 1.3 tells that a client certificate is required only now: its alert is
 * the first thing to be read (RFC 8446 4.4.2.4), unless it was lost with the
 * connection. */
static bool
insists_on_certificate(struct probe *p, size_t n_before)
{
	const struct tls_watch *w = &p->tls.watch;
	bool was_closed = p->d->n_findings > n_before &&
	    p->d->findings[n_before].reason == REASON_CONNECTION_CLOSED;

	if (!w->saw_cert_request || p->conn.in.n > 0)
		return false;
	if (was_closed)
		read_last_words(p);
	return w->alert_read != TLS_NO_ALERT || was_closed;
}

/* Postfix (smtpd_tls_req_ccert) completes the handshake and says no to EHLO. */
static bool
asks_for_certificate(struct probe *p)
{
	static const struct sv word = SV("certificate");
	struct sv text = buf_sv(&p->conn.in);

	if (!p->tls.watch.saw_cert_request || !p->r->was_refused)
		return false;
	for (; text.n >= word.n; text = sv_skip(text, 1))
		if (sv_eq_nocase(sv_head(text, word.n), word))
			return true;
	return false;
}

static void
name_requirement(struct probe *p, size_t n_before, const char *seen)
{
	p->d->n_findings = n_before;
	(void)fault(p, REASON_CLIENT_CERT_REQUIRED, seen);
}

static bool
inside_tls(struct probe *p)
{
	const struct tls_watch *w = &p->tls.watch;
	size_t before = p->d->n_findings;
	bool ok = p->req->mode == PROBE_MODE_SMTPS
	    ? greeting(p) && hello(p, "to EHLO inside TLS")
	    : hello(p, "to EHLO inside TLS");

	if (ok) {
		consume(p);
		return true;
	}
	p->r->was_refused = p->d->n_findings > before &&
	    p->d->findings[before].reason == REASON_SMTP_REFUSED;
	if (asks_for_certificate(p))
		name_requirement(p, before,
		    diagnosis_text(p->d, "Inside TLS it said %s.",
			reply_words(p)));
	else if (insists_on_certificate(p, before))
		name_requirement(p, before,
		    w->alert_read == TLS_NO_ALERT
			? "It closed the connection right after our empty "
			  "certificate."
			: diagnosis_text(p->d,
			      "It ended the session with alert %d (%s).",
			      w->alert_read, tls_alert_name(w->alert_read)));
	return false;
}

static void
quit(struct probe *p)
{
	begin_stage(p, "to QUIT");
	/* Whether it says good bye is nobody's business. */
	if (conn_write(&p->conn, sv_from("QUIT\r\n")) == CONN_OK) {
		conn_set_deadline(&p->conn, 1000);
		while (
		    reply_parse(buf_sv(&p->conn.in), &p->reply) == REPLY_MORE &&
		    conn_read(&p->conn) == CONN_OK)
			continue;
	}
}

void
probe_run(const struct probe_request *req, struct diagnosis *d,
    struct probe_result *r)
{
	struct probe p = { .req = req, .d = d, .r = r };

	memset(r, 0, sizeof(*r));
	r->own_certificate_bytes = TLS_NO_CERTIFICATE;
	p.end = conn_now() + req->timeout_msecs;
	p.conn.fd = -1;
	if (connect_to(&p)) {
		bool ready = req->mode == PROBE_MODE_SMTPS ||
		    (greeting(&p) && starttls(&p));

		if (ready && handshake(&p))
			r->is_complete = inside_tls(&p);
		if (r->is_complete)
			quit(&p);
	}
	note_client_cert(&p);
	tls_close(&p.tls);
	conn_close(&p.conn);
}

void
probe_result_free(struct probe_result *r)
{
	chain_free(r->chain);
	free(r->ocsp);
	r->chain = NULL;
	r->ocsp = NULL;
}
