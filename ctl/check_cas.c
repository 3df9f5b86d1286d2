/* tlswarden: ctl/check_cas - CAs of the table that expire or are not used.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>

#include "base/conf.h"
#include "cert/info.h"
#include "cert/load.h"
#include "ctl/check.h"
#include "ctl/out.h"
#include "ctl/rule_words.h"
#include "store/policy_image.h"
#include "base/banned.h"

enum { DAY_SECS = 86400 };

/* One certificate of a CA; sets *is_usable when it is valid now. */
static void
look(struct check *c, const char *name, const struct cert_info *info,
    bool *is_usable)
{
	int64_t warn = (int64_t)c->app->conf->expiry_warn_days * DAY_SECS;
	const char *when;
	struct buf b;

	buf_init(&b, 64);
	rule_words_time(info->not_after, &b);
	when = check_text(c, "%s", buf_str(&b));
	buf_free(&b);
	if (info->not_after >= c->app->now) {
		*is_usable = true;
		if (info->not_after < c->app->now + warn)
			check_add(c, CHECK_NOTICE, "ca_expires_soon", CHECK_ALL,
			    check_text(c, "ca \"%s\": %s expires at %s", name,
				info->subject, when),
			    check_text(c,
				"tlswarden ca import %s FILE --replace", name));
		return;
	}
	check_add(c, CHECK_NOTICE, "ca_expired", CHECK_ALL,
	    check_text(c, "ca \"%s\": %s expired at %s", name, info->subject,
		when),
	    NULL);
}

static void
take_ca(void *arg, const struct ca_row *row, const char *fault)
{
	struct check *c = arg;
	struct chain *chain = NULL;
	struct buf name;
	bool is_usable = false;

	/* Bad rows are told by the load. */
	if (fault != NULL ||
	    chain_load_bytes(row->pem, "column pem", &chain, NULL) != 0)
		return;
	buf_init(&name, OUT_CELL_MAX);
	out_safe(&name, row->name);
	for (size_t i = 0; i < chain_count(chain); i++) {
		struct cert_info info;

		cert_info_fill(chain_x509(chain, i), &c->mem, &info);
		look(c, buf_str(&name), &info, &is_usable);
	}
	if (!is_usable)
		check_add(c, CHECK_PROBLEM, "ca_unusable", CHECK_ALL,
		    check_text(c,
			"ca \"%s\": every certificate in it has expired: "
			"mail of rules that name it fails",
			buf_str(&name)),
		    check_text(c, "tlswarden ca import %s FILE --replace",
			buf_str(&name)));
	buf_free(&name);
	chain_free(chain);
}

/* Disabled rules count as users: they may come back. */
static bool
is_used(const struct snapshot *s, const struct ca *ca)
{
	for (size_t i = 0; i < snapshot_count(s); i++)
		if (snapshot_rule(s, i)->demand->ca == ca)
			return true;
	return false;
}

static void
check_unused(struct check *c)
{
	const struct snapshot *s = c->table.snap;

	for (size_t i = 0; i < snapshot_ca_count(s); i++) {
		const struct ca *ca = snapshot_ca(s, i);

		if (!is_used(s, ca))
			check_add(c, CHECK_NOTICE, "ca_unused", CHECK_ALL,
			    check_text(c, "ca \"%.*s\" is named by no rule",
				SV_ARG(ca->name)),
			    NULL);
	}
}

void
check_cas(struct check *c)
{
	struct err err;

	if (policy_image_each_ca(c->table.image, take_ca, c, &err) != 0)
		check_add(c, CHECK_PROBLEM, "damaged", CHECK_ALL,
		    check_text(c, "%s", err.text), NULL);
	if (c->table.snap != NULL)
		check_unused(c);
}
