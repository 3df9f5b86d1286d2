/* tlswarden: base/conf_table - the one list of configuration keys.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Private to base/conf*.c. Each value is parsed from text and printed as text
 * by its type; check, when given, narrows what the type allows.
 */
#ifndef BASE_CONF_TABLE_H
#define BASE_CONF_TABLE_H

#include "base/conf.h"

enum conf_type {
	CONF_TEXT = 1,      /* char * */
	CONF_WORD,          /* uint32_t, index into words */
	CONF_NUMBER,        /* uint32_t, min to max */
	CONF_SECS,          /* uint32_t, min to max; 90, 90s, 15m, 6h, 2d */
	CONF_BOOL,          /* bool */
	CONF_MODE,          /* int */
	CONF_VERSION,       /* uint32_t, major * 100 + minor */
	CONF_ENDPOINT,      /* struct conf_endpoints, exactly one */
	CONF_INET,          /* struct conf_endpoints, none or one */
	CONF_ENDPOINT_LIST, /* struct conf_endpoints */
	CONF_TEXT_LIST      /* struct conf_list */
};

struct conf_option {
	const char *name;
	enum conf_type type;
	size_t offset; /* in struct conf */
	/* As in the file, lists with their braces, strings without quotes. */
	const char *fallback;
	uint32_t min, max;
	const char *const *words;
	/* Says in *err_r what is allowed. */
	int (*check)(struct sv text, struct err *err_r);
	bool needs_restart;
	const char *help;
};

/* The table; *n_r is the number of rows. */
const struct conf_option *conf_table(size_t *n_r);
bool conf_type_is_list(enum conf_type type);

/* Sets the option's field of conf, or adds to it when it is a list, from
 * text. -1: the sentence says what is allowed. */
int conf_value_parse(const struct conf_option *o, struct sv text,
    struct conf *conf, struct err *err_r) MUST_CHECK;
/* Adds the field in the file's syntax. */
void conf_value_print(const struct conf_option *o, const struct conf *conf,
    struct buf *out);
/* Frees what the field holds. */
void conf_value_free(const struct conf_option *o, struct conf *conf);

#endif
