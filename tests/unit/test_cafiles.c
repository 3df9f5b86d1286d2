/* tlswarden: tests for policyd/cafiles.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "cafiles.h"
#include "unit.h"

#define HASH_A \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B \
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct load_ca ca_a = { SV("a"), SV(HASH_A), SV("pem of a\n") };
static const struct load_ca ca_b = { SV("b"), SV(HASH_B), SV("pem of b\n") };

static char folder[64];
static struct cafiles *cf;

static const char *
path_of(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
set_up(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/tlswarden-test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	cf = cafiles_new(folder);
}

static void
tear_down(void)
{
	static const char *const names[] = { HASH_A ".pem", HASH_B ".pem",
		".new", "other.pem" };

	cafiles_free(cf);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(path_of(names[i]));
	ck_assert_int_eq(rmdir(folder), 0);
}

static void
put(const char *name, const char *content)
{
	int fd = open(path_of(name), O_CREAT | O_WRONLY | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, content, strlen(content)),
	    (ssize_t)strlen(content));
	ck_assert_int_eq(close(fd), 0);
}

static bool
is_there(const char *name)
{
	return access(path_of(name), F_OK) == 0;
}

static void
assert_content(const char *name, struct sv want)
{
	char got[256];
	int fd = open(path_of(name), O_RDONLY);
	ssize_t n;

	ck_assert_int_ge(fd, 0);
	n = read(fd, got, sizeof(got));
	ck_assert_int_ge(n, 0);
	ck_assert_sv_eq(sv_make(got, (size_t)n), want, name);
	ck_assert_int_eq(close(fd), 0);
}

static void
write_cas(const struct load_ca *cas, size_t n, int64_t now)
{
	struct err e = { 0 };

	ck_assert_msg(cafiles_write(cf, cas, n, now, &e) == 0, "%s", e.text);
}

START_TEST(writes)
{
	const struct load_ca both[] = { ca_a, ca_b };
	struct stat st;

	write_cas(both, 2, 1000);
	assert_content(HASH_A ".pem", ca_a.pem);
	assert_content(HASH_B ".pem", ca_b.pem);
	ck_assert_int_eq(stat(path_of(HASH_A ".pem"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	ck_assert(!is_there(".new"));
}
END_TEST

static const struct {
	const char *label;
	const char *content;
} damages[] = {
	{ "empty", "" },
	{ "short", "pem" },
	{ "other", "pem of x\n" },
	{ "long", "pem of a\nand more" },
};

START_TEST(mends)
{
	put(HASH_A ".pem", damages[_i].content);
	put(".new", "left over");
	write_cas(&ca_a, 1, 1000);
	assert_content(HASH_A ".pem", ca_a.pem);
	ck_assert_msg(!is_there(".new"), "%s", damages[_i].label);
}
END_TEST

START_TEST(removes_after_the_grace)
{
	const struct load_ca both[] = { ca_a, ca_b };

	put("other.pem", "somebody else's");
	write_cas(both, 2, 1000);
	cafiles_sweep(cf, 1000 + 10 * CAFILES_GRACE_SECS);
	ck_assert_msg(is_there(HASH_B ".pem"), "named by what is served");
	write_cas(&ca_a, 1, 500000);
	cafiles_sweep(cf, 500000 + CAFILES_GRACE_SECS - 1);
	ck_assert_msg(is_there(HASH_B ".pem"), "an answer may name it still");
	cafiles_sweep(cf, 500000 + CAFILES_GRACE_SECS);
	ck_assert(!is_there(HASH_B ".pem"));
	ck_assert(is_there(HASH_A ".pem"));
	ck_assert(is_there("other.pem"));
}
END_TEST

START_TEST(named_again)
{
	const struct load_ca both[] = { ca_a, ca_b };

	write_cas(both, 2, 1000);
	write_cas(&ca_a, 1, 2000);
	write_cas(both, 2, 2500);
	cafiles_sweep(cf, 2500 + 9 * CAFILES_GRACE_SECS);
	ck_assert(is_there(HASH_B ".pem"));
}
END_TEST

/* A refused load leaves what is served as it was. */
START_TEST(refused)
{
	static const struct load_ca bad[] = {
		{ SV("up"), SV("../../../../etc/passwd"), SV("x") },
		{ SV("short"), SV("abc"), SV("x") },
		{ SV("none"), SV(""), SV("x") },
		{ SV("long"), SV(HASH_A "a"), SV("x") },
		{ SV("no digit"),
		    SV("gaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
		    SV("x") },
	};
	struct err e = { 0 };

	write_cas(&ca_a, 1, 1000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(cafiles_write(cf, &bad[i], 1, 2000, &e), -1);
		ck_assert_ptr_nonnull(strstr(e.text, bad[i].name.p));
	}
	cafiles_sweep(cf, 2000 + 9 * CAFILES_GRACE_SECS);
	ck_assert(is_there(HASH_A ".pem"));
}
END_TEST

/* Without CAs none is needed; with one the load is refused. */
START_TEST(no_directory)
{
	static const char *const paths[] = { "/nonexistent/a/b", "/dev/null" };
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct cafiles *none = cafiles_new(paths[i]);

		ck_assert_int_eq(cafiles_write(none, NULL, 0, 1000, &e), 0);
		cafiles_sweep(none, 1000000);
		ck_assert_int_eq(cafiles_write(none, &ca_a, 1, 1000, &e), -1);
		ck_assert_ptr_nonnull(strstr(e.text, paths[i]));
		cafiles_free(none);
	}
	cafiles_free(NULL);
}
END_TEST

START_TEST(makes_the_directory)
{
	struct stat st;
	struct err e = { 0 };
	struct cafiles *deep;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/ca", folder);
	deep = cafiles_new(path);
	ck_assert_int_eq(cafiles_write(deep, &ca_a, 1, 1000, &e), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0755);
	ck_assert_int_eq(unlink(path_of("ca/" HASH_A ".pem")), 0);
	ck_assert_int_eq(rmdir(path), 0);
	/* Gone while we run: made again. */
	ck_assert_int_eq(cafiles_write(deep, &ca_a, 1, 1000, &e), 0);
	ck_assert_int_eq(unlink(path_of("ca/" HASH_A ".pem")), 0);
	ck_assert_int_eq(rmdir(path), 0);
	cafiles_free(deep);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, writes);
	tcase_add_loop_test(tc, mends, 0, N_ROWS(damages));
	tcase_add_test(tc, removes_after_the_grace);
	tcase_add_test(tc, named_again);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, no_directory);
	tcase_add_test(tc, makes_the_directory);
}

UNIT_MAIN("cafiles", add_tests)
