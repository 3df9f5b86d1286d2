/* tlswarden: ctl/explain_json - the explanation for a program.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "ctl/explain.h"
#include "ctl/rule_words.h"
#include "base/banned.h"

static json_t *
party_json(const struct party *p)
{
	switch (p->kind) {
	case PARTY_ABSENT:
		return json_null();
	case PARTY_NULL:
		return out_json_str("<>");
	case PARTY_ADDRESS:
	case PARTY_NEXTHOP:
		break;
	}
	return out_json_sv(party_text(p));
}

static json_t *
peers_json(const struct question *q)
{
	json_t *list = json_array();
	struct buf b;

	if (q->query.peers_state == PEERS_ABSENT ||
	    (q->query.peers_state == PEERS_PENDING && q->query.n_peers == 0)) {
		json_decref(list);
		return json_null();
	}
	buf_init(&b, OUT_CELL_MAX);
	for (size_t i = 0; i < q->query.n_peers; i++) {
		addr_format(&q->query.peers[i], &b);
		out_json_add(list, out_json_sv(buf_sv(&b)));
		buf_reset(&b);
	}
	buf_free(&b);
	return list;
}

/* What DNS was asked; null: no rule depends on it. */
static json_t *
dns_json(const struct servers *s)
{
	json_t *o;

	if (s == NULL)
		return json_null();
	o = json_object();
	out_json_set(o, "complete", json_boolean(s->is_complete));
	out_json_set(o, "seconds", json_integer(s->ttl_secs));
	out_json_set(o, "trouble",
	    s->trouble.n > 0 ? out_json_sv(s->trouble) : json_null());
	return o;
}

static json_t *
session_json(const struct question *q)
{
	json_t *o = json_object();
	const struct tls_facts *t = &q->tls;

	out_json_set(o, "encrypted", json_boolean(q->has_tls));
	out_json_set(o, "version",
	    t->version != TLS_VERSION_UNKNOWN
		? out_json_str(tls_version_word(t->version))
		: json_null());
	out_json_set(o, "cipher", out_json_sv(t->cipher));
	out_json_set(o, "bits", json_integer(t->bits));
	out_json_set(o, "verified",
	    json_boolean(t->cert == CERT_STATE_VERIFIED));
	out_json_set(o, "verify", out_json_sv(t->verify));
	out_json_set(o, "subject", out_json_sv(t->subject));
	out_json_set(o, "issuer", out_json_sv(t->issuer));
	out_json_set(o, "fingerprint", out_json_sv(t->cert_fingerprint));
	return o;
}

static json_t *
query_json(const struct question *q)
{
	bool is_in = q->direction == DIRECTION_IN;
	json_t *o = json_object();

	out_json_set(o, "direction",
	    out_json_str(direction_word(q->direction)));
	out_json_set(o, "sender",
	    is_in ? party_json(&q->in.sender) : json_null());
	out_json_set(o, "recipient",
	    is_in                ? party_json(&q->in.recipient)
		: q->has_address ? party_json(&q->address)
				 : json_null());
	out_json_set(o, "nexthop", is_in ? json_null() : party_json(&q->hop));
	out_json_set(o, "peers", peers_json(q));
	out_json_set(o, "session",
	    is_in || q->has_tls ? session_json(q) : json_null());
	return o;
}

static void
add_line(void *arg, const struct explain_line *line)
{
	json_t *o = rule_json(line->rule);

	out_json_set(o, "matches", json_boolean(line->miss == MISS_NONE));
	out_json_set(o, "wins", json_boolean(line->is_winner));
	out_json_set(o, "why", out_json_str(explain_why(line)));
	out_json_add(arg, o);
}

static json_t *
rest_json(const struct explain_rest *rest)
{
	json_t *o = json_object();

	for (size_t i = 0; i <= MISS_EXPIRED; i++)
		if (rest->by_miss[i] > 0)
			out_json_set(o, miss_words((enum miss)i),
			    json_integer((json_int_t)rest->by_miss[i]));
	return o;
}

struct winner {
	const struct rule *rule;
	json_t *value;
};

static void
take_row(void *arg, const struct rule_row *row)
{
	struct winner *w = arg;

	if (w->rule != NULL && row->id == w->rule->id && w->value == NULL)
		w->value = row_json(row);
}

static json_t *
winner_json(struct explanation *e)
{
	struct winner w = { e->winner, NULL };
	struct err err;

	if (load_each_row(&e->table, take_row, &w, &err) != 0)
		(void)app_fail(&err);
	return w.value != NULL ? w.value : json_null();
}

static json_t *
answers_json(const struct explanation *e)
{
	json_t *list = json_array();

	for (size_t i = 0; i < e->n_answers; i++) {
		const struct answer *a = &e->answers[i];
		json_t *o = json_object();

		out_json_set(o, "mta", out_json_str(a->mta));
		out_json_set(o, "by", out_json_str(a->by));
		out_json_set(o, "key",
		    a->key != NULL ? out_json_str(a->key) : json_null());
		out_json_set(o, "answer", out_json_str(a->text));
		out_json_add(list, o);
	}
	return list;
}

static json_t *
monitors_json(const struct explanation *e)
{
	json_t *list = json_array();

	for (size_t i = 0; i < e->n_monitors; i++) {
		json_t *o = json_object();

		out_json_set(o, "rule", json_integer(e->monitors[i].rule));
		out_json_set(o, "answer", out_json_str(e->monitors[i].text));
		out_json_add(list, o);
	}
	return list;
}

static json_t *
table_json(const struct explanation *e)
{
	json_t *o = json_object();

	out_json_set(o, "file", out_json_str(e->table.path));
	out_json_set(o, "rules", json_integer((json_int_t)e->table.n_rows));
	out_json_set(o, "last_good", json_boolean(e->table.is_last_good));
	out_json_set(o, "failure",
	    e->table.is_last_good ? out_json_str(e->table.failure)
				  : json_null());
	return o;
}

void
explain_print_json(struct explanation *e)
{
	json_t *o = json_object(), *rules = json_array();
	struct explain_rest rest;

	explain_rules(e, add_line, rules, &rest);
	out_json_set(o, "query", query_json(&e->q));
	out_json_set(o, "table", table_json(e));
	out_json_set(o, "rules", rules);
	out_json_set(o, "left_out", rest_json(&rest));
	out_json_set(o, "winner", winner_json(e));
	out_json_set(o, "needs_peers", json_boolean(e->needs_peers));
	out_json_set(o, "dns", dns_json(e->servers));
	out_json_set(o, "reason",
	    e->code == CTL_FINDING
		? out_json_str(reason_info(e->judged.verdict.reason)->code)
		: json_null());
	out_json_set(o, "answers", answers_json(e));
	out_json_set(o, "monitors", monitors_json(e));
	out_json_set(o, "outcome", out_json_str(e->outcome));
	out_json(o);
}
