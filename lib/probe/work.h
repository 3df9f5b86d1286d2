/* tlswarden: probe/work - what policyd and tlswarden-prober tell each other.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Over a unix socket, each message a JSON object in a netstring. The prober
 * asks, policyd answers each in turn:
 *
 *	{"ask":"due","max":N}
 *		{"jobs":["example.com","[mx.test]:587"],"wait":SECS,
 *		 "generation":N}
 *	{"ask":"rule","nexthop":"example.com","addresses":["192.0.2.1"]}
 *		{"rule":RULE} or {"rule":null}
 *	{"ask":"result","nexthop":"example.com","servers":[SERVER,...]}
 *		{"ok":true} or {"error":"a sentence"}
 *
 * generation changes when policyd has read its configuration anew. Pure: no
 * I/O. What is read is checked word by word: the prober talks to the world,
 * and policyd does not trust it. A result of another job than was given out is
 * refused.
 */
#ifndef PROBE_WORK_H
#define PROBE_WORK_H

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "fact/record.h"
#include "policy/rule.h"

struct json_t;

enum {
	WORK_QUESTION_MAX = 4 << 20, /* bytes of what the prober says */
	WORK_ANSWER_MAX = 16 << 20,  /* of what policyd says: CAs */
	WORK_JOBS_MAX = 64,          /* given out at a time */
	WORK_SERVERS_MAX = 256,      /* of one destination */
	WORK_JSON_MAX = 65536,       /* of one server's whole result */
	WORK_WORD_MAX = 64,          /* of a cipher's name */
};

/* Adds o as one message. */
void work_frame(const struct json_t *o, struct buf *out);
/* Takes one message off the front of in. 1: *o_r is it (json_decref) and
 * *used_r its bytes; 0: not whole yet; -1: no message of ours, or over max. */
int work_take(struct sv in, size_t max, struct json_t **o_r, size_t *used_r)
    MUST_CHECK;

/* A rule as far as a probe is judged by it; ca_pem is empty without a CA.
 * Gives. */
struct json_t *
work_rule_json(const struct rule *rule, struct sv ca_pem) NONNULL_RETURN;

/* A rule that was read; its views point into json. Do not move. */
struct work_rule {
	struct rule rule;
	struct demand demand;
	struct ca ca;
	struct sv ca_pem; /* empty: no CA */
	struct json_t *json;
};

/* -1: it is no rule. Free with work_rule_done, also after a failure. */
int work_rule_read(const struct json_t *o, struct work_rule *r,
    struct err *err_r) MUST_CHECK;
void work_rule_done(struct work_rule *r);

/* One server of a result. Gives; its own json is left out over
 * WORK_JSON_MAX. */
struct json_t *work_server_json(const struct record_probe *row) NONNULL_RETURN;
/* Reads one back; the row views o. Its domain, rule and time are the
 * caller's. -1: something in it cannot be. */
int work_server_read(const struct json_t *o, struct record_probe *row_r,
    struct err *err_r) MUST_CHECK;

#endif
