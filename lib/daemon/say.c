/* tlswarden: daemon/say - where a background thread tells what happened.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"
#include "daemon/say.h"

enum { LINE_MAX_BYTES = 2 * ERR_TEXT_MAX };

static void say_va(const struct say *say, enum log_level level, const char *fmt,
    va_list ap) PRINTF_LIKE(3, 0);

static void
say_va(const struct say *say, enum log_level level, const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES];

	if (say->fn == NULL)
		return;
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	say->fn(say->arg, level, line);
}

void
say_error(const struct say *say, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_va(say, LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
}

void
say_warning(const struct say *say, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_va(say, LOG_LEVEL_WARNING, fmt, ap);
	va_end(ap);
}

void
say_info(const struct say *say, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_va(say, LOG_LEVEL_INFO, fmt, ap);
	va_end(ap);
}

void
say_to_log(void *arg UNUSED, enum log_level level, const char *line)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		log_error("%s", line);
		break;
	case LOG_LEVEL_WARNING:
		log_warning("%s", line);
		break;
	case LOG_LEVEL_INFO:
		log_info("%s", line);
		break;
	case LOG_LEVEL_DEBUG:
		log_debug("%s", line);
		break;
	}
}
