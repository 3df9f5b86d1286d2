/* tlswarden: ctl/verify - judges a certificate chain from a file, offline.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/conf.h"
#include "base/limits.h"
#include "cert/fetch.h"
#include "cert/finding.h"
#include "cert/json.h"
#include "cert/load.h"
#include "cert/text.h"
#include "cert/trust.h"
#include "cert/verify.h"
#include "ctl/command.h"
#include "ctl/known.h"
#include "ctl/out.h"
#include "ctl/seen.h"
#include "base/banned.h"

/* The exit codes of Nagios plugins. */
enum { NAGIOS_OK = 0, NAGIOS_WARNING = 1, NAGIOS_CRITICAL = 2, NAGIOS_UNKNOWN };

enum { MAX_AUTH_LEVEL = 5, MAX_DEPTH = 100, FETCH_TIMEOUT_SECS = 10 };

/* What is loaded for one judgement. */
struct work {
	struct chain *chain;
	struct chain *untrusted;
	struct chain *known;
	struct fetch *fetch;
	struct crls *crls;
	struct trust *trust;
	struct seen seen;
	struct verify_request req;
};

static void
work_done(struct work *w)
{
	chain_free(w->chain);
	chain_free(w->untrusted);
	chain_free(w->known);
	fetch_free(w->fetch);
	crls_free(w->crls);
	trust_free(w->trust);
}

static int
number(const struct args *args, const char *name, uint64_t max, uint64_t *r,
    struct err *err_r)
{
	const char *text = args_get(args, name);

	if (text == NULL || sv_to_u64(sv_from(text), max, r))
		return 0;
	return err_set(err_r, EX_USAGE,
	    "--%s: \"%s\" is no number from 0 to %llu", name, text,
	    (unsigned long long)max);
}

static bool
word_is(const struct args *args, const char *name, const char *word)
{
	const char *text = args_get(args, name);

	return text != NULL && strcmp(text, word) == 0;
}

static int
take_numbers(const struct args *args, struct verify_request *req, int64_t now,
    struct err *err_r)
{
	uint64_t time_secs = (uint64_t)now;
	uint64_t level = (uint64_t)req->auth_level, depth = 0;
	bool judges_strength = !word_is(args, "auth-level", "none") &&
	    !word_is(args, "auth-level", "-1");

	req->ignore_time = word_is(args, "time", "none");
	if ((!req->ignore_time &&
		number(args, "time", INT64_MAX, &time_secs, err_r) != 0) ||
	    (judges_strength &&
		number(args, "auth-level", MAX_AUTH_LEVEL, &level, err_r) !=
		    0) ||
	    number(args, "depth", MAX_DEPTH, &depth, err_r) != 0)
		return -1;
	req->now = (int64_t)time_secs;
	req->auth_level = judges_strength ? (int)level : -1;
	if (args_has(args, "depth"))
		req->depth = (int)depth;
	return 0;
}

static int
take_purpose(const struct args *args, struct verify_request *req,
    struct err *err_r)
{
	const char *word = args_get(args, "purpose");

	if (word == NULL || strcmp(word, "server") == 0)
		req->purpose = VERIFY_PURPOSE_SERVER;
	else if (strcmp(word, "client") == 0)
		req->purpose = VERIFY_PURPOSE_CLIENT;
	else if (strcmp(word, "any") == 0)
		req->purpose = VERIFY_PURPOSE_ANY;
	else
		return err_set(err_r, EX_USAGE,
		    "--purpose: \"%s\" is none of server, client, any", word);
	return 0;
}

static int
take_crls(const struct args *args, struct work *w, struct err *err_r)
{
	const char *file = args_get(args, "crl");
	const char *word = args_get(args, "crl-check");

	if (word != NULL && strcmp(word, "leaf") == 0)
		w->req.crl_check = VERIFY_CRL_LEAF;
	else if (word == NULL || strcmp(word, "all") == 0)
		w->req.crl_check = file != NULL || word != NULL
		    ? VERIFY_CRL_ALL
		    : VERIFY_CRL_NONE;
	else
		return err_set(err_r, EX_USAGE,
		    "--crl-check: \"%s\" is neither leaf nor all", word);
	if (file != NULL && crls_load_file(file, &w->crls, err_r) != 0)
		return -1;
	w->req.crls = w->crls;
	return 0;
}

static int
take_trust(struct app *app, const struct args *args, struct work *w,
    struct err *err_r)
{
	const char *roots = args_get(args, "roots");

	if (roots != NULL) {
		if (trust_load_given(roots, &w->trust, err_r) != 0)
			return -1;
	} else {
		const struct conf *conf = app_conf(app, err_r);

		if (conf == NULL)
			return -1;
		roots = conf->trust_store;
		if (trust_load(roots, &w->trust, err_r) != 0)
			return -1;
	}
	w->req.trust = w->trust;
	w->req.trust_label = roots;
	return 0;
}

/* Where a certificate is known from, for the cause. */
static void
note_known(struct chain *known, const char *file)
{
	struct buf note;

	buf_init(&note, OUT_TEXT_MAX);
	buf_addf(&note, "from %s", file);
	for (size_t i = 0; i < chain_count(known); i++)
		chain_set_note(known, i, buf_str(&note));
	buf_free(&note);
}

/* What may tell a missing intermediate from an untrusted root. */
static int
take_evidence(struct app *app, const struct args *args, struct work *w,
    struct err *err_r)
{
	const char *untrusted = args_get(args, "untrusted");
	const char *known = args_get(args, "known");
	const struct conf *conf = app_conf(app, NULL);

	if ((untrusted != NULL &&
		chain_load_file(untrusted, &w->untrusted, err_r) != 0) ||
	    (known != NULL && chain_load_file(known, &w->known, err_r) != 0))
		return -1;
	note_known(w->known, known);
	known_add_cas(app, &w->known);
	w->req.untrusted = w->untrusted;
	w->req.known = w->known;
	if (conf != NULL) {
		w->seen.state_database = conf->state_database;
		w->seen.host = args_get(args, "name");
		w->req.recall = seen_recall;
		w->req.recall_arg = &w->seen;
	}
	if (args_has(args, "fetch-issuers")) {
		w->fetch = fetch_new(FETCH_TIMEOUT_SECS);
		w->req.fetch_issuer = fetch_issuer;
		w->req.fetch_arg = w->fetch;
	}
	return 0;
}

static int
prepare(struct app *app, const struct args *args, struct work *w,
    struct err *err_r)
{
	const char *file = args->operands[0];

	verify_request_init(&w->req);
	if (take_numbers(args, &w->req, app->now, err_r) != 0 ||
	    take_purpose(args, &w->req, err_r) != 0 ||
	    take_crls(args, w, err_r) != 0)
		return -1;
	if (chain_load_sent_file(file, &w->chain, err_r) != 0 ||
	    take_trust(app, args, w, err_r) != 0 ||
	    take_evidence(app, args, w, err_r) != 0)
		return -1;
	w->req.chain = w->chain;
	w->req.chain_label = file;
	w->req.name = args_get(args, "name");
	w->req.partial_chain = args_has(args, "partial-chain");
	return 0;
}

/* One line, and the exit code that Nagios wants. */
static int
print_nagios(const struct diagnosis *d)
{
	static const char *const words[] = { "OK", "WARNING", "CRITICAL",
		"UNKNOWN" };
	struct buf text;
	int code = NAGIOS_UNKNOWN;

	switch (d->verdict) {
	case DIAGNOSIS_OK:
		code = diagnosis_find(d, REASON_EXPIRES_SOON) != NULL
		    ? NAGIOS_WARNING
		    : NAGIOS_OK;
		break;
	case DIAGNOSIS_FAIL:
		code = NAGIOS_CRITICAL;
		break;
	case DIAGNOSIS_NOVERIFY:
		break;
	}
	buf_init(&text, OUT_TEXT_MAX);
	text_verdict(d, &text);
	printf("TLS %s - %s\n", words[code], buf_str(&text));
	buf_free(&text);
	return code;
}

/* What could not be judged: Nagios shows standard output. */
static int
unknown_nagios(const struct err *err)
{
	struct buf text;

	buf_init(&text, OUT_TEXT_MAX);
	buf_adds(&text, "TLS UNKNOWN - ");
	out_safe(&text, sv_from(err->text));
	buf_addc(&text, '\n');
	out_sv(buf_sv(&text));
	buf_free(&text);
	return NAGIOS_UNKNOWN;
}

/* The other postmaster knows the host, not the file that we keep. */
static const char *
letter_target(const struct diagnosis *d, const char *name)
{
	if (name != NULL)
		return name;
	if (d->n_certs > 0 && d->certs[0].n_names > 0)
		return d->certs[0].names[0];
	return d->n_certs > 0 ? d->certs[0].subject : d->target;
}

/* False, and text stays empty: nothing is theirs to mend. */
static bool
make_letter(struct diagnosis *d, const struct verify_request *req,
    struct buf *text)
{
	const char *file = d->target;
	bool is_theirs;

	d->target = letter_target(d, req->name);
	is_theirs = text_letter(d, req->now, text);
	d->target = file;
	return is_theirs;
}

static void
print_letter(struct diagnosis *d, const struct verify_request *req)
{
	struct buf text;

	buf_init(&text, OUT_TEXT_MAX);
	if (!make_letter(d, req, &text))
		fputs(
		    "tlswarden: nothing here is for the other side to mend: "
		    "no letter\n",
		    stderr);
	out_sv(buf_sv(&text));
	buf_free(&text);
}

static void
print_json(struct diagnosis *d, const struct verify_request *req,
    bool has_letter)
{
	json_t *o = diagnosis_json(d);
	struct buf text;

	buf_init(&text, OUT_TEXT_MAX);
	if (has_letter)
		out_json_set(o, "letter",
		    make_letter(d, req, &text) ? out_json_sv(buf_sv(&text))
					       : json_null());
	buf_free(&text);
	out_json(o);
}

static void
print_text(const struct app *app, const struct diagnosis *d, int64_t now)
{
	const struct text_style style = { app->colour, now };
	struct buf text;

	buf_init(&text, OUT_TEXT_MAX);
	text_diagnosis(d, &style, &text);
	out_sv(buf_sv(&text));
	buf_free(&text);
}

static int
judge(struct app *app, const struct args *args, struct work *w,
    struct err *err_r)
{
	struct diagnosis d;
	int code;

	diagnosis_init(&d, args->operands[0]);
	if (verify_chain(&w->req, &d, err_r) != 0) {
		diagnosis_done(&d);
		return -1;
	}
	code = d.verdict == DIAGNOSIS_OK ? CTL_GOOD : CTL_FINDING;
	if (args_has(args, "nagios"))
		code = print_nagios(&d);
	else if (app->json)
		print_json(&d, &w->req, args_has(args, "letter"));
	else if (args_has(args, "letter"))
		print_letter(&d, &w->req);
	else
		print_text(app, &d, w->req.now);
	diagnosis_done(&d);
	return code;
}

static int
verify_run(struct app *app, const struct args *args)
{
	struct work w = { .chain = NULL };
	struct err err;
	int code = -1;

	if (args_has(args, "nagios") && (app->json || args_has(args, "letter")))
		return usage_error(args->command,
		    "--nagios excludes --json and --letter");
	if (prepare(app, args, &w, &err) == 0)
		code = judge(app, args, &w, &err);
	work_done(&w);
	if (code >= 0)
		return code;
	if (!args_has(args, "nagios"))
		return args_fail(args, &err);
	return unknown_nagios(&err);
}

static const struct option_spec options[] = {
	{ "roots", "FILE", "trust these instead of trust_store", 0 },
	{ "untrusted", "FILE", "intermediates that paths may use as well", 0 },
	{ "known", "FILE",
	    "intermediates that exist: they tell what was\n"
	    "not sent, and make no chain good",
	    0 },
	{ "fetch-issuers", NULL,
	    "fetch missing issuers from the URLs that the\n"
	    "certificates name (http)",
	    0 },
	{ "crl", "FILE", "revocation lists; implies --crl-check all", 0 },
	{ "crl-check", "leaf|all", "which certificates need a list", 0 },
	{ "name", "NAME", "the host, address or mail address to match", 0 },
	{ "purpose", "PURPOSE", "server (default), client or any", 0 },
	{ "time", "EPOCH",
	    "judge as of this time, in seconds; none: never\n"
	    "expired",
	    0 },
	{ "auth-level", "N",
	    "0 to 5, default 2, or none: how strong keys\n"
	    "and digests must be",
	    0 },
	{ "depth", "N", "intermediates that are allowed", 0 },
	{ "partial-chain", NULL, "any trusted certificate ends a chain", 0 },
	{ "letter", NULL,
	    "print a mail to the other postmaster; with --json\n"
	    "it is a member of the object",
	    0 },
	{ "nagios", NULL, "one line and the codes of a Nagios plugin", 0 },
	{ .name = NULL },
};

const struct command verb_verify = {
	.name = "verify",
	.summary = "judge a certificate chain from a file",
	.synopsis = "CHAIN.pem [OPTION]...",
	.help =
	    "Judges a chain as a server sent it, leaf first: PEM, DER or\n"
	    "PKCS#7, \"-\" is standard input. Names every fault, whose it is\n"
	    "and how to mend it. Exit code 0 only when the chain is good.",
	.examples =
	    "  tlswarden verify chain.pem --name mx.example.com\n"
	    "  tlswarden verify chain.pem --letter | mail postmaster@...\n"
	    "  openssl s_client -starttls smtp -showcerts -connect\n"
	    "      mx.example.com:25 </dev/null | tlswarden verify -",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.run = verify_run,
};
