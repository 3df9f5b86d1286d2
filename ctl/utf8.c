/* tlswarden: ctl/utf8 - which bytes are characters that a terminal may see.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <wchar.h>

#include "ctl/utf8.h"
#include "base/banned.h"

/* Length, smallest code and bits of the first byte, by its high bits. */
static size_t
lead(unsigned char c, uint32_t *least_r, uint32_t *bits_r)
{
	if (c < 0x80) {
		*least_r = 0;
		*bits_r = c;
		return 1;
	}
	if (c >= 0xC2 && c < 0xE0) {
		*least_r = 0x80;
		*bits_r = c & 0x1FU;
		return 2;
	}
	if (c >= 0xE0 && c < 0xF0) {
		*least_r = 0x800;
		*bits_r = c & 0x0FU;
		return 3;
	}
	if (c >= 0xF0 && c < 0xF5) {
		*least_r = 0x10000;
		*bits_r = c & 0x07U;
		return 4;
	}
	return 0;
}

size_t
utf8_next(struct sv v, uint32_t *code_r)
{
	uint32_t least = 0, code = 0;
	size_t n = v.n == 0 ? 0 : lead((unsigned char)v.p[0], &least, &code);

	if (n == 0 || n > v.n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if ((c & 0xC0) != 0x80)
			return 0;
		code = code << 6 | (c & 0x3FU);
	}
	if (code < least || code > 0x10FFFF ||
	    (code >= 0xD800 && code < 0xE000))
		return 0;
	*code_r = code;
	return n;
}

bool
utf8_is_printable(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD)
		return false;
	/* Zero width, line and paragraph separators, turning the line. */
	if ((c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
	    (c >= 0x2060 && c <= 0x206F) || c == 0x061C || c == 0xFEFF)
		return false;
	/* Interlinear annotation, tags, non-characters. */
	return !((c >= 0xFFF9 && c <= 0xFFFB) ||
	    (c >= 0xE0000 && c <= 0xE0FFF) || (c & 0xFFFE) == 0xFFFE);
}

size_t
utf8_width(struct sv v)
{
	size_t width = 0;

	while (v.n > 0) {
		uint32_t code = 0;
		size_t n = utf8_next(v, &code);
		int columns = wcwidth((wchar_t)code);

		width += columns > 0 ? (size_t)columns : 0;
		v = sv_skip(v, n > 0 ? n : 1);
	}
	return width;
}
