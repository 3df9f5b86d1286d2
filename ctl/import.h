/* tlswarden: ctl/import - rows from files, into the table as one change.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * import_json.c and import_postfix.c read a file and hand over its rules and
 * CAs one by one; import.c puts them into one transaction. All or nothing:
 * every row that is refused is told, and then nothing is kept.
 */
#ifndef CTL_IMPORT_H
#define CTL_IMPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "ctl/command.h"
#include "store/policy_edit.h"

enum { IMPORT_COLUMNS = 20, IMPORT_TOLD = 100, IMPORT_FILE = 1 << 30 };

/* A rule that is to be added. */
struct import_rule {
	struct policy_value v[IMPORT_COLUMNS];
	size_t n;
	int64_t was; /* its number in the file; 0: none */
};

struct import {
	const struct app *app;
	struct policy_edit edit;
	bool is_replace; /* CAs that are there get what the file says */
	struct arena mem;
	int64_t first_id; /* of the new rules */
	size_t n_rules;
	size_t n_cas;
	size_t n_refused;
	size_t n_lossy;
	json_t *refused; /* what was told, as JSON */
	json_t *lossy;
	json_t *numbers; /* {"was", "id"} */
};

/* Sets a column; text lives as long as the import. */
void import_set(struct import_rule *rule, const char *column, struct sv value);
/* Adds a rule; where ("line 7", "rule 3") names it when it is refused. */
void import_add(struct import *im, const struct import_rule *rule,
    const char *where);
/* Adds a CA, unless one of that name with the same certificates is there. */
void import_ca(struct import *im, struct sv name, struct sv pem,
    struct sv comment, const char *where);

/* What cannot be taken, and what is taken but says less than the file did. */
void import_refuse(struct import *im, const char *where, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void import_lose(struct import *im, const char *where, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* A formatted text that lives as long as the import. */
struct sv
import_text(struct import *im, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Each reads a whole file; -1 only when it cannot be read at all. */
int
import_json(struct import *im, const char *path, struct err *err_r) MUST_CHECK;
int import_postfix(struct import *im, const char *path, struct err *err_r)
    MUST_CHECK;

#endif
