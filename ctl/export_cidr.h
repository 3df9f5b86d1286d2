/* tlswarden: ctl/export_cidr - the map ehlo as a cidr table of Postfix.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CTL_EXPORT_CIDR_H
#define CTL_EXPORT_CIDR_H

#include <stdint.h>

#include "base/buf.h"
#include "policy/snapshot.h"

/* The first line of each such file; a file without it is not ours. */
#define EXPORT_CIDR_HEAD "# tlswarden: clients that are not offered STARTTLS.\n"

enum { EXPORT_CIDR_BYTES = 64 << 20 };

/* Adds the table: for every client it answers as the map ehlo does now. The
 * first line that matches wins, so the longest networks stand first; those
 * that are to see STARTTLS in the midst of others are exempt by a line that
 * discards nothing. */
void export_cidr(const struct snapshot *s, int64_t now, struct buf *out);

#endif
