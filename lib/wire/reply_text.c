/* tlswarden: wire/reply_text - the text of an SMTP reply, as milters give it.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "wire/reply_text.h"

void
reply_text_add(struct sv text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		buf_addc(out, c >= ' ' && c <= '~' ? c : '?');
		if (c == '%')
			buf_addc(out, '%');
	}
}
