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

static struct postfix_place
place_of(const struct postfix *p, struct sv service, const char *name,
    bool *is_own_r)
{
	const struct postfix_pair *pair =
	    postfix_service_pair(p, service, name, is_own_r);
	struct postfix_place r = { .service = service, .name = name };

	if (pair != NULL) {
		r.value = pair->value;
		r.written = pair->written;
	}
	return r;
}

static void
add_places(const struct postfix *p, const struct asked *a,
    struct postfix_places *r)
{
	struct postfix_place *main = &r->v[r->n++];
	size_t n = 0, n_main = 0;
	bool is_own;

	*main = place_of(p, sv_make(NULL, 0), a->name, &is_own);
	for (size_t i = 0; i < p->n_services; i++) {
		const struct postfix_service *s = &p->services[i];
		struct postfix_place at;

		if (!counts(a, s))
			continue;
		n++;
		at = place_of(p, s->name, a->name, &is_own);
		at.is_chrooted = s->is_chrooted;
		if (is_own) {
			r->v[r->n++] = at;
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
