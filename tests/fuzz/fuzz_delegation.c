/* tlswarden: tests/fuzz/fuzz_delegation - policy delegation and its xtext.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "base/limits.h"
#include "fuzz.h"
#include "wire/attrs.h"
#include "wire/xtext.h"

static void
check_round_trip(const struct attrs *a)
{
	struct attrs again;
	struct buf out;
	size_t used;

	buf_init(&out, LIMIT_DELEGATION_REQUEST);
	attrs_format(a, &out);
	assert(attrs_parse(buf_sv(&out), LIMIT_DELEGATION_REQUEST, &again,
		   &used) == ATTRS_OK);
	assert(used == out.n);
	for (int i = 0; i < ATTR_COUNT; i++) {
		assert((again.v[i].p == NULL) == (a->v[i].p == NULL));
		assert(sv_eq(again.v[i], a->v[i]));
	}
	buf_free(&out);
}

static void
check_xtext(struct sv in)
{
	struct buf out, back;

	buf_init(&out, 3 * in.n + 1);
	buf_init(&back, 3 * in.n + 1);
	if (xtext_parse(in, &out) == XTEXT_OK)
		assert(out.n <= in.n);
	else
		assert(out.n == 0);
	buf_reset(&out);
	xtext_format(in, &out);
	assert(xtext_parse(buf_sv(&out), &back) == XTEXT_OK);
	assert(sv_eq(buf_sv(&back), in));
	buf_free(&out);
	buf_free(&back);
}

/* Whatever the text holds, the action is one line and an empty one. */
static void
check_action(struct sv in)
{
	struct buf out;

	buf_init(&out, in.n + 16);
	attrs_format_action(in, &out);
	assert(!out.is_full && out.n == in.n + 9);
	assert(sv_find(buf_sv(&out), '\n') == out.n - 2);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv in = sv_make((const char *)data, size), rest = in;
	struct attrs a;
	size_t used;

	while (attrs_parse(rest, LIMIT_DELEGATION_REQUEST, &a, &used) ==
	    ATTRS_OK) {
		assert(used > 0 && used <= rest.n);
		assert(used <= LIMIT_DELEGATION_REQUEST);
		check_round_trip(&a);
		rest = sv_skip(rest, used);
	}
	check_xtext(in);
	check_action(in);
	return 0;
}
