/* tlswarden: ctl/setup - makes a mail server ask for the rules of the table.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * One function per mail server, in a file of its own; ctl/setup.c has the
 * list and the options.
 */
#ifndef CTL_SETUP_H
#define CTL_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "ctl/check.h"

/* Shows, makes (--apply) or takes back (--undo) the changes. c is empty but
 * for the MTA; the caller frees what it collects. Returns the exit code. */
int setup_postfix(struct check *c, const struct args *args) MUST_CHECK;
/* Shows what to add to sendmail.mc, and proves the way to policyd. */
int setup_sendmail(struct check *c, const struct args *args) MUST_CHECK;

/* Copies main.cf and master.cf of dir to names with that time at their end
 * (or a later one: they are never overwritten); adds the end to stamp. */
int setup_keep(const char *dir, int64_t now, struct buf *stamp,
    struct err *err_r) MUST_CHECK;
/* Notes what main.cf and master.cf are now, for setup_undo to compare. */
int setup_note(const char *dir, const struct buf *stamp, struct err *err_r)
    MUST_CHECK;
/* Puts the copies with that end back; what was there is kept as
 * NAME.tlswarden-undone. */
int setup_put_back(const char *dir, const struct buf *stamp, struct err *err_r)
    MUST_CHECK;
/* The same with the newest copies, whose end is added to stamp; *has_master_r:
 * master.cf was put back now, not by a run that was interrupted. -1, too, when
 * somebody has changed the files since, which would be lost, or has taken the
 * copy of master.cf away. */
int setup_undo(const char *dir, struct buf *stamp, bool *has_master_r,
    struct err *err_r) MUST_CHECK;

#endif
