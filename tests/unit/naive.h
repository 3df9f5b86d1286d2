/* tlswarden: tests/unit/naive - the rules of DESIGN section 4, told plainly.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A second, slow reading of what a table answers, for the property test: it
 * shares no code with lib/policy and walks all rules for each question.
 */
#ifndef TESTS_UNIT_NAIVE_H
#define TESTS_UNIT_NAIVE_H

#include <stdbool.h>
#include <stdint.h>

enum { NAIVE_TEXT = 64, NAIVE_PEERS = 3 };

/* A rule as text; an empty subnet is NULL. All text is lower-case ASCII. */
struct naive_rule {
	int64_t id;
	int priority;
	bool is_out;
	bool is_monitor;
	bool is_enabled;
	int64_t expires_at; /* 0: never */
	char sender[NAIVE_TEXT];
	char recipient[NAIVE_TEXT];
	uint32_t net; /* IPv4 */
	int bits;     /* -1: no subnet */
	char level[12];
};

struct naive_query {
	bool is_out;
	bool has_sender;
	char sender[NAIVE_TEXT]; /* user@domain, "" for the null sender */
	bool is_nexthop;
	char
	    recipient[NAIVE_TEXT]; /* user@domain, or the next hop as written */
	/* of a next hop: */
	char host[NAIVE_TEXT]; /* brackets and port stripped */
	bool is_literal;
	uint32_t peers[NAIVE_PEERS];
	int n_peers; /* 0: not known to the asker */
};

/* A fault to plant, so that the test can show that it would be seen. */
enum naive_fault {
	FAULT_NONE = 0,
	FAULT_IGNORE_SENDER_ORDER,
	FAULT_SHORTEST_PARENT,
	FAULT_ANY_SUBNET_FOR_ALL,
	FAULT_COUNT
};

/* The id of the rule that wins, 0 for none. */
int64_t naive_winner(const struct naive_rule *rules, int n,
    const struct naive_query *q, int64_t now, enum naive_fault fault);
bool naive_matches(const struct naive_rule *r, const struct naive_query *q,
    enum naive_fault fault);

#endif
