/* tlswarden: policy/sendmail_key - the keys of map sendmail.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "policy/sendmail_key.h"

enum { MAX_FIELDS = 10, FIELD_CN = 8 };

static const struct {
	struct sv tag;
	enum sendmail_form form;
	size_t n_fields;
} forms[] = {
	{ SV("srv:"), SENDMAIL_FORM_SRV, 10 },
	{ SV("rcpt:"), SENDMAIL_FORM_RCPT, 10 },
	{ SV("try:"), SENDMAIL_FORM_TRY, 3 },
	{ SV("feat:"), SENDMAIL_FORM_FEAT, 1 },
};

/* Takes "<FIELD>" off the front. */
static bool
take_field(struct sv *in, struct sv *field_r)
{
	size_t end = sv_find(*in, '>');

	if (in->n == 0 || in->p[0] != '<' || end == in->n)
		return false;
	*field_r = sv_make(in->p + 1, end - 1);
	if (sv_find(*field_r, '<') < field_r->n)
		return false;
	*in = sv_skip(*in, end + 1);
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
	r->address = f[5];
	r->target = f[6];
	r->server = f[7];
	r->cn = f[8];
	r->issuer = f[9];
	return take_flag(f[3], &r->has_host) &&
	    take_flag(f[4], &r->has_nexthop);
}

static bool
set_fields(struct sendmail_key *r, const struct sv f[static MAX_FIELDS])
{
	switch (r->form) {
	case SENDMAIL_FORM_SRV:
	case SENDMAIL_FORM_RCPT:
		return set_session(r, f);
	case SENDMAIL_FORM_TRY:
		r->target = f[1];
		r->server = f[2];
		r->address = f[0];
		return true;
	case SENDMAIL_FORM_FEAT:
		r->address = f[0];
		return true;
	case SENDMAIL_FORM_UNKNOWN:
		break;
	}
	return false;
}

/* A key that reaches Sendmail's limit may have lost its end: then CN and
 * issuer are not believed, whatever is there. */
static enum sendmail_key_status
parse_fields(struct sv in, size_t n_fields, bool may_be_cut,
    struct sendmail_key *r)
{
	struct sv f[MAX_FIELDS] = { { NULL, 0 } };
	size_t n = 0;

	while (n < n_fields && take_field(&in, &f[n]))
		n++;
	if (n == n_fields && in.n == 0)
		return set_fields(r, f) ? SENDMAIL_KEY_OK : SENDMAIL_KEY_BAD;
	if (!may_be_cut || n < FIELD_CN || n_fields < MAX_FIELDS)
		return SENDMAIL_KEY_BAD;
	f[FIELD_CN] = f[FIELD_CN + 1] = sv_from("");
	return set_fields(r, f) ? SENDMAIL_KEY_CUT : SENDMAIL_KEY_BAD;
}

enum sendmail_key_status
sendmail_key_parse(struct sv key, struct sendmail_key *r)
{
	static const struct sendmail_key nothing;
	bool may_be_cut = key.n >= SENDMAIL_KEY_MAX - 2;

	*r = nothing;
	if (key.n > SENDMAIL_KEY_MAX)
		return SENDMAIL_KEY_BAD;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (!sv_starts(key, forms[i].tag))
			continue;
		r->form = forms[i].form;
		return parse_fields(sv_skip(key, forms[i].tag.n),
		    forms[i].n_fields, may_be_cut, r);
	}
	return SENDMAIL_KEY_BAD;
}
