/* tlswarden: ctl/sendmail_cf - what a sendmail.cf says.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The lines of the file (Sendmail Installation and Operation Guide, 5): a
 * letter, a name, the rest; lines that begin with a blank belong to the one
 * before. Names are compared without case, as Sendmail does. Views live as
 * long as the arena.
 */
#ifndef CTL_SENDMAIL_CF_H
#define CTL_SENDMAIL_CF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/sv.h"

#define SENDMAIL_CF_DEFAULT "/etc/mail/sendmail.cf"

struct sendmail_cf_line {
	/* O option, K map, X filter, M mailer, D macro; R a rule, whose name
	 * is that of its ruleset, which may be defined in several places, and
	 * whose value is both sides of it */
	char kind;
	struct sv name;
	struct sv value;
};

struct sendmail_cf {
	struct sendmail_cf_line *lines;
	size_t n;
	size_t max;
};

/* Reads the file. -1: it cannot be read (EX_NOINPUT), or is no sendmail.cf.
 * Free with sendmail_cf_done even then. */
int sendmail_cf_read(struct sendmail_cf *cf, const char *path,
    struct arena *mem, struct err *err_r) MUST_CHECK;
void sendmail_cf_done(struct sendmail_cf *cf);

/* The value of the last line of that kind and name, which is the one that
 * counts; p == NULL: there is none. */
struct sv
sendmail_cf_get(const struct sendmail_cf *cf, char kind, const char *name);
/* The next line of that kind at or behind *at_io, which it moves behind it;
 * NULL: no more. */
const struct sendmail_cf_line *
sendmail_cf_next(const struct sendmail_cf *cf, char kind, size_t *at_io);
/* The value behind "NAME=" in a list parted by commas (filters, mailers,
 * DaemonPortOptions), of which only the first letter counts. NULL: none. */
struct sv sendmail_cf_equate(struct sv list, char letter);

enum sendmail_cf_call {
	SENDMAIL_CF_CALLS_NOT = 0,
	SENDMAIL_CF_CALLS_LATE, /* behind rules of another */
	SENDMAIL_CF_CALLS_FIRST
};
/* Whether a ruleset calls another one. */
enum sendmail_cf_call sendmail_cf_calls(const struct sendmail_cf *cf,
    const char *ruleset, const char *called);

#endif
