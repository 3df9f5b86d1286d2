/* tlswarden: tests/unit/test_milter_live - the gate, the list, the client.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "milter/live.h"
#include "milter/peer.h"
#include "unit.h"

START_TEST(list)
{
	struct session s[3];
	struct live l;

	live_init(&l);
	for (int i = 0; i < 3; i++)
		live_add(&l, &s[i]);
	live_remove(&l, &s[1]);
	ck_assert_ptr_eq(l.first, &s[2]);
	ck_assert_ptr_eq(l.first->next, &s[0]);
	ck_assert_ptr_eq(s[0].prev, &s[2]);
	live_remove(&l, &s[2]);
	ck_assert_ptr_eq(l.first, &s[0]);
	ck_assert_ptr_null(s[0].prev);
	live_remove(&l, &s[0]);
	ck_assert_ptr_null(l.first);
	live_done(&l);
}
END_TEST

START_TEST(gate)
{
	struct live l;

	live_init(&l);
	ck_assert(live_enter(&l));
	ck_assert(!live_close(&l, 20)); /* one is inside */
	ck_assert(!live_enter(&l));
	live_leave(&l);
	ck_assert(live_close(&l, 20));
	live_done(&l);
}
END_TEST

static void *
visit(void *arg)
{
	struct live *l = arg;
	size_t n = 0;

	while (live_enter(l)) {
		n++;
		live_leave(l);
	}
	return n > 0 ? l : NULL;
}

/* Nobody is inside once the gate is closed, however busy it was. */
START_TEST(busy_gate)
{
	pthread_t threads[4];
	struct live l;
	void *result;

	live_init(&l);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, visit, &l),
		    0);
	for (int i = 0; i < 4; i++)
		while (!live_enter(&l))
			continue;
	for (int i = 0; i < 4; i++)
		live_leave(&l);
	ck_assert(live_close(&l, 5000));
	ck_assert(!live_enter(&l));
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_join(threads[i], &result), 0);
	ck_assert_uint_eq(atomic_load(&l.n_inside), 0);
	live_done(&l);
}
END_TEST

static const struct {
	const char *label, *text, *want;
	int family;
	uint16_t port;
} peers[] = {
	{ "IPv4", "192.0.2.1", "192.0.2.1", AF_INET, 25000 },
	{ "IPv6", "2001:db8::1", "2001:db8::1", AF_INET6, 25000 },
	{ "mapped is IPv4", "::ffff:192.0.2.1", "192.0.2.1", AF_INET6, 1 },
	{ "no port", "127.0.0.1", "127.0.0.1", AF_INET, 0 },
};

START_TEST(knows_clients)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
		.sin6_port = htons(peers[_i].port) };
	struct sockaddr_in four = { .sin_family = AF_INET,
		.sin_port = htons(peers[_i].port) };
	struct sockaddr_storage ss;
	struct sockaddr sa;
	struct session_peer peer;
	struct buf text;

	memset(&ss, 0, sizeof(ss));
	if (peers[_i].family == AF_INET)
		ck_assert_int_eq(inet_pton(AF_INET, peers[_i].text,
				     &four.sin_addr),
		    1);
	else
		ck_assert_int_eq(inet_pton(AF_INET6, peers[_i].text,
				     &six.sin6_addr),
		    1);
	if (peers[_i].family == AF_INET)
		memcpy(&ss, &four, sizeof(four));
	else
		memcpy(&ss, &six, sizeof(six));
	peer = peer_from("c.test", (const struct sockaddr *)&ss);
	ck_assert(peer.has_addr);
	ck_assert_uint_eq(peer.port, peers[_i].port);
	buf_init(&text, 64);
	addr_format(&peer.addr, &text);
	ck_assert_msg(strcmp(buf_str(&text), peers[_i].want) == 0, "%s: %s",
	    peers[_i].label, buf_str(&text));
	buf_free(&text);
	memset(&sa, 0, sizeof(sa));
	sa.sa_family = AF_UNIX;
	ck_assert(!peer_from("c.test", &sa).has_addr);
	ck_assert(!peer_from("c.test", NULL).has_addr);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, list);
	tcase_add_test(tc, gate);
	tcase_add_loop_test(tc, busy_gate, 0, 20);
	tcase_add_loop_test(tc, knows_clients, 0, N_ROWS(peers));
}

UNIT_MAIN("milter_live", add_tests)
