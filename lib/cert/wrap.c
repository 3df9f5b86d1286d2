/* tlswarden: cert/wrap - paragraphs for a terminal or a mail.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "cert/wrap.h"
#include "base/banned.h"

size_t
wrap_width(struct sv text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		if (((unsigned char)text.p[i] & 0xC0) != 0x80)
			n++;
	return n;
}

void
wrap_paragraph(struct buf *out, const char *lead, struct sv text,
    size_t columns)
{
	size_t indent = wrap_width(sv_from(lead)), at = indent;
	bool is_first = true;
	struct sv word;

	buf_adds(out, lead);
	while (sv_word(&text, &word)) {
		size_t width = wrap_width(word);

		if (!is_first && at + 1 + width > columns) {
			buf_addf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (!is_first) {
			buf_addc(out, ' ');
			at++;
		}
		buf_add(out, word);
		at += width;
		is_first = false;
	}
	buf_addc(out, '\n');
}
