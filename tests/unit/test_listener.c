/* tlswarden: tests for daemon/listener and daemon/notify.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/listener.h"
#include "daemon/notify.h"
#include "unit.h"

static const struct listener_defaults defaults = { 0660, "" };

static char folder[64];

static void
make_folder(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/tlswarden-test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void
remove_folder(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/s", folder);
	(void)unlink(path);
	ck_assert_int_eq(rmdir(folder), 0);
}

/* The endpoint unix:FOLDER/s with these options behind. */
static struct endpoint
socket_at(const char *options)
{
	char text[160];
	struct endpoint ep;
	struct err e = { 0 };

	(void)snprintf(text, sizeof(text), "unix:%s/s%s", folder, options);
	ck_assert_int_eq(endpoint_parse(sv_from(text), &ep, &e), 0);
	return ep;
}

static unsigned int
mode_of(const struct endpoint *ep)
{
	struct stat st;

	ck_assert_int_eq(lstat(ep->path, &st), 0);
	return st.st_mode & 07777;
}

START_TEST(open_and_close)
{
	struct endpoint ep = socket_at("");
	struct listener l;
	struct err e = { 0 };

	ck_assert_msg(listener_open(&l, &ep, &defaults, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(mode_of(&ep), 0660);
	ck_assert_int_ne(fcntl(l.fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(l.fd, F_GETFD) & FD_CLOEXEC, 0);
	listener_close(&l);
	ck_assert_int_eq(access(ep.path, F_OK), -1);
	listener_close(&l);
}
END_TEST

START_TEST(own_mode)
{
	struct endpoint ep = socket_at(",mode=0600");
	struct listener l;
	struct err e = { 0 };

	ck_assert_int_eq(listener_open(&l, &ep, &defaults, &e), 0);
	ck_assert_uint_eq(mode_of(&ep), 0600);
	listener_close(&l);
}
END_TEST

START_TEST(unknown_group)
{
	struct endpoint ep = socket_at(",group=no-such-group");
	struct listener l;
	struct err e = { 0 };

	ck_assert_int_eq(listener_open(&l, &ep, &defaults, &e), -1);
	ck_assert_int_eq(e.sysexit, EX_NOUSER);
	ck_assert_ptr_nonnull(strstr(e.text, "no group \"no-such-group\""));
	ck_assert_int_eq(access(ep.path, F_OK), -1);
}
END_TEST

START_TEST(stale_is_replaced)
{
	struct endpoint ep = socket_at("");
	struct listener l;
	struct err e = { 0 };

	ck_assert_int_eq(listener_open(&l, &ep, &defaults, &e), 0);
	ck_assert_int_eq(close(l.fd), 0); /* as a killed program leaves it */
	ck_assert_int_eq(access(ep.path, F_OK), 0);
	ck_assert_msg(listener_open(&l, &ep, &defaults, &e) == 0, "%s", e.text);
	listener_close(&l);
}
END_TEST

START_TEST(live_is_left_alone)
{
	struct endpoint ep = socket_at("");
	struct listener l, second;
	struct err e = { 0 };

	ck_assert_int_eq(listener_open(&l, &ep, &defaults, &e), 0);
	ck_assert_int_eq(listener_open(&second, &ep, &defaults, &e), -1);
	ck_assert_int_eq(e.sysexit, EX_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(e.text, "another program listens"));
	ck_assert_int_eq(access(ep.path, F_OK), 0);
	listener_close(&l);
}
END_TEST

START_TEST(file_is_left_alone)
{
	struct endpoint ep = socket_at("");
	struct listener l;
	struct err e = { 0 };
	int fd = open(ep.path, O_CREAT | O_WRONLY, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(listener_open(&l, &ep, &defaults, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "is not a socket"));
	ck_assert_int_eq(access(ep.path, F_OK), 0);
}
END_TEST

/* A successor has put its own socket there: it is not ours to remove. */
START_TEST(successor_is_left_alone)
{
	struct endpoint ep = socket_at("");
	struct listener l, next;
	struct err e = { 0 };

	ck_assert_int_eq(listener_open(&l, &ep, &defaults, &e), 0);
	ck_assert_int_eq(unlink(ep.path), 0);
	ck_assert_int_eq(listener_open(&next, &ep, &defaults, &e), 0);
	listener_close(&l);
	ck_assert_int_eq(access(ep.path, F_OK), 0);
	listener_close(&next);
	ck_assert_int_eq(access(ep.path, F_OK), -1);
}
END_TEST

/* A socket that another library binds between claim and adopt. */
START_TEST(adopts)
{
	struct endpoint ep = socket_at("");
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct listener l;
	struct err e = { 0 };
	int fd, again;

	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/s", folder);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&sun, sizeof(sun)),
	    0);
	ck_assert_int_eq(close(fd), 0); /* as a killed program leaves it */
	ck_assert_msg(listener_claim(&ep, &e) == 0, "%s", e.text);
	ck_assert_int_eq(access(ep.path, F_OK), -1);
	again = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(again, (const struct sockaddr *)&sun,
			     sizeof(sun)),
	    0);
	ck_assert_int_eq(listen(again, 1), 0);
	ck_assert_int_eq(listener_adopt(&l, &ep, &defaults, "nobody", &e), 0);
	ck_assert_uint_eq(mode_of(&ep), 0660);
	ck_assert_int_eq(listener_claim(&ep, &e), -1);
	ck_assert_int_eq(e.sysexit, EX_UNAVAILABLE);
	listener_close(&l);
	ck_assert_int_eq(access(ep.path, F_OK), -1);
	ck_assert_int_eq(close(again), 0);
}
END_TEST

START_TEST(missing_folder)
{
	struct endpoint ep;
	struct listener l;
	struct err e = { 0 };

	ck_assert_int_eq(endpoint_parse(sv_from("unix:/nonexistent/s"), &ep,
			     &e),
	    0);
	ck_assert_int_eq(listener_open(&l, &ep, &defaults, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "/nonexistent/s"));
	ck_assert_ptr_nonnull(strstr(e.text, ": make its directory, or"));
}
END_TEST

/* A port of the system's choice, then a second listener on it. */
START_TEST(inet_in_use)
{
	struct listener l, second;
	struct endpoint ep;
	struct err e = { 0 };
	char text[64];
	int rc = -1;

	for (int port = 40000 + getpid() % 20000; rc < 0; port++) {
		ck_assert_int_lt(port, 65536);
		(void)snprintf(text, sizeof(text),
		    _i == 0 ? "inet:127.0.0.1:%d" : "inet:[::1]:%d", port);
		ck_assert_int_eq(endpoint_parse(sv_from(text), &ep, &e), 0);
		rc = listener_open(&l, &ep, &defaults, &e);
		if (rc < 0 && e.sysexit != EX_UNAVAILABLE)
			return; /* a machine without IPv6 */
	}
	ck_assert_int_eq(listener_open(&second, &ep, &defaults, &e), -1);
	ck_assert_int_eq(e.sysexit, EX_UNAVAILABLE);
	listener_close(&l);
}
END_TEST

START_TEST(notify)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char got[512];
	ssize_t n;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	ck_assert_int_ge(fd, 0);
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/s", folder);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&sun, sizeof(sun)),
	    0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", sun.sun_path, 1), 0);
	notify_ready("7 rules");
	n = recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT);
	ck_assert_int_gt(n, 0);
	got[n] = '\0';
	ck_assert_str_eq(got, "READY=1\nSTATUS=7 rules");
	notify_reloading();
	n = recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT);
	ck_assert_int_gt(n, 0);
	got[n] = '\0';
	ck_assert_ptr_nonnull(strstr(got, "RELOADING=1\nMONOTONIC_USEC="));
	ck_assert_int_eq(unsetenv("NOTIFY_SOCKET"), 0);
	notify_stopping();
	ck_assert_int_eq(recv(fd, got, sizeof(got), MSG_DONTWAIT), -1);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, make_folder, remove_folder);
	tcase_add_test(tc, open_and_close);
	tcase_add_test(tc, own_mode);
	tcase_add_test(tc, unknown_group);
	tcase_add_test(tc, stale_is_replaced);
	tcase_add_test(tc, live_is_left_alone);
	tcase_add_test(tc, file_is_left_alone);
	tcase_add_test(tc, successor_is_left_alone);
	tcase_add_test(tc, adopts);
	tcase_add_test(tc, missing_folder);
	tcase_add_loop_test(tc, inet_in_use, 0, 2);
	tcase_add_test(tc, notify);
}

UNIT_MAIN("listener", add_tests)
