/* tlswarden: probe/reply - SMTP replies (RFC 5321 4.2), read with suspicion.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure: no I/O, no allocation. Views point into the input. Limits: REPLY_LINES
 * lines of REPLY_LINE bytes each.
 */
#ifndef PROBE_REPLY_H
#define PROBE_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/sv.h"

enum { REPLY_LINES = 100, REPLY_LINE = 4096, REPLY_BYTES = 65536 };

enum reply_status {
	REPLY_BAD = 0, /* not SMTP, or over a limit */
	REPLY_MORE,    /* a prefix of a reply */
	REPLY_OK
};

struct reply {
	unsigned code;  /* 200 to 599 */
	struct sv text; /* all lines as sent, the last line end included */
	size_t used;    /* bytes of the input */
};

/* Takes one reply off the front of in. A bare LF ends a line too: the server
 * is then wrong, but understood. On REPLY_OK fills *r. */
enum reply_status reply_parse(struct sv in, struct reply *r);
/* True if one of the lines after the first is the EHLO keyword, whatever its
 * case and parameters (RFC 5321 4.1.1.1). */
bool reply_has_keyword(const struct reply *r, struct sv keyword);
/* The text of the first line without code and line end. */
struct sv reply_first_line(const struct reply *r);

#endif
