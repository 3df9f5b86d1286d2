/* tlswarden: policyd/ticket - what stands for a connection that waits.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "ticket.h"

struct ticket_slot {
	struct conn *conn; /* NULL: free */
	uint32_t generation;
	uint32_t next_free;
};

void
tickets_init(struct tickets *t)
{
	t->v = NULL;
	t->n = t->free = 0;
}

void
tickets_done(struct tickets *t)
{
	free(t->v);
	tickets_init(t);
}

struct ticket
tickets_next(struct tickets *t)
{
	if (t->free == t->n) {
		uint32_t n = t->n == 0 ? 16 : t->n * 2;

		t->v = mem_realloc(t->v, n, sizeof(*t->v));
		for (uint32_t i = t->n; i < n; i++)
			t->v[i] = (struct ticket_slot){ .next_free = i + 1 };
		t->n = n;
	}
	return (struct ticket){ t->free, t->v[t->free].generation };
}

void
tickets_take(struct tickets *t, struct conn *c)
{
	struct ticket_slot *slot = &t->v[tickets_next(t).slot];

	assert(c != NULL && slot->conn == NULL);
	t->free = slot->next_free;
	slot->conn = c;
}

/* The last of the free list points behind the end, wherever that was when it
 * was freed: lists are made anew with each growth, which is when none is free,
 * so that is always n. */
struct conn *
tickets_end(struct tickets *t, struct ticket ticket)
{
	struct ticket_slot *slot = &t->v[ticket.slot];
	struct conn *c = slot->conn;

	assert(ticket.slot < t->n);
	if (slot->generation != ticket.generation || c == NULL)
		return NULL;
	slot->conn = NULL;
	slot->generation++;
	slot->next_free = t->free;
	t->free = ticket.slot;
	return c;
}
