/* tlswarden: policyd/agenda - which destinations are to be probed, and when.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "agenda.h"
#include "base/limits.h"
#include "base/mem.h"
#include "policy/party.h"

enum { PORT_SMTP = 25 };

struct item {
	char *nexthop; /* as Postfix would write it */
	int64_t last;  /* when it was seen; 0: never */
	int64_t given; /* when the job was given out; 0: it is not */
	struct agenda_judge judge;
};

struct agenda {
	struct item *items; /* by nexthop */
	size_t n;
};

struct agenda *
agenda_new(void)
{
	return mem_zalloc(1, sizeof(struct agenda));
}

static void
free_items(struct item *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(items[i].nexthop);
	free(items);
}

void
agenda_free(struct agenda *a)
{
	if (a == NULL)
		return;
	free_items(a->items, a->n);
	free(a);
}

static int
by_nexthop(const void *x, const void *y)
{
	const struct item *a = x, *b = y;

	return strcmp(a->nexthop, b->nexthop);
}

static struct item *
find(const struct agenda *a, const char *nexthop)
{
	const struct item key = { .nexthop = mem_strdup(nexthop) };
	struct item *found = NULL;

	if (a->n > 0)
		found = bsearch(&key, a->items, a->n, sizeof(*a->items),
		    by_nexthop);
	free(key.nexthop);
	return found;
}

static struct item *
find_sv(const struct agenda *a, struct sv nexthop)
{
	char *text = mem_svdup(sv_head(nexthop, LIMIT_NEXTHOP));
	struct item *found = find(a, text);

	free(text);
	return found;
}

/* Keeps one of each, in order; those over the limit go. */
static size_t
settle(struct item *items, size_t n, size_t *n_over_r)
{
	size_t kept = 0;

	*n_over_r = 0;
	if (n > 0)
		qsort(items, n, sizeof(*items), by_nexthop);
	for (size_t i = 0; i < n; i++) {
		bool is_new = kept == 0 ||
		    strcmp(items[kept - 1].nexthop, items[i].nexthop) != 0;

		if (is_new && kept < AGENDA_MAX) {
			items[kept++] = items[i];
			continue;
		}
		*n_over_r += is_new;
		free(items[i].nexthop);
	}
	return kept;
}

size_t
agenda_take_rules(struct agenda *a, const struct snapshot *s)
{
	struct item *items = NULL;
	size_t n = 0, cap = 0, n_over;
	struct buf hop;

	buf_init(&hop, LIMIT_PATTERN + 16);
	for (size_t i = 0; i < snapshot_count(s); i++) {
		const struct rule *rule = snapshot_rule(s, i);

		buf_reset(&hop);
		if (rule->direction != DIRECTION_OUT || !rule->is_enabled ||
		    !pattern_nexthop(&rule->recipient, &hop))
			continue;
		if (n == cap) {
			cap = cap * 2 + 64;
			items = mem_realloc(items, cap, sizeof(*items));
		}
		items[n++] =
		    (struct item){ .nexthop = mem_strdup(buf_str(&hop)) };
	}
	buf_free(&hop);
	n = settle(items, n, &n_over);
	for (size_t i = 0; i < n; i++) {
		const struct item *old = find(a, items[i].nexthop);

		if (old == NULL)
			continue;
		items[i].last = old->last;
		items[i].given = old->given;
		items[i].judge = old->judge;
	}
	free_items(a->items, a->n);
	a->items = items;
	a->n = n;
	return n_over;
}

static void
seen_as(struct agenda *a, const struct buf *nexthop, int64_t at)
{
	struct item *item = find(a, buf_str(nexthop));

	if (item != NULL && at > item->last)
		item->last = at;
}

void
agenda_seen(struct agenda *a, struct sv name, uint16_t port, int64_t at)
{
	struct buf hop;

	name = sv_head(name, LIMIT_DOMAIN);
	buf_init(&hop, LIMIT_NEXTHOP);
	for (int brackets = 0; brackets < 2; brackets++) {
		buf_reset(&hop);
		buf_addf(&hop, brackets == 0 ? "%.*s" : "[%.*s]", SV_ARG(name));
		if (port == PORT_SMTP)
			seen_as(a, &hop, at);
		buf_addf(&hop, ":%u", (unsigned)port);
		seen_as(a, &hop, at);
	}
	buf_free(&hop);
}

/* When it is due: never seen is due at once. A clock that was set back must
 * not put it off for longer than the interval. */
static int64_t
due_at(const struct item *item, int64_t now, uint32_t interval_secs)
{
	int64_t last = item->last > now ? now : item->last;

	if (item->given > 0 && item->given <= now &&
	    now - item->given < AGENDA_LOST_SECS)
		return item->given + AGENDA_LOST_SECS;
	return last == 0 ? 0 : last + interval_secs;
}

size_t
agenda_due(struct agenda *a, int64_t now, uint32_t interval_secs,
    struct sv *jobs_r, size_t max)
{
	size_t n = 0;

	while (n < max) {
		struct item *first = NULL;

		/* A round is some dozens of jobs: looking for each is cheaper
		 * than to keep an order. */
		for (size_t i = 0; i < a->n; i++) {
			struct item *item = &a->items[i];

			if (due_at(item, now, interval_secs) <= now &&
			    (first == NULL || item->last < first->last))
				first = item;
		}
		if (first == NULL)
			break;
		first->given = now;
		jobs_r[n++] = sv_from(first->nexthop);
	}
	return n;
}

uint32_t
agenda_wait(const struct agenda *a, int64_t now, uint32_t interval_secs,
    uint32_t max)
{
	int64_t wait = max;

	for (size_t i = 0; i < a->n && wait > 0; i++) {
		int64_t left = due_at(&a->items[i], now, interval_secs) - now;

		if (left < wait)
			wait = left < 0 ? 0 : left;
	}
	return (uint32_t)wait;
}

bool
agenda_is_out(const struct agenda *a, struct sv nexthop)
{
	const struct item *item = find_sv(a, nexthop);

	return item != NULL && item->given > 0;
}

void
agenda_judged_by(struct agenda *a, struct sv nexthop, struct agenda_judge judge)
{
	struct item *item = find_sv(a, nexthop);

	if (item != NULL)
		item->judge = judge;
}

struct agenda_judge
agenda_judge(const struct agenda *a, struct sv nexthop)
{
	const struct item *item = find_sv(a, nexthop);

	return item == NULL ? (struct agenda_judge){ 0, 0 } : item->judge;
}

void
agenda_done(struct agenda *a, struct sv nexthop, int64_t now)
{
	struct item *item = find_sv(a, nexthop);

	if (item == NULL)
		return;
	item->given = 0;
	item->judge = (struct agenda_judge){ 0, 0 };
	item->last = now;
}

void
agenda_recall(struct agenda *a)
{
	for (size_t i = 0; i < a->n; i++)
		a->items[i].given = 0;
}
