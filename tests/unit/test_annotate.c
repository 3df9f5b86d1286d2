/* tlswarden: tests for lib/annotate.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "annotate/annotate.h"
#include "annotate/delivery.h"
#include "base/buf.h"
#include "unit.h"

#define SMTP "Nov 21 10:00:00 mx postfix/smtp[123]: "
#define SMTPD "2026-11-21T10:00:00.1+00:00 mx postfix/submission/smtpd[9]: "
#define SM "Nov 21 10:00:00 mx sendmail[77]: "
#define VERIFY "certificate verification failed for mx.b.test[192.0.2.1]:25: "
#define DEFERRED SMTP "4F8A21: to=<a@b.test>, relay=" PEER ", delay=1, dsn="
#define PEER "mx.b.test[192.0.2.1]:25"

static const struct {
	struct sv line;
	enum reason reason; /* REASON_COUNT: no TLS failure */
	const char *peer;
	enum reason_fault fault; /* FAULT_UNKNOWN: the table's */
} rows[] = {
	/* Postfix, client */
	{ SV(SMTP VERIFY "self-signed certificate"), REASON_SELF_SIGNED_LEAF,
	    PEER, FAULT_UNKNOWN },
	{ SV(SMTP VERIFY "self signed certificate"), REASON_SELF_SIGNED_LEAF,
	    PEER, FAULT_UNKNOWN },
	{ SV(SMTP VERIFY "untrusted issuer /O=X/CN=Y"), REASON_ISSUER_UNKNOWN,
	    PEER, FAULT_UNKNOWN },
	{ SV(SMTP VERIFY "not trusted by local or TLSA policy"),
	    REASON_DISTRUSTED, PEER, FAULT_UNKNOWN },
	{ SV(SMTP "server " VERIFY "certificate has expired"),
	    REASON_EXPIRED_LEAF, PEER, FAULT_UNKNOWN },
	{ SV(SMTP "CA " VERIFY "certificate has expired"),
	    REASON_EXPIRED_INTERMEDIATE, PEER, FAULT_UNKNOWN },
	{ SV(SMTP "server " VERIFY "certificate not yet valid"),
	    REASON_NOT_YET_VALID, PEER, FAULT_UNKNOWN },
	{ SV(SMTP VERIFY "not designated for use as a CA certificate"),
	    REASON_INVALID_CA, PEER, FAULT_UNKNOWN },
	{ SV(SMTP VERIFY "not designated for use as a server certificate"),
	    REASON_WRONG_PURPOSE, PEER, FAULT_UNKNOWN },
	{ SV(SMTP VERIFY "certificate chain longer than limit(9)"),
	    REASON_CHAIN_TOO_LONG, PEER, FAULT_UNKNOWN },
	{ SV(SMTP "server " VERIFY "num=62:hostname mismatch"),
	    REASON_NAME_MISMATCH, PEER, FAULT_UNKNOWN },
	{ SV(SMTP "server " VERIFY "num=66:EE certificate key too weak"),
	    REASON_WEAK_KEY, PEER, FAULT_UNKNOWN },
	{ SV(SMTP "server " VERIFY "num=9999:what"), REASON_CERT_NOT_VERIFIED,
	    PEER, FAULT_UNKNOWN },
	{ SV(SMTP "server " VERIFY "num=x"), REASON_CERT_NOT_VERIFIED, PEER,
	    FAULT_UNKNOWN },
	{ SV(SMTP "4F8A21: to=<a@b.test>, relay=" PEER ", delay=1, dsn=4.7.4, "
		  "status=deferred (TLS is required, but was not offered by "
		  "host mx.b.test[192.0.2.1])"),
	    REASON_NO_STARTTLS, "mx.b.test[192.0.2.1]", FAULT_UNKNOWN },
	{ SV(SMTP "4F8A21: TLS is required, but was not offered by host "
		  "mx.b.test[192.0.2.1]"),
	    REASON_NO_STARTTLS, "mx.b.test[192.0.2.1]", FAULT_UNKNOWN },
	{ SV(SMTP "4F8A21: to=<a@b.test>, relay=" PEER ", dsn=4.7.0, "
		  "status=deferred (TLS is required, but host "
		  "mx.b.test[192.0.2.1] refused to start TLS: 454 4.7.0 TLS "
		  "not available)"),
	    REASON_STARTTLS_REFUSED, "mx.b.test[192.0.2.1]", FAULT_UNKNOWN },
	{ SV(SMTP "4F8A21: to=<a@b.test>, relay=" PEER ", dsn=4.7.5, "
		  "status=deferred (Cannot start TLS: handshake failure)"),
	    REASON_HANDSHAKE_FAILURE, PEER, FAULT_UNKNOWN },
	{ SV(SMTP "4F8A21: to=<a@b.test>, relay=" PEER ", dsn=4.7.5, "
		  "status=deferred (Server certificate not verified)"),
	    REASON_CERT_NOT_VERIFIED, PEER, FAULT_UNKNOWN },
	{ SV(SMTP "4F8A21: to=<a@b.test>, relay=none, dsn=4.7.5, "
		  "status=deferred (client TLS configuration problem)"),
	    REASON_UNKNOWN, "none", FAULT_OURS },
	{ SV(SMTP "4F8A21: to=<a@b.test>, relay=" PEER ", dsn=4.7.5, "
		  "status=deferred (TLS is required, but our TLS engine is "
		  "unavailable)"),
	    REASON_UNKNOWN, PEER, FAULT_OURS },
	{ SV(SMTP "SSL_connect error to " PEER ": lost connection"),
	    REASON_CONNECTION_CLOSED, PEER, FAULT_UNKNOWN },
	{ SV(SMTP "SSL_connect error to " PEER ": Connection timed out"),
	    REASON_TIMEOUT, PEER, FAULT_UNKNOWN },
	{ SV(SMTP "SSL_connect error to " PEER ": -1"),
	    REASON_HANDSHAKE_FAILURE, PEER, FAULT_UNKNOWN },
	{ SV(SMTP "warning: TLS library problem: error:0A00010B:SSL "
		  "routines::wrong version number:../ssl/record.c:354:"),
	    REASON_PROTOCOL_ERROR, "", FAULT_UNKNOWN },
	{ SV(SMTP "warning: TLS library problem: error:0A00042E:SSL "
		  "routines::tlsv1 alert protocol version:x.c:1:SSL alert "
		  "number 70:"),
	    REASON_LEGACY_PROTOCOL, "", FAULT_UNKNOWN },
	{ SV(SMTP "TLSRPT: status=failure, domain=b.test, "
		  "receiving_mx=mx.b.test[192.0.2.1], "
		  "failure_type=certificate-expired"),
	    REASON_EXPIRED_LEAF, "mx.b.test[192.0.2.1]", FAULT_UNKNOWN },
	/* Postfix, server */
	{ SV(SMTPD "SSL_accept error from c.test[192.0.2.9]: -1"),
	    REASON_HANDSHAKE_FAILURE, "c.test[192.0.2.9]", FAULT_UNKNOWN },
	{ SV(SMTPD "warning: TLS library problem: error:0A000418:SSL "
		   "routines::tlsv1 alert unknown ca:x.c:1:SSL alert number "
		   "48:"),
	    REASON_INCOMPLETE_CHAIN, "", FAULT_OURS },
	{ SV(SMTPD "NOQUEUE: abort: TLS from c.test[192.0.2.9]: No client "
		   "certificate presented"),
	    REASON_NO_CLIENT_CERT, "c.test[192.0.2.9]", FAULT_UNKNOWN },
	{ SV(SMTPD "lost connection after STARTTLS from c.test[192.0.2.9]"),
	    REASON_CONNECTION_CLOSED, "c.test[192.0.2.9]", FAULT_UNKNOWN },
	{ SV(SMTPD "NOQUEUE: milter-reject: RCPT from c.test[192.0.2.9]: 550 "
		   "5.7.10 TLS required by policy rule 12 for mail from "
		   "example.mil: this session is not encrypted; enable "
		   "STARTTLS on your outbound server; from=<a@example.mil>"),
	    REASON_NO_TLS, "c.test[192.0.2.9]", FAULT_UNKNOWN },
	/* Postfix, settings and limits */
	{ SV("x postfix/smtp[1]: " PEER ": re-using session with untrusted "
	     "peer credential, look for details earlier in the log"),
	    REASON_CERT_NOT_VERIFIED, PEER, FAULT_UNKNOWN },
	{ SV("x postfix/smtpd[1]: c.test[192.0.2.9]: re-using session with "
	     "untrusted certificate, look for details earlier in the log"),
	    REASON_CERT_NOT_VERIFIED, "c.test[192.0.2.9]", FAULT_UNKNOWN },
	{ SV("x postfix/tlsproxy[1]: " VERIFY
	     "external policy failure (sts-webpki-invalid)"),
	    REASON_CERT_NOT_VERIFIED, PEER, FAULT_UNKNOWN },
	{ SV(SMTP "warning: " PEER ": invalid cipher grade: \"x\""),
	    REASON_UNKNOWN, PEER, FAULT_OURS },
	{ SV(SMTP "warning: " PEER ": Invalid TLS protocol list \"x\": "
		  "aborting TLS session"),
	    REASON_UNKNOWN, PEER, FAULT_OURS },
	{ SV(SMTP "warning: " PEER ": invalid unary '!+-@' in cipher "
		  "exclusion: x"),
	    REASON_UNKNOWN, PEER, FAULT_OURS },
	{ SV(SMTP "warning: " PEER ": all TLSA records unusable"),
	    REASON_CERT_NOT_VERIFIED, PEER, FAULT_THEIRS },
	{ SV(SMTP "warning: " PEER ": all trust anchors unusable"),
	    REASON_UNKNOWN, PEER, FAULT_OURS },
	{ SV(SMTP "warning: " PEER ": all fingerprints unusable"),
	    REASON_UNKNOWN, PEER, FAULT_OURS },
	{ SV(SMTP "warning: error opening trust anchor file: "
		  "tlswarden/ca/x.pem: No such file or directory"),
	    REASON_UNKNOWN, "", FAULT_OURS },
	{ SV(SMTPD "warning: no entropy for TLS key generation: disabling TLS "
		   "support"),
	    REASON_UNKNOWN, "", FAULT_OURS },
	{ SV(SMTP "warning: smtp_tls_policy_maps, next-hop destination "
		  "\"b.test\": policy table lookup error"),
	    REASON_UNKNOWN, "b.test", FAULT_OURS },
	{ SV(SMTP "warning: socketmap:unix:tlswarden/policyd.sock:tlspolicy "
		  "socketmap server temporary error: starting"),
	    REASON_UNKNOWN, "", FAULT_OURS },
	{ SV(SMTP "warning: table socketmap:unix:tlswarden/policyd.sock:"
		  "tlspolicy lookup error: unexpected disconnect"),
	    REASON_UNKNOWN, "", FAULT_OURS },
	{ SV(SMTP "warning: table socketmap:unix:other.sock:users lookup "
		  "error: unexpected disconnect"),
	    REASON_COUNT, NULL, FAULT_UNKNOWN },
	{ SV(SMTPD "warning: Refusing STARTTLS request from c.test[192.0.2.9] "
		   "for service smtp"),
	    REASON_STARTTLS_REFUSED, "c.test[192.0.2.9]", FAULT_OURS },
	{ SV(SMTP "warning: MX name 'mx.b.test' does not match STS MX pattern "
		  "for 'b.test'"),
	    REASON_UNKNOWN, "", FAULT_THEIRS },
	{ SV(SMTP "4F8A21: to=<a@b.test>, relay=" PEER ", dsn=5.7.0, "
		  "status=bounced (host mx.b.test[192.0.2.1] said: 530 5.7.0 "
		  "Must issue a STARTTLS command first)"),
	    REASON_NO_TLS, PEER, FAULT_OURS },
	/* 3.11 says what TLS was wanted and had */
	{ SV(SMTP "4F8A21: to=<a@b.test>, relay=" PEER ", delay=1, "
		  "delays=0/0/1/0, tls=!secure, dsn=4.7.5, "
		  "status=deferred (Server certificate not verified)"),
	    REASON_CERT_NOT_VERIFIED, PEER, FAULT_UNKNOWN },
	{ SV(SMTP "4F8A21: to=<a@b.test>, relay=" PEER ", conn_use=2, "
		  "delay=1, tls=!encrypt, dsn=4.7.5, "
		  "status=deferred (Cannot start TLS: handshake failure)"),
	    REASON_HANDSHAKE_FAILURE, PEER, FAULT_UNKNOWN },
	{ SV(SMTP "4F8A21: to=<a@b.test>, relay=" PEER ", delay=1, "
		  "tls=may:none, dsn=2.0.0, status=sent (250 ok)"),
	    REASON_COUNT, NULL, FAULT_UNKNOWN },
	{ SV(SMTP "TLSRPT: status=failure, domain=b.test, "
		  "receiving_mx=mx.b.test[192.0.2.1], failure_type="
		  "validation-failure, failure_reason=self-signed_certificate"),
	    REASON_SELF_SIGNED_LEAF, "mx.b.test[192.0.2.1]", FAULT_UNKNOWN },
	/* DANE, REQUIRETLS, and what happens on the way to TLS */
	{ SV(DEFERRED "4.7.5, status=deferred (TLSA lookup error for "
		      "mx.b.test:25)"),
	    REASON_DNS_FAILURE, PEER, FAULT_UNKNOWN },
	{ SV(SMTP "warning: DANE TLSA lookup problem: Host or domain name not "
		  "found. Name service error for name=_25._tcp.mx.b.test "
		  "type=TLSA: Host not found, try again"),
	    REASON_DNS_FAILURE, "", FAULT_UNKNOWN },
	{ SV(SMTP "warning: b.test: dane configured with dnssec lookups "
		  "disabled"),
	    REASON_UNKNOWN, "", FAULT_OURS },
	{ SV(DEFERRED "4.7.5, status=deferred (non DNSSEC destination)"),
	    REASON_CERT_NOT_VERIFIED, PEER, FAULT_OURS },
	{ SV(DEFERRED "4.7.5, status=deferred (no TLSA records found)"),
	    REASON_CERT_NOT_VERIFIED, PEER, FAULT_OURS },
	{ SV(DEFERRED "4.7.5, status=deferred (TLSA records unusable)"),
	    REASON_CERT_NOT_VERIFIED, PEER, FAULT_THEIRS },
	{ SV(DEFERRED "4.7.0, status=deferred (unexpected server message)"),
	    REASON_STARTTLS_INJECTION, PEER, FAULT_UNKNOWN },
	{ SV(DEFERRED "4.4.2, status=deferred (lost connection with "
		      "mx.b.test[192.0.2.1] while receiving the STARTTLS "
		      "response)"),
	    REASON_CONNECTION_CLOSED, PEER, FAULT_UNKNOWN },
	{ SV(DEFERRED "4.4.2, status=deferred (lost connection with "
		      "mx.b.test[192.0.2.1] while sending RCPT TO)"),
	    REASON_COUNT, NULL, FAULT_UNKNOWN },
	{ SV(DEFERRED "5.7.30, status=bounced (Sender requested REQUIRETLS, "
		      "but TLS service was not offered by host "
		      "mx.b.test[192.0.2.1])"),
	    REASON_NO_STARTTLS, PEER, FAULT_UNKNOWN },
	{ SV(DEFERRED "5.7.10, status=bounced (Sender requested REQUIRETLS, "
		      "but host mx.b.test[192.0.2.1] refused to start TLS: "
		      "454 4.7.0 no)"),
	    REASON_STARTTLS_REFUSED, PEER, FAULT_UNKNOWN },
	{ SV(DEFERRED "5.7.10, status=bounced (Sender requested REQUIRETLS, "
		      "but no matching server certificate was found. The last "
		      "attempted server was mx.b.test)"),
	    REASON_NAME_MISMATCH, PEER, FAULT_UNKNOWN },
	{ SV(DEFERRED "5.7.10, status=bounced (Sender requested REQUIRETLS, "
		      "but no trusted server certificate was found. The last "
		      "attempted server was mx.b.test)"),
	    REASON_CERT_NOT_VERIFIED, PEER, FAULT_UNKNOWN },
	{ SV(DEFERRED "5.7.10, status=bounced (Sender requested REQUIRETLS, "
		      "but my configured TLS security level 'may' disables "
		      "certificate matching. The last attempted server was x)"),
	    REASON_UNKNOWN, PEER, FAULT_OURS },
	{ SV(DEFERRED "5.7.30, status=bounced (Sender requested REQUIRETLS, "
		      "but no server was found that supports REQUIRETLS. The "
		      "last attempted server was x)"),
	    REASON_UNKNOWN, PEER, FAULT_THEIRS },
	{ SV(DEFERRED "4.7.10, status=deferred (REQUIRETLS policy "
		      "configuration error. The last attempted server was x)"),
	    REASON_UNKNOWN, PEER, FAULT_OURS },
	{ SV(SMTP "warning: TLS policy lookup for b.test/mx.b.test: non DNSSEC "
		  "destination"),
	    REASON_UNKNOWN, "b.test/mx.b.test", FAULT_OURS },
	{ SV(SMTP "warning: TLS policy lookup for b.test/mx.b.test: client TLS "
		  "configuration problem"),
	    REASON_UNKNOWN, "b.test/mx.b.test", FAULT_OURS },
	{ SV(SMTPD "warning: don't know what EHLO features to announce to "
		   "c.test[192.0.2.9]"),
	    REASON_UNKNOWN, "c.test[192.0.2.9]", FAULT_OURS },
	{ SV(SMTPD "NOQUEUE: lost connection after STARTTLS from "
		   "c.test[192.0.2.9]"),
	    REASON_CONNECTION_CLOSED, "c.test[192.0.2.9]", FAULT_UNKNOWN },
	{ SV(SMTPD "warning: cannot load Certification Authority data, "
		   "CAfile=\"/none\": disabling TLS support"),
	    REASON_UNKNOWN, "", FAULT_OURS },
	/* ours, by the dsn map */
	{ SV(SMTP "4F8A21: to=<a@b.test>, relay=" PEER ", dsn=5.7.5, "
		  "status=bounced (Verified TLS required by policy rule 12 for "
		  "mail to b.test: Server certificate not verified; "
		  "expired_leaf: renew it)"),
	    REASON_EXPIRED_LEAF, PEER, FAULT_UNKNOWN },
	/* Sendmail and FortiMail */
	{ SV(SM "STARTTLS=client, relay=mx.b.test., version=TLSv1.3, "
		"verify=FAIL, cipher=X, bits=256/256"),
	    REASON_CERT_NOT_VERIFIED, "mx.b.test.", FAULT_UNKNOWN },
	{ SV(SM "ruleset=tls_server, arg1=NONE, relay=mx.b.test, reject=454 "
		"4.7.0 other side does not support STARTTLS"),
	    REASON_NO_STARTTLS, "mx.b.test", FAULT_UNKNOWN },
	{ SV(SM "4ALA00Xx012345: ruleset=tls_rcpt, arg1=a@b.test, "
		"relay=mx.b.test., reject=454 4.7.0 authentication failed"),
	    REASON_CERT_NOT_VERIFIED, "mx.b.test.", FAULT_UNKNOWN },
	{ SV(SM "ruleset=tls_server, arg1=OK, relay=mx.b.test, reject=454 "
		"4.7.0 encryption too weak 128 less than 256"),
	    REASON_CIPHER_TOO_WEAK, "mx.b.test", FAULT_UNKNOWN },
	{ SV(SM "STARTTLS=client, relay=mx.b.test., version=TLSv1, "
		"verify=CAFail, cipher=X, bits=256/256"),
	    REASON_ISSUER_UNKNOWN, "mx.b.test.", FAULT_UNKNOWN },
	{ SV("date=2026-11-21 device_id=FE1 msg=\"CAFail\""),
	    REASON_ISSUER_UNKNOWN, "", FAULT_OURS },
	{ SV(SM "STARTTLS=client, relay=mx.b.test., version=TLSv1.3, "
		"verify=DANE_FAIL, cipher=X, bits=256/256"),
	    REASON_CERT_NOT_VERIFIED, "mx.b.test.", FAULT_UNKNOWN },
	{ SV(SM "4ALA00Xx012345: ruleset=check_mail, arg1=<s@x>, "
		"relay=c.test [192.0.2.9], reject=454 4.7.0 authentication "
		"required"),
	    REASON_NO_CLIENT_CERT, "c.test [192.0.2.9]", FAULT_UNKNOWN },
	{ SV(SM "4ALA00Xx012345: ruleset=check_mail, arg1=<s@x>, "
		"relay=c.test [192.0.2.9], reject=530 5.7.0 encryption "
		"required"),
	    REASON_NO_TLS, "c.test [192.0.2.9]", FAULT_UNKNOWN },
	{ SV(SM "4ALA00Xx012345: ruleset=check_mail, arg1=<s@x>, "
		"relay=c.test [192.0.2.9], reject=553 5.1.8 no such domain"),
	    REASON_COUNT, NULL, FAULT_UNKNOWN },
	{ SV(SM "STARTTLS: read error=generic SSL error (-1), errno=0, "
		"reason=tlsv1 alert unknown ca"),
	    REASON_INCOMPLETE_CHAIN, "", FAULT_OURS },
	{ SV(SM "STARTTLS: read error=timeout (-1)"), REASON_COUNT, NULL,
	    FAULT_UNKNOWN },
	/* Sendmail's own certificates and CAs */
	{ SV(SM "STARTTLS: CACertPath missing"), REASON_UNKNOWN, "",
	    FAULT_OURS },
	{ SV(SM "STARTTLS: CACertFile missing"), REASON_UNKNOWN, "",
	    FAULT_OURS },
	{ SV(SM "STARTTLS: CRLFile missing"), REASON_COUNT, NULL,
	    FAULT_UNKNOWN },
	{ SV(SM "STARTTLS=server: file /x.key unsafe: Permission denied"),
	    REASON_UNKNOWN, "", FAULT_OURS },
	{ SV(SM "STARTTLS=server, error: load verify locs /e, /x.key failed: "
		"0"),
	    REASON_UNKNOWN, "", FAULT_OURS },
	{ SV(SM "STARTTLS=server, error: SSL_CTX_use_PrivateKey_file(/x.key) "
		"failed"),
	    REASON_UNKNOWN, "", FAULT_OURS },
	{ SV(SM "STARTTLS=server, Diffie-Hellman init, key=2048 bit (I)"),
	    REASON_COUNT, NULL, FAULT_UNKNOWN },
	/* nothing to say */
	{ SV(SMTP "Untrusted TLS connection established to " PEER
		  ": TLSv1.3 with cipher X (256/256 bits)"),
	    REASON_COUNT, NULL, FAULT_UNKNOWN },
	{ SV(SMTP "4F8A21: to=<a@b.test>, relay=" PEER
		  ", dsn=2.0.0, status=sent (250 ok)"),
	    REASON_COUNT, NULL, FAULT_UNKNOWN },
	{ SV(SM "4ALA00Xx012345: to=<a@b.test>, relay=mx.b.test., "
		"dsn=2.0.0, stat=Sent (ok)"),
	    REASON_COUNT, NULL, FAULT_UNKNOWN },
	{ SV(SM "STARTTLS=client, relay=mx.b.test., version=TLSv1.3, "
		"verify=OK, cipher=X, bits=256/256"),
	    REASON_COUNT, NULL, FAULT_UNKNOWN },
	{ SV(SM "ruleset=check_rcpt, arg1=<a@b>, reject=550 5.7.1 no"),
	    REASON_COUNT, NULL, FAULT_UNKNOWN },
	{ SV(""), REASON_COUNT, NULL, FAULT_UNKNOWN },
	{ SV("TLS"), REASON_COUNT, NULL, FAULT_UNKNOWN },
	{ SV("]: certificate verification failed for "),
	    REASON_CERT_NOT_VERIFIED, "", FAULT_UNKNOWN },
	{ SV("TLS is required, but host "), REASON_STARTTLS_REFUSED, "",
	    FAULT_UNKNOWN },
	{ SV("TLSRPT: status=failure"), REASON_CERT_NOT_VERIFIED, "",
	    FAULT_UNKNOWN },
	{ SV("x required by policy rule 99999999999999999999 for"),
	    REASON_COUNT, NULL, FAULT_UNKNOWN },
	{ SV("x required by policy rule 1"), REASON_COUNT, NULL,
	    FAULT_UNKNOWN },
	{ SV("SSL_connect error to \0"), REASON_HANDSHAKE_FAILURE, "\0",
	    FAULT_UNKNOWN },
};

START_TEST(line)
{
	struct annotator *a = annotator_new();
	struct annotation r;
	bool found = annotator_line(a, rows[_i].line, &r);

	ck_assert_msg(found == (rows[_i].reason != REASON_COUNT), "%.*s",
	    SV_ARG(rows[_i].line));
	if (found) {
		enum reason_fault want = rows[_i].fault;

		if (want == FAULT_UNKNOWN)
			want = reason_info(rows[_i].reason)->fault;
		ck_assert_msg(r.reason == rows[_i].reason, "%.*s: %s",
		    SV_ARG(rows[_i].line), reason_info(r.reason)->code);
		if (rows[_i].peer[0] != '\0')
			ck_assert_sv_eq(r.peer, sv_from(rows[_i].peer),
			    rows[_i].line.p);
		if (r.remark == NULL || r.fault != FAULT_UNKNOWN)
			ck_assert_msg(r.fault == want, "%.*s: fault %s",
			    SV_ARG(rows[_i].line), reason_fault_word(r.fault));
	}
	annotator_free(a);
}
END_TEST

/* A handshake error without relay is told with the next line of its process,
 * and only of its process. */
START_TEST(sendmail_joins)
{
	struct annotator *a = annotator_new();
	struct annotation r;

	ck_assert(!annotator_line(a,
	    sv_from(SM "STARTTLS=client, error: connect failed=-1, "
		       "reason=wrong version number, SSL_error=1"),
	    &r));
	ck_assert(!annotator_line(a,
	    sv_from("x sendmail[78]: 4ALA00Xx012345: to=<a@b>, "
		    "relay=other.test., stat=Deferred: timeout"),
	    &r));
	ck_assert(annotator_line(a,
	    sv_from(SM "4ALA00Xx012345: to=<a@b>, relay=mx.b.test., "
		       "dsn=4.0.0, stat=Deferred: 403 4.7.0 TLS handshake "
		       "failed."),
	    &r));
	ck_assert_int_eq(r.reason, REASON_PROTOCOL_ERROR);
	ck_assert_sv_eq(r.peer, sv_from("mx.b.test."), "peer");
	ck_assert_msg(!annotator_line(a,
			  sv_from(SM "4ALA00Xx012346: to=<a@b>, "
				     "relay=mx.b.test., stat=Deferred: x"),
			  &r),
	    "told once");
	/* The next server of the same process has nothing to do with it. */
	ck_assert(!annotator_line(a,
	    sv_from(SM "STARTTLS=client, error: connect failed=-1, "
		       "reason=wrong version number, SSL_error=1"),
	    &r));
	ck_assert(!annotator_line(a,
	    sv_from(SM "STARTTLS=client, relay=mx2.b.test., version=TLSv1.3, "
		       "verify=OK, cipher=X, bits=256/256"),
	    &r));
	ck_assert_msg(!annotator_line(a,
			  sv_from(SM "4ALA00Xx012347: to=<a@b>, "
				     "relay=mx2.b.test., stat=Deferred: 452"),
			  &r),
	    "another relay");
	annotator_free(a);
}
END_TEST

/* The cause follows the line that names the relay. */
START_TEST(sendmail_cause)
{
	struct annotator *a = annotator_new();
	struct annotation r;

	ck_assert(annotator_line(a,
	    sv_from(SM "STARTTLS=server, relay=c.test [192.0.2.9], "
		       "version=TLSv1.3, verify=FAIL, cipher=X, bits=1/1"),
	    &r));
	ck_assert(!annotator_line(a,
	    sv_from("x sendmail[78]: STARTTLS=server, cert-subject=/CN=a, "
		    "verifymsg=certificate has expired"),
	    &r));
	ck_assert(annotator_line(a,
	    sv_from(SM "STARTTLS=server, cert-subject=/CN=a, cert-issuer=/CN=b"
		       ", verifymsg=unable to get local issuer certificate"),
	    &r));
	ck_assert_int_eq(r.reason, REASON_ISSUER_UNKNOWN);
	ck_assert_sv_eq(r.peer, sv_from("c.test [192.0.2.9]"), "relay");
	ck_assert(r.is_inbound);
	annotator_free(a);
}
END_TEST

START_TEST(rule_and_detail)
{
	struct annotator *a = annotator_new();
	struct annotation r;

	ck_assert(annotator_line(a,
	    sv_from(SMTPD "NOQUEUE: reject: RCPT from c[192.0.2.9]: 451 4.7.5 "
			  "Verified certificate required by policy rule 7 "
			  "for mail from x.test: the certificate has expired; "
			  "renew the certificate"),
	    &r));
	ck_assert_int_eq(r.rule_id, 7);
	ck_assert_int_eq(r.reason, REASON_EXPIRED_LEAF);
	ck_assert(r.is_inbound);
	ck_assert(annotator_line(a,
	    sv_from(SMTP VERIFY "untrusted issuer /CN=Some CA"), &r));
	ck_assert_sv_eq(r.detail, sv_from("/CN=Some CA"), "issuer");
	ck_assert_ptr_nonnull(r.remark);
	annotator_free(a);
}
END_TEST

#define TO "4F8A21: to=<u@b.test>, "
#define SENT "relay=" PEER ", delay=1, dsn=2.0.0, status=sent (250 ok)"

/* Lines of logs and the domains that mail goes to, parted by blanks. */
static const struct {
	const char *label;
	struct sv line;
	const char *want; /* NULL: no delivery over SMTP */
} deliveries[] = {
	{ "Postfix", SV(SMTP TO SENT), "b.test" },
	{ "a service of another name",
	    SV("Nov 21 10:00:00 mx postfix/tlswarden-secure/smtp[1]: " TO SENT),
	    "b.test" },
	{ "another instance",
	    SV("2026-11-21T10:00:00Z mx postfix-out/smtp[1]: " TO SENT),
	    "b.test" },
	{ "rewritten",
	    SV(SMTP "4F8A21: to=<u@b.test>, orig_to=<x@c.test>, " SENT),
	    "b.test" },
	{ "not connected", SV(SMTP TO "relay=none, delay=1, dsn=4.4.1"),
	    "b.test" },
	{ "an @ in the user", SV(SMTP "4F8A21: to=<\"a@b\"@c.test>, " SENT),
	    "c.test" },
	{ "Sendmail",
	    SV(SM "4AL: to=<u@b.test>, delay=00:00:01, mailer=esmtp, "
		  "relay=mx.b.test. [192.0.2.1], dsn=2.0.0, stat=Sent"),
	    "b.test" },
	{ "several recipients",
	    SV(SM "4AL: to=<u@b.test>,<v@c.test>,<w@b.test>, ctladdr=<x@y.z>, "
		  "mailer=esmtp, relay=mx.b.test. [192.0.2.1]"),
	    "b.test c.test b.test" },
	{ "one without a domain",
	    SV(SM "4AL: to=<root>,<v@c.test>, mailer=smtp, relay=mx."),
	    "c.test" },
	{ "a literal", SV(SMTP "4F8A21: to=<u@[192.0.2.1]>, " SENT),
	    "[192.0.2.1]" },
	{ "local",
	    SV("Nov 21 10:00:00 mx postfix/local[1]: " TO
	       "relay=local, delay=1"),
	    NULL },
	{ "LMTP", SV("Nov 21 10:00:00 mx postfix/lmtp[1]: " TO SENT), NULL },
	{ "a pipe", SV("Nov 21 10:00:00 mx postfix/pipe[1]: " TO SENT), NULL },
	{ "received", SV("Nov 21 10:00:00 mx postfix/smtpd[1]: " TO SENT),
	    NULL },
	{ "Sendmail's local mailer",
	    SV(SM "4AL: to=<u@b.test>, mailer=local, relay=x"), NULL },
	{ "no relay", SV(SMTP TO "delay=1"), NULL },
	{ "no recipient", SV(SMTP "4F8A21: " SENT), NULL },
	{ "orig_to alone", SV(SMTP "4F8A21: orig_to=<u@b.test>, " SENT), NULL },
	{ "no program", SV(TO SENT), NULL },
	{ "empty", SV(""), NULL },
	{ "without its end", SV(SMTP "4F8A21: to=<u@b.test, " SENT), "" },
	{ "an empty address", SV(SMTP "4F8A21: to=<>, " SENT), "" },
	{ "an empty domain", SV(SMTP "4F8A21: to=<u@>, " SENT), "" },
};

START_TEST(delivery)
{
	const char *want = deliveries[_i].want;
	struct sv rest, domain;
	struct buf got;
	bool is_delivery = delivery_line(deliveries[_i].line, &rest);

	ck_assert_msg(is_delivery == (want != NULL), "%s",
	    deliveries[_i].label);
	if (!is_delivery)
		return;
	buf_init(&got, 1000);
	while (delivery_domain(&rest, &domain)) {
		if (got.n > 0)
			buf_addc(&got, ' ');
		buf_add(&got, domain);
	}
	ck_assert_msg(strcmp(buf_str(&got), want) == 0, "%s: \"%s\"",
	    deliveries[_i].label, buf_str(&got));
	buf_free(&got);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, line, 0, N_ROWS(rows));
	tcase_add_test(tc, sendmail_joins);
	tcase_add_test(tc, sendmail_cause);
	tcase_add_test(tc, rule_and_detail);
	tcase_add_loop_test(tc, delivery, 0, N_ROWS(deliveries));
}

UNIT_MAIN("annotate", add_tests)
