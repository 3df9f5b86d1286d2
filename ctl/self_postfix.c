/* tlswarden: ctl/self_postfix - the certificates that Postfix is set to use.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * In main.cf, for each service of master.cf that overrides any of it, and for
 * each name of tls_server_sni_maps.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ctl/postfix.h"
#include "ctl/self.h"
#include "base/banned.h"

enum { NAME_BYTES = 64 };

struct family {
	const char *prefix;
	enum self_role role;
	const char *command; /* who is chrooted */
};

static const struct family families[] = {
	{ "smtpd_tls_", SELF_SERVER, "smtpd" },
	{ "tlsproxy_tls_", SELF_SERVER, "tlsproxy" },
	{ "smtp_tls_", SELF_CLIENT, "smtp" },
	{ "lmtp_tls_", SELF_CLIENT, "lmtp" },
	{ "tlsproxy_client_", SELF_CLIENT, "tlsproxy" },
};

enum { N_FAMILIES = sizeof(families) / sizeof(families[0]) };

struct look {
	struct self *self;
	struct postfix postfix;
};

static void
not_read(struct self *s, const char *why)
{
	check_add(s->check, CHECK_PROBLEM, "self_not_read", CHECK_POSTFIX,
	    check_text(s->check, "the settings of Postfix cannot be read: %s",
		why),
	    "run this where Postfix is installed, as root; MAIL_CONFIG names "
	    "another configuration directory; --mta sendmail leaves Postfix "
	    "out");
}

/* What the setting is for that service; the empty service: in main.cf. */
static struct sv
value_of(const struct look *p, struct sv service, const char *name)
{
	bool is_override;

	return postfix_service_get(&p->postfix, service, name, &is_override);
}

static struct sv
family_value(const struct look *p, struct sv service, const struct family *f,
    const char *parameter)
{
	char name[NAME_BYTES];

	(void)snprintf(name, sizeof(name), "%s%s", f->prefix, parameter);
	return value_of(p, service, name);
}

static const char *
path_or_null(struct look *p, const char *dir, struct sv v)
{
	return v.n > 0 ? self_path(p->self, dir, v) : NULL;
}

static bool
is_yes(struct look *p, struct sv service, const char *name)
{
	return sv_is_nocase(value_of(p, service, name), "yes");
}

/* RSA, DSA and ECDSA: each may have a certificate of its own. */
static bool
add_kinds(struct look *p, struct sv service, const struct family *f,
    struct identity *id, const char *dir)
{
	static const char *const kinds[][2] = { { "cert_file", "key_file" },
		{ "dcert_file", "dkey_file" },
		{ "eccert_file", "eckey_file" } };
	bool has_any = false;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct sv cert = family_value(p, service, f, kinds[i][0]);
		struct sv key = family_value(p, service, f, kinds[i][1]);

		if (cert.n == 0 || sv_is(cert, "none"))
			continue;
		id->setting =
		    check_text(p->self->check, "%s%s", f->prefix, kinds[i][0]);
		id->cert_file = self_path(p->self, dir, cert);
		id->key_file = path_or_null(p, dir, key);
		self_add(p->self, id);
		has_any = true;
	}
	return has_any;
}

/* Returns whether there is a certificate. */
static bool
add_family(struct look *p, struct sv service, const struct family *f)
{
	struct self *s = p->self;
	struct sv queue = value_of(p, service, "queue_directory");
	struct sv host = value_of(p, service, "myhostname");
	struct sv chains = family_value(p, service, f, "chain_files");
	const char *dir = arena_sv(&s->check->mem, queue).p;
	const char *jail =
	    postfix_is_chrooted(&p->postfix, f->command) ? dir : NULL;
	struct identity id = { .mta = CHECK_POSTFIX,
		.role = f->role,
		.where = service.n > 0
		    ? check_text(s->check, "master.cf: %.*s", SV_ARG(service))
		    : "main.cf" };

	if (f->role == SELF_SERVER)
		id.name = s->name != NULL ? s->name
					  : arena_sv(&s->check->mem, host).p;
	id.ca_file =
	    path_or_null(p, dir, family_value(p, service, f, "CAfile"));
	id.ca_path =
	    path_or_null(p, dir, family_value(p, service, f, "CApath"));
	id.adds_default_cas = (id.ca_file != NULL || id.ca_path != NULL) &&
	    is_yes(p, service, "tls_append_default_CA");
	self_ca_file(s, &id, check_text(s->check, "%sCAfile", f->prefix));
	self_ca_path(s, &id, check_text(s->check, "%sCApath", f->prefix), jail);
	if (f == &families[0])
		self_sni_maps(s, &id,
		    value_of(p, service, "tls_server_sni_maps"));
	if (strcmp(f->prefix, "smtp_tls_") == 0)
		self_policy_maps(s, &id, dir,
		    value_of(p, service, "smtp_tls_policy_maps"));
	if (chains.n > 0) {
		id.setting = check_text(s->check, "%schain_files", f->prefix);
		self_add_chain_files(s, &id, dir, chains);
		return true;
	}
	return add_kinds(p, service, f, &id, dir);
}

/* smtpd_tls_security_level wins over the older smtpd_use_tls. */
static bool
offers_tls(struct look *p, struct sv service)
{
	struct sv level = value_of(p, service, "smtpd_tls_security_level");

	if (is_yes(p, service, "smtpd_tls_wrappermode"))
		return true;
	if (level.n > 0)
		return !sv_is_nocase(level, "none");
	return is_yes(p, service, "smtpd_use_tls") ||
	    is_yes(p, service, "smtpd_enforce_tls");
}

static void
say_server(struct look *p, struct sv service, bool has_certificate)
{
	struct check *c = p->self->check;
	const char *where = service.n > 0
	    ? check_text(c, "master.cf, %.*s", SV_ARG(service))
	    : "main.cf";

	if (offers_tls(p, service) && !has_certificate)
		check_add(c, CHECK_PROBLEM, "self_no_certificate",
		    CHECK_POSTFIX,
		    check_text(c,
			"%s: the server offers TLS but has no certificate: "
			"most clients fail the handshake or send in clear",
			where),
		    "postconf -e 'smtpd_tls_chain_files = /FILE.pem' with the "
		    "private key, the certificate and the intermediates");
	else if (!offers_tls(p, service) && service.n == 0)
		check_add(c, CHECK_NOTICE, "self_no_starttls", CHECK_POSTFIX,
		    "main.cf: smtpd_tls_security_level is empty or none: the "
		    "server offers no STARTTLS, whatever certificate it has",
		    "postconf -e smtpd_tls_security_level=may");
}

/* Whether the service overrides something with that prefix. */
static bool
overrides_any(const struct look *p, struct sv service, const char *prefix)
{
	const struct postfix_pair *pairs = p->postfix.pairs;

	for (size_t i = 0; i < p->postfix.n_pairs; i++)
		if (sv_eq(pairs[i].service, service) &&
		    sv_starts(pairs[i].name, sv_from(prefix)))
			return true;
	return false;
}

/* A server with another name presents main.cf's certificate under it. */
static bool
is_its_own(const struct look *p, struct sv service, const struct family *f)
{
	return overrides_any(p, service, f->prefix) ||
	    (f == &families[0] &&
		(overrides_any(p, service, "myhostname") ||
		    overrides_any(p, service, "tls_server_sni_maps")));
}

static void
add_services(struct look *p)
{
	for (size_t i = 0; i < p->postfix.n_services; i++) {
		struct sv service = p->postfix.services[i].name;

		for (size_t f = 0; f < N_FAMILIES; f++) {
			bool has;

			if (!is_its_own(p, service, &families[f]))
				continue;
			has = add_family(p, service, &families[f]);
			if (f == 0)
				say_server(p, service, has);
		}
	}
}

void
self_postfix(struct self *s)
{
	struct look p = { .self = s };
	struct sv none = sv_make(NULL, 0);
	bool has[N_FAMILIES];
	struct err err;

	if (postfix_read(&p.postfix, &s->check->mem, &err) != 0) {
		not_read(s, err.text);
		goto out;
	}
	for (size_t f = 0; f < N_FAMILIES; f++)
		has[f] = add_family(&p, none, &families[f]);
	say_server(&p, none, has[0]);
	add_services(&p);
	if (!has[2])
		check_add(s->check, CHECK_NOTICE, "self_no_client_certificate",
		    CHECK_POSTFIX,
		    "main.cf: smtp_tls_cert_file and smtp_tls_chain_files are "
		    "empty: a partner who demands a client certificate refuses "
		    "our mail",
		    "nothing, unless a partner demands one");
out:
	postfix_done(&p.postfix);
}
