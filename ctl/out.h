/* tlswarden: ctl/out - what the tool prints: tables, colours, JSON.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Text of the tables and of peers is made safe for a terminal here: valid
 * UTF-8 stays, control characters and what would turn the line around are
 * written \xHH.
 */
#ifndef CTL_OUT_H
#define CTL_OUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/sv.h"
#include "ctl/command.h"

enum { OUT_TEXT_MAX = 16 << 20, OUT_CELL_MAX = 4096 };

enum out_style {
	OUT_PLAIN = 0,
	OUT_BOLD,
	OUT_DIM,
	OUT_GOOD, /* green */
	OUT_BAD,  /* red */
	OUT_WARN  /* yellow */
};

/* Adds v, safe to print. */
void out_safe(struct buf *out, struct sv v);
/* "tlswarden: TEXT" on standard error, safe to print but for its newlines. */
void out_error(struct sv text);
/* Prints v as it is: what was made safe before, or must not be touched. */
void out_sv(struct sv v);
/* Prints v, made safe. */
void out_print(struct sv v);
/* Prints the words in that style when colours are on. */
void out_styled(const struct app *app, enum out_style style, const char *fmt,
    ...) PRINTF_LIKE(3, 4);

/* A table with aligned columns; the last column is not padded. */
struct table {
	struct arena mem;
	const char *const *heads;
	size_t n_columns;
	struct sv *cells;
	size_t n_cells;
	size_t max_cells;
};

/* heads are borrowed until table_done. */
void table_init(struct table *t, const char *const *heads, size_t n_columns);
/* Each cell is copied; cells fill row after row. */
void table_sv(struct table *t, struct sv v);
void table_str(struct table *t, const char *s);
void table_number(struct table *t, int64_t n);
/* Prints it and frees it. */
void table_done(struct table *t, const struct app *app);
void table_free(struct table *t);

/* Gives a JSON string of v; null when v.p == NULL. Bytes that are not UTF-8
 * are written as out_safe does. */
json_t *out_json_sv(struct sv v) NONNULL_RETURN MUST_CHECK;
json_t *out_json_str(const char *s) NONNULL_RETURN MUST_CHECK;
/* Puts a value into an object; takes the value. */
void out_json_set(json_t *object, const char *key, json_t *value);
void out_json_add(json_t *array, json_t *value);
/* Prints a value with a newline behind it; takes it. */
void out_json(json_t *value);

/* An array printed item by item, for what may be a million long. */
struct json_list {
	size_t n;
};
void json_list_begin(struct json_list *l);
void json_list_item(struct json_list *l, json_t *value); /* takes value */
void json_list_end(struct json_list *l);

#endif
