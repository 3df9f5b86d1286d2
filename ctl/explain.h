/* tlswarden: ctl/explain - a question to the table, and the answers to it.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * explain.c reads the command line, explain_answer.c asks the daemons' code,
 * explain_text.c and explain_json.c print. There is no rule logic here.
 */
#ifndef CTL_EXPLAIN_H
#define CTL_EXPLAIN_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "ctl/load.h"
#include "ctl/out.h"
#include "daemon/peers.h"
#include "policy/explain.h"
#include "policy/inbound.h"
#include "policy/lookup.h"

enum {
	EXPLAIN_PEERS = 64,
	EXPLAIN_ANSWERS = 16,
	EXPLAIN_LINES = 200,
	EXPLAIN_MONITORS = 32
};

/* What was asked, as given (NULL: not given) and as the daemons see it. */
struct question {
	enum direction direction;
	const char *sender;
	const char *recipient;
	const char *nexthop;
	struct inbound in;   /* inbound: parties, client; outbound: recipient */
	struct party absent; /* outbound: the sender that no lookup tells */
	struct party hop;    /* outbound: the next hop */
	struct party address; /* outbound: the recipient */
	bool has_address;
	char hop_text[LIMIT_NEXTHOP + 1];
	struct addr peers[EXPLAIN_PEERS];
	size_t n_peers;
	const char *peer_text;
	struct tls_facts tls;
	bool has_tls;       /* facts of a session were given */
	struct query query; /* as the daemons ask */
};

/* What one MTA is told by one of its interfaces. */
struct answer {
	const char *mta;
	const char *by;  /* "tlspolicy", "milter", ... */
	const char *key; /* what it asks; NULL: a session */
	const char *text;
};

/* A rule that only watches and would have refused. */
struct would {
	int64_t rule;
	const char *text;
};

struct explanation {
	struct app *app;
	struct loaded table;
	struct question q;
	const struct rule *winner; /* NULL: none */
	/* Outbound: what DNS told of the servers, if a rule depends on it. */
	struct servers *servers;   /* NULL: it was not asked */
	struct lookup_peers peers; /* that, or what --peer says */
	bool needs_peers; /* a rule depends on those that are not known */
	bool is_trouble;  /* the answer is TEMP: mail waits */
	bool is_kept; /* mail of the winner waits, since another rule's must */
	struct judgement judged; /* inbound */
	struct answer answers[EXPLAIN_ANSWERS];
	size_t n_answers;
	struct would monitors[EXPLAIN_MONITORS];
	size_t n_monitors; /* of more, the first */
	const char *outcome;
	int code; /* exit code: CTL_FINDING when the mail would be refused */
	bool shows_all;
	struct arena mem;
};

/* Fills winner, answers, outcome and code. */
void explain_answer(struct explanation *e);
/* Adds what Sendmail gets by the maps sendmail and sts. */
void explain_sendmail(struct explanation *e);
/* Adds an answer, which is borrowed until the end. */
void explain_add(struct explanation *e, const char *mta, const char *by,
    const char *key, const char *text);
/* "OK value", "NOTFOUND" or "TEMP reason". */
const char *explain_lookup(struct explanation *e, const struct lookup_answer *a)
    NONNULL_RETURN;
/* One of the look-ups of a next hop. */
typedef void explain_hop_fn(const struct snapshot *s, enum level level,
    const struct lookup_hop *hop, struct lookup_answer *r);
/* Asks by policyd's own call, and again with the addresses of the servers, if
 * rules need them; DNS is asked once. The answer lives as long as e. */
void explain_hop(struct explanation *e, struct sv key, enum level level,
    explain_hop_fn *fn, struct lookup_answer *r);
/* Why a rule did or did not win, in words; winner for its id. */
const char *explain_why(const struct explain_line *line) NONNULL_RETURN;
/* A formatted text that lives as long as e. */
const char *explain_textf(struct explanation *e, const char *fmt, ...)
    PRINTF_LIKE(2, 3) NONNULL_RETURN;

/* Goes through the rules: shown ones to show, the others are counted by the
 * reason that they miss. */
struct explain_rest {
	size_t by_miss[MISS_EXPIRED + 1];
	size_t n;
};
void explain_rules(const struct explanation *e,
    void (*show)(void *arg, const struct explain_line *line), void *arg,
    struct explain_rest *rest_r);

void explain_print_text(struct explanation *e);
void explain_print_json(struct explanation *e);

#endif
