/* tlswarden: tests/zoo - every animal of the zoo is named right.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * usage: zoo_check DIRECTORY TABLE        checks all rows, TAP
 *        zoo_check -t|-j|-l ID DIRECTORY TABLE   prints one row's diagnosis as
 *                                         text, JSON, or the letter
 *        zoo_check -i ID DIRECTORY TABLE  its findings on one line
 */
#include "config.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "cert/json.h"
#include "cert/text.h"
#include "zoo.h"

static const int64_t today = 1780272000;

struct check {
	const char *dir;
	char how; /* 0: check; t, j, l, i: print */
	struct sv only;
	int n, failed;
};

static bool
has_words(const char *text, struct sv words)
{
	struct sv word;

	while (sv_cut(&words, ';', &word)) {
		word = sv_trim(word);
		if (text == NULL ||
		    memmem(text, strlen(text), word.p, word.n) == NULL)
			return false;
	}
	return true;
}

/* A finding without what the design asks for: NULL when it has all. */
static const char *
lacks(const struct diagnosis *d)
{
	for (size_t i = 0; i < d->n_findings; i++) {
		const struct finding *f = &d->findings[i];

		if (f->cause == NULL || f->cause[0] == '\0')
			return "a cause";
		if (f->fix_ours == NULL || f->fix_theirs == NULL)
			return "a fix";
		if (f->command == NULL || f->command[0] == '\0')
			return "a command";
		if (f->dsn == NULL || f->fault == FAULT_UNKNOWN)
			return "a status or whose fault it is";
		if (f->index >= 0 && f->subject == NULL)
			return "a subject";
	}
	return NULL;
}

static const char *
wrong(const struct zoo_row *row, const struct diagnosis *d, struct sv got)
{
	const struct finding *f = d->findings;

	if (!sv_is(row->verdict, diagnosis_verdict_word(d->verdict)))
		return "the verdict";
	if (!sv_eq(row->findings, got))
		return "the findings";
	if (row->cause.n > 0 &&
	    (d->n_findings == 0 || !has_words(f->cause, row->cause)))
		return "the words of the cause";
	if (row->fix.n > 0 &&
	    (d->n_findings == 0 ||
		(!has_words(f->fix_ours, row->fix) &&
		    !has_words(f->fix_theirs, row->fix))))
		return "the words of the fix";
	return lacks(d);
}

static void
report(struct check *c, const struct zoo_row *row, const struct diagnosis *d)
{
	struct buf got;
	const char *what;

	buf_init(&got, 65536);
	zoo_findings(d, &got);
	what = wrong(row, d, buf_sv(&got));
	c->n++;
	c->failed += what != NULL;
	printf("%sok %d - %.*s\n", what != NULL ? "not " : "", c->n,
	    SV_ARG(row->id));
	if (what != NULL) {
		printf("# %s: got %s: %s\n", what,
		    diagnosis_verdict_word(d->verdict), buf_str(&got));
		printf("# cause: %s\n# fix: %s | %s\n",
		    d->n_findings > 0 ? d->findings[0].cause : "",
		    d->n_findings > 0 ? d->findings[0].fix_ours : "",
		    d->n_findings > 0 ? d->findings[0].fix_theirs : "");
	}
	buf_free(&got);
}

static void
print(const struct check *c, const struct diagnosis *d)
{
	const struct text_style style = { .now = today };
	struct buf out;
	char *text = NULL;
	json_t *json;

	buf_init(&out, 1U << 24);
	if (c->how == 't')
		text_diagnosis(d, &style, &out);
	if (c->how == 'l')
		(void)text_letter(d, today, &out);
	if (c->how == 'i') {
		zoo_findings(d, &out);
		buf_addc(&out, '\n');
	}
	if (c->how == 'j') {
		json = diagnosis_json(d);
		text = json_dumps(json, JSON_INDENT(1));
		buf_adds(&out, text);
		json_decref(json);
		free(text);
	}
	(void)fwrite(out.p, 1, out.n, stdout);
	buf_free(&out);
}

static void
check_row(struct check *c, const struct zoo_row *row)
{
	struct diagnosis d;
	struct err err = { 0 };

	if (c->only.n > 0 && !sv_eq(c->only, row->id))
		return;
	diagnosis_init(&d, "mx.example.com");
	if (zoo_judge(c->dir, row, &d, &err) != 0) {
		c->n++;
		c->failed++;
		printf("not ok %d - %.*s: %s\n", c->n, SV_ARG(row->id),
		    err.text);
	} else if (c->how == 0)
		report(c, row, &d);
	else
		print(c, &d);
	diagnosis_done(&d);
}

/* Words for somebody else where nobody else can do anything; NULL. */
static const char *
talks_to_others(const struct diagnosis *d)
{
	static const char *const words[] = { "Please", "your", "Your",
		"Ask the partner", "the partner changes", "reach you" };

	for (size_t i = 0; i < d->n_findings; i++) {
		const struct finding *f = &d->findings[i];

		if (f->fault == FAULT_THEIRS)
			return f->cause;
		for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
			if (strstr(f->fix_ours, words[k]) != NULL)
				return f->fix_ours;
			if (strstr(f->cause, words[k]) != NULL)
				return f->cause;
		}
	}
	return NULL;
}

/* The same chain as our own: the same findings, for us to mend. */
static void
check_as_ours(struct check *c, const struct zoo_row *row)
{
	struct zoo_row ours = *row;
	struct buf options, got;
	struct diagnosis d;
	struct err err = { 0 };
	const char *what = NULL;

	buf_init(&options, 4096);
	buf_init(&got, 65536);
	buf_add(&options, row->options);
	buf_adds(&options, " ours");
	ours.options = buf_sv(&options);
	diagnosis_init(&d, "mx.example.com");
	if (zoo_judge(c->dir, &ours, &d, &err) != 0)
		what = err.text;
	else {
		zoo_findings(&d, &got);
		what = sv_eq(row->findings, buf_sv(&got)) ? talks_to_others(&d)
							  : buf_str(&got);
	}
	c->n++;
	c->failed += what != NULL;
	printf("%sok %d - %.*s, as ours\n", what != NULL ? "not " : "", c->n,
	    SV_ARG(row->id));
	if (what != NULL)
		printf("# %s\n", what);
	diagnosis_done(&d);
	buf_free(&got);
	buf_free(&options);
}

int
main(int argc, char **argv)
{
	struct check c = { 0 };
	struct buf table;
	struct sv rest, line;
	struct err err;
	int opt;

	while ((opt = getopt(argc, argv, "t:j:l:i:")) != -1) {
		c.how = (char)opt;
		c.only = sv_from(optarg);
	}
	if (argc - optind != 2) {
		fprintf(stderr, "usage: zoo_check [-t ID] DIRECTORY TABLE\n");
		return 64;
	}
	c.dir = argv[optind];
	buf_init(&table, 1U << 20);
	if (file_read(argv[optind + 1], &table, &err) != 0) {
		printf("Bail out! %s\n", err.text);
		return 99;
	}
	rest = buf_sv(&table);
	while (sv_cut(&rest, '\n', &line)) {
		struct zoo_row row;

		if (!zoo_parse(line, &row))
			continue;
		check_row(&c, &row);
		if (c.how == 0)
			check_as_ours(&c, &row);
	}
	buf_free(&table);
	if (c.how == 0)
		printf("1..%d\n", c.n);
	return c.failed == 0 ? 0 : 1;
}
