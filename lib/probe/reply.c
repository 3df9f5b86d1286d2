/* tlswarden: probe/reply - SMTP replies (RFC 5321 4.2), read with suspicion.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "probe/reply.h"

/* Takes one line off *in, its end included. REPLY_MORE: no end yet. */
static enum reply_status
take_line(struct sv *in, struct sv *line_r)
{
	size_t end = sv_find(*in, '\n');

	if (end > REPLY_LINE)
		return REPLY_BAD;
	if (end == in->n)
		return REPLY_MORE;
	*line_r = sv_head(*in, end + 1);
	*in = sv_skip(*in, end + 1);
	return REPLY_OK;
}

/* Reply-line = Reply-code ["-" / SP textstring] CRLF; the first digit is 2 to
 * 5, the second 0 to 5. */
static bool
parse_line(struct sv line, unsigned *code_r, bool *is_last_r)
{
	uint32_t code;
	char sep;

	if (line.n < 4 || !sv_to_u32(sv_head(line, 3), 599, &code) ||
	    code < 200)
		return false;
	sep = line.p[3];
	if (sep != ' ' && sep != '-' && sep != '\r' && sep != '\n')
		return false;
	*code_r = code;
	*is_last_r = sep != '-';
	return true;
}

/* What cannot become a reply any more need not be waited for. */
static bool
may_become_reply(struct sv start)
{
	for (size_t i = 0; i < start.n && i < 3; i++)
		if (start.p[i] < '0' || start.p[i] > '9')
			return false;
	return true;
}

enum reply_status
reply_parse(struct sv in, struct reply *r)
{
	struct sv rest = in, line;
	unsigned code = 0, first = 0;
	bool is_last = false;

	for (size_t n = 0; !is_last; n++) {
		enum reply_status status = take_line(&rest, &line);

		if (n == REPLY_LINES || in.n - rest.n > REPLY_BYTES)
			return REPLY_BAD;
		if (status == REPLY_MORE && !may_become_reply(rest))
			return REPLY_BAD;
		if (status != REPLY_OK)
			return status;
		if (!parse_line(line, &code, &is_last))
			return REPLY_BAD;
		/* RFC 5321 4.2.1: the code is the same in all lines. */
		if (n > 0 && code != first)
			return REPLY_BAD;
		first = code;
	}
	r->code = code;
	r->used = in.n - rest.n;
	r->text = sv_head(in, r->used);
	return REPLY_OK;
}

static struct sv
line_text(struct sv line)
{
	return sv_trim(sv_skip(line, 4));
}

bool
reply_has_keyword(const struct reply *r, struct sv keyword)
{
	struct sv rest = r->text, line, word;
	bool is_first = true;

	while (sv_cut(&rest, '\n', &line)) {
		line = line_text(line);
		if (!is_first && sv_word(&line, &word) &&
		    sv_eq_nocase(word, keyword))
			return true;
		is_first = false;
	}
	return false;
}

struct sv
reply_first_line(const struct reply *r)
{
	return line_text(sv_head(r->text, sv_find(r->text, '\n')));
}
