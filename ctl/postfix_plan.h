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

struct plan {
	struct check *check;
	const struct conf *conf;
	const struct snapshot *snap;
	struct postfix postfix;
	const char *directory; /* of main.cf */
	/* As main.cf names policyd's socket: "socketmap:unix:a/b"; NULL: no
	 * socket can be reached from the chroot. */
	const char *socketmap;
	const char *delegation;
	const char *milter;
};

typedef bool plan_fits(const struct rule *r);

/* Adds a finding about a setting when enabled rules fit: a problem when one of
 * them enforces, else a notice. NULL: none fits. */
struct check_finding *plan_need(struct plan *p, plan_fits *fits,
    const char *code, const char *setting, const char *text);
/* The same as a notice at most. */
struct check_finding *plan_notice(struct plan *p, plan_fits *fits,
    const char *code, const char *setting, const char *text);
/* Mends f (NULL: nothing) by postconf FLAG CHANGE. */
void plan_change(struct plan *p, struct check_finding *f, const char *flag,
    const char *change);
bool plan_has(struct plan *p, plan_fits *fits);

/* Rules by what they need; users and strict ones only if they enforce. */
bool plan_is_out(const struct rule *r);
bool plan_is_out_domain(const struct rule *r);
bool plan_is_out_users(const struct rule *r);
bool plan_is_out_strict(const struct rule *r);
bool plan_is_in(const struct rule *r);
bool plan_is_in_strict(const struct rule *r);
bool plan_is_in_secure(const struct rule *r);

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

/* Reads Postfix and fills p. -1: with *err_r. Free with plan_done. */
int plan_init(struct plan *p, struct check *c, struct err *err_r) MUST_CHECK;
void plan_done(struct plan *p);

/* Each adds findings. */
void plan_outbound(struct plan *p);
void plan_inbound(struct plan *p);
void plan_ways_around(struct plan *p);
void plan_paths(struct plan *p);
void plan_all(struct plan *p);

#endif
