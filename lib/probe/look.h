/* tlswarden: probe/look - what a probe saw, to be judged by any rule.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A look is what is left of a probe when its connection is gone: the chain as
 * sent, the session, and the fault that ended it. It is judged by probe_judge,
 * as the probe itself was: for rules that only watch, and for what-if
 * questions about probes that state.db keeps.
 */
#ifndef PROBE_LOOK_H
#define PROBE_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "fact/record.h"
#include "fact/verdict.h"
#include "policy/rule.h"

struct chain;
struct diagnosis;
struct trust;

struct look {
	struct arena mem;
	struct chain *chain;     /* NULL: none was seen. Owned */
	const char *tls_version; /* NULL: no TLS session */
	const char *tls_cipher;
	int tls_bits;
	enum reason session; /* what ended it; REASON_COUNT: it went well */
	bool is_theirs;      /* and it is the peer's fault */
	bool is_revoked;     /* by a staple, which is not kept */
	int64_t at_secs;
	const char *nexthop; /* the domain or host that was asked for */
	const char *host;    /* the server */
	const char *addr;
};

/* Who and when; views are copied. */
struct look_at {
	int64_t at_secs;
	struct sv nexthop, host, addr;
};

/* Of a probe that was judged just now: d as probe_judge left it, pem the chain
 * as sent, empty for none. Free with look_done, also on failure. -1: pem holds
 * no certificates. */
int look_of_probe(struct look *l, const struct look_at *at,
    const struct diagnosis *d, struct sv pem, struct err *err_r) MUST_CHECK;
/* Of a row of table probe, with its json and chain. -1: the json is not what a
 * probe stores, or a session with TLS has no chain (EX_DATAERR). */
int look_of_row(struct look *l, const struct record_probe *row,
    struct err *err_r) MUST_CHECK;
void look_done(struct look *l);

enum looked_kind {
	LOOKED_UNKNOWN = 0, /* not reached, or ended by what is not TLS */
	LOOKED_PASSES,
	LOOKED_FAILS
};

/* What a rule says of it. */
struct looked {
	enum looked_kind kind;
	enum reason reason; /* of FAILS: no_starttls, expired_leaf, ... */
	bool is_permanent;  /* it would have bounced */
};

/* Judges by the rule (never NULL), whose CA or the trust store is in trust, as
 * of the time of the look. -1: it cannot be judged. */
int look_judge(const struct look *l, const struct rule *rule,
    const struct trust *trust, struct looked *r, struct err *err_r) MUST_CHECK;
/* What becomes of mail to a destination whose n servers were looked at, in the
 * order in which an MTA tries them: one that passes takes it; else it is the
 * first that fails, since those that were not reached take none. *which_r is
 * that server. */
struct looked look_of_all(const struct looked *v, size_t n, size_t *which_r);
/* Adds what would have been said: "550 5.7.5 Verified certificate required by
 * policy rule 12 for mail to example.com: ...". */
void look_text(const struct look *l, const struct rule *rule,
    const struct looked *r, struct buf *out);

#endif
