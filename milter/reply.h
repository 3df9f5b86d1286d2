/* tlswarden: milter/reply - a refusal as smfi_setreply(3) wants it.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. Sendmail gives the text to a formatter, so that a lone percent sign
 * voids it (sendmail/milter.c): each is doubled. What is not printable ASCII
 * becomes '?'.
 */
#ifndef MILTER_REPLY_H
#define MILTER_REPLY_H

#include "base/limits.h"
#include "base/sv.h"

enum { REPLY_TEXT_MAX = 2 * LIMIT_REPLY + 1 };

struct reply {
	char code[4];              /* "550" */
	char status[12];           /* "5.7.10" */
	char text[REPLY_TEXT_MAX]; /* never empty */
};

/* Makes the reply from a code and a text that starts with the enhanced status
 * code ("5.7.10 TLS required ..."). A text without one gets X.7.0; its class
 * is that of the code; what is over LIMIT_REPLY is cut. */
void reply_make(unsigned code, struct sv text, struct reply *r);

#endif
