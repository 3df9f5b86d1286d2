/* tlswarden: probe/visit - looks at the places of targets and judges them.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A visit is one place under one rule. Visits are made side by side.
 */
#ifndef PROBE_VISIT_H
#define PROBE_VISIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "cert/finding.h"
#include "fact/verdict.h"
#include "policy/rule.h"
#include "probe/outcome.h"
#include "probe/probe.h"
#include "probe/target.h"

struct chain;
struct crls;
struct trust;

/* The first four are set before, borrowed; the rest is what was found. */
struct visit {
	const struct target *target;
	const struct place *place;
	const struct rule *rule; /* NULL: none matches */
	const struct trust *trust;
	struct diagnosis d;
	struct verdict verdict;
	enum outcome outcome;
	struct buf chain;   /* as sent, PEM, when it is to be kept */
	struct err trouble; /* sysexit 0: none; else it was not judged */
};

/* How; everything is borrowed, and used by several threads at once. */
struct visiting {
	enum probe_mode mode;
	int64_t timeout_msecs; /* of one visit */
	int64_t stage_msecs;   /* of one step of it */
	int64_t now;           /* of the judgement */
	const char *helo;
	const char *name; /* replaces the names of rule and host; NULL */
	const struct crls *crls;
	const struct chain *known; /* more certificates that exist; NULL */
	int expires_soon_days;
	bool fetches_issuers;
	bool keeps_chains;
	/* Chains that were seen before, those of host first, as a
	 * verify_recall_fn gives them; NULL: none. */
	int (*recall)(void *arg, const char *host, struct chain **chain_r,
	    struct err *err_r);
	void *recall_arg;
};

/* One visit for each place of t into v, which has room for n_places of them;
 * free each with visit_done. */
void visit_begin(struct visit *v, const struct target *t,
    const struct rule *rule, const struct trust *trust);
/* Makes n visits, n_parallel at a time. progress may be NULL, see
 * probe/sweep. */
void visit_all(const struct visiting *how, struct visit *v, size_t n,
    size_t n_parallel, void (*progress)(void *arg, size_t n_done), void *arg);
void visit_done(struct visit *v);

/* The name of this machine, to greet with, into text_r. */
void visit_helo(char *text_r, size_t size);

#endif
