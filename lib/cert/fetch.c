/* tlswarden: cert/fetch - the issuer's certificate from its AIA URL.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cert/fetch.h"
#include "cert/load.h"
#include "base/banned.h"

struct fetch {
	int timeout_secs;
	bool refuses_local;
};

struct fetch *
fetch_new(int timeout_secs)
{
	struct fetch *f = mem_zalloc(1, sizeof(*f));

	f->timeout_secs = timeout_secs;
	return f;
}

void
fetch_free(struct fetch *f)
{
	free(f);
}

void
fetch_refuse_local(struct fetch *f)
{
	f->refuses_local = true;
}

static size_t
take(char *p, size_t size, size_t n, void *arg)
{
	struct buf *body = arg;

	buf_add(body, sv_make(p, size * n));
	return body->is_full ? 0 : size * n;
}

/* RFC 1122 3.2.1.3, RFC 1918, RFC 3927, RFC 6598. */
static bool
is_local4(uint32_t a)
{
	return a >> 24 == 0 || a >> 24 == 10 || a >> 24 == 127 ||
	    a >> 16 == 0xA9FE || a >> 20 == 0xAC1 || a >> 16 == 0xC0A8 ||
	    a >> 22 == 0x191 || a >> 28 >= 0xE;
}

/* RFC 4291 2.5.3, 2.5.6, 2.7, RFC 4193; IPv4 in its mapped form. */
static bool
is_local6(const struct in6_addr *a)
{
	uint32_t v4;

	if (IN6_IS_ADDR_V4MAPPED(a)) {
		memcpy(&v4, &a->s6_addr[12], sizeof(v4));
		return is_local4(ntohl(v4));
	}
	return IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_UNSPECIFIED(a) ||
	    IN6_IS_ADDR_LINKLOCAL(a) || IN6_IS_ADDR_MULTICAST(a) ||
	    (a->s6_addr[0] & 0xFE) == 0xFC;
}

static bool
is_local(const struct curl_sockaddr *address)
{
	struct sockaddr_storage ss = { 0 };

	if (address->addrlen > sizeof(ss))
		return true;
	memcpy(&ss, &address->addr, address->addrlen);
	if (address->family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, &ss, sizeof(in));
		return is_local4(ntohl(in.sin_addr.s_addr));
	}
	if (address->family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, &ss, sizeof(in6));
		return is_local6(&in6.sin6_addr);
	}
	return true;
}

static curl_socket_t
open_socket(void *arg, curlsocktype purpose UNUSED,
    struct curl_sockaddr *address)
{
	const struct fetch *f = arg;

	if (f->refuses_local && is_local(address))
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);
}

static void
set_options(CURL *curl, struct fetch *f, const char *url, char *error,
    struct buf *body)
{
	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 3L);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)f->timeout_secs);
	(void)curl_easy_setopt(curl, CURLOPT_MAXFILESIZE,
	    (long)LIMIT_FETCH_BYTES);
#if LIBCURL_VERSION_NUM >= 0x075500
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	(void)curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http");
#else
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)CURLPROTO_HTTP);
	(void)curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS,
	    (long)CURLPROTO_HTTP);
#endif
	(void)curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	(void)curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, f);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
}

int
fetch_issuer(void *arg, const char *url, struct chain **chain_r,
    struct err *err_r)
{
	char error[CURL_ERROR_SIZE] = "";
	CURL *curl = curl_easy_init();
	CURLcode code = CURLE_FAILED_INIT;
	struct buf body;
	int rc = -1;

	buf_init(&body, LIMIT_FETCH_BYTES);
	if (curl != NULL) {
		set_options(curl, arg, url, error, &body);
		code = curl_easy_perform(curl);
	}
	if (body.is_full)
		(void)err_set(err_r, EX_DATAERR,
		    "%s: the answer is longer than %d bytes", url,
		    LIMIT_FETCH_BYTES);
	else if (code != CURLE_OK)
		(void)err_set(err_r, EX_UNAVAILABLE, "%s: %s", url,
		    error[0] != '\0' ? error : curl_easy_strerror(code));
	else
		rc = chain_load_bytes(buf_sv(&body), url, chain_r, err_r);
	curl_easy_cleanup(curl);
	buf_free(&body);
	return rc;
}
