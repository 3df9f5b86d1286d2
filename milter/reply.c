/* tlswarden: milter/reply - a refusal as smfi_setreply(3) wants it.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "milter/reply.h"
#include "wire/reply_text.h"

/* RFC 3463 section 2: class "." subject "." detail, 1 to 3 digits each. */
static bool
is_status(struct sv word)
{
	struct sv rest = word, part;
	uint32_t number;
	size_t n = 0;

	while (sv_cut(&rest, '.', &part)) {
		if (part.n > 3 || !sv_to_u32(part, 999, &number))
			return false;
		n++;
	}
	return n == 3 && word.p[word.n - 1] != '.';
}

static void
put_text(struct sv text, char out[static REPLY_TEXT_MAX])
{
	struct buf b;

	buf_init(&b, REPLY_TEXT_MAX);
	reply_text_add(sv_head(text, LIMIT_REPLY), &b);
	(void)snprintf(out, REPLY_TEXT_MAX, "%s", buf_str(&b));
	buf_free(&b);
}

void
reply_make(unsigned code, struct sv text, struct reply *r)
{
	struct sv status = sv_head(text, sv_find(text, ' '));
	char class = code >= 500 ? '5' : '4';

	(void)snprintf(r->code, sizeof(r->code), "%u", code % 1000);
	if (is_status(status)) {
		text = sv_skip(text, status.n + 1);
		(void)snprintf(r->status, sizeof(r->status), "%c%.*s", class,
		    SV_ARG(sv_skip(status, 1)));
	} else {
		(void)snprintf(r->status, sizeof(r->status), "%c.7.0", class);
	}
	put_text(text.n > 0 ? text : sv_from("TLS required by policy"),
	    r->text);
}
