/* tlswarden: ctl/setup_prove - asks the daemons as Postfix asks them.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/run.h"
#include "ctl/setup_prove.h"
#include "daemon/listener.h"
#include "policy/lookup.h"
#include "base/banned.h"

enum { ANSWER_BYTES = 64 << 10 };

/* A question to a map, and what the table says to it. */
struct question {
	const char *map;
	const char *setting; /* of main.cf, or "SERVICE/unix/NAME" */
	const char *key;
	bool any_answer; /* it depends on more than the table */
	struct sv want;  /* empty: nothing */
};

/* The user that Postfix's daemons are; NULL: we cannot become another. */
static const char *
daemon_user(struct plan *p)
{
	return geteuid() != 0
	    ? NULL
	    : check_text(p->check, "%.*s",
		  SV_ARG(postfix_get(&p->postfix, "mail_owner")));
}

/* The directory of a daemon's unix socket. */
static const char *
directory_of(struct plan *p, const struct conf_endpoints *listeners)
{
	for (size_t i = 0; i < listeners->n; i++) {
		struct sv path = sv_from(listeners->v[i].path);

		if (listeners->v[i].kind == ENDPOINT_UNIX)
			return check_text(p->check, "%.*s",
			    SV_ARG(sv_head(path, sv_rfind(path, '/'))));
	}
	return "DIRECTORY";
}

static int
no_answer(struct plan *p, const struct conf_endpoints *listeners,
    const char *why, struct err *err_r)
{
	const char *daemon = listeners == &p->conf->milter_listen
	    ? "tlswarden-milter"
	    : "tlswarden-policyd";
	struct sv user = postfix_get(&p->postfix, "mail_owner");

	if (strstr(why, "/main.cf: Permission denied") != NULL)
		return err_set(err_r, EX_NOPERM,
		    "%s/main.cf: %.*s may not read it, so that no lookup can "
		    "be tried: chmod 0644 %s/main.cf, and let everybody into "
		    "its directory (%s)",
		    p->directory, SV_ARG(user), p->directory, why);
	if (strstr(why, "ermission denied") != NULL)
		return err_set(err_r, EX_NOPERM,
		    "%.*s may not open the socket of %s: "
		    "install -d -o %s -g %.*s -m 2750 %s, then "
		    "restart %s (%s)",
		    SV_ARG(user), daemon, p->conf->user, SV_ARG(user),
		    directory_of(p, listeners), daemon, why);
	return err_set(err_r, EX_UNAVAILABLE,
	    "%s does not answer: start it first (%s)", daemon, why);
}

static int
look_up(struct plan *p, const char *key, const char *table, struct sv *got_r,
    struct err *err_r)
{
	struct sv queue = postfix_get(&p->postfix, "queue_directory");
	const char *argv[] = { "postmap", "-c", p->directory, "-q", key, table,
		NULL };
	struct run r;
	int rc;

	run_init(&r, ANSWER_BYTES);
	r.directory = check_text(p->check, "%.*s", SV_ARG(queue));
	r.user = daemon_user(p);
	rc = run_program(argv, POSTFIX_TOOL_MSECS, &r, err_r);
	if (rc == 0 && postfix_is_failed_lookup(&r))
		rc = no_answer(p, &p->conf->socketmap_listen,
		    r.err.n > 0 ? check_text(p->check, "%.*s",
				      SV_ARG(run_last_words(&r)))
				: check_text(p->check, "postmap: exit code %d",
				      r.exit_code),
		    err_r);
	if (rc == 0)
		*got_r = sv_trim(arena_sv(&p->check->mem, buf_sv(&r.out)));
	run_done(&r);
	return rc;
}

/* The word that asks the map: as it is going to be, or as it is. NULL: none,
 * which is a finding of check. */
static const char *
table_of(struct plan *p, enum prove_when when, const struct question *q)
{
	size_t slash = sv_rfind(sv_from(q->setting), '/');
	struct sv name = sv_from(q->setting), service = sv_make(NULL, 0);
	struct sv list, word;
	size_t place;
	bool is_own;

	if (when == PROVE_BEFORE)
		return p->ehlo_file != NULL && strcmp(q->map, "ehlo") == 0
		    ? NULL
		    : check_text(p->check, "%s:%s", p->socketmap, q->map);
	if (slash < name.n) {
		service = sv_head(name, slash);
		name = sv_skip(name, slash + 1);
	}
	list = postfix_service_get(&p->postfix, service, name.p, &is_own);
	if (plan_asks_map(p, list, q->map, &word, &place) == PLAN_ASKS)
		return check_text(p->check, "%.*s", SV_ARG(word));
	if (strcmp(q->map, "ehlo") == 0 && plan_cidr_of(list, &word))
		return check_text(p->check, "%.*s", SV_ARG(word));
	return NULL;
}

static void
note(struct plan *p, struct proofs *proofs, const char *what, struct sv answer)
{
	if (proofs->n < PROOFS_MAX)
		proofs->v[proofs->n++] = (struct proof){ what,
			answer.n > 0
			    ? check_text(p->check, "%.*s", SV_ARG(answer))
			    : "no rule, as the table says" };
}

static int
prove_map(struct plan *p, enum prove_when when, const struct question *q,
    struct proofs *proofs, struct err *err_r)
{
	static const struct sv exempt = SV("silent-discard"); /* cidr tables */
	const char *table = table_of(p, when, q);
	struct sv got;

	if (table == NULL)
		return 0;
	if (look_up(p, q->key, table, &got, err_r) != 0)
		return -1;
	if (sv_eq(got, exempt))
		got = sv_make(NULL, 0);
	if (!q->any_answer && !sv_eq(got, q->want))
		return err_set(err_r, EX_UNAVAILABLE,
		    "%s answers \"%.*s\" for %s and the table says \"%.*s\": "
		    "is that our tlswarden-policyd, and does it serve this "
		    "table?",
		    table, SV_ARG(got), q->key, SV_ARG(q->want));
	note(p, proofs,
	    check_text(p->check, "postmap -q '%s' %s", q->key, table), got);
	return 0;
}

/* ---- questions ----------------------------------------------------------- */

static bool
is_plain(struct plan *p, const struct rule *r, plan_fits *fits)
{
	return plan_is_active(p, r) && r->mode == MODE_ENFORCE && fits(r) &&
	    r->subnet == NULL;
}

/* The first rule that fits, and is of that kind if there is one. */
static const struct rule *
rule_like(struct plan *p, plan_fits *fits, enum pattern_kind kind)
{
	for (size_t i = 0; i < snapshot_count(p->snap); i++) {
		const struct rule *r = snapshot_rule(p->snap, i);

		if (is_plain(p, r, fits) &&
		    (enum pattern_kind)r->recipient.kind == kind)
			return r;
	}
	return NULL;
}

/* A name that it is about, or one that no rule can be about. */
static const char *
name_like(struct plan *p, const struct rule *r, bool is_whole)
{
	size_t at;

	if (r == NULL)
		return is_whole ? "postmaster@tlswarden.invalid"
				: "tlswarden.invalid";
	at = is_whole ? 0 : r->recipient.domain_at;
	return check_text(p->check, "%.*s", (int)(r->recipient.n - at),
	    r->recipient.text + at);
}

static struct sv
wanted(const struct lookup_answer *a)
{
	return a->status == LOOKUP_FOUND ? a->text : sv_make(NULL, 0);
}

/* What policyd is to answer about q->key, or, where that depends on what DNS
 * says of its servers, about an address. */
static void
ask_table(const struct plan *p, struct question *q, enum level level)
{
	struct lookup_answer a;
	struct party party;
	struct lookup_hop hop = { sv_from(q->key), NULL, &party, NULL };

	for (int i = 0; i < 2; i++) {
		if (level == LEVEL_UNKNOWN)
			lookup_tlspolicy(p->snap, &hop, &a);
		else
			lookup_address(p->snap, level, &hop, &a);
		if (a.status != LOOKUP_PEERS)
			break;
		q->key = "[192.0.2.1]";
		hop.key = sv_from(q->key);
	}
	q->want = wanted(&a);
}

static int
prove_levels(struct plan *p, enum prove_when when, struct proofs *proofs,
    struct err *err_r)
{
	for (size_t i = 0; i < PLAN_LEVELS; i++) {
		const struct plan_level *l = &plan_levels[i];
		struct question q = { 0 };

		if (!plan_has(p, l->fits))
			continue;
		q.map = check_text(p->check, "address-%s", l->word);
		q.setting = check_text(p->check,
		    "tlswarden-%s/unix/smtp_tls_policy_maps", l->word);
		q.key =
		    name_like(p, rule_like(p, l->fits, PATTERN_ADDRESS), false);
		ask_table(p, &q, l->level);
		if (prove_map(p, when, &q, proofs, err_r) != 0)
			return -1;
	}
	return 0;
}

static int
prove_users(struct plan *p, enum prove_when when, struct proofs *proofs,
    struct err *err_r)
{
	struct question q = { .map = "transport", .setting = "transport_maps" };
	struct lookup_answer a;
	struct party party;
	struct buf text;
	int rc;

	if (!plan_has(p, plan_is_out_users))
		return 0;
	q.key = name_like(p, rule_like(p, plan_is_out_users, PATTERN_ADDRESS),
	    true);
	buf_init(&text, ANSWER_BYTES);
	lookup_transport(p->snap, sv_from(q.key), &party, &text, &a);
	q.want = wanted(&a);
	rc = prove_map(p, when, &q, proofs, err_r);
	buf_free(&text);
	return rc != 0 ? -1 : prove_levels(p, when, proofs, err_r);
}

static int
prove_out(struct plan *p, enum prove_when when, struct proofs *proofs,
    struct err *err_r)
{
	struct question q = { .map = "tlspolicy",
		.setting = "smtp_tls_policy_maps" };

	if (plan_has(p, plan_is_out_domain)) {
		q.key = name_like(p,
		    rule_like(p, plan_is_out_domain, PATTERN_DOMAIN), true);
		if (strchr(q.key, '@') != NULL)
			q.key = "tlswarden.invalid";
		ask_table(p, &q, LEVEL_UNKNOWN);
		if (prove_map(p, when, &q, proofs, err_r) != 0)
			return -1;
	}
	if (plan_has(p, plan_is_out_permanent)) {
		q = (struct question){ "dsn", "smtp_delivery_status_filter",
			"2.0.0 tlswarden setup asks", true, { NULL, 0 } };
		if (prove_map(p, when, &q, proofs, err_r) != 0)
			return -1;
	}
	return prove_users(p, when, proofs, err_r);
}

static int
reach(const void *arg)
{
	return listener_reach(arg);
}

static int
prove_listener(struct plan *p, const struct conf_endpoints *listeners,
    struct proofs *proofs, struct err *err_r)
{
	int why = run_as(daemon_user(p), reach, &listeners->v[0], err_r);
	struct buf name;

	if (why < 0)
		return -1;
	buf_init(&name, ENDPOINT_TEXT_MAX);
	endpoint_format(&listeners->v[0], &name);
	if (why != 0)
		(void)no_answer(p, listeners,
		    check_text(p->check, "%s: %s", buf_str(&name),
			strerror(why)),
		    err_r);
	else
		note(p, proofs,
		    check_text(p->check, "connect to %s", buf_str(&name)),
		    sv_from("taken"));
	buf_free(&name);
	return why != 0 ? -1 : 0;
}

/* Only listeners that Postfix asks, or is going to. */
static int
prove_in(struct plan *p, enum prove_when when, struct proofs *proofs,
    struct err *err_r)
{
	struct question q = { .map = "ehlo",
		.setting = "smtpd_discard_ehlo_keyword_address_maps" };
	bool milter, delegation;
	struct lookup_answer a;

	plan_asked_in(p, when == PROVE_BEFORE, &milter, &delegation);
	if (milter &&
	    prove_listener(p, &p->conf->milter_listen, proofs, err_r) != 0)
		return -1;
	if (delegation &&
	    prove_listener(p, &p->conf->delegation_listen, proofs, err_r) != 0)
		return -1;
	if (!plan_has(p, plan_is_in_none))
		return 0;
	q.key = "192.0.2.1";
	for (size_t i = 0; i < snapshot_count(p->snap); i++) {
		const struct rule *r = snapshot_rule(p->snap, i);
		struct buf text;

		if (!plan_is_active(p, r) || !plan_is_in_none(r) ||
		    r->subnet == NULL)
			continue;
		buf_init(&text, ENDPOINT_TEXT_MAX);
		addr_format(&r->subnet->net, &text);
		q.key = check_text(p->check, "%s", buf_str(&text));
		buf_free(&text);
		break;
	}
	lookup_ehlo(p->snap, sv_from(q.key), &a);
	q.want = wanted(&a);
	return prove_map(p, when, &q, proofs, err_r);
}

int
setup_prove(struct plan *p, enum prove_when when, struct proofs *proofs_r,
    struct err *err_r)
{
	proofs_r->n = 0;
	if (p->socketmap != NULL && prove_out(p, when, proofs_r, err_r) != 0)
		return -1;
	return prove_in(p, when, proofs_r, err_r);
}
