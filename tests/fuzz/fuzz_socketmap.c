/* tlswarden: tests/fuzz/fuzz_socketmap - what clients send to a socketmap.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "base/limits.h"
#include "fuzz.h"
#include "wire/netstring.h"
#include "wire/socketmap.h"

/* What was parsed is formatted to the same bytes. */
static void
check_request(struct sv in, const struct socketmap_request *req, size_t used)
{
	struct buf out;

	buf_init(&out, LIMIT_SOCKETMAP_REQUEST + 16);
	socketmap_format(req, &out);
	assert(sv_eq(buf_sv(&out), sv_head(in, used)));
	assert(req->map.n > 0 && sv_find(req->map, ' ') == req->map.n);
	buf_free(&out);
}

/* Any bytes as a value or a text give exactly one well-formed reply. */
static void
check_replies(struct sv in)
{
	enum socketmap_word word;
	struct sv text;
	struct buf out;
	size_t used;

	buf_init(&out, LIMIT_SOCKETMAP_REPLY + 16);
	socketmap_ok(in, &out);
	assert(socketmap_reply_parse(buf_sv(&out), &word, &text, &used) ==
	    SOCKETMAP_OK);
	assert(used == out.n);
	assert(word == SOCKETMAP_WORD_OK ? sv_eq(text, in)
					 : word == SOCKETMAP_WORD_TEMP);
	buf_reset(&out);
	socketmap_temp(in, &out);
	assert(socketmap_reply_parse(buf_sv(&out), &word, &text, &used) ==
	    SOCKETMAP_OK);
	assert(used == out.n && word == SOCKETMAP_WORD_TEMP);
	for (size_t i = 0; i < text.n; i++)
		assert(text.p[i] >= ' ' && text.p[i] <= '~');
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv in = sv_make((const char *)data, size), rest = in;
	struct socketmap_request req;
	enum socketmap_word word;
	struct sv text;
	size_t used;

	while (socketmap_parse(rest, &req, &used) == SOCKETMAP_OK) {
		assert(used <= rest.n);
		check_request(rest, &req, used);
		/* A frame that is whole is not whole without its last byte. */
		assert(socketmap_parse(sv_head(rest, used - 1), &req, &used) ==
		    SOCKETMAP_MORE);
		rest = sv_skip(rest, used);
	}
	if (socketmap_reply_parse(in, &word, &text, &used) == SOCKETMAP_OK)
		assert(used <= in.n && word != SOCKETMAP_WORD_UNKNOWN);
	check_replies(in);
	return 0;
}
