/* tlswarden: ctl/utf8 - which bytes are characters that a terminal may see.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF.
 */
#ifndef CTL_UTF8_H
#define CTL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sv.h"

/* The length of the character at the front of v, its code in *code_r; 0 when
 * there is none. */
size_t utf8_next(struct sv v, uint32_t *code_r);
/* False for control and format characters and what parts lines. */
bool utf8_is_printable(uint32_t code);
/* Columns that v takes on a terminal; v is valid. */
size_t utf8_width(struct sv v);

#endif
