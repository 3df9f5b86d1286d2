/* tlswarden: ctl/postfix_set - the postconf(1) commands that mend findings.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What is there is kept as it is written: with its $names replaced, "$$" would
 * be a reference, and a change of the other setting would not be followed.
 */
#include "config.h"

#include <string.h>

#include "ctl/postfix_plan.h"
#include "base/banned.h"

enum { COMMAND_BYTES = 64 << 10 };

/* For a shell: in single quotes. */
static void
add_quoted(struct buf *b, const char *s)
{
	buf_addc(b, '\'');
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			buf_adds(b, "'\\'");
		buf_addc(b, *s);
	}
	buf_addc(b, '\'');
}

void
plan_change(struct plan *p, struct check_finding *f, const char *flag,
    const char *change)
{
	struct buf b;

	if (f == NULL)
		return;
	buf_init(&b, COMMAND_BYTES);
	buf_adds(&b, "postconf ");
	if (p->instance != NULL)
		buf_addf(&b, "-c %s ", p->instance);
	buf_adds(&b, flag);
	buf_addc(&b, ' ');
	add_quoted(&b, change);
	f->flag = flag;
	f->change = change;
	f->fix = check_text(p->check, "%s", buf_str(&b));
	buf_free(&b);
}

/* A reply such as "451 4.3.5 text" is no list, and one with braces can be
 * written in one way only. */
static bool
is_plain_list(const char *value)
{
	return strchr(value, '{') == NULL && strcspn(value, "0123456789") != 0;
}

/* postconf -P takes no blanks: a list does with commas, anything else is for a
 * person. */
static void
set_in_master(struct plan *p, struct check_finding *f,
    const struct postfix_place *at, const char *value)
{
	struct sv list = sv_from(value), word;
	const char *sep = "";
	struct buf b;

	if (f == NULL)
		return;
	if (value[strcspn(value, " \t")] != '\0' && !is_plain_list(value)) {
		f->fix = check_text(p->check,
		    "write -o { %s = %s } at %.*s in master.cf", at->name,
		    value, SV_ARG(at->service));
		return;
	}
	buf_init(&b, COMMAND_BYTES);
	buf_addf(&b, "%.*s/%s=", SV_ARG(at->service), at->name);
	if (strchr(value, '{') != NULL)
		buf_adds(&b, value);
	else
		for (; postfix_word(&list, &word); sep = ",")
			buf_addf(&b, "%s%.*s", sep, SV_ARG(word));
	plan_change(p, f, "-P", check_text(p->check, "%s", buf_str(&b)));
	buf_free(&b);
}

void
plan_set_at(struct plan *p, struct check_finding *f,
    const struct postfix_place *at, const char *value)
{
	if (at->service.n == 0)
		plan_change(p, f, "-e",
		    check_text(p->check, "%s =%s%s", at->name,
			*value == '\0' ? "" : " ", value));
	else
		set_in_master(p, f, at, value);
}

void
plan_set_front(struct plan *p, struct check_finding *f,
    const struct postfix_place *at, const char *word)
{
	plan_set_at(p, f, at,
	    check_text(p->check, "%s%s%.*s", word, at->value.n > 0 ? ", " : "",
		SV_ARG(at->value.n > 0 ? at->written : at->value)));
}

void
plan_set_end(struct plan *p, struct check_finding *f,
    const struct postfix_place *at, const char *word)
{
	plan_set_at(p, f, at,
	    check_text(p->check, "%.*s%s%s",
		SV_ARG(at->value.n > 0 ? at->written : at->value),
		at->value.n > 0 ? ", " : "", word));
}

/* How many words of the list in front of this one are the same. */
static size_t
count_before(struct sv list, struct sv word)
{
	struct sv found;
	size_t n = 0;

	while (postfix_word(&list, &found) && found.p < word.p)
		n += sv_eq(found, word) ? 1 : 0;
	return n;
}

void
plan_set_word(struct plan *p, struct check_finding *f,
    const struct postfix_place *at, struct sv word, const char *with)
{
	size_t n_before = count_before(at->value, word);
	struct sv rest = at->written, found;

	while (postfix_word(&rest, &found)) {
		size_t start = (size_t)(found.p - at->written.p);

		if (!sv_eq(found, word) || n_before-- > 0)
			continue;
		plan_set_at(p, f, at,
		    check_text(p->check, "%.*s%s%.*s",
			SV_ARG(sv_head(at->written, start)), with,
			SV_ARG(rest)));
		return;
	}
	if (f != NULL)
		f->fix = check_text(p->check,
		    "write %s instead of %.*s in the setting that %s refers to",
		    with, SV_ARG(word), at->name);
}

/* Adds the list without the word and what belongs in front of it; with commas,
 * for postconf -P takes no blanks. False: the word is not there, plain. */
static bool
add_without(struct buf *b, struct sv list, struct sv word, const char *front)
{
	struct sv found, last = sv_make(NULL, 0);
	bool is_cut = false;

	if (sv_find(list, '{') < list.n)
		return false;
	while (postfix_word(&list, &found)) {
		bool is_it = sv_eq(found, word);

		if (is_it && front != NULL && !sv_is(last, front))
			return false;
		is_cut |= is_it;
		if (last.n > 0 && !(is_it && front != NULL))
			buf_addf(b, "%s%.*s", b->n > 0 ? "," : "",
			    SV_ARG(last));
		last = is_it ? sv_make(NULL, 0) : found;
	}
	if (last.n > 0)
		buf_addf(b, "%s%.*s", b->n > 0 ? "," : "", SV_ARG(last));
	return is_cut;
}

static bool
is_alone(struct sv list, struct sv word)
{
	struct sv found;

	while (postfix_word(&list, &found))
		if (!sv_eq(found, word))
			return false;
	return true;
}

void
plan_unset_word(struct plan *p, struct check_finding *f,
    const struct postfix_place *at, struct sv word, const char *front)
{
	struct buf b;

	if (f == NULL)
		return;
	buf_init(&b, COMMAND_BYTES);
	if ((front == NULL && is_alone(at->value, word)) ||
	    (add_without(&b, at->written, word, front) &&
		(front == NULL || b.n > 0)))
		plan_set_at(p, f, at,
		    check_text(p->check, "%.*s", SV_ARG(buf_sv(&b))));
	else
		f->fix = check_text(p->check,
		    "give %.*s a -o %s=... in master.cf that does not ask "
		    "%.*s, and keep the rest of it",
		    SV_ARG(at->service), at->name, SV_ARG(word));
	buf_free(&b);
}
