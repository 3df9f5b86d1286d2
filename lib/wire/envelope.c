/* tlswarden: wire/envelope - the addresses of MAIL and RCPT, as MTAs read them.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "wire/envelope.h"

struct sv
envelope_strip(struct sv text)
{
	size_t colon;

	if (text.n >= 2 && text.p[0] == '<' && text.p[text.n - 1] == '>')
		text = sv_make(text.p + 1, text.n - 2);
	colon = sv_find(text, ':');
	if (text.n > 0 && text.p[0] == '@' && colon + 1 < text.n)
		text = sv_skip(text, colon + 1);
	while (text.n > 1 && text.p[text.n - 1] == '@')
		text.n--;
	return text;
}

/* RFC 822 section 3.3: specials, and the blanks between tokens. */
static bool
has_special(struct sv v)
{
	static const char specials[] = "()<>@,;:\\\"[] \t\r\n";

	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] == '\0' || strchr(specials, v.p[i]) != NULL)
			return true;
	return false;
}

/* RFC 5321 section 4.1.2: Quoted-string, all of v. */
static bool
is_quoted(struct sv v)
{
	if (v.n < 2 || v.p[0] != '"' || v.p[v.n - 1] != '"')
		return false;
	for (size_t i = 1; i + 1 < v.n; i++) {
		if (v.p[i] == '"')
			return false;
		if (v.p[i] == '\\' && ++i + 1 >= v.n)
			return false;
	}
	return true;
}

static bool
is_plain_host(struct sv host)
{
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		return sv_find(sv_skip(host, 1), ']') == host.n - 2;
	for (size_t i = 0; i < host.n; i++)
		if ((unsigned char)host.p[i] <= ' ' || host.p[i] == 0x7f)
			return false;
	return host.n > 0 && !has_special(host);
}

bool
envelope_is_plain(struct sv address)
{
	size_t at = sv_rfind(address, '@');
	struct sv user = sv_head(address, at);

	if (!is_quoted(user) && has_special(user))
		return false;
	return at == address.n || is_plain_host(sv_skip(address, at + 1));
}

bool
envelope_swap(struct sv address, struct buf *out)
{
	size_t bang = sv_find(address, '!'), percent = sv_rfind(address, '%');
	struct sv user, host;

	if (sv_find(address, '@') < address.n || address.n == 0 ||
	    address.p[0] == '"')
		return false;
	if (bang < address.n) {
		host = sv_head(address, bang);
		user = sv_skip(address, bang + 1);
	} else {
		user = sv_head(address, percent);
		host = sv_skip(address, percent + 1);
	}
	if (user.n == 0 || host.n == 0)
		return false;
	buf_add(out, user);
	buf_addc(out, '@');
	buf_add(out, host);
	return true;
}

size_t
envelope_user(struct sv user, char *out)
{
	size_t n = 0;

	if (is_quoted(user) && user.n > 2) {
		for (size_t i = 1; i + 1 < user.n; i++) {
			if (user.p[i] == '\\')
				i++;
			out[n++] = user.p[i];
		}
		return n;
	}
	if (user.n > 0)
		memcpy(out, user.p, user.n);
	return user.n;
}
