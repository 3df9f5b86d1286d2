/* tlswarden: tests/fuzz/fuzz_reply - what mail servers say, and MX records.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "probe/reply.h"
#include "resolve/resolve.h"
#include "wire/domain.h"

static void
check_reply(struct sv in, const struct reply *r)
{
	static const struct sv keyword = SV("STARTTLS");
	struct reply again;
	struct sv first = reply_first_line(r);

	assert(r->code >= 200 && r->code <= 599);
	assert(r->used > 0 && r->used <= in.n && r->used <= REPLY_BYTES);
	assert(r->text.p == in.p && r->text.n == r->used);
	assert(in.p[r->used - 1] == '\n');
	assert(first.n < r->used && sv_find(first, '\n') == first.n);
	if (reply_has_keyword(r, keyword))
		assert(r->used >= 2 * 4 + keyword.n);
	/* It is one without what follows, and none without its last byte. */
	assert(reply_parse(sv_head(in, r->used), &again) == REPLY_OK);
	assert(again.used == r->used);
	assert(reply_parse(sv_head(in, r->used - 1), &again) != REPLY_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv in = sv_make((const char *)data, size), rest = in;
	char name[LIMIT_DOMAIN + 1];
	struct reply r;

	while (reply_parse(rest, &r) == REPLY_OK) {
		check_reply(rest, &r);
		rest = sv_skip(rest, r.used);
	}
	/* A peer cannot make us wait for ever. */
	if (rest.n > REPLY_BYTES + REPLY_LINE)
		assert(reply_parse(rest, &r) == REPLY_BAD);
	if (resolve_wire_name(in, name))
		assert(name[0] == '\0' || domain_is_valid(sv_from(name)));
	return 0;
}
