/* tlswarden: policyd/agenda - which destinations are to be probed, and when.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A destination is a next hop that a rule of direction out names: a domain,
 * [host] or host:port. The longest unseen is due first. Pure: no I/O, no
 * clock; of one thread. Limit: AGENDA_MAX destinations.
 */
#ifndef POLICYD_AGENDA_H
#define POLICYD_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/sv.h"
#include "policy/snapshot.h"

enum {
	AGENDA_MAX = 100000,
	/* A job that was given out and of which nothing was heard. */
	AGENDA_LOST_SECS = 900,
};

struct agenda;

struct agenda *agenda_new(void) NONNULL_RETURN MUST_CHECK;
/* NULL is allowed. */
void agenda_free(struct agenda *a);

/* Takes the destinations of a table in place of those before; what is known
 * of those that stay is kept. Returns how many did not fit. */
size_t agenda_take_rules(struct agenda *a, const struct snapshot *s);
/* A result of an earlier life: name is that of domain or host, as state.db has
 * it. Port 25 is that of a next hop without one. */
void agenda_seen(struct agenda *a, struct sv name, uint16_t port, int64_t at);

/* Gives out at most max jobs that are due; returns how many. Views the agenda
 * until the next agenda_take_rules. */
size_t agenda_due(struct agenda *a, int64_t now, uint32_t interval_secs,
    struct sv *jobs_r, size_t max);
/* Seconds until the next is due, at most max. */
uint32_t agenda_wait(const struct agenda *a, int64_t now,
    uint32_t interval_secs, uint32_t max);
/* True if that job was given out and not handed in. */
bool agenda_is_out(const struct agenda *a, struct sv nexthop);
/* What such a job is judged by. */
struct agenda_judge {
	int64_t rule;   /* 0: none */
	int64_t demand; /* the mark of what that demands */
};
void agenda_judged_by(struct agenda *a, struct sv nexthop,
    struct agenda_judge judge);
struct agenda_judge agenda_judge(const struct agenda *a, struct sv nexthop);
/* It was handed in. */
void agenda_done(struct agenda *a, struct sv nexthop, int64_t now);
/* Whoever had jobs is gone: they are due again. */
void agenda_recall(struct agenda *a);

#endif
