/* tlswarden: wire/domain - domain names in the one form that is compared.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <idn2.h>

#include "wire/addr.h"
#include "wire/domain.h"

enum { LABEL_MAX = 63 };

static enum domain_status
from_unicode(struct sv in, char out[static LIMIT_DOMAIN + 1], size_t *n_r)
{
	char text[4 * LIMIT_DOMAIN + 1];
	char *ascii = NULL;
	size_t n;
	enum domain_status status = DOMAIN_BAD;

	if (in.n >= sizeof(text))
		return DOMAIN_BAD;
	memcpy(text, in.p, in.n);
	text[in.n] = '\0';
	if (idn2_to_ascii_8z(text, &ascii,
		IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return DOMAIN_BAD;
	n = strlen(ascii);
	if (n > 0 && n <= LIMIT_DOMAIN) {
		memcpy(out, ascii, n);
		*n_r = n;
		status = DOMAIN_OK;
	}
	idn2_free(ascii);
	return status;
}

enum domain_status
domain_normalise(struct sv in, char out[static LIMIT_DOMAIN + 1], size_t *n_r)
{
	unsigned char all = 0;

	if (in.n > 0 && in.p[in.n - 1] == '.')
		in.n--;
	if (in.n == 0)
		return DOMAIN_BAD;
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '\0')
			return DOMAIN_BAD;
		all |= (unsigned char)in.p[i];
	}
	if (all >= 0x80)
		return from_unicode(in, out, n_r);
	if (in.n > LIMIT_DOMAIN)
		return DOMAIN_BAD;
	for (size_t i = 0; i < in.n; i++)
		out[i] = sv_lower(in.p[i]);
	*n_r = in.n;
	return DOMAIN_OK;
}

static bool
is_label_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	    c == '_';
}

static bool
label_is_valid(struct sv label)
{
	if (label.n == 0 || label.n > LABEL_MAX || label.p[0] == '-' ||
	    label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++)
		if (!is_label_byte(label.p[i]))
			return false;
	return true;
}

bool
domain_is_valid(struct sv v)
{
	if (v.n == 0 || v.n > LIMIT_DOMAIN || v.p[v.n - 1] == '.')
		return false;
	while (v.n > 0) {
		size_t dot = sv_find(v, '.');

		if (!label_is_valid(sv_head(v, dot)))
			return false;
		v = sv_skip(v, dot + 1);
	}
	return true;
}

bool
domain_is_mail_host(struct sv v)
{
	static const struct sv wild = SV("*.");
	struct addr addr;

	return domain_is_valid(sv_starts(v, wild) ? sv_skip(v, wild.n) : v) ||
	    addr_parse(v, &addr);
}
