/* tlswarden: ctl/sendmail_plan - what rules need of Sendmail and it has not.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/sendmail_plan.h"
#include "base/banned.h"

bool
sendmail_has(struct sendmail_plan *p, plan_fits *fits)
{
	return check_has(p->check, fits);
}

struct check_finding *
sendmail_need(struct sendmail_plan *p, plan_fits *fits, const char *code,
    const char *setting, const char *text)
{
	return check_about_rules(p->check,
	    &(struct check_about){ fits, CHECK_PROBLEM, CHECK_SENDMAIL, code,
		setting, text });
}

struct check_finding *
sendmail_notice(struct sendmail_plan *p, plan_fits *fits, const char *code,
    const char *setting, const char *text)
{
	return check_about_rules(p->check,
	    &(struct check_about){ fits, CHECK_NOTICE, CHECK_SENDMAIL, code,
		setting, text });
}

void
sendmail_change(struct sendmail_plan *p, struct check_finding *f,
    const char *lines)
{
	if (f == NULL)
		return;
	f->flag = "sendmail.mc";
	f->change = lines;
	f->fix = check_text(p->check, "in sendmail.mc: %s", lines);
}

bool
sendmail_is_on(const struct sendmail_plan *p, const char *option)
{
	struct sv v = sendmail_cf_get(&p->cf, 'O', option);

	/* atobool() of Sendmail: nothing behind the = is yes. */
	return v.p != NULL &&
	    (v.n == 0 || sv_lower(v.p[0]) == 't' || sv_lower(v.p[0]) == 'y' ||
		v.p[0] == '1');
}

const char *
sendmail_socket(struct sendmail_plan *p, const struct endpoint *ep)
{
	if (ep->kind == ENDPOINT_UNIX)
		return check_text(p->check, "unix:%s", ep->path);
	return check_text(p->check, "%s:%u@%s", ep->is_ipv6 ? "inet6" : "inet",
	    ep->port, ep->host);
}

bool
sendmail_is_socket(struct sv written, const struct endpoint *ep)
{
	struct endpoint asked;
	struct err err;

	if (written.n > 0 && written.p[0] == '/')
		return ep->kind == ENDPOINT_UNIX && sv_is(written, ep->path);
	if (endpoint_parse(written, &asked, &err) != 0 ||
	    asked.kind != ep->kind)
		return false;
	return ep->kind == ENDPOINT_UNIX
	    ? strcmp(asked.path, ep->path) == 0
	    : asked.port == ep->port && strcmp(asked.host, ep->host) == 0;
}

/* The first directory above the path that others than its owner can write:
 * safedirpath() of Sendmail refuses sockets below it. NULL: there is none. */
static const char *
unsafe_directory(struct sendmail_plan *p, const char *path)
{
	struct sv rest = sv_from(path);
	struct stat sb;

	while ((rest = sv_head(rest, sv_rfind(rest, '/'))).n > 0) {
		const char *dir = check_text(p->check, "%.*s", SV_ARG(rest));

		if (stat(dir, &sb) == 0 &&
		    (sb.st_mode & (S_IWGRP | S_IWOTH)) != 0)
			return dir;
	}
	return NULL;
}

static void
socket_safe(struct sendmail_plan *p, const struct endpoint *ep, plan_fits *fits,
    const char *key)
{
	const char *dir;
	struct check_finding *f;

	if (ep == NULL || ep->kind != ENDPOINT_UNIX)
		return;
	dir = unsafe_directory(p, ep->path);
	if (dir == NULL)
		return;
	f = sendmail_need(p, fits, "socket_unsafe", key,
	    check_text(p->check,
		"%s is below %s, which its group or everybody can write: "
		"Sendmail refuses the socket, and mail waits",
		ep->path, dir));
	if (f != NULL)
		f->fix = check_text(p->check,
		    "chmod go-w %s, or a socket below /run/tlswarden in %s",
		    dir, p->conf->file);
}

void
sendmail_sockets(struct sendmail_plan *p)
{
	struct check_finding *f;

	socket_safe(p, p->socketmap, plan_is_out, "socketmap_listen");
	socket_safe(p, p->milter, plan_is_in, "milter_listen");
	if (p->socketmap != NULL)
		return;
	f = sendmail_need(p, plan_is_out, "no_socket", "socketmap_listen",
	    check_text(p->check,
		"%s has no socketmap_listen, so that Sendmail cannot ask",
		p->conf->file));
	if (f != NULL)
		f->fix =
		    "socketmap_listen = "
		    "{\"unix:/run/tlswarden/policyd.sock\"}, then restart "
		    "tlswarden-policyd";
}

/* The one that sendmail.cf names already; else a unix socket in safe
 * directories; else an inet one; else any. */
static const struct endpoint *
choose(struct sendmail_plan *p, const struct conf_endpoints *listeners,
    struct sv written)
{
	const struct endpoint *v = listeners->v;

	for (size_t i = 0; i < listeners->n; i++)
		if (sendmail_is_socket(written, &v[i]))
			return &v[i];
	for (size_t i = 0; i < listeners->n; i++)
		if (v[i].kind == ENDPOINT_UNIX &&
		    unsafe_directory(p, v[i].path) == NULL)
			return &v[i];
	for (size_t i = 0; i < listeners->n; i++)
		if (v[i].kind == ENDPOINT_INET)
			return &v[i];
	return listeners->n > 0 ? v : NULL;
}

/* "socket -f -T<TMPF> -d5 unix:PATH": the last word is the socket. */
static void
find_map(struct sendmail_plan *p)
{
	struct sv rest, word;

	p->map = sendmail_cf_get(&p->cf, 'K', "sendmail");
	rest = p->map;
	p->map_socket = sv_make(NULL, 0);
	while (sv_word(&rest, &word))
		p->map_socket = word;
}

int
sendmail_plan_init(struct sendmail_plan *p, struct check *c, const char *path,
    bool may_miss, struct err *err_r)
{
	memset(p, 0, sizeof(*p));
	p->check = c;
	p->conf = c->app->conf;
	p->snap = c->table.snap;
	p->path = path != NULL ? path : SENDMAIL_CF_DEFAULT;
	p->is_missing = may_miss && path == NULL && access(p->path, F_OK) != 0;
	if (!p->is_missing &&
	    sendmail_cf_read(&p->cf, p->path, &c->mem, err_r) != 0)
		return -1;
	find_map(p);
	p->socketmap = choose(p, &p->conf->socketmap_listen, p->map_socket);
	p->milter = choose(p, &p->conf->milter_listen, sv_make(NULL, 0));
	return 0;
}

void
sendmail_plan_done(struct sendmail_plan *p)
{
	sendmail_cf_done(&p->cf);
}

void
sendmail_plan_all(struct sendmail_plan *p)
{
	sendmail_sockets(p);
	sendmail_outbound(p);
	sendmail_inbound(p);
}

void
check_sendmail(struct check *c, const char *path, bool is_asked)
{
	struct sendmail_plan p;
	struct err err;

	if ((c->mtas & CHECK_SENDMAIL) == 0)
		return;
	if (sendmail_plan_init(&p, c, path, false, &err) == 0)
		sendmail_plan_all(&p);
	else if (is_asked || err.sysexit != EX_NOINPUT)
		check_add(c,
		    path != NULL || err.sysexit != EX_NOINPUT ? CHECK_PROBLEM
							      : CHECK_NOTICE,
		    "sendmail_not_read", CHECK_SENDMAIL,
		    check_text(c, "the settings of Sendmail cannot be read: %s",
			err.text),
		    "name the file: tlswarden check --mta sendmail --cf FILE");
	sendmail_plan_done(&p);
}
