/* tlswarden: policy/postfix - a demand in the words of Postfix.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "policy/postfix.h"

enum { SINCE_RANGES = 306 }; /* protocols=>=TLSv1.2 */

/* Postfix before 3.6 knows only lists of what is excluded. */
static void
add_protocols(enum tls_version min, unsigned version, struct buf *out)
{
	if (min == TLS_VERSION_UNKNOWN)
		return;
	if (version >= SINCE_RANGES) {
		buf_addf(out, " protocols=>=%s", tls_version_word(min));
		return;
	}
	buf_adds(out, " protocols=!SSLv2:!SSLv3");
	if (min > TLS_VERSION_1_0)
		buf_adds(out, ":!TLSv1");
	if (min > TLS_VERSION_1_1)
		buf_adds(out, ":!TLSv1.1");
	if (min > TLS_VERSION_1_2)
		buf_adds(out, ":!TLSv1.2");
}

/* Postfix has grades, not bits: HIGH begins at 128, above that the ciphers of
 * 128 bits are excluded by name. TLS 1.3 suites cannot be excluded. */
static void
add_ciphers(uint32_t min_bits, struct buf *out)
{
	if (min_bits == 0)
		return;
	buf_adds(out, min_bits > 112 ? " ciphers=high" : " ciphers=medium");
	if (min_bits > 128)
		buf_adds(out, " exclude=AES128:ARIA128:CAMELLIA128:3DES");
}

static void
add_names(struct sv names, struct buf *out)
{
	struct sv word;
	const char *sep = " match=";

	while (sv_cut(&names, ':', &word)) {
		buf_adds(out, sep);
		if (sv_is_nocase(word, ".nexthop"))
			buf_adds(out, "dot-nexthop");
		else
			buf_add(out, word);
		sep = ":";
	}
}

/* "aabb.." as "AA:BB:..", several parted by '|'. */
static void
add_pins(struct sv pins, struct buf *out)
{
	struct sv pin;
	const char *sep = " match=";

	while (sv_word(&pins, &pin)) {
		buf_adds(out, sep);
		for (size_t i = 0; i < pin.n; i++) {
			char c = pin.p[i];

			if (i > 0 && i % 2 == 0)
				buf_addc(out, ':');
			buf_addc(out,
			    c >= 'a' && c <= 'f' ? (char)(c - 'a' + 'A') : c);
		}
		sep = "|";
	}
}

void
postfix_tlspolicy(const struct demand *d, unsigned version,
    struct sv ca_directory, struct buf *out)
{
	bool is_pinned = d->level == LEVEL_ENCRYPT && d->fingerprint.n > 0;

	switch (d->level) {
	case LEVEL_NONE:
		buf_adds(out, "none");
		return;
	case LEVEL_PREFERRED:
		buf_adds(out, "may");
		return;
	case LEVEL_ENCRYPT:
		buf_adds(out, is_pinned ? "fingerprint" : "encrypt");
		break;
	case LEVEL_SECURE:
	case LEVEL_UNKNOWN:
		buf_adds(out, "secure");
		break;
	}
	add_protocols(d->min_protocol, version, out);
	add_ciphers(d->min_bits, out);
	if (is_pinned)
		add_pins(d->fingerprint, out);
	if (d->level == LEVEL_SECURE) {
		add_names(d->cert_name, out);
		if (d->ca != NULL)
			buf_addf(out, " tafile=%.*s/%.*s.pem",
			    SV_ARG(ca_directory), SV_ARG(d->ca->hash));
	}
}

bool
postfix_version_parse(struct sv text, unsigned *version_r)
{
	struct sv part;
	uint32_t major, minor;

	if (!sv_cut(&text, '.', &part) || !sv_to_u32(part, 9, &major) ||
	    !sv_cut(&text, '.', &part) || !sv_to_u32(part, 99, &minor))
		return false;
	if (major * 100 + minor < 211)
		return false;
	*version_r = major * 100 + minor;
	return true;
}
