/* tlswarden: policy/pattern - sender and recipient patterns (DESIGN section 4).
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>
#include <sysexits.h>

#include "base/limits.h"
#include "policy/pattern.h"
#include "wire/domain.h"
#include "wire/envelope.h"

#define FORMS                                                                \
	"write user@example.com, example.com, .example.com, a glob such as " \
	"sales-*@example.com or *.example.com, * or *@*"

static int
bad(struct sv text, const char *why, struct err *err_r)
{
	struct buf b;

	buf_init(&b, 400);
	buf_add_printable(&b, text, 80);
	(void)err_set(err_r, EX_DATAERR, "pattern \"%s\" %s", buf_str(&b), why);
	buf_free(&b);
	return -1;
}

static bool
has_wildcard(struct sv v)
{
	return sv_find(v, '*') < v.n || sv_find(v, '?') < v.n;
}

static uint16_t
count_literals(struct sv v)
{
	uint16_t n = 0;

	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] != '*' && v.p[i] != '?' && v.p[i] != '@')
			n++;
	return n;
}

/* Adds the normal form of a domain without wildcards. */
static bool
add_domain(struct sv domain, struct buf *norm)
{
	char text[LIMIT_DOMAIN + 1];
	size_t n;

	if (domain_normalise(domain, text, &n) != DOMAIN_OK ||
	    !domain_is_valid(sv_make(text, n)))
		return false;
	buf_add(norm, sv_make(text, n));
	return true;
}

static bool
is_glob_byte(char c)
{
	return c == '*' || c == '?' || c == '-' || c == '_' ||
	    (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Adds a glob over a domain, label by label: a label without wildcards may be
 * a U-label, one with wildcards is ASCII. */
static bool
add_domain_glob(struct sv glob, struct buf *norm)
{
	struct sv label;
	bool is_first = true;

	if (glob.n > 0 && glob.p[glob.n - 1] == '.')
		glob.n--;
	if (glob.n == 0 || glob.p[glob.n - 1] == '.')
		return false;
	while (sv_cut(&glob, '.', &label)) {
		if (!is_first)
			buf_addc(norm, '.');
		is_first = false;
		if (label.n == 0)
			return false;
		if (!has_wildcard(label)) {
			if (!add_domain(label, norm))
				return false;
			continue;
		}
		for (size_t i = 0; i < label.n; i++) {
			char c = sv_lower(label.p[i]);

			if (!is_glob_byte(c))
				return false;
			buf_addc(norm, c);
		}
	}
	return true;
}

static bool
is_user(struct sv user)
{
	bool is_quoted =
	    user.n >= 2 && user.p[0] == '"' && user.p[user.n - 1] == '"';

	for (size_t i = 0; i < user.n; i++) {
		unsigned char c = (unsigned char)user.p[i];

		if (c < 0x20 || c == 0x7f || (c == ' ' && !is_quoted))
			return false;
	}
	return user.n > 0 && user.n <= PARTY_USER_MAX;
}

static void
add_lower(struct sv v, struct buf *norm)
{
	for (size_t i = 0; i < v.n; i++)
		buf_addc(norm, sv_lower(v.p[i]));
}

/* Without the quotes of a quoted string, as parties are. */
static void
add_user(struct sv user, struct buf *norm)
{
	char meant[PARTY_USER_MAX];

	add_lower(sv_make(meant, envelope_user(user, meant)), norm);
}

/* user@[192.0.2.1] */
static int
parse_literal_address(struct sv text, struct sv host, struct buf *norm,
    struct pattern *p, struct err *err_r)
{
	struct addr a;

	if (host.n < 2 || host.p[host.n - 1] != ']' ||
	    !addr_parse(sv_make(host.p + 1, host.n - 2), &a))
		return bad(text, "has no IP address in its brackets", err_r);
	addr_format(&a, norm);
	p->kind = PATTERN_ADDRESS;
	return 0;
}

/* The domain part behind an '@' whose user was added. */
static int
parse_address(struct sv text, struct sv user, struct sv host, struct buf *norm,
    struct pattern *p, struct err *err_r)
{
	bool is_glob = has_wildcard(user);

	if (!is_user(user))
		return bad(text,
		    "has no user before the @, or blanks or control "
		    "characters in it; write the domain alone for all users, "
		    "<> for the null sender",
		    err_r);
	add_user(user, norm);
	buf_addc(norm, '@');
	p->domain_at = (uint16_t)norm->n;
	p->has_user = true;
	if (host.n > 0 && host.p[0] == '[' && !is_glob)
		return parse_literal_address(text, host, norm, p, err_r);
	if (host.n > 0 && host.p[0] == '.')
		return bad(text,
		    "has a dot behind the @; write user@*.example.com for a "
		    "user at any subdomain",
		    err_r);
	if (has_wildcard(host)) {
		p->kind = PATTERN_DOMAIN_GLOB;
		if (!add_domain_glob(host, norm))
			return bad(text, "has a bad domain glob; " FORMS,
			    err_r);
		return 0;
	}
	p->kind = is_glob ? PATTERN_USER_GLOB : PATTERN_ADDRESS;
	if (!add_domain(host, norm))
		return bad(text, "has no valid domain behind the @; " FORMS,
		    err_r);
	return 0;
}

/* [host], host:port, [host]:port */
static int
parse_written(struct sv text, enum pattern_place place, struct buf *norm,
    struct pattern *p, struct err *err_r)
{
	struct party hop;
	size_t colon = sv_rfind(text, ':');
	struct sv port = sv_skip(text, colon + 1);

	if (place != PATTERN_OUT_RECIPIENT)
		return bad(text,
		    "is a next hop as written; that is legal only as "
		    "recipient of direction out",
		    err_r);
	if (party_nexthop(&hop, text) != PARTY_OK ||
	    (!hop.is_literal && !domain_is_valid(party_text(&hop))) ||
	    (!hop.is_bracketed && hop.port == 0) ||
	    (hop.port != 0 && port.n > 0 &&
		(port.p[0] < '1' || port.p[0] > '9')) ||
	    (hop.is_literal && !hop.is_bracketed))
		return bad(text,
		    "is not a next hop; write [host], host:port, "
		    "[host]:port or [192.0.2.1]:port",
		    err_r);
	p->kind = PATTERN_WRITTEN;
	p->is_bracketed = hop.is_bracketed;
	p->port = hop.port;
	buf_add(norm, party_text(&hop));
	return 0;
}

/* A pattern without '@', brackets or colon. */
static int
parse_domain(struct sv text, struct buf *norm, struct pattern *p,
    struct err *err_r)
{
	if (has_wildcard(text)) {
		p->kind = PATTERN_DOMAIN_GLOB;
		if (!add_domain_glob(text, norm))
			return bad(text, "is no domain glob; " FORMS, err_r);
		return 0;
	}
	p->kind = PATTERN_DOMAIN;
	if (text.p[0] == '.') {
		p->kind = PATTERN_PARENT;
		text = sv_skip(text, 1);
	}
	if (!add_domain(text, norm))
		return bad(text, "is no domain; " FORMS, err_r);
	return 0;
}

static int
parse_kind(struct sv text, enum pattern_place place, struct buf *norm,
    struct pattern *p, struct err *err_r)
{
	size_t at = sv_rfind(text, '@');
	struct addr a;

	if (sv_is(text, "*")) {
		p->kind = PATTERN_ANY;
		return 0;
	}
	if (sv_is(text, "<>")) {
		p->kind = PATTERN_ADDRESS;
		p->is_null = true;
		if (place == PATTERN_IN_SENDER)
			return 0;
		return bad(text,
		    "is the null sender; it is legal only in column sender",
		    err_r);
	}
	if (at < text.n)
		return parse_address(text, sv_head(text, at),
		    sv_skip(text, at + 1), norm, p, err_r);
	if (addr_parse(text, &a))
		return bad(text,
		    "is an IP address; write [192.0.2.1] for a next hop "
		    "written so, or use the column subnet",
		    err_r);
	if (text.p[0] == '[' || sv_find(text, ':') < text.n)
		return parse_written(text, place, norm, p, err_r);
	return parse_domain(text, norm, p, err_r);
}

int
pattern_parse(struct sv text, enum pattern_place place, struct buf *norm,
    struct pattern *r, struct err *err_r)
{
	struct pattern p = { 0 };
	size_t start = norm->n;

	if (text.n == 0 || text.n > LIMIT_PATTERN ||
	    memchr(text.p, '\0', text.n) != NULL)
		return bad(text, "is empty, too long or has a NUL; " FORMS,
		    err_r);
	if (parse_kind(text, place, norm, &p, err_r) != 0)
		return -1;
	if (norm->is_full)
		return bad(text, "is too long", err_r);
	if (p.has_user)
		p.domain_at = (uint16_t)(p.domain_at - start);
	p.text = norm->p == NULL ? "" : norm->p + start;
	p.n = (uint16_t)(norm->n - start);
	p.literals = p.kind == PATTERN_PARENT
	    ? p.n
	    : count_literals(sv_make(p.text, p.n));
	*r = p;
	return 0;
}

void
pattern_rebase(struct pattern *p, const char *text)
{
	p->text = text;
}

bool
pattern_glob(struct sv glob, struct sv text)
{
	size_t g = 0, t = 0, star = SIZE_MAX, mark = 0;

	while (t < text.n) {
		if (g < glob.n && glob.p[g] == '*') {
			star = g++;
			mark = t;
		} else if (g < glob.n &&
		    (glob.p[g] == '?' || glob.p[g] == text.p[t])) {
			g++;
			t++;
		} else if (star != SIZE_MAX) {
			g = star + 1;
			t = ++mark;
		} else {
			return false;
		}
	}
	while (g < glob.n && glob.p[g] == '*')
		g++;
	return g == glob.n;
}

static struct sv
pattern_user(const struct pattern *p)
{
	return sv_make(p->text, p->has_user ? (size_t)p->domain_at - 1 : 0);
}

static struct sv
pattern_domain(const struct pattern *p)
{
	return sv_make(p->text + p->domain_at, (size_t)(p->n - p->domain_at));
}

static bool
is_all_stars(struct sv v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] != '*')
			return false;
	return v.n > 0;
}

bool
pattern_covers_domain(const struct pattern *p)
{
	switch ((enum pattern_kind)p->kind) {
	case PATTERN_WRITTEN:
	case PATTERN_DOMAIN:
	case PATTERN_PARENT:
	case PATTERN_ANY:
		return true;
	case PATTERN_USER_GLOB:
	case PATTERN_DOMAIN_GLOB:
		return !p->has_user || is_all_stars(pattern_user(p));
	case PATTERN_BAD:
	case PATTERN_ADDRESS:
		break;
	}
	return false;
}

static bool
user_matches(const struct pattern *p, const struct party *who)
{
	if (!p->has_user)
		return true;
	if (who->kind == PARTY_NEXTHOP)
		return pattern_covers_domain(p);
	return pattern_glob(pattern_user(p), party_user(who));
}

/* A domain glob has no business with IP addresses, but for "*". */
static bool
domain_glob_matches(const struct pattern *p, const struct party *who)
{
	if (is_all_stars(pattern_domain(p)))
		return p->has_user || party_domain(who).n > 0;
	return !who->is_literal &&
	    pattern_glob(pattern_domain(p), party_domain(who));
}

static bool
is_below(struct sv domain, struct sv parent)
{
	return domain.n > parent.n + 1 && sv_ends(domain, parent) &&
	    domain.p[domain.n - parent.n - 1] == '.';
}

bool
pattern_matches_domain(const struct pattern *p, const struct party *who)
{
	struct sv domain = pattern_domain(p);

	switch ((enum pattern_kind)p->kind) {
	case PATTERN_ANY:
		return true;
	case PATTERN_WRITTEN:
		return who->kind == PARTY_NEXTHOP &&
		    p->is_bracketed == who->is_bracketed &&
		    p->port == who->port && sv_eq(domain, party_text(who));
	case PATTERN_ADDRESS:
		return !p->is_null && sv_eq(domain, party_domain(who));
	case PATTERN_DOMAIN:
	case PATTERN_USER_GLOB:
		return !who->is_literal && sv_eq(domain, party_domain(who));
	case PATTERN_PARENT:
		return !who->is_literal && is_below(party_domain(who), domain);
	case PATTERN_DOMAIN_GLOB:
		return domain_glob_matches(p, who);
	case PATTERN_BAD:
		break;
	}
	return false;
}

bool
pattern_matches(const struct pattern *p, const struct party *who)
{
	if (p->kind == PATTERN_ANY)
		return true;
	if (who->kind == PARTY_ABSENT)
		return false;
	if (who->kind == PARTY_NULL)
		return p->is_null;
	if (p->kind == PATTERN_ADDRESS)
		return !p->is_null && who->kind == PARTY_ADDRESS &&
		    sv_eq(sv_make(p->text, p->n), party_text(who));
	return pattern_matches_domain(p, who) && user_matches(p, who);
}

/* A user that is no word of its own is quoted again. */
static void
format_user(struct sv user, struct buf *out)
{
	bool is_quoted = sv_find(user, ' ') < user.n ||
	    sv_find(user, '"') < user.n || sv_find(user, '\\') < user.n;

	if (is_quoted)
		buf_addc(out, '"');
	for (size_t i = 0; i < user.n; i++) {
		if (is_quoted && (user.p[i] == '"' || user.p[i] == '\\'))
			buf_addc(out, '\\');
		buf_addc(out, user.p[i]);
	}
	if (is_quoted)
		buf_addc(out, '"');
}

void
pattern_format(const struct pattern *p, struct buf *out)
{
	if (p->kind == PATTERN_ANY)
		buf_addc(out, '*');
	else if (p->is_null)
		buf_adds(out, "<>");
	if (p->kind == PATTERN_PARENT)
		buf_addc(out, '.');
	if (p->is_bracketed)
		buf_addc(out, '[');
	if (p->has_user) {
		format_user(pattern_user(p), out);
		buf_addc(out, '@');
	}
	buf_add(out, pattern_domain(p));
	if (p->is_bracketed)
		buf_addc(out, ']');
	if (p->port != 0)
		buf_addf(out, ":%u", (unsigned)p->port);
}

bool
pattern_is_address_hop(const struct pattern *p)
{
	struct addr unused;

	return p->kind == PATTERN_WRITTEN &&
	    addr_parse(sv_make(p->text, p->n), &unused);
}

bool
pattern_nexthop(const struct pattern *p, struct buf *out)
{
	struct sv text = sv_make(p->text, p->n);

	switch ((enum pattern_kind)p->kind) {
	case PATTERN_WRITTEN:
		pattern_format(p, out);
		return true;
	case PATTERN_ADDRESS:
	case PATTERN_USER_GLOB:
	case PATTERN_DOMAIN:
		text = sv_skip(text, p->domain_at);
		buf_add(out, text);
		return text.n > 0;
	case PATTERN_BAD:
	case PATTERN_PARENT:
	case PATTERN_DOMAIN_GLOB:
	case PATTERN_ANY:
		break;
	}
	return false;
}
