/* tlswarden: base/log - one line per decision, change or trouble.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"

enum { LOG_LINE_MAX = 2048 };

static struct {
	const char *ident;
	bool to_syslog;
	bool with_prefix;
	atomic_int level; /* enum log_level; a reload changes it */
} log_state = { "tlswarden", false, false, LOG_LEVEL_INFO };

static const struct {
	const char *word;
	int priority;
} log_levels[] = {
	[LOG_LEVEL_ERROR] = { "error", LOG_ERR },
	[LOG_LEVEL_WARNING] = { "warning", LOG_WARNING },
	[LOG_LEVEL_INFO] = { "info", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};

void
log_open(const char *ident, bool to_syslog, bool with_prefix,
    enum log_level level)
{
	log_state.ident = ident;
	log_state.to_syslog = to_syslog;
	log_state.with_prefix = with_prefix;
	log_set_level(level);
	if (to_syslog)
		openlog(ident, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void
log_set_level(enum log_level level)
{
	atomic_store_explicit(&log_state.level, (int)level,
	    memory_order_relaxed);
}

bool
log_level_parse(struct sv word, enum log_level *level_r)
{
	for (size_t i = 0; i < sizeof(log_levels) / sizeof(log_levels[0]); i++)
		if (sv_is(word, log_levels[i].word)) {
			*level_r = (enum log_level)i;
			return true;
		}
	return false;
}

static void
write_line(enum log_level level, const char *text)
{
	char line[LOG_LINE_MAX + 128];
	char prefix[8] = "";
	int n;
	ssize_t written;

	if (log_state.with_prefix)
		(void)snprintf(prefix, sizeof(prefix), "<%d>",
		    log_levels[level].priority);
	n = snprintf(line, sizeof(line), "%s%s[%ld]: %s%s%s\n", prefix,
	    log_state.ident, (long)getpid(),
	    level <= LOG_LEVEL_WARNING ? log_levels[level].word : "",
	    level <= LOG_LEVEL_WARNING ? ": " : "", text);
	if (n < 0)
		return;
	if ((size_t)n >= sizeof(line))
		n = (int)sizeof(line) - 1;
	written = write(STDERR_FILENO, line, (size_t)n);
	(void)written;
}

static void
log_va(enum log_level level, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);

static void
log_va(enum log_level level, const char *fmt, va_list ap)
{
	char text[LOG_LINE_MAX];

	if ((int)level >
	    atomic_load_explicit(&log_state.level, memory_order_relaxed))
		return;
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	if (!log_state.to_syslog)
		write_line(level, text);
	else if (level <= LOG_LEVEL_WARNING)
		syslog(log_levels[level].priority, "%s: %s",
		    log_levels[level].word, text);
	else
		syslog(log_levels[level].priority, "%s", text);
}

void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_va(LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
}

void
log_warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_va(LOG_LEVEL_WARNING, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_va(LOG_LEVEL_INFO, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_va(LOG_LEVEL_DEBUG, fmt, ap);
	va_end(ap);
}
