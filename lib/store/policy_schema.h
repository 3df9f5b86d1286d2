/* tlswarden: store/policy_schema - what a policy database must look like.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef STORE_POLICY_SCHEMA_H
#define STORE_POLICY_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "store/db.h"

enum {
	POLICY_APPLICATION_ID = 0x746c7370, /* 'tlsp', as in policy.sql */
	POLICY_VERSION = 1,                 /* user_version of policy.sql */
};

/* A column that a program reads. */
struct policy_column {
	const char *name;
	bool is_text; /* else an integer */
	bool may_be_null;
	size_t at; /* of its member in struct rule_row or ca_row */
};

/* The columns of table policy and of table ca; *n_r tells how many. */
const struct policy_column *policy_columns(size_t *n_r) NONNULL_RETURN;
const struct policy_column *ca_columns(size_t *n_r) NONNULL_RETURN;

/* Whose a database is and how old. */
enum policy_age {
	POLICY_AGE_UNKNOWN = 0, /* could not be read: see err */
	POLICY_EMPTY,           /* no table at all and no application_id */
	POLICY_FOREIGN,
	POLICY_NEWER, /* than this program */
	POLICY_OLDER,
	POLICY_CURRENT
};

/* Looks at application_id and user_version. An error is set for all but
 * EMPTY, OLDER and CURRENT. */
enum policy_age policy_schema_age(struct store *st, int64_t *version_r,
    struct err *err_r) MUST_CHECK;

/* -1 unless st is a database of ours, of this version, with the tables and
 * columns that are read; the error says which is missing. */
int policy_schema_check(struct store *st, struct err *err_r) MUST_CHECK;

#endif
