/* tlswarden: policy/sendmail_key - the keys of map sendmail.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "policy/sendmail_key.h"

enum { MAX_FIELDS = 12, FIELD_CN = 10 };

static const struct {
	struct sv tag;
	enum sendmail_form form;
	size_t n_fields;
	size_t n_sure; /* those that must not be cut */
} forms[] = {
	{ SV("srv:"), SENDMAIL_FORM_SRV, MAX_FIELDS, FIELD_CN },
	{ SV("rcpt:"), SENDMAIL_FORM_RCPT, MAX_FIELDS, FIELD_CN },
	{ SV("try:"), SENDMAIL_FORM_TRY, 4, 4 },
	{ SV("feat:"), SENDMAIL_FORM_FEAT, 1, 1 },
	{ SV("clt:"), SENDMAIL_FORM_CLT, 10, 6 },
};

/* Where the quoted string or the quoted pair at the front of v ends. */
static size_t
quoted_end(struct sv v)
{
	size_t i = 1;

	if (v.p[0] == '"')
		while (i < v.n && v.p[i] != '"')
			i += v.p[i] == '\\' ? 2 : 1;
	return i + 1 < v.n ? i + 1 : v.n;
}

/* Takes "<FIELD>" off the front. */
static bool
take_field(struct sv *in, struct sv *field_r)
{
	size_t i = 1;

	if (in->n == 0 || in->p[0] != '<')
		return false;
	while (i < in->n && in->p[i] != '>' && in->p[i] != '<')
		i += in->p[i] == '"' || in->p[i] == '\\'
		    ? quoted_end(sv_skip(*in, i))
		    : 1;
	if (i == in->n || in->p[i] != '>')
		return false;
	*field_r = sv_make(in->p + 1, i - 1);
	*in = sv_skip(*in, i + 1);
	return true;
}

static bool
take_flag(struct sv field, bool *flag_r)
{
	*flag_r = sv_is(field, "1");
	return *flag_r || sv_is(field, "0");
}

static bool
set_session(struct sendmail_key *r, const struct sv f[static MAX_FIELDS])
{
	r->verify = f[0];
	r->version = f[1];
	r->bits = f[2];
	r->address = f[6];
	r->recipient = f[7];
	r->nexthop = f[8];
	r->server = f[9];
	r->cn = f[FIELD_CN];
	r->issuer = f[FIELD_CN + 1];
	return take_flag(f[3], &r->has_host) &&
	    take_flag(f[4], &r->has_domain) && take_flag(f[5], &r->has_nexthop);
}

static void
set_client(struct sendmail_key *r, const struct sv f[static MAX_FIELDS])
{
	r->verify = f[0];
	r->version = f[1];
	r->bits = f[2];
	r->address = f[3];
	r->sender = f[4];
	r->recipient = f[5];
	r->fingerprint = f[6];
	r->cn = f[7];
	r->subject = f[8];
	r->issuer = f[9];
}

static bool
set_fields(struct sendmail_key *r, const struct sv f[static MAX_FIELDS])
{
	switch (r->form) {
	case SENDMAIL_FORM_SRV:
	case SENDMAIL_FORM_RCPT:
		return set_session(r, f);
	case SENDMAIL_FORM_TRY:
		r->address = f[0];
		r->recipient = f[1];
		r->nexthop = f[2];
		r->server = f[3];
		return true;
	case SENDMAIL_FORM_FEAT:
		r->address = f[0];
		return true;
	case SENDMAIL_FORM_CLT:
		set_client(r, f);
		return true;
	case SENDMAIL_FORM_UNKNOWN:
		break;
	}
	return false;
}

/* A key that reaches the limit of some Sendmail may have lost its end: then no
 * name there is believed, whatever is left of it. */
static enum sendmail_key_status
parse_fields(struct sv in, size_t n_fields, size_t n_sure,
    struct sendmail_key *r)
{
	struct sv f[MAX_FIELDS] = { { NULL, 0 } };
	size_t n = 0;

	while (n < n_fields && take_field(&in, &f[n]))
		n++;
	if (n == n_fields && in.n == 0)
		return set_fields(r, f) ? SENDMAIL_KEY_OK : SENDMAIL_KEY_BAD;
	if (n < n_sure || n == n_fields)
		return SENDMAIL_KEY_BAD;
	for (n = n_sure; n < n_fields; n++)
		f[n] = sv_from("");
	return set_fields(r, f) ? SENDMAIL_KEY_CUT : SENDMAIL_KEY_BAD;
}

enum sendmail_key_status
sendmail_key_parse(struct sv key, struct sendmail_key *r)
{
	static const struct sendmail_key nothing;
	bool may_be_cut = key.n >= SENDMAIL_KEY_CUT_MIN;

	*r = nothing;
	if (key.n > SENDMAIL_KEY_MAX)
		return SENDMAIL_KEY_BAD;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (!sv_starts(key, forms[i].tag))
			continue;
		r->form = forms[i].form;
		return parse_fields(sv_skip(key, forms[i].tag.n),
		    forms[i].n_fields,
		    may_be_cut ? forms[i].n_sure : forms[i].n_fields, r);
	}
	return SENDMAIL_KEY_BAD;
}
