/* tlswarden: ctl/ca_set - the certificates of one CA, described.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "cert/finding.h"
#include "cert/load.h"
#include "cert/trust.h"
#include "cert/verify.h"
#include "ctl/ca_set.h"
#include "ctl/out.h"
#include "base/banned.h"

void
ca_set_init(struct ca_set *set)
{
	memset(set, 0, sizeof(*set));
	set->chain = chain_new();
	arena_init(&set->mem);
}

void
ca_set_done(struct ca_set *set)
{
	chain_free(set->chain);
	free(set->infos);
	arena_free(&set->mem);
}

static bool
has(const struct ca_set *set, const struct cert_info *info)
{
	for (size_t i = 0; i < set->n; i++)
		if (strcmp(set->infos[i].sha256, info->sha256) == 0)
			return true;
	return false;
}

int
ca_set_add_chain(struct ca_set *set, const struct chain *from,
    struct err *err_r)
{
	for (size_t i = 0; i < chain_count(from); i++) {
		struct cert_info info;

		cert_info_fill(chain_x509(from, i), &set->mem, &info);
		if (has(set, &info))
			continue;
		if (chain_add_x509(set->chain, chain_x509(from, i), err_r) != 0)
			return -1;
		if (set->n == set->max) {
			set->max = set->max * 2 + 8;
			set->infos = mem_realloc(set->infos, set->max,
			    sizeof(*set->infos));
		}
		set->infos[set->n++] = info;
	}
	return 0;
}

int
ca_set_add_file(struct ca_set *set, const char *path, struct err *err_r)
{
	struct chain *from = NULL;
	int rc;

	if (chain_load_file(path, &from, err_r) != 0)
		return -1;
	rc = ca_set_add_chain(set, from, err_r);
	chain_free(from);
	return rc;
}

int
ca_set_add_pem(struct ca_set *set, struct sv pem, const char *label,
    struct err *err_r)
{
	struct chain *from = NULL;
	int rc;

	if (chain_load_bytes(pem, label, &from, err_r) != 0)
		return -1;
	rc = ca_set_add_chain(set, from, err_r);
	chain_free(from);
	return rc;
}

int
ca_set_check(const struct ca_set *set, int64_t now, struct err *err_r)
{
	char when[INFO_TIME_SIZE];

	for (size_t i = 0; i < set->n; i++) {
		const struct cert_info *info = &set->infos[i];

		if (!info->is_ca)
			return err_set(err_r, EX_DATAERR,
			    "%s is not the certificate of a CA; a rule's ca is "
			    "who issues certificates: import its issuer, %s, "
			    "or use --force",
			    info->subject, info->issuer);
		if (info->not_after < now)
			return err_set(err_r, EX_DATAERR,
			    "%s expired at %s: no chain up to it is good any "
			    "more; import its successor, or use --force",
			    info->subject,
			    cert_info_time(info->not_after, when));
	}
	return 0;
}

/* A trust store of the roots of the set. */
static struct trust *
roots_of(const struct ca_set *set)
{
	struct chain *roots = chain_new();
	struct trust *trust;

	for (size_t i = 0; i < set->n; i++)
		if (set->infos[i].is_self_signed)
			(void)chain_add_x509(roots, chain_x509(set->chain, i),
			    NULL);
	trust = trust_from_chain(roots);
	chain_free(roots);
	return trust;
}

/* What a path demands beside signatures (time, strength) is not the point. */
static bool
leads_to(const struct ca_set *set, size_t i, const struct trust *roots)
{
	struct verify_request req;
	struct chain *one = chain_single(set->chain, i);
	struct diagnosis d;
	bool yes;

	verify_request_init(&req);
	req.chain = one;
	req.trust = roots;
	req.untrusted = set->chain;
	req.ignore_time = true;
	req.purpose = VERIFY_PURPOSE_ANY;
	req.auth_level = -1;
	diagnosis_init(&d, "ca");
	yes = verify_chain(&req, &d, NULL) == 0 && d.verdict == DIAGNOSIS_OK;
	diagnosis_done(&d);
	chain_free(one);
	return yes;
}

const char *
ca_set_rootless(const struct ca_set *set)
{
	struct trust *roots = roots_of(set);
	const char *subject = NULL;

	for (size_t i = 0; i < set->n && subject == NULL; i++)
		if (!set->infos[i].is_self_signed && !leads_to(set, i, roots))
			subject = set->infos[i].subject;
	trust_free(roots);
	return subject;
}

int64_t
ca_set_expiry(const struct ca_set *set)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < set->n; i++)
		if (set->infos[i].not_after < first)
			first = set->infos[i].not_after;
	return first;
}

void
ca_set_pem(const struct ca_set *set, struct buf *out)
{
	for (size_t i = 0; i < set->n; i++)
		chain_pem(set->chain, i, out);
}

static const char *
kind_word(const struct cert_info *info)
{
	if (!info->is_ca)
		return "no CA";
	return info->is_self_signed ? "root" : "intermediate";
}

void
ca_set_print(const struct app *app, const struct ca_set *set)
{
	char when[INFO_TIME_SIZE];

	for (size_t i = 0; i < set->n; i++) {
		const struct cert_info *info = &set->infos[i];
		bool is_over = info->not_after < app->now;

		printf("%s (%s, %s)\n", info->subject, kind_word(info),
		    info->key);
		if (!info->is_self_signed)
			printf("  issuer   %s\n", info->issuer);
		printf("  serial   %s\n", info->serial);
		out_styled(app, is_over ? OUT_BAD : OUT_PLAIN, "  %s  %s\n",
		    is_over ? "expired" : "expires",
		    cert_info_time(info->not_after, when));
		printf("  SHA-256  %s\n", info->sha256);
	}
}

json_t *
ca_set_json(const struct ca_set *set)
{
	json_t *list = json_array();
	char when[INFO_TIME_SIZE];

	for (size_t i = 0; i < set->n; i++) {
		const struct cert_info *info = &set->infos[i];
		json_t *o = json_object();

		out_json_set(o, "subject", out_json_str(info->subject));
		out_json_set(o, "issuer", out_json_str(info->issuer));
		out_json_set(o, "serial", out_json_str(info->serial));
		out_json_set(o, "kind", out_json_str(kind_word(info)));
		out_json_set(o, "not_before",
		    out_json_str(cert_info_time(info->not_before, when)));
		out_json_set(o, "not_after",
		    out_json_str(cert_info_time(info->not_after, when)));
		out_json_set(o, "sha256", out_json_str(info->sha256));
		out_json_set(o, "key_sha256", out_json_str(info->spki_sha256));
		out_json_add(list, o);
	}
	return list;
}
