/* tlswarden: ctl/probe - what Postfix would meet at a partner.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/conf.h"
#include "cert/load.h"
#include "cert/trust.h"
#include "ctl/known.h"
#include "ctl/probe.h"
#include "resolve/servers.h"
#include "probe/sweep.h"
#include "base/banned.h"

enum { TIMEOUT_SECS_MAX = 600 };

void
probing_done(struct probing *p)
{
	for (size_t i = 0; i < p->n_visits; i++)
		visit_done(&p->visits[i]);
	for (size_t i = 0; i < p->n_errands; i++) {
		servers_drop(p->errands[i].servers);
		target_done(&p->errands[i].target);
	}
	for (size_t i = 0; i < p->n_cas; i++) {
		free(p->cas[i].name);
		trust_free(p->cas[i].trust);
	}
	free(p->visits);
	free(p->errands);
	free(p->cas);
	trust_free(p->trust);
	crls_free(p->crls);
	chain_free(p->known);
	loaded_done(&p->table);
}

static int
number(const struct args *args, const char *name, uint64_t min, uint64_t max,
    uint64_t *r, struct err *err_r)
{
	const char *text = args_get(args, name);

	if (text == NULL || (sv_to_u64(sv_from(text), max, r) && *r >= min))
		return 0;
	return err_set(err_r, EX_USAGE,
	    "--%s: \"%s\" is no number from %llu to %llu", name, text,
	    (unsigned long long)min, (unsigned long long)max);
}

static int
take_settings(struct probing *p, struct err *err_r)
{
	const char *mode = args_get(p->args, "mode");
	uint64_t secs = p->conf->probe_timeout_secs;
	uint64_t parallel = p->conf->probe_parallel;
	uint64_t now = (uint64_t)p->app->now;
	uint64_t stage = 0;

	p->how.mode = PROBE_MODE_STARTTLS;
	if (mode != NULL && !probe_mode_parse(mode, &p->how.mode))
		return err_set(err_r, EX_USAGE,
		    "--mode: \"%s\" is none of starttls, smtps, lmtp", mode);
	if (number(p->args, "timeout", 1, TIMEOUT_SECS_MAX, &secs, err_r) !=
		0 ||
	    number(p->args, "stage-timeout", 1, TIMEOUT_SECS_MAX, &stage,
		err_r) != 0 ||
	    number(p->args, "parallel", 1, SWEEP_PARALLEL_MAX, &parallel,
		err_r) != 0 ||
	    number(p->args, "time", 0, INT64_MAX, &now, err_r) != 0)
		return -1;
	p->how.timeout_msecs = (int64_t)secs * 1000;
	p->how.stage_msecs = stage > 0
	    ? (int64_t)stage * 1000
	    : p->how.timeout_msecs / PROBE_STAGE_PARTS;
	p->n_parallel = (size_t)parallel;
	p->how.now = (int64_t)now;
	p->how.keeps_chains = args_has(p->args, "store");
	p->is_connect = args_has(p->args, "connect");
	p->shows_progress = isatty(STDERR_FILENO) == 1;
	visit_helo(p->helo, sizeof(p->helo));
	p->how.helo = p->helo;
	p->how.name = args_get(p->args, "name");
	p->how.expires_soon_days = (int)p->conf->expiry_warn_days;
	p->how.fetches_issuers =
	    args_has(p->args, "fetch-issuers") || p->conf->fetch_issuers;
	return 0;
}

static int
take_files(struct probing *p, struct err *err_r)
{
	const char *roots = args_get(p->args, "roots");
	const char *crl = args_get(p->args, "crl");

	if (roots != NULL) {
		if (trust_load_given(roots, &p->trust, err_r) != 0)
			return -1;
	} else if (trust_load(p->conf->trust_store, &p->trust, err_r) != 0)
		return -1;
	if (crl != NULL && crls_load_file(crl, &p->crls, err_r) != 0)
		return -1;
	return 0;
}

/* Probes work without a table, too. */
static void
take_table(struct probing *p)
{
	struct err e;

	if (load_served(p->app, &p->table, &e) == 0)
		return;
	loaded_done(&p->table);
	(void)snprintf(p->no_table, sizeof(p->no_table), "%s", e.text);
	fprintf(stderr,
	    "tlswarden: no rule is known, the table cannot be read: %s\n",
	    p->no_table);
}

static int
take_targets(struct probing *p, struct err *err_r)
{
	const char *log = args_get(p->args, "from-log");
	const char *connect_to = args_get(p->args, "connect");
	bool is_all = args_has(p->args, "all");

	for (size_t i = 0; i < p->args->n_operands; i++)
		if (probe_add_target(p, sv_from(p->args->operands[i]), err_r) !=
		    0)
			return -1;
	if ((is_all && probe_add_partners(p, err_r) != 0) ||
	    (log != NULL && probe_add_log(p, log, err_r) != 0))
		return -1;
	if (p->n_errands == 0 && is_all)
		return err_set(err_r, EX_DATAERR,
		    "no rule of direction out names a domain to probe");
	if (p->n_errands == 0)
		return err_set(err_r, EX_USAGE,
		    "a domain or host, --all or --from-log is needed");
	if (connect_to == NULL)
		return 0;
	if (p->n_errands != 1)
		return err_set(err_r, EX_USAGE,
		    "--connect is for one domain or host");
	return target_connect_to(&p->errands[0].target, sv_from(connect_to),
	    err_r);
}

static int
prepare(struct probing *p, struct err *err_r)
{
	p->conf = app_conf(p->app, err_r);
	if (p->conf == NULL || take_settings(p, err_r) != 0 ||
	    take_files(p, err_r) != 0)
		return -1;
	take_table(p);
	known_add_cas(p->app, &p->known);
	return take_targets(p, err_r);
}

static int
probe_command_run(struct app *app, const struct args *args)
{
	struct probing p = { .app = app, .args = args };
	struct err err = { 0 };
	int code;

	probe_init();
	if (prepare(&p, &err) != 0) {
		code = args_fail(args, &err);
		goto out;
	}
	probe_plan(&p);
	probe_visit_all(&p);
	code = probe_print(&p);
	if (args_has(args, "store") && probe_store(&p, &err) != 0)
		code = app_fail(&err);
out:
	probing_done(&p);
	return code;
}

static const struct option_spec options[] = {
	{ "connect", "ADDR:PORT", "go there, and nowhere else", 0 },
	{ "mode", "starttls|smtps|lmtp", "how TLS begins; default starttls",
	    0 },
	{ "name", "NAME", "the certificate must be for this name", 0 },
	{ "roots", "FILE", "trust these instead of trust_store", 0 },
	{ "crl", "FILE", "revocation lists, one for each certificate", 0 },
	{ "time", "EPOCH", "judge as of this time, in seconds", 0 },
	{ "timeout", "SECS", "for each server; default probe_timeout", 0 },
	{ "stage-timeout", "SECS", "for each step there; default half of it",
	    0 },
	{ "parallel", "N", "servers at a time; default probe_parallel", 0 },
	{ "rule", "ID", "judge by this rule, whichever would win", 0 },
	{ "fetch-issuers", NULL,
	    "fetch missing issuers from the URLs that the\n"
	    "certificates name (http)",
	    0 },
	{ "all", NULL, "the domains of all rules of direction out", 0 },
	{ "from-log", "FILE", "the domains that a mail log has mail for", 0 },
	{ "store", NULL, "keep the results in state_database", 0 },
	{ .name = NULL },
};

const struct command verb_probe = {
	.name = "probe",
	.summary = "look at a partner's mail servers as Postfix would",
	.synopsis = "TARGET... [OPTION]...",
	.help =
	    "Connects to every MX host and address of a domain, to [host] or\n"
	    "host:port or an address, starts TLS, and judges session and\n"
	    "certificates by the rule that the daemons would use. Names\n"
	    "every fault, whose it is, and what Postfix would do with mail.\n"
	    "Sends no mail. Exit code 0 only when all is good.",
	.examples =
	    "  tlswarden probe example.com\n"
	    "  tlswarden probe '[mx.example.com]:587'\n"
	    "  tlswarden probe example.com --connect 192.0.2.1:25\n"
	    "  tlswarden probe --all --store",
	.options = options,
	.max_operands = 10000,
	.run = probe_command_run,
};
