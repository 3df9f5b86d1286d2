/* tlswarden: base/endpoint - where a daemon listens, as written by a person.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <arpa/inet.h>
#include <string.h>
#include <sysexits.h>

#include "base/endpoint.h"
#include "base/banned.h"

static const char *const endpoint_forms =
    "write unix:/PATH[,mode=0660][,group=NAME] or inet:ADDRESS:PORT";

/* Copies v with a NUL behind; false when it does not fit or holds a NUL. */
static bool
copy_text(char *to, size_t size, struct sv v)
{
	if (v.n == 0 || v.n >= size || sv_find(v, '\0') != v.n)
		return false;
	memcpy(to, v.p, v.n);
	to[v.n] = '\0';
	return true;
}

bool
endpoint_mode_parse(struct sv text, int *mode_r)
{
	int mode = 0;

	if (text.n < 3 || text.n > 4)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '7')
			return false;
		mode = mode * 8 + (text.p[i] - '0');
	}
	if (mode > 0777)
		return false;
	*mode_r = mode;
	return true;
}

/* Reads one "name=value" behind a unix path. */
static int
parse_unix_option(struct sv text, struct endpoint *ep, struct err *err_r)
{
	size_t eq = sv_find(text, '=');
	struct sv name = sv_head(text, eq), value = sv_skip(text, eq + 1);

	if (sv_is(name, "mode")) {
		if (endpoint_mode_parse(value, &ep->mode))
			return 0;
		return err_set(err_r, EX_CONFIG,
		    "mode=%.*s is not an octal mode from 000 to 0777",
		    SV_ARG(sv_head(value, 64)));
	}
	if (sv_is(name, "group")) {
		if (copy_text(ep->group, sizeof(ep->group), value))
			return 0;
		return err_set(err_r, EX_CONFIG,
		    "group= needs a name of 1 to %d bytes",
		    ENDPOINT_GROUP_MAX - 1);
	}
	return err_set(err_r, EX_CONFIG,
	    "\"%.*s\" is no option of a socket; mode= and group= are",
	    SV_ARG(sv_head(name, 64)));
}

/* The part behind unix: or local:. */
static int
parse_unix(struct sv text, struct endpoint *ep, struct err *err_r)
{
	struct sv part;

	if (!sv_cut(&text, ',', &part) || part.n == 0 || part.p[0] != '/')
		return err_set(err_r, EX_CONFIG,
		    "a socket needs an absolute path; %s", endpoint_forms);
	if (!copy_text(ep->path, sizeof(ep->path), part))
		return err_set(err_r, EX_CONFIG,
		    "the path of a socket has at most %d bytes (unix(7))",
		    ENDPOINT_PATH_MAX - 1);
	ep->kind = ENDPOINT_UNIX;
	while (sv_cut(&text, ',', &part))
		if (parse_unix_option(part, ep, err_r) < 0)
			return -1;
	return 0;
}

/* Parts "ADDRESS:PORT", "[ADDRESS]:PORT" and "PORT@ADDRESS". */
static bool
split_inet(struct sv text, struct sv *host_r, struct sv *port_r)
{
	size_t at = sv_find(text, '@');
	size_t colon = sv_rfind(text, ':');

	if (at < text.n) {
		*port_r = sv_head(text, at);
		*host_r = sv_skip(text, at + 1);
	} else if (colon < text.n) {
		*port_r = sv_skip(text, colon + 1);
		*host_r = sv_head(text, colon);
	} else {
		return false;
	}
	if (host_r->n >= 2 && host_r->p[0] == '[' &&
	    host_r->p[host_r->n - 1] == ']')
		*host_r = sv_make(host_r->p + 1, host_r->n - 2);
	else if (at == text.n && sv_find(*host_r, ':') < host_r->n)
		return false; /* ::1:8462 reads two ways */
	return host_r->n > 0;
}

static int
parse_inet(struct sv text, struct endpoint *ep, struct err *err_r)
{
	struct sv host, port;
	struct in6_addr address;
	uint32_t number;

	if (!split_inet(text, &host, &port))
		return err_set(err_r, EX_CONFIG,
		    "\"%.*s\" is not ADDRESS:PORT, [IPv6]:PORT or PORT@ADDRESS",
		    SV_ARG(sv_head(text, 128)));
	if (!sv_to_u32(port, 65535, &number) || number == 0)
		return err_set(err_r, EX_CONFIG,
		    "\"%.*s\" is not a port from 1 to 65535",
		    SV_ARG(sv_head(port, 64)));
	if (sv_is_nocase(host, "localhost"))
		host = sv_from("127.0.0.1");
	if (!copy_text(ep->host, sizeof(ep->host), host))
		ep->host[0] = '\0';
	if (inet_pton(AF_INET, ep->host, &address) == 1)
		ep->is_ipv6 = false;
	else if (inet_pton(AF_INET6, ep->host, &address) == 1)
		ep->is_ipv6 = true;
	else
		return err_set(err_r, EX_CONFIG,
		    "\"%.*s\" is not an IP address (names other than localhost "
		    "are not looked up)",
		    SV_ARG(sv_head(host, 128)));
	ep->kind = ENDPOINT_INET;
	ep->port = (uint16_t)number;
	return 0;
}

int
endpoint_parse_inet(struct sv text, struct endpoint *ep_r, struct err *err_r)
{
	struct endpoint ep = { .mode = ENDPOINT_MODE_UNSET };

	if (sv_starts(text, sv_from("inet:")))
		text = sv_skip(text, 5);
	if (parse_inet(text, &ep, err_r) < 0)
		return -1;
	*ep_r = ep;
	return 0;
}

int
endpoint_parse(struct sv text, struct endpoint *ep_r, struct err *err_r)
{
	struct endpoint ep = { .mode = ENDPOINT_MODE_UNSET };
	size_t colon = sv_find(text, ':');
	struct sv kind = sv_head(text, colon), rest = sv_skip(text, colon + 1);
	int rc;

	if (sv_is(kind, "unix") || sv_is(kind, "local"))
		rc = parse_unix(rest, &ep, err_r);
	else if (sv_is(kind, "inet") || sv_is(kind, "inet6"))
		rc = parse_inet(rest, &ep, err_r);
	else
		rc = err_set(err_r, EX_CONFIG, "\"%.*s\" is no listener; %s",
		    SV_ARG(sv_head(text, 128)), endpoint_forms);
	if (rc == 0)
		*ep_r = ep;
	return rc;
}

void
endpoint_format(const struct endpoint *ep, struct buf *out)
{
	switch (ep->kind) {
	case ENDPOINT_NONE:
		break;
	case ENDPOINT_UNIX:
		buf_addf(out, "unix:%s", ep->path);
		if (ep->mode != ENDPOINT_MODE_UNSET)
			buf_addf(out, ",mode=%04o", (unsigned int)ep->mode);
		if (ep->group[0] != '\0')
			buf_addf(out, ",group=%s", ep->group);
		break;
	case ENDPOINT_INET:
		buf_addf(out, ep->is_ipv6 ? "inet:[%s]:%d" : "inet:%s:%d",
		    ep->host, ep->port);
		break;
	}
}

void
endpoint_format_milter(const struct endpoint *ep, struct buf *out)
{
	switch (ep->kind) {
	case ENDPOINT_NONE:
		break;
	case ENDPOINT_UNIX:
		buf_addf(out, "local:%s", ep->path);
		break;
	case ENDPOINT_INET:
		buf_addf(out, ep->is_ipv6 ? "inet6:%d@%s" : "inet:%d@%s",
		    ep->port, ep->host);
		break;
	}
}
