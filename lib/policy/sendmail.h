/* tlswarden: policy/sendmail - the maps that Sendmail asks.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. The words on the wire are wire/socketmap's. party is scratch memory of
 * the caller's; the text of an answer views *out, or lives for ever.
 */
#ifndef POLICY_SENDMAIL_H
#define POLICY_SENDMAIL_H

#include "policy/inbound.h"
#include "policy/lookup.h"
#include "policy/sendmail_key.h"

/* Map sendmail, see policy/sendmail_key.h. The value is
 *
 *	ok			the session satisfies the rule, or none matches
 *	no			to try: STARTTLS is not to be tried
 *	S			to feat: STARTTLS is not to be offered
 *	5.7.10:"550 TEXT"	refused: what $#error wants, the text quoted,
 *				without quotes or backslashes in it, and short
 *				enough for Sendmail
 *
 * The rule of the recipient is judged, and the rule of the next hop when that
 * is not the recipient's domain (of a list of hosts, those that the server may
 * be); all have to be satisfied. rcpt is never
 * refused permanently: Sendmail would make "5.5.2 Data format error" of that,
 * and refuse the other recipients, too. clt is judged by the inbound rules, as
 * the milter does. A key that cannot be judged is TEMP. */
void sendmail_answer(const struct snapshot *s, struct sv key,
    struct party *party, struct buf *out, struct lookup_answer *r);

/* What sendmail_answer refuses, or a monitor rule would have refused. Views are
 * valid for the call. */
struct sendmail_note {
	const struct sendmail_key *key;
	struct judgement judgement;
	bool is_recipient; /* party is the recipient, else the next hop */
	struct sv text;    /* "550 5.7.10 TLS required ..." */
};

/* Calls fn for the refusal that sendmail_answer gives to a key srv or rcpt, if
 * it does, and for each monitor rule that would have won and refused; answers
 * nothing itself; party is then that which was judged. rcpt is asked again for
 * every recipient that srv was asked for, so monitor rules are told at srv
 * alone. A monitor rule that needs what a cut key has lost is left out. */
void
sendmail_watch(const struct snapshot *s, struct sv key, struct party *party,
    void (*fn)(void *arg, const struct sendmail_note *n), void *arg);

/* Bytes of the list behind "match=" that Sendmail 8.17 reads: retbuf[MAXNAME]
 * of regex_map_lookup in map.c. From about 900 on, prescan() of parseaddr.c
 * calls the answer an address that is too long, and the mail bounces. */
enum { SENDMAIL_STS_MATCH_MAX = 255 };

/* Map sts, a recipient's domain, for FEATURE(`sts'): for rules of level secure
 * "secure match=NAME:... servername=hostname", as many whole names as Sendmail
 * reads; without match when any server will do that shows its own name
 * (cert_name hostname). NOTFOUND else. */
void sendmail_sts(const struct snapshot *s, const struct lookup_hop *hop,
    struct lookup_answer *r);

#endif
