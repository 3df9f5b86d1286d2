/* tlswarden: probe/judge - a probe's chain and session under a rule.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The chain is verified as Postfix would: under the rule's CA and names, or
 * the trust store and the server's name without a rule. The verdict is that
 * of policy/decide, the daemons' own.
 */
#ifndef PROBE_JUDGE_H
#define PROBE_JUDGE_H

#include <stdint.h>

#include "base/err.h"
#include "cert/verify.h"
#include "fact/verdict.h"
#include "policy/rule.h"
#include "probe/probe.h"

enum { JUDGE_NAMES_MAX = 64 };

/* Everything is borrowed for the call. */
struct judge_request {
	const struct rule *rule;   /* NULL: none matches */
	const struct trust *trust; /* the rule's CA, or the trust store */
	const struct chain *known; /* intermediates that exist; NULL */
	verify_recall_fn *recall;  /* those met before; NULL */
	void *recall_arg;
	const struct crls *crls; /* NULL: none */
	int64_t now;             /* seconds since 1970 */
	int expires_soon_days;
	const char *nexthop; /* the domain or host that was asked for */
	const char *host;    /* the server: MX host or the next hop's host */
	const char *show_command; /* that prints the chain; NULL */
	const char *name; /* replaces the names of rule and host; NULL */
	verify_fetch_fn *fetch_issuer;
	void *fetch_arg;
};

/* Verifies what r holds, adds to d and settles it. *verdict_r is what the
 * daemons say of such a session. -1: the request is wrong; d is then as it
 * was. */
int probe_judge(const struct judge_request *req, const struct probe_result *r,
    struct diagnosis *d, struct verdict *verdict_r, struct err *err_r)
    MUST_CHECK;

#endif
