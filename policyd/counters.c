/* tlswarden: policyd/counters - what a worker did, in numbers.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>

#include "counters.h"

/* Fails to compile when a counter is added that counters_add would miss. */
enum { N_COUNTERS = MAP_COUNT * MAP_RESULT_COUNT + JUDGED_COUNT + 4 };
_Static_assert(sizeof(struct counters) ==
	N_COUNTERS * sizeof(atomic_uint_fast64_t),
    "struct counters is counters only");

static const char *const map_names[MAP_COUNT] = {
	[MAP_UNKNOWN] = "unknown",
	[MAP_TLSPOLICY] = "tlspolicy",
	[MAP_TRANSPORT] = "transport",
	[MAP_ADDRESS] = "address",
	[MAP_DSN] = "dsn",
	[MAP_EHLO] = "ehlo",
	[MAP_SENDMAIL] = "sendmail",
	[MAP_STS] = "sts",
};
static const char *const result_names[MAP_RESULT_COUNT] = {
	[MAP_TEMP] = "temp",
	[MAP_FOUND] = "ok",
	[MAP_NOTFOUND] = "notfound",
	[MAP_LATER] = "later",
};
static const char *const judged_names[JUDGED_COUNT] = {
	[JUDGED_NOT] = "trouble",
	[JUDGED_SKIPPED] = "skipped",
	[JUDGED_PASS] = "pass",
	[JUDGED_TEMPFAIL] = "tempfail",
	[JUDGED_FAIL] = "fail",
};

const char *
map_name(enum map_id map)
{
	return map < MAP_COUNT ? map_names[map] : "unknown";
}

static uint64_t
get(const atomic_uint_fast64_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

static void
add(atomic_uint_fast64_t *to, const atomic_uint_fast64_t *from)
{
	atomic_store_explicit(to, get(to) + get(from), memory_order_relaxed);
}

void
counters_add(struct counters *sum, const struct counters *from)
{
	for (size_t m = 0; m < MAP_COUNT; m++)
		for (size_t r = 0; r < MAP_RESULT_COUNT; r++)
			add(&sum->lookups[m][r], &from->lookups[m][r]);
	for (size_t j = 0; j < JUDGED_COUNT; j++)
		add(&sum->judged[j], &from->judged[j]);
	add(&sum->accepted, &from->accepted);
	add(&sum->broken, &from->broken);
	add(&sum->expired, &from->expired);
	add(&sum->evicted, &from->evicted);
}

void
counters_format(const struct counters *c, struct buf *out)
{
	buf_addf(out,
	    "connections=%" PRIu64 " broken=%" PRIu64 " expired=%" PRIu64
	    " evicted=%" PRIu64,
	    get(&c->accepted), get(&c->broken), get(&c->expired),
	    get(&c->evicted));
	for (size_t m = 0; m < MAP_COUNT; m++)
		for (size_t r = 0; r < MAP_RESULT_COUNT; r++)
			if (get(&c->lookups[m][r]) > 0)
				buf_addf(out, " %s_%s=%" PRIu64, map_names[m],
				    result_names[r], get(&c->lookups[m][r]));
	for (size_t j = 0; j < JUDGED_COUNT; j++)
		if (get(&c->judged[j]) > 0)
			buf_addf(out, " delegation_%s=%" PRIu64,
			    judged_names[j], get(&c->judged[j]));
}

static void
metric_head(struct buf *out, const char *name, const char *help)
{
	buf_addf(out,
	    "# HELP tlswarden_policyd_%s %s\n"
	    "# TYPE tlswarden_policyd_%s counter\n",
	    name, help, name);
}

void
counters_metrics(const struct counters *c, struct buf *out)
{
	const struct {
		const char *why;
		uint64_t n;
	} closed[] = {
		{ "broken", get(&c->broken) },
		{ "expired", get(&c->expired) },
		{ "evicted", get(&c->evicted) },
	};

	metric_head(out, "lookups_total", "Answers by map and result.");
	for (size_t m = 0; m < MAP_COUNT; m++)
		for (size_t r = 0; r < MAP_RESULT_COUNT; r++)
			buf_addf(out,
			    "tlswarden_policyd_lookups_total{map=\"%s\","
			    "result=\"%s\"} %" PRIu64 "\n",
			    map_names[m], result_names[r],
			    get(&c->lookups[m][r]));
	metric_head(out, "delegation_total", "Delegation requests by verdict.");
	for (size_t j = 0; j < JUDGED_COUNT; j++)
		buf_addf(out,
		    "tlswarden_policyd_delegation_total{verdict=\"%s\"} "
		    "%" PRIu64 "\n",
		    judged_names[j], get(&c->judged[j]));
	metric_head(out, "connections_total", "Connections accepted.");
	buf_addf(out, "tlswarden_policyd_connections_total %" PRIu64 "\n",
	    get(&c->accepted));
	metric_head(out, "closed_total", "Connections that were cut off.");
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
		buf_addf(out,
		    "tlswarden_policyd_closed_total{reason=\"%s\"} %" PRIu64
		    "\n",
		    closed[i].why, closed[i].n);
}
