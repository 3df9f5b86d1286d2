/* tlswarden: annotate/delivery - to whom mail went, by a line of a mail log.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "annotate/delivery.h"
#include "annotate/lines.h"
#include "annotate/words.h"

/* What stands behind the key, up to a comma; false: nothing does. */
static bool
value(struct sv msg, struct sv key, struct sv *r)
{
	size_t at = words_find(msg, key);

	if (at == msg.n)
		return false;
	msg = sv_skip(msg, at + key.n);
	*r = sv_head(msg, sv_find(msg, ','));
	return r->n > 0;
}

/* Postfix names the relay, Sendmail the mailer, too. */
static bool
is_smtp(struct sv program, struct sv msg)
{
	static const struct sv relay_key = SV(" relay="),
			       mailer_key = SV(" mailer="), smtp = SV("smtp");
	struct sv mailer, relay;

	if (!value(msg, relay_key, &relay))
		return false;
	if (value(msg, mailer_key, &mailer))
		return sv_ends(mailer, smtp);
	return sv_ends(program, sv_from("/smtp"));
}

bool
delivery_line(struct sv line, struct sv *rest_r)
{
	static const struct sv to = SV(" to=<");
	struct sv program, msg;
	uint32_t pid;
	size_t at;

	line = sv_head(line, ANNOTATE_LINE);
	if (!lines_split(line, &program, &pid, &msg) || !is_smtp(program, msg))
		return false;
	at = words_find(msg, to);
	if (at == msg.n)
		return false;
	*rest_r = sv_skip(msg, at + to.n - 1);
	return true;
}

/* "<a@x>, orig_to=..." of Postfix, "<a@x>,<b@y>, ctladdr=..." of Sendmail. */
bool
delivery_domain(struct sv *rest, struct sv *domain_r)
{
	while (rest->n > 0 && rest->p[0] == '<') {
		size_t end = sv_find(*rest, '>');
		struct sv address = sv_head(sv_skip(*rest, 1), end - 1);
		size_t at = sv_rfind(address, '@');

		if (end == rest->n) {
			rest->n = 0;
			return false;
		}
		*rest = sv_skip(*rest, end + 1);
		if (rest->n > 1 && rest->p[0] == ',' && rest->p[1] == '<')
			*rest = sv_skip(*rest, 1);
		*domain_r = sv_skip(address, at + 1);
		if (at < address.n && domain_r->n > 0)
			return true;
	}
	return false;
}
