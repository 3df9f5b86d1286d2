/* tlswarden: ctl/import_postfix - reads a tls_policy file of Postfix.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The source text of smtp_tls_policy_maps (postconf(5), postmap(1)): a key,
 * blanks, a level and attributes; a line that begins with a blank continues
 * the one before, '#' begins a comment line. What a rule cannot say is named.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/limits.h"
#include "cert/load.h"
#include "ctl/import.h"
#include "fact/rule.h"
#include "base/banned.h"

enum { WHERE_SIZE = 64, LINE_BYTES = 1 << 20, HEX_DIGITS = 64 };

/* One entry on its way to a rule. */
struct entry {
	struct import *im;
	const char *where;
	struct sv level;
	struct sv names; /* cert_name so far */
	struct sv pins;
	struct sv ca;
	enum tls_version min_protocol;
	unsigned min_bits;
	bool has_level_of_names; /* verify or secure */
	bool is_bad;
};

/* "a:b" and "c" give "a:b:c". */
static struct sv
join(struct import *im, struct sv a, char sep, struct sv b)
{
	if (a.n == 0)
		return import_text(im, "%.*s", SV_ARG(b));
	return import_text(im, "%.*s%c%.*s", SV_ARG(a), sep, SV_ARG(b));
}

static void
take_names(struct entry *e, struct sv words)
{
	struct sv word;

	while (sv_cut(&words, ':', &word)) {
		if (sv_is_nocase(word, "dot-nexthop"))
			word = sv_from(".nexthop");
		if (word.n > 0)
			e->names = join(e->im, e->names, ':', word);
	}
}

static void
take_pins(struct entry *e, struct sv words)
{
	struct sv word;

	while (sv_cut(&words, '|', &word)) {
		size_t n = 0;

		for (size_t i = 0; i < word.n; i++)
			n += sv_hex(word.p[i]) >= 0 ? 1 : 0;
		if (n != HEX_DIGITS) {
			import_refuse(e->im, e->where,
			    "match=%.*s is no SHA-256 fingerprint; a rule pins "
			    "with SHA-256 alone",
			    SV_ARG(word));
			e->is_bad = true;
			return;
		}
		e->pins = join(e->im, e->pins, ' ', word);
	}
}

static void
take_match(struct entry *e, struct sv value)
{
	if (e->has_level_of_names)
		take_names(e, value);
	else
		take_pins(e, value);
}

/* The oldest version that a list leaves: ">=TLSv1.2", "!SSLv3:!TLSv1" or
 * "TLSv1.2:TLSv1.3". False when no single limit says it. */
static bool
oldest_of(struct sv list, enum tls_version *r)
{
	bool is_excluded[TLS_VERSION_1_3 + 1] = { false };
	bool is_listed[TLS_VERSION_1_3 + 1] = { false }, has_list = false;
	enum tls_version v, oldest = TLS_VERSION_1_0;
	struct sv word;

	while (sv_cut(&list, ':', &word)) {
		bool is_min = sv_starts(word, sv_from(">="));
		bool is_not = sv_starts(word, sv_from("!"));

		word = sv_skip(word, is_min ? 2 : is_not ? 1 : 0);
		if (sv_is_nocase(word, "SSLv2"))
			continue;
		if (!tls_version_parse(word, &v))
			return false;
		if (is_min) {
			*r = v;
			return list.n == 0;
		}
		(is_not ? is_excluded : is_listed)[v] = true;
		has_list = has_list || !is_not;
	}
	while (oldest < TLS_VERSION_1_3 &&
	    (is_excluded[oldest] || (has_list && !is_listed[oldest])))
		oldest++;
	for (v = oldest; v <= TLS_VERSION_1_3; v++)
		if (is_excluded[v] || (has_list && !is_listed[v]))
			return false;
	*r = oldest;
	return true;
}

static void
take_protocols(struct entry *e, struct sv value)
{
	if (!oldest_of(value, &e->min_protocol))
		import_lose(e->im, e->where,
		    "protocols=%.*s is left out: a rule has an oldest version, "
		    "no list",
		    SV_ARG(value));
}

static void
take_ciphers(struct entry *e, struct sv value)
{
	if (sv_is_nocase(value, "high"))
		e->min_bits = e->min_bits < 128 ? 128 : e->min_bits;
	else if (!sv_is_nocase(value, "medium"))
		import_lose(e->im, e->where, "ciphers=%.*s is left out",
		    SV_ARG(value));
}

static void
take_exclude(struct entry *e, struct sv value)
{
	import_lose(e->im, e->where,
	    "exclude=%.*s is left out: a rule demands bits, min_bits",
	    SV_ARG(value));
}

/* "/etc/postfix/bank.pem" as "bank". */
static struct sv
ca_name(struct entry *e, struct sv path)
{
	struct sv name = sv_rfind(path, '/') < path.n
	    ? sv_skip(path, sv_rfind(path, '/') + 1)
	    : path;
	struct buf b;
	struct sv v;

	if (sv_rfind(name, '.') < name.n && sv_rfind(name, '.') > 0)
		name = sv_head(name, sv_rfind(name, '.'));
	buf_init(&b, 64);
	for (size_t i = 0; i < name.n && i < 60; i++) {
		char c = name.p[i];
		bool is_plain = (c >= '0' && c <= '9') ||
		    (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    c == '-' || c == '_' || (c == '.' && i > 0);

		buf_addc(&b, is_plain ? c : '-');
	}
	v = import_text(e->im, "%s", buf_str(&b));
	buf_free(&b);
	return v;
}

static void
take_tafile(struct entry *e, struct sv value)
{
	const char *path = import_text(e->im, "%.*s", SV_ARG(value)).p;
	struct chain *chain = NULL;
	struct err err;
	struct buf pem;

	if (e->ca.n > 0) {
		import_refuse(e->im, e->where,
		    "a second tafile=: a rule names one CA; import both files "
		    "as one with \"tlswarden ca import\"");
		e->is_bad = true;
		return;
	}
	if (chain_load_file(path, &chain, &err) != 0) {
		import_refuse(e->im, e->where, "tafile: %s", err.text);
		e->is_bad = true;
		return;
	}
	buf_init(&pem, LIMIT_CA_PEM);
	for (size_t i = 0; i < chain_count(chain); i++)
		chain_pem(chain, i, &pem);
	e->ca = ca_name(e, value);
	import_ca(e->im, e->ca, buf_sv(&pem),
	    import_text(e->im, "from %s", path), e->where);
	buf_free(&pem);
	chain_free(chain);
}

static void
take_attribute(struct entry *e, struct sv word)
{
	static const struct {
		const char *name;
		void (*take)(struct entry *e, struct sv value);
	} attributes[] = {
		{ "match", take_match },
		{ "protocols", take_protocols },
		{ "ciphers", take_ciphers },
		{ "exclude", take_exclude },
		{ "tafile", take_tafile },
	};
	struct sv name = sv_head(word, sv_find(word, '='));

	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		if (sv_is_nocase(name, attributes[i].name) && name.n < word.n) {
			attributes[i].take(e, sv_skip(word, name.n + 1));
			return;
		}
	import_lose(e->im, e->where, "%.*s is left out", SV_ARG(word));
}

/* The level of a rule for one of Postfix; false when there is none. */
static bool
take_level(struct entry *e, struct sv word)
{
	static const struct {
		const char *postfix;
		const char *level;
	} levels[] = {
		{ "none", "none" },
		{ "may", "preferred" },
		{ "encrypt", "encrypt" },
		{ "fingerprint", "encrypt" },
		{ "verify", "secure" },
		{ "secure", "secure" },
	};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (sv_is_nocase(word, levels[i].postfix)) {
			e->level = sv_from(levels[i].level);
			e->has_level_of_names = sv_is(e->level, "secure");
			return true;
		}
	return false;
}

static void
add_rule(struct entry *e, struct sv key, bool is_verify)
{
	struct import_rule rule = { .n = 0 };

	import_set(&rule, "direction", sv_from("out"));
	import_set(&rule, "recipient", key);
	import_set(&rule, "level", e->level);
	if (e->names.n == 0 && is_verify)
		e->names = sv_from("hostname");
	if (e->names.n > 0)
		import_set(&rule, "cert_name", e->names);
	if (e->pins.n > 0)
		import_set(&rule, "cert_fingerprint", e->pins);
	if (e->ca.n > 0)
		import_set(&rule, "ca", e->ca);
	if (e->min_protocol != TLS_VERSION_UNKNOWN)
		import_set(&rule, "min_protocol",
		    sv_from(tls_version_word(e->min_protocol)));
	if (e->min_bits != 0)
		import_set(&rule, "min_bits",
		    import_text(e->im, "%u", e->min_bits));
	import_add(e->im, &rule, e->where);
}

/* At none and may a rule demands nothing, whatever the attributes say. */
static void
drop_demands(struct entry *e)
{
	if (e->min_protocol == TLS_VERSION_UNKNOWN && e->min_bits == 0)
		return;
	import_lose(e->im, e->where,
	    "protocols and ciphers are left out: level %.*s demands nothing",
	    SV_ARG(e->level));
	e->min_protocol = TLS_VERSION_UNKNOWN;
	e->min_bits = 0;
}

/* KEY LEVEL ATTRIBUTE... */
static void
take_entry(struct import *im, struct sv line, const char *where)
{
	struct entry e = { .im = im, .where = where };
	struct sv key, level = sv_from(""), word;

	if (!sv_word(&line, &key) || !sv_word(&line, &level)) {
		import_refuse(im, where, "a key and a level are needed");
		return;
	}
	if (!take_level(&e, level)) {
		import_refuse(im, where,
		    "level %.*s has no counterpart in a rule; leave it to "
		    "Postfix's own map, asked behind ours",
		    SV_ARG(level));
		return;
	}
	while (!e.is_bad && sv_word(&line, &word))
		take_attribute(&e, word);
	if (e.is_bad)
		return;
	if (sv_is(e.level, "none") || sv_is(e.level, "preferred"))
		drop_demands(&e);
	if (sv_is_nocase(level, "fingerprint") && e.pins.n == 0) {
		import_refuse(im, where,
		    "level fingerprint without match=; add the fingerprints");
		return;
	}
	add_rule(&e, import_text(im, "%.*s", SV_ARG(key)),
	    sv_is_nocase(level, "verify"));
}

static void
end_entry(struct import *im, struct buf *entry, size_t line)
{
	char where[WHERE_SIZE];

	(void)snprintf(where, sizeof(where), "line %zu", line);
	if (entry->is_full)
		import_refuse(im, where, "longer than %d bytes", LINE_BYTES);
	else if (entry->n > 0)
		take_entry(im, buf_sv(entry), where);
	buf_reset(entry);
}

static void
take_file(struct import *im, FILE *f)
{
	char *line = NULL;
	size_t cap = 0, at = 0, began = 0;
	struct buf entry;
	ssize_t n;

	buf_init(&entry, LINE_BYTES);
	while ((n = getline(&line, &cap, f)) >= 0) {
		struct sv v = sv_make(line, (size_t)n), text = sv_trim(v);

		at++;
		if (text.n == 0 || text.p[0] == '#')
			continue;
		if (v.p[0] != ' ' && v.p[0] != '\t') {
			end_entry(im, &entry, began);
			began = at;
		}
		buf_addc(&entry, ' ');
		for (size_t i = 0; i < text.n; i++)
			buf_addc(&entry, text.p[i] == ',' ? ' ' : text.p[i]);
	}
	end_entry(im, &entry, began);
	buf_free(&entry);
	free(line);
}

int
import_postfix(struct import *im, const char *path, struct err *err_r)
{
	bool is_stdin = strcmp(path, "-") == 0, is_bad;
	FILE *f = is_stdin ? stdin : fopen(path, "re");

	if (f == NULL)
		return err_set(err_r, EX_NOINPUT, "%s: %s", path,
		    strerror(errno));
	errno = 0;
	take_file(im, f);
	is_bad = ferror(f) != 0;
	if (!is_stdin)
		(void)fclose(f);
	return is_bad
	    ? err_set(err_r, EX_IOERR, "%s: %s", path, strerror(errno))
	    : 0;
}
