/* tlswarden: ctl/self_ca - the CA files that the MTA is set to use.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cert/info.h"
#include "cert/load.h"
#include "ctl/self.h"
#include "base/banned.h"

/* The first time that this path is asked about. */
static bool
is_new(struct self *s, const char *path)
{
	for (size_t i = 0; i < s->n_cas; i++)
		if (strcmp(s->cas[i], path) == 0)
			return false;
	if (s->n_cas == SELF_CAS_MAX)
		return false;
	s->cas[s->n_cas++] = path;
	return true;
}

/* Postfix: "cannot load Certification Authority data: disabling TLS support".
 * Sendmail: "load verify locs failed". */
static const char *
effect(const struct identity *id)
{
	if (id->mta == CHECK_SENDMAIL)
		return "Sendmail then offers no STARTTLS";
	return id->role == SELF_SERVER
	    ? "Postfix then refuses every STARTTLS (454)"
	    : "Postfix then sends without TLS, or not at all where a rule "
	      "demands it";
}

static void
problem(struct self *s, const struct identity *id, const char *code,
    const char *setting, const char *what)
{
	check_add(s->check, CHECK_PROBLEM, code, id->mta,
	    check_text(s->check, "%s (%s, %s): %s", what, setting, id->where,
		effect(id)),
	    "put a PEM file with the CA certificates there, readable for the "
	    "MTA");
}

/* When the last of them ends. */
static int64_t
last_expiry(struct self *s, const struct chain *cas)
{
	int64_t last = INT64_MIN;

	for (size_t i = 0; i < chain_count(cas); i++) {
		struct cert_info info;

		cert_info_fill(chain_x509(cas, i), &s->check->mem, &info);
		if (info.not_after > last)
			last = info.not_after;
	}
	return last;
}

void
self_ca_file(struct self *s, const struct identity *id, const char *setting)
{
	char day[INFO_TIME_SIZE];
	struct chain *cas = NULL;
	struct err err;
	int64_t last;

	if (id->ca_file == NULL || !is_new(s, id->ca_file))
		return;
	if (chain_load_file(id->ca_file, &cas, &err) != 0) {
		problem(s, id, "self_ca_not_read", setting,
		    check_text(s->check, "%s", err.text));
		return;
	}
	last = last_expiry(s, cas);
	chain_free(cas);
	if (last < s->check->app->now)
		problem(s, id, "self_ca_expired", setting,
		    check_text(s->check,
			"%s: the CA certificates in it are expired, the last "
			"of them since %s",
			id->ca_file, cert_info_time(last, day)));
}

void
self_ca_path(struct self *s, const struct identity *id, const char *setting,
    const char *jail)
{
	const char *inside;
	struct stat sb;

	if (id->ca_path == NULL || !is_new(s, id->ca_path))
		return;
	if (stat(id->ca_path, &sb) != 0 || !S_ISDIR(sb.st_mode)) {
		problem(s, id, "self_ca_not_read", setting,
		    check_text(s->check, "%s: %s", id->ca_path,
			errno == ENOENT || errno == EACCES ? strerror(errno)
							   : "not a folder"));
		return;
	}
	if (jail == NULL)
		return;
	/* postconf(5), smtpd_tls_CApath: in chroot mode, this directory (or a
	 * copy) must be inside the chroot jail. */
	inside = check_text(s->check, "%s%s", jail, id->ca_path);
	if (stat(inside, &sb) != 0)
		check_add(s->check, CHECK_PROBLEM, "self_ca_path_outside",
		    id->mta,
		    check_text(s->check,
			"%s (%s, %s) is looked for inside the chroot, and %s "
			"is not there: no certificate is found in it",
			id->ca_path, setting, id->where, inside),
		    check_text(s->check,
			"set the CAfile instead (it is read before the "
			"chroot), or copy the folder to %s",
			inside));
}
