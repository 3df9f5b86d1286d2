/* tlswarden: wire/socketmap - the words of a socketmap (socketmap_table(5)).
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "base/limits.h"
#include "wire/netstring.h"
#include "wire/socketmap.h"

enum { TEMP_TEXT_MAX = 400 };

static enum socketmap_status
status_of(enum netstring_status st)
{
	switch (st) {
	case NETSTRING_BAD:
		return SOCKETMAP_BAD;
	case NETSTRING_TOO_LONG:
		return SOCKETMAP_TOO_LONG;
	case NETSTRING_MORE:
		return SOCKETMAP_MORE;
	case NETSTRING_OK:
		return SOCKETMAP_OK;
	}
	return SOCKETMAP_BAD;
}

enum socketmap_status
socketmap_parse(struct sv in, struct socketmap_request *req_r, size_t *used_r)
{
	struct sv payload;
	size_t used, blank;
	enum socketmap_status st = status_of(
	    netstring_parse(in, LIMIT_SOCKETMAP_REQUEST, &payload, &used));

	if (st != SOCKETMAP_OK)
		return st;
	blank = sv_find(payload, ' ');
	if (blank == 0 || blank == payload.n)
		return SOCKETMAP_BAD;
	req_r->map = sv_head(payload, blank);
	req_r->key = sv_skip(payload, blank + 1);
	*used_r = used;
	return SOCKETMAP_OK;
}

void
socketmap_format(const struct socketmap_request *req, struct buf *out)
{
	const struct sv parts[] = { req->map, SV(" "), req->key };

	netstring_format(parts, 3, out);
}

void
socketmap_ok(struct sv value, struct buf *out)
{
	const struct sv parts[] = { SV("OK "), value };

	if (value.n == 0)
		socketmap_temp(sv_from("the answer is empty"), out);
	else if (value.n > LIMIT_SOCKETMAP_REPLY - parts[0].n)
		socketmap_temp(sv_from("the answer is too long"), out);
	else
		netstring_format(parts, 2, out);
}

void
socketmap_notfound(struct buf *out)
{
	/* The blank: Sendmail's reader looks for one behind each word. */
	buf_add(out, (struct sv)SV("9:NOTFOUND ,"));
}

void
socketmap_temp(struct sv text, struct buf *out)
{
	struct sv parts[] = { SV("TEMP "), SV("") };
	struct buf printable;

	buf_init(&printable, TEMP_TEXT_MAX * 4 + 8);
	buf_add_printable(&printable, text, TEMP_TEXT_MAX);
	parts[1] = buf_sv(&printable);
	netstring_format(parts, 2, out);
	buf_free(&printable);
}

enum socketmap_status
socketmap_reply_parse(struct sv in, enum socketmap_word *word_r,
    struct sv *text_r, size_t *used_r)
{
	static const struct {
		struct sv text;
		enum socketmap_word word;
	} words[] = {
		{ SV("OK "), SOCKETMAP_WORD_OK },
		{ SV("NOTFOUND "), SOCKETMAP_WORD_NOTFOUND },
		{ SV("TEMP "), SOCKETMAP_WORD_TEMP },
	};
	struct sv payload;
	size_t used;
	enum socketmap_status st = status_of(
	    netstring_parse(in, LIMIT_SOCKETMAP_REPLY, &payload, &used));

	if (st != SOCKETMAP_OK)
		return st;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (sv_starts(payload, words[i].text)) {
			*word_r = words[i].word;
			*text_r = sv_skip(payload, words[i].text.n);
			*used_r = used;
			return SOCKETMAP_OK;
		}
	return SOCKETMAP_BAD;
}
