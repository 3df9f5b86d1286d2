/* tlswarden: ctl/postfix - what the installed Postfix is set to.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctl/postfix.h"
#include "ctl/run.h"
#include "base/banned.h"

enum {
	MASTER_COLUMNS = 8,
	MASTER_CHROOT = 4,
	PATH_BYTES = 4096,
	REFERENCES_MAX = 8
};

int
postfix_run(struct arena *mem, const char *const argv[], struct sv *text_r,
    int *code_r, struct err *err_r)
{
	struct run r;
	int rc;

	run_init(&r, POSTFIX_TOOL_BYTES);
	rc = run_program(argv, POSTFIX_TOOL_MSECS, &r, err_r);
	if (rc == 0) {
		*text_r = arena_sv(mem, buf_sv(&r.out));
		if (code_r != NULL)
			*code_r = r.exit_code;
	} else if (code_r != NULL) {
		*code_r = -1;
	}
	if (rc == 0 && r.exit_code != 0) {
		struct sv said = sv_trim(buf_sv(&r.err));

		rc = err_set(err_r, EX_CONFIG, "%s: exit code %d%s%.*s",
		    argv[0], r.exit_code, said.n > 0 ? ": " : "", SV_ARG(said));
	}
	run_done(&r);
	return rc;
}

bool
postfix_is_failed_lookup(const struct run *r)
{
	struct sv words = run_last_words(r);
	static const struct sv fatal = SV("postmap: fatal: ");

	/* Warnings about main.cf, which it prints in any case, are none. */
	return r->exit_code > 1 ||
	    (r->exit_code == 1 && sv_starts(words, fatal));
}

int
postfix_ask(const struct postfix *p, const char *table, struct sv keys,
    struct sv *text_r, struct err *err_r)
{
	const char *argv[] = { "postmap", "-q", "-", table, NULL, NULL, NULL };
	struct run r;
	int rc;

	if (p->directory != NULL) {
		argv[1] = "-c";
		argv[2] = p->directory;
		argv[3] = "-q";
		argv[4] = "-";
		argv[5] = table;
	}
	run_init(&r, POSTFIX_TOOL_BYTES);
	r.input = keys;
	rc = run_program(argv, POSTFIX_TOOL_MSECS, &r, err_r);
	if (rc == 0 && postfix_is_failed_lookup(&r))
		rc = err_set(err_r, EX_CONFIG, "%.*s",
		    SV_ARG(run_last_words(&r)));
	if (rc == 0)
		*text_r = arena_sv(p->mem, buf_sv(&r.out));
	run_done(&r);
	return rc;
}

const char *
postfix_directory(struct arena *mem, struct err *err_r)
{
	static const char *const argv[] = { "postconf", "-dh",
		"config_directory", NULL };
	struct sv dir = sv_from(getenv("MAIL_CONFIG"));
	char path[PATH_BYTES];

	if (dir.n == 0 && postfix_run(mem, argv, &dir, NULL, err_r) != 0)
		return NULL;
	dir = sv_trim(dir);
	(void)snprintf(path, sizeof(path), "%.*s/main.cf", SV_ARG(dir));
	if (access(path, R_OK) == 0)
		return arena_sv(mem, dir).p;
	(void)err_set(err_r, errno == ENOENT ? EX_NOINPUT : EX_NOPERM, "%s: %s",
	    path, strerror(errno));
	return NULL;
}

static void
add_pair(struct postfix *p, struct sv service, struct sv name, struct sv value)
{
	if (p->n_pairs == p->max_pairs) {
		p->max_pairs = p->max_pairs * 2 + 1024;
		p->pairs =
		    mem_realloc(p->pairs, p->max_pairs, sizeof(*p->pairs));
	}
	p->pairs[p->n_pairs++] = (struct postfix_pair){ service, name, value,
		value, sv_make(NULL, 0) };
}

/* A line "name = value", or "smtp/inet/name = value". False: it is neither. */
static bool
split(struct sv line, bool is_override, struct postfix_pair *r)
{
	size_t eq = sv_find(line, '=');
	struct sv left = sv_trim(sv_head(line, eq));
	size_t slash = is_override ? sv_rfind(left, '/') : left.n;

	if (eq == line.n || (is_override && slash == left.n))
		return false;
	*r = (struct postfix_pair){ .value = sv_trim(sv_skip(line, eq + 1)) };
	r->service = sv_head(left, is_override ? slash : 0);
	r->name = is_override ? sv_skip(left, slash + 1) : left;
	return true;
}

static void
take_pairs(struct postfix *p, struct sv text, bool is_override)
{
	struct sv line;
	struct postfix_pair pair;

	while (sv_cut(&text, '\n', &line))
		if (split(line, is_override, &pair))
			add_pair(p, pair.service, pair.name, pair.value);
}

/* NULL: neither main.cf nor that service has it. */
static struct postfix_pair *
find_pair(const struct postfix *p, struct sv service, struct sv name)
{
	for (size_t i = 0; i < p->n_pairs; i++)
		if (sv_eq(p->pairs[i].name, name) &&
		    sv_eq(p->pairs[i].service, service))
			return &p->pairs[i];
	return NULL;
}

/* "$other" or "${other}". */
static void
take_reference(struct postfix *p, struct postfix_pair *pair)
{
	struct sv value = pair->written;
	const struct postfix_pair *other;

	if (value.n < 2 || value.p[0] != '$')
		return;
	value = sv_skip(value, 1);
	if (value.p[0] == '{' && value.p[value.n - 1] == '}')
		value = sv_head(sv_skip(value, 1), value.n - 2);
	other = find_pair(p, sv_make(NULL, 0), value);
	if (other != NULL)
		pair->other = other->name;
}

/* The lines of take_pairs as they are written. */
static void
take_written(struct postfix *p, struct sv text, bool is_override)
{
	struct sv line;
	struct postfix_pair as, *pair;

	while (sv_cut(&text, '\n', &line)) {
		pair = split(line, is_override, &as)
		    ? find_pair(p, as.service, as.name)
		    : NULL;
		if (pair == NULL)
			continue;
		pair->written = as.value;
		if (!is_override)
			take_reference(p, pair);
	}
}

/* "smtp inet n - y - - smtpd -o ...": the default of chroot changed with
 * compatibility_level 1. */
static void
take_service(struct postfix *p, struct sv line)
{
	struct sv words[MASTER_COLUMNS];
	struct postfix_service *s;
	struct buf name;
	size_t n = 0;

	while (n < MASTER_COLUMNS && sv_word(&line, &words[n]))
		n++;
	if (n < MASTER_COLUMNS)
		return;
	if (p->n_services == p->max_services) {
		p->max_services = p->max_services * 2 + 64;
		p->services = mem_realloc(p->services, p->max_services,
		    sizeof(*p->services));
	}
	buf_init(&name, PATH_BYTES);
	buf_addf(&name, "%.*s/%.*s", SV_ARG(words[0]), SV_ARG(words[1]));
	s = &p->services[p->n_services++];
	s->name = arena_sv(p->mem, buf_sv(&name));
	s->command = words[MASTER_COLUMNS - 1];
	s->is_used = false;
	s->is_chrooted = sv_is(words[MASTER_CHROOT], "y") ||
	    (sv_is(words[MASTER_CHROOT], "-") &&
		sv_is(postfix_get(p, "compatibility_level"), "0"));
	buf_free(&name);
}

static void
take_version(struct postfix *p)
{
	struct sv rest = postfix_get(p, "mail_version"), word;
	uint32_t major = 0, minor = 0;

	if (sv_cut(&rest, '.', &word) && sv_to_u32(word, 99, &major) &&
	    sv_cut(&rest, '.', &word) &&
	    sv_to_u32(sv_head(word, sv_find(word, '-')), 99, &minor))
		p->version = major * 100 + minor;
}

/* flag NULL: all settings as they are written. */
static int
ask_postconf(struct postfix *p, const char *flag, struct sv *text_r,
    struct err *err_r)
{
	const char *argv[5] = { "postconf" };
	size_t n = 1;

	if (flag != NULL)
		argv[n++] = flag;
	if (p->directory != NULL) {
		argv[n++] = "-c";
		argv[n++] = p->directory;
	}
	argv[n] = NULL;
	return postfix_run(p->mem, argv, text_r, NULL, err_r);
}

int
postfix_read_in(struct postfix *p, struct arena *mem, const char *directory,
    struct err *err_r)
{
	struct sv text, line;

	memset(p, 0, sizeof(*p));
	p->mem = mem;
	p->directory = directory;
	if (ask_postconf(p, "-x", &text, err_r) != 0)
		return -1;
	take_pairs(p, text, false);
	if (ask_postconf(p, NULL, &text, err_r) != 0)
		return -1;
	take_written(p, text, false);
	if (ask_postconf(p, "-M", &text, err_r) != 0)
		return -1;
	while (sv_cut(&text, '\n', &line))
		take_service(p, line);
	if (ask_postconf(p, "-Px", &text, err_r) != 0)
		return -1;
	take_pairs(p, text, true);
	if (ask_postconf(p, "-P", &text, err_r) != 0)
		return -1;
	take_written(p, text, true);
	take_version(p);
	return 0;
}

int
postfix_read(struct postfix *p, struct arena *mem, struct err *err_r)
{
	return postfix_read_in(p, mem, NULL, err_r);
}

void
postfix_done(struct postfix *p)
{
	free(p->pairs);
	free(p->services);
	p->pairs = NULL;
	p->services = NULL;
}

const struct postfix_pair *
postfix_service_pair(const struct postfix *p, struct sv service,
    const char *name, bool *is_override_r)
{
	struct sv none = sv_make(NULL, 0), want = sv_from(name);
	const struct postfix_pair *set = find_pair(p, none, want), *own;
	const struct postfix_pair *at = set;

	*is_override_r = false;
	for (int i = 0; service.n > 0 && i < REFERENCES_MAX; i++) {
		own = find_pair(p, service, want);
		if (own != NULL) {
			*is_override_r = true;
			return own;
		}
		if (at == NULL || at->other.n == 0)
			break;
		want = at->other;
		at = find_pair(p, none, want);
	}
	return set;
}

struct sv
postfix_service_get(const struct postfix *p, struct sv service,
    const char *name, bool *is_override_r)
{
	const struct postfix_pair *pair =
	    postfix_service_pair(p, service, name, is_override_r);

	return pair != NULL ? pair->value : sv_make(NULL, 0);
}

struct sv
postfix_get(const struct postfix *p, const char *name)
{
	bool is_override;

	return postfix_service_get(p, sv_make(NULL, 0), name, &is_override);
}

const struct postfix_service *
postfix_service(const struct postfix *p, const char *name)
{
	for (size_t i = 0; i < p->n_services; i++)
		if (sv_is(p->services[i].name, name))
			return &p->services[i];
	return NULL;
}

bool
postfix_is_chrooted(const struct postfix *p, const char *command)
{
	for (size_t i = 0; i < p->n_services; i++)
		if (sv_is(p->services[i].command, command) &&
		    p->services[i].is_chrooted)
			return true;
	return false;
}

static bool
is_between(char c)
{
	return c == ' ' || c == '\t' || c == ',' || c == '{' || c == '}';
}

bool
postfix_word(struct sv *in, struct sv *word_r)
{
	size_t n = 0, depth = 0;

	while (in->n > 0 && is_between(in->p[0]))
		*in = sv_skip(*in, 1);
	for (; n < in->n; n++) {
		if (in->p[n] == '{')
			depth++;
		else if (depth == 0 && is_between(in->p[n]))
			break;
		else if (in->p[n] == '}')
			depth--;
	}
	*word_r = sv_head(*in, n);
	*in = sv_skip(*in, n);
	return n > 0;
}
