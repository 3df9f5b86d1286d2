/* tlswarden: milter/callbacks - where libmilter calls us.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Each callback is some lines that hand over to milter/session. They run on
 * any of libmilter's threads, callbacks of one session on different ones but
 * never at once. None waits for anything.
 */
#ifndef MILTER_CALLBACKS_H
#define MILTER_CALLBACKS_H

#include <stdbool.h>

#include "base/err.h"
#include "milter/app.h"

/* Registers the filter with libmilter. app is borrowed until the end. */
int callbacks_register(struct app *app, struct err *err_r) MUST_CHECK;
/* After smfi_main: shuts libmilter's threads out, then records the sessions
 * that it cut. False: a callback does not end, so that nothing may be freed. */
bool callbacks_finish(struct app *app) MUST_CHECK;

#endif
