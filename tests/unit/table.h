/* tlswarden: tests/unit/table - a small policy table for tests.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef TESTS_UNIT_TABLE_H
#define TESTS_UNIT_TABLE_H

#include "policy/snapshot.h"

/* A row of direction 'in' unless is_out. A NULL is the column's default; ids
 * count from 1, priorities too, so that the first row that matches wins. */
struct table_row {
	const char *sender;
	const char *recipient;
	const char *subnet;
	const char *level; /* NULL: encrypt */
	const char *on_failure;
	const char *ca; /* "Test CA", the one that is there */
	const char *cert_name;
	const char *pin;
	const char *min_protocol;
	int64_t min_bits;
	const char *mode;
	bool is_out;
};

/* The CA's subject: TABLE_CA_DN, TABLE_CA_CN. */
#define TABLE_CA_DN "/O=Test CA Good/CN=Test Root Good"
#define TABLE_CA_CN "Test Root Good"

/* Gives a snapshot of the rows (free with snapshot_free); aborts when one of
 * them is bad, with the reason on standard error. */
struct snapshot *table_snapshot(const struct table_row *rows, size_t n);

#endif
