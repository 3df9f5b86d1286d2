/* tlswarden: daemon/say - where a background thread tells what happened.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * lib/ does not log; its threads have nobody to return an error to. They say
 * a line to the program that started them, which logs it (say_to_log does),
 * and to tests, which read it.
 */
#ifndef DAEMON_SAY_H
#define DAEMON_SAY_H

#include "base/attr.h"
#include "base/log.h"

/* fn may be called from several threads at once. A NULL fn is silence. */
struct say {
	void (*fn)(void *arg, enum log_level level, const char *line);
	void *arg;
};

void say_error(const struct say *say, const char *fmt, ...) PRINTF_LIKE(2, 3);
void say_warning(const struct say *say, const char *fmt, ...) PRINTF_LIKE(2, 3);
void say_info(const struct say *say, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Hands every line to base/log: { say_to_log, NULL }. */
void say_to_log(void *arg, enum log_level level, const char *line);

#endif
