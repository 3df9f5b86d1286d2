/* tlswarden: ctl/out - what the tool prints: tables, colours, JSON.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ctl/out.h"
#include "ctl/utf8.h"
#include "base/banned.h"

void
out_safe(struct buf *out, struct sv v)
{
	while (v.n > 0) {
		uint32_t code = 0;
		size_t n = utf8_next(v, &code);

		if (n > 0 && utf8_is_printable(code)) {
			buf_add(out, sv_head(v, n));
		} else {
			n = n > 0 ? n : 1;
			for (size_t i = 0; i < n; i++)
				buf_addf(out, "\\x%02X",
				    (unsigned)(unsigned char)v.p[i]);
		}
		v = sv_skip(v, n);
	}
}

void
out_error(struct sv text)
{
	struct sv line;
	struct buf b;

	(void)fflush(stdout);
	buf_init(&b, OUT_TEXT_MAX);
	buf_adds(&b, "tlswarden: ");
	while (sv_cut(&text, '\n', &line)) {
		out_safe(&b, line);
		buf_addc(&b, '\n');
	}
	fputs(buf_str(&b), stderr);
	buf_free(&b);
}

void
out_sv(struct sv v)
{
	if (v.n > 0)
		(void)fwrite(v.p, 1, v.n, stdout);
}

void
out_print(struct sv v)
{
	struct buf b;

	buf_init(&b, OUT_TEXT_MAX * 4);
	out_safe(&b, v);
	out_sv(buf_sv(&b));
	buf_free(&b);
}

void
out_styled(const struct app *app, enum out_style style, const char *fmt, ...)
{
	static const char *const on[] = { "", "\033[1m", "\033[2m", "\033[32m",
		"\033[31m", "\033[33m" };
	va_list ap;

	if (app->colour)
		(void)fputs(on[style], stdout);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	if (app->colour && style != OUT_PLAIN)
		(void)fputs("\033[0m", stdout);
}

void
table_init(struct table *t, const char *const *heads, size_t n_columns)
{
	memset(t, 0, sizeof(*t));
	arena_init(&t->mem);
	t->heads = heads;
	t->n_columns = n_columns;
}

void
table_sv(struct table *t, struct sv v)
{
	struct buf safe;

	if (t->n_cells == t->max_cells) {
		t->max_cells = t->max_cells * 2 + 64;
		t->cells =
		    mem_realloc(t->cells, t->max_cells, sizeof(*t->cells));
	}
	buf_init(&safe, OUT_CELL_MAX * 4);
	out_safe(&safe, sv_head(v, OUT_CELL_MAX));
	t->cells[t->n_cells++] = arena_sv(&t->mem, buf_sv(&safe));
	buf_free(&safe);
}

void
table_str(struct table *t, const char *s)
{
	table_sv(t, sv_from(s));
}

void
table_number(struct table *t, int64_t n)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRId64, n);
	table_str(t, text);
}

/* Prints one cell; all but the last of a row are padded. */
static void
print_cell(const struct table *t, struct sv v, size_t column, size_t width)
{
	out_sv(v);
	if (column + 1 == t->n_columns) {
		(void)putchar('\n');
		return;
	}
	for (size_t n = utf8_width(v); n < width + 2; n++)
		(void)putchar(' ');
}

void
table_done(struct table *t, const struct app *app)
{
	size_t *widths = mem_zalloc(t->n_columns, sizeof(*widths));

	for (size_t i = 0; i < t->n_columns; i++)
		widths[i] = strlen(t->heads[i]);
	for (size_t i = 0; i < t->n_cells; i++) {
		size_t n = utf8_width(t->cells[i]);

		if (n > widths[i % t->n_columns])
			widths[i % t->n_columns] = n;
	}
	if (app->colour)
		(void)fputs("\033[1m", stdout);
	for (size_t i = 0; i < t->n_columns; i++)
		print_cell(t, sv_from(t->heads[i]), i, widths[i]);
	if (app->colour)
		(void)fputs("\033[0m", stdout);
	for (size_t i = 0; i < t->n_cells; i++)
		print_cell(t, t->cells[i], i % t->n_columns,
		    widths[i % t->n_columns]);
	free(widths);
	table_free(t);
}

void
table_free(struct table *t)
{
	free(t->cells);
	arena_free(&t->mem);
}
