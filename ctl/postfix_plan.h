/* tlswarden: ctl/postfix_plan - what the rules need of Postfix and it has not.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Each thing that is missing is a finding of check; "setup postfix" makes the
 * changes that they carry. So both always say the same.
 */
#ifndef CTL_POSTFIX_PLAN_H
#define CTL_POSTFIX_PLAN_H

#include "base/conf.h"
#include "ctl/check.h"
#include "ctl/postfix.h"
#include "ctl/postfix_route.h"

struct plan {
	struct check *check;
	const struct conf *conf;
	const struct snapshot *snap;
	struct postfix postfix;
	const char *directory; /* of main.cf */
	const char *instance;  /* the same of a further instance, else NULL */
	struct postfix_routes routes;
	/* As main.cf names policyd's socket: "socketmap:unix:a/b"; NULL: no
	 * socket can be reached from the chroot. */
	const char *socketmap;
	const char *delegation;
	const char *milter;
	/* The cidr table that is to hide STARTTLS; NULL: the map ehlo is. */
	const char *ehlo_file;
};

/* Adds a finding about a setting when enabled rules fit: a problem when one of
 * them enforces, else a notice. NULL: none fits. */
struct check_finding *plan_need(struct plan *p, plan_fits *fits,
    const char *code, const char *setting, const char *text);
/* The same as a notice at most. */
struct check_finding *plan_notice(struct plan *p, plan_fits *fits,
    const char *code, const char *setting, const char *text);
/* The same of a setting at a place: a notice at most where no mail of rules is
 * known to go. */
struct check_finding *
plan_need_at(struct plan *p, const struct postfix_place *at, plan_fits *fits,
    const char *code, const char *text);
/* A setting as that service has it; of main.cf with an empty one. */
struct sv
plan_setting(const struct plan *p, struct sv service, const char *name);
/* True if mail of rules goes there. */
bool plan_is_used(const struct plan *p, const struct postfix_place *at);
/* Mends f (NULL: nothing) by giving the setting that value there. */
void plan_set_at(struct plan *p, struct check_finding *f,
    const struct postfix_place *at, const char *value);
/* The same by a word in front of, or behind, what is there. */
void plan_set_front(struct plan *p, struct check_finding *f,
    const struct postfix_place *at, const char *word);
void plan_set_end(struct plan *p, struct check_finding *f,
    const struct postfix_place *at, const char *word);
/* The same by another word instead of this one of at->value; where that is
 * written in another setting, f says so and carries no change. */
void plan_set_word(struct plan *p, struct check_finding *f,
    const struct postfix_place *at, struct sv word, const char *with);
/* The same without this word of at->value, a service's, and the one in front of
 * it if it is that (NULL: it stays); where it cannot be cut out of what is
 * written, or a list of restrictions would be empty, f says so and carries no
 * change. */
void plan_unset_word(struct plan *p, struct check_finding *f,
    const struct postfix_place *at, struct sv word, const char *front);
/* Mends f (NULL: nothing) by postconf FLAG CHANGE. */
void plan_change(struct plan *p, struct check_finding *f, const char *flag,
    const char *change);
bool plan_has(struct plan *p, plan_fits *fits);
bool plan_is_active(const struct plan *p, const struct rule *r);
/* The rule that answers for a next hop as it stands in main.cf; NULL: none. */
const struct rule *plan_rule_of(const struct plan *p, struct sv nexthop);
/* True for a rule that demands TLS. */
bool plan_is_strict(const struct rule *r);
/* The command that makes one for these next hops. */
const char *plan_rule_for(struct plan *p, struct sv nexthop);

/* Rules by what they need; users and strict ones only if they enforce. */
bool plan_is_out(const struct rule *r);
bool plan_is_out_domain(const struct rule *r);
bool plan_is_out_users(const struct rule *r);
bool plan_is_out_strict(const struct rule *r);
bool plan_is_in(const struct rule *r);
bool plan_is_in_strict(const struct rule *r);
bool plan_is_in_secure(const struct rule *r);
bool plan_is_in_pinned(const struct rule *r);
bool plan_is_out_permanent(const struct rule *r);
/* Level none for all mail of some clients: STARTTLS is not offered. */
bool plan_is_in_none(const struct rule *r);

/* The transports of rules about some users. */
struct plan_level {
	const char *word;
	const char *postfix; /* Postfix's own word */
	enum level level;
	plan_fits *fits;
};

enum { PLAN_LEVELS = 4 };

extern const struct plan_level plan_levels[PLAN_LEVELS];

/* What a word of a setting names. */
enum plan_ask {
	PLAN_ASKS_NOT = 0,
	PLAN_ASKS_ELSEWHERE, /* that map, at a socket that is not ours */
	PLAN_ASKS
};
/* Whether the list asks that map of policyd; word_r is the word, place_r the
 * number of words before it. */
enum plan_ask plan_asks_map(const struct plan *p, struct sv list,
    const char *map, struct sv *word_r, size_t *place_r);
/* Whether the list names one of those listeners. */
bool plan_names(const struct plan *p, struct sv list,
    const struct conf_endpoints *listeners, struct sv *word_r);

/* The first word of the list that names a cidr table of ours; *word_r. */
bool plan_cidr_of(struct sv list, struct sv *word_r);
/* Whether Postfix asks milter and delegation about mail that it receives; with
 * is_planned, once it is set up. False without such rules. */
void plan_asked_in(struct plan *p, bool is_planned, bool *milter_r,
    bool *delegation_r);

/* The same of one service, as it is. */
void plan_judges_at(const struct plan *p, struct sv service, bool *milter_r,
    bool *delegation_r);
/* True if it asks delegation: word_r is the listener in the setting name_r. */
bool plan_delegation_at(const struct plan *p, struct sv service,
    struct sv *word_r, const char **name_r);
/* Mail that a content filter hands back is judged again; a filter that is named
 * is turned off. */
void plan_inbound_odd(struct plan *p);

/* Reads Postfix and fills p; instance is another configuration directory than
 * the first one, or NULL. -1: with *err_r. Free with plan_done. */
int plan_init(struct plan *p, struct check *c, const char *instance,
    struct err *err_r) MUST_CHECK;
void plan_done(struct plan *p);

/* STARTTLS among the EHLO keywords that a daemon is told to leave out. */
void plan_starttls(struct plan *p, const char *command, const char *name,
    plan_fits *fits, const char *text);

/* Each adds findings. */
void plan_outbound(struct plan *p);
void plan_inbound(struct plan *p);
void plan_inbound_tls(struct plan *p);
void plan_ways_around(struct plan *p);
void plan_paths(struct plan *p);
void plan_all(struct plan *p);

#endif
