/* tlswarden: ctl/probe - what one run of probe works with.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Targets become places (lib/probe/target), places become visits; both are
 * done side by side, and all that is asked of the table before that.
 */
#ifndef CTL_PROBE_H
#define CTL_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "cert/finding.h"
#include "ctl/command.h"
#include "ctl/load.h"
#include "fact/verdict.h"
#include "policy/query.h"
#include "policy/rule.h"
#include "probe/outcome.h"
#include "probe/target.h"
#include "probe/visit.h"

struct chain;
struct conf;
struct crls;
struct state_db;
struct trust;

/* A target and the rule that the daemons would use for it. */
struct errand {
	struct target target;
	const struct rule *rule;   /* NULL: none */
	bool is_rule_unknown;      /* DNS would have to tell which one wins */
	struct servers *servers;   /* as policyd would find them; NULL: no rule
				      depends on them */
	const struct trust *trust; /* borrowed: of the rule or the store */
	bool has_own_trust;        /* the rule's */
	struct err trouble;        /* sysexit 0: none */
};

/* The certificates of a CA that a rule names. */
struct ca_trust {
	char *name;
	struct trust *trust;
};

struct probing {
	struct app *app;
	const struct args *args;
	const struct conf *conf;
	struct visiting how;
	size_t n_parallel;
	char helo[256];
	struct errand *errands;
	size_t n_errands, max_errands;
	struct visit *visits;
	size_t n_visits;
	struct trust *trust;
	struct crls *crls;
	struct chain *known; /* the CAs of the table; NULL: none */
	struct ca_trust *cas;
	size_t n_cas;
	struct loaded table;
	char no_table[ERR_TEXT_MAX]; /* why there is none; empty: there is */
	bool is_connect;             /* --connect: one place, one object */
	bool shows_progress;
};

/* Adds a target; one that is there already is not added twice. */
int probe_add_target(struct probing *p, struct sv text, struct err *err_r)
    MUST_CHECK;
/* Adds the partners of the out rules (--all) or of a mail log (--from-log). */
int probe_add_partners(struct probing *p, struct err *err_r) MUST_CHECK;
int probe_add_log(struct probing *p, const char *path, struct err *err_r)
    MUST_CHECK;

/* Finds places, rule and trust of all errands. */
void probe_plan(struct probing *p);
/* The question that the table is asked about it, as policyd asks it; q views
 * e. */
void
probe_query(const struct probing *p, const struct errand *e, struct query *q);
/* The CA of the rule, or the trust store; NULL with *err_r: there is none. It
 * is kept for the next time. */
const struct trust *
probe_trust(struct probing *p, const struct rule *rule, struct err *err_r);
/* Visits all places; needs probe_plan. */
void probe_visit_all(struct probing *p);

/* Prints all; returns the exit code. */
int probe_print(const struct probing *p);
/* Writes all to state.db, and what monitor rules would have refused. */
int probe_store(struct probing *p, struct err *err_r) MUST_CHECK;
/* Judges every monitor rule about the targets beside, and adds what it would
 * have refused to the ledger, in the caller's group. */
int probe_watch(struct probing *p, struct state_db *db, struct err *err_r)
    MUST_CHECK;

void probing_done(struct probing *p);

#endif
