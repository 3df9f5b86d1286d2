/* tlswarden: milter/settings - what a reload may change while sessions run.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Immutable once made; callbacks read the newest through an atomic pointer.
 */
#ifndef MILTER_SETTINGS_H
#define MILTER_SETTINGS_H

#include "base/conf.h"
#include "base/limits.h"

struct settings {
	enum conf_record record;
	enum conf_addresses addresses;
	bool add_header;
	char authserv_id[LIMIT_DOMAIN + 1]; /* the host's name if not set */
	struct settings *older; /* kept to the end: somebody may read it */
};

/* Gives settings (free with settings_free); takes the older ones. */
struct settings *settings_new(const struct conf *conf, struct settings *older)
    NONNULL_RETURN MUST_CHECK;
/* Frees s and all older ones; NULL is allowed. */
void settings_free(struct settings *s);

#endif
