/* tlswarden: base/err - what went wrong, as a sentence for a person.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Operations return 0, or -1 with the struct filled. The sentence names the
 * file, line or rule and the way out; it ends without a full stop or newline.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/attr.h"

enum { ERR_TEXT_MAX = 1024 };

struct err {
	int sysexit; /* the sysexits.h code that suits; 0 while empty */
	char text[ERR_TEXT_MAX];
};

/* Fills *e (NULL is allowed) and returns -1, so that "return err_set(...)"
 * works. sysexit is one of EX_DATAERR, EX_CONFIG, ... */
int err_set(struct err *e, int sysexit, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Puts words and ": " in front of what *e says; returns -1. */
int err_prefix(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
