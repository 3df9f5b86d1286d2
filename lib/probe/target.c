/* tlswarden: probe/target - what is asked to be probed, and where that is.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/mem.h"
#include "probe/target.h"
#include "wire/domain.h"

enum { PORT_SMTP = 25, PORT_SMTPS = 465, PORT_LMTP = 24 };

uint16_t
probe_mode_port(enum probe_mode mode)
{
	switch (mode) {
	case PROBE_MODE_SMTPS:
		return PORT_SMTPS;
	case PROBE_MODE_LMTP:
		return PORT_LMTP;
	case PROBE_MODE_UNSET:
	case PROBE_MODE_STARTTLS:
		break;
	}
	return PORT_SMTP;
}

struct resolver *
target_resolver(const struct conf *conf, struct err *err_r)
{
	return resolver_new_validating((const char *const *)conf->dns_servers.v,
	    conf->dns_servers.n, conf->dnssec_anchor, err_r);
}

static int
no_target(struct sv text, struct err *err_r)
{
	struct buf shown;

	buf_init(&shown, 1024);
	buf_add_printable(&shown, text, 100);
	(void)err_set(err_r, EX_USAGE,
	    "\"%s\" is nothing to probe: write a domain, [host], host:port, "
	    "[host]:port or [address]",
	    buf_str(&shown));
	buf_free(&shown);
	return -1;
}

int
target_parse(struct target *t, struct sv text, enum probe_mode mode,
    struct err *err_r)
{
	struct sv name;

	memset(t, 0, sizeof(*t));
	if (text.n == 0 || text.n > LIMIT_NEXTHOP || text.p[0] == '.' ||
	    party_nexthop(&t->party, text) != PARTY_OK)
		return no_target(text, err_r);
	name = party_text(&t->party);
	if (name.n > LIMIT_DOMAIN ||
	    (!t->party.is_literal && !domain_is_valid(name)))
		return no_target(text, err_r);
	memcpy(t->text, text.p, text.n);
	memcpy(t->name, name.p, name.n);
	t->is_domain = !t->party.is_literal && !t->party.is_bracketed &&
	    t->party.port == 0 && sv_find(text, ':') == text.n;
	t->port = t->party.port != 0 ? t->party.port : probe_mode_port(mode);
	return 0;
}

void
target_done(struct target *t)
{
	free(t->places);
	t->places = NULL;
	t->n_places = 0;
}

static struct place *
add_place(struct target *t, const char *host)
{
	struct place *p;

	t->places = mem_realloc(t->places, t->n_places + 1, sizeof(*t->places));
	p = &t->places[t->n_places++];
	memset(p, 0, sizeof(*p));
	(void)snprintf(p->host, sizeof(p->host), "%s", host);
	p->port = t->port;
	return p;
}

static void
add_addr(struct target *t, const char *host, const struct addr *addr,
    bool is_dns_secure)
{
	struct place *p = add_place(t, host);

	p->addr = *addr;
	p->status = RESOLVE_OK;
	p->is_dns_secure = is_dns_secure;
}

static void
add_trouble(struct target *t, const char *host, enum resolve_status status,
    const struct err *e)
{
	struct place *p = add_place(t, host);

	p->status = status;
	(void)snprintf(p->trouble, sizeof(p->trouble), "%.*s",
	    TARGET_TROUBLE - 1, e->text);
}

int
target_connect_to(struct target *t, struct sv text, struct err *err_r)
{
	struct party p;
	struct addr addr;

	if (addr_parse(text, &addr)) {
		add_addr(t, t->name, &addr, false);
		return 0;
	}
	if (text.n > LIMIT_NEXTHOP || party_nexthop(&p, text) != PARTY_OK ||
	    !p.is_literal)
		return err_set(err_r, EX_USAGE,
		    "--connect: write ADDRESS:PORT, as 192.0.2.1:25 or "
		    "[2001:db8::1]:25");
	if (p.port != 0)
		t->port = p.port;
	add_addr(t, t->name, &p.addr, false);
	return 0;
}

bool
target_needs_dns(const struct target *t)
{
	return t->n_places == 0 && !t->party.is_literal;
}

static void
resolve_host(struct target *t, struct resolver *r, const char *host,
    bool is_dns_secure, int64_t timeout_msecs)
{
	struct addr_list list;
	struct err e = { 0 };
	enum resolve_status status =
	    resolve_addrs(r, host, timeout_msecs, &list, &e);

	if (status != RESOLVE_OK) {
		add_trouble(t, host, status, &e);
		return;
	}
	for (size_t i = 0; i < list.n && t->n_places < TARGET_PLACES; i++)
		add_addr(t, host, &list.addrs[i],
		    is_dns_secure && list.is_secure);
}

static void
resolve_domain(struct target *t, struct resolver *r, int64_t timeout_msecs)
{
	struct mx_list mx;
	struct err e = { 0 };
	enum resolve_status status =
	    resolve_mx(r, t->name, timeout_msecs, &mx, &e);

	if (status != RESOLVE_OK) {
		add_trouble(t, t->name, status, &e);
		return;
	}
	for (size_t i = 0; i < mx.n && t->n_places < TARGET_PLACES; i++)
		resolve_host(t, r, mx.hosts[i].name, mx.is_secure,
		    timeout_msecs);
}

void
target_resolve(struct target *t, struct resolver *r, int64_t timeout_msecs)
{
	if (t->n_places > 0)
		return;
	if (t->party.is_literal)
		add_addr(t, t->name, &t->party.addr, false);
	else if (t->is_domain)
		resolve_domain(t, r, timeout_msecs);
	else
		resolve_host(t, r, t->name, true, timeout_msecs);
}
