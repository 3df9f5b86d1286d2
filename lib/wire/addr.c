/* tlswarden: wire/addr - IP addresses, subnets as MTAs and people write them.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <arpa/inet.h>
#include <string.h>
#include <sysexits.h>

#include "wire/addr.h"

/* ::ffff:0:0/96 */
static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static void
unmap(struct addr *a)
{
	if (a->family != 6 || memcmp(a->b, mapped, sizeof(mapped)) != 0)
		return;
	a->family = 4;
	memmove(a->b, a->b + sizeof(mapped), 4);
	memset(a->b + 4, 0, 12);
}

/* Parses without unmapping. */
static bool
parse_raw(struct sv text, struct addr *r)
{
	static const struct sv prefix = SV("ipv6:");
	char s[INET6_ADDRSTRLEN];
	bool must_be_6 = false;

	if (text.n > prefix.n &&
	    sv_eq_nocase(sv_head(text, prefix.n), prefix)) {
		text = sv_skip(text, prefix.n);
		must_be_6 = true;
	}
	if (text.n == 0 || text.n >= sizeof(s) ||
	    memchr(text.p, '\0', text.n) != NULL)
		return false;
	memcpy(s, text.p, text.n);
	s[text.n] = '\0';
	memset(r, 0, sizeof(*r));
	if (!must_be_6 && inet_pton(AF_INET, s, r->b) == 1) {
		r->family = 4;
		return true;
	}
	if (inet_pton(AF_INET6, s, r->b) == 1) {
		r->family = 6;
		return true;
	}
	return false;
}

bool
addr_parse(struct sv text, struct addr *r)
{
	struct addr a;

	if (!parse_raw(text, &a))
		return false;
	unmap(&a);
	*r = a;
	return true;
}

bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return addr_cmp(a, b) == 0;
}

int
addr_cmp(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->b, b->b, sizeof(a->b));
}

void
addr_format(const struct addr *a, struct buf *out)
{
	char s[INET6_ADDRSTRLEN] = "";

	if (a->family == 4)
		(void)inet_ntop(AF_INET, a->b, s, sizeof(s));
	else if (a->family == 6)
		(void)inet_ntop(AF_INET6, a->b, s, sizeof(s));
	buf_adds(out, s);
}

static unsigned
width(const struct addr *a)
{
	return a->family == 4 ? 32 : 128;
}

/* Clears (or sets) all bits behind the first n. */
static void
fill_tail(struct addr *a, unsigned n, bool set)
{
	for (unsigned i = n; i < width(a); i++) {
		uint8_t bit = (uint8_t)(0x80 >> (i % 8));

		if (set)
			a->b[i / 8] |= bit;
		else
			a->b[i / 8] &= (uint8_t)~bit;
	}
}

static int
bad_cidr(struct sv text, const char *why, struct err *err_r)
{
	struct buf b;

	buf_init(&b, 400);
	buf_add_printable(&b, text, 80);
	(void)err_set(err_r, EX_DATAERR,
	    "subnet \"%s\" %s; write an address (192.0.2.1, 2001:db8::1) or "
	    "ADDRESS/BITS (192.0.2.0/24, 2001:db8::/32)",
	    buf_str(&b), why);
	buf_free(&b);
	return -1;
}

static int
has_host_bits(struct sv text, const struct cidr *masked, struct err *err_r)
{
	struct buf b, good;

	buf_init(&b, 400);
	buf_init(&good, 80);
	buf_add_printable(&b, text, 80);
	cidr_format(masked, &good);
	(void)err_set(err_r, EX_DATAERR,
	    "subnet \"%s\" has bits set behind its prefix; write %s",
	    buf_str(&b), buf_str(&good));
	buf_free(&good);
	buf_free(&b);
	return -1;
}

int
cidr_parse(struct sv text, struct cidr *r, struct err *err_r)
{
	size_t slash = sv_find(text, '/');
	struct sv bits = sv_skip(text, slash + 1);
	struct cidr c = { 0 }, masked;
	uint32_t n;

	if (!parse_raw(sv_head(text, slash), &c.net))
		return bad_cidr(text, "is not an IP address", err_r);
	n = width(&c.net);
	if (slash < text.n &&
	    ((bits.n > 1 && bits.p[0] == '0') || !sv_to_u32(bits, n, &n)))
		return bad_cidr(text, "has a bad prefix length", err_r);
	if (c.net.family == 6 && n >= 96) {
		unmap(&c.net);
		if (c.net.family == 4)
			n -= 96;
	}
	c.bits = (uint8_t)n;
	masked = c;
	fill_tail(&masked.net, n, false);
	if (!addr_eq(&masked.net, &c.net))
		return has_host_bits(text, &masked, err_r);
	*r = c;
	return 0;
}

bool
cidr_has(const struct cidr *c, const struct addr *a)
{
	unsigned whole = c->bits / 8, rest = c->bits % 8;

	if (a->family == 0 || a->family != c->net.family ||
	    memcmp(a->b, c->net.b, whole) != 0)
		return false;
	if (rest == 0)
		return true;
	return ((a->b[whole] ^ c->net.b[whole]) >> (8 - rest)) == 0;
}

void
cidr_format(const struct cidr *c, struct buf *out)
{
	addr_format(&c->net, out);
	buf_addf(out, "/%u", (unsigned)c->bits);
}

void
cidr_range(const struct cidr *c, struct addr *first_r, struct addr *last_r)
{
	*first_r = c->net;
	*last_r = c->net;
	fill_tail(last_r, c->bits, true);
}
