/* tlswarden: wire/xtext - RFC 3461 section 4: "+" and two hex digits.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "wire/xtext.h"

static bool
is_well_formed(struct sv in)
{
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] != '+')
			continue;
		if (in.n - i < 3 || sv_hex(in.p[i + 1]) < 0 ||
		    sv_hex(in.p[i + 2]) < 0)
			return false;
		i += 2;
	}
	return true;
}

enum xtext_status
xtext_parse(struct sv in, struct buf *out)
{
	if (!is_well_formed(in))
		return XTEXT_BAD;
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] != '+') {
			buf_addc(out, in.p[i]);
			continue;
		}
		buf_addc(out,
		    (char)(sv_hex(in.p[i + 1]) * 16 + sv_hex(in.p[i + 2])));
		i += 2;
	}
	return XTEXT_OK;
}

void
xtext_format(struct sv in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		unsigned char c = (unsigned char)in.p[i];

		if (c == '+' || c <= 32 || c >= 127)
			buf_addf(out, "+%02X", c);
		else
			buf_addc(out, in.p[i]);
	}
}
