/* tlswarden: policy/party - a sender, recipient or next hop, normalised.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "policy/party.h"
#include "wire/domain.h"
#include "wire/envelope.h"

/* FNV-1a over the bytes from the last to the first, so that the hash of a
 * domain is a step on the way to the hash of an address in it. */
#define HASH_START 0xcbf29ce484222325U
#define HASH_PRIME 0x100000001b3U

static uint64_t
hash_step(uint64_t h, char c)
{
	return (h ^ (unsigned char)c) * HASH_PRIME;
}

uint64_t
party_hash(struct sv v)
{
	uint64_t h = HASH_START;

	for (size_t i = v.n; i > 0; i--)
		h = hash_step(h, v.p[i - 1]);
	return h;
}

static void
clear(struct party *p, enum party_kind kind)
{
	p->kind = kind;
	p->is_literal = false;
	p->is_bracketed = false;
	p->is_odd = false;
	p->port = 0;
	p->user_n = 0;
	p->domain_at = 0;
	p->text_n = 0;
	p->n_labels = 0;
	p->full_hash = HASH_START;
	p->addr.family = 0;
}

void
party_none(struct party *p)
{
	clear(p, PARTY_ABSENT);
}

static void
note_label(struct party *p, size_t at, uint64_t hash)
{
	if (p->n_labels == PARTY_LABELS_MAX)
		return;
	p->label_at[p->n_labels] = (uint16_t)at;
	p->label_hash[p->n_labels++] = hash;
}

/* Hashes text from its end and notes where labels of the domain start: the
 * top-level label first, the whole domain last. */
static void
index_labels(struct party *p)
{
	uint64_t h = HASH_START;

	for (size_t i = p->text_n; i > p->domain_at; i--) {
		if (p->text[i - 1] == '.' && !p->is_literal)
			note_label(p, i, h);
		h = hash_step(h, p->text[i - 1]);
	}
	if (p->text_n > p->domain_at && !p->is_literal)
		note_label(p, p->domain_at, h);
	for (size_t i = p->domain_at; i > 0; i--)
		h = hash_step(h, p->text[i - 1]);
	p->full_hash = h;
}

/* Puts host (of an address or next hop) behind what text already holds. */
static bool
put_host(struct party *p, struct sv host)
{
	char domain[LIMIT_DOMAIN + 1];
	size_t n = 0;

	p->domain_at = p->text_n;
	if (host.n == 0)
		return true;
	if (p->is_literal) {
		struct buf b;

		buf_init(&b, 64);
		addr_format(&p->addr, &b);
		n = b.n < sizeof(domain) ? b.n : sizeof(domain);
		memcpy(domain, b.p, n);
		buf_free(&b);
	} else if (domain_normalise(host, domain, &n) != DOMAIN_OK) {
		return false;
	}
	memcpy(p->text + p->text_n, domain, n);
	p->text_n = (uint16_t)(p->text_n + n);
	return true;
}

/* True for what no name of a host has: blanks and controls, brackets that
 * enclose no whole host, a dot behind a dot (next). */
static bool
is_odd(char c, char next)
{
	return (unsigned char)c <= ' ' || c == '[' || c == ']' || c == 0x7f ||
	    (c == '.' && next == '.');
}

static bool
is_host(struct sv host)
{
	char next = '.'; /* the one dot at the end is dropped */

	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	for (size_t i = host.n; i > 0; i--) {
		if (is_odd(host.p[i - 1], next))
			return false;
		next = host.p[i - 1];
	}
	return true;
}

/* The way of nearly all next hops: plain ASCII, folded and hashed in one
 * sweep. False, with p as it was, when the host needs the long way. */
static bool
put_plain_host(struct party *p, struct sv host)
{
	uint64_t h = HASH_START;
	char next = '.';

	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	if (p->is_literal || host.n == 0 || host.n > LIMIT_DOMAIN)
		return false;
	for (size_t i = host.n; i > 0; i--) {
		char c = host.p[i - 1];

		if ((unsigned char)c >= 0x80 || c == '\0') {
			p->n_labels = 0;
			return false;
		}
		if (c >= 'A' && c <= 'Z')
			c = (char)(c + ('a' - 'A'));
		if (c == '.')
			note_label(p, i, h);
		p->is_odd |= is_odd(c, next);
		p->text[i - 1] = c;
		h = hash_step(h, c);
		next = c;
	}
	note_label(p, 0, h);
	p->text_n = (uint16_t)host.n;
	p->full_hash = h;
	return true;
}

/* True if text is "[...]"; *inner_r views what is inside. */
static bool
in_brackets(struct sv text, struct sv *inner_r)
{
	if (text.n < 2 || text.p[0] != '[' || text.p[text.n - 1] != ']')
		return false;
	*inner_r = sv_make(text.p + 1, text.n - 2);
	return true;
}

/* The user and its '@'. A quoted string is what it quotes: Postfix gives it
 * with its quotes to a filter, without them to a policy service. */
static void
put_user(struct party *p, struct sv user)
{
	size_t n = envelope_user(user, p->text);

	for (size_t i = 0; i < n; i++)
		p->text[i] = sv_lower(p->text[i]);
	p->text[n] = '@';
	p->user_n = (uint16_t)n;
	p->text_n = (uint16_t)(n + 1);
}

enum party_status
party_address(struct party *p, struct sv text)
{
	struct sv user, host, inner;
	size_t at;

	if (text.n >= 2 && text.p[0] == '<' && text.p[text.n - 1] == '>')
		text = sv_make(text.p + 1, text.n - 2);
	clear(p, text.n == 0 ? PARTY_NULL : PARTY_ADDRESS);
	if (text.n == 0)
		return PARTY_OK;
	at = sv_rfind(text, '@');
	user = sv_head(text, at);
	host = sv_skip(text, at + 1);
	if (user.n > PARTY_USER_MAX || memchr(text.p, '\0', text.n) != NULL)
		return PARTY_BAD;
	put_user(p, user);
	if (in_brackets(host, &inner))
		p->is_literal = addr_parse(inner, &p->addr);
	if (!put_host(p, host))
		return PARTY_BAD;
	index_labels(p);
	return PARTY_OK;
}

/* Cheaply tells most host names from what may be an IP address: a name without
 * colon whose last label has a letter is none. */
static bool
may_be_literal(struct sv host)
{
	char last = host.n == 0 ? 'x' : host.p[host.n - 1];

	return (last >= '0' && last <= '9') || sv_find(host, ':') < host.n;
}

/* The port of a service that mail goes to, as services(5) names it; 0 for any
 * other name. */
static uint16_t
port_by_name(struct sv name)
{
	static const struct {
		struct sv name;
		uint16_t port;
	} services[] = {
		{ SV("smtp"), 25 },
		{ SV("submission"), 587 },
		{ SV("submissions"), 465 },
		{ SV("smtps"), 465 },
		{ SV("ssmtp"), 465 },
		{ SV("urd"), 465 },
		{ SV("lmtp"), 24 },
	};

	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (sv_eq(services[i].name, name))
			return services[i].port;
	return 0;
}

/* Takes ":port" off the end of a next hop, a number or the name of a service
 * (Postfix's host_port()). IPv6 text without brackets has several colons and
 * no port. *has_port_r with p->port 0: a name that is not known here. */
static struct sv
take_port(struct party *p, struct sv text, bool *has_port_r)
{
	size_t first = sv_find(text, ':'), colon;
	struct sv name;
	uint32_t port;

	*has_port_r = false;
	if (first == text.n || text.p[text.n - 1] == ']')
		return text;
	colon = sv_rfind(text, ':');
	if (first != colon && text.p[colon - 1] != ']')
		return text;
	*has_port_r = true;
	name = sv_skip(text, colon + 1);
	if (sv_to_u32(name, 65535, &port))
		p->port = (uint16_t)port;
	else
		p->port = port_by_name(name);
	return sv_head(text, colon);
}

enum party_status
party_nexthop(struct party *p, struct sv text)
{
	struct sv host;
	bool has_port;

	clear(p, PARTY_NEXTHOP);
	if (text.n == 0 || text.n > LIMIT_NEXTHOP)
		return PARTY_BAD;
	host = take_port(p, text, &has_port);
	p->is_bracketed = in_brackets(host, &host);
	p->is_host = p->is_bracketed;
	/* No rule can be written with a port that is unknown, and one without
	 * a port does not mean it. */
	if (has_port && p->port == 0)
		p->is_bracketed = false;
	p->is_literal = may_be_literal(host) && addr_parse(host, &p->addr);
	if (put_plain_host(p, host))
		return PARTY_OK;
	if (host.n == 0 || !put_host(p, host))
		return PARTY_BAD;
	p->is_odd = !p->is_literal && !is_host(host);
	index_labels(p);
	return PARTY_OK;
}

struct sv
party_user(const struct party *p)
{
	return sv_make(p->text, p->user_n);
}

struct sv
party_domain(const struct party *p)
{
	return sv_make(p->text + p->domain_at,
	    (size_t)(p->text_n - p->domain_at));
}

enum party_servers
party_servers(const struct party *p)
{
	struct sv host = party_domain(p);

	if (p->kind != PARTY_NEXTHOP || p->is_literal || !domain_is_valid(host))
		return PARTY_SERVERS_NONE;
	return p->is_host ? PARTY_SERVERS_HOST : PARTY_SERVERS_DOMAIN;
}

struct sv
party_text(const struct party *p)
{
	return sv_make(p->text, p->text_n);
}
