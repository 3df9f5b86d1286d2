/* tlswarden: cert/judge - one run of X509_verify_cert, all errors kept.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CERT_JUDGE_H
#define CERT_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "cert/path.h"
#include "cert/pool.h"
#include "cert/verify.h"

/* Errors of one path that are kept; a fault has at most four codes. */
enum { JUDGE_FAULTS_MAX = 128 };

struct fault {
	int code; /* X509_V_ERR_* */
	int cert; /* in the pool; -1: none */
	int depth;
};

struct judgement {
	struct path path; /* the chain that OpenSSL built */
	struct fault faults[JUDGE_FAULTS_MAX];
	size_t n_faults;
	size_t n_lost; /* over JUDGE_FAULTS_MAX */
};

/* How to judge; the same for all paths of a request. */
struct judge_rules {
	const struct verify_request *req;
	bool cn_is_name; /* name constraints apply to the CN */
};

/* Judges the path alone: nothing else is at OpenSSL's hand. */
void judge_path(const struct judge_rules *rules, struct pool *pool,
    const struct path *path, struct judgement *j_r);
/* Lets OpenSSL build a path itself from all of the pool that was not KNOWN. */
void judge_stock(const struct judge_rules *rules, struct pool *pool,
    struct judgement *j_r);
/* The purpose's X509_PURPOSE_*, 0 for any. */
int judge_purpose_id(enum verify_purpose purpose);

#endif
