/* tlswarden: milter/settings - what a reload may change while sessions run.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "milter/settings.h"

struct settings *
settings_new(const struct conf *conf, struct settings *older)
{
	struct settings *s = mem_zalloc(1, sizeof(*s));
	size_t n = strlen(conf->authserv_id);

	s->record = (enum conf_record)conf->record;
	s->addresses = (enum conf_addresses)conf->record_addresses;
	s->add_header = conf->add_header;
	s->older = older;
	if (n > 0 && n < sizeof(s->authserv_id))
		memcpy(s->authserv_id, conf->authserv_id, n);
	else if (gethostname(s->authserv_id, sizeof(s->authserv_id) - 1) != 0 ||
	    s->authserv_id[0] == '\0')
		memcpy(s->authserv_id, "localhost", sizeof("localhost"));
	return s;
}

void
settings_free(struct settings *s)
{
	while (s != NULL) {
		struct settings *older = s->older;

		free(s);
		s = older;
	}
}
