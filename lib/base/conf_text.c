/* tlswarden: base/conf_text - the text of tlswarden.conf(5) without comments.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>
#include <sysexits.h>

#include "base/conf_text.h"
#include "base/banned.h"

/* Where we are in the text, and on which line. */
struct walk {
	const char *file;
	char *p;
	size_t n;
	size_t at;
	int line;
};

/* The byte i behind this one; NUL behind the end. */
static char
peek(const struct walk *w, size_t i)
{
	return w->at + i < w->n ? w->p[w->at + i] : '\0';
}

static void
step(struct walk *w)
{
	if (peek(w, 0) == '\n')
		w->line++;
	w->at++;
}

static void
blank(struct walk *w)
{
	if (peek(w, 0) != '\n')
		w->p[w->at] = ' ';
	step(w);
}

/* Over the text in quotes that starts here; it ends on its line, unless that
 * ends with a backslash. */
static int
skip_quotes(struct walk *w, struct err *err_r)
{
	char quote = peek(w, 0);
	int line = w->line;

	for (step(w); w->at < w->n && peek(w, 0) != '\n'; step(w)) {
		if (peek(w, 0) == quote) {
			step(w);
			return 0;
		}
		if (peek(w, 0) == '\\' && w->at + 1 < w->n)
			step(w);
	}
	return err_set(err_r, EX_CONFIG,
	    "%s:%d: a quote is not closed; write %c at the end of the text",
	    w->file, line, quote);
}

static int
blank_long(struct walk *w, struct err *err_r)
{
	int line = w->line;

	for (; w->at < w->n; blank(w))
		if (peek(w, 0) == '*' && peek(w, 1) == '/') {
			blank(w);
			blank(w);
			return 0;
		}
	return err_set(err_r, EX_CONFIG,
	    "%s:%d: a comment is not closed; write */ at its end", w->file,
	    line);
}

/* A comment of slashes starts where a word could, not within one. */
static bool
is_between(const struct walk *w)
{
	return w->at == 0 || strchr(" \t\r\n={}(),+", w->p[w->at - 1]) != NULL;
}

int
conf_text_blank(const char *file, struct buf *text, struct err *err_r)
{
	struct walk w = { file, text->p, text->n, 0, 1 };

	if (text->n > 0 && memchr(text->p, '\0', text->n) != NULL)
		return err_set(err_r, EX_CONFIG,
		    "%s: is no text: it has NUL bytes", file);
	while (w.at < w.n) {
		char c = peek(&w, 0), next = peek(&w, 1);

		if (c == '"' || c == '\'') {
			if (skip_quotes(&w, err_r) != 0)
				return -1;
		} else if (c == '/' && next == '*' && is_between(&w)) {
			blank(&w);
			blank(&w);
			if (blank_long(&w, err_r) != 0)
				return -1;
		} else if (c == '#' ||
		    (c == '/' && next == '/' && is_between(&w))) {
			while (w.at < w.n && peek(&w, 0) != '\n')
				blank(&w);
		} else {
			step(&w);
		}
	}
	return 0;
}
