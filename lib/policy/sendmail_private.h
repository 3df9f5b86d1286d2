/* tlswarden: policy/sendmail_private - what the forms of a key share.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef POLICY_SENDMAIL_PRIVATE_H
#define POLICY_SENDMAIL_PRIVATE_H

#include "policy/sendmail.h"

/* The text behind the enhanced status code: buildaddr() of parseaddr.c keeps
 * 255 bytes, with the quotes and the SMTP code. A token of more than 256 bytes
 * would end the ruleset. */
enum { SENDMAIL_TEXT_MAX = 245 };

void sendmail_set(struct lookup_answer *r, enum lookup_status status,
    const char *text);
/* Answers with a refusal: out becomes what $#error wants of "5.7.10 TEXT", of
 * at most SENDMAIL_TEXT_MAX bytes. */
void sendmail_set_error(unsigned code, struct sv said, struct buf *out,
    struct lookup_answer *r);
/* Decodes xtext behind *text, which the view is of; a broken name counts as
 * none. Views are taken anew when more was added, since the text may move. */
struct sv sendmail_decode(struct sv xtext, struct buf *text);

/* The next hops that a session may be with: Sendmail takes a list of hosts for
 * one, parted by ':' or ',', and asks one after the other. A host in brackets
 * that is the server is the only one; the server of a domain's MX record may be
 * that of any. Views the list and the name of the server. */
struct sendmail_hops {
	struct sv rest;
	struct sv server;
	bool knows_server; /* one in brackets is the server */
	bool is_begun;
};
void
sendmail_hops_init(struct sendmail_hops *h, struct sv list, struct sv server);
/* False: no more. A list of nothing gives one empty hop. */
bool sendmail_hops_next(struct sendmail_hops *h, struct sv *hop_r);

/* The answer to a key of form clt. */
void sendmail_client(const struct snapshot *s, const struct sendmail_key *k,
    bool is_cut, struct buf *out, struct lookup_answer *r);

#endif
