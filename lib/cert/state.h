/* tlswarden: cert/state - what the parts of one verification share.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * verify.c runs them in this order: search (paths, judgements), missing (why
 * no anchor was reached), classify (codes become findings), explain (words),
 * notices.
 */
#ifndef CERT_STATE_H
#define CERT_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "cert/finding.h"
#include "cert/judge.h"
#include "cert/names.h"
#include "cert/path.h"
#include "cert/pool.h"
#include "cert/verify.h"

enum { STATE_NAMES_MAX = 64, ISSUE_MAX = 64 };

/* How the reported path was come by. */
enum search_outcome {
	SEARCH_NOTHING = 0,   /* no path to an anchor; path is the dead end */
	SEARCH_FAULTY,        /* an anchor is reached, with faults */
	SEARCH_BAD_SIGNATURE, /* reached only over a wrong signature */
	SEARCH_WITH_KNOWN,    /* reached only with what was not sent */
	SEARCH_GOOD           /* reached without a fault */
};

/* One fault, all its codes merged. */
struct issue {
	enum reason reason;
	int cert; /* in the pool; -1: none */
	int codes[FINDING_CODES_MAX];
	size_t n_codes;
};

struct verification {
	const struct verify_request *req;
	struct diagnosis *d;
	struct pool pool;
	struct judge_rules rules;
	const char *store; /* the trust store's name, safe to print */
	struct names_wanted wanted[STATE_NAMES_MAX];
	size_t n_wanted;
	enum names_match name_match;
	int name_matched; /* in wanted */

	enum search_outcome outcome;
	bool is_stock;                   /* OpenSSL alone found the good path */
	struct judgement stock;          /* what OpenSSL alone says */
	struct judgement best;           /* what is reported */
	struct path sent_end;            /* as far as the sent ones lead */
	struct judgement dead_judgement; /* of that path */
	struct path known_end;           /* as far as the known ones lead */
	size_t work_left;
	int best_cost;

	struct chain *fetched[LIMIT_FETCHES]; /* own */
	size_t n_fetched;
	const char *fetch_error; /* of the last AIA URL that failed */
	struct chain *recalled;  /* own */
	bool has_recalled;
	const char *recall_error;

	struct issue issues[ISSUE_MAX];
	size_t n_issues;
};

/* search.c: fills outcome, stock, best, dead_end. */
void search_paths(struct verification *v);
/* missing.c: adds the one issue that says why no anchor was reached. */
void missing_issue(struct verification *v);
/* classify.c: turns the faults of best into issues. */
void classify_faults(struct verification *v);
/* Adds a fault to the issue of that reason and certificate; code 0: none. */
struct issue *
issue_add(struct verification *v, enum reason reason, int cert, int code);
bool issue_has(const struct verification *v, enum reason reason, int cert);
/* explain.c: a finding for the issue, with its words. */
void explain_issue(struct verification *v, const struct issue *issue);
/* notices.c: what is worth saying beside faults. */
void notices_add(struct verification *v);
/* staple.c: the stapled OCSP response. */
void staple_judge(struct verification *v);

/* Index in the chain as sent of a certificate of the pool, -1. */
int state_index(const struct verification *v, int cert);
/* Its words: those of diagnosis.certs when it was sent. */
const struct cert_info *state_info(struct verification *v, int cert);
bool state_is_self_signed(const struct verification *v, int cert);

#endif
