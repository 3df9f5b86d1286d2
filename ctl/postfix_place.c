/* tlswarden: ctl/postfix_place - where a setting of Postfix has its value.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "ctl/postfix.h"
#include "base/banned.h"

enum { NAME_BYTES = 256 };

/* "smtp_x" is "lmtp_x" for lmtp(8). */
static const char *
lmtp_name(const struct postfix *p, const char *name)
{
	static const struct sv smtp = SV("smtp_");
	struct buf b;
	struct sv v;

	if (!sv_starts(sv_from(name), smtp))
		return name;
	buf_init(&b, NAME_BYTES);
	buf_addf(&b, "lmtp_%s", name + smtp.n);
	v = arena_sv(p->mem, buf_sv(&b));
	buf_free(&b);
	return v.p;
}

/* What is asked for: a setting of the services of a daemon. */
struct asked {
	const char *command;
	const char *name;
	enum postfix_which which;
	bool is_used; /* of the used services alone, and of main.cf with one */
};

static bool
counts(const struct asked *a, const struct postfix_service *s)
{
	static const struct sv ours = SV("tlswarden-");

	return sv_is(s->command, a->command) && (!a->is_used || s->is_used) &&
	    (a->which == POSTFIX_EVERY || !sv_starts(s->name, ours));
}

static void
add_places(const struct postfix *p, const struct asked *a,
    struct postfix_places *r)
{
	struct postfix_place *main = &r->v[r->n++];
	size_t n = 0, n_main = 0;

	*main = (struct postfix_place){ .name = a->name,
		.value = postfix_get(p, a->name) };
	for (size_t i = 0; i < p->n_services; i++) {
		const struct postfix_service *s = &p->services[i];
		struct sv value;
		bool is_own;

		if (!counts(a, s))
			continue;
		n++;
		value = postfix_service_get(p, s->name, a->name, &is_own);
		if (is_own) {
			r->v[r->n++] = (struct postfix_place){ s->name, a->name,
				value, s->is_chrooted };
			continue;
		}
		n_main++;
		main->is_chrooted |= s->is_chrooted;
	}
	if (n_main > 0 || (n == 0 && !a->is_used))
		return;
	r->n--;
	memmove(main, main + 1, (size_t)(r->v + r->n - main) * sizeof(*main));
}

struct postfix_places
postfix_places(const struct postfix *p, enum postfix_which which,
    const char *command, const char *name)
{
	struct asked asked = { command, name, which, false };
	struct postfix_places r = { .n = 0 };

	r.v = arena_alloc(p->mem, (p->n_services + 2) * sizeof(*r.v));
	add_places(p, &asked, &r);
	if (strcmp(command, "smtp") == 0) {
		asked.command = "lmtp";
		asked.name = lmtp_name(p, name);
		asked.is_used = true;
		add_places(p, &asked, &r);
	}
	return r;
}
