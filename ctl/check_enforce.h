/* tlswarden: ctl/check_enforce - check --before-enforce.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CTL_CHECK_ENFORCE_H
#define CTL_CHECK_ENFORCE_H

#include "ctl/command.h"

/* Dry-runs the rule of --before-enforce since --since. Returns the exit code:
 * 0 only when nothing would be refused and nothing is in doubt. */
int check_enforce(struct app *app, const struct args *args);

#endif
