/* tlswarden: store/policy_edit - changes to the policy table, for the tool.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * All changes between begin and commit are one transaction, and the audit
 * names the actor. What the table's triggers refuse comes back in their own
 * words (EX_DATAERR). Rules and CAs are read with store/policy_rows.
 */
#ifndef STORE_POLICY_EDIT_H
#define STORE_POLICY_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/sv.h"
#include "store/db.h"

enum { POLICY_EDIT_BUSY_MSECS = 10000 };

struct policy_edit {
	struct store st;
	int64_t audit_before; /* the newest row when the transaction began */
	bool is_open;         /* a transaction */
};

/* Opens the database of the administrator. -1 also when it is not ours, of
 * another version, or not writable. */
int policy_edit_open(struct policy_edit *e, const char *path, struct err *err_r)
    MUST_CHECK;
/* Rolls back what was not committed. */
void policy_edit_close(struct policy_edit *e);

/* Waits up to POLICY_EDIT_BUSY_MSECS for other writers. */
int policy_edit_begin(struct policy_edit *e, struct err *err_r) MUST_CHECK;
/* actor is what the audit says of who it was ("alice"); the transaction is
 * over, also on failure. */
int policy_edit_commit(struct policy_edit *e, struct sv actor,
    struct err *err_r) MUST_CHECK;
void policy_edit_rollback(struct policy_edit *e);

/* A column of table policy and its new value as text; p == NULL is NULL. */
struct policy_value {
	const char *column;
	struct sv value;
};

/* The rest needs a transaction. Of those that change a row 1 is done, 0 there
 * is no such row, -1 refused or failed. Column id is not settable. */
int policy_edit_add(struct policy_edit *e, const struct policy_value *values,
    size_t n, int64_t *id_r, struct err *err_r) MUST_CHECK;
int policy_edit_set(struct policy_edit *e, int64_t id,
    const struct policy_value *values, size_t n, struct err *err_r) MUST_CHECK;
int policy_edit_remove(struct policy_edit *e, int64_t id, struct err *err_r)
    MUST_CHECK;
/* Gives rule id the priority with which it wins over other (is_before) or
 * loses to it, whatever their patterns: one less or one more than other's. */
int policy_edit_move(struct policy_edit *e, int64_t id, int64_t other,
    bool is_before, struct err *err_r) MUST_CHECK;

/* Adds a CA, or with is_replace gives an existing one new certificates.
 * comment p == NULL: empty, or as it was. */
int policy_edit_ca_put(struct policy_edit *e, struct sv name, struct sv pem,
    struct sv comment, bool is_replace, struct err *err_r) MUST_CHECK;
int policy_edit_ca_remove(struct policy_edit *e, struct sv name,
    struct err *err_r) MUST_CHECK;

/* One row of the audit; views are valid for one call. */
struct audit_row {
	int64_t id;
	struct sv at;
	struct sv actor;  /* p == NULL: the sqlite3 shell */
	struct sv table;  /* policy or ca */
	struct sv op;     /* insert, update, delete */
	struct sv key;    /* a rule's id or a CA's name */
	struct sv before; /* JSON; p == NULL on insert */
	struct sv after;  /* JSON; p == NULL on delete */
};

struct audit_filter {
	struct sv table; /* empty: both */
	struct sv key;   /* empty: all */
	struct sv since; /* as column at is written; empty: from the start */
	uint64_t limit;  /* the newest so many; 0: all */
};

/* Calls fn for each row that fits, newest first; needs no transaction. */
int policy_audit_each(struct store *st, const struct audit_filter *filter,
    void (*fn)(void *arg, const struct audit_row *row), void *arg,
    struct err *err_r) MUST_CHECK;

#endif
