/* tlswarden: ctl/check_prober - partners of rules that nobody looks at.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * With "probe" on, tlswarden-prober looks at every destination once in
 * probe_interval. One without a result of the last rounds means that it does
 * not run, or does not reach policyd.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/mem.h"
#include "ctl/check.h"
#include "store/state_read.h"
#include "base/banned.h"

enum { ROUNDS = 3, GRACE_SECS = 3600 };

struct seen {
	struct arena mem;
	struct sv *names;
	size_t n, cap;
};

static int
keep(void *arg, const struct record_probe *row)
{
	struct seen *s = arg;

	if (s->n == s->cap) {
		s->cap = s->cap * 2 + 64;
		s->names = mem_realloc(s->names, s->cap, sizeof(*s->names));
	}
	s->names[s->n++] = arena_sv(&s->mem, row->domain);
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return sv_cmp(*(const struct sv *)a, *(const struct sv *)b);
}

/* The names of results that are young enough. Nothing is said without a state
 * database: then no daemon has run yet. */
static bool
read_seen(const struct check *c, struct seen *s)
{
	const struct conf *conf = c->app->conf;
	const struct probe_filter filter = { .since_secs = c->app->now -
		    ROUNDS * (int64_t)conf->probe_interval_secs - GRACE_SECS };
	struct store st;
	struct err err = { 0 };
	int rc;

	if (access(conf->state_database, R_OK) != 0 ||
	    state_read_open(&st, conf->state_database, &err) != 0)
		return false;
	rc = state_probes_each(&st, &filter, false, keep, s, &err);
	store_close(&st);
	if (s->n > 0)
		qsort(s->names, s->n, sizeof(*s->names), by_name);
	return rc == 0;
}

static bool
is_seen(const struct seen *s, const struct rule *rule)
{
	struct party party;
	struct buf hop;
	struct sv name;
	bool is_one;

	buf_init(&hop, LIMIT_PATTERN + 16);
	is_one = pattern_nexthop(&rule->recipient, &hop) &&
	    party_nexthop(&party, buf_sv(&hop)) == PARTY_OK;
	buf_free(&hop);
	if (!is_one)
		return true; /* about no single destination */
	name = party_text(&party);
	return s->n > 0 &&
	    bsearch(&name, s->names, s->n, sizeof(name), by_name) != NULL;
}

void
check_prober(struct check *c)
{
	const struct snapshot *snap = c->table.snap;
	struct check_finding *f = NULL;
	struct seen s = { .n = 0 };

	arena_init(&s.mem);
	if (c->app->conf->probe && read_seen(c, &s)) {
		for (size_t i = 0; i < snapshot_count(snap); i++) {
			const struct rule *rule = snapshot_rule(snap, i);

			if (rule->direction != DIRECTION_OUT ||
			    !rule->is_enabled ||
			    rule->expires_at <= c->app->now ||
			    is_seen(&s, rule))
				continue;
			if (f == NULL)
				f = check_add(c, CHECK_NOTICE, "not_probed",
				    CHECK_ALL,
				    "partners were not looked at for some "
				    "rounds: no bounce names the cause, no "
				    "expiry is told ahead",
				    "run tlswarden-prober(8), see its log, or "
				    "set probe = false");
			check_rule(f, rule->id);
		}
	}
	arena_free(&s.mem);
	free(s.names);
}
