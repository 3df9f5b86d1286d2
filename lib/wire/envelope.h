/* tlswarden: wire/envelope - the addresses of MAIL and RCPT, as MTAs read them.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. Clients may write what RFC 5321 calls obsolete and what RFC 822 allows
 * in headers; Postfix and Sendmail take nearly all of it and mean another
 * address than the text looks like.
 */
#ifndef WIRE_ENVELOPE_H
#define WIRE_ENVELOPE_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/sv.h"

/* A view of the address without one pair of <> around it, without a source
 * route (RFC 5321 appendix C: "@a.test,@b.test:user@c.test"), and without an
 * '@' that nothing follows. */
struct sv envelope_strip(struct sv text);

/* True when an address (as envelope_strip gives it) is what it looks like to
 * everybody: atoms or one quoted string before the last '@', a name or a
 * literal behind. False: it has comments, blanks, quotes or brackets in other
 * places; only a parser such as the MTA's can tell whose address it is. */
bool envelope_is_plain(struct sv address);

/* An address without '@' but with a domain all the same: "dom!user" and
 * "user%dom" are user@dom to Postfix (swap_bangpath, allow_percent_hack) and
 * Sendmail. Adds that form to out; false: it is none such, nothing is added. */
bool envelope_swap(struct sv address, struct buf *out);

/* Writes the user of an address as it is meant, without the quotes and
 * backslashes of a quoted string, to out, which has room for user.n bytes.
 * Returns its length. */
size_t envelope_user(struct sv user, char *out);

#endif
