/* tlswarden: ctl/self_maps - certificates that tables of Postfix name.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * postmap(1): -s lists a table; -F takes what a file of keys and certificates
 * was made of. "postmap -F hash:..." copies the files into the table, so that
 * what is judged is what Postfix presents, which need not be what the files
 * have by now.
 */
#include "config.h"

#include <string.h>

#include "ctl/postfix.h"
#include "ctl/self.h"
#include "base/banned.h"

static bool
is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

/* "NAME<tab>first line of the value"; PEM has no such line. */
static bool
starts_entry(struct sv line, struct sv *name_r)
{
	size_t tab = sv_find(line, '\t');

	if (tab == 0 || tab == line.n)
		return false;
	for (size_t i = 0; i < tab; i++)
		if (!is_name_byte(line.p[i]))
			return false;
	*name_r = sv_head(line, tab);
	return true;
}

/* The value up to the next entry. */
static struct sv
take_value(struct sv *rest, struct sv first)
{
	struct sv line, name;
	const char *end = first.p + first.n;

	while (rest->n > 0) {
		struct sv next = *rest;

		(void)sv_cut(&next, '\n', &line);
		if (starts_entry(line, &name))
			break;
		end = line.p + line.n;
		*rest = next;
	}
	return sv_make(first.p, (size_t)(end - first.p));
}

/* Lists a table. False: it cannot be, which was said when it matters. */
static bool
list_table(struct self *s, struct sv table, bool is_of_files, struct sv *text_r,
    struct err *err_r)
{
	const char *name = arena_sv(&s->check->mem, table).p;
	const char *const with[] = { "postmap", "-F", "-s", name, NULL };
	const char *const without[] = { "postmap", "-s", name, NULL };

	return postfix_run(&s->check->mem, is_of_files ? with : without, text_r,
		   NULL, err_r) == 0;
}

/* NULL: the table has a name that a shell would take apart in two ways. */
static const char *
show_words(struct self *s, struct sv table, const char *name)
{
	const char *quote = "";

	for (size_t i = 0; i < table.n; i++)
		if (!is_name_byte(table.p[i]) && table.p[i] != '/' &&
		    table.p[i] != ':')
			quote = "'";
	if (sv_find(table, '\'') < table.n)
		return NULL;
	return check_text(s->check, "postmap -F -q %s %s%.*s%s", name, quote,
	    SV_ARG(table), quote);
}

static void
sni_table(struct self *s, const struct identity *sample, struct sv table)
{
	struct identity id = *sample;
	struct sv text, line, name;
	struct err err;

	if (!list_table(s, table, true, &text, &err)) {
		check_add(s->check, CHECK_NOTICE, "self_sni_not_looked_at",
		    CHECK_POSTFIX,
		    check_text(s->check,
			"tls_server_sni_maps has %.*s, which cannot be listed: "
			"the certificates in it are not looked at (%s)",
			SV_ARG(table), err.text),
		    "tlswarden probe [HOST] --name NAME for each of its names");
		return;
	}
	while (sv_cut(&text, '\n', &line)) {
		if (!starts_entry(line, &name))
			continue;
		id.name = arena_sv(&s->check->mem, name).p;
		id.where = check_text(s->check, "%s, %s in %.*s", sample->where,
		    id.name, SV_ARG(table));
		id.show_command = show_words(s, table, id.name);
		self_add_chain_bytes(s, &id,
		    check_text(s->check, "%.*s: %s", SV_ARG(table), id.name),
		    take_value(&text, sv_skip(line, name.n + 1)));
	}
}

void
self_sni_maps(struct self *s, const struct identity *sample, struct sv maps)
{
	struct identity id = *sample;
	struct sv table;

	id.setting = "tls_server_sni_maps";
	while (postfix_word(&maps, &table))
		sni_table(s, &id, table);
}

/* "secure match=... tafile=/a.pem": there may be several. */
static void
policy_line(struct self *s, const struct identity *sample, const char *dir,
    struct sv line)
{
	struct identity id = *sample;
	struct sv word, key = sv_head(line, sv_find(line, '\t'));
	struct sv tafile = SV("tafile=");

	while (sv_word(&line, &word)) {
		if (!sv_starts(word, tafile))
			continue;
		id.ca_file = self_path(s, dir, sv_skip(word, tafile.n));
		id.where = check_text(s->check, "%s, %.*s", sample->where,
		    SV_ARG(key));
		self_ca_file(s, &id, "tafile of smtp_tls_policy_maps");
	}
}

void
self_policy_maps(struct self *s, const struct identity *sample, const char *dir,
    struct sv maps)
{
	struct sv table, text, line;
	struct err err;

	/* What cannot be listed is answered by a program. */
	while (postfix_word(&maps, &table))
		if (list_table(s, table, false, &text, &err))
			while (sv_cut(&text, '\n', &line))
				policy_line(s, sample, dir, line);
}
