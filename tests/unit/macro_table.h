/* tlswarden: tests/unit/macro_table - macros of an MTA from a test's row.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef TESTS_UNIT_MACRO_TABLE_H
#define TESTS_UNIT_MACRO_TABLE_H

#include <string.h>

#include "milter/macros.h"

/* Ends with a NULL name or is full. */
enum { MACRO_TABLE_MAX = 12 };

struct macro_pair {
	const char *name, *value;
};

static inline const char *
macro_table_get(void *arg, const char *name)
{
	const struct macro_pair *pairs = arg;

	for (int i = 0; i < MACRO_TABLE_MAX && pairs[i].name != NULL; i++)
		if (strcmp(pairs[i].name, name) == 0)
			return pairs[i].value;
	return NULL;
}

#endif
