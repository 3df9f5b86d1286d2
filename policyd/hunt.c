/* tlswarden: policyd/hunt - a search for servers, and who waits for it.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "hunt.h"

int
hunt_compare(const void *a, const void *b)
{
	const struct hunt *x = a, *y = b;
	size_t least =
	    x->key.name.n < y->key.name.n ? x->key.name.n : y->key.name.n;
	int order;

	if (x->key.is_domain != y->key.is_domain)
		return x->key.is_domain ? 1 : -1;
	order = memcmp(x->key.name.p, y->key.name.p, least);
	if (order != 0 || x->key.name.n == y->key.name.n)
		return order;
	return x->key.name.n < y->key.name.n ? -1 : 1;
}

struct hunt *
hunt_new(struct finder *f, const struct servers_key *key)
{
	struct hunt *h = mem_zalloc(1, sizeof(*h) + key->name.n + 1);

	memcpy(h->name, key->name.p, key->name.n);
	h->key.name = sv_make(h->name, key->name.n);
	h->key.is_domain = key->is_domain;
	h->finder = f;
	return h;
}

void
hunt_free(struct hunt *h)
{
	search_free(h->search);
	free(h->waiters);
	free(h);
}

void
hunts_free(struct hunt *h)
{
	struct hunt *next;

	for (; h != NULL; h = next) {
		next = h->next;
		hunt_free(h);
	}
}

void
hunt_add_waiter(struct hunt *h, struct mailbox *box, struct ticket ticket)
{
	if (h->n_waiters == h->cap) {
		h->cap = h->cap == 0 ? 4 : h->cap * 2;
		h->waiters =
		    mem_realloc(h->waiters, h->cap, sizeof(*h->waiters));
	}
	h->waiters[h->n_waiters++] = (struct waiter){ box, ticket };
}

void
hunt_tell(const struct hunt *h, struct servers *found)
{
	for (size_t i = 0; i < h->n_waiters; i++)
		mailbox_post_found(h->waiters[i].box, h->waiters[i].ticket,
		    servers_hold(found));
}
