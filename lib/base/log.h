/* tlswarden: base/log - one line per decision, change or trouble.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The only module of lib/ that logs, and the only one with file-scope state.
 * Programs log once, where a decision is final. Untrusted text goes through
 * buf_add_printable first. Thread-safe: one line is one write.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/sv.h"

enum log_level {
	LOG_LEVEL_ERROR = 0, /* act now */
	LOG_LEVEL_WARNING,   /* degraded but serving */
	LOG_LEVEL_INFO,      /* decisions and changes */
	LOG_LEVEL_DEBUG      /* steps */
};

/* Until this is called, lines go to stderr. ident must live as long as the
 * program. to_syslog: facility mail; else stderr, with the "<N>" prefixes of
 * sd-daemon(3) when with_prefix. */
void log_open(const char *ident, bool to_syslog, bool with_prefix,
    enum log_level level);
/* What is logged from now on (a reload); any thread. */
void log_set_level(enum log_level level);
/* Parses error, warning, info, debug. */
bool log_level_parse(struct sv word, enum log_level *level_r) MUST_CHECK;

void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warning(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
