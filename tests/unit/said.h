/* tlswarden: tests/unit/said.h - keeps what a background thread says.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef TESTS_SAID_H
#define TESTS_SAID_H

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "daemon/say.h"

struct said {
	pthread_mutex_t lock;
	struct buf lines;
	unsigned n_errors;
};

static inline void
said_take(void *arg, enum log_level level, const char *line)
{
	struct said *said = arg;

	(void)pthread_mutex_lock(&said->lock);
	buf_adds(&said->lines, line);
	buf_addc(&said->lines, '\n');
	said->n_errors += level == LOG_LEVEL_ERROR ? 1 : 0;
	(void)pthread_mutex_unlock(&said->lock);
}

static inline struct say
said_init(struct said *said)
{
	struct say say = { said_take, said };

	(void)pthread_mutex_init(&said->lock, NULL);
	buf_init(&said->lines, 1 << 20);
	said->n_errors = 0;
	return say;
}

/* How often the words were said since the last said_reset. */
static inline unsigned
said_count(struct said *said, const char *words)
{
	unsigned n = 0;
	const char *at;

	(void)pthread_mutex_lock(&said->lock);
	for (at = buf_str(&said->lines); (at = strstr(at, words)) != NULL; at++)
		n++;
	(void)pthread_mutex_unlock(&said->lock);
	return n;
}

static inline void
said_reset(struct said *said)
{
	(void)pthread_mutex_lock(&said->lock);
	buf_reset(&said->lines);
	said->n_errors = 0;
	(void)pthread_mutex_unlock(&said->lock);
}

static inline void
said_done(struct said *said)
{
	buf_free(&said->lines);
	(void)pthread_mutex_destroy(&said->lock);
}

#endif
