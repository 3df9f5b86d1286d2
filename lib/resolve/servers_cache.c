/* tlswarden: resolve/servers_cache - remembers servers as long as DNS allows.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "resolve/servers_cache.h"

struct entry {
	struct entry *next;          /* of the same bucket */
	struct entry *newer, *older; /* by when it was asked for */
	uint64_t hash;
	int64_t until_msecs;
	struct servers *servers;
};

struct servers_cache {
	struct entry **buckets; /* a power of two */
	size_t mask;
	struct entry *newest, *oldest;
	size_t n, max_entries;
	size_t bytes, max_bytes;
	uint64_t seed;
};

enum { BUCKETS_MIN = 16 };

struct servers_cache *
servers_cache_new(size_t max_entries, size_t max_bytes, uint64_t seed)
{
	struct servers_cache *c = mem_zalloc(1, sizeof(*c));
	size_t n = BUCKETS_MIN;

	while (n < max_entries)
		n *= 2;
	c->buckets = mem_zalloc(n, sizeof(struct entry *));
	c->mask = n - 1;
	c->max_entries = max_entries;
	c->max_bytes = max_bytes;
	c->seed = seed;
	return c;
}

void
servers_cache_free(struct servers_cache *c)
{
	if (c == NULL)
		return;
	servers_cache_clear(c);
	free(c->buckets);
	free(c);
}

/* Multiplies what is read into a state that starts secret. */
static uint64_t
hash_of(const struct servers_cache *c, const struct servers_key *key)
{
	uint64_t h = c->seed ^ (key->is_domain ? 0x9e3779b97f4a7c15U : 0);

	for (size_t i = 0; i < key->name.n; i++) {
		h = (h ^ (unsigned char)key->name.p[i]) * 0xd6e8feb86659fd93U;
		h ^= h >> 29;
	}
	return h ^ (h >> 32);
}

static struct entry **
find(struct servers_cache *c, const struct servers_key *key, uint64_t hash)
{
	struct entry **at = &c->buckets[hash & c->mask];

	while (*at != NULL &&
	    ((*at)->hash != hash || !servers_key_eq(&(*at)->servers->key, key)))
		at = &(*at)->next;
	return at;
}

static void
unlink_age(struct servers_cache *c, struct entry *e)
{
	if (e->newer != NULL)
		e->newer->older = e->older;
	else
		c->newest = e->older;
	if (e->older != NULL)
		e->older->newer = e->newer;
	else
		c->oldest = e->newer;
}

static void
link_newest(struct servers_cache *c, struct entry *e)
{
	e->newer = NULL;
	e->older = c->newest;
	if (c->newest != NULL)
		c->newest->newer = e;
	else
		c->oldest = e;
	c->newest = e;
}

static size_t
entry_bytes(const struct entry *e)
{
	return sizeof(*e) + servers_bytes(e->servers);
}

static void
forget(struct servers_cache *c, struct entry **at)
{
	struct entry *e = *at;

	*at = e->next;
	unlink_age(c, e);
	c->n--;
	c->bytes -= entry_bytes(e);
	servers_drop(e->servers);
	free(e);
}

struct servers *
servers_cache_get(struct servers_cache *c, const struct servers_key *key,
    int64_t now_msecs)
{
	struct entry **at = find(c, key, hash_of(c, key));

	if (*at == NULL)
		return NULL;
	if (now_msecs >= (*at)->until_msecs) {
		forget(c, at);
		return NULL;
	}
	unlink_age(c, *at);
	link_newest(c, *at);
	return servers_hold((*at)->servers);
}

static bool
is_over(const struct servers_cache *c)
{
	return c->n > c->max_entries || c->bytes > c->max_bytes;
}

void
servers_cache_put(struct servers_cache *c, struct servers *s, int64_t now_msecs)
{
	uint64_t hash = hash_of(c, &s->key);
	struct entry **at = find(c, &s->key, hash), *e;

	if (*at != NULL)
		forget(c, at);
	e = mem_zalloc(1, sizeof(*e));
	e->hash = hash;
	e->until_msecs = now_msecs + servers_life_msecs(s);
	e->servers = servers_hold(s);
	e->next = c->buckets[hash & c->mask];
	c->buckets[hash & c->mask] = e;
	link_newest(c, e);
	c->n++;
	c->bytes += entry_bytes(e);
	while (c->n > 0 && is_over(c))
		forget(c, find(c, &c->oldest->servers->key, c->oldest->hash));
}

void
servers_cache_clear(struct servers_cache *c)
{
	while (c->oldest != NULL)
		forget(c, find(c, &c->oldest->servers->key, c->oldest->hash));
}

size_t
servers_cache_count(const struct servers_cache *c)
{
	return c->n;
}

size_t
servers_cache_bytes(const struct servers_cache *c)
{
	return c->bytes;
}

int64_t
servers_life_msecs(const struct servers *s)
{
	int64_t secs = s->ttl_secs;

	if (secs < SERVERS_TTL_MIN_SECS)
		secs = SERVERS_TTL_MIN_SECS;
	if (secs > SERVERS_TTL_MAX_SECS)
		secs = SERVERS_TTL_MAX_SECS;
	return secs * 1000;
}
