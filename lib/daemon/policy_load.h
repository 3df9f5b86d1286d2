/* tlswarden: daemon/policy_load - from the image of a table to a snapshot.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The one way in which daemons, explain and check load the table. All or
 * nothing: one bad row and there is no snapshot, but all bad rows are told.
 */
#ifndef DAEMON_POLICY_LOAD_H
#define DAEMON_POLICY_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/sv.h"
#include "policy/snapshot.h"
#include "store/policy_image.h"

/* A CA that outbound rules may name. */
struct load_ca {
	struct sv name;
	struct sv hash; /* as in struct ca_fact: its file is HASH.pem */
	struct sv pem;  /* canonical: certificates alone, in their order */
};

struct load_options {
	struct snapshot_options snapshot;
	/* Called for each bad row: "policy rule 12: ..." or "ca bank: ...".
	 * NULL: they are only counted. */
	void (*bad_row)(void *arg, const char *sentence);
	void *bad_row_arg;
	/* Called with the CAs of a table that is good, before there is a
	 * snapshot (policyd writes its PEM files there). -1 refuses it. Views
	 * are valid for the call. NULL: nothing to prepare. */
	int (*prepare)(void *arg, const struct load_ca *cas, size_t n_cas,
	    struct err *err_r);
	void *prepare_arg;
};

struct load_result {
	struct snapshot *snap; /* gives (snapshot_free); NULL on failure */
	uint64_t n_rows;       /* of table policy, disabled ones too */
	uint64_t n_bad_rows;
};

/* Loads all of the image. -1: damaged, bad rows or prepare refused. */
int policy_load(struct policy_image *image, const struct load_options *opt,
    struct load_result *result_r, struct err *err_r) MUST_CHECK;

#endif
