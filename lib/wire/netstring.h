/* tlswarden: wire/netstring - frames with their length in front.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Defined in cr.yp.to/proto/netstrings.txt, which comments quote.
 * Pure: no I/O, no allocation but the caller's buffer. Views returned point
 * into the input. A frame longer than the caller's maximum is refused as soon
 * as its length is read. NUL bytes are data.
 */
#ifndef WIRE_NETSTRING_H
#define WIRE_NETSTRING_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/sv.h"

enum netstring_status {
	NETSTRING_BAD = 0,  /* not a netstring; close the connection */
	NETSTRING_TOO_LONG, /* one of more than max bytes; say so and close */
	NETSTRING_MORE,     /* the start of one; call again with more bytes */
	NETSTRING_OK
};

/* Takes one frame off the front of in. On NETSTRING_OK *payload_r views into
 * in and *used_r is the length of the whole frame; else neither is touched. */
enum netstring_status netstring_parse(struct sv in, size_t max,
    struct sv *payload_r, size_t *used_r) MUST_CHECK;
/* Adds one frame whose payload is these parts one after another. At the
 * buffer's ceiling out->is_full says that it is not whole. */
void netstring_format(const struct sv *parts, size_t n_parts, struct buf *out);

#endif
