/* tlswarden: ctl/postfix_paths - versions, and paths in and out of the chroot.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ctl/postfix_plan.h"
#include "base/banned.h"

enum { PATH_BYTES = 4096 };

static bool
names_ca(const struct rule *r)
{
	return plan_is_out(r) && r->mode == MODE_ENFORCE &&
	    r->demand->ca != NULL;
}

static void
path_version(struct plan *p)
{
	unsigned now = p->postfix.version, told = p->conf->postfix_version;
	struct check_finding *f;

	if (now == 0 || now >= told)
		return;
	f = plan_need(p, plan_is_out, "postfix_too_old", "mail_version",
	    check_text(p->check,
		"Postfix is %u.%u, and %s says postfix_version = \"%u.%u\": "
		"answers with what it does not know defer all that mail",
		now / 100, now % 100, p->conf->file, told / 100, told % 100));
	if (f != NULL)
		f->fix = check_text(p->check,
		    "postfix_version = \"%u.%u\" in %s, then tlswarden reload",
		    now / 100, now % 100, p->conf->file);
}

/* policyd's socket has to be below the queue directory, or to be inet. */
static void
path_sockets(struct plan *p)
{
	struct sv queue = postfix_get(&p->postfix, "queue_directory");
	struct check_finding *f;

	if (p->socketmap == NULL) {
		f = plan_need(p, plan_is_out, "socket_outside",
		    "queue_directory",
		    check_text(p->check,
			"smtp(8) runs in the chroot %.*s and cannot reach any "
			"socket of socketmap_listen",
			SV_ARG(queue)));
		if (f != NULL)
			f->fix = check_text(p->check,
			    "socketmap_listen = "
			    "{\"unix:%.*s/tlswarden/policyd.sock\"} in %s, "
			    "then restart tlswarden-policyd",
			    SV_ARG(queue), p->conf->file);
	}
	if (p->milter == NULL) {
		f = plan_need(p, plan_is_in, "socket_outside",
		    "queue_directory",
		    check_text(p->check,
			"smtpd(8) runs in the chroot %.*s and cannot reach "
			"milter_listen",
			SV_ARG(queue)));
		if (f != NULL)
			f->fix = check_text(p->check,
			    "milter_listen = "
			    "\"unix:%.*s/tlswarden/milter.sock\" in %s, then "
			    "restart tlswarden-milter",
			    SV_ARG(queue), p->conf->file);
	}
}

/* A setting that names our sockets. */
struct named {
	const char *name;
	const char *command;
	const char *kind; /* in front of "unix:" */
	plan_fits *fits;
};

/* Absolute names below the queue directory do not exist in the chroot. */
static void
absolute_at(struct plan *p, const struct named *n,
    const struct postfix_place *at)
{
	struct sv rest = at->value, word;
	struct sv queue = postfix_get(&p->postfix, "queue_directory");
	char unix_queue[PATH_BYTES];
	struct sv prefix;

	(void)snprintf(unix_queue, sizeof(unix_queue), "%sunix:%.*s/", n->kind,
	    SV_ARG(queue));
	prefix = sv_from(unix_queue);
	while (at->is_chrooted && postfix_word(&rest, &word)) {
		if (!sv_starts(word, prefix))
			continue;
		plan_set_word(p,
		    plan_need_at(p, at, n->fits, "chroot_path",
			check_text(p->check,
			    "%.*s is an absolute path, which %s(8) does not "
			    "find in its chroot",
			    SV_ARG(word), n->command)),
		    at, word,
		    check_text(p->check, "%sunix:%.*s", n->kind,
			SV_ARG(sv_skip(word, prefix.n))));
		return;
	}
}

static void
path_absolute(struct plan *p, const struct named *n)
{
	struct postfix_places places =
	    postfix_places(&p->postfix, POSTFIX_EVERY, n->command, n->name);

	for (size_t i = 0; i < places.n; i++)
		absolute_at(p, n, &places.v[i]);
}

/* smtp(8) opens the PEM files of tafile= from its queue directory. */
static void
path_ca(struct plan *p)
{
	struct sv queue = postfix_get(&p->postfix, "queue_directory");
	const char *mta = p->conf->ca_directory_mta;
	char path[PATH_BYTES];
	struct check_finding *f;

	if (*mta == '/' && !postfix_is_chrooted(&p->postfix, "smtp"))
		(void)snprintf(path, sizeof(path), "%s", mta);
	else
		(void)snprintf(path, sizeof(path), "%.*s/%s", SV_ARG(queue),
		    *mta == '/' ? mta + 1 : mta);
	if (strcmp(path, p->conf->ca_directory) == 0)
		return;
	f = plan_need(p, names_ca, "ca_directory", "queue_directory",
	    check_text(p->check,
		"policyd writes the CAs to %s, and smtp(8) looks for them in "
		"%s: all mail of these rules is deferred",
		p->conf->ca_directory, path));
	if (f != NULL)
		f->fix = check_text(p->check,
		    "ca_directory = \"%.*s/tlswarden/ca\" and "
		    "ca_directory_mta = \"tlswarden/ca\" in %s, then restart "
		    "tlswarden-policyd",
		    SV_ARG(queue), p->conf->file);
}

void
plan_paths(struct plan *p)
{
	static const struct named named[] = {
		{ "smtp_tls_policy_maps", "smtp", "socketmap:", plan_is_out },
		{ "smtp_delivery_status_filter", "smtp",
		    "socketmap:", plan_is_out },
		{ "transport_maps", "trivial-rewrite",
		    "socketmap:", plan_is_out_users },
		{ "smtpd_discard_ehlo_keyword_address_maps", "smtpd",
		    "socketmap:", plan_is_in },
		{ "smtpd_milters", "smtpd", "", plan_is_in },
		{ "smtpd_recipient_restrictions", "smtpd", "", plan_is_in },
		{ "smtpd_relay_restrictions", "smtpd", "", plan_is_in },
	};

	path_version(p);
	path_sockets(p);
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		path_absolute(p, &named[i]);
	path_ca(p);
}
