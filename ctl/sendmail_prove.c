/* tlswarden: ctl/sendmail_prove - does Sendmail get the answers of the table?
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The question is that of a session without TLS, for a domain that a rule
 * names: first as a lookup of our own, then by Sendmail's test mode, which
 * goes the whole way: map, socket, rulesets.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "ctl/ask.h"
#include "ctl/run.h"
#include "ctl/sendmail_plan.h"
#include "policy/sendmail.h"
#include "base/banned.h"

enum { TEST_MODE_MSECS = 20000, TEST_MODE_BYTES = 1 << 20 };

struct question {
	struct sendmail_plan *p;
	const char *domain;
	const char *key;
	struct lookup_answer want; /* views text */
	struct buf text;
	struct buf got;
};

/* The first domain that an enforced rule names; else one without a rule. */
static const char *
test_domain(struct sendmail_plan *p)
{
	for (size_t i = 0; i < snapshot_count(p->snap); i++) {
		const struct rule *r = snapshot_rule(p->snap, i);

		if (plan_is_out_strict(r) && r->is_enabled &&
		    r->expires_at > p->check->app->now && r->subnet == NULL &&
		    r->recipient.kind == PATTERN_DOMAIN)
			return check_text(p->check, "%.*s", r->recipient.n,
			    r->recipient.text);
	}
	return "tlswarden.invalid";
}

static const char *
word(enum lookup_status status)
{
	switch (status) {
	case LOOKUP_FOUND:
		return "OK";
	case LOOKUP_NOTFOUND:
		return "NOTFOUND";
	case LOOKUP_PEERS: /* never of this map */
	case LOOKUP_TEMP:
		break;
	}
	return "TEMP";
}

/* A table that was changed just now is served within a second. */
static int
ask(struct question *q, struct err *err_r)
{
	const struct timespec second = { .tv_sec = 1, .tv_nsec = 200000000 };
	enum socketmap_word said = SOCKETMAP_WORD_UNKNOWN;

	for (int try = 0; try < 2; try++) {
		if (try > 0)
			(void)nanosleep(&second, NULL);
		buf_reset(&q->got);
		if (ask_socketmap(q->p->socketmap, "sendmail", sv_from(q->key),
			&said, &q->got, err_r) != 0)
			return err_prefix(err_r,
			    "tlswarden-policyd does not answer: start it "
			    "first");
		if ((said == SOCKETMAP_WORD_OK) ==
			(q->want.status == LOOKUP_FOUND) &&
		    (said != SOCKETMAP_WORD_OK ||
			sv_eq(buf_sv(&q->got), q->want.text)))
			return 0;
	}
	return err_set(err_r, EX_UNAVAILABLE,
	    "map sendmail at %s answers \"%s\" to %s, and the table says "
	    "\"%s %.*s\": is that our tlswarden-policyd, and does it serve "
	    "this table?",
	    sendmail_socket(q->p, q->p->socketmap), buf_str(&q->got), q->key,
	    word(q->want.status), SV_ARG(q->want.text));
}

/* What "tls_server returns:" is followed by in the output of the test mode. */
static struct sv
test_result(struct sv said)
{
	static const struct sv name = SV("tls_server "), word = SV("returns:");
	struct sv line, last = sv_make(NULL, 0);

	while (sv_cut(&said, '\n', &line)) {
		/* The prompt stands before the first. */
		struct sv rest = sv_trim(
		    sv_starts(line, sv_from("> ")) ? sv_skip(line, 2) : line);

		if (!sv_starts(rest, name))
			continue;
		rest = sv_trim(sv_skip(rest, name.n));
		if (sv_starts(rest, word))
			last = sv_trim(sv_skip(rest, word.n));
	}
	return last;
}

/* "5.7.10:"550 TEXT"" is "$# error $@ 5 . 7 . 10 $: "550 TEXT"". */
static bool
is_wanted(const struct question *q, struct sv result)
{
	static const struct sv refusal = SV("$# error");
	struct sv want = q->want.text;
	struct sv quoted = sv_skip(want, sv_find(want, '"'));

	if (quoted.n == 0)
		return result.n > 0 && !sv_starts(result, refusal);
	return sv_starts(result, refusal) && sv_ends(result, quoted);
}

static const char *
find_sendmail(const char *program)
{
	static const char *const places[] = { "/usr/libexec/sendmail/sendmail",
		"/usr/lib/sm.bin/sendmail" };

	if (program != NULL)
		return program;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	return NULL;
}

/* Sendmail says on a line of its own why a socket is not safe. */
static int
ask_test_mode(struct question *q, const char *program, struct err *err_r)
{
	const char *argv[] = { program, "-C", q->p->path, "-bt", NULL };
	struct sv result;
	struct run r;
	int rc = 0;

	run_init(&r, TEST_MODE_BYTES);
	r.input = sv_from(check_text(q->p->check,
	    ".Dupostmaster@%s\n.Dh%s\n.D{server_name}%s\n"
	    ".D{server_addr}\n.D{verify}NONE\ntls_server NONE\n",
	    q->domain, q->domain, q->domain));
	if (run_program(argv, TEST_MODE_MSECS, &r, err_r) != 0) {
		rc = err_prefix(err_r,
		    err_r->sysexit == EX_TEMPFAIL
			? "Sendmail's test mode (Sendmail waits for a minute "
			  "where the name of the host is not a full one)"
			: "Sendmail's test mode");
		goto out;
	}
	result = test_result(buf_sv(&r.out));
	if (!is_wanted(q, result))
		rc = err_set(err_r, EX_UNAVAILABLE,
		    "%s -C %s -bt: ruleset tls_server returns \"%.*s\" for a "
		    "session without TLS for %s, and policyd says \"%.*s\"",
		    program, q->p->path,
		    SV_ARG(
			result.n > 0 ? result : sv_head(buf_sv(&r.err), 200)),
		    q->domain, SV_ARG(q->want.text));
out:
	run_done(&r);
	return rc;
}

static int
prove(struct question *q, const char *program, const char **said_r,
    struct err *err_r)
{
	struct sendmail_plan *p = q->p;

	if (ask(q, err_r) != 0)
		return -1;
	*said_r = check_text(p->check, "map sendmail at %s: %s answers %s %.*s",
	    sendmail_socket(p, p->socketmap), q->key, word(q->want.status),
	    SV_ARG(q->want.text));
	program = find_sendmail(program);
	if (program == NULL || p->map.p == NULL)
		return 0;
	if (ask_test_mode(q, program, err_r) != 0)
		return -1;
	*said_r = check_text(p->check,
	    "%s\n# %s -C %s -bt: ruleset tls_server says the same", *said_r,
	    program, p->path);
	return 0;
}

int
sendmail_prove(struct sendmail_plan *p, const char *program,
    const char **said_r, struct err *err_r)
{
	struct question q = { .p = p };
	struct party party;
	int rc;

	*said_r = NULL;
	if (p->socketmap == NULL)
		return 0;
	q.domain = test_domain(p);
	q.key = check_text(p->check,
	    "srv:<NONE><><><0><0><0><><postmaster@%s><%s><%s><><>", q.domain,
	    q.domain, q.domain);
	buf_init(&q.text, LIMIT_SOCKETMAP_REPLY);
	buf_init(&q.got, LIMIT_SOCKETMAP_REPLY);
	sendmail_answer(p->snap, sv_from(q.key), &party, &q.text, &q.want);
	rc = prove(&q, program, said_r, err_r);
	buf_free(&q.got);
	buf_free(&q.text);
	return rc;
}
