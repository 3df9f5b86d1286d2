/* tlswarden: base/buf - a growing byte buffer with a ceiling.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

void
buf_init(struct buf *b, size_t max)
{
	b->p = NULL;
	b->n = 0;
	b->cap = 0;
	b->max = max;
	b->is_full = false;
}

void
buf_reset(struct buf *b)
{
	b->n = 0;
	b->is_full = false;
	if (b->p != NULL)
		b->p[0] = '\0';
}

void
buf_free(struct buf *b)
{
	free(b->p);
	buf_init(b, b->max);
}

/* Makes room for n more bytes and the NUL; false at the ceiling. */
static bool
reserve(struct buf *b, size_t n)
{
	size_t cap = b->cap == 0 ? 64 : b->cap;

	if (b->is_full || n > b->max - b->n) {
		b->is_full = true;
		return false;
	}
	while (cap < b->n + n + 1)
		cap *= 2;
	if (cap != b->cap) {
		b->p = mem_realloc(b->p, cap, 1);
		b->cap = cap;
	}
	return true;
}

void
buf_add(struct buf *b, struct sv v)
{
	if (!reserve(b, v.n))
		return;
	if (v.n > 0)
		memcpy(b->p + b->n, v.p, v.n);
	b->n += v.n;
	b->p[b->n] = '\0';
}

void
buf_adds(struct buf *b, const char *s)
{
	buf_add(b, sv_from(s));
}

void
buf_addc(struct buf *b, char c)
{
	buf_add(b, sv_make(&c, 1));
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(b, fmt, ap);
	va_end(ap);
}

void
buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n >= 0 && reserve(b, (size_t)n)) {
		(void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '\\';
}

void
buf_add_printable(struct buf *b, struct sv v, size_t max_bytes)
{
	struct sv head = sv_head(v, max_bytes);

	for (size_t i = 0; i < head.n;) {
		size_t from = i;

		while (i < head.n && is_plain((unsigned char)head.p[i]))
			i++;
		buf_add(b, sv_make(head.p + from, i - from));
		if (i < head.n)
			buf_addf(b, "\\x%02X", (unsigned char)head.p[i++]);
	}
	if (head.n < v.n)
		buf_adds(b, "...");
}

void
buf_consume(struct buf *b, size_t n)
{
	if (n >= b->n) {
		buf_reset(b);
		return;
	}
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
	b->p[b->n] = '\0';
}

struct sv
buf_sv(const struct buf *b)
{
	return sv_make(b->p, b->n);
}

const char *
buf_str(const struct buf *b)
{
	return b->p == NULL ? "" : b->p;
}

char *
buf_give(struct buf *b)
{
	char *s = b->p == NULL ? mem_strdup("") : b->p;

	buf_init(b, b->max);
	return s;
}
