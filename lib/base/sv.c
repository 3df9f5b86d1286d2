/* tlswarden: base/sv - string views.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "base/sv.h"

struct sv
sv_from(const char *s)
{
	return sv_make(s, s == NULL ? 0 : strlen(s));
}

struct sv
sv_make(const char *p, size_t n)
{
	struct sv v = { p, n };

	return v;
}

bool
sv_eq(struct sv a, struct sv b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

char
sv_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
sv_eq_nocase(struct sv a, struct sv b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (sv_lower(a.p[i]) != sv_lower(b.p[i]))
			return false;
	return true;
}

bool
sv_is(struct sv a, const char *s)
{
	return sv_eq(a, sv_from(s));
}

bool
sv_is_nocase(struct sv a, const char *s)
{
	return sv_eq_nocase(a, sv_from(s));
}

bool
sv_starts(struct sv v, struct sv prefix)
{
	return v.n >= prefix.n && sv_eq(sv_head(v, prefix.n), prefix);
}

bool
sv_ends(struct sv v, struct sv suffix)
{
	return v.n >= suffix.n && sv_eq(sv_skip(v, v.n - suffix.n), suffix);
}

int
sv_cmp(struct sv a, struct sv b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);

	if (c != 0)
		return c;
	return a.n < b.n ? -1 : a.n > b.n;
}

size_t
sv_find(struct sv v, char c)
{
	const char *at = v.n == 0 ? NULL : memchr(v.p, c, v.n);

	return at == NULL ? v.n : (size_t)(at - v.p);
}

size_t
sv_rfind(struct sv v, char c)
{
	for (size_t i = v.n; i > 0; i--)
		if (v.p[i - 1] == c)
			return i - 1;
	return v.n;
}

struct sv
sv_skip(struct sv v, size_t n)
{
	if (n > v.n)
		n = v.n;
	return n == 0 ? v : sv_make(v.p + n, v.n - n);
}

struct sv
sv_head(struct sv v, size_t n)
{
	return sv_make(v.p, n > v.n ? v.n : n);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct sv
sv_trim(struct sv v)
{
	while (v.n > 0 && is_blank(v.p[0]))
		v = sv_skip(v, 1);
	while (v.n > 0 && is_blank(v.p[v.n - 1]))
		v.n--;
	return v;
}

bool
sv_cut(struct sv *in, char sep, struct sv *head_r)
{
	size_t at;

	if (in->n == 0)
		return false;
	at = sv_find(*in, sep);
	*head_r = sv_head(*in, at);
	*in = sv_skip(*in, at + 1);
	return true;
}

bool
sv_word(struct sv *in, struct sv *word_r)
{
	size_t n = 0;

	while (in->n > 0 && (in->p[0] == ' ' || in->p[0] == '\t'))
		*in = sv_skip(*in, 1);
	while (n < in->n && in->p[n] != ' ' && in->p[n] != '\t')
		n++;
	if (n == 0)
		return false;
	*word_r = sv_head(*in, n);
	*in = sv_skip(*in, n);
	return true;
}

bool
sv_to_u64(struct sv v, uint64_t max, uint64_t *out_r)
{
	uint64_t x = 0;

	if (v.n == 0 || v.n > 20)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		uint64_t d;

		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
		d = (uint64_t)(v.p[i] - '0');
		if (x > (UINT64_MAX - d) / 10)
			return false;
		x = x * 10 + d;
	}
	if (x > max)
		return false;
	*out_r = x;
	return true;
}

bool
sv_to_u32(struct sv v, uint32_t max, uint32_t *out_r)
{
	uint64_t x;

	if (!sv_to_u64(v, max, &x))
		return false;
	*out_r = (uint32_t)x;
	return true;
}

int
sv_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = sv_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
