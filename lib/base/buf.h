/* tlswarden: base/buf - a growing byte buffer with a ceiling.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Invariants: n <= max; p has a NUL behind its n bytes once anything was
 * added. What would go over max is not added at all and sets is_full, which
 * sticks until buf_reset: check once, at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/sv.h"

struct buf {
	char *p;
	size_t n;
	size_t cap;
	size_t max;
	bool is_full;
};

/* An empty buffer of at most max bytes; allocates nothing yet. */
void buf_init(struct buf *b, size_t max);
/* Empties, keeps the memory. */
void buf_reset(struct buf *b);
/* Frees the memory; safe on a zeroed or already freed buffer. */
void buf_free(struct buf *b);

void buf_add(struct buf *b, struct sv v);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vaddf(struct buf *b, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
/* Adds untrusted bytes for a person to read: at most max_bytes of v, every
 * byte outside printable ASCII and the backslash as \xHH; "..." when cut. */
void buf_add_printable(struct buf *b, struct sv v, size_t max_bytes);
/* Drops the first n bytes. */
void buf_consume(struct buf *b, size_t n);

/* Views the content until the next change. */
struct sv buf_sv(const struct buf *b);
/* The content as a C string, valid until the next change. */
const char *buf_str(const struct buf *b) NONNULL_RETURN;
/* Gives the content as a C string (caller frees); the buffer is empty after. */
char *buf_give(struct buf *b) NONNULL_RETURN MUST_CHECK;

#endif
