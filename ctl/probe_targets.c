/* tlswarden: ctl/probe_targets - whom to probe: given, of the table, of a log.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "annotate/delivery.h"
#include "base/mem.h"
#include "ctl/annotate.h"
#include "ctl/probe.h"
#include "policy/snapshot.h"
#include "base/banned.h"

enum { TARGETS_MAX = 100000 };

static bool
is_known(const struct probing *p, const struct target *t)
{
	for (size_t i = 0; i < p->n_errands; i++) {
		const struct target *have = &p->errands[i].target;

		if (strcmp(have->name, t->name) == 0 &&
		    have->is_domain == t->is_domain && have->port == t->port)
			return true;
	}
	return false;
}

int
probe_add_target(struct probing *p, struct sv text, struct err *err_r)
{
	struct target t;

	if (target_parse(&t, text, p->how.mode, err_r) != 0)
		return -1;
	if (is_known(p, &t)) {
		target_done(&t);
		return 0;
	}
	if (p->n_errands == TARGETS_MAX) {
		target_done(&t);
		return err_set(err_r, EX_USAGE, "more than %d to probe",
		    TARGETS_MAX);
	}
	if (p->n_errands == p->max_errands) {
		p->max_errands = p->max_errands * 2 + 8;
		p->errands = mem_realloc(p->errands, p->max_errands,
		    sizeof(*p->errands));
	}
	memset(&p->errands[p->n_errands], 0, sizeof(*p->errands));
	p->errands[p->n_errands++].target = t;
	return 0;
}

int
probe_add_partners(struct probing *p, struct err *err_r)
{
	const struct snapshot *snap = p->table.snap;
	size_t n_open = 0;
	struct buf hop;

	if (snap == NULL)
		return err_set(err_r, EX_NOINPUT, "--all: %s", p->no_table);
	buf_init(&hop, LIMIT_PATTERN + 16);
	for (size_t i = 0; i < snapshot_count(snap); i++) {
		const struct rule *rule = snapshot_rule(snap, i);
		struct err e;

		if (rule->direction != DIRECTION_OUT || !rule->is_enabled ||
		    rule->expires_at <= p->app->now)
			continue;
		buf_reset(&hop);
		if (!pattern_nexthop(&rule->recipient, &hop) ||
		    probe_add_target(p, buf_sv(&hop), &e) != 0)
			n_open++;
	}
	buf_free(&hop);
	if (n_open > 0)
		fprintf(stderr,
		    "tlswarden: %zu rule%s for no single domain: what mail "
		    "there goes to can be told by --from-log\n",
		    n_open, n_open == 1 ? " is" : "s are");
	return 0;
}

static void
take_line(void *arg, struct sv line)
{
	struct probing *p = arg;
	struct sv rest, domain;
	struct err e;

	if (!delivery_line(line, &rest))
		return;
	/* What is no domain in a log is nobody's mistake to be told of. */
	while (delivery_domain(&rest, &domain))
		(void)!probe_add_target(p, domain, &e);
}

int
probe_add_log(struct probing *p, const char *path, struct err *err_r)
{
	size_t n_before = p->n_errands;

	if (annotate_read(path, false, take_line, p, err_r) != 0)
		return -1;
	if (p->n_errands == n_before)
		return err_set(err_r, EX_DATAERR,
		    "%s: no delivery over SMTP is in it (lines with to=<...> "
		    "and relay= of Postfix's smtp or Sendmail)",
		    path);
	return 0;
}
