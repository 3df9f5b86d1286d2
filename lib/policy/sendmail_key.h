/* tlswarden: policy/sendmail_key - the keys of map sendmail.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. What contrib/sendmail/tlswarden.m4 asks:
 *
 *	srv:<VERIFY><VERSION><BITS><IN-HOST><IN-DOMAIN><IN-NEXTHOP><ADDRESS>
 *	    <RECIPIENT><NEXTHOP><SERVER><CN><ISSUER>	(one key, no line break)
 *	rcpt:	the same
 *	try:<ADDRESS><RECIPIENT><NEXTHOP><SERVER>
 *	feat:<CLIENT-ADDRESS>
 *	clt:<VERIFY><VERSION><BITS><CLIENT-ADDRESS><SENDER><RECIPIENT>
 *	    <FINGERPRINT><CN><SUBJECT><ISSUER>	(inbound, without the milter)
 *
 * The IN words are 1 when the name of the server, the recipient's domain or the
 * next hop is among the certificate's alternative names. No field but RECIPIENT
 * and SENDER holds '<' or '>': Sendmail encodes them in the names; elsewhere a
 * peer that sends them makes a key of too many fields, which is no key. In
 * addresses they are quoted (RFC 5321 4.1.2), with the quotes in the key.
 * Sendmail 8.17 cuts keys at 1023 bytes (MAXKEY), older ones at 256.
 */
#ifndef POLICY_SENDMAIL_KEY_H
#define POLICY_SENDMAIL_KEY_H

#include "base/attr.h"
#include "base/sv.h"

enum sendmail_form {
	SENDMAIL_FORM_UNKNOWN = 0,
	SENDMAIL_FORM_SRV,
	SENDMAIL_FORM_RCPT,
	SENDMAIL_FORM_TRY,
	SENDMAIL_FORM_FEAT,
	SENDMAIL_FORM_CLT
};

enum sendmail_key_status {
	SENDMAIL_KEY_BAD = 0,
	SENDMAIL_KEY_CUT, /* at the names at its end, which are then empty */
	SENDMAIL_KEY_OK
};

enum { SENDMAIL_KEY_MAX = 1023, SENDMAIL_KEY_CUT_MIN = 254 };

/* Views into the key; fields that a form has not are empty. */
struct sendmail_key {
	enum sendmail_form form;
	struct sv verify;
	struct sv version;
	struct sv bits;
	struct sv address; /* of the server or the client */
	struct sv sender;
	struct sv recipient;
	struct sv nexthop;
	struct sv server;
	struct sv fingerprint;
	struct sv cn;      /* in xtext */
	struct sv subject; /* in xtext */
	struct sv issuer;  /* in xtext */
	bool has_host;
	bool has_domain;
	bool has_nexthop;
};

enum sendmail_key_status
sendmail_key_parse(struct sv key, struct sendmail_key *r) MUST_CHECK;

#endif
