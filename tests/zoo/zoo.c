/* tlswarden: tests/zoo - rows of the table of the zoo, and their judgement.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cert/load.h"
#include "cert/trust.h"
#include "cert/verify.h"
#include "zoo.h"

/* 2026-06-01 00:00:00 UTC: today in the zoo. */
static const int64_t zoo_today = 1780272000;

/* Everything of one judgement that must be freed. */
struct cage {
	const char *dir;
	struct verify_request req;
	struct chain *chain, *untrusted, *known;
	struct trust *trust;
	struct crls *crls;
	struct buf ocsp;
	char *name, *fetch, *seen;
};

bool
zoo_parse(struct sv line, struct zoo_row *row_r)
{
	struct sv *fields[ZOO_FIELDS] = { &row_r->id, &row_r->options,
		&row_r->roots, &row_r->chain, &row_r->verdict, &row_r->findings,
		&row_r->cause, &row_r->fix };
	struct sv part;
	size_t n = 0;

	line = sv_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return false;
	*row_r = (struct zoo_row){ 0 };
	while (n < ZOO_FIELDS && sv_cut(&line, '|', &part))
		*fields[n++] = sv_trim(part);
	if (n < 6) {
		fprintf(stderr, "zoo.table: short line %.*s\n",
		    SV_ARG(row_r->id));
		abort();
	}
	return true;
}

/* All files named in list, one behind the other. */
static int
read_files(const char *dir, struct sv list, struct buf *out, struct err *err_r)
{
	struct sv name;

	while (sv_word(&list, &name)) {
		struct buf path;
		int rc;

		buf_init(&path, 4096);
		buf_addf(&path, "%s/%.*s", dir, SV_ARG(name));
		rc = file_read(buf_str(&path), out, err_r);
		buf_free(&path);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int
load_set(const char *dir, struct sv list, struct chain **chain_r,
    struct err *err_r)
{
	struct buf bytes;
	int rc;

	buf_init(&bytes, LIMIT_CERT_FILE);
	rc = read_files(dir, list, &bytes, err_r);
	if (rc == 0)
		rc = chain_load_sent_bytes(buf_sv(&bytes), "zoo", chain_r,
		    err_r);
	buf_free(&bytes);
	return rc;
}

/* Stands for the network: one file answers every URL. */
static int
fetch(void *arg, const char *url, struct chain **chain_r, struct err *err_r)
{
	const struct cage *cage = arg;
	struct sv fail = SV("fail");

	if (sv_eq(sv_from(cage->fetch), fail))
		return err_set(err_r, 68, "%s: no such host", url);
	return load_set(cage->dir, sv_from(cage->fetch), chain_r, err_r);
}

/* Stands for what state.db has of earlier probes. */
static int
recall(void *arg, struct chain **chain_r, struct err *err_r)
{
	const struct cage *cage = arg;
	struct chain *set = NULL;
	struct sv fail = SV("fail");

	if (sv_eq(sv_from(cage->seen), fail))
		return err_set(err_r, 74, "state.db: disk I/O error");
	if (load_set(cage->dir, sv_from(cage->seen), &set, err_r) != 0)
		return -1;
	*chain_r = chain_new();
	chain_add_cas(*chain_r, set, LIMIT_CERT_LIST,
	    "seen at mx2.example.com on 2026-05-01");
	chain_free(set);
	return 0;
}

static int
load_crls(struct cage *cage, struct sv file, struct err *err_r)
{
	struct buf bytes;
	int rc;

	buf_init(&bytes, LIMIT_CERT_FILE);
	rc = read_files(cage->dir, file, &bytes, err_r);
	if (rc == 0)
		rc = crls_load_bytes(buf_sv(&bytes), "zoo", &cage->crls, err_r);
	buf_free(&bytes);
	cage->req.crl_check = VERIFY_CRL_ALL;
	return rc;
}

static int
number(struct sv value)
{
	bool is_negative = value.n > 0 && value.p[0] == '-';
	uint32_t n = 0;

	if (is_negative)
		value = sv_skip(value, 1);
	if (!sv_to_u32(value, INT32_MAX, &n))
		abort();
	return is_negative ? -(int)n : (int)n;
}

static int
set_option(struct cage *cage, struct sv key, struct sv value, struct err *err_r)
{
	struct verify_request *r = &cage->req;

	if (sv_is(key, "name"))
		r->name = cage->name = mem_svdup(value);
	else if (sv_is(key, "purpose"))
		r->purpose = sv_is(value, "client") ? VERIFY_PURPOSE_CLIENT
						    : VERIFY_PURPOSE_ANY;
	else if (sv_is(key, "level"))
		r->auth_level = number(value);
	else if (sv_is(key, "depth"))
		r->depth = number(value);
	else if (sv_is(key, "time"))
		r->now = number(value);
	else if (sv_is(key, "notime"))
		r->ignore_time = true;
	else if (sv_is(key, "partial"))
		r->partial_chain = true;
	else if (sv_is(key, "ours"))
		r->is_ours = true;
	else if (sv_is(key, "asked"))
		r->ocsp_asked = true;
	else if (sv_is(key, "leafcrl"))
		r->crl_check = VERIFY_CRL_LEAF;
	else if (sv_is(key, "crl"))
		return load_crls(cage, value, err_r);
	else if (sv_is(key, "known"))
		return load_set(cage->dir, value, &cage->known, err_r);
	else if (sv_is(key, "untrusted"))
		return load_set(cage->dir, value, &cage->untrusted, err_r);
	else if (sv_is(key, "ocsp"))
		return read_files(cage->dir, value, &cage->ocsp, err_r);
	else if (sv_is(key, "fetch"))
		cage->fetch = mem_svdup(value);
	else if (sv_is(key, "seen"))
		cage->seen = mem_svdup(value);
	else {
		fprintf(stderr, "zoo.table: option %.*s\n", SV_ARG(key));
		abort();
	}
	return 0;
}

static int
open_cage(struct cage *cage, const struct zoo_row *row, struct err *err_r)
{
	struct sv options = row->options, word;
	struct chain *roots = NULL;

	while (sv_word(&options, &word)) {
		size_t eq = sv_find(word, '=');

		if (set_option(cage, sv_head(word, eq), sv_skip(word, eq + 1),
			err_r) != 0)
			return -1;
	}
	if (row->roots.n > 0 &&
	    load_set(cage->dir, row->roots, &roots, err_r) != 0)
		return -1;
	cage->trust = trust_from_chain(roots);
	chain_free(roots);
	cage->req.chain_label = "chain.pem";
	cage->req.trust_label = "roots.pem";
	return load_set(cage->dir, row->chain, &cage->chain, err_r);
}

int
zoo_judge(const char *dir, const struct zoo_row *row, struct diagnosis *d,
    struct err *err_r)
{
	struct cage cage = { .dir = dir };
	int rc;

	buf_init(&cage.ocsp, LIMIT_CERT_FILE);
	verify_request_init(&cage.req);
	cage.req.now = zoo_today;
	rc = open_cage(&cage, row, err_r);
	if (rc == 0) {
		cage.req.chain = cage.chain;
		cage.req.trust = cage.trust;
		cage.req.untrusted = cage.untrusted;
		cage.req.known = cage.known;
		cage.req.crls = cage.crls;
		cage.req.ocsp = buf_sv(&cage.ocsp);
		if (cage.fetch != NULL) {
			cage.req.fetch_issuer = fetch;
			cage.req.fetch_arg = &cage;
		}
		if (cage.seen != NULL) {
			cage.req.recall = recall;
			cage.req.recall_arg = &cage;
		}
		rc = verify_chain(&cage.req, d, err_r);
	}
	chain_free(cage.chain);
	chain_free(cage.untrusted);
	chain_free(cage.known);
	trust_free(cage.trust);
	crls_free(cage.crls);
	buf_free(&cage.ocsp);
	free(cage.name);
	free(cage.fetch);
	free(cage.seen);
	return rc;
}

void
zoo_findings(const struct diagnosis *d, struct buf *out)
{
	for (size_t i = 0; i < d->n_findings; i++)
		buf_addf(out, "%s%s%s@%d", i == 0 ? "" : " ",
		    d->findings[i].severity == FINDING_NOTICE ? "~" : "",
		    reason_info(d->findings[i].reason)->code,
		    d->findings[i].index);
}
