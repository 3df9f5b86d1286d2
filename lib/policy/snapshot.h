/* tlswarden: policy/snapshot - an immutable table of rules, ready to be asked.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Built once by a builder on one thread, then read by any number of threads
 * without locks, then freed whole. Pure: no I/O, no clock.
 */
#ifndef POLICY_SNAPSHOT_H
#define POLICY_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sv.h"
#include "fact/row.h"
#include "policy/query.h"
#include "policy/rule.h"

struct snapshot;
struct snapshot_builder;

struct snapshot_options {
	int64_t now; /* seconds since 1970: expired rules drop out */
	unsigned postfix_version;    /* 306 for 3.6 */
	struct sv ca_directory;      /* as smtp(8) names it: "tlswarden/ca" */
	struct sv transport_nexthop; /* a relayhost that map transport keeps */
	struct sv local_domains; /* that it never answers; parted by blanks */
	bool keep_inactive; /* keep disabled and expired rules for explain */
};

/* Begins a snapshot. The builder copies what it is given. */
struct snapshot_builder *snapshot_builder_new(
    const struct snapshot_options *options) NONNULL_RETURN MUST_CHECK;
/* Adds a CA; before the rules that name it. -1: a second of that name. */
int snapshot_builder_ca(struct snapshot_builder *b, const struct ca_fact *ca,
    struct err *err_r) MUST_CHECK;
/* Checks and adds a rule. -1 with a sentence (without the id: the caller puts
 * "policy rule N" in front) when the row is bad; the builder stays usable, so
 * that all bad rows can be found. */
int snapshot_builder_row(struct snapshot_builder *b, const struct rule_row *row,
    struct err *err_r) MUST_CHECK;
/* Ends building; gives the snapshot (free with snapshot_free), takes b. */
struct snapshot *
snapshot_builder_done(struct snapshot_builder *b) NONNULL_RETURN MUST_CHECK;
/* Frees a builder that is not wanted any more; NULL is fine. */
void snapshot_builder_free(struct snapshot_builder *b);
void snapshot_free(struct snapshot *s);

struct snapshot_match {
	const struct rule *rule; /* NULL: no rule matches */
	/* A better rule would win if its subnet held the peer's addresses,
	 * which are pending (query.peers_state): resolve and ask again; if
	 * that fails answer TEMP. */
	bool needs_peers;
	const struct rule *pending; /* the best of them; NULL: none */
};

/* The winner among enabled, unexpired, enforcing rules. */
struct snapshot_match
snapshot_find(const struct snapshot *s, const struct query *q);
/* Calls fn for each enabled, unexpired monitor rule that matches and would win
 * over winner (NULL: none) if it were enforced, in no order. */
void snapshot_monitors(const struct snapshot *s, const struct query *q,
    const struct rule *winner, void (*fn)(void *arg, const struct rule *rule),
    void *arg);

/* One answer for all rules of a level about some users at a domain. */
struct snapshot_users {
	const struct rule *rule; /* the strictest demand; NULL: none */
	bool is_kept;            /* one of them fails temporarily */
	bool is_split;           /* one demands what rule does not */
};

/* Those at the domain of nexthop, without sender and subnet. With nexthop NULL
 * (a relay, which tells no domain) those of all domains, never split. */
struct snapshot_users snapshot_users_rule(const struct snapshot *s,
    enum level level, const struct party *nexthop);
/* Options of the site, as given. */
struct sv snapshot_transport_nexthop(const struct snapshot *s);
bool snapshot_is_local_domain(const struct snapshot *s, struct sv domain);
/* True if STARTTLS is to be hidden from the client: the rule for any sender
 * and recipient that wins there has level none, and no rule that could match
 * that client demands TLS. */
bool
snapshot_hides_starttls(const struct snapshot *s, const struct addr *client);

/* True if an active rule of that direction enforces anything. */
bool snapshot_enforces(const struct snapshot *s, enum direction direction);

/* True if an active inbound rule demands TLS for some recipients alone. */
bool snapshot_names_recipients(const struct snapshot *s);

/* All rules in the order in which they win, inactive ones (only with
 * keep_inactive) last. */
size_t snapshot_count(const struct snapshot *s);
const struct rule *snapshot_rule(const struct snapshot *s, size_t i);
/* The rule of that id, or NULL. Slow: walks the table. */
const struct rule *snapshot_rule_by_id(const struct snapshot *s, int64_t id);
size_t snapshot_ca_count(const struct snapshot *s);
const struct ca *snapshot_ca(const struct snapshot *s, size_t i);
/* When the next rule expires; INT64_MAX: none does. Rebuild then. */
int64_t snapshot_next_expiry(const struct snapshot *s);

struct snapshot_stats {
	size_t rules;        /* active */
	size_t monitors;     /* of these */
	size_t string_bytes; /* patterns, demands, CAs */
	size_t table_bytes;  /* everything beside the strings */
};
void snapshot_stats(const struct snapshot *s, struct snapshot_stats *r);

#endif
