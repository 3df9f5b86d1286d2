/* tlswarden: policy/sendmail_key - the keys of map sendmail.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. What contrib/sendmail/tlswarden.m4 asks:
 *
 *	srv:<VERIFY><VERSION><BITS><IN-HOST><IN-NEXTHOP><ADDRESS><NEXTHOP>
 *	    <SERVER><CN><ISSUER>	(one key, no line break)
 *	rcpt:	the same with the recipient in the place of NEXTHOP
 *	try:<ADDRESS><NEXTHOP><SERVER>
 *	feat:<CLIENT-ADDRESS>
 *
 * IN-HOST and IN-NEXTHOP are 1 when that name is among the certificate's
 * alternative names. No field holds '<' or '>': Sendmail encodes them in CN and
 * ISSUER, and elsewhere a peer that sends them makes a key of too many fields,
 * which is no key. Sendmail cuts keys at 256 bytes (MAXNAME).
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
	SENDMAIL_FORM_FEAT
};

enum sendmail_key_status {
	SENDMAIL_KEY_BAD = 0,
	SENDMAIL_KEY_CUT, /* at CN or ISSUER, which are then empty */
	SENDMAIL_KEY_OK
};

enum { SENDMAIL_KEY_MAX = 256 };

/* Views into the key; fields that a form has not are empty. */
struct sendmail_key {
	enum sendmail_form form;
	struct sv verify;
	struct sv version;
	struct sv bits;
	struct sv address; /* of the server or the client */
	struct sv target;  /* next hop or recipient */
	struct sv server;
	struct sv cn;     /* in xtext */
	struct sv issuer; /* in xtext */
	bool has_host;
	bool has_nexthop;
};

enum sendmail_key_status
sendmail_key_parse(struct sv key, struct sendmail_key *r) MUST_CHECK;

#endif
