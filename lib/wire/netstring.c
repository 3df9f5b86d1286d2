/* tlswarden: wire/netstring - frames with their length in front.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "wire/netstring.h"

/* "[len] is a nonempty sequence of ASCII digits [...]. Extra zeros at the
 * front of [len] are prohibited: the [len] begins with 30 exactly when
 * [string] is empty." Stops at the first length over max, so *n_r cannot
 * overflow. */
static enum netstring_status
parse_length(struct sv in, size_t max, size_t *n_r, size_t *used_r)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (c == ':' && i > 0) {
			*n_r = n;
			*used_r = i + 1;
			return NETSTRING_OK;
		}
		if (c < '0' || c > '9' || (i == 1 && n == 0))
			return NETSTRING_BAD;
		n = n * 10 + (size_t)(c - '0');
		if (n > max)
			return NETSTRING_TOO_LONG;
	}
	return NETSTRING_MORE;
}

enum netstring_status
netstring_parse(struct sv in, size_t max, struct sv *payload_r, size_t *used_r)
{
	size_t n = 0, head = 0;
	enum netstring_status st = parse_length(in, max, &n, &head);

	if (st != NETSTRING_OK)
		return st;
	if (in.n - head <= n)
		return NETSTRING_MORE;
	if (in.p[head + n] != ',')
		return NETSTRING_BAD;
	*payload_r = sv_make(in.p + head, n);
	*used_r = head + n + 1;
	return NETSTRING_OK;
}

void
netstring_format(const struct sv *parts, size_t n_parts, struct buf *out)
{
	char digits[24];
	size_t at = sizeof(digits), n = 0;

	for (size_t i = 0; i < n_parts; i++)
		n += parts[i].n;
	digits[--at] = ':';
	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	buf_add(out, sv_make(digits + at, sizeof(digits) - at));
	for (size_t i = 0; i < n_parts; i++)
		buf_add(out, parts[i]);
	buf_addc(out, ',');
}
