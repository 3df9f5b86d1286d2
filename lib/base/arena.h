/* tlswarden: base/arena - memory built up once and freed whole (snapshots).
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/attr.h"
#include "base/sv.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t used_bytes;  /* of the newest block */
	size_t total_bytes; /* of all blocks: what the arena costs */
};

void arena_init(struct arena *a);
/* Frees everything that was ever given out. */
void arena_free(struct arena *a);
/* Memory aligned for any object, valid as long as the arena. */
void *arena_alloc(struct arena *a, size_t size) NONNULL_RETURN MUST_CHECK;
/* A copy of v with a NUL behind it, valid as long as the arena. */
struct sv arena_sv(struct arena *a, struct sv v);

#endif
