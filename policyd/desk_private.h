/* tlswarden: policyd/desk_private - the inside of a desk, for its two files.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef POLICYD_DESK_PRIVATE_H
#define POLICYD_DESK_PRIVATE_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "agenda.h"
#include "daemon/listener.h"
#include "desk.h"

/* What a reload changes. */
struct desk_settings {
	bool probe;
	uint32_t interval_secs;
	uint32_t warn_days;
	uint64_t generation;
};

struct desk {
	struct listener listener;
	const struct world *world;
	char *state_database, *ca_directory, *trust_store;
	int stop_fd; /* readable: the end */
	pthread_t thread;
	bool is_started;
	pthread_mutex_t lock;
	struct desk_settings settings; /* under the lock */

	/* The thread's own. */
	struct agenda *agenda;
	uint64_t table; /* generation of the one that the agenda is of */
	bool knows_past;
	int client; /* -1: none */
	struct buf in, out;
};

struct desk_settings desk_settings(struct desk *d);
/* Answers one question; the answer is added to d->out. False: it is no
 * question of the prober's. */
bool desk_answer(struct desk *d, const json_t *question);

#endif
