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

#include <unbound.h>

#include "base/mem.h"
#include "resolve/resolve.h"
#include "wire/domain.h"

enum { CLASS_IN = 1, TYPE_A = 1, TYPE_MX = 15, TYPE_AAAA = 28 };

enum { RCODE_NXDOMAIN = 3, LABEL_MAX = 63 };

struct resolver {
	struct ub_ctx *ctx;
};

/* One question under way. */
struct question {
	struct ub_result *result; /* NULL until answered */
	int error;
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

struct resolver *
resolver_new(const char *const *servers, size_t n, struct err *err_r)
{
	struct resolver *r = mem_zalloc(1, sizeof(*r));

	r->ctx = ub_ctx_create();
	if (r->ctx == NULL) {
		(void)err_set(err_r, EX_OSERR, "resolver: cannot be created");
		goto fail;
	}
	/* A thread, not a process of its own. */
	if (check(ub_ctx_async(r->ctx, 1), "async", err_r) != 0 ||
	    use_servers(r, servers, n, err_r) != 0 ||
	    ask_for_all_zones(r, err_r) != 0)
		goto fail;
	return r;
fail:
	resolver_free(r);
	return NULL;
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

	q->error = error;
	q->result = result;
	q->is_done = true;
}

/* Asks and waits until the deadline. q->result must be freed. */
static void
ask(struct resolver *r, const char *name, int type, int64_t deadline,
    struct question *q)
{
	int id = 0;

	memset(q, 0, sizeof(*q));
	q->error =
	    ub_resolve_async(r->ctx, name, type, CLASS_IN, q, answered, &id);
	if (q->error != 0)
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

static enum resolve_status
judge(const struct question *q, const char *name, const char *type,
    struct err *err_r)
{
	if (q->error != 0)
		(void)err_set(err_r, EX_TEMPFAIL, "DNS %s of %s: %s", type,
		    name, ub_strerror(q->error));
	else if (!q->is_done)
		(void)err_set(err_r, EX_TEMPFAIL,
		    "DNS %s of %s: no answer in time", type, name);
	else if (q->result->bogus)
		(void)err_set(err_r, EX_TEMPFAIL,
		    "DNS %s of %s: DNSSEC validation failed (%s)", type, name,
		    q->result->why_bogus == NULL ? "bogus"
						 : q->result->why_bogus);
	else if (q->result->havedata)
		return RESOLVE_OK;
	else if (q->result->rcode == 0 || q->result->rcode == RCODE_NXDOMAIN) {
		(void)err_set(err_r, EX_NOHOST, "DNS %s of %s: no such %s",
		    type, name, q->result->nxdomain ? "name" : "records");
		return RESOLVE_NONE;
	} else
		(void)err_set(err_r, EX_TEMPFAIL, "DNS %s of %s: rcode %d",
		    type, name, q->result->rcode);
	return RESOLVE_TEMP;
}

bool
resolve_wire_name(struct sv rdata, char text_r[LIMIT_DOMAIN + 1])
{
	char text[LIMIT_DOMAIN + 1];
	size_t n = 0, normal_n;

	for (;;) {
		size_t length =
		    rdata.n == 0 ? LABEL_MAX + 1 : (unsigned char)rdata.p[0];

		rdata = sv_skip(rdata, 1);
		if (length == 0)
			break;
		if (length > LABEL_MAX || length > rdata.n ||
		    n + length + 1 > LIMIT_DOMAIN)
			return false;
		if (n > 0)
			text[n++] = '.';
		memcpy(text + n, rdata.p, length);
		n += length;
		rdata = sv_skip(rdata, length);
	}
	if (n == 0) {
		text_r[0] = '\0';
		return true;
	}
	if (domain_normalise(sv_make(text, n), text_r, &normal_n) !=
		DOMAIN_OK ||
	    !domain_is_valid(sv_make(text_r, normal_n)))
		return false;
	text_r[normal_n] = '\0';
	return true;
}

static int
by_preference(const void *a, const void *b)
{
	const struct mx_host *x = a, *y = b;

	if (x->preference != y->preference)
		return x->preference < y->preference ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* MX: 16 bits of preference, then the exchange (RFC 1035 3.3.9). */
static enum resolve_status
read_mx(const struct ub_result *result, const char *domain,
    struct mx_list *list, struct err *err_r)
{
	for (size_t i = 0; result->data[i] != NULL; i++) {
		struct sv rdata =
		    sv_make(result->data[i], (size_t)result->len[i]);
		struct mx_host *host = &list->hosts[list->n];

		if (list->n == RESOLVE_HOSTS)
			break;
		if (rdata.n < 3 ||
		    !resolve_wire_name(sv_skip(rdata, 2), host->name))
			continue;
		host->preference = (uint16_t)(((unsigned char)rdata.p[0] << 8) |
		    (unsigned char)rdata.p[1]);
		/* RFC 7505 3: one record, the root as exchange. */
		if (host->name[0] == '\0') {
			(void)err_set(err_r, EX_NOHOST,
			    "%s accepts no mail (null MX)", domain);
			return RESOLVE_NULL_MX;
		}
		list->n++;
	}
	if (list->n == 0) {
		(void)err_set(err_r, EX_NOHOST,
		    "%s has no MX record with a usable host", domain);
		return RESOLVE_NONE;
	}
	qsort(list->hosts, list->n, sizeof(list->hosts[0]), by_preference);
	return RESOLVE_OK;
}

static uint32_t
ttl_of(const struct ub_result *result)
{
	return result->ttl < 0 ? 0 : (uint32_t)result->ttl;
}

enum resolve_status
resolve_mx(struct resolver *r, const char *domain, int64_t timeout_msecs,
    struct mx_list *list, struct err *err_r)
{
	struct question q;
	enum resolve_status status;

	memset(list, 0, sizeof(*list));
	ask(r, domain, TYPE_MX, now_msecs() + timeout_msecs, &q);
	status = judge(&q, domain, "MX", err_r);
	if (q.result != NULL) {
		list->is_secure = q.result->secure;
		list->ttl_secs = ttl_of(q.result);
	}
	if (status == RESOLVE_OK)
		status = read_mx(q.result, domain, list, err_r);
	else if (status == RESOLVE_NONE && q.result != NULL &&
	    !q.result->nxdomain) {
		/* RFC 5321 5.1: an implicit MX of preference 0. */
		list->is_implicit = true;
		list->n = 1;
		(void)snprintf(list->hosts[0].name, sizeof(list->hosts[0].name),
		    "%s", domain);
		status = RESOLVE_OK;
	}
	ub_resolve_free(q.result);
	return status;
}

static void
read_addrs(const struct ub_result *result, uint8_t family,
    struct addr_list *list)
{
	size_t want = family == 4 ? 4 : 16;

	for (size_t i = 0; result->data[i] != NULL; i++) {
		struct addr *a = &list->addrs[list->n];

		if (list->n == RESOLVE_ADDRS)
			return;
		if ((size_t)result->len[i] != want)
			continue;
		memset(a, 0, sizeof(*a));
		a->family = family;
		memcpy(a->b, result->data[i], want);
		list->n++;
	}
	list->is_secure = list->is_secure && result->secure;
	if (ttl_of(result) < list->ttl_secs)
		list->ttl_secs = ttl_of(result);
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
	for (size_t i = 0; i < 2; i++) {
		struct question q;
		enum resolve_status one;

		ask(r, host, kinds[i].type, deadline, &q);
		one = judge(&q, host, kinds[i].name, err_r);
		if (one == RESOLVE_OK)
			read_addrs(q.result, kinds[i].family, list);
		else if (one == RESOLVE_TEMP)
			status = RESOLVE_TEMP;
		ub_resolve_free(q.result);
	}
	return list->n > 0 ? RESOLVE_OK : status;
}
