/* tlswarden: policyd/cafiles - the PEM files that tafile= names.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * HASH.pem for each CA of table ca, in a directory that smtp(8) reads. They
 * are there before the snapshot whose answers name them is served, each
 * complete from its first moment. A file that the table does not name any
 * more stays for CAFILES_GRACE_SECS: an answer that was given a moment ago may
 * name it still, and a snapshot lives until its last reader moves on.
 */
#ifndef POLICYD_CAFILES_H
#define POLICYD_CAFILES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "daemon/policy_load.h"

enum { CAFILES_GRACE_SECS = 3600 };

struct cafiles;

/* Touches nothing yet: a site without CAs needs no directory. Gives (free
 * with cafiles_free). */
struct cafiles *cafiles_new(const char *directory) NONNULL_RETURN MUST_CHECK;
/* Writes what is missing or damaged, the directory too (0755) when only it is
 * missing, and marks what is not named any more. -1: at least one file is not
 * there; nothing was removed. */
int cafiles_write(struct cafiles *cf, const struct load_ca *cas, size_t n_cas,
    int64_t now_secs, struct err *err_r) MUST_CHECK;
/* Removes files whose time is over. Any thread, as cafiles_write. */
void cafiles_sweep(struct cafiles *cf, int64_t now_secs);
/* NULL is allowed. */
void cafiles_free(struct cafiles *cf);

#endif
