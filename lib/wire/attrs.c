/* tlswarden: wire/attrs - Postfix policy delegation (SMTPD_POLICY_README).
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "wire/attrs.h"

static const struct sv names[ATTR_COUNT] = {
	[ATTR_REQUEST] = SV("request"),
	[ATTR_PROTOCOL_STATE] = SV("protocol_state"),
	[ATTR_CLIENT_ADDRESS] = SV("client_address"),
	[ATTR_CLIENT_NAME] = SV("client_name"),
	[ATTR_CLIENT_PORT] = SV("client_port"),
	[ATTR_HELO_NAME] = SV("helo_name"),
	[ATTR_SENDER] = SV("sender"),
	[ATTR_RECIPIENT] = SV("recipient"),
	[ATTR_QUEUE_ID] = SV("queue_id"),
	[ATTR_INSTANCE] = SV("instance"),
	[ATTR_SASL_METHOD] = SV("sasl_method"),
	[ATTR_SASL_USERNAME] = SV("sasl_username"),
	[ATTR_CCERT_SUBJECT] = SV("ccert_subject"),
	[ATTR_CCERT_ISSUER] = SV("ccert_issuer"),
	[ATTR_CCERT_FINGERPRINT] = SV("ccert_fingerprint"),
	[ATTR_CCERT_PUBKEY_FINGERPRINT] = SV("ccert_pubkey_fingerprint"),
	[ATTR_ENCRYPTION_PROTOCOL] = SV("encryption_protocol"),
	[ATTR_ENCRYPTION_CIPHER] = SV("encryption_cipher"),
	[ATTR_ENCRYPTION_KEYSIZE] = SV("encryption_keysize"),
	[ATTR_POLICY_CONTEXT] = SV("policy_context"),
};

const char *
attrs_name(enum attr attr)
{
	return attr < ATTR_COUNT ? names[attr].p : "";
}

/* Most attributes are told from each other by length and last letter. */
static bool
is_name(size_t at, struct sv name)
{
	const struct sv *own = &names[at];

	return own->n == name.n && own->p[own->n - 1] == name.p[own->n - 1] &&
	    memcmp(own->p, name.p, own->n) == 0;
}

/* The attribute of that name, ATTR_COUNT when we use none such. *next_r is
 * where to look first: Postfix keeps to one order. */
static size_t
find_attr(struct sv name, size_t *next_r)
{
	if (*next_r < ATTR_COUNT && is_name(*next_r, name))
		return (*next_r)++;
	for (size_t at = 0; at < ATTR_COUNT; at++)
		if (is_name(at, name)) {
			*next_r = at + 1;
			return at;
		}
	return ATTR_COUNT;
}

/* One "name=value"; false when it is none, or one that was there before. */
static bool
parse_line(struct sv line, struct attrs *attrs, size_t *next)
{
	size_t eq = sv_find(line, '=');
	size_t at;

	if (eq == 0 || eq == line.n)
		return false;
	at = find_attr(sv_head(line, eq), next);
	if (at == ATTR_COUNT)
		return true;
	if (attrs->v[at].p != NULL)
		return false;
	attrs->v[at] = sv_make(line.p + eq + 1, line.n - eq - 1);
	return true;
}

enum attrs_status
attrs_parse(struct sv in, size_t max, struct attrs *attrs_r, size_t *used_r)
{
	struct attrs attrs = { 0 };
	struct sv rest = sv_head(in, max);
	size_t next = 0;

	for (;;) {
		size_t end = sv_find(rest, '\n');
		struct sv line = sv_head(rest, end);

		if (end == rest.n)
			return in.n < max ? ATTRS_MORE : ATTRS_BAD;
		rest = sv_skip(rest, end + 1);
		if (line.n == 0)
			break;
		if (!parse_line(line, &attrs, &next))
			return ATTRS_BAD;
	}
	*attrs_r = attrs;
	*used_r = (size_t)(rest.p - in.p);
	return ATTRS_OK;
}

void
attrs_format(const struct attrs *attrs, struct buf *out)
{
	for (size_t i = 0; i < ATTR_COUNT; i++) {
		if (attrs->v[i].p == NULL)
			continue;
		buf_add(out, names[i]);
		buf_addc(out, '=');
		buf_add(out, attrs->v[i]);
		buf_addc(out, '\n');
	}
	buf_addc(out, '\n');
}

void
attrs_format_action(struct sv text, struct buf *out)
{
	buf_adds(out, "action=");
	for (size_t i = 0; i < text.n; i++)
		buf_addc(out,
		    text.p[i] >= ' ' && text.p[i] <= '~' ? text.p[i] : '?');
	buf_adds(out, "\n\n");
}
