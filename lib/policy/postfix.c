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

bool
postfix_is_address_word(struct sv word, bool is_address)
{
	return is_address &&
	    (sv_is_nocase(word, "nexthop") || sv_is_nocase(word, "hostname"));
}

/* A word that a name of a certificate can match. */
static bool
is_name_word(struct sv word, bool is_address)
{
	return !postfix_is_address_word(word, is_address) &&
	    !(is_address && sv_is_nocase(word, ".nexthop"));
}

static void
add_word(struct sv word, struct buf *out)
{
	if (sv_is_nocase(word, ".nexthop"))
		buf_adds(out, "dot-nexthop");
	else
		buf_add(out, word);
}

/* The first word that is the address; without any the first. */
static struct sv
address_word(struct sv words)
{
	struct sv first, word;

	if (!sv_cut(&words, ':', &first))
		return sv_from(NULL);
	for (word = first; !postfix_is_address_word(word, true);)
		if (!sv_cut(&words, ':', &word))
			return first;
	return word;
}

void
postfix_match(struct sv cert_name, bool is_address, struct buf *out)
{
	const size_t start = out->n;
	struct sv rest = cert_name, word;

	while (sv_cut(&rest, ':', &word)) {
		if (!is_name_word(word, is_address))
			continue;
		if (out->n > start)
			buf_addc(out, ':');
		add_word(word, out);
	}
	if (out->n == start)
		add_word(address_word(cert_name), out);
}

bool
postfix_can_match(struct sv cert_name, bool is_address)
{
	struct sv word;

	if (!is_address)
		return true;
	while (sv_cut(&cert_name, ':', &word))
		if (!sv_is_nocase(word, ".nexthop"))
			return true;
	return false;
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
postfix_tlspolicy(const struct demand *d, const struct postfix_target *to,
    struct buf *out)
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
	add_protocols(d->min_protocol, to->version, out);
	add_ciphers(d->min_bits, out);
	if (is_pinned)
		add_pins(d->fingerprint, out);
	if (d->level == LEVEL_SECURE) {
		if (d->cert_name.n > 0) {
			buf_adds(out, " match=");
			postfix_match(d->cert_name, to->is_address, out);
		}
		if (d->ca != NULL)
			buf_addf(out, " tafile=%.*s/%.*s.pem",
			    SV_ARG(to->ca_directory), SV_ARG(d->ca->hash));
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
