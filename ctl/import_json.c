/* tlswarden: ctl/import_json - reads what "tlswarden export" printed.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/import.h"
#include "base/banned.h"

enum { WHERE_SIZE = 64 };

static struct sv
string_of(const json_t *value)
{
	return sv_make(json_string_value(value), json_string_length(value));
}

/* A column's value as text; false when it is neither text, number nor null. */
static bool
value_of(struct import *im, const json_t *value, struct sv *v_r)
{
	if (json_is_null(value))
		*v_r = sv_make(NULL, 0);
	else if (json_is_string(value))
		*v_r = string_of(value);
	else if (json_is_integer(value))
		*v_r = import_text(im, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(value));
	else
		return false;
	return true;
}

static void
take_rule(struct import *im, json_t *row, size_t at)
{
	struct import_rule rule = { .n = 0 };
	char where[WHERE_SIZE];
	const char *column;
	json_t *value;

	(void)snprintf(where, sizeof(where), "policy[%zu]", at);
	json_object_foreach(row, column, value)
	{
		struct sv v;

		if (strcmp(column, "id") == 0) {
			rule.was = json_integer_value(value);
			continue;
		}
		if (!value_of(im, value, &v) || rule.n == IMPORT_COLUMNS) {
			import_refuse(im, where, "%s is no text or number",
			    column);
			return;
		}
		import_set(&rule, column, v);
	}
	if (rule.was != 0)
		(void)snprintf(where, sizeof(where),
		    "policy[%zu], rule %" PRId64, at, rule.was);
	if (rule.n == 0)
		import_refuse(im, where, "not an object with columns");
	else
		import_add(im, &rule, where);
}

static void
take_ca(struct import *im, const json_t *row, size_t at)
{
	const json_t *name = json_object_get(row, "name");
	const json_t *pem = json_object_get(row, "pem");
	const json_t *comment = json_object_get(row, "comment");
	char where[WHERE_SIZE];

	(void)snprintf(where, sizeof(where), "ca[%zu]", at);
	if (!json_is_string(name) || !json_is_string(pem)) {
		import_refuse(im, where, "name and pem are needed");
		return;
	}
	import_ca(im, string_of(name), string_of(pem),
	    json_is_string(comment) ? string_of(comment) : sv_make(NULL, 0),
	    where);
}

static int
take_all(struct import *im, json_t *root, const char *path, struct err *err_r)
{
	const json_t *cas = json_object_get(root, "ca");
	const json_t *rules = json_object_get(root, "policy");
	size_t i;
	json_t *row;

	if (!json_is_array(rules) || (cas != NULL && !json_is_array(cas)))
		return err_set(err_r, EX_DATAERR,
		    "%s: not what \"tlswarden export\" prints: an object with "
		    "the arrays policy and ca is needed",
		    path);
	json_array_foreach(cas, i, row)
	{
		take_ca(im, row, i);
	}
	json_array_foreach(rules, i, row)
	{
		take_rule(im, row, i);
	}
	return 0;
}

int
import_json(struct import *im, const char *path, struct err *err_r)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *f = is_stdin ? stdin : fopen(path, "re");
	json_error_t error;
	json_t *root;
	int rc;

	if (f == NULL)
		return err_set(err_r, EX_NOINPUT, "%s: %s", path,
		    strerror(errno));
	root = json_loadf(f, JSON_REJECT_DUPLICATES, &error);
	if (!is_stdin)
		(void)fclose(f);
	if (root == NULL)
		return err_set(err_r, EX_DATAERR, "%s:%d: %s", path, error.line,
		    error.text);
	rc = take_all(im, root, path, err_r);
	json_decref(root);
	return rc;
}
