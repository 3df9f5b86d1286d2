/* tlswarden: wire/xtext - RFC 3461 section 4: "+" and two hex digits.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. Postfix writes the certificate names of delegation and milter so:
 * '+' and bytes outside 33 to 126 are encoded, '=' is not (global/xtext.c).
 */
#ifndef WIRE_XTEXT_H
#define WIRE_XTEXT_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/sv.h"

enum xtext_status {
	XTEXT_BAD = 0, /* a '+' without two hex digits behind */
	XTEXT_OK
};

/* Adds the decoded bytes, which may hold anything, NUL bytes and newlines
 * too. On XTEXT_BAD nothing is added. */
enum xtext_status xtext_parse(struct sv in, struct buf *out) MUST_CHECK;
void xtext_format(struct sv in, struct buf *out);

#endif
