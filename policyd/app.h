/* tlswarden: policyd/app - the whole program: what it holds and its life.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef POLICYD_APP_H
#define POLICYD_APP_H

#include "base/conf.h"
#include "base/err.h"
#include "daemon/cli.h"

struct app;

/* Does all that can fail, in the order of its privileges: opens the sockets,
 * becomes the user, loads the table, starts the threads. Gives *a_r; takes
 * conf, also on failure, which has been logged. */
int app_new(struct app **a_r, const struct cli_about *about, struct conf *conf,
    struct err *err_r) MUST_CHECK;
/* Serves until SIGTERM or SIGINT, then drains. */
void app_run(struct app *a);
/* NULL is allowed. */
void app_free(struct app *a);

#endif
