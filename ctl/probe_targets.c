/* tlswarden: ctl/probe_targets - whom to probe: given, of the table, of a log.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
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

/* What stands behind the key up to one of the bytes of ends. */
static bool
field(struct sv line, const char *key, const char *ends, struct sv *r)
{
	size_t n = strlen(key);

	for (; line.n >= n; line = sv_skip(line, 1)) {
		if (!sv_starts(line, sv_make(key, n)))
			continue;
		line = sv_skip(line, n);
		for (n = 0; n < line.n; n++)
			if (strchr(ends, line.p[n]) != NULL)
				break;
		*r = sv_head(line, n);
		return r->n > 0;
	}
	return false;
}

/* A delivery over SMTP: Postfix names the relay, Sendmail the mailer, too. */
static bool
is_delivery(struct sv line)
{
	struct sv mailer, relay;

	if (!field(line, " relay=", ", ", &relay) || sv_is(relay, "local") ||
	    sv_is(relay, "virtual"))
		return false;
	if (field(line, " mailer=", ", ", &mailer))
		return sv_ends(mailer, sv_from("smtp"));
	return field(line, "/smtp[", "]", &mailer);
}

static void
take_line(struct probing *p, struct sv line)
{
	struct sv to;
	struct err e;
	size_t at;

	if (!is_delivery(line) || !field(line, " to=<", ">", &to))
		return;
	at = sv_rfind(to, '@');
	/* What is no domain in a log is nobody's mistake to be told of. */
	if (at < to.n)
		(void)!probe_add_target(p, sv_skip(to, at + 1), &e);
}

int
probe_add_log(struct probing *p, const char *path, struct err *err_r)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *f = is_stdin ? stdin : fopen(path, "r");
	char *line = NULL;
	size_t size = 0, n_before = p->n_errands;
	ssize_t n;
	int rc = 0;

	if (f == NULL)
		return err_set(err_r, EX_NOINPUT, "%s: %s", path,
		    strerror(errno));
	while ((n = getline(&line, &size, f)) > 0)
		take_line(p, sv_trim(sv_make(line, (size_t)n)));
	if (ferror(f))
		rc = err_set(err_r, EX_IOERR, "%s: %s", path, strerror(errno));
	free(line);
	if (!is_stdin)
		(void)fclose(f);
	if (rc == 0 && p->n_errands == n_before)
		rc = err_set(err_r, EX_DATAERR,
		    "%s: no delivery over SMTP is in it (lines with to=<...> "
		    "and relay= of Postfix's smtp or Sendmail)",
		    path);
	return rc;
}
