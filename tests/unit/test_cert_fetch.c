/* tlswarden: tests for cert/fetch, against a server of canned answers.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "cert/fetch.h"
#include "cert/load.h"
#include "cert_samples.h"
#include "unit.h"

struct server {
	int fd;
	unsigned port;
	const char *answer; /* NULL: says nothing */
	bool is_endless;    /* the last byte again and again */
	pthread_t thread;
};

static void
answer_one(const struct server *s, int fd)
{
	char request[4096];
	char filler[65536];

	if (read(fd, request, sizeof(request)) < 0)
		return;
	if (s->answer == NULL) {
		(void)sleep(4);
		return;
	}
	(void)send(fd, s->answer, strlen(s->answer), MSG_NOSIGNAL);
	memset(filler, 'x', sizeof(filler));
	for (int i = 0; s->is_endless && i < 64; i++)
		if (send(fd, filler, sizeof(filler), MSG_NOSIGNAL) < 0)
			return;
}

/* Answers one connection after another until the socket is shut down. */
static void *
serve(void *arg)
{
	const struct server *s = arg;
	int fd;

	while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
		answer_one(s, fd);
		(void)close(fd);
	}
	return NULL;
}

static void
server_start(struct server *s)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t n = sizeof(in);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert(s->fd >= 0);
	ck_assert(bind(s->fd, (struct sockaddr *)&in, sizeof(in)) == 0);
	ck_assert(listen(s->fd, 4) == 0);
	ck_assert(getsockname(s->fd, (struct sockaddr *)&in, &n) == 0);
	s->port = ntohs(in.sin_port);
	ck_assert(pthread_create(&s->thread, NULL, serve, s) == 0);
}

static void
server_stop(struct server *s)
{
	(void)shutdown(s->fd, SHUT_RDWR);
	(void)pthread_join(s->thread, NULL);
	(void)close(s->fd);
}

#define OK "HTTP/1.0 200 OK\r\n\r\n"

static const struct {
	const char *label;
	const char *answer;
	bool is_endless, refuses_local;
	int count;         /* certificates; -1: an error */
	const char *words; /* of the error */
} rows[] = {
	{ "PEM", OK SAMPLE_CERT, false, false, 1, "" },
	{ "two", OK SAMPLE_CERT SAMPLE_CERT, false, false, 2, "" },
	{ "PKCS#7", OK SAMPLE_PKCS7, false, false, 1, "" },
	{ "not found", "HTTP/1.0 404 Not Found\r\n\r\n" SAMPLE_CERT, false,
	    false, -1, "404" },
	{ "nothing", OK, false, false, -1, "empty" },
	{ "a page", OK "<html>sorry</html>", false, false, -1,
	    "no certificate" },
	{ "a key", OK SAMPLE_KEY, false, false, -1, "a private key" },
	{ "a damaged one",
	    OK "-----BEGIN CERTIFICATE-----\nMIIB\n"
	       "-----END CERTIFICATE-----\n",
	    false, false, -1, "cannot be decoded" },
	{ "endless", OK "x", true, false, -1, "longer than" },
	{ "announced as huge",
	    "HTTP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\nx", false,
	    false, -1, "size" },
	{ "redirect to a file",
	    "HTTP/1.0 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n", false,
	    false, -1, "file" },
	{ "redirect to https",
	    "HTTP/1.0 302 Found\r\nLocation: https://127.0.0.1/\r\n\r\n", false,
	    false, -1, "https" },
	{ "local refused", OK SAMPLE_CERT, false, true, -1, "onnect" },
};

START_TEST(answers)
{
	struct server s = { .answer = rows[_i].answer,
		.is_endless = rows[_i].is_endless };
	struct fetch *f = fetch_new(5);
	struct chain *c = NULL;
	struct err err = { 0 };
	char url[64];
	int rc;

	server_start(&s);
	if (rows[_i].refuses_local)
		fetch_refuse_local(f);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/ca", s.port);
	rc = fetch_issuer(f, url, &c, &err);
	server_stop(&s);
	if (rows[_i].count < 0) {
		ck_assert_msg(rc == -1 && c == NULL, "%s", rows[_i].label);
		ck_assert_msg(strstr(err.text, url) != NULL &&
			strstr(err.text, rows[_i].words) != NULL,
		    "%s: %s", rows[_i].label, err.text);
	} else {
		ck_assert_msg(rc == 0, "%s: %s", rows[_i].label, err.text);
		ck_assert_int_eq((int)chain_count(c), rows[_i].count);
	}
	chain_free(c);
	fetch_free(f);
}
END_TEST

START_TEST(silence)
{
	struct server s = { .answer = NULL };
	struct fetch *f = fetch_new(1);
	struct chain *c = NULL;
	struct err err = { 0 };
	char url[64];

	server_start(&s);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/", s.port);
	ck_assert_int_eq(fetch_issuer(f, url, &c, &err), -1);
	server_stop(&s);
	ck_assert_msg(strstr(err.text, "imed out") != NULL, "%s", err.text);
	fetch_free(f);
}
END_TEST

START_TEST(other_schemes)
{
	static const char *const urls[] = { "https://127.0.0.1:1/",
		"ldap://127.0.0.1:1/", "file:///etc/passwd", "", "gopher:x",
		"http://", "http://\x01/" };
	struct fetch *f = fetch_new(1);
	struct chain *c = NULL;
	struct err err = { 0 };

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		ck_assert_int_eq(fetch_issuer(f, urls[i], &c, &err), -1);
		ck_assert(c == NULL && err.sysexit != 0);
	}
	fetch_free(f);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, answers, 0, N_ROWS(rows));
	tcase_add_test(tc, silence);
	tcase_add_test(tc, other_schemes);
}

UNIT_MAIN("cert_fetch", add_tests)
