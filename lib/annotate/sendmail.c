/* tlswarden: annotate/sendmail - TLS failures in the words of Sendmail.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines about STARTTLS have no queue id and some no relay: what was said is
 * kept for the next line of the same process that names one (tls.c,
 * deliver.c, srvrsmtp.c, rscheck in parseaddr.c, 8.15 to 8.18).
 */
#include "config.h"

#include <string.h>

#include "annotate/lines.h"
#include "annotate/words.h"

/* The value of "key=value, " in msg, or empty. */
static struct sv
field(struct sv msg, struct sv key)
{
	size_t at = words_find(msg, key);
	struct sv value;

	if (at == msg.n)
		return sv_from("");
	value = sv_skip(msg, at + key.n);
	return sv_trim(sv_head(value, sv_find(value, ',')));
}

static void
keep(struct sendmail_memory *m, const struct annotation *r)
{
	m->reason = r->reason;
	m->fault = r->fault;
	m->remark = r->remark;
}

/* A cause that the process told earlier is better than the ruleset's word. */
static void
recall(struct sendmail_memory *m, struct annotation *r)
{
	if (m->reason == REASON_COUNT)
		return;
	r->reason = m->reason;
	r->fault = m->fault;
	r->remark = m->remark;
	m->reason = REASON_COUNT;
}

static const struct {
	const char *word;
	enum reason reason;
	enum reason_fault fault;
} verify_words[] = {
	{ "FAIL", REASON_CERT_NOT_VERIFIED, FAULT_UNKNOWN },
	{ "NO", REASON_NO_CLIENT_CERT, FAULT_UNKNOWN },
	{ "NONE", REASON_NO_STARTTLS, FAULT_UNKNOWN },
	{ "TEMP", REASON_STARTTLS_REFUSED, FAULT_UNKNOWN },
	{ "PROTOCOL", REASON_STARTTLS_REFUSED, FAULT_UNKNOWN },
	{ "SOFTWARE", REASON_HANDSHAKE_FAILURE, FAULT_UNKNOWN },
	{ "CONFIG", REASON_UNKNOWN, FAULT_OURS },
	{ "CLEAR", REASON_NO_TLS, FAULT_OURS },
	{ "DANE_FAIL", REASON_CERT_NOT_VERIFIED, FAULT_UNKNOWN },
};

static bool
verify_word(struct sv word, struct annotation *r)
{
	for (size_t i = 0; i < sizeof(verify_words) / sizeof(verify_words[0]);
	     i++)
		if (sv_is(word, verify_words[i].word)) {
			r->reason = verify_words[i].reason;
			r->fault = verify_words[i].fault;
			return true;
		}
	return false;
}

/* What keeps Sendmail itself from TLS, when it starts and for each session:
 * tls.c, inittls and tls_ok_f. */
static const struct {
	struct sv needle;
	const char *remark;
} own_faults[] = {
	{ SV("STARTTLS: CACertFile missing"),
	    "Without confCACERT Sendmail offers no STARTTLS: tlswarden check "
	    "--self --mta sendmail." },
	{ SV("STARTTLS: CACertPath missing"),
	    "Without confCACERT_PATH Sendmail offers no STARTTLS: tlswarden "
	    "check --self --mta sendmail." },
	{ SV("STARTTLS: ServerCertFile missing"),
	    "Without confSERVER_CERT Sendmail offers no STARTTLS." },
	{ SV("STARTTLS: ServerKeyFile missing"),
	    "Without confSERVER_KEY Sendmail offers no STARTTLS." },
	{ SV(" unsafe: "),
	    "Sendmail does not use this file (it must be there, and readable "
	    "for its owner alone when it is a key), so that there is no TLS." },
	{ SV("error: load verify locs "),
	    "Sendmail cannot read the CAs of confCACERT, so that there is no "
	    "TLS: tlswarden check --self --mta sendmail." },
	{ SV("error: SSL_CTX_"),
	    "Sendmail cannot use its own certificate or key, so that there is "
	    "no TLS: tlswarden check --self --mta sendmail." },
};

static bool
own_fault(struct sv msg, struct annotation *r)
{
	for (size_t i = 0; i < sizeof(own_faults) / sizeof(own_faults[0]);
	     i++) {
		if (words_find(msg, own_faults[i].needle) == msg.n)
			continue;
		r->reason = REASON_UNKNOWN;
		r->fault = FAULT_OURS;
		r->remark = own_faults[i].remark;
		r->detail = msg;
		return true;
	}
	return false;
}

/* "STARTTLS=client, error: connect failed=-1, reason=wrong version number" */
static bool
handshake_error(struct sv msg, struct sendmail_memory *m, struct annotation *r)
{
	static const struct sv reason = SV(" reason="), relay = SV(" relay=");

	r->detail = field(msg, reason);
	r->peer = field(msg, relay);
	r->is_inbound = sv_starts(msg, sv_from("STARTTLS=server"));
	r->reason = REASON_HANDSHAKE_FAILURE;
	(void)words_library(r->detail, r);
	if (r->peer.n > 0)
		return true;
	keep(m, r);
	return false;
}

static void
keep_peer(struct sendmail_memory *m, struct sv peer)
{
	m->peer_n = peer.n < sizeof(m->peer) ? peer.n : sizeof(m->peer);
	if (m->peer_n > 0)
		memcpy(m->peer, peer.p, m->peer_n);
}

/* "STARTTLS=server, cert-subject=..., verifymsg=unable to ...", which follows
 * the line with relay= and verify=FAIL. */
static bool
verify_message(struct sv msg, struct sv word, struct sendmail_memory *m,
    struct annotation *r)
{
	r->reason = words_x509_text(word);
	if (r->reason == REASON_COUNT)
		return false;
	r->detail = word;
	r->is_inbound = sv_starts(msg, sv_from("STARTTLS=server"));
	keep(m, r);
	if (m->peer_n == 0)
		return false;
	r->peer = sv_make(m->peer, m->peer_n);
	return true;
}

/* "STARTTLS: read error=generic SSL error (-1), reason=...": in TLS 1.3 the
 * peer's alert comes behind the handshake. */
static bool
session_error(struct sv msg, struct sendmail_memory *m, struct annotation *r)
{
	static const struct sv error = SV(" error="), alert = SV(" alert ");

	if (words_find(msg, error) == msg.n || words_find(msg, alert) == msg.n)
		return false;
	r->detail = msg;
	r->peer = sv_make(m->peer, m->peer_n);
	return words_library(msg, r);
}

static bool
starttls(struct sv msg, struct sendmail_memory *m, struct annotation *r)
{
	static const struct sv error = SV(", error: "), relay = SV(" relay="),
			       verify = SV(" verify="),
			       verifymsg = SV(" verifymsg=");
	struct sv word;

	if (words_find(msg, error) < msg.n)
		return handshake_error(msg, m, r);
	word = field(msg, verifymsg);
	if (word.n > 0)
		return verify_message(msg, word, m, r);
	/* Another connection: what was kept is not about it. */
	m->reason = REASON_COUNT;
	keep_peer(m, field(msg, relay));
	word = field(msg, verify);
	if (!sv_is(word, "FAIL") && !sv_is(word, "DANE_FAIL"))
		return false;
	r->reason = REASON_CERT_NOT_VERIFIED;
	r->fault = FAULT_UNKNOWN;
	r->is_inbound = sv_starts(msg, sv_from("STARTTLS=server"));
	r->peer = field(msg, relay);
	r->detail = word;
	r->remark =
	    "The session was encrypted; only a rule that demands a "
	    "verified certificate refuses mail for this. verifymsg= "
	    "(LogLevel 12) or tlswarden probe has the cause.";
	return true;
}

/* "ruleset=check_mail, arg1=<s@x>, relay=..., reject=454 4.7.0 authentication
 * required": tls_client speaks at MAIL, in the texts of TLS_connection. */
static bool
client_refused(struct sv msg, struct sv reject, struct annotation *r)
{
	static const struct {
		struct sv text;
		enum reason reason;
	} texts[] = {
		{ SV(" authentication required"), REASON_NO_CLIENT_CERT },
		{ SV(" authentication failed"), REASON_CERT_NOT_VERIFIED },
		{ SV(" encryption required"), REASON_NO_TLS },
		{ SV(" encryption too weak"), REASON_CIPHER_TOO_WEAK },
	};
	static const struct sv relay = SV(" relay="),
			       mail = SV("ruleset=check_mail"),
			       status = SV(" 4.7.0 "), fail = SV(" 5.7.0 ");

	if (words_find(msg, mail) == msg.n ||
	    (words_find(reject, status) == reject.n &&
		words_find(reject, fail) == reject.n))
		return false;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (words_find(reject, texts[i].text) == reject.n)
			continue;
		r->reason = texts[i].reason;
		r->peer = field(msg, relay);
		r->detail = reject;
		r->is_inbound = true;
		return true;
	}
	return false;
}

/* "ruleset=tls_server, arg1=NONE, relay=mx.example.com, reject=454 ..." */
static bool
ruleset(struct sv msg, struct sendmail_memory *m, struct annotation *r)
{
	static const struct sv arg = SV(" arg1="), relay = SV(" relay="),
			       reject = SV(" reject="),
			       weak = SV("encryption too weak"),
			       mismatch = SV(" does not match ");
	size_t at = words_find(msg, reject);
	bool is_tls = words_find(msg, sv_from("ruleset=tls_")) < msg.n;

	if (at == msg.n)
		return false;
	if (!is_tls)
		return client_refused(msg, sv_skip(msg, at + reject.n), r);
	r->peer = field(msg, relay);
	r->detail = sv_skip(msg, at + reject.n);
	r->is_inbound = words_find(msg, sv_from("tls_client")) < msg.n;
	if (words_find(r->detail, weak) < r->detail.n)
		r->reason = REASON_CIPHER_TOO_WEAK;
	else if (words_find(r->detail, mismatch) < r->detail.n)
		r->reason = REASON_SUBJECT_MISMATCH;
	else if (!verify_word(field(msg, arg), r))
		r->reason = REASON_CERT_NOT_VERIFIED;
	recall(m, r);
	return true;
}

/* A deferred delivery behind a handshake that failed. */
static bool
delivery(struct sv msg, struct sendmail_memory *m, struct annotation *r)
{
	static const struct sv relay = SV(" relay="), stat = SV(" stat=");
	size_t at = words_find(msg, stat);

	if (m->reason == REASON_COUNT || at == msg.n ||
	    sv_starts(sv_skip(msg, at + stat.n), sv_from("Sent"))) {
		if (at < msg.n)
			m->reason = REASON_COUNT;
		return false;
	}
	r->peer = field(msg, relay);
	r->detail = sv_skip(msg, at + stat.n);
	recall(m, r);
	return true;
}

bool
sendmail_line(struct sv msg, struct sendmail_memory *memory,
    struct annotation *r)
{
	if (sv_starts(msg, sv_from("STARTTLS")) && own_fault(msg, r))
		return true;
	if (sv_starts(msg, sv_from("STARTTLS=")))
		return starttls(msg, memory, r);
	if (sv_starts(msg, sv_from("STARTTLS: ")))
		return session_error(msg, memory, r);
	if (words_find(msg, sv_from("ruleset=")) < msg.n)
		return ruleset(msg, memory, r);
	return delivery(msg, memory, r);
}

bool
cafail_line(struct sv msg, struct annotation *r)
{
	static const struct sv word = SV("CAFail"), relay = SV("relay=");

	if (words_find(msg, word) == msg.n)
		return false;
	r->reason = REASON_ISSUER_UNKNOWN;
	r->peer = field(msg, relay);
	r->is_inbound = words_find(msg, sv_from("STARTTLS=server")) < msg.n;
	if (words_find(msg, sv_from("verify=CAFail")) == msg.n) {
		r->fault = FAULT_OURS;
		r->remark =
		    "CAFail by itself: the other side could not verify "
		    "OUR certificate; send our whole chain "
		    "(tlswarden check --self).";
	} else {
		r->remark =
		    "verify=CAFail: the peer's certificate is not from "
		    "a CA that we trust, or the CA's certificate is "
		    "not available; import it with tlswarden ca "
		    "import.";
	}
	return true;
}
