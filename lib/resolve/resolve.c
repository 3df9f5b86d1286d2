/* tlswarden: resolve/resolve - MX and addresses of a mail domain.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "resolve/answer.h"
#include "resolve/private.h"

/* One question under way. */
struct question {
	struct answer answer;
	bool is_done;
};

static int
check(int rc, const char *what, struct err *err_r)
{
	if (rc == 0)
		return 0;
	return err_set(err_r, EX_OSERR, "resolver: %s: %s", what,
	    ub_strerror(rc));
}

/* Zones that libunbound answers by itself (RFC 6761, RFC 8375) although an
 * MTA's resolver asks the servers; those who use them have their own. */
static int
ask_for_all_zones(struct resolver *r, struct err *err_r)
{
	static const char *const zones[] = { "test.", "invalid.", "home.arpa.",
		"onion." };

	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (check(ub_ctx_zone_add(r->ctx, zones[i], "transparent"),
			zones[i], err_r) != 0)
			return -1;
	return 0;
}

/* Names whose servers are slow must not hold up the others: libunbound has 16
 * questions on the wire at once if it is not told otherwise. And a resolver
 * that was down for a minute must be asked again when it is back, not when a
 * quarter of an hour is over. Options that an older libunbound does not know
 * are left out. */
static void
set_options(struct resolver *r)
{
	static const char *const options[][2] = {
		{ "outgoing-range:", "1024" },
		{ "outgoing-num-tcp:", "16" },
		{ "num-queries-per-thread:", "4096" },
		{ "infra-host-ttl:", "1" },
		{ "infra-keep-probing:", "yes" },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		(void)ub_ctx_set_option(r->ctx, options[i][0], options[i][1]);
}

static int
use_servers(struct resolver *r, const char *const *servers, size_t n,
    struct err *err_r)
{
	char name[] = "do-not-query-localhost:", value[] = "no";

	if (n == 0) {
		/* A system without these files asks the root servers. */
		(void)ub_ctx_resolvconf(r->ctx, NULL);
		(void)ub_ctx_hosts(r->ctx, NULL);
		return 0;
	}
	if (check(ub_ctx_set_option(r->ctx, name, value), name, err_r) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (check(ub_ctx_set_fwd(r->ctx, servers[i]), servers[i],
			err_r) != 0)
			return err_prefix(err_r, "dns_servers");
	return 0;
}

/* Only before zones are added, which makes the settings final. */
static int
validate(struct resolver *r, const char *anchor, struct err *err_r)
{
	static const char *const places[] = { RESOLVE_ANCHORS };
	char name[] = "val-permissive-mode:", value[] = "yes";

	if (anchor[0] == '\0') {
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
			if (access(places[i], R_OK) == 0) {
				anchor = places[i];
				break;
			}
		if (anchor[0] == '\0')
			return 0;
	} else if (access(anchor, R_OK) != 0) {
		return err_set(err_r, EX_NOINPUT, "dnssec_anchor: %s: %s",
		    anchor, strerror(errno));
	}
	if (check(ub_ctx_set_option(r->ctx, name, value), name, err_r) != 0)
		return -1;
	return check(ub_ctx_add_ta_file(r->ctx, anchor), anchor, err_r);
}

struct resolver *
resolver_new_validating(const char *const *servers, size_t n,
    const char *anchor, struct err *err_r)
{
	struct resolver *r = mem_zalloc(1, sizeof(*r));

	r->ctx = ub_ctx_create();
	if (r->ctx == NULL) {
		(void)err_set(err_r, EX_OSERR, "resolver: cannot be created");
		goto fail;
	}
	set_options(r);
	/* A thread, not a process of its own. */
	if (check(ub_ctx_async(r->ctx, 1), "async", err_r) != 0 ||
	    use_servers(r, servers, n, err_r) != 0 ||
	    (anchor != NULL && validate(r, anchor, err_r) != 0) ||
	    ask_for_all_zones(r, err_r) != 0)
		goto fail;
	return r;
fail:
	resolver_free(r);
	return NULL;
}

struct resolver *
resolver_new(const char *const *servers, size_t n, struct err *err_r)
{
	return resolver_new_validating(servers, n, NULL, err_r);
}

void
resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	if (r->ctx != NULL)
		ub_ctx_delete(r->ctx);
	free(r);
}

static int64_t
now_msecs(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
answered(void *arg, int error, struct ub_result *result)
{
	struct question *q = arg;

	q->answer.error = error;
	q->answer.result = result;
	q->is_done = true;
}

/* Asks and waits until the deadline. q->answer.result must be freed. */
static void
ask(struct resolver *r, const char *name, int type, int64_t deadline,
    struct question *q)
{
	int id = 0;

	memset(q, 0, sizeof(*q));
	q->answer.error =
	    ub_resolve_async(r->ctx, name, type, CLASS_IN, q, answered, &id);
	if (q->answer.error != 0)
		return;
	while (!q->is_done) {
		struct pollfd p = { .fd = ub_fd(r->ctx), .events = POLLIN };
		int64_t left = deadline - now_msecs();

		if (left <= 0) {
			(void)ub_cancel(r->ctx, id);
			return;
		}
		if (poll(&p, 1, left > 60000 ? 60000 : (int)left) > 0)
			(void)ub_process(r->ctx);
	}
}

enum resolve_status
resolve_mx(struct resolver *r, const char *domain, int64_t timeout_msecs,
    struct mx_list *list, struct err *err_r)
{
	struct question q;
	enum resolve_status status;

	memset(list, 0, sizeof(*list));
	ask(r, domain, TYPE_MX, now_msecs() + timeout_msecs, &q);
	status = answer_judge(&q.answer, domain, "MX", err_r);
	if (q.answer.result != NULL) {
		list->is_secure = q.answer.result->secure;
		list->ttl_secs = answer_ttl(q.answer.result);
	}
	if (status == RESOLVE_OK)
		status = answer_mx(q.answer.result, domain, list, err_r);
	else if (status == RESOLVE_NONE && q.answer.result != NULL &&
	    !q.answer.result->nxdomain) {
		/* RFC 5321 5.1: an implicit MX of preference 0. */
		list->is_implicit = true;
		list->n = 1;
		(void)snprintf(list->hosts[0].name, sizeof(list->hosts[0].name),
		    "%s", domain);
		status = RESOLVE_OK;
	}
	ub_resolve_free(q.answer.result);
	return status;
}

static void
read_addrs(const struct ub_result *result, uint8_t family,
    struct addr_list *list)
{
	for (size_t i = 0; result->data[i] != NULL; i++) {
		if (list->n == RESOLVE_ADDRS)
			return;
		if (answer_addr(result, i, family, &list->addrs[list->n]))
			list->n++;
	}
	list->is_secure = list->is_secure && result->secure;
	if (answer_ttl(result) < list->ttl_secs)
		list->ttl_secs = answer_ttl(result);
}

enum resolve_status
resolve_addrs(struct resolver *r, const char *host, int64_t timeout_msecs,
    struct addr_list *list, struct err *err_r)
{
	static const struct {
		int type;
		uint8_t family;
		const char *name;
	} kinds[] = { { TYPE_A, 4, "A" }, { TYPE_AAAA, 6, "AAAA" } };
	int64_t deadline = now_msecs() + timeout_msecs;
	enum resolve_status status = RESOLVE_NONE;

	memset(list, 0, sizeof(*list));
	list->is_secure = true;
	list->ttl_secs = UINT32_MAX;
	if (addr_parse(sv_from(host), &list->addrs[0])) {
		list->n = 1;
		return RESOLVE_OK;
	}
	for (size_t i = 0; i < 2; i++) {
		struct question q;
		enum resolve_status one;

		ask(r, host, kinds[i].type, deadline, &q);
		one = answer_judge(&q.answer, host, kinds[i].name, err_r);
		if (one == RESOLVE_OK)
			read_addrs(q.answer.result, kinds[i].family, list);
		else if (one == RESOLVE_TEMP)
			status = RESOLVE_TEMP;
		ub_resolve_free(q.answer.result);
	}
	return list->n > 0 ? RESOLVE_OK : status;
}
