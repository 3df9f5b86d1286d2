/* tlswarden: store/policy_init - makes policy.db and brings it up to date.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * For "tlswarden init" alone, which root runs; no daemon ever does.
 */
#ifndef STORE_POLICY_INIT_H
#define STORE_POLICY_INIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

struct policy_init_result {
	bool is_created;
	bool was_wal;         /* switched back to a rollback journal */
	bool had_journal;     /* a crashed writer's, rolled back */
	int64_t from_version; /* what it was before; 0: new */
	int64_t version;
};

/* Makes the database at path or brings it up to date, all or nothing; safe to
 * repeat: rules stay, triggers and views become this program's. Rolls back the
 * journal of a writer that crashed and ends write-ahead logging. The file is
 * given to group gid (unless (gid_t)-1) with mode 0640. -1: not ours, made by
 * a newer program, locked for 10 s, no right, ... */
int policy_init(const char *path, gid_t gid,
    struct policy_init_result *result_r, struct err *err_r) MUST_CHECK;

#endif
