/* tlswarden: ctl/check - collects what is wrong with table and files.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Findings of one kind are one finding with many rules, so that a table of a
 * million rules still gives a page.
 */
#ifndef CTL_CHECK_H
#define CTL_CHECK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "ctl/command.h"
#include "ctl/load.h"
#include "policy/snapshot.h"

enum check_severity { CHECK_PROBLEM = 0, CHECK_NOTICE };

/* Which MTA a finding is about, as bits. */
enum { CHECK_POSTFIX = 1, CHECK_SENDMAIL = 2, CHECK_ALL = 3 };

enum { CHECK_RULES = 20, CHECK_FINDINGS = 1000 };

struct check_finding {
	enum check_severity severity;
	const char *code;
	unsigned mtas; /* CHECK_ALL: no matter which */
	const char *text;
	const char *fix;
	const char *setting;  /* of the MTA, that it is about; NULL: none */
	const char *instance; /* of Postfix: its directory; NULL: the first */
	/* What mends it: option and argument of postconf(1), or "sendmail.mc"
	 * and lines for it; NULL: neither does. */
	const char *flag;
	const char *change;
	int64_t rules[CHECK_RULES]; /* the first of them */
	size_t n_rules;
};

struct check {
	struct app *app;
	struct loaded table;
	unsigned mtas; /* that are asked about */
	struct check_finding *findings;
	size_t n_findings;
	size_t max_findings;
	size_t n_left_out; /* over CHECK_FINDINGS */
	struct arena mem;
};

/* Adds a finding; text and fix are borrowed until the end. Gives it for
 * check_rule, valid until the next check_add; NULL when it is about an MTA
 * that is not asked about, or too many were found. */
struct check_finding *check_add(struct check *c, enum check_severity severity,
    const char *code, unsigned mtas, const char *text, const char *fix);
/* Adds the id of a rule that it is about; NULL is allowed. */
void check_rule(struct check_finding *f, int64_t id);
/* Which rules a finding is about: those that are enabled, have not ended, and
 * fit. */
typedef bool plan_fits(const struct rule *r);
struct check_about {
	plan_fits *fits;
	enum check_severity
	    worst; /* when one of them enforces, else a notice */
	unsigned mta;
	const char *code;
	const char *setting;
	const char *text;
};
bool check_is_active(const struct check *c, const struct rule *r);
/* True if there is such a rule. */
bool check_has(const struct check *c, plan_fits *fits);
/* Adds the finding with these rules; NULL: there is none. */
struct check_finding *
check_about_rules(struct check *c, const struct check_about *about);
/* A formatted text that lives as long as c. */
const char *check_text(struct check *c, const char *fmt, ...) PRINTF_LIKE(2, 3)
    NONNULL_RETURN;

/* Each looks at one thing. */
void check_table(struct check *c);
void check_conflicts(struct check *c);
void check_cas(struct check *c);
void check_files(struct check *c);
void check_prober(struct check *c);
/* The installed Postfix; is_asked: it was named on the command line. */
void check_postfix(struct check *c, bool is_asked);
/* The sendmail.cf at path; NULL: the usual one. */
void check_sendmail(struct check *c, const char *path, bool is_asked);

/* The MTAs that are installed; both when none is seen. */
unsigned check_installed_mtas(void);
/* Calls fn for each thing that one of the MTAs cannot enforce of that rule. */
void check_one_rule(const struct rule *rule, unsigned mtas,
    void (*fn)(void *arg, const char *text, const char *fix), void *arg);

/* 1 when there is a problem, else 0. */
int check_exit_code(const struct check *c);
void check_print_text(const struct check *c);
void check_print_json(const struct check *c);
/* Adds the counts and the findings to o. */
void check_add_json(const struct check *c, json_t *o);
/* The findings of check --self behind its n judgements, which were printed,
 * or are in list for JSON; takes list. */
void check_print_self(const struct check *c, json_t *list, size_t n);

#endif
