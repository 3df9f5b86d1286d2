/* tlswarden: base/conf_text - the text of tlswarden.conf(5) without comments.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * libconfuse 3.3 counts the line of a comment three times, so that every error
 * behind one names a wrong line, takes no comment within a list, takes one
 * that never ends for the rest of the file, and reads an unclosed quote on to
 * the next one. So comments are blanked before it sees the text, and both
 * faults are found here.
 */
#ifndef BASE_CONF_TEXT_H
#define BASE_CONF_TEXT_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

/* Overwrites the comments in text with blanks; line breaks stay. file is for
 * the error's text. -1 (EX_CONFIG): it is no text, or a quote or a comment is
 * not closed, with the line where that starts. */
int conf_text_blank(const char *file, struct buf *text, struct err *err_r)
    MUST_CHECK;

#endif
