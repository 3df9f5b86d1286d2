/* tlswarden: ctl/suggest - rules that what was seen would bear.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Suggests, never adds: the lines that it prints watch first (mode monitor).
 * Whether a partner has a rule already is asked of the daemons' own snapshot.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/conf.h"
#include "base/mem.h"
#include "ctl/command.h"
#include "ctl/load.h"
#include "ctl/out.h"
#include "ctl/when.h"
#include "policy/lookup.h"
#include "policy/snapshot.h"
#include "store/state_read.h"
#include "store/state_sums.h"
#include "base/banned.h"

enum { SUGGEST_SESSIONS = 10, SUGGEST_DAYS = 30, DAY_SECS = 86400 };

struct partner {
	struct sv domain;
	size_t n_servers;
	size_t n_failing; /* no TLS, or no TLS that could be judged */
	size_t n_faulty;  /* TLS, and something wrong with it */
	int64_t last_secs;
};

struct suggesting {
	struct app *app;
	struct loaded table;
	struct json_list json;
	uint64_t n_given, n_in_clear;
	struct arena mem;
	struct partner *partners;
	size_t n_partners, max_partners;
};

struct suggestion {
	bool is_outbound;
	struct sv domain;
	const char *why;
};

/* A name that comes from strangers and stands on a command line. */
static bool
is_plain_name(struct sv domain)
{
	for (size_t i = 0; i < domain.n; i++) {
		char c = domain.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			c == '.' || (c == '-' && i > 0) || c == '_'))
			return false;
	}
	return domain.n > 0 && domain.p[0] != '.';
}

/* A rule for everybody that demands nothing leaves room for one that does. */
static bool
covers(const struct rule *rule)
{
	const struct pattern *partner =
	    rule->direction == DIRECTION_OUT ? &rule->recipient : &rule->sender;

	return level_demands_tls(rule->demand->level) ||
	    partner->kind != PATTERN_ANY;
}

static void
note_monitor(void *arg, const struct rule *rule)
{
	bool *is_covered = arg;

	*is_covered = *is_covered || covers(rule);
}

static bool
has_rule(const struct suggesting *s, const struct query *q)
{
	struct snapshot_match m = snapshot_find(s->table.snap, q);
	bool is_covered = m.rule != NULL && covers(m.rule);

	snapshot_monitors(s->table.snap, q, m.rule, note_monitor, &is_covered);
	return is_covered;
}

static bool
has_inbound_rule(const struct suggesting *s, struct sv domain)
{
	struct query q = { .direction = DIRECTION_IN };
	struct party sender, anyone;
	struct buf address;
	bool is_good;

	buf_init(&address, LIMIT_DOMAIN + 16);
	buf_adds(&address, "postmaster@");
	buf_add(&address, domain);
	is_good = party_address(&sender, buf_sv(&address)) == PARTY_OK;
	buf_free(&address);
	party_none(&anyone);
	q.sender = &sender;
	q.recipient = &anyone;
	/* What is no domain gets no rule. */
	return !is_good || has_rule(s, &q);
}

static bool
has_outbound_rule(const struct suggesting *s, struct sv domain)
{
	struct query q = { .direction = DIRECTION_OUT };
	struct party nexthop;

	if (party_nexthop(&nexthop, domain) != PARTY_OK)
		return true;
	lookup_nexthop_query(&nexthop, NULL, &q);
	return has_rule(s, &q);
}

static void
print(struct suggesting *s, const struct suggestion *g)
{
	const char *direction = g->is_outbound ? "out" : "in";
	const char *column = g->is_outbound ? "recipient" : "sender";
	struct buf command;

	s->n_given++;
	buf_init(&command, LIMIT_DOMAIN + 128);
	buf_addf(&command,
	    "tlswarden rule add --direction %s --%s %.*s --level encrypt "
	    "--mode monitor",
	    direction, column, SV_ARG(g->domain));
	if (s->app->json) {
		json_t *o = json_object();

		out_json_set(o, "direction", json_string(direction));
		out_json_set(o, "domain", out_json_sv(g->domain));
		out_json_set(o, "level", json_string("encrypt"));
		out_json_set(o, "mode", json_string("monitor"));
		out_json_set(o, "why", out_json_str(g->why));
		out_json_set(o, "command", out_json_sv(buf_sv(&command)));
		json_list_item(&s->json, o);
	} else {
		out_styled(s->app, OUT_DIM, "# %s", g->why);
		printf("\n%s\n", buf_str(&command));
	}
	buf_free(&command);
}

static int
take_sender(void *arg, const struct domain_sums *sums)
{
	struct suggesting *s = arg;
	struct suggestion g = { .domain = sums->domain };
	char since[WHEN_SIZE];
	struct buf why;

	if (!is_plain_name(sums->domain) || has_inbound_rule(s, sums->domain))
		return 0;
	/* What the milter could not see is a doubt. */
	if (sums->n_encrypted < sums->n_sessions) {
		s->n_in_clear++;
		return 0;
	}
	buf_init(&why, LIMIT_DOMAIN + 256);
	buf_addf(&why,
	    "%.*s: %llu sessions since %s, all encrypted, %llu recipients",
	    SV_ARG(sums->domain), (unsigned long long)sums->n_sessions,
	    when_format(sums->first_secs, since),
	    (unsigned long long)sums->n_recipients);
	if (sums->oldest_version.n > 0)
		buf_addf(&why, ", oldest %.*s", SV_ARG(sums->oldest_version));
	g.why = buf_str(&why);
	print(s, &g);
	buf_free(&why);
	return 0;
}

static struct partner *
partner_of(struct suggesting *s, struct sv domain)
{
	for (size_t i = 0; i < s->n_partners; i++)
		if (sv_eq(s->partners[i].domain, domain))
			return &s->partners[i];
	if (s->n_partners == s->max_partners) {
		s->max_partners = s->max_partners * 2 + 16;
		s->partners = mem_realloc(s->partners, s->max_partners,
		    sizeof(*s->partners));
	}
	s->partners[s->n_partners] = (struct partner){
		.domain = arena_sv(&s->mem, domain),
	};
	return &s->partners[s->n_partners++];
}

static int
take_probe(void *arg, const struct record_probe *row)
{
	struct suggesting *s = arg;
	struct partner *p = partner_of(s, row->domain);

	p->n_servers++;
	if (row->tls_version.n == 0)
		p->n_failing++;
	else if (!sv_is(row->verdict, "ok"))
		p->n_faulty++;
	if (row->at_secs > p->last_secs)
		p->last_secs = row->at_secs;
	return 0;
}

static void
suggest_partner(struct suggesting *s, const struct partner *p)
{
	struct suggestion g = { .is_outbound = true, .domain = p->domain };
	char at[WHEN_SIZE];
	struct buf why;

	if (!is_plain_name(p->domain) || has_outbound_rule(s, p->domain))
		return;
	if (p->n_failing > 0) {
		s->n_in_clear++;
		return;
	}
	buf_init(&why, LIMIT_DOMAIN + 256);
	buf_addf(&why, "%.*s: TLS on all of %zu servers probed by %s, %s",
	    SV_ARG(p->domain), p->n_servers, when_format(p->last_secs, at),
	    p->n_faulty == 0
		? "certificates in order: level secure may be possible, see "
		  "tlswarden probe"
		: "certificates not in order, see tlswarden probe");
	g.why = buf_str(&why);
	print(s, &g);
	buf_free(&why);
}

static int
suggest(struct suggesting *s, int64_t since, uint64_t min_sessions,
    struct err *err_r)
{
	struct probe_filter probes = { .since_secs = since };
	struct store st = { .sq = NULL };
	int rc;

	if (load_served(s->app, &s->table, err_r) != 0 ||
	    state_read_open(&st, s->app->conf->state_database, err_r) != 0)
		return -1;
	rc = state_sender_sums(&st, since, min_sessions, take_sender, s, err_r);
	if (rc == 0)
		rc = state_probes_each(&st, &probes, false, take_probe, s,
		    err_r);
	store_close(&st);
	for (size_t i = 0; rc == 0 && i < s->n_partners; i++)
		suggest_partner(s, &s->partners[i]);
	return rc;
}

/* What is said about what is not suggested. */
static void
print_rest(const struct suggesting *s)
{
	if (s->n_given == 0)
		puts("# nothing to suggest");
	if (s->n_in_clear > 0)
		printf(
		    "# %llu more domains did not always have TLS, see "
		    "tlswarden sessions --plaintext and tlswarden probe\n",
		    (unsigned long long)s->n_in_clear);
}

static int
take_options(const struct app *app, const struct args *args, int64_t *since_r,
    uint64_t *min_r, struct err *err_r)
{
	const char *since = args_get(args, "since");
	const char *min = args_get(args, "min");

	*since_r = app->now - (int64_t)SUGGEST_DAYS * DAY_SECS;
	*min_r = SUGGEST_SESSIONS;
	if (since != NULL && when_parse(since, app->now, since_r, err_r) != 0)
		return -1;
	if (min != NULL &&
	    (!sv_to_u64(sv_from(min), INT32_MAX, min_r) || *min_r == 0))
		return err_set(err_r, EX_USAGE,
		    "--min: \"%s\" is no number of sessions", min);
	return 0;
}

static int
suggest_run(struct app *app, const struct args *args)
{
	struct suggesting s = { .app = app };
	struct err err = { 0 };
	int64_t since;
	uint64_t min;
	int rc = take_options(app, args, &since, &min, &err);

	if (rc == 0) {
		arena_init(&s.mem);
		if (app->json)
			json_list_begin(&s.json);
		rc = suggest(&s, since, min, &err);
		if (app->json)
			json_list_end(&s.json);
		else if (rc == 0)
			print_rest(&s);
		loaded_done(&s.table);
		free(s.partners);
		arena_free(&s.mem);
	}
	return rc == 0 ? CTL_GOOD : args_fail(args, &err);
}

static const struct option_spec options[] = {
	{ "since", "TIME",
	    "from what was seen since then: 12h, 7d, 2w ago,\n"
	    "or a time; default 30d",
	    0 },
	{ "min", "N", "domains with N sessions or more; default 10", 0 },
	{ .name = NULL },
};

const struct command verb_suggest = {
	.name = "suggest",
	.summary = "suggest rules for partners that always used TLS",
	.synopsis = "[--since TIME] [--min N]",
	.help =
	    "Suggests a rule for each domain that always used TLS: senders\n"
	    "of recorded sessions, and partners whose servers were probed\n"
	    "(probe --store). Those that a rule is about already are left\n"
	    "out. Nothing is added: each line is a command that adds the\n"
	    "rule in mode monitor, in which it refuses nothing.",
	.examples =
	    "  tlswarden suggest --since 14d --min 50\n"
	    "  tlswarden suggest --since 2026-01-01 --json",
	.options = options,
	.run = suggest_run,
};
