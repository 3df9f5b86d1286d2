/* tlswarden: bench/keys - the requests to send, made ready before the clock.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "keys.h"

/* A million delegation requests would not fit; the smaller of both ends. */
enum { KEYS_BYTES_MAX = 400000000, KEYS_MAX = 2000000 };

uint64_t
keys_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * UINT64_C(2685821657736338717);
}

static struct sv *
read_lines(FILE *f, size_t max, size_t *n_r)
{
	struct sv *lines = NULL;
	size_t n = 0, room = 0, size = 0;
	char *line = NULL;

	while (n < max && getline(&line, &size, f) > 0) {
		struct sv key = sv_trim(sv_from(line));

		if (key.n == 0)
			continue;
		if (n == room) {
			room = room == 0 ? 1024 : room * 2;
			lines = mem_realloc(lines, room, sizeof(*lines));
		}
		lines[n++] = sv_make(mem_svdup(key), key.n);
	}
	free(line);
	*n_r = n;
	return lines;
}

static void
shuffle(struct sv *lines, size_t n, uint64_t seed)
{
	uint64_t state = seed * 2 + 1;

	for (size_t i = n; i > 1; i--) {
		size_t j = (size_t)(keys_random(&state) % i);
		struct sv swap = lines[i - 1];

		lines[i - 1] = lines[j];
		lines[j] = swap;
	}
}

int
keys_load(struct keys *k, const char *path, size_t max, uint64_t seed,
    const struct target *t, struct err *err_r)
{
	FILE *f = fopen(path, "re");
	struct sv *lines;

	memset(k, 0, sizeof(*k));
	buf_init(&k->bytes, KEYS_BYTES_MAX);
	if (f == NULL)
		return err_set(err_r, EX_NOINPUT, "%s: %s", path,
		    strerror(errno));
	lines = read_lines(f, max == 0 ? KEYS_MAX : max, &k->n);
	(void)fclose(f);
	shuffle(lines, k->n, seed);
	k->end = mem_zalloc(k->n, sizeof(*k->end));
	for (size_t i = 0; i < k->n; i++) {
		target_request(t, lines[i], &k->bytes);
		k->end[i] = k->bytes.n;
		free((void *)(uintptr_t)lines[i].p);
	}
	free(lines);
	if (k->n == 0)
		return err_set(err_r, EX_DATAERR, "%s: no keys", path);
	if (k->bytes.is_full)
		return err_set(err_r, EX_DATAERR,
		    "%s: too many keys for this protocol, use -m", path);
	return 0;
}

void
keys_free(struct keys *k)
{
	buf_free(&k->bytes);
	free(k->end);
	k->end = NULL;
	k->n = 0;
}

struct sv
keys_next(struct keys *k)
{
	size_t i = k->next, at = i == 0 ? 0 : k->end[i - 1];

	k->next = i + 1 == k->n ? 0 : i + 1;
	return sv_make(k->bytes.p + at, k->end[i] - at);
}
