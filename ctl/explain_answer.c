/* tlswarden: ctl/explain_answer - asks the daemons' code.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "ctl/explain.h"
#include "policy/dsn.h"
#include "policy/lookup.h"
#include "resolve/search.h"
#include "wire/reply_text.h"
#include "base/banned.h"

const char *
explain_textf(struct explanation *e, const char *fmt, ...)
{
	struct buf b;
	struct sv v;
	va_list ap;

	buf_init(&b, OUT_TEXT_MAX);
	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	v = arena_sv(&e->mem, buf_sv(&b));
	buf_free(&b);
	return v.p;
}

const char *
explain_why(const struct explain_line *line)
{
	if (line->is_winner)
		return "wins";
	if (line->miss != MISS_NONE)
		return miss_words(line->miss);
	if (line->is_monitor)
		return "matches, but only watches (mode monitor)";
	return "matches, but a rule before it won";
}

struct going {
	const struct explanation *e;
	void (*show)(void *arg, const struct explain_line *line);
	void *arg;
	struct explain_rest *rest;
	size_t n_shown;
};

/* Lines are left out only among many, and never one that matches. */
static void
take_line(void *arg, const struct explain_line *line)
{
	struct going *g = arg;

	if (g->e->shows_all || line->miss == MISS_NONE ||
	    line->miss == MISS_PEER_PENDING || g->n_shown < EXPLAIN_LINES) {
		g->n_shown++;
		g->show(g->arg, line);
		return;
	}
	g->rest->by_miss[line->miss]++;
	g->rest->n++;
}

void
explain_rules(const struct explanation *e,
    void (*show)(void *arg, const struct explain_line *line), void *arg,
    struct explain_rest *rest_r)
{
	struct going g = { e, show, arg, rest_r, 0 };

	memset(rest_r, 0, sizeof(*rest_r));
	explain(e->table.snap, &e->q.query, e->app->now, take_line, &g);
}

void
explain_add(struct explanation *e, const char *mta, const char *by,
    const char *key, const char *text)
{
	assert(e->n_answers < EXPLAIN_ANSWERS);
	e->answers[e->n_answers++] = (struct answer){ mta, by, key, text };
}

static const char *
on_failure_words(const struct rule *r)
{
	return r->on_failure == ON_FAILURE_FAIL
	    ? "it is returned to the sender"
	    : "it stays in the queue and is tried again";
}

/* "over TLSv1.2 or newer, with 256 bits or more" */
static const char *
session_words(struct explanation *e, const struct demand *d)
{
	const char *version = d->min_protocol == TLS_VERSION_UNKNOWN
	    ? "TLS"
	    : explain_textf(e, "%s or newer",
		  tls_version_word(d->min_protocol));

	if (d->min_bits == 0)
		return version;
	return explain_textf(e, "%s with ciphers of %u bits or more", version,
	    d->min_bits);
}

static const char *
peer_words(struct explanation *e, const struct demand *d)
{
	const char *names = "the next hop",
		   *issuer = "a CA that Postfix trusts";

	if (d->level != LEVEL_SECURE)
		return d->fingerprint.n > 0
		    ? "to a server with the pinned certificate or key"
		    : "whatever certificate the server has";
	if (d->cert_name.n > 0)
		names = explain_textf(e, "%.*s", SV_ARG(d->cert_name));
	if (d->ca != NULL)
		issuer =
		    explain_textf(e, "the CA \"%.*s\"", SV_ARG(d->ca->name));
	return explain_textf(e,
	    "to a server whose certificate is for %s and comes from %s", names,
	    issuer);
}

static const char *
outbound_outcome(struct explanation *e)
{
	const struct rule *r = e->winner;

	if (r == NULL)
		return "no rule matches: the MTA's own settings apply "
		       "(smtp_tls_security_level of Postfix)";
	switch (r->demand->level) {
	case LEVEL_NONE:
		return "mail is delivered without TLS";
	case LEVEL_PREFERRED:
		return "mail is delivered over TLS where the server offers "
		       "it, else in clear";
	case LEVEL_ENCRYPT:
	case LEVEL_SECURE:
		return explain_textf(e,
		    "mail is delivered only over %s, %s; else %s",
		    session_words(e, r->demand), peer_words(e, r->demand),
		    on_failure_words(r));
	case LEVEL_UNKNOWN:
		break;
	}
	return "mail is deferred: the rule's level is not known";
}

const char *
explain_lookup(struct explanation *e, const struct lookup_answer *a)
{
	if (a->status == LOOKUP_NOTFOUND)
		return "NOTFOUND";
	return explain_textf(e, "%s %.*s",
	    a->status == LOOKUP_FOUND ? "OK" : "TEMP", SV_ARG(a->text));
}

/* What DNS tells of the servers, as policyd asks for it. */
static void
find_servers(struct explanation *e, const struct party *hop)
{
	struct err err = { 0 };
	const struct conf *conf = app_conf(e->app, &err);
	const struct servers_key key = peers_key(hop);
	struct resolver *r = NULL;

	if (e->servers != NULL && servers_key_eq(&e->servers->key, &key))
		return;
	servers_drop(e->servers);
	if (conf != NULL)
		r = resolver_new((const char *const *)conf->dns_servers.v,
		    conf->dns_servers.n, &err);
	if (r != NULL) {
		e->servers = search_wait(r, &key, SEARCH_WAIT_MSECS);
	} else {
		const struct servers none = { .key = key,
			.trouble = sv_from(err.text) };

		e->servers = servers_new(&none);
	}
	resolver_free(r);
	e->peers = peers_of(e->servers);
}

/* What is known of them: given by --peer, or by DNS. */
static const struct lookup_peers *
known_peers(const struct explanation *e)
{
	return e->q.n_peers > 0 || e->servers != NULL ? &e->peers : NULL;
}

void
explain_hop(struct explanation *e, struct sv key, enum level level,
    explain_hop_fn *fn, struct lookup_answer *r)
{
	struct party party;
	struct buf out;
	struct lookup_hop hop = { key, NULL, &party, &out };

	buf_init(&out, OUT_CELL_MAX);
	if (e->q.n_peers > 0)
		hop.peers = &e->peers;
	fn(e->table.snap, level, &hop, r);
	if (r->status == LOOKUP_PEERS) {
		find_servers(e, &party);
		hop.peers = &e->peers;
		fn(e->table.snap, level, &hop, r);
		e->needs_peers = r->status == LOOKUP_TEMP;
	}
	/* It outlives what it views. */
	r->text = arena_sv(&e->mem, r->text);
	buf_free(&out);
}

/* A rule about some users: Postfix learns of it by the recipient's address,
 * and asks for its demands in a transport of its own. False: there is none. */
static bool
answer_users(struct explanation *e)
{
	struct question *q = &e->q;
	struct lookup_answer a;
	struct party scratch;
	enum level level;
	const char *hop, *by;
	struct buf out;

	if (!q->has_address)
		return false;
	buf_init(&out, OUT_CELL_MAX);
	lookup_transport(e->table.snap, sv_from(q->recipient), &scratch, &out,
	    &a);
	explain_add(e, "postfix", "transport", q->recipient,
	    explain_lookup(e, &a));
	if (a.status != LOOKUP_FOUND) {
		buf_free(&out);
		return false;
	}
	e->winner = a.rule;
	level = a.rule->demand->level;
	q->query = (struct query){ .direction = DIRECTION_OUT,
		.sender = &q->absent,
		.recipient = &q->address };
	by = explain_textf(e, "address-%s", level_word(level));
	a.text = sv_skip(a.text, sv_find(a.text, ':') + 1);
	hop = explain_textf(e, "%.*s",
	    SV_ARG(a.text.n > 0 ? a.text : party_domain(&q->address)));
	buf_free(&out);
	explain_hop(e, sv_from(hop), level, lookup_address, &a);
	e->is_trouble = a.status == LOOKUP_TEMP;
	e->is_kept = a.is_kept;
	/* A subnet can bring in another rule, or the doubt about one. */
	if (a.rule == NULL || a.rule->subnet != NULL) {
		e->winner = a.rule;
		if (party_nexthop(&q->hop, sv_from(hop)) == PARTY_OK)
			lookup_nexthop_query(&q->hop, known_peers(e),
			    &q->query);
	}
	explain_add(e, "postfix", by, hop, explain_lookup(e, &a));
	return true;
}

static void
ask_tlspolicy(const struct snapshot *s, enum level level,
    const struct lookup_hop *hop, struct lookup_answer *r)
{
	(void)level;
	lookup_tlspolicy(s, hop, r);
}

/* What the map tlspolicy answers. */
static void
answer_nexthop(struct explanation *e)
{
	struct lookup_answer a;

	explain_hop(e, sv_from(e->q.hop_text), LEVEL_UNKNOWN, ask_tlspolicy,
	    &a);
	e->is_trouble = a.status == LOOKUP_TEMP;
	lookup_nexthop_query(&e->q.hop, known_peers(e), &e->q.query);
	e->winner = a.rule;
	explain_add(e, "postfix", "tlspolicy", e->q.hop_text,
	    explain_lookup(e, &a));
}

/* The words of a deferral or a bounce, for the fault that is most usual. */
static void
answer_failure(struct explanation *e)
{
	struct dsn_tie tie = { .rule_id = 0 };
	struct buf out;
	const char *key;

	if (e->winner == NULL || !level_demands_tls(e->winner->demand->level))
		return;
	key = explain_textf(e,
	    "4.7.4 TLS is required, but was not offered by host %s[...]",
	    e->q.hop_text);
	dsn_tie_set(&tie, e->winner, sv_from(e->q.hop_text), e->app->now);
	if (e->is_kept)
		tie.on_failure = ON_FAILURE_TEMPFAIL;
	buf_init(&out, OUT_CELL_MAX);
	if (dsn_rewrite(sv_from(key), &tie, e->app->now,
		(struct dsn_probes){ .n = 0 }, &out))
		explain_add(e, "postfix", "dsn", key,
		    explain_textf(e, "OK %s", buf_str(&out)));
	buf_free(&out);
}

/* What was given by --peer counts as what DNS says. */
static void
take_given_peers(struct explanation *e)
{
	if (e->q.n_peers == 0)
		return;
	e->peers = (struct lookup_peers){ .addrs = e->q.peers,
		.n = e->q.n_peers,
		.is_complete = true };
}

static void
answer_outbound(struct explanation *e)
{
	take_given_peers(e);
	if (!answer_users(e))
		answer_nexthop(e);
	answer_failure(e);
	e->outcome = e->is_trouble
	    ? "mail waits until it is known which rule wins"
	    : outbound_outcome(e);
}

static const char *
inbound_outcome(struct explanation *e)
{
	const char *session =
	    e->q.has_tls ? "such a session" : "a session without TLS";

	switch (e->judged.verdict.kind) {
	case VERDICT_PASS:
		return explain_textf(e, "%s may send this mail%s", session,
		    e->winner == NULL ? ": no rule matches" : "");
	case VERDICT_FAIL:
		return explain_textf(e,
		    "the recipient is refused for good in %s: the sender's "
		    "server returns the mail",
		    session);
	case VERDICT_TEMPFAIL:
		break;
	}
	return explain_textf(e,
	    "the recipient is refused for now in %s: the sender's server "
	    "tries again",
	    session);
}

/* "550 5.7.10 TLS required ..." */
static const char *
refusal(struct explanation *e, const struct judgement *j)
{
	const char *words;
	struct buf text;

	buf_init(&text, LIMIT_REPLY * 2);
	inbound_text(j, &e->q.in, &text);
	words = explain_textf(e, "%u %s", decide_smtp_code(&j->verdict),
	    buf_str(&text));
	buf_free(&text);
	return words;
}

/* As the milter hands it over; the client sees one percent sign for two. */
static const char *
milter_text(struct explanation *e, const char *reply)
{
	const char *words;
	struct buf text;

	buf_init(&text, LIMIT_REPLY * 2);
	reply_text_add(sv_from(reply), &text);
	words = explain_textf(e, "%s", buf_str(&text));
	buf_free(&text);
	return words;
}

static void
take_monitor(void *arg, const struct judgement *would)
{
	struct explanation *e = arg;

	if (e->n_monitors < EXPLAIN_MONITORS)
		e->monitors[e->n_monitors++] =
		    (struct would){ would->rule->id, refusal(e, would) };
}

static void
answer_ehlo(struct explanation *e)
{
	struct lookup_answer a;

	if (!e->q.in.has_client)
		return;
	lookup_ehlo(e->table.snap, sv_from(e->q.peer_text), &a);
	explain_add(e, "postfix", "ehlo", e->q.peer_text,
	    explain_lookup(e, &a));
}

static void
answer_inbound(struct explanation *e)
{
	inbound_judge(e->table.snap, &e->q.in, &e->judged);
	e->winner = e->judged.rule;
	if (e->judged.verdict.kind == VERDICT_PASS) {
		explain_add(e, "both", "milter", NULL, "accept");
		explain_add(e, "postfix", "delegation", NULL, "DUNNO");
	} else {
		const char *reply = refusal(e, &e->judged);

		explain_add(e, "both", "milter", NULL, milter_text(e, reply));
		explain_add(e, "postfix", "delegation", NULL, reply);
		e->code = CTL_FINDING;
	}
	answer_ehlo(e);
	inbound_monitors(e->table.snap, &e->q.in, &e->judged, take_monitor, e);
	e->outcome = inbound_outcome(e);
}

void
explain_answer(struct explanation *e)
{
	e->code = CTL_GOOD;
	if (e->q.direction == DIRECTION_IN)
		answer_inbound(e);
	else
		answer_outbound(e);
	explain_sendmail(e);
}
