/* tlswarden: ctl/self_sendmail - the certificates named in a sendmail.cf.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Options are lines "O Name=value", blanks allowed around the "=" (Sendmail
 * Installation and Operation Guide, 5.6). Two files are parted by a comma: one
 * for each kind of key.
 */
#include "config.h"

#include <string.h>

#include "base/file.h"
#include "ctl/self.h"
#include "base/banned.h"

enum { CF_BYTES_MAX = 4 << 20 };

enum option {
	SERVER_CERT = 0,
	SERVER_KEY,
	CLIENT_CERT,
	CLIENT_KEY,
	CA_FILE,
	CA_PATH,
	N_OPTIONS
};

static const char *const option_names[N_OPTIONS] = { "ServerCertFile",
	"ServerKeyFile", "ClientCertFile", "ClientKeyFile", "CACertFile",
	"CACertPath" };

/* The last line of a name wins, as in Sendmail. */
static void
take_line(struct sv line, struct sv values[static N_OPTIONS])
{
	struct sv name;
	size_t eq = sv_find(line, '=');

	if (line.n < 2 || line.p[0] != 'O' || line.p[1] != ' ' || eq == line.n)
		return;
	name = sv_trim(sv_skip(sv_head(line, eq), 2));
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (sv_is_nocase(name, option_names[i]))
			values[i] = sv_trim(sv_skip(line, eq + 1));
}

/* "Djmx.example.com", of confDOMAIN_NAME; one that is put together of macros
 * is not known here. */
static void
take_name(struct sv line, struct sv *name)
{
	struct sv value;

	if (line.n < 3 || line.p[0] != 'D' || line.p[1] != 'j')
		return;
	value = sv_trim(sv_skip(line, 2));
	if (sv_find(value, '$') == value.n)
		*name = value;
}

static const char *
text(struct self *s, struct sv v)
{
	return v.n > 0 ? arena_sv(&s->check->mem, v).p : NULL;
}

static void
take_pair(struct self *s, enum self_role role, const char *cf, struct sv name,
    struct sv values[static N_OPTIONS])
{
	enum option cert = role == SELF_SERVER ? SERVER_CERT : CLIENT_CERT;
	struct sv certs = values[cert], keys = values[cert + 1];
	struct identity id = { .mta = CHECK_SENDMAIL,
		.role = role,
		.setting = option_names[cert],
		.where = cf,
		.ca_file = text(s, values[CA_FILE]),
		.ca_path = text(s, values[CA_PATH]),
		.name = role != SELF_SERVER ? NULL
		    : s->name != NULL       ? s->name
					    : text(s, name) };
	struct sv file, key;

	while (sv_cut(&certs, ',', &file)) {
		if (!sv_cut(&keys, ',', &key))
			key = sv_from(NULL);
		id.cert_file = text(s, sv_trim(file));
		id.key_file = text(s, sv_trim(key));
		if (id.cert_file != NULL)
			self_add(s, &id);
	}
}

/* The CAs, and what the access map names. */
static void
take_others(struct self *s, const char *cf,
    const struct sv values[static N_OPTIONS], struct sv bytes)
{
	struct identity id = { .mta = CHECK_SENDMAIL,
		.where = cf,
		.ca_file = text(s, values[CA_FILE]),
		.ca_path = text(s, values[CA_PATH]) };

	self_ca_file(s, &id, option_names[CA_FILE]);
	/* A folder that is not there does no harm, but none named does:
	 * "STARTTLS: CACertPath missing" in the log. */
	for (enum option i = CA_FILE; i <= CA_PATH; i++)
		if (values[i].n == 0 && values[SERVER_CERT].n > 0)
			check_add(s->check, CHECK_PROBLEM, "self_no_cas",
			    CHECK_SENDMAIL,
			    check_text(s->check,
				"%s names no %s: Sendmail then offers no "
				"STARTTLS, whatever certificate it has",
				cf, option_names[i]),
			    "define(`confCACERT', `/FILE.pem')dnl and "
			    "define(`confCACERT_PATH', `/FOLDER')dnl in "
			    "sendmail.mc, then make sendmail.cf and restart");
	self_access_map(s, &id, bytes);
}

static void
say_missing(struct self *s, const char *cf,
    const struct sv values[static N_OPTIONS])
{
	struct check *c = s->check;

	if (values[SERVER_CERT].n == 0)
		check_add(c, CHECK_PROBLEM, "self_no_certificate",
		    CHECK_SENDMAIL,
		    check_text(c,
			"%s names no ServerCertFile: Sendmail offers no "
			"STARTTLS, so nobody can send to us encrypted",
			cf),
		    "define(`confSERVER_CERT', `/FILE.pem')dnl and "
		    "confSERVER_KEY in sendmail.mc, then make sendmail.cf and "
		    "restart");
	if (values[CLIENT_CERT].n == 0)
		check_add(c, CHECK_NOTICE, "self_no_client_certificate",
		    CHECK_SENDMAIL,
		    check_text(c,
			"%s names no ClientCertFile: a partner who demands a "
			"client certificate refuses our mail",
			cf),
		    "define(`confCLIENT_CERT', `/FILE.pem')dnl and "
		    "confCLIENT_KEY, if a partner demands one");
}

void
self_sendmail(struct self *s)
{
	const char *cf = s->cf != NULL ? s->cf : "/etc/mail/sendmail.cf";
	struct sv values[N_OPTIONS] = { { NULL, 0 } };
	struct sv name = sv_make(NULL, 0);
	struct sv rest, line;
	struct buf bytes;
	struct err err;

	buf_init(&bytes, CF_BYTES_MAX);
	if (file_read(cf, &bytes, &err) != 0) {
		check_add(s->check, CHECK_PROBLEM, "self_not_read",
		    CHECK_SENDMAIL, check_text(s->check, "%s", err.text),
		    "name the file: tlswarden check --self --mta sendmail "
		    "--cf FILE");
		goto out;
	}
	rest = buf_sv(&bytes);
	while (sv_cut(&rest, '\n', &line)) {
		take_line(line, values);
		take_name(line, &name);
	}
	take_pair(s, SELF_SERVER, cf, name, values);
	take_pair(s, SELF_CLIENT, cf, name, values);
	take_others(s, cf, values, buf_sv(&bytes));
	say_missing(s, cf, values);
out:
	buf_free(&bytes);
}
