/* tlswarden: resolve/servers_cache - remembers servers as long as DNS allows.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure: no clock, no lock; one thread at a time. Bounded by entries and bytes:
 * what was not asked for longest goes first.
 */
#ifndef RESOLVE_SERVERS_CACHE_H
#define RESOLVE_SERVERS_CACHE_H

#include "resolve/servers.h"

struct servers_cache;

/* Gives a cache. seed should be secret: names come from senders of mail, who
 * must not be able to choose where they are filed. */
struct servers_cache *servers_cache_new(size_t max_entries, size_t max_bytes,
    uint64_t seed) NONNULL_RETURN MUST_CHECK;
/* NULL is allowed. */
void servers_cache_free(struct servers_cache *c);

/* A new reference (servers_drop) to what is known and still valid, or NULL. */
struct servers *servers_cache_get(struct servers_cache *c,
    const struct servers_key *key, int64_t now_msecs) MUST_CHECK;
/* Keeps a reference of its own, from now on for what servers_life says. */
void servers_cache_put(struct servers_cache *c, struct servers *s,
    int64_t now_msecs);
/* Forgets all. */
void servers_cache_clear(struct servers_cache *c);
size_t servers_cache_count(const struct servers_cache *c);
size_t servers_cache_bytes(const struct servers_cache *c);

/* How long s may be kept, by its TTL between the bounds of servers.h. */
int64_t servers_life_msecs(const struct servers *s);

#endif
