/* tlswarden: genrules - a policy table of any size, and keys to ask it for.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Of a hundred rules 60 name a domain, 20 a parent domain, 15 an address, 4 a
 * subnet (always of direction in) and one is a glob with a literal tail. Seven
 * keys of ten are covered by a rule. The same options give the same rows. The
 * triggers of the table are taken off while the rows go in and put back
 * unchanged: a million audit rows are not what is measured.
 */
#include "config.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "keys.h"

enum { PATTERN_MAX = 128, TRIGGERS_MAX = 1 << 20 };

struct options {
	const char *db_path;
	const char *sql_path;
	const char *keys_path;
	uint32_t rules;
	uint32_t keys;
	uint32_t open_globs; /* without a literal tail, among the rules */
	bool is_in;
};

enum kind {
	KIND_DOMAIN = 1,
	KIND_PARENT,
	KIND_ADDRESS,
	KIND_SUBNET,
	KIND_GLOB
};

static const char usage_text[] =
    "usage: genrules -f SCHEMA [options] DATABASE\n"
    "  -f FILE  sql/policy.sql, run when the database is new\n"
    "  -n N     rules to add (1000)\n"
    "  -i       rules of direction in, by sender; otherwise out, by recipient\n"
    "  -g N     how many of the rules are globs like \"mail*.*\" (0)\n"
    "  -k FILE  write keys: next hops, with -i \"client-address sender\"\n"
    "  -q N     how many keys (200000)\n";

static int
fail(sqlite3 *db, const char *what)
{
	(void)fprintf(stderr, "genrules: %s: %s\n", what, sqlite3_errmsg(db));
	return -1;
}

static int
run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK
	    ? 0
	    : fail(db, "exec");
}

static enum kind
kind_of(uint32_t i)
{
	uint32_t part = (i * 37U) % 100U;

	if (part < 60)
		return KIND_DOMAIN;
	if (part < 80)
		return KIND_PARENT;
	if (part < 95)
		return KIND_ADDRESS;
	return part < 99 ? KIND_SUBNET : KIND_GLOB;
}

/* Numbers spread over 28 bits, each once: neighbours share no prefix. */
static uint32_t
spread(uint32_t i)
{
	return (i * 0x9e3779bU) & 0xfffffffU;
}

static void
subnet_of(uint32_t i, char *out, bool is_address)
{
	uint32_t x = spread(i);

	if (i % 5 == 0)
		(void)snprintf(out, PATTERN_MAX, "2001:db8:%x:%x::%s", x >> 16,
		    x & 0xffffU, is_address ? "25" : "/64");
	else
		(void)snprintf(out, PATTERN_MAX, "%u.%u.%u.%s",
		    11 + (x >> 16) % 180, (x >> 8) & 255U, x & 255U,
		    is_address ? "25" : "0/24");
}

/* The pattern of rule i. */
static void
pattern_of(const struct options *o, uint32_t i, char *out)
{
	uint32_t x = spread(i);

	if (i < o->open_globs) {
		(void)snprintf(out, PATTERN_MAX, "mail%x.*", x);
		return;
	}
	switch (kind_of(i)) {
	case KIND_DOMAIN:
		(void)snprintf(out, PATTERN_MAX, "c%07x.example%u.com", x,
		    i % 97);
		break;
	case KIND_PARENT:
		(void)snprintf(out, PATTERN_MAX, ".p%07x.example.net", x);
		break;
	case KIND_ADDRESS:
		(void)snprintf(out, PATTERN_MAX, "user%u@a%06x.example.org",
		    i % 1000, x >> 4);
		break;
	case KIND_GLOB:
		(void)snprintf(out, PATTERN_MAX, "mx*.g%07x.example.org", x);
		break;
	case KIND_SUBNET:
		(void)snprintf(out, PATTERN_MAX, "*");
		break;
	}
}

static void
bind_rule(sqlite3_stmt *st, const struct options *o, uint32_t i)
{
	bool is_subnet = i >= o->open_globs && kind_of(i) == KIND_SUBNET;
	bool is_in = o->is_in || is_subnet;
	bool is_secure = !is_in && i % 10 >= 7 && i % 10 < 9;
	const char *level = i % 10 == 9 ? "preferred" : "encrypt";
	char pattern[PATTERN_MAX], subnet[PATTERN_MAX], comment[PATTERN_MAX];

	pattern_of(o, i, pattern);
	subnet_of(i, subnet, false);
	(void)snprintf(comment, sizeof(comment), "partner %u", i);
	sqlite3_bind_text(st, 1, is_in ? "in" : "out", -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, is_in ? pattern : "*", -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(st, 3, is_in ? "*" : pattern, -1, SQLITE_TRANSIENT);
	if (is_subnet)
		sqlite3_bind_text(st, 4, subnet, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(st, 5, is_secure ? "secure" : level, -1,
	    SQLITE_STATIC);
	if (i % 3 == 0 && i % 10 != 9)
		sqlite3_bind_text(st, 6, "TLSv1.2", -1, SQLITE_STATIC);
	if (is_secure && i % 4 == 0)
		sqlite3_bind_text(st, 7, "nexthop:.nexthop", -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 8, comment, -1, SQLITE_TRANSIENT);
}

static int
add_rules(sqlite3 *db, const struct options *o)
{
	sqlite3_stmt *st = NULL;
	int rc = 0;

	if (sqlite3_prepare_v2(db,
		"INSERT INTO policy (direction, sender, recipient, subnet, "
		"level, min_protocol, cert_name, comment) "
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		-1, &st, NULL) != SQLITE_OK)
		return fail(db, "prepare");
	for (uint32_t i = 0; i < o->rules && rc == 0; i++) {
		bind_rule(st, o, i);
		if (sqlite3_step(st) != SQLITE_DONE)
			rc = fail(db, "insert");
		sqlite3_reset(st);
		sqlite3_clear_bindings(st);
	}
	sqlite3_finalize(st);
	return rc;
}

/* Adds the statements that select makes to b, each with its semicolon. */
static int
collect(sqlite3 *db, const char *select, struct buf *b)
{
	sqlite3_stmt *st = NULL;
	int rc;

	if (sqlite3_prepare_v2(db, select, -1, &st, NULL) != SQLITE_OK)
		return fail(db, "triggers");
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		buf_addf(b, "%s;\n", sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return rc == SQLITE_DONE && !b->is_full ? 0 : fail(db, "triggers");
}

static int
fill(sqlite3 *db, const struct options *o)
{
	struct buf drop, make;
	int rc = -1;

	buf_init(&drop, TRIGGERS_MAX);
	buf_init(&make, TRIGGERS_MAX);
	if (collect(db,
		"SELECT 'DROP TRIGGER \"' || name || '\"' FROM sqlite_schema "
		"WHERE type = 'trigger'",
		&drop) == 0 &&
	    collect(db,
		"SELECT sql FROM sqlite_schema WHERE type = 'trigger' "
		"ORDER BY rowid",
		&make) == 0 &&
	    run(db, "PRAGMA synchronous = OFF; BEGIN") == 0 &&
	    run(db, buf_str(&drop)) == 0 && add_rules(db, o) == 0 &&
	    run(db, buf_str(&make)) == 0)
		rc = run(db, "COMMIT");
	buf_free(&drop);
	buf_free(&make);
	return rc;
}

/* Runs the schema; harmless on a database that has it. */
static int
make_schema(sqlite3 *db, const char *path)
{
	struct buf sql;
	char chunk[4096];
	size_t n;
	FILE *f = fopen(path, "re");
	int rc;

	if (f == NULL) {
		(void)fprintf(stderr, "genrules: %s: %s\n", path,
		    strerror(errno));
		return -1;
	}
	buf_init(&sql, TRIGGERS_MAX);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&sql, sv_make(chunk, n));
	(void)fclose(f);
	rc = run(db, buf_str(&sql));
	buf_free(&sql);
	return rc;
}

/* A name or address that rule i covers; false when its kind has none. */
static bool
covered(const struct options *o, uint32_t i, uint32_t salt, char *out)
{
	char pattern[PATTERN_MAX - 32];
	char *star;

	const char *user = o->is_in ? "user@" : "";

	pattern_of(o, i, out);
	memcpy(pattern, out, sizeof(pattern));
	pattern[sizeof(pattern) - 1] = '\0';
	if (strchr(pattern, '@') != NULL)
		return o->is_in;
	star = strchr(pattern, '*');
	if (star == pattern)
		return false;
	if (star != NULL) {
		*star = '\0';
		(void)snprintf(out, PATTERN_MAX, "%s%s%u%s", user, pattern,
		    salt % 100, star + 1);
	} else {
		(void)snprintf(out, PATTERN_MAX, "%s%s%s", user,
		    pattern[0] == '.' ? "h.eu" : "", pattern);
	}
	return true;
}

static void
print_key(const struct options *o, uint64_t r, FILE *f)
{
	uint32_t i = (uint32_t)(r >> 32) % o->rules;
	uint32_t salt = (uint32_t)(r & 0xffffU);
	bool is_hit = (r >> 16) % 10 < 7;
	char key[PATTERN_MAX], client[PATTERN_MAX];

	subnet_of(i, client, true);
	while (is_hit && !(o->is_in && kind_of(i) == KIND_SUBNET) &&
	    !covered(o, i, salt, key))
		i = (i + 1) % o->rules;
	if (!is_hit || kind_of(i) == KIND_SUBNET)
		(void)snprintf(key, sizeof(key), "%sh%u.n%07x.eu.nowhere.test",
		    o->is_in ? "u@" : "", salt % 50, spread(i));
	if (!o->is_in)
		(void)fprintf(f, "%s\n", key);
	else if (is_hit && kind_of(i) == KIND_SUBNET)
		(void)fprintf(f, "%s %s\n", client, key);
	else
		(void)fprintf(f, "192.0.2.%u %s\n", salt % 250, key);
}

static int
write_keys(const struct options *o)
{
	FILE *f = fopen(o->keys_path, "we");
	uint64_t state = 88172645463325252U;

	if (f == NULL) {
		perror(o->keys_path);
		return -1;
	}
	for (uint32_t n = 0; n < o->keys; n++)
		print_key(o, keys_random(&state), f);
	if (fclose(f) != 0) {
		perror(o->keys_path);
		return -1;
	}
	return 0;
}

static bool
take_option(struct options *o, int opt, const char *arg)
{
	switch (opt) {
	case 'f':
		o->sql_path = arg;
		return true;
	case 'g':
		return sv_to_u32(sv_from(arg), 100000, &o->open_globs);
	case 'i':
		o->is_in = true;
		return true;
	case 'k':
		o->keys_path = arg;
		return true;
	case 'n':
		return sv_to_u32(sv_from(arg), 20000000, &o->rules) &&
		    o->rules > 0;
	case 'q':
		return sv_to_u32(sv_from(arg), 10000000, &o->keys);
	default:
		return false;
	}
}

int
main(int argc, char **argv)
{
	struct options o = { .rules = 1000, .keys = 200000 };
	sqlite3 *db = NULL;
	int opt, rc = -1;

	while ((opt = getopt(argc, argv, "f:g:ik:n:q:")) != -1)
		if (!take_option(&o, opt, optarg))
			break;
	if (opt != -1 || argc - optind != 1 || o.sql_path == NULL) {
		(void)fputs(usage_text, stderr);
		return EX_USAGE;
	}
	if (sqlite3_open(argv[optind], &db) != SQLITE_OK)
		(void)fail(db, argv[optind]);
	else if (make_schema(db, o.sql_path) == 0 && fill(db, &o) == 0 &&
	    (o.keys_path == NULL || write_keys(&o) == 0))
		rc = 0;
	sqlite3_close(db);
	return rc == 0 ? EX_OK : EX_SOFTWARE;
}
