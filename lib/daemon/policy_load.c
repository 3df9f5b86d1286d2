/* tlswarden: daemon/policy_load - from the image of a table to a snapshot.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cert/digest.h"
#include "cert/info.h"
#include "cert/load.h"
#include "daemon/policy_load.h"

enum { SENTENCE_MAX = ERR_TEXT_MAX + 128, NAME_SHOWN = 80, FIRST_SHOWN = 600 };

struct loading {
	const struct load_options *opt;
	struct snapshot_builder *builder;
	struct load_result *result;
	struct arena mem; /* of the CAs, until the load ends */
	struct load_ca *cas;
	size_t n_cas;
	size_t max_cas;
	char first_bad[FIRST_SHOWN + 1];
};

static void bad_row(struct loading *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
bad_row(struct loading *l, const char *fmt, ...)
{
	char sentence[SENTENCE_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	if (l->result->n_bad_rows++ == 0)
		(void)snprintf(l->first_bad, sizeof(l->first_bad), "%.*s",
		    FIRST_SHOWN, sentence);
	if (l->opt->bad_row != NULL)
		l->opt->bad_row(l->opt->bad_row_arg, sentence);
}

static void
bad_ca(struct loading *l, struct sv name, const char *why)
{
	struct buf shown;

	buf_init(&shown, 4 * NAME_SHOWN + 16);
	buf_add_printable(&shown, name, NAME_SHOWN);
	bad_row(l, "ca %s: %s", buf_str(&shown), why);
	buf_free(&shown);
}

static void
keep_ca(struct loading *l, struct load_ca ca)
{
	if (l->n_cas == l->max_cas) {
		l->max_cas = l->max_cas == 0 ? 16 : l->max_cas * 2;
		l->cas = mem_realloc(l->cas, l->max_cas, sizeof(*l->cas));
	}
	l->cas[l->n_cas++] = ca;
}

/* Subjects, canonical PEM and its hash of the certificates of one row. */
static int
add_chain(struct loading *l, struct sv name, const struct chain *chain,
    struct err *err_r)
{
	size_t n = chain_count(chain);
	struct sv *dns = arena_alloc(&l->mem, n * sizeof(*dns));
	struct sv *cns = arena_alloc(&l->mem, n * sizeof(*cns));
	char hash[DIGEST_HEX_SIZE];
	struct load_ca ca = { 0 };
	struct buf pem;

	buf_init(&pem, 2 * (size_t)LIMIT_CA_PEM);
	for (size_t i = 0; i < n; i++) {
		struct cert_info info;

		cert_info_fill(chain_x509(chain, i), &l->mem, &info);
		dns[i] = sv_from(info.subject_oneline);
		cns[i] = sv_from(info.subject_postfix);
		chain_pem(chain, i, &pem);
	}
	digest_sha256(buf_sv(&pem), hash);
	ca.name = arena_sv(&l->mem, name);
	ca.hash = arena_sv(&l->mem, sv_from(hash));
	ca.pem = arena_sv(&l->mem, buf_sv(&pem));
	if (pem.is_full) {
		buf_free(&pem);
		return err_set(err_r, EX_DATAERR, "its PEM is too long");
	}
	buf_free(&pem);
	keep_ca(l, ca);
	return snapshot_builder_ca(l->builder,
	    &(struct ca_fact){ ca.name, ca.hash, dns, cns, n }, err_r);
}

static void
take_ca(void *arg, const struct ca_row *row, const char *fault)
{
	struct loading *l = arg;
	struct chain *chain = NULL;
	struct err err = { 0 };

	if (fault != NULL) {
		bad_ca(l, row->name, fault);
		return;
	}
	if (chain_load_bytes(row->pem, "column pem", &chain, &err) != 0 ||
	    add_chain(l, row->name, chain, &err) != 0)
		bad_ca(l, row->name, err.text);
	chain_free(chain);
}

static void
take_rule(void *arg, const struct rule_row *row, const char *fault)
{
	struct loading *l = arg;
	struct err err = { 0 };

	l->result->n_rows++;
	if (fault == NULL) {
		if (snapshot_builder_row(l->builder, row, &err) == 0)
			return;
		fault = err.text;
	}
	bad_row(l, "policy rule %lld: %s", (long long)row->id, fault);
}

static int
load_rows(struct loading *l, struct policy_image *image, struct err *err_r)
{
	uint64_t n_bad;

	if (policy_image_each_ca(image, take_ca, l, err_r) != 0 ||
	    policy_image_each_rule(image, take_rule, l, err_r) != 0)
		return -1;
	n_bad = l->result->n_bad_rows;
	if (n_bad == 1)
		return err_set(err_r, EX_DATAERR, "one bad row: %s",
		    l->first_bad);
	if (n_bad > 1)
		return err_set(err_r, EX_DATAERR, "%llu bad rows, first %s",
		    (unsigned long long)n_bad, l->first_bad);
	if (l->opt->prepare != NULL)
		return l->opt->prepare(l->opt->prepare_arg, l->cas, l->n_cas,
		    err_r);
	return 0;
}

int
policy_load(struct policy_image *image, const struct load_options *opt,
    struct load_result *result_r, struct err *err_r)
{
	struct loading l = { .opt = opt, .result = result_r };
	int done;

	memset(result_r, 0, sizeof(*result_r));
	arena_init(&l.mem);
	l.builder = snapshot_builder_new(&opt->snapshot);
	done = load_rows(&l, image, err_r);
	if (done == 0)
		result_r->snap = snapshot_builder_done(l.builder);
	else
		snapshot_builder_free(l.builder);
	free(l.cas);
	arena_free(&l.mem);
	return done;
}
