/* tlswarden: ctl/load - the table as the daemons load it.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CTL_LOAD_H
#define CTL_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "ctl/command.h"
#include "fact/row.h"

struct policy_image;
struct snapshot;

struct loaded {
	struct policy_image *image;
	struct snapshot *snap; /* disabled and expired rules are in it */
	const char *path;      /* of the file that was read */
	uint64_t n_rows;
	uint64_t n_bad_rows;
	bool is_last_good; /* policy.db does not load: what daemons serve */
	bool is_wal;
	char failure[ERR_TEXT_MAX]; /* why policy.db does not load */
};

/* Loads policy_database. bad_row (NULL: nothing) is told each bad row. -1 when
 * it does not load; l then still has the image, if it could be read at all.
 * Free with loaded_done in any case. */
int load_table(struct app *app, struct loaded *l,
    void (*bad_row)(void *arg, const char *sentence), void *arg,
    struct err *err_r) MUST_CHECK;
/* Loads policy_database or, if that does not load, last_good. */
int
load_served(struct app *app, struct loaded *l, struct err *err_r) MUST_CHECK;
void loaded_done(struct loaded *l);

/* Calls fn for each row of table policy in the order of ids; those that are
 * not rows at all are passed over. */
int load_each_row(struct loaded *l,
    void (*fn)(void *arg, const struct rule_row *row), void *arg,
    struct err *err_r) MUST_CHECK;

#endif
