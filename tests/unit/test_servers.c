/* tlswarden: tests for resolve/servers and its cache; the time is given.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>

#include "resolve/servers_cache.h"
#include "unit.h"

enum { SECOND = 1000, ENTRIES = 8 };

static struct servers *
make(const char *name, bool is_domain, uint32_t ttl_secs)
{
	static const struct addr addrs[2] = { { 4, { 192, 0, 2, 1 } },
		{ 6, { 0x20, 0x01 } } };
	const struct servers s = { .key = { sv_from(name), is_domain },
		.addrs = addrs,
		.n = 2,
		.is_complete = true,
		.known_families = SERVERS_IPV4 | SERVERS_IPV6,
		.ttl_secs = ttl_secs,
		.trouble = SV("none") };

	return servers_new(&s);
}

static void
put(struct servers_cache *c, const char *name, bool is_domain,
    uint32_t ttl_secs, int64_t now)
{
	struct servers *s = make(name, is_domain, ttl_secs);

	servers_cache_put(c, s, now);
	servers_drop(s);
}

static bool
has(struct servers_cache *c, const char *name, bool is_domain, int64_t now)
{
	const struct servers_key key = { sv_from(name), is_domain };
	struct servers *s = servers_cache_get(c, &key, now);
	bool is_there = s != NULL;

	if (is_there)
		ck_assert(servers_key_eq(&s->key, &key));
	servers_drop(s);
	return is_there;
}

START_TEST(copies_what_it_is_given)
{
	char name[] = "example.test";
	struct servers *s = make(name, true, 60);

	name[0] = 'X';
	ck_assert_sv_eq(s->key.name, sv_from("example.test"), "name");
	ck_assert_sv_eq(s->trouble, sv_from("none"), "trouble");
	ck_assert_uint_eq(s->n, 2);
	ck_assert_uint_eq(s->addrs[0].b[3], 1);
	ck_assert_uint_eq(s->addrs[1].family, 6);
	ck_assert_ptr_eq(servers_hold(s), s);
	servers_drop(s);
	ck_assert_uint_eq(s->ttl_secs, 60); /* one is left */
	servers_drop(s);
	servers_drop(NULL);
}
END_TEST

static const struct {
	uint32_t ttl_secs;
	int64_t life_secs;
} lives[] = {
	{ 0, SERVERS_TTL_MIN_SECS },
	{ 1, SERVERS_TTL_MIN_SECS },
	{ SERVERS_TTL_MIN_SECS, SERVERS_TTL_MIN_SECS },
	{ SERVERS_TTL_MIN_SECS + 1, SERVERS_TTL_MIN_SECS + 1 },
	{ 300, 300 },
	{ SERVERS_TTL_MAX_SECS, SERVERS_TTL_MAX_SECS },
	{ SERVERS_TTL_MAX_SECS + 1, SERVERS_TTL_MAX_SECS },
	{ UINT32_MAX, SERVERS_TTL_MAX_SECS },
};

START_TEST(lives_between_bounds)
{
	struct servers_cache *c = servers_cache_new(ENTRIES, 100000, 1);
	int64_t end = 7 + lives[_i].life_secs * SECOND;

	put(c, "a.test", true, lives[_i].ttl_secs, 7);
	ck_assert(has(c, "a.test", true, 7));
	ck_assert(has(c, "a.test", true, end - 1));
	ck_assert(!has(c, "a.test", true, end));
	ck_assert_uint_eq(servers_cache_count(c), 0);
	ck_assert_uint_eq(servers_cache_bytes(c), 0);
	servers_cache_free(c);
}
END_TEST

START_TEST(domain_is_not_host)
{
	struct servers_cache *c = servers_cache_new(ENTRIES, 100000, 2);

	put(c, "a.test", true, 60, 0);
	ck_assert(!has(c, "a.test", false, 1));
	put(c, "a.test", false, 60, 0);
	ck_assert(has(c, "a.test", true, 1));
	ck_assert(has(c, "a.test", false, 1));
	ck_assert(!has(c, "b.test", true, 1));
	ck_assert(!has(c, "a.tes", true, 1));
	ck_assert(!has(c, "", true, 1));
	servers_cache_free(c);
}
END_TEST

/* A later answer takes the place of the first, with its own time. */
START_TEST(replaces)
{
	struct servers_cache *c = servers_cache_new(ENTRIES, 100000, 3);

	put(c, "a.test", true, 10, 0);
	put(c, "a.test", true, 100, 5 * SECOND);
	ck_assert_uint_eq(servers_cache_count(c), 1);
	ck_assert(has(c, "a.test", true, 104 * SECOND));
	put(c, "a.test", true, 10, 104 * SECOND);
	ck_assert(!has(c, "a.test", true, 114 * SECOND));
	servers_cache_free(c);
}
END_TEST

/* Over the bound the one goes that was not asked for longest. */
START_TEST(bounded_by_entries)
{
	struct servers_cache *c = servers_cache_new(ENTRIES, 1000000, 4);
	char name[32];

	for (int i = 0; i < ENTRIES; i++) {
		(void)snprintf(name, sizeof(name), "%d.test", i);
		put(c, name, true, 600, i);
	}
	ck_assert_uint_eq(servers_cache_count(c), ENTRIES);
	ck_assert(has(c, "0.test", true, 20)); /* the newest now */
	put(c, "new.test", true, 600, 30);
	ck_assert_uint_eq(servers_cache_count(c), ENTRIES);
	ck_assert(has(c, "0.test", true, 40));
	ck_assert(!has(c, "1.test", true, 40));
	ck_assert(has(c, "2.test", true, 40));
	ck_assert(has(c, "new.test", true, 40));
	servers_cache_clear(c);
	ck_assert_uint_eq(servers_cache_count(c), 0);
	ck_assert_uint_eq(servers_cache_bytes(c), 0);
	ck_assert(!has(c, "new.test", true, 40));
	servers_cache_free(c);
}
END_TEST

START_TEST(bounded_by_bytes)
{
	struct servers_cache *c = servers_cache_new(100000, 4000, 5);
	char name[32];

	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "%d.test", i);
		put(c, name, true, 600, i);
		ck_assert_uint_le(servers_cache_bytes(c), 4000);
	}
	ck_assert_uint_gt(servers_cache_count(c), 5);
	ck_assert(has(c, "999.test", true, 1000));
	ck_assert(!has(c, "0.test", true, 1000));
	servers_cache_free(c);
	/* One that is larger than all is not kept, and not in use either. */
	c = servers_cache_new(100, 10, 6);
	put(c, "a.test", true, 600, 0);
	ck_assert_uint_eq(servers_cache_count(c), 0);
	servers_cache_free(c);
	servers_cache_free(NULL);
}
END_TEST

/* Many names, in use while they are thrown out. */
START_TEST(reference_outlives_entry)
{
	struct servers_cache *c = servers_cache_new(2, 100000, 7);
	const struct servers_key key = { SV("kept.test"), true };
	struct servers *mine;

	put(c, "kept.test", true, 600, 0);
	mine = servers_cache_get(c, &key, 1);
	ck_assert_ptr_nonnull(mine);
	put(c, "a.test", true, 600, 2);
	put(c, "b.test", true, 600, 3);
	ck_assert(!has(c, "kept.test", true, 4));
	servers_cache_free(c);
	ck_assert_sv_eq(mine->key.name, sv_from("kept.test"), "still there");
	servers_drop(mine);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, copies_what_it_is_given);
	tcase_add_loop_test(tc, lives_between_bounds, 0, N_ROWS(lives));
	tcase_add_test(tc, domain_is_not_host);
	tcase_add_test(tc, replaces);
	tcase_add_test(tc, bounded_by_entries);
	tcase_add_test(tc, bounded_by_bytes);
	tcase_add_test(tc, reference_outlives_entry);
}

UNIT_MAIN("servers", add_tests)
