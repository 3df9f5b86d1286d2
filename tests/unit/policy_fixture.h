/* tlswarden: tests/unit/policy_fixture.h - policy databases for unit tests.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Each test works in a folder of its own, removed by fixture_done.
 */
#ifndef TESTS_POLICY_FIXTURE_H
#define TESTS_POLICY_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sqlite3;

struct fixture {
	char folder[40];
	char policy[80];
	char last_good[80];
	char state[80];
};

/* Makes the folder, and policy.db in it as tlswarden init does. */
void fixture_init(struct fixture *f);
void fixture_done(struct fixture *f);

/* Runs SQL on the file as another program would; aborts when it fails. */
void fixture_sql(const char *path, const char *sql);
/* The same, false when SQLite refuses. */
bool fixture_try_sql(const char *path, const char *sql);
/* Opens the file, to hold a lock for example. */
struct sqlite3 *fixture_open(const char *path);
void fixture_exec(struct sqlite3 *sq, const char *sql);
void fixture_close(struct sqlite3 *sq);

/* The bytes of a file (caller frees), and the other way round. */
unsigned char *fixture_read(const char *path, size_t *n_r);
void fixture_write(const char *path, const void *bytes, size_t n);
/* Leaves the file as a writer that was killed in a transaction over all rules
 * leaves it: half written, with a hot journal. */
void fixture_crash(const char *path);
/* Runs fn in a child as uid and gid 65534; returns what fn returned. */
int fixture_as_nobody(int (*fn)(void *arg), void *arg);

#endif
