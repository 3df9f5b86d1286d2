/* tlswarden: wire/reply_text - the text of an SMTP reply, as milters give it.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef WIRE_REPLY_TEXT_H
#define WIRE_REPLY_TEXT_H

#include "base/buf.h"
#include "base/sv.h"

/* Adds text for smfi_setreply(3): '%' doubled, since Sendmail (milter.c) and
 * Postfix (milter8.c) take it for the start of a format and void the text, and
 * '?' for what is not printable ASCII. */
void reply_text_add(struct sv text, struct buf *out);

#endif
