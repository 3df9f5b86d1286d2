/* tlswarden: ctl/ca_probe - the CA of a mail server, as it presents it.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/conf.h"
#include "cert/finding.h"
#include "cert/load.h"
#include "ctl/ca_probe.h"
#include "probe/probe.h"
#include "probe/target.h"
#include "base/banned.h"

enum { PORT_SMTPS = 465 };

/* From the leaf upwards by the names of the issuers. */
static size_t
find_top(const struct cert_info *infos, size_t n)
{
	size_t top = 0;

	for (size_t steps = 0; steps < n && !infos[top].is_self_issued;
	     steps++) {
		size_t i = 0;

		while (i < n &&
		    (i == top ||
			strcmp(infos[i].subject, infos[top].issuer) != 0))
			i++;
		if (i == n)
			break;
		top = i;
	}
	return top;
}

static int
take_top(const struct chain *chain, struct ca_set *set, struct err *err_r)
{
	struct cert_info infos[LIMIT_CHAIN];
	size_t n = chain_count(chain), top;
	struct arena mem;
	struct chain *one;
	int rc = -1;

	arena_init(&mem);
	if (n > LIMIT_CHAIN)
		n = LIMIT_CHAIN;
	for (size_t i = 0; i < n; i++)
		cert_info_fill(chain_x509(chain, i), &mem, &infos[i]);
	top = find_top(infos, n);
	if (top == 0) {
		(void)err_set(err_r, EX_DATAERR,
		    infos[0].is_self_signed
			? "it presents a self-signed certificate (%s): pin "
			  "it (rule add --cert-fingerprint) instead"
			: "it presents no CA: the issuer of its certificate, "
			  "%s, was not sent; ask the partner for it",
		    infos[0].is_self_signed ? infos[0].subject
					    : infos[0].issuer);
	} else {
		one = chain_single(chain, top);
		rc = ca_set_add_chain(set, one, err_r);
		chain_free(one);
	}
	arena_free(&mem);
	return rc;
}

/* 1: a chain was there and taken; 0: none; -1: it was no good. */
static int
visit(struct app *app, const struct place *place, struct ca_set *set,
    struct err *err_r)
{
	int64_t msecs = (int64_t)app->conf->probe_timeout_secs * 1000;
	struct probe_request req = {
		.addr = place->addr,
		.port = place->port,
		.mode = place->port == PORT_SMTPS ? PROBE_MODE_SMTPS
						  : PROBE_MODE_STARTTLS,
		.helo = "localhost",
		.timeout_msecs = msecs,
		.stage_msecs = msecs / PROBE_STAGE_PARTS,
	};
	struct probe_result r;
	struct diagnosis d;
	struct addr literal;
	int rc = 0;

	if (place->addr.family == 0)
		return err_set(err_r, EX_NOHOST, "%s", place->trouble), 0;
	if (!addr_parse(sv_from(place->host), &literal))
		req.sni = place->host;
	diagnosis_init(&d, place->host);
	probe_run(&req, &d, &r);
	if (r.chain != NULL && chain_count(r.chain) > 0)
		rc = take_top(r.chain, set, err_r) == 0 ? 1 : -1;
	else
		(void)err_set(err_r, EX_UNAVAILABLE, "%s: %s", place->host,
		    d.n_findings > 0 ? d.findings[0].cause
				     : "no certificate was presented");
	probe_result_free(&r);
	diagnosis_done(&d);
	return rc;
}

static int
visit_all(struct app *app, const struct target *t, struct ca_set *set,
    struct err *err_r)
{
	int rc = 0;

	for (size_t i = 0; i < t->n_places && rc == 0; i++)
		rc = visit(app, &t->places[i], set, err_r);
	return rc == 1 ? 0 : -1;
}

int
ca_probe(struct app *app, const char *target, struct ca_set *set,
    struct err *err_r)
{
	const struct conf *conf = app_conf(app, err_r);
	struct resolver *r = NULL;
	struct target t;
	int rc = -1;

	if (conf == NULL ||
	    target_parse(&t, sv_from(target), PROBE_MODE_STARTTLS, err_r) != 0)
		return -1;
	probe_init();
	if (target_needs_dns(&t)) {
		r = target_resolver(conf, err_r);
		if (r == NULL)
			goto out;
	}
	target_resolve(&t, r, (int64_t)conf->probe_timeout_secs * 1000);
	rc = visit_all(app, &t, set, err_r);
	if (rc != 0)
		(void)err_prefix(err_r, "%s", target);
out:
	resolver_free(r);
	target_done(&t);
	return rc;
}
