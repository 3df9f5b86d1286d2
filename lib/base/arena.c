/* tlswarden: base/arena - memory built up once and freed whole (snapshots).
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"

enum { ARENA_BLOCK = 1 << 20 };

struct arena_block {
	struct arena_block *next;
	size_t size;
	alignas(max_align_t) char bytes[];
};

void
arena_init(struct arena *a)
{
	a->blocks = NULL;
	a->used_bytes = 0;
	a->total_bytes = 0;
}

void
arena_free(struct arena *a)
{
	while (a->blocks != NULL) {
		struct arena_block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
	arena_init(a);
}

static void *
take(struct arena *a, size_t size, size_t align)
{
	size_t at = (a->used_bytes + align - 1) & ~(align - 1);

	if (a->blocks == NULL || at > a->blocks->size ||
	    size > a->blocks->size - at) {
		size_t room = size > ARENA_BLOCK ? size : ARENA_BLOCK;
		struct arena_block *b;

		assert(room < SIZE_MAX - sizeof(*b));
		b = mem_alloc(sizeof(*b) + room);
		b->next = a->blocks;
		b->size = room;
		a->blocks = b;
		a->total_bytes += sizeof(*b) + room;
		at = 0;
	}
	a->used_bytes = at + size;
	return a->blocks->bytes + at;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	return take(a, size, alignof(max_align_t));
}

struct sv
arena_sv(struct arena *a, struct sv v)
{
	char *p = take(a, v.n + 1, 1);

	if (v.n > 0)
		memcpy(p, v.p, v.n);
	p[v.n] = '\0';
	return sv_make(p, v.n);
}
