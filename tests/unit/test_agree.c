/* tlswarden: tests that sql/policy.sql and policy/row.c agree.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Random rows go through the triggers (by their procedure check_rule, which
 * stores nothing) and through row_parse. What SQL takes a daemon must load,
 * or one INSERT would keep the whole table from being served; only what IDNA
 * refuses SQL cannot see. What SQL refuses row_parse may take only where SQL
 * is meant to be stricter. The seed is printed; TLSWARDEN_SEED repeats it.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

#include "policy/row.h"
#include "sql/policy_sql.h"
#include "unit.h"

enum { ROWS = 20000, TEXT_MAX = 600 };

struct agree {
	sqlite3 *db;
	sqlite3_stmt *check;
	struct row_parts parts;
	uint64_t rnd;
	unsigned n_taken;
	unsigned n_refused;
};

static uint32_t
pick(struct agree *a, uint32_t n)
{
	a->rnd ^= a->rnd << 13;
	a->rnd ^= a->rnd >> 7;
	a->rnd ^= a->rnd << 17;
	return (uint32_t)(a->rnd >> 32) % n;
}

static uint64_t
pick_seed(void)
{
	const char *text = getenv("TLSWARDEN_SEED");
	uint64_t seed = (uint64_t)time(NULL) * 2654435761U + 1;

	if (text != NULL)
		ck_assert(sv_to_u64(sv_from(text), UINT64_MAX, &seed));
	printf("# TLSWARDEN_SEED=%" PRIu64 "\n", seed);
	(void)fflush(stdout);
	return seed | 1;
}

static void
must(struct agree *a, int rc, int want)
{
	ck_assert_msg(rc == want, "sqlite: %s", sqlite3_errmsg(a->db));
}

static void
agree_open(struct agree *a)
{
	static const char insert[] =
	    "INSERT INTO check_rule VALUES"
	    "(1,1,100,?1,?2,?3,?4,?5,'tempfail',NULL,?6,?7,NULL,NULL,"
	    "'enforce',?8,'')";

	memset(a, 0, sizeof(*a));
	a->rnd = pick_seed();
	row_init(&a->parts);
	must(a, sqlite3_open(":memory:", &a->db), SQLITE_OK);
	{
		struct buf script;

		buf_init(&script, 1 << 20);
		for (const char *const *line = policy_sql; *line != NULL;
		     line++)
			buf_adds(&script, *line);
		must(a, sqlite3_exec(a->db, buf_str(&script), NULL, NULL, NULL),
		    SQLITE_OK);
		buf_free(&script);
	}
	must(a, sqlite3_prepare_v2(a->db, insert, -1, &a->check, NULL),
	    SQLITE_OK);
}

static void
agree_close(struct agree *a)
{
	/* a generator whose rows all end on one side tests nothing */
	ck_assert_msg(a->n_taken >= ROWS / 100 && a->n_refused >= ROWS / 100,
	    "%u taken, %u refused", a->n_taken, a->n_refused);
	sqlite3_finalize(a->check);
	must(a, sqlite3_close(a->db), SQLITE_OK);
	row_free(&a->parts);
}

static void
bind(struct agree *a, int i, struct sv v)
{
	if (v.p == NULL)
		must(a, sqlite3_bind_null(a->check, i), SQLITE_OK);
	else
		must(a,
		    sqlite3_bind_text(a->check, i, v.p, (int)v.n,
			SQLITE_STATIC),
		    SQLITE_OK);
}

/* True if SQL takes the row; else *said_r is its sentence. */
static bool
sql_takes(struct agree *a, const struct rule_row *row, const char **said_r)
{
	const struct sv columns[] = { row->direction, row->sender,
		row->recipient, row->subnet, row->level, row->cert_name,
		row->cert_fingerprint, row->expires_at };
	int rc;

	(void)sqlite3_reset(a->check);
	for (int i = 0; i < N_ROWS(columns); i++)
		bind(a, i + 1, columns[i]);
	rc = sqlite3_step(a->check);
	*said_r = sqlite3_errmsg(a->db);
	ck_assert_msg(rc == SQLITE_DONE || rc == SQLITE_CONSTRAINT, "rc %d: %s",
	    rc, *said_r);
	return rc == SQLITE_DONE;
}

static bool
is_ascii(const struct rule_row *row)
{
	const struct sv texts[] = { row->sender, row->recipient,
		row->cert_name };

	for (int i = 0; i < N_ROWS(texts); i++)
		for (size_t k = 0; k < texts[i].n; k++)
			if ((unsigned char)texts[i].p[k] >= 0x80)
				return false;
	return true;
}

static bool
is_meant(const char *said, const char *const *meant)
{
	for (; *meant != NULL; meant++)
		if (strstr(said, *meant) != NULL)
			return true;
	return false;
}

/* meant: words of the sentences with which SQL is stricter, then NULL. */
static void
compare(struct agree *a, const struct rule_row *row, struct sv text,
    const char *const *meant)
{
	struct err err;
	const char *said;
	bool by_sql, by_c;

	by_sql = sql_takes(a, row, &said);
	by_c = row_parse(row, &a->parts, &err) == 0;
	a->n_taken += by_sql;
	a->n_refused += !by_sql;
	if (by_sql && !by_c && is_ascii(row))
		ck_abort_msg("SQL takes \"%.*s\", but: %s", SV_ARG(text),
		    err.text);
	if (by_c && !by_sql && !is_meant(said, meant))
		ck_abort_msg("row_parse takes \"%.*s\", but: %s", SV_ARG(text),
		    said);
}

static const struct rule_row plain = {
	.id = 1,
	.enabled = 1,
	.priority = 100,
	.direction = SV("out"),
	.sender = SV("*"),
	.recipient = SV("*"),
	.level = SV("secure"),
	.on_failure = SV("tempfail"),
	.mode = SV("enforce"),
	.comment = SV(""),
};

/* A few words one behind the other. */
static struct sv
pick_text(struct agree *a, const struct sv *words, int n_words, uint32_t max,
    char *text)
{
	size_t n = 0;

	for (uint32_t left = 1 + pick(a, max); left > 0; left--) {
		struct sv w = words[pick(a, (uint32_t)n_words)];

		if (n + w.n > TEXT_MAX)
			break;
		memcpy(text + n, w.p, w.n);
		n += w.n;
	}
	return sv_make(text, n);
}

static const struct sv words_of_direction[] = { SV("out"), SV("in") };

#define PIN32 "0123456789abcdef0123456789ABCDEF"
#define PIN PIN32 PIN32
#define COLONS32 "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:ab:cd:ef"
#define PIN_COLONS COLONS32 ":" COLONS32
#define L32 "abcdefghijklmnopqrstuvwxyz012345"
#define L63 L32 "abcdefghijklmnopqrstuvwxyz01234"

START_TEST(patterns)
{
	static const struct sv words[] = { SV("a"), SV("example"), SV("com"),
		SV("."), SV("."), SV("."), SV("-"), SV("*"), SV("*."), SV("?"),
		SV("@"), SV("@"), SV("@example.com"), SV("["), SV("]"), SV(":"),
		SV(":25"), SV("0"), SV("65536"), SV("192.0.2.1"), SV("::1"),
		SV("2001:db8::"), SV("IPv6:"), SV("<"), SV(">"), SV("\""),
		SV("\\"), SV(" "), SV("_"), SV("xn--bcher-kva"),
		SV("b\303\274cher"), SV("\377"), SV("\302\240"), SV("%"),
		SV("/24"), SV("\t"), SV("\0"), SV("X.Y"), SV("42"), SV("+"),
		SV(L63), SV(L63 "."), SV("a" L63), SV(L32 "." L63 "." L63) };
	static const char *const meant[] = {
		"holds a control character",     /* C1, blanks of Unicode */
		"without < and >", "a second @", /* in a user */
		"a quoted user part",
		"does not start or end with -", /* in a glob */
		"at most 253 bytes",            /* in a glob */
		"network is no pattern",        /* 192.0.2.*, a.42 */
		"user without * or ?, for example user@[1", /* no IPv6: */
		"a next hop is written", NULL
	};
	struct agree a;
	char text[TEXT_MAX];

	agree_open(&a);
	for (int i = 0; i < ROWS; i++) {
		struct rule_row row = plain;
		struct sv v = pick_text(&a, words, N_ROWS(words), 5, text);

		row.direction = words_of_direction[pick(&a, 4) == 0];
		if (pick(&a, 4) > 0)
			row.recipient = v;
		else
			row.sender = v;
		compare(&a, &row, v, meant);
	}
	agree_close(&a);
}
END_TEST

static void
add_ipv4(struct agree *a, struct buf *b)
{
	uint32_t spoilt = pick(a, 4) == 0 ? pick(a, 5) : 4;

	for (uint32_t i = 0; i < 4; i++)
		buf_addf(b, "%s%u", i > 0 ? "." : "",
		    i == spoilt ? 256 : pick(a, 3) * pick(a, 128));
	if (pick(a, 20) == 0)
		buf_adds(b, ".1");
}

static void
add_ipv6(struct agree *a, struct buf *b)
{
	uint32_t n = pick(a, 5) == 0 ? pick(a, 10) : 8, gap = n;

	if (pick(a, 2) == 0) {
		n = pick(a, 8);
		gap = pick(a, n + 1);
	}
	for (uint32_t i = 0; i < n; i++) {
		buf_adds(b, i == gap ? "::" : i > 0 ? ":" : "");
		if (i + 1 == n && pick(a, 6) == 0)
			add_ipv4(a, b);
		else
			buf_addf(b, pick(a, 2) == 0 ? "%x" : "%04X",
			    pick(a, 3) == 0 ? pick(a, 0x10100) : 0);
	}
	if (gap == n && n < 8)
		buf_adds(b, "::");
}

/* An address, right or nearly so, and often a prefix that fits. */
START_TEST(subnets)
{
	static const char *const none[] = { NULL };
	static const char noise[] = ".:/% 0fg-";
	struct agree a;
	struct buf b;

	agree_open(&a);
	buf_init(&b, 400);
	for (int i = 0; i < ROWS; i++) {
		struct rule_row row = plain;
		bool is_4 = pick(&a, 3) == 0;

		buf_reset(&b);
		if (is_4)
			add_ipv4(&a, &b);
		else
			add_ipv6(&a, &b);
		if (pick(&a, 3) > 0)
			buf_addf(&b, "/%u", pick(&a, is_4 ? 34 : 132));
		if (pick(&a, 10) == 0)
			buf_addc(&b, noise[pick(&a, sizeof(noise) - 1)]);
		row.subnet = buf_sv(&b);
		compare(&a, &row, row.subnet, none);
	}
	buf_free(&b);
	agree_close(&a);
}
END_TEST

START_TEST(times)
{
	static const char *const none[] = { NULL };
	static const char *const ends[] = { "", "", "", "Z", "ZZ", " ", "z",
		"+01:00", ".5" };
	static const char between[] = "TTT   tx";
	struct agree a;
	struct buf b;

	agree_open(&a);
	buf_init(&b, 400);
	for (int i = 0; i < ROWS; i++) {
		struct rule_row row = plain;

		buf_reset(&b);
		buf_addf(&b, "%04u%c%02u-%02u", 1970 + pick(&a, 200),
		    pick(&a, 20) == 0 ? '/' : '-', pick(&a, 14), pick(&a, 33));
		if (pick(&a, 3) > 0)
			buf_addf(&b, "%c%02u:%02u",
			    between[pick(&a, sizeof(between) - 1)],
			    pick(&a, 26), pick(&a, 62));
		if (pick(&a, 2) == 0)
			buf_addf(&b, ":%02u", pick(&a, 62));
		buf_adds(&b, ends[pick(&a, N_ROWS(ends))]);
		row.expires_at = buf_sv(&b);
		/* SQLite's own functions cannot read a date with a 'Z' */
		if (b.n == 11 && buf_str(&b)[10] == 'Z')
			continue;
		compare(&a, &row, row.expires_at, none);
	}
	buf_free(&b);
	agree_close(&a);
}
END_TEST

START_TEST(names)
{
	static const struct sv words[] = { SV("nexthop"), SV(".nexthop"),
		SV("hostname"), SV("HostName"), SV("dot-nexthop"), SV(":"),
		SV(":"), SV("."), SV("mx"), SV("example.com"), SV("*"), SV("?"),
		SV(" "), SV("-"), SV("_"), SV("/CN=x"), SV("\""), SV("\\"),
		SV("\n"), SV("\0"), SV("b\303\274cher"), SV("\377"), SV("42"),
		SV(","), SV(L63), SV("a" L63) };
	static const char *const meant[] = { "holds a control character",
		"no blank before", "an empty name", /* of blanks */
		"dot-nexthop is written .nexthop",
		"with direction out each name", /* a dot behind; digits */
		NULL };
	struct agree a;
	char text[TEXT_MAX];

	agree_open(&a);
	for (int i = 0; i < ROWS; i++) {
		struct rule_row row = plain;

		row.direction = words_of_direction[pick(&a, 3) == 0];
		row.cert_name = pick_text(&a, words, N_ROWS(words), 5, text);
		compare(&a, &row, row.cert_name, meant);
	}
	agree_close(&a);
}
END_TEST

START_TEST(pins)
{
	static const struct sv words[] = { SV(PIN), SV(PIN), SV(PIN_COLONS),
		SV(PIN_COLONS), SV(" "), SV(" "), SV("  "), SV(":"), SV("0"),
		SV("g"), SV("AB:" PIN), SV(PIN "\n") };
	static const char *const meant[] = {
		"cert_fingerprint: SHA-256", /* blanks around, line ends */
		NULL
	};
	struct agree a;
	char text[TEXT_MAX];

	agree_open(&a);
	for (int i = 0; i < ROWS; i++) {
		struct rule_row row = plain;

		row.cert_fingerprint =
		    pick_text(&a, words, N_ROWS(words), 4, text);
		compare(&a, &row, row.cert_fingerprint, meant);
	}
	agree_close(&a);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, patterns);
	tcase_add_test(tc, subnets);
	tcase_add_test(tc, times);
	tcase_add_test(tc, names);
	tcase_add_test(tc, pins);
}

UNIT_MAIN("agree", add_tests)
