/* tlswarden: cert/wrap - paragraphs for a terminal or a mail.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CERT_WRAP_H
#define CERT_WRAP_H

#include <stddef.h>

#include "base/buf.h"
#include "base/sv.h"

/* Adds text broken at blanks so that lines stay within columns where words
 * allow it; the first line begins with lead, the others with as many blanks
 * as lead has characters. Ends with a newline. */
void wrap_paragraph(struct buf *out, const char *lead, struct sv text,
    size_t columns);
/* Characters of UTF-8 text. */
size_t wrap_width(struct sv text);

#endif
