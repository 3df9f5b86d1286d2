/* tlswarden: policy/inbound - one recipient of one inbound session, judged.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What milter and delegation do at RCPT and explain shows: find the rule,
 * decide, word the refusal, judge monitor rules beside. Pure.
 */
#ifndef POLICY_INBOUND_H
#define POLICY_INBOUND_H

#include "policy/decide.h"
#include "policy/snapshot.h"

/* Where an address comes from. */
enum inbound_form {
	INBOUND_WRITTEN = 0, /* as the client wrote it: comments and all */
	INBOUND_PARSED,      /* the same, without comments and quotes */
	INBOUND_READ         /* as the MTA, or a person, means it */
};

/* Self-contained but for tls, which is borrowed. */
struct inbound {
	struct party sender; /* absent: not known, or no address */
	struct party recipient;
	/* What the MTA accepted as an address is none for us: longer than any,
	 * of a domain that cannot exist, or written so that only the MTA can
	 * read it. It matches only "*" and could so slip past a rule; refused
	 * where any inbound rule enforces. */
	bool bad_sender;
	bool bad_recipient;
	/* The recipient may be of a domain of ours that it does not name:
	 * refused where a rule is about some recipients. */
	bool is_vague;
	bool has_client;
	/* The session has a client whose address a proxy did not tell: where a
	 * rule about its network could win, it is refused for now. */
	bool is_client_hidden;
	struct addr client;
	const struct tls_facts *tls;
};

struct judgement {
	const struct rule *rule; /* NULL: no rule matches */
	struct verdict verdict;
};

void inbound_init(struct inbound *in);
/* Each parses an envelope address; "user%dom" and "dom!user" are user@dom. The
 * sender stays from one recipient to the next. */
void inbound_sender(struct inbound *in, struct sv text, enum inbound_form form);
void
inbound_recipient(struct inbound *in, struct sv text, enum inbound_form form);

/* The question that the rest asks of a snapshot; views into in. */
struct query inbound_query(const struct inbound *in);
/* The verdict for sender and recipient under s. */
void inbound_judge(const struct snapshot *s, const struct inbound *in,
    struct judgement *r);
/* Calls fn for each monitor rule that would have won over the judgement's
 * rule and would have refused. */
void inbound_monitors(const struct snapshot *s, const struct inbound *in,
    const struct judgement *won,
    void (*fn)(void *arg, const struct judgement *would), void *arg);
/* Adds the text of a refusal, see decide_text: "5.7.10 TLS required ...". */
void inbound_text(const struct judgement *j, const struct inbound *in,
    struct buf *out);

#endif
