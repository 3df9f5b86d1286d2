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
	char authserv_id[LIMIT_DOMAIN + 1];
	struct settings *older; /* kept until the end: somebody may read it */
};

#endif
