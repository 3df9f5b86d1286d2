/* tlswarden: base/conf_value - configuration values from text and back.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <sysexits.h>

#include "base/conf_table.h"
#include "base/mem.h"
#include "base/banned.h"

static const struct {
	char letter;
	uint32_t secs;
} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };

/* The field of an option; its type is what the table says. */
static void *
field_of(const struct conf_option *o, struct conf *conf)
{
	return (char *)conf + o->offset;
}

static const void *
const_field_of(const struct conf_option *o, const struct conf *conf)
{
	return (const char *)conf + o->offset;
}

static int
parse_word(const struct conf_option *o, struct sv text, uint32_t *field,
    struct err *err_r)
{
	struct buf allowed;

	for (uint32_t i = 0; o->words[i] != NULL; i++)
		if (sv_is(text, o->words[i])) {
			*field = i;
			return 0;
		}
	buf_init(&allowed, 256);
	for (uint32_t i = 0; o->words[i] != NULL; i++)
		buf_addf(&allowed, "%s\"%s\"", i == 0 ? "" : ", ", o->words[i]);
	err_set(err_r, EX_CONFIG, "\"%.*s\" is not allowed; allowed are %s",
	    SV_ARG(sv_head(text, 128)), buf_str(&allowed));
	buf_free(&allowed);
	return -1;
}

static int
parse_number(const struct conf_option *o, struct sv text, uint32_t *field,
    struct err *err_r)
{
	uint32_t n;

	if (!sv_to_u32(text, o->max, &n) || n < o->min)
		return err_set(err_r, EX_CONFIG,
		    "\"%.*s\" is not a whole number from %u to %u",
		    SV_ARG(sv_head(text, 128)), o->min, o->max);
	*field = n;
	return 0;
}

static int
parse_secs(const struct conf_option *o, struct sv text, uint32_t *field,
    struct err *err_r)
{
	uint32_t n, unit = 1;
	struct sv digits = text;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (text.n > 1 && text.p[text.n - 1] == units[i].letter) {
			unit = units[i].secs;
			digits = sv_head(text, text.n - 1);
		}
	if (!sv_to_u32(digits, o->max / unit, &n) || n * unit < o->min)
		return err_set(err_r, EX_CONFIG,
		    "\"%.*s\" is not a time from %us to %us; write 90s, 15m, "
		    "6h or 2d",
		    SV_ARG(sv_head(text, 128)), o->min, o->max);
	*field = n * unit;
	return 0;
}

static int
parse_bool(struct sv text, bool *field, struct err *err_r)
{
	if (sv_is(text, "true") || sv_is(text, "yes") || sv_is(text, "on"))
		*field = true;
	else if (sv_is(text, "false") || sv_is(text, "no") ||
	    sv_is(text, "off"))
		*field = false;
	else
		return err_set(err_r, EX_CONFIG,
		    "\"%.*s\" is neither true nor false",
		    SV_ARG(sv_head(text, 128)));
	return 0;
}

/* "3.6", or "3.7.11" as postconf(1) prints it: the last part is ignored. */
static int
parse_version(const struct conf_option *o, struct sv text, uint32_t *field,
    struct err *err_r)
{
	struct sv rest = text, major, minor, patch = SV("0");
	uint32_t m, n, p;

	if (sv_cut(&rest, '.', &major) && sv_cut(&rest, '.', &minor) &&
	    (rest.n == 0 || sv_cut(&rest, '.', &patch)) && rest.n == 0 &&
	    text.p[text.n - 1] != '.' && sv_to_u32(major, 9, &m) &&
	    sv_to_u32(minor, 99, &n) && sv_to_u32(patch, 999, &p) &&
	    m * 100 + n >= o->min && m * 100 + n <= o->max) {
		*field = m * 100 + n;
		return 0;
	}
	return err_set(err_r, EX_CONFIG,
	    "\"%.*s\" is not a version of Postfix from %u.%u on; write \"3.6\"",
	    SV_ARG(sv_head(text, 128)), o->min / 100, o->min % 100);
}

static int
add_endpoint(const struct conf_option *o, struct sv text,
    struct conf_endpoints *field, struct err *err_r)
{
	struct endpoint ep;
	int rc = o->type == CONF_INET ? endpoint_parse_inet(text, &ep, err_r)
				      : endpoint_parse(text, &ep, err_r);

	if (rc < 0)
		return -1;
	field->v = mem_realloc(field->v, field->n + 1, sizeof(*field->v));
	field->v[field->n++] = ep;
	return 0;
}

static int
parse_text(const struct conf_option *o, struct sv text, char **field,
    struct err *err_r)
{
	if (o->check != NULL && o->check(text, err_r) < 0)
		return -1;
	*field = mem_svdup(text);
	return 0;
}

static int
add_text(const struct conf_option *o, struct sv text, struct conf_list *field,
    struct err *err_r)
{
	if (o->check != NULL && o->check(text, err_r) < 0)
		return -1;
	field->v = mem_realloc(field->v, field->n + 1, sizeof(*field->v));
	field->v[field->n++] = mem_svdup(text);
	return 0;
}

int
conf_value_parse(const struct conf_option *o, struct sv text, struct conf *conf,
    struct err *err_r)
{
	void *field = field_of(o, conf);

	switch (o->type) {
	case CONF_TEXT:
		return parse_text(o, text, field, err_r);
	case CONF_WORD:
		return parse_word(o, text, field, err_r);
	case CONF_NUMBER:
		return parse_number(o, text, field, err_r);
	case CONF_SECS:
		return parse_secs(o, text, field, err_r);
	case CONF_BOOL:
		return parse_bool(text, field, err_r);
	case CONF_MODE:
		if (endpoint_mode_parse(text, field))
			return 0;
		return err_set(err_r, EX_CONFIG,
		    "\"%.*s\" is not an octal mode from \"0000\" to \"0777\"",
		    SV_ARG(sv_head(text, 128)));
	case CONF_VERSION:
		return parse_version(o, text, field, err_r);
	case CONF_INET:
		if (text.n == 0)
			return 0;
		return add_endpoint(o, text, field, err_r);
	case CONF_ENDPOINT:
	case CONF_ENDPOINT_LIST:
		if (o->check != NULL && o->check(text, err_r) < 0)
			return -1;
		return add_endpoint(o, text, field, err_r);
	case CONF_TEXT_LIST:
		return add_text(o, text, field, err_r);
	}
	return err_set(err_r, EX_SOFTWARE, "%s has no type", o->name);
}

/* Double quotes as libconfuse reads them: "${" would name a variable of the
 * environment. */
static void
print_quoted(struct sv text, struct buf *out)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n') {
			buf_adds(out, "\\n");
			continue;
		}
		if (text.p[i] == '"' || text.p[i] == '\\' || text.p[i] == '$')
			buf_addc(out, '\\');
		buf_addc(out, text.p[i]);
	}
	buf_addc(out, '"');
}

static void
print_secs(uint32_t secs, struct buf *out)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (secs % units[i].secs == 0) {
			buf_addf(out, "\"%u%c\"", secs / units[i].secs,
			    units[i].letter);
			return;
		}
}

static void
print_endpoint(const struct conf_option *o, const struct endpoint *ep,
    struct buf *out)
{
	struct buf text;
	struct sv view;

	buf_init(&text, ENDPOINT_TEXT_MAX);
	endpoint_format(ep, &text);
	view = buf_sv(&text);
	print_quoted(o->type == CONF_INET ? sv_skip(view, 5) : view, out);
	buf_free(&text);
}

static void
print_endpoints(const struct conf_option *o, const struct conf_endpoints *list,
    struct buf *out)
{
	bool is_list = conf_type_is_list(o->type);

	if (is_list)
		buf_addc(out, '{');
	else if (list->n == 0)
		buf_adds(out, "\"\"");
	for (size_t i = 0; i < list->n; i++) {
		if (i > 0)
			buf_adds(out, ", ");
		print_endpoint(o, &list->v[i], out);
	}
	if (is_list)
		buf_addc(out, '}');
}

static void
print_texts(const struct conf_list *list, struct buf *out)
{
	buf_addc(out, '{');
	for (size_t i = 0; i < list->n; i++) {
		if (i > 0)
			buf_adds(out, ", ");
		print_quoted(sv_from(list->v[i]), out);
	}
	buf_addc(out, '}');
}

void
conf_value_print(const struct conf_option *o, const struct conf *conf,
    struct buf *out)
{
	const void *field = const_field_of(o, conf);
	const uint32_t *number = field;

	switch (o->type) {
	case CONF_TEXT:
		print_quoted(sv_from(*(char *const *)field), out);
		break;
	case CONF_WORD:
		print_quoted(sv_from(o->words[*number]), out);
		break;
	case CONF_NUMBER:
		buf_addf(out, "%u", *number);
		break;
	case CONF_SECS:
		print_secs(*number, out);
		break;
	case CONF_BOOL:
		buf_adds(out, *(const bool *)field ? "true" : "false");
		break;
	case CONF_MODE:
		buf_addf(out, "\"%04o\"", (unsigned int)*(const int *)field);
		break;
	case CONF_VERSION:
		buf_addf(out, "\"%u.%u\"", *number / 100, *number % 100);
		break;
	case CONF_ENDPOINT:
	case CONF_INET:
	case CONF_ENDPOINT_LIST:
		print_endpoints(o, field, out);
		break;
	case CONF_TEXT_LIST:
		print_texts(field, out);
		break;
	}
}

void
conf_value_free(const struct conf_option *o, struct conf *conf)
{
	void *field = field_of(o, conf);
	struct conf_list *list = field;

	switch (o->type) {
	case CONF_TEXT:
		free(*(char **)field);
		break;
	case CONF_ENDPOINT:
	case CONF_INET:
	case CONF_ENDPOINT_LIST:
		free(((struct conf_endpoints *)field)->v);
		break;
	case CONF_TEXT_LIST:
		for (size_t i = 0; i < list->n; i++)
			free(list->v[i]);
		free(list->v);
		break;
	case CONF_WORD:
	case CONF_NUMBER:
	case CONF_SECS:
	case CONF_BOOL:
	case CONF_MODE:
	case CONF_VERSION:
		break;
	}
}
