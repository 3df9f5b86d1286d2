/* tlswarden: ctl/self_postfix - the certificates that Postfix is set to use.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Postfix itself says what is set: "postconf -x" the values of main.cf with
 * their defaults, "postconf" the same as written, "postconf -Px" the overrides
 * of the services in master.cf. A default such as
 * smtpd_tls_key_file = $smtpd_tls_cert_file follows an override of what it
 * names. All of them obey MAIL_CONFIG.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ctl/run.h"
#include "ctl/self.h"
#include "base/banned.h"

enum {
	POSTCONF_MSECS = 10000,
	POSTCONF_BYTES_MAX = 1 << 20,
	SETTINGS_MAX = 64,
	OVERRIDES_MAX = 512,
	NAME_BYTES = 64,
	REFERENCES_MAX = 4
};

struct family {
	const char *prefix;
	enum self_role role;
};

static const struct family families[] = {
	{ "smtpd_tls_", SELF_SERVER },
	{ "tlsproxy_tls_", SELF_SERVER },
	{ "smtp_tls_", SELF_CLIENT },
	{ "lmtp_tls_", SELF_CLIENT },
	{ "tlsproxy_client_", SELF_CLIENT },
};
static const char *const parameters[] = { "chain_files", "cert_file",
	"key_file", "dcert_file", "dkey_file", "eccert_file", "eckey_file",
	"CAfile", "CApath" };
static const char *const others[] = { "myhostname", "queue_directory",
	"smtpd_tls_security_level", "smtpd_use_tls", "smtpd_enforce_tls",
	"smtpd_tls_wrappermode", "tls_server_sni_maps" };

enum {
	N_FAMILIES = sizeof(families) / sizeof(families[0]),
	N_PARAMETERS = sizeof(parameters) / sizeof(parameters[0]),
	N_OTHERS = sizeof(others) / sizeof(others[0])
};
_Static_assert(N_FAMILIES *N_PARAMETERS + N_OTHERS <= SETTINGS_MAX, "room");

struct setting {
	const char *name;
	struct sv raw;   /* as written, or the default */
	struct sv value; /* with all $names replaced */
};

struct override {
	struct sv service; /* "465/inet" */
	struct sv name;
	struct sv value;
};

/* What Postfix said. */
struct postfix {
	struct self *self;
	struct setting settings[SETTINGS_MAX];
	size_t n_settings;
	struct override overrides[OVERRIDES_MAX];
	size_t n_overrides;
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

/* Adds what it prints to text. False: that was said as a finding. */
static bool
ask(struct self *s, const char *const argv[], struct sv *text_r)
{
	struct run r;
	struct err err;
	bool is_good = false;

	run_init(&r, POSTCONF_BYTES_MAX);
	if (run_program(argv, POSTCONF_MSECS, &r, &err) != 0)
		not_read(s, err.text);
	else if (r.exit_code != 0)
		not_read(s,
		    check_text(s->check, "postconf ended with exit code %d: %s",
			r.exit_code, buf_str(&r.err)));
	else {
		*text_r = arena_sv(&s->check->mem, buf_sv(&r.out));
		is_good = true;
	}
	run_done(&r);
	return is_good;
}

static struct setting *
find_setting(struct postfix *p, struct sv name)
{
	for (size_t i = 0; i < p->n_settings; i++)
		if (sv_is(name, p->settings[i].name))
			return &p->settings[i];
	return NULL;
}

static void
list_settings(struct postfix *p)
{
	for (size_t f = 0; f < N_FAMILIES; f++)
		for (size_t i = 0; i < N_PARAMETERS; i++)
			p->settings[p->n_settings++].name =
			    check_text(p->self->check, "%s%s",
				families[f].prefix, parameters[i]);
	for (size_t i = 0; i < N_OTHERS; i++)
		p->settings[p->n_settings++].name = others[i];
}

/* Lines "name = value". */
static bool
read_settings(struct postfix *p, bool is_raw)
{
	const char *argv[SETTINGS_MAX + 3] = { "postconf" };
	struct sv text, line;
	size_t n = 1;

	if (!is_raw)
		argv[n++] = "-x";
	for (size_t i = 0; i < p->n_settings; i++)
		argv[n++] = p->settings[i].name;
	if (!ask(p->self, argv, &text))
		return false;
	while (sv_cut(&text, '\n', &line)) {
		size_t eq = sv_find(line, '=');
		struct setting *set =
		    find_setting(p, sv_trim(sv_head(line, eq)));
		struct sv value = sv_trim(sv_skip(line, eq + 1));

		if (set == NULL)
			continue;
		if (is_raw)
			set->raw = value;
		else
			set->value = value;
	}
	return true;
}

/* Lines "smtp/inet/name = value". */
static bool
read_overrides(struct postfix *p)
{
	static const char *const argv[] = { "postconf", "-Px", NULL };
	struct sv text, line;

	if (!ask(p->self, argv, &text))
		return false;
	while (sv_cut(&text, '\n', &line)) {
		size_t eq = sv_find(line, '=');
		struct sv left = sv_trim(sv_head(line, eq));
		size_t slash = sv_rfind(left, '/');

		if (slash == left.n ||
		    find_setting(p, sv_skip(left, slash + 1)) == NULL)
			continue;
		if (p->n_overrides == OVERRIDES_MAX) {
			not_read(p->self, "too many overrides in master.cf");
			return false;
		}
		p->overrides[p->n_overrides++] =
		    (struct override){ sv_head(left, slash),
			    sv_skip(left, slash + 1),
			    sv_trim(sv_skip(line, eq + 1)) };
	}
	return true;
}

/* What the setting is for that service; the empty service: in main.cf. */
static struct sv
value_of(struct postfix *p, struct sv service, const char *name)
{
	struct setting *set = NULL;
	struct sv want = sv_from(name);

	for (int i = 0; i < REFERENCES_MAX; i++) {
		for (size_t o = 0; service.n > 0 && o < p->n_overrides; o++)
			if (sv_eq(p->overrides[o].service, service) &&
			    sv_eq(p->overrides[o].name, want))
				return p->overrides[o].value;
		set = find_setting(p, want);
		if (set == NULL || set->raw.n < 2 || set->raw.p[0] != '$' ||
		    find_setting(p, sv_skip(set->raw, 1)) == NULL)
			break;
		want = sv_skip(set->raw, 1);
	}
	return set != NULL ? set->value : sv_from(NULL);
}

static struct sv
family_value(struct postfix *p, struct sv service, const struct family *f,
    const char *parameter)
{
	char name[NAME_BYTES];

	(void)snprintf(name, sizeof(name), "%s%s", f->prefix, parameter);
	return value_of(p, service, name);
}

static const char *
path_or_null(struct postfix *p, const char *dir, struct sv v)
{
	return v.n > 0 ? self_path(p->self, dir, v) : NULL;
}

/* RSA, DSA and ECDSA: each may have a certificate of its own. */
static bool
add_kinds(struct postfix *p, struct sv service, const struct family *f,
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
add_family(struct postfix *p, struct sv service, const struct family *f)
{
	struct self *s = p->self;
	struct sv queue = value_of(p, service, "queue_directory");
	struct sv host = value_of(p, service, "myhostname");
	struct sv chains = family_value(p, service, f, "chain_files");
	const char *dir = arena_sv(&s->check->mem, queue).p;
	struct identity id = { .mta = CHECK_POSTFIX,
		.role = f->role,
		.where = service.n > 0
		    ? check_text(s->check, "master.cf: %.*s", SV_ARG(service))
		    : "main.cf" };

	if (f->role == SELF_SERVER)
		id.name = s->name != NULL ? s->name
					  : arena_sv(&s->check->mem, host).p;
	if (chains.n > 0) {
		id.setting = check_text(s->check, "%schain_files", f->prefix);
		self_add_chain_files(s, &id, dir, chains);
		return true;
	}
	id.ca_file =
	    path_or_null(p, dir, family_value(p, service, f, "CAfile"));
	id.ca_path =
	    path_or_null(p, dir, family_value(p, service, f, "CApath"));
	return add_kinds(p, service, f, &id, dir);
}

static bool
is_yes(struct postfix *p, struct sv service, const char *name)
{
	return sv_is_nocase(value_of(p, service, name), "yes");
}

/* smtpd_tls_security_level wins over the older smtpd_use_tls. */
static bool
offers_tls(struct postfix *p, struct sv service)
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
say_server(struct postfix *p, struct sv service, bool has_certificate)
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
overrides_any(const struct postfix *p, struct sv service, const char *prefix)
{
	for (size_t i = 0; i < p->n_overrides; i++)
		if (sv_eq(p->overrides[i].service, service) &&
		    sv_starts(p->overrides[i].name, sv_from(prefix)))
			return true;
	return false;
}

static void
add_services(struct postfix *p)
{
	for (size_t i = 0; i < p->n_overrides; i++) {
		struct sv service = p->overrides[i].service;
		bool is_seen = false;

		for (size_t j = 0; j < i && !is_seen; j++)
			is_seen = sv_eq(p->overrides[j].service, service);
		for (size_t f = 0; !is_seen && f < N_FAMILIES; f++) {
			bool has;

			/* A server with another name presents main.cf's
			 * certificate under that name. */
			if (!overrides_any(p, service, families[f].prefix) &&
			    (f != 0 ||
				!overrides_any(p, service, "myhostname")))
				continue;
			has = add_family(p, service, &families[f]);
			if (f == 0)
				say_server(p, service, has);
		}
	}
}

static void
say_others(struct postfix *p, bool has_client)
{
	struct check *c = p->self->check;
	struct sv maps = value_of(p, sv_from(NULL), "tls_server_sni_maps");

	if (!has_client)
		check_add(c, CHECK_NOTICE, "self_no_client_certificate",
		    CHECK_POSTFIX,
		    "main.cf: smtp_tls_cert_file and smtp_tls_chain_files are "
		    "empty: a partner who demands a client certificate refuses "
		    "our mail",
		    "nothing, unless a partner demands one");
	if (maps.n > 0)
		check_add(c, CHECK_NOTICE, "self_sni_not_looked_at",
		    CHECK_POSTFIX,
		    check_text(c,
			"tls_server_sni_maps = %.*s: the certificates in it "
			"are not looked at",
			SV_ARG(maps)),
		    "tlswarden probe [HOST] --name NAME for each of its names");
}

void
self_postfix(struct self *s)
{
	struct postfix p = { .self = s };
	bool has[N_FAMILIES];

	list_settings(&p);
	if (!read_settings(&p, false) || !read_settings(&p, true) ||
	    !read_overrides(&p))
		return;
	for (size_t f = 0; f < N_FAMILIES; f++)
		has[f] = add_family(&p, sv_from(NULL), &families[f]);
	say_server(&p, sv_from(NULL), has[0]);
	add_services(&p);
	say_others(&p, has[2]);
}
