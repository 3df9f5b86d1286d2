/* tlswarden: milter/auth_results - the Authentication-Results header.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "milter/auth_results.h"
#include "wire/domain.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 5322 3.2.2: comment = "(" *([FWS] ccontent) [FWS] ")"; they nest. Takes
 * one off the front; false when it never ends. */
static bool
skip_comment(struct sv *in)
{
	size_t depth = 0;

	for (size_t i = 0; i < in->n; i++) {
		char c = in->p[i];

		if (c == '\\')
			i++;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0) {
			*in = sv_skip(*in, i + 1);
			return true;
		}
	}
	return false;
}

/* RFC 5322 3.2.2: CFWS. */
static bool
skip_cfws(struct sv *in)
{
	while (in->n > 0) {
		if (is_blank(in->p[0]))
			*in = sv_skip(*in, 1);
		else if (in->p[0] != '(')
			return true;
		else if (!skip_comment(in))
			return false;
	}
	return true;
}

/* RFC 2045 5.1: value = token / quoted-string. Adds it, unquoted, to out. */
static bool
take_quoted(struct sv in, struct buf *out)
{
	for (size_t i = 1; i < in.n; i++) {
		if (in.p[i] == '"')
			return true;
		if (in.p[i] == '\\' && ++i == in.n)
			return false;
		if (in.p[i] != '\r' && in.p[i] != '\n')
			buf_addc(out, in.p[i]);
	}
	return false;
}

static bool
take_token(struct sv in, struct buf *out)
{
	size_t n = 0;

	while (
	    n < in.n && !is_blank(in.p[n]) && in.p[n] != ';' && in.p[n] != '(')
		n++;
	buf_add(out, sv_head(in, n));
	return n > 0;
}

/* As names are compared; what is no domain name as it is. */
static struct sv
normal(struct sv name, char domain[static LIMIT_DOMAIN + 1])
{
	size_t n;

	if (domain_normalise(name, domain, &n) == DOMAIN_OK)
		return sv_make(domain, n);
	return name;
}

static bool
is_same(struct sv a, struct sv b)
{
	char first[LIMIT_DOMAIN + 1], second[LIMIT_DOMAIN + 1];

	return sv_eq_nocase(normal(a, first), normal(b, second));
}

bool
auth_results_claims(struct sv value, struct sv id)
{
	struct buf author;
	bool is_claim;

	if (!skip_cfws(&value) || value.n == 0)
		return true;
	buf_init(&author, value.n);
	is_claim = value.p[0] == '"' ? !take_quoted(value, &author)
				     : !take_token(value, &author);
	if (!is_claim)
		is_claim = is_same(buf_sv(&author), id);
	buf_free(&author);
	return is_claim;
}

static void
add_word(struct buf *out, const char *name, struct sv word)
{
	if (word.n == 0)
		return;
	buf_addf(out, " smtp.%s=", name);
	for (size_t i = 0; i < word.n; i++) {
		char c = word.p[i];
		bool is_plain = (c >= '0' && c <= '9') ||
		    (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    c == '.' || c == '-' || c == '_';

		buf_addc(out, is_plain ? c : '_');
	}
}

static const char *
result_word(enum tls_state state)
{
	switch (state) {
	case TLS_STATE_ON:
		return "pass";
	case TLS_STATE_NONE:
		return "none";
	case TLS_STATE_UNKNOWN:
		break;
	}
	return "temperror";
}

void
auth_results_format(struct sv id, const struct facts *f, struct buf *out)
{
	buf_add(out, id);
	buf_addf(out, "; x-tls=%s", result_word(f->tls.state));
	if (f->tls.state != TLS_STATE_ON)
		return;
	add_word(out, "version", f->tls_version);
	add_word(out, "cipher", f->tls.cipher);
	buf_addf(out, " smtp.bits=%u", f->tls.bits);
}

void
forged_init(struct forged *f)
{
	f->v = NULL;
	f->cap = 0;
	forged_reset(f);
}

void
forged_note(struct forged *f, struct sv value, struct sv id)
{
	f->n_seen++;
	if (!auth_results_claims(value, id))
		return;
	if (f->n == LIMIT_FORGED) {
		f->is_full = true;
		return;
	}
	if (f->n == f->cap) {
		f->cap = f->cap == 0 ? 4 : 2 * f->cap;
		f->v = mem_realloc(f->v, f->cap, sizeof(*f->v));
	}
	f->v[f->n++] = f->n_seen;
}

void
forged_reset(struct forged *f)
{
	f->n = 0;
	f->n_seen = 0;
	f->is_full = false;
}

void
forged_free(struct forged *f)
{
	free(f->v);
	forged_init(f);
}
