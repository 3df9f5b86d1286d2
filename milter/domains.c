/* tlswarden: milter/domains - whose mail a session carried, with counts.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "milter/domains.h"

struct domain_count {
	size_t at, n; /* in names */
	bool is_sender;
	uint32_t n_accepted, n_refused;
};

void
domains_init(struct domains *d)
{
	d->v = NULL;
	d->n = 0;
	d->cap = 0;
	buf_init(&d->names, (size_t)LIMIT_RECORD_DOMAINS * LIMIT_DOMAIN);
}

void
domains_free(struct domains *d)
{
	free(d->v);
	buf_free(&d->names);
	domains_init(d);
}

static struct sv
name_of(const struct domains *d, const struct domain_count *c)
{
	return sv_make(buf_str(&d->names) + c->at, c->n);
}

/* From the newest on: mail comes in runs. */
static struct domain_count *
find(const struct domains *d, struct sv domain, bool is_sender)
{
	for (size_t i = d->n; i > 0; i--)
		if (d->v[i - 1].is_sender == is_sender &&
		    sv_eq(name_of(d, &d->v[i - 1]), domain))
			return &d->v[i - 1];
	return NULL;
}

/* NULL when there is no more room. */
static struct domain_count *
add(struct domains *d, struct sv domain, bool is_sender)
{
	struct domain_count fresh = { d->names.n, domain.n, is_sender, 0, 0 };

	if (d->n == LIMIT_RECORD_DOMAINS)
		return NULL;
	buf_add(&d->names, domain);
	if (d->names.is_full)
		return NULL;
	if (d->n == d->cap) {
		d->cap = d->cap == 0 ? 4 : 2 * d->cap;
		d->v = mem_realloc(d->v, d->cap, sizeof(*d->v));
	}
	d->v[d->n] = fresh;
	return &d->v[d->n++];
}

void
domains_count(struct domains *d, struct sv domain, bool is_sender,
    bool is_refused)
{
	struct domain_count *c = find(d, domain, is_sender);

	if (c == NULL)
		c = add(d, domain, is_sender);
	if (c == NULL)
		return;
	if (is_refused)
		c->n_refused++;
	else
		c->n_accepted++;
}

size_t
domains_rows(const struct domains *d, struct record_domain *rows)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct domain_count *c = &d->v[i];

		rows[i].domain = name_of(d, c);
		rows[i].is_sender = c->is_sender;
		rows[i].n_accepted = c->n_accepted;
		rows[i].n_refused = c->n_refused;
	}
	return d->n;
}
