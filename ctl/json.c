/* tlswarden: ctl/json - JSON on standard output.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "ctl/out.h"
#include "base/banned.h"

/* jansson gives NULL only when memory is out. */
static json_t *
must(json_t *value)
{
	if (value == NULL) {
		fputs("tlswarden: out of memory\n", stderr);
		abort();
	}
	return value;
}

json_t *
out_json_sv(struct sv v)
{
	json_t *value;
	struct buf safe;

	if (v.p == NULL)
		return must(json_null());
	value = json_stringn(v.p, v.n);
	if (value != NULL)
		return value;
	buf_init(&safe, OUT_TEXT_MAX * 4);
	out_safe(&safe, v);
	value = json_stringn(buf_str(&safe), safe.n);
	buf_free(&safe);
	return must(value);
}

json_t *
out_json_str(const char *s)
{
	return out_json_sv(sv_from(s));
}

void
out_json_set(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, must(value)) != 0)
		(void)must(NULL);
}

void
out_json_add(json_t *array, json_t *value)
{
	if (json_array_append_new(array, must(value)) != 0)
		(void)must(NULL);
}

static void
print(json_t *value, size_t flags)
{
	/* A failed write stays in ferror(stdout), which main looks at. */
	(void)json_dumpf(value, stdout, flags);
	json_decref(value);
}

void
out_json(json_t *value)
{
	print(must(value), JSON_INDENT(2) | JSON_ENCODE_ANY);
	(void)putchar('\n');
}

void
json_list_begin(struct json_list *l)
{
	l->n = 0;
	(void)putchar('[');
}

void
json_list_item(struct json_list *l, json_t *value)
{
	(void)fputs(l->n++ == 0 ? "\n" : ",\n", stdout);
	print(must(value), JSON_COMPACT | JSON_ENCODE_ANY);
}

void
json_list_end(struct json_list *l)
{
	(void)fputs(l->n == 0 ? "]\n" : "\n]\n", stdout);
}
