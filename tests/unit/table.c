/* tlswarden: tests/unit/table - a small policy table for tests.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

static struct sv
or_default(const char *s, const char *fallback)
{
	return sv_from(s != NULL ? s : fallback);
}

static void
add_row(struct snapshot_builder *b, const struct table_row *t, int64_t id)
{
	struct rule_row row;
	struct err err = { 0 };

	memset(&row, 0, sizeof(row));
	row.id = id;
	row.enabled = 1;
	row.priority = id;
	row.direction = sv_from(t->is_out ? "out" : "in");
	row.sender = or_default(t->sender, "*");
	row.recipient = or_default(t->recipient, "*");
	row.subnet = sv_from(t->subnet);
	row.level = or_default(t->level, "encrypt");
	row.on_failure = or_default(t->on_failure, "tempfail");
	row.ca = sv_from(t->ca);
	row.cert_name = sv_from(t->cert_name);
	row.cert_fingerprint = sv_from(t->pin);
	row.min_protocol = sv_from(t->min_protocol);
	row.min_bits = t->min_bits;
	row.mode = or_default(t->mode, "enforce");
	row.comment = sv_from("");
	if (snapshot_builder_row(b, &row, &err) != 0) {
		(void)fprintf(stderr, "row %d: %s\n", (int)id, err.text);
		abort();
	}
}

struct snapshot *
table_snapshot(const struct table_row *rows, size_t n)
{
	static const struct sv dn = SV(TABLE_CA_DN), cn = SV(TABLE_CA_CN);
	const struct snapshot_options options = { .now = 1000,
		.postfix_version = 306,
		.ca_directory = SV("tlswarden/ca") };
	const struct ca_fact ca = { SV("Test CA"), SV("aa"), &dn, &cn, 1 };
	struct snapshot_builder *b = snapshot_builder_new(&options);
	struct err err = { 0 };

	if (snapshot_builder_ca(b, &ca, &err) != 0)
		abort();
	for (size_t i = 0; i < n; i++)
		add_row(b, &rows[i], (int64_t)i + 1);
	return snapshot_builder_done(b);
}
