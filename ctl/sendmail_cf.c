/* tlswarden: ctl/sendmail_cf - what a sendmail.cf says.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <sysexits.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "ctl/sendmail_cf.h"
#include "base/banned.h"

enum { CF_BYTES_MAX = 4 << 20 };

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
add(struct sendmail_cf *cf, char kind, struct sv name, struct sv value)
{
	if (cf->n == cf->max) {
		cf->max = cf->max * 2 + 256;
		cf->lines = mem_realloc(cf->lines, cf->max, sizeof(*cf->lines));
	}
	cf->lines[cf->n++] =
	    (struct sendmail_cf_line){ kind, sv_trim(name), sv_trim(value) };
}

/* Up to the first of two bytes. */
static struct sv
until(struct sv v, char a, char b)
{
	size_t x = sv_find(v, a), y = sv_find(v, b);

	return sv_head(v, x < y ? x : y);
}

/* "{name}value" or one letter. */
static void
add_macro(struct sendmail_cf *cf, struct sv rest)
{
	struct sv name = sv_head(rest, 1);

	if (sv_is(name, "{"))
		name = sv_head(rest, sv_find(rest, '}') + 1);
	add(cf, 'D', name, sv_skip(rest, name.n));
}

static void
take_line(struct sendmail_cf *cf, struct sv line, struct sv *ruleset)
{
	char kind = line.p[0];
	struct sv rest = sv_skip(line, 1), name;

	switch (kind) {
	case 'O':
		rest = sv_trim(rest);
		name = sv_head(rest, sv_find(rest, '='));
		add(cf, kind, name, sv_skip(rest, name.n + 1));
		break;
	case 'K':
		name = until(rest, ' ', '\t');
		add(cf, kind, name, sv_skip(rest, name.n));
		break;
	case 'X':
	case 'M':
		name = sv_head(rest, sv_find(rest, ','));
		add(cf, kind, name, sv_skip(rest, name.n + 1));
		break;
	case 'D':
		add_macro(cf, rest);
		break;
	case 'S':
		*ruleset = sv_trim(until(rest, '=', '\t'));
		break;
	case 'R':
		add(cf, kind, *ruleset, rest);
		break;
	default: /* comments, versions, classes, headers, priorities */
		break;
	}
}

/* The line with those that go on with it, without their ends. */
static struct sv
next_line(struct sv *rest)
{
	size_t end = sv_find(*rest, '\n');
	struct sv line;

	while (end + 1 < rest->n && is_blank(rest->p[end + 1]))
		end += 1 + sv_find(sv_skip(*rest, end + 1), '\n');
	line = sv_head(*rest, end);
	*rest = sv_skip(*rest, end + 1);
	return line;
}

int
sendmail_cf_read(struct sendmail_cf *cf, const char *path, struct arena *mem,
    struct err *err_r)
{
	struct sv rest, ruleset = sv_from("");
	struct buf bytes;
	int rc = -1;

	*cf = (struct sendmail_cf){ .lines = NULL };
	buf_init(&bytes, CF_BYTES_MAX);
	if (file_read(path, &bytes, err_r) != 0)
		goto out;
	rest = arena_sv(mem, buf_sv(&bytes));
	while (rest.n > 0) {
		struct sv line = next_line(&rest);

		if (line.n > 0)
			take_line(cf, line, &ruleset);
	}
	rc = 0;
	if (sendmail_cf_get(cf, 'M', "local").p == NULL &&
	    sendmail_cf_get(cf, 'R', "parse").p == NULL)
		rc = err_set(err_r, EX_DATAERR,
		    "%s: neither a mailer nor the ruleset parse: this is no "
		    "sendmail.cf (is it the sendmail.mc that it is made "
		    "from?)",
		    path);
out:
	buf_free(&bytes);
	return rc;
}

void
sendmail_cf_done(struct sendmail_cf *cf)
{
	free(cf->lines);
	*cf = (struct sendmail_cf){ .lines = NULL };
}

struct sv
sendmail_cf_get(const struct sendmail_cf *cf, char kind, const char *name)
{
	for (size_t i = cf->n; i-- > 0;)
		if (cf->lines[i].kind == kind &&
		    sv_is_nocase(cf->lines[i].name, name))
			return cf->lines[i].value;
	return sv_make(NULL, 0);
}

const struct sendmail_cf_line *
sendmail_cf_next(const struct sendmail_cf *cf, char kind, size_t *at_io)
{
	while (*at_io < cf->n)
		if (cf->lines[(*at_io)++].kind == kind)
			return &cf->lines[*at_io - 1];
	return NULL;
}

struct sv
sendmail_cf_equate(struct sv list, char letter)
{
	struct sv word;

	while (sv_cut(&list, ',', &word)) {
		size_t eq = sv_find(word, '=');
		struct sv key = sv_trim(sv_head(word, eq));

		if (eq < word.n && key.n > 0 && key.p[0] == letter)
			return sv_trim(sv_skip(word, eq + 1));
	}
	return sv_make(NULL, 0);
}

/* The rule holds $>NAME or $>"NAME". */
static bool
holds_call(struct sv rule, const char *called)
{
	static const struct sv call = SV("$>");

	while (rule.n > call.n) {
		struct sv rest = sv_skip(rule, call.n);
		bool is_call = sv_starts(rule, call);

		rule = sv_skip(rule, 1);
		if (!is_call)
			continue;
		rest = sv_is(sv_head(rest, 1), "\"")
		    ? sv_head(sv_skip(rest, 1), sv_find(sv_skip(rest, 1), '"'))
		    : until(rest, ' ', '\t');
		if (sv_is_nocase(rest, called))
			return true;
	}
	return false;
}

enum sendmail_cf_call
sendmail_cf_calls(const struct sendmail_cf *cf, const char *ruleset,
    const char *called)
{
	const struct sendmail_cf_line *l;
	size_t at = 0, place = 0;

	while ((l = sendmail_cf_next(cf, 'R', &at))) {
		if (!sv_is_nocase(l->name, ruleset))
			continue;
		if (holds_call(l->value, called))
			return place == 0 ? SENDMAIL_CF_CALLS_FIRST
					  : SENDMAIL_CF_CALLS_LATE;
		place++;
	}
	return SENDMAIL_CF_CALLS_NOT;
}
