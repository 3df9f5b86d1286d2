/* tlswarden: resolve/search - finds the servers of a next hop, without waiting.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "base/mem.h"
#include "resolve/answer.h"
#include "resolve/private.h"
#include "resolve/search.h"

/* Questions of one search that are on the way at once. */
enum { SEARCH_WIDTH = 4 };

enum { STEP_MX = 0, STEP_A, STEP_AAAA };

static const struct {
	int type;
	uint8_t family;
	unsigned bit;
	const char *name;
} steps[] = {
	[STEP_MX] = { TYPE_MX, 0, 0, "MX" },
	[STEP_A] = { TYPE_A, 4, SERVERS_IPV4, "A" },
	[STEP_AAAA] = { TYPE_AAAA, 6, SERVERS_IPV6, "AAAA" },
};

struct probe {
	struct search *search; /* NULL: free */
	int id;                /* libunbound's */
	int step;
	size_t host;
};

struct search {
	struct resolver *resolver;
	search_fn *fn;
	void *arg;
	bool is_domain, is_starting;
	char name[LIMIT_DOMAIN + 1];
	struct mx_list mx; /* of a host: itself */
	size_t n_asked;    /* of two questions for each of them */
	struct probe probes[SEARCH_WIDTH];
	size_t n_probes;
	struct addr addrs[LIMIT_SERVER_ADDRS];
	size_t n_addrs;
	unsigned lacking; /* families of which there may be more */
	bool has_trouble; /* not only that there is none */
	uint32_t ttl_secs;
	struct err err; /* the first that DNS did not tell */
};

static void step_on(struct search *s);

/* What is not known, and for what reason. */
static void
lack(struct search *s, unsigned families, const struct err *err)
{
	if (s->lacking == 0)
		s->err = *err;
	s->lacking |= families;
	s->has_trouble = true;
}

static void
lower_ttl(struct search *s, uint32_t ttl_secs)
{
	if (ttl_secs < s->ttl_secs)
		s->ttl_secs = ttl_secs;
}

/* An answer without data may have come without a TTL (RFC 2308 5). */
static void
lower_ttl_of(struct search *s, const struct ub_result *result)
{
	if (result == NULL)
		return;
	lower_ttl(s,
	    result->havedata || answer_ttl(result) > 0 ? answer_ttl(result)
						       : SERVERS_NEGATIVE_SECS);
}

static struct servers *
result_of(struct search *s)
{
	struct servers v = { .key = { sv_from(s->name), s->is_domain },
		.addrs = s->addrs,
		.n = s->n_addrs,
		.ttl_secs = s->ttl_secs,
		.trouble = sv_from(s->err.text) };

	v.is_complete = s->lacking == 0 && s->n_addrs > 0;
	if (s->n_addrs > 0)
		v.known_families = (SERVERS_IPV4 | SERVERS_IPV6) & ~s->lacking;
	if (v.is_complete)
		v.trouble = sv_from("");
	else if (v.trouble.n == 0)
		v.trouble = sv_from("no address");
	if (!v.is_complete)
		lower_ttl(s,
		    s->has_trouble ? SERVERS_TROUBLE_SECS
				   : SERVERS_NEGATIVE_SECS);
	v.ttl_secs = s->ttl_secs;
	return servers_new(&v);
}

static void
finish(struct search *s)
{
	struct servers *found = result_of(s);
	search_fn *fn = s->fn;
	void *arg = s->arg;

	search_free(s);
	fn(arg, found);
}

static bool
has_more(const struct search *s)
{
	return s->n_asked < 2 * s->mx.n;
}

bool
search_is_over(const struct search *s)
{
	return s->n_probes == 0 && !has_more(s);
}

static void
take_mx(struct search *s, const struct answer *a)
{
	struct err err = { 0 };
	enum resolve_status status = answer_judge(a, s->name, "MX", &err);

	lower_ttl_of(s, a->result);
	if (status == RESOLVE_OK)
		status = answer_mx(a->result, s->name, &s->mx, &err);
	else if (status == RESOLVE_NONE && !a->result->nxdomain) {
		/* RFC 5321 5.1: an implicit MX of preference 0. */
		s->mx.n = 1;
		(void)snprintf(s->mx.hosts[0].name, sizeof(s->mx.hosts[0].name),
		    "%s", s->name);
		status = RESOLVE_OK;
	}
	if (status == RESOLVE_TEMP)
		lack(s, SERVERS_IPV4 | SERVERS_IPV6, &err);
	else if (status != RESOLVE_OK)
		s->err = err;
	if (s->mx.is_cut) {
		(void)err_set(&err, EX_TEMPFAIL,
		    "DNS MX of %s: more than %d hosts", s->name, RESOLVE_HOSTS);
		lack(s, SERVERS_IPV4 | SERVERS_IPV6, &err);
	}
}

static bool
has_room(struct search *s)
{
	struct err err = { 0 };

	if (s->n_addrs < LIMIT_SERVER_ADDRS)
		return true;
	(void)err_set(&err, EX_TEMPFAIL, "DNS of %s: more than %d addresses",
	    s->name, LIMIT_SERVER_ADDRS);
	lack(s, SERVERS_IPV4 | SERVERS_IPV6, &err);
	return false;
}

/* An MX record with an address in place of a name: Postfix goes there. */
static bool
take_literal(struct search *s, const char *host)
{
	struct addr addr;

	if (!addr_parse(sv_from(host), &addr))
		return false;
	if (has_room(s))
		s->addrs[s->n_addrs++] = addr;
	return true;
}

static void
take_addrs(struct search *s, const struct probe *p, const struct answer *a)
{
	const char *host = s->mx.hosts[p->host].name;
	struct err err = { 0 };
	enum resolve_status status =
	    answer_judge(a, host, steps[p->step].name, &err);

	lower_ttl_of(s, a->result);
	if (status == RESOLVE_TEMP)
		lack(s, steps[p->step].bit, &err);
	else if (status != RESOLVE_OK && s->lacking == 0)
		s->err = err;
	if (status != RESOLVE_OK)
		return;
	for (size_t i = 0; a->result->data[i] != NULL; i++) {
		if (!has_room(s))
			return;
		if (answer_addr(a->result, i, steps[p->step].family,
			&s->addrs[s->n_addrs]))
			s->n_addrs++;
	}
}

static void
take(struct probe *p, const struct answer *a)
{
	struct search *s = p->search;

	p->search = NULL;
	s->n_probes--;
	if (p->step == STEP_MX)
		take_mx(s, a);
	else
		take_addrs(s, p, a);
}

static void
answered(void *arg, int error, struct ub_result *result)
{
	struct probe *p = arg;
	struct search *s = p->search;
	struct answer a = { result, error };

	take(p, &a);
	ub_resolve_free(result);
	if (s->is_starting)
		return;
	step_on(s);
	if (search_is_over(s))
		finish(s);
}

static struct probe *
free_probe(struct search *s)
{
	for (size_t i = 0; i < SEARCH_WIDTH; i++)
		if (s->probes[i].search == NULL)
			return &s->probes[i];
	return NULL;
}

static void
ask(struct search *s, struct probe *p, const char *name)
{
	struct answer a = { NULL, 0 };

	p->search = s;
	s->n_probes++;
	a.error = ub_resolve_async(s->resolver->ctx, name, steps[p->step].type,
	    CLASS_IN, p, answered, &p->id);
	if (a.error != 0)
		take(p, &a);
}

/* Asks as many of the questions that are left as may be under way. */
static void
step_on(struct search *s)
{
	struct probe *p;

	while (has_more(s) && (p = free_probe(s)) != NULL) {
		if (s->n_asked % 2 == 0 &&
		    take_literal(s, s->mx.hosts[s->n_asked / 2].name)) {
			s->n_asked += 2;
			continue;
		}
		p->host = s->n_asked / 2;
		p->step = s->n_asked % 2 == 0 ? STEP_A : STEP_AAAA;
		s->n_asked++;
		ask(s, p, s->mx.hosts[p->host].name);
	}
}

struct search *
search_new(struct resolver *r, const struct servers_key *key, search_fn *fn,
    void *arg)
{
	struct search *s = mem_zalloc(1, sizeof(*s));

	s->resolver = r;
	s->fn = fn;
	s->arg = arg;
	s->is_domain = key->is_domain;
	s->ttl_secs = UINT32_MAX;
	(void)snprintf(s->name, sizeof(s->name), "%.*s", SV_ARG(key->name));
	s->is_starting = true;
	if (s->is_domain) {
		s->probes[0].step = STEP_MX;
		ask(s, &s->probes[0], s->name);
	} else {
		s->mx.n = 1;
		(void)snprintf(s->mx.hosts[0].name, sizeof(s->mx.hosts[0].name),
		    "%s", s->name);
	}
	step_on(s);
	s->is_starting = false;
	return s;
}

/* What is under way, and what was not asked yet, stays unknown. */
void
search_give_up(struct search *s)
{
	static const struct answer none = { NULL, 0 };
	struct err err = { 0 };

	for (size_t i = 0; i < SEARCH_WIDTH; i++)
		if (s->probes[i].search != NULL) {
			(void)ub_cancel(s->resolver->ctx, s->probes[i].id);
			take(&s->probes[i], &none);
		}
	if (has_more(s)) {
		(void)err_set(&err, EX_TEMPFAIL,
		    "DNS of %s: no time for all of its %zu servers", s->name,
		    s->mx.n);
		lack(s, SERVERS_IPV4 | SERVERS_IPV6, &err);
	}
	finish(s);
}

void
search_free(struct search *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < SEARCH_WIDTH; i++)
		if (s->probes[i].search != NULL)
			(void)ub_cancel(s->resolver->ctx, s->probes[i].id);
	free(s);
}

int
resolver_fd(const struct resolver *r)
{
	return ub_fd(r->ctx);
}

void
resolver_process(struct resolver *r)
{
	(void)ub_process(r->ctx);
}

static void
keep(void *arg, struct servers *found)
{
	struct servers **found_r = arg;

	*found_r = found;
}

static int64_t
now_msecs(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct servers *
search_wait(struct resolver *r, const struct servers_key *key,
    int64_t timeout_msecs)
{
	struct servers *found = NULL;
	struct search *s = search_new(r, key, keep, &found);
	int64_t end = now_msecs() + timeout_msecs;

	while (found == NULL) {
		struct pollfd p = { .fd = resolver_fd(r), .events = POLLIN };
		int64_t left = end - now_msecs();

		if (left <= 0 || search_is_over(s))
			search_give_up(s);
		else if (poll(&p, 1, left > 1000 ? 1000 : (int)left) > 0)
			resolver_process(r);
	}
	return found;
}
