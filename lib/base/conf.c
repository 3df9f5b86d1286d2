/* tlswarden: base/conf - tlswarden.conf(5), the configuration of all programs.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <confuse.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/conf.h"
#include "base/conf_table.h"
#include "base/conf_text.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/banned.h"

enum { CONF_TEXT_MAX = 1 << 20 };

/* What libconfuse's callbacks fill. They carry no argument of ours, and its
 * scanner is global anyway: one load at a time, on one thread. */
struct load {
	const char *file;
	struct err *err_r;
	bool has_error;
	int *lines; /* where each option of the table was set; 0: nowhere */
};
static _Thread_local struct load *current;

/* The row of a key, or n when there is none. */
static size_t
find_option(const char *name)
{
	size_t n;
	const struct conf_option *table = conf_table(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return i;
	return n;
}

/* The key that shares the longest start with an unknown one, if that is at
 * least half of it. */
static const char *
similar_key(const char *name)
{
	size_t n, best = 0;
	const struct conf_option *table = conf_table(&n);
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t same = 0;

		while (name[same] != '\0' && name[same] == table[i].name[same])
			same++;
		if (same > best && same * 2 >= strlen(name)) {
			best = same;
			found = table[i].name;
		}
	}
	return found;
}

static void
unknown_key(int line, const char *name)
{
	const char *near = similar_key(name);

	err_set(current->err_r, EX_CONFIG,
	    "%s:%d: unknown key \"%.64s\"%s%s%s; tlswarden.conf(5) lists all",
	    current->file, line, name, near == NULL ? "" : " (do you mean \"",
	    near == NULL ? "" : near, near == NULL ? "" : "\"?)");
}

/* libconfuse reports through this; the first error is the one that counts. */
static void on_error(cfg_t *cfg, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);

static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[512];

	if (current->has_error)
		return;
	current->has_error = true;
	if (strcmp(fmt, "no such option '%s'") == 0) {
		unknown_key(cfg->line, va_arg(ap, const char *));
		return;
	}
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	err_set(current->err_r, EX_CONFIG, "%s:%d: %s", current->file,
	    cfg->line, text);
}

/* Called for every value: notes the line and refuses a second setting, of
 * which libconfuse would silently take the last. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	size_t i = find_option(opt->name);

	if (cfg->line > 0 && !(opt->flags & CFGF_LIST)) {
		if (current->lines[i] > 0) {
			cfg_error(cfg,
			    "%s is set a second time, first on line "
			    "%d; remove one of them",
			    opt->name, current->lines[i]);
			return -1;
		}
	}
	current->lines[i] = cfg->line;
	*(const char **)result = value;
	return 0;
}

/* libconfuse's form of the table; free with free_options. */
static cfg_opt_t *
make_options(void)
{
	size_t n;
	const struct conf_option *table = conf_table(&n);
	cfg_opt_t *opts = mem_zalloc(n + 1, sizeof(*opts));

	for (size_t i = 0; i < n; i++) {
		const struct conf_option *o = &table[i];

		if (conf_type_is_list(o->type)) {
			opts[i] = (cfg_opt_t)CFG_STR_LIST_CB(o->name, NULL,
			    CFGF_NONE, on_value);
			opts[i].def.parsed = mem_strdup(o->fallback);
		} else {
			opts[i] = (cfg_opt_t)CFG_STR_CB(o->name, o->fallback,
			    CFGF_NONE, on_value);
		}
	}
	opts[n] = (cfg_opt_t)CFG_END();
	return opts;
}

static void
free_options(cfg_opt_t *opts)
{
	for (cfg_opt_t *o = opts; o->name != NULL; o++)
		free(o->def.parsed);
	free(opts);
}

/* Turns the texts that libconfuse kept into the fields of conf. */
static int
take_values(cfg_t *cfg, struct conf *conf, const struct load *load)
{
	size_t n;
	const struct conf_option *table = conf_table(&n);

	for (size_t i = 0; i < n; i++) {
		const struct conf_option *o = &table[i];
		unsigned int count = cfg_size(cfg, o->name);

		for (unsigned int k = 0; k < count; k++) {
			struct sv text = sv_from(cfg_getnstr(cfg, o->name, k));

			if (conf_value_parse(o, text, conf, load->err_r) < 0)
				return err_prefix(load->err_r, "%s:%d: %s",
				    load->file, load->lines[i], o->name);
		}
	}
	return 0;
}

static int
parse_text(struct buf *text, struct conf *conf, struct err *err_r)
{
	size_t n;
	struct load load = { .file = conf->file, .err_r = err_r };
	cfg_opt_t *opts;
	cfg_t *cfg;
	FILE *fp;
	int rc = 0;

	(void)conf_table(&n);
	load.lines = mem_zalloc(n, sizeof(*load.lines));
	current = &load;
	opts = make_options();
	cfg = cfg_init(opts, CFGF_NONE);
	cfg_set_error_function(cfg, on_error);
	cfg->filename = mem_strdup(conf->file);
	if (text->n == 0)
		buf_addc(text, '\n'); /* there is no stream of nothing */
	fp = fmemopen(text->p, text->n, "r");
	if (fp == NULL)
		rc = err_set(err_r, EX_OSERR, "%s: %s", conf->file,
		    strerror(errno));
	else if (cfg_parse_fp(cfg, fp) != CFG_SUCCESS)
		rc = load.has_error
		    ? -1
		    : err_set(err_r, EX_CONFIG, "%s:%d: syntax error",
			  conf->file, cfg->line);
	if (rc == 0)
		rc = take_values(cfg, conf, &load);
	if (fp != NULL)
		(void)fclose(fp);
	cfg_free(cfg);
	free_options(opts);
	free(load.lines);
	current = NULL;
	return rc;
}

/* A file that may be absent and is leaves text empty. */
static int
read_text(const char *file, bool *may_miss, struct buf *text, struct err *err_r)
{
	struct stat st;
	int rc = stat(file, &st);

	*may_miss = *may_miss && rc != 0 && errno == ENOENT;
	if (*may_miss)
		return 0;
	if (rc != 0)
		return err_set(err_r, EX_NOINPUT,
		    "%s: cannot read the configuration: %s", file,
		    strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(err_r, EX_NOINPUT, "%s: is not a file", file);
	if (file_read(file, text, err_r) != 0)
		return -1;
	return conf_text_blank(file, text, err_r);
}

int
conf_load(const char *file, struct conf **conf_r, struct err *err_r)
{
	struct conf *conf = NULL;
	bool is_missing = file == NULL;
	struct buf text;
	int rc = -1;

	if (file == NULL)
		file = CONF_DEFAULT_FILE;
	buf_init(&text, CONF_TEXT_MAX);
	if (read_text(file, &is_missing, &text, err_r) < 0)
		goto out;
	conf = mem_zalloc(1, sizeof(*conf));
	conf->file = mem_strdup(file);
	conf->is_missing = is_missing;
	if (parse_text(&text, conf, err_r) < 0)
		goto out;
	*conf_r = conf;
	conf = NULL;
	rc = 0;
out:
	conf_free(conf);
	buf_free(&text);
	return rc;
}

void
conf_free(struct conf *conf)
{
	size_t n;
	const struct conf_option *table = conf_table(&n);

	if (conf == NULL)
		return;
	for (size_t i = 0; i < n; i++)
		conf_value_free(&table[i], conf);
	free(conf->file);
	free(conf);
}

void
conf_print(const struct conf *conf, bool with_help, struct buf *out)
{
	size_t n;
	const struct conf_option *table = conf_table(&n);

	for (size_t i = 0; i < n; i++) {
		if (with_help)
			buf_addf(out, "\n# %s\n", table[i].help);
		buf_addf(out, "%s = ", table[i].name);
		conf_value_print(&table[i], conf, out);
		buf_addc(out, '\n');
	}
}

void
conf_restart_keys(const struct conf *now, const struct conf *next,
    struct buf *names)
{
	size_t n;
	const struct conf_option *table = conf_table(&n);
	struct buf a, b;

	buf_init(&a, CONF_TEXT_MAX);
	buf_init(&b, CONF_TEXT_MAX);
	for (size_t i = 0; i < n; i++) {
		if (!table[i].needs_restart)
			continue;
		buf_reset(&a);
		buf_reset(&b);
		conf_value_print(&table[i], now, &a);
		conf_value_print(&table[i], next, &b);
		if (!sv_eq(buf_sv(&a), buf_sv(&b)))
			buf_addf(names, "%s%s", names->n > 0 ? " " : "",
			    table[i].name);
	}
	buf_free(&a);
	buf_free(&b);
}
