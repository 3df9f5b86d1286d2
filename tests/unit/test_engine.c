/* tlswarden: the engine against a naive reading of the rules, random tables.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * 100,000 queries over random tables. The seed is printed; TLSWARDEN_SEED
 * repeats a run.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "naive.h"
#include "policy/explain.h"
#include "policy/snapshot.h"
#include "unit.h"

enum { TABLES = 1000, QUERIES = 100, RULES_MAX = 60, NOW = 1000000000 };

static uint64_t
next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static unsigned
below(uint64_t *rnd, unsigned n)
{
	return (unsigned)(next(rnd) >> 33) % n;
}

static const char *
pick_label(uint64_t *rnd)
{
	static const char *const labels[] = { "a", "b", "mx1", "mail", "bank" };

	return labels[below(rnd, 5)];
}

/* One to four labels; few words, so that domains and their parents meet. */
static void
pick_domain(uint64_t *rnd, char out[static NAIVE_TEXT])
{
	unsigned n = below(rnd, 4);

	out[0] = '\0';
	for (unsigned i = 0; i < n; i++) {
		size_t at = strlen(out);

		(void)snprintf(out + at, NAIVE_TEXT - at, "%s.",
		    pick_label(rnd));
	}
	(void)snprintf(out + strlen(out), NAIVE_TEXT - strlen(out), "%s",
	    below(rnd, 2) ? "test" : "org");
}

static const char *
pick_user(uint64_t *rnd)
{
	static const char *const users[] = { "u", "sales-1", "sales-2",
		"x+ext" };

	return users[below(rnd, 4)];
}

static void
pick_domain_glob(uint64_t *rnd, char out[static NAIVE_TEXT])
{
	char domain[NAIVE_TEXT];

	pick_domain(rnd, domain);
	switch (below(rnd, 5)) {
	case 0:
		(void)snprintf(out, NAIVE_TEXT, "*.%.40s", domain);
		return;
	case 1:
		(void)snprintf(out, NAIVE_TEXT, "m*.%.40s", domain);
		return;
	case 2:
		(void)snprintf(out, NAIVE_TEXT, "%s.*", pick_label(rnd));
		return;
	case 3:
		(void)snprintf(out, NAIVE_TEXT, "?.%.40s", domain);
		return;
	default:
		(void)snprintf(out, NAIVE_TEXT, "%s.b*k.%s", pick_label(rnd),
		    pick_label(rnd));
		return;
	}
}

static void
pick_written(uint64_t *rnd, char out[static NAIVE_TEXT],
    char host[static NAIVE_TEXT])
{
	static const char *const ports[] = { "25", "587" };

	pick_domain(rnd, host);
	switch (below(rnd, 3)) {
	case 0:
		(void)snprintf(out, NAIVE_TEXT, "[%.50s]", host);
		return;
	case 1:
		(void)snprintf(out, NAIVE_TEXT, "%.50s:%s", host,
		    ports[below(rnd, 2)]);
		return;
	default:
		(void)snprintf(out, NAIVE_TEXT, "[%.50s]:%s", host,
		    ports[below(rnd, 2)]);
		return;
	}
}

static void
pick_pattern(uint64_t *rnd, bool may_be_written, bool may_be_null,
    char out[static NAIVE_TEXT])
{
	char domain[NAIVE_TEXT];

	pick_domain(rnd, domain);
	switch (below(rnd, 13)) {
	case 0:
		(void)snprintf(out, NAIVE_TEXT, "%s", may_be_null ? "<>" : "*");
		return;
	case 1:
	case 2:
		(void)snprintf(out, NAIVE_TEXT, "%s@%.40s", pick_user(rnd),
		    domain);
		return;
	case 3:
		(void)snprintf(out, NAIVE_TEXT, "%s@%.40s",
		    below(rnd, 2) ? "sales-*" : "*", domain);
		return;
	case 4:
		(void)snprintf(out, NAIVE_TEXT, "*@*%s%.40s",
		    below(rnd, 3) ? "." : "", below(rnd, 3) ? domain : "");
		if (strcmp(out, "*@*.") == 0)
			out[3] = '\0';
		return;
	case 5:
	case 11:
	case 12:
		(void)snprintf(out, NAIVE_TEXT, ".%.40s", domain);
		return;
	case 6:
		pick_domain_glob(rnd, out);
		return;
	case 7:
		if (may_be_written) {
			pick_written(rnd, out, domain);
			return;
		}
		(void)snprintf(out, NAIVE_TEXT, "*");
		return;
	case 8:
		(void)snprintf(out, NAIVE_TEXT, "*");
		return;
	default:
		(void)snprintf(out, NAIVE_TEXT, "%s", domain);
		return;
	}
}

static uint32_t
pick_addr(uint64_t *rnd)
{
	/* Few bits vary, so that nets nest and hit. */
	return 0x0a000000U | (below(rnd, 4) << 22) | (below(rnd, 4) << 8) |
	    below(rnd, 4);
}

static void
pick_rule(uint64_t *rnd, int64_t id, struct naive_rule *r)
{
	static const char *const levels[] = { "none", "preferred", "encrypt",
		"secure" };
	static const int lengths[] = { 0, 8, 10, 22, 24, 30, 32 };

	memset(r, 0, sizeof(*r));
	r->id = id;
	r->priority = 100 - 10 * (int)(below(rnd, 4) == 0);
	r->is_out = below(rnd, 2);
	r->is_monitor = below(rnd, 8) == 0;
	r->is_enabled = below(rnd, 10) != 0;
	if (below(rnd, 6) == 0)
		r->expires_at = NOW - 1 + below(rnd, 3);
	if (below(rnd, 3) == 0)
		pick_pattern(rnd, false, true, r->sender);
	else
		(void)snprintf(r->sender, NAIVE_TEXT, "*");
	pick_pattern(rnd, r->is_out, false, r->recipient);
	r->bits = -1;
	if (below(rnd, 3) == 0) {
		r->bits = lengths[below(rnd, 7)];
		r->net = r->bits == 0
		    ? 0
		    : pick_addr(rnd) & (0xffffffffU << (32 - r->bits));
	}
	(void)snprintf(r->level, sizeof(r->level), "%s", levels[below(rnd, 4)]);
}

static void
format_addr(uint32_t a, char *out, size_t size)
{
	(void)snprintf(out, size, "%u.%u.%u.%u", a >> 24, a >> 16 & 255,
	    a >> 8 & 255, a & 255);
}

static void
pick_address(uint64_t *rnd, char out[static NAIVE_TEXT])
{
	char domain[NAIVE_TEXT];

	pick_domain(rnd, domain);
	(void)snprintf(out, NAIVE_TEXT, "%s@%.40s", pick_user(rnd), domain);
}

static void
pick_nexthop(uint64_t *rnd, struct naive_query *q)
{
	q->is_nexthop = true;
	if (below(rnd, 5) == 0) {
		q->is_literal = true;
		q->n_peers = 1;
		format_addr(q->peers[0], q->host, sizeof(q->host));
		(void)snprintf(q->recipient, NAIVE_TEXT, "[%.40s]%s", q->host,
		    below(rnd, 2) ? ":25" : "");
	} else if (below(rnd, 3) == 0) {
		pick_written(rnd, q->recipient, q->host);
	} else {
		pick_domain(rnd, q->host);
		memcpy(q->recipient, q->host, NAIVE_TEXT);
	}
}

static void
pick_query(uint64_t *rnd, struct naive_query *q)
{
	memset(q, 0, sizeof(*q));
	q->is_out = below(rnd, 2);
	q->n_peers = q->is_out ? (int)below(rnd, NAIVE_PEERS + 1) : 1;
	for (int i = 0; i < NAIVE_PEERS; i++)
		q->peers[i] = pick_addr(rnd);
	q->has_sender = !q->is_out || below(rnd, 2);
	if (q->has_sender && below(rnd, 6) != 0)
		pick_address(rnd, q->sender);
	if (q->is_out && below(rnd, 4) != 0)
		pick_nexthop(rnd, q);
	else
		pick_address(rnd, q->recipient);
}

static void
fill_row(const struct naive_rule *r, struct rule_row *row,
    char text[static 3][NAIVE_TEXT])
{
	memset(row, 0, sizeof(*row));
	row->id = r->id;
	row->enabled = r->is_enabled;
	row->priority = r->priority;
	row->direction = sv_from(r->is_out ? "out" : "in");
	row->sender = sv_from(r->sender);
	row->recipient = sv_from(r->recipient);
	row->level = sv_from(r->level);
	row->on_failure = sv_from("tempfail");
	row->mode = sv_from(r->is_monitor ? "monitor" : "enforce");
	row->comment = sv_from("");
	if (r->bits >= 0) {
		format_addr(r->net, text[0], 32);
		(void)snprintf(text[1], NAIVE_TEXT, "%.32s/%d", text[0],
		    r->bits);
		row->subnet = sv_from(text[1]);
	}
	if (r->expires_at != 0) {
		/* NOW is 2001-09-09 01:46:40 */
		(void)snprintf(text[2], NAIVE_TEXT, "2001-09-09 01:46:%02d",
		    (int)(40 + r->expires_at - NOW));
		row->expires_at = sv_from(text[2]);
	}
}

static struct snapshot *
build(const struct naive_rule *rules, int n)
{
	struct snapshot_options options = { .now = NOW,
		.postfix_version = 306,
		.ca_directory = SV("tlswarden/ca") };
	struct snapshot_builder *b = snapshot_builder_new(&options);
	struct err e = { 0 };

	for (int i = 0; i < n; i++) {
		char text[3][NAIVE_TEXT];
		struct rule_row row;

		fill_row(&rules[i], &row, text);
		ck_assert_msg(snapshot_builder_row(b, &row, &e) == 0,
		    "rule %s -> %s: %s", rules[i].sender, rules[i].recipient,
		    e.text);
	}
	return snapshot_builder_done(b);
}

struct asked {
	struct party sender;
	struct party recipient;
	struct addr peers[NAIVE_PEERS];
	struct query q;
};

static void
ask(const struct naive_query *n, struct asked *a)
{
	enum party_status status;

	party_none(&a->sender);
	if (n->has_sender)
		ck_assert(
		    party_address(&a->sender, sv_from(n->sender)) == PARTY_OK);
	status = n->is_nexthop
	    ? party_nexthop(&a->recipient, sv_from(n->recipient))
	    : party_address(&a->recipient, sv_from(n->recipient));
	ck_assert_msg(status == PARTY_OK, "%s", n->recipient);
	for (int i = 0; i < n->n_peers; i++) {
		char text[32];

		format_addr(n->peers[i], text, sizeof(text));
		ck_assert(addr_parse(sv_from(text), &a->peers[i]));
	}
	a->q.direction = n->is_out ? DIRECTION_OUT : DIRECTION_IN;
	a->q.sender = &a->sender;
	a->q.recipient = &a->recipient;
	a->q.peers = a->peers;
	a->q.n_peers = (size_t)n->n_peers;
	a->q.peers_state = n->n_peers > 0 ? PEERS_KNOWN : PEERS_ABSENT;
}

static uint64_t
pick_seed(void)
{
	const char *text = getenv("TLSWARDEN_SEED");
	uint64_t seed = (uint64_t)time(NULL) * 2654435761U + 1;

	if (text != NULL)
		ck_assert(sv_to_u64(sv_from(text), UINT64_MAX, &seed));
	printf("# TLSWARDEN_SEED=%" PRIu64 "\n", seed);
	(void)fflush(stdout);
	return seed | 1;
}

struct monitors {
	int64_t ids[RULES_MAX];
	int n;
};

static void
note_monitor(void *arg, const struct rule *r)
{
	struct monitors *m = arg;

	m->ids[m->n++] = r->id;
}

/* Every monitor rule that matches and is better than the winner, once. */
static void
check_monitors(const struct snapshot *s, const struct asked *a,
    const struct naive_rule *rules, int n, const struct naive_query *q)
{
	struct monitors got = { .n = 0 };
	int want = 0;

	snapshot_monitors(s, &a->q, NULL, note_monitor, &got);
	for (int i = 0; i < n; i++) {
		const struct naive_rule *r = &rules[i];
		bool is_found = false;

		if (!r->is_monitor || !r->is_enabled ||
		    (r->expires_at != 0 && NOW >= r->expires_at) ||
		    !naive_matches(r, q, FAULT_NONE))
			continue;
		want++;
		for (int k = 0; k < got.n; k++)
			is_found = is_found || got.ids[k] == r->id;
		ck_assert_msg(is_found, "monitor rule %" PRId64 " not judged",
		    r->id);
	}
	ck_assert_int_eq(got.n, want);
}

/* What peers that are pending could still change: when nothing, the winner is
 * that of all peers, however few of them are known; when something, the best
 * rule that waits is better than the winner. */
static void
check_pending(const struct snapshot *s, struct asked *a,
    const struct snapshot_match *known, const struct snapshot_match *absent)
{
	size_t n_all = a->q.n_peers;
	struct snapshot_match m;

	a->q.peers_state = PEERS_PENDING;
	for (a->q.n_peers = 0; a->q.n_peers <= n_all; a->q.n_peers++) {
		m = snapshot_find(s, &a->q);
		ck_assert(m.needs_peers == (m.pending != NULL));
		if (!m.needs_peers)
			ck_assert_ptr_eq(m.rule, known->rule);
		else
			ck_assert(m.rule == NULL || m.pending < m.rule);
		if (a->q.n_peers == 0)
			ck_assert_ptr_eq(m.rule, absent->rule);
	}
	/* The peers of this test are IPv4: of a family that no subnet is of
	 * only rules that want all can wait. */
	a->q.n_peers = n_all;
	a->q.known_families = QUERY_IPV4;
	m = snapshot_find(s, &a->q);
	if (!m.needs_peers)
		ck_assert_ptr_eq(m.rule, known->rule);
	else
		ck_assert(!level_demands_tls(m.pending->demand->level));
	a->q.known_families = 0;
}

static int
run_table(uint64_t *rnd, enum naive_fault fault)
{
	static struct naive_rule rules[RULES_MAX];
	static struct asked a;
	struct naive_query q;
	int n = 1 + (int)below(rnd, RULES_MAX), wrong = 0;
	struct snapshot *s;

	for (int i = 0; i < n; i++)
		pick_rule(rnd, i + 1, &rules[i]);
	s = build(rules, n);
	for (int i = 0; i < QUERIES; i++) {
		struct snapshot_match m, absent;
		int64_t want, got;

		pick_query(rnd, &q);
		want = naive_winner(rules, n, &q, NOW, fault);
		ask(&q, &a);
		m = snapshot_find(s, &a.q);
		got = m.rule == NULL ? 0 : m.rule->id;
		wrong += got != want;
		if (fault != FAULT_NONE)
			continue;
		ck_assert_msg(got == want,
		    "%s from <%s> to %s: rule %" PRId64 ", naive %" PRId64,
		    q.is_out ? "out" : "in", q.sender, q.recipient, got, want);
		check_monitors(s, &a, rules, n, &q);
		if (q.is_out && !q.is_literal && q.n_peers > 0) {
			a.q.peers_state = PEERS_ABSENT;
			absent = snapshot_find(s, &a.q);
			check_pending(s, &a, &m, &absent);
		}
	}
	snapshot_free(s);
	return wrong;
}

START_TEST(engine_agrees_with_naive)
{
	uint64_t rnd = pick_seed();

	for (int i = 0; i < TABLES; i++)
		(void)run_table(&rnd, FAULT_NONE);
}
END_TEST

/* The same test with a fault planted into the naive side must see it. */
START_TEST(planted_fault_is_found)
{
	uint64_t rnd = pick_seed();
	int wrong = 0;

	for (int i = 0; i < 300; i++)
		wrong += run_table(&rnd, (enum naive_fault)_i);
	ck_assert_msg(wrong > 0, "fault %d was not seen", _i);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, engine_agrees_with_naive);
	tcase_add_loop_test(tc, planted_fault_is_found, 1, FAULT_COUNT);
}

UNIT_MAIN("engine", add_tests)
