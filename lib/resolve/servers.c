/* tlswarden: resolve/servers - the addresses of all servers of a next hop.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "resolve/servers.h"

/* One block: the struct that is seen stands first, addresses and texts are
 * behind. */
struct counted {
	struct servers seen;
	atomic_uint references;
	size_t bytes;
	struct addr addrs[];
};

static struct counted *
counted_of(struct servers *s)
{
	return (struct counted *)s;
}

static struct sv
put(char **at, struct sv v)
{
	char *start = *at;

	if (v.n > 0)
		memcpy(start, v.p, v.n);
	*at += v.n;
	return sv_make(start, v.n);
}

struct servers *
servers_new(const struct servers *s)
{
	size_t addrs_bytes = s->n * sizeof(struct addr);
	size_t bytes =
	    sizeof(struct counted) + addrs_bytes + s->key.name.n + s->trouble.n;
	struct counted *c = mem_alloc(bytes);
	char *at = (char *)c->addrs + addrs_bytes;

	c->seen = *s;
	c->bytes = bytes;
	atomic_init(&c->references, 1);
	if (s->n > 0)
		memcpy(c->addrs, s->addrs, addrs_bytes);
	c->seen.addrs = c->addrs;
	c->seen.key.name = put(&at, s->key.name);
	c->seen.trouble = put(&at, s->trouble);
	return &c->seen;
}

struct servers *
servers_hold(struct servers *s)
{
	unsigned before = atomic_fetch_add_explicit(&counted_of(s)->references,
	    1, memory_order_relaxed);

	assert(before > 0);
	return s;
}

void
servers_drop(struct servers *s)
{
	if (s == NULL)
		return;
	if (atomic_fetch_sub_explicit(&counted_of(s)->references, 1,
		memory_order_acq_rel) == 1)
		free(counted_of(s));
}

size_t
servers_bytes(const struct servers *s)
{
	return ((const struct counted *)s)->bytes;
}

bool
servers_key_eq(const struct servers_key *a, const struct servers_key *b)
{
	return a->is_domain == b->is_domain && sv_eq(a->name, b->name);
}
