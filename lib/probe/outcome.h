/* tlswarden: probe/outcome - what Postfix would do with a mail at that server.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef PROBE_OUTCOME_H
#define PROBE_OUTCOME_H

#include "base/attr.h"
#include "cert/finding.h"
#include "fact/verdict.h"
#include "policy/rule.h"
#include "probe/probe.h"
#include "resolve/resolve.h"

/* From worst to best: an MTA goes on to the next server after a deferral. */
enum outcome {
	OUTCOME_UNKNOWN = 0,
	OUTCOME_BOUNCED,
	OUTCOME_DEFERRED,
	OUTCOME_PLAIN_LATER, /* without TLS, after minimal_backoff_time */
	OUTCOME_PLAIN,       /* delivered without TLS */
	OUTCOME_ENCRYPTED,
	OUTCOME_VERIFIED /* delivered, and the server is who it should be */
};

/* What probe_run and probe_judge found, under the rule (NULL: none; Postfix is
 * then taken to be opportunistic, smtp_tls_security_level = may). */
enum outcome
probe_outcome(const struct rule *rule, const struct probe_result *r,
    const struct diagnosis *d, const struct verdict *v);
/* What it does when DNS did not give an address. */
enum outcome outcome_of_dns(enum resolve_status status);

/* "delivered", "deferred", "bounced", "unknown". */
const char *outcome_word(enum outcome o) NONNULL_RETURN;
/* The same with how: "delivered without TLS". */
const char *outcome_phrase(enum outcome o) NONNULL_RETURN;

#endif
