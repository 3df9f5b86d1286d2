/* tlswarden: ctl/self_access - certificates that Sendmail's access map names.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * FEATURE(`tls_session_features'): lines such as
 *	TLS_Srv_Features:partner.example  CertFile=/a.pem; KeyFile=/a.key
 * give certificates to sessions with one peer. The text that makemap(8) made
 * the table of is read, which stands beside it.
 */
#include "config.h"

#include <string.h>

#include "base/file.h"
#include "ctl/self.h"
#include "base/banned.h"

enum { ACCESS_BYTES_MAX = 64 << 20 };

/* The last word of the line "Kaccess hash -T<TMPF> /etc/mail/access". */
static struct sv
access_path(struct sv cf)
{
	struct sv key = SV("Kaccess "), path = sv_make(NULL, 0), line, word;

	while (sv_cut(&cf, '\n', &line))
		if (sv_starts(line, key))
			while (sv_word(&line, &word))
				path = word;
	return path.n > 0 && path.p[0] == '/' ? path : sv_make(NULL, 0);
}

static bool
starts_nocase(struct sv v, struct sv prefix)
{
	return sv_eq_nocase(sv_head(v, prefix.n), prefix);
}

/* What follows "NAME=" in a list that is parted by semicolons; NULL. */
static const char *
take(struct self *s, struct sv list, const char *name)
{
	struct sv part, want = sv_from(name);

	while (sv_cut(&list, ';', &part)) {
		size_t eq = sv_find(part, '=');

		if (eq < part.n &&
		    sv_eq_nocase(sv_trim(sv_head(part, eq)), want))
			return arena_sv(&s->check->mem,
			    sv_trim(sv_skip(part, eq + 1)))
			    .p;
	}
	return NULL;
}

static void
take_line(struct self *s, const struct identity *sample, const char *path,
    struct sv line)
{
	static const struct sv server = SV("TLS_Srv_Features:");
	static const struct sv client = SV("TLS_Clt_Features:");
	struct identity id = *sample;
	struct sv key;

	line = sv_trim(line);
	if (!starts_nocase(line, server) && !starts_nocase(line, client))
		return;
	id.role = starts_nocase(line, server) ? SELF_SERVER : SELF_CLIENT;
	id.name = id.role == SELF_SERVER ? s->name : NULL;
	(void)sv_word(&line, &key);
	id.setting = "CertFile";
	id.where = check_text(s->check, "%s, %.*s", path, SV_ARG(key));
	id.cert_file = take(s, line, "CertFile");
	id.key_file = take(s, line, "KeyFile");
	if (id.cert_file != NULL)
		self_add(s, &id);
}

void
self_access_map(struct self *s, const struct identity *sample, struct sv cf)
{
	struct sv path = access_path(cf), rest, line;
	const char *name;
	struct buf bytes;
	struct err err;

	if (path.n == 0)
		return;
	name = arena_sv(&s->check->mem, path).p;
	buf_init(&bytes, ACCESS_BYTES_MAX);
	if (file_read(name, &bytes, &err) != 0) {
		check_add(s->check, CHECK_NOTICE, "self_access_not_read",
		    CHECK_SENDMAIL,
		    check_text(s->check,
			"%s: certificates that TLS_Srv_Features and "
			"TLS_Clt_Features name in the access map are not "
			"looked at",
			err.text),
		    "put the text that the map was made of beside it");
	} else {
		rest = buf_sv(&bytes);
		while (sv_cut(&rest, '\n', &line))
			take_line(s, sample, name, line);
	}
	buf_free(&bytes);
}
