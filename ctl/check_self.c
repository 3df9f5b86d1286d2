/* tlswarden: ctl/check_self - judges the certificates that our MTA presents.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What a partner calls "CAFail" is here a chain that does not lead to a root
 * of our own trust store: the store of a partner holds the same public roots.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/conf.h"
#include "base/mem.h"
#include "cert/finding.h"
#include "cert/json.h"
#include "cert/load.h"
#include "cert/text.h"
#include "cert/trust.h"
#include "cert/verify.h"
#include "ctl/known.h"
#include "ctl/out.h"
#include "ctl/seen.h"
#include "ctl/self.h"
#include "base/banned.h"

/* One judgement of an identity. */
struct judgement {
	const struct identity *id;
	struct chain *chain;
	struct diagnosis d;
	int key_matches; /* 1, 0, or -1: cannot be told */
	bool is_judged;
};

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_identity(const struct identity *a, const struct identity *b)
{
	return a->mta == b->mta && a->role == b->role &&
	    same(a->cert_file, b->cert_file) &&
	    same(a->key_file, b->key_file) && same(a->ca_file, b->ca_file) &&
	    same(a->ca_path, b->ca_path) &&
	    a->adds_default_cas == b->adds_default_cas &&
	    same(a->name, b->name) && sv_eq(a->certs, b->certs) &&
	    sv_eq(a->key, b->key);
}

void
self_add(struct self *s, const struct identity *id)
{
	for (size_t i = 0; i < s->n; i++) {
		struct identity *old = &s->v[i];

		if (!same_identity(old, id))
			continue;
		if (!same(old->where, id->where))
			old->where = check_text(s->check, "%s; %s", old->where,
			    id->where);
		return;
	}
	if (s->n == s->max) {
		s->max = s->max * 2 + 8;
		s->v = mem_realloc(s->v, s->max, sizeof(*s->v));
	}
	s->v[s->n++] = *id;
}

const char *
self_path(struct self *s, const char *dir, struct sv path)
{
	if (path.n > 0 && path.p[0] == '/')
		return arena_sv(&s->check->mem, path).p;
	return check_text(s->check, "%s/%.*s", dir, SV_ARG(path));
}

static const char *
role_word(enum self_role role)
{
	return role == SELF_SERVER ? "server" : "client";
}

static void
problem(struct self *s, const struct identity *id, const char *code,
    const char *text, const char *fix)
{
	check_add(s->check, CHECK_PROBLEM, code, id->mta,
	    check_text(s->check, "%s (%s, %s)", text, id->setting, id->where),
	    fix);
}

static void
check_key_mode(struct self *s, const struct identity *id)
{
	struct stat sb;

	if (stat(id->key_file, &sb) == 0 && (sb.st_mode & S_IROTH) != 0)
		problem(s, id, "self_key_readable",
		    check_text(s->check,
			"%s: everybody on this machine can read the private "
			"key",
			id->key_file),
		    check_text(s->check, "chmod o= %s", id->key_file));
}

static void
check_key(struct self *s, struct judgement *j)
{
	const struct identity *id = j->id;
	struct err err = { 0 };

	if (id->key_file == NULL) {
		problem(s, id, "self_no_key",
		    check_text(s->check, "%s: no private key is set for it",
			id->cert_file),
		    "set the private key's file beside the certificate's");
		return;
	}
	j->key_matches = id->key.n > 0
	    ? chain_matches_key_bytes(j->chain, 0, id->key, id->key_file, &err)
	    : chain_matches_key(j->chain, 0, id->key_file, &err);
	if (j->key_matches < 0)
		problem(s, id, "self_key_unusable",
		    check_text(s->check, "%s", err.text),
		    "run this as root if it cannot be read; else give the MTA "
		    "the key that the certificate was requested with");
	else if (j->key_matches == 0)
		problem(s, id, "self_wrong_key",
		    check_text(s->check,
			"%s is not the private key of the certificate in %s: "
			"the MTA cannot use them, so TLS fails",
			id->key_file, id->cert_file),
		    "use the key that the certificate was requested with, or "
		    "request a new certificate for this key; the server's "
		    "certificate must be the first in its file");
	check_key_mode(s, id);
}

/* SSL_CTX_use_certificate_file: Sendmail presents the first certificate of
 * its file alone, as Debian builds it. */
static struct chain *
first_alone(struct self *s, const struct identity *id, struct chain *own)
{
	struct chain *first;

	if (id->mta != CHECK_SENDMAIL || chain_count(own) < 2 ||
	    chain_x509(own, 0) == NULL)
		return own;
	check_add(s->check, CHECK_NOTICE, "self_first_only", id->mta,
	    check_text(s->check,
		"%s holds %zu certificates; Sendmail presents the first of "
		"them, and takes those above it from %s",
		id->cert_file, chain_count(own),
		id->ca_file != NULL ? id->ca_file : "nowhere"),
	    "put the intermediates into the file of CACertFile "
	    "(confCACERT), too; only a Sendmail that was built with "
	    "_FFR_TLS_USE_CERTIFICATE_CHAIN_FILE sends those behind the "
	    "certificate");
	first = chain_single(own, 0);
	chain_free(own);
	return first;
}

static void
say_completed(struct self *s, const struct identity *id, size_t added)
{
	check_add(s->check, CHECK_NOTICE, "self_completed", id->mta,
	    check_text(s->check,
		"%s holds one certificate; %zu more come from the CAs that "
		"Postfix trusts (%s%s)",
		id->cert_file, added,
		id->ca_file != NULL ? id->ca_file : id->ca_path,
		id->adds_default_cas ? " and OpenSSL's defaults" : ""),
	    "put the intermediates behind the certificate in its own file: "
	    "then the chain does not hang on the trusted CAs");
}

/* The chain as a peer gets it. */
static int
load_chain(struct self *s, struct judgement *j, struct err *err_r)
{
	const struct identity *id = j->id;
	const struct presented_cas cas = { id->ca_file, id->ca_path,
		id->adds_default_cas };
	struct chain *own = NULL;
	size_t added;

	if ((id->certs.n > 0
		    ? chain_load_sent_bytes(id->certs, id->cert_file, &own,
			  err_r)
		    : chain_load_sent_file(id->cert_file, &own, err_r)) != 0)
		return -1;
	own = first_alone(s, id, own);
	if (chain_count(own) != 1 || chain_x509(own, 0) == NULL ||
	    (id->ca_file == NULL && id->ca_path == NULL)) {
		j->chain = own;
		return 0;
	}
	/* CAs that cannot be read were told of before. */
	if (chain_presented(own, &cas, &j->chain, &added, err_r) != 0) {
		j->chain = own;
		return 0;
	}
	chain_free(own);
	if (added > 0 && id->mta == CHECK_POSTFIX)
		say_completed(s, id, added);
	return 0;
}

static int
judge(struct self *s, struct judgement *j, const struct trust *trust,
    struct err *err_r)
{
	const struct conf *conf = s->check->app->conf;
	struct seen seen = { conf->state_database, j->id->name };
	struct verify_request req;

	if (load_chain(s, j, err_r) != 0) {
		problem(s, j->id, "self_not_read",
		    check_text(s->check, "%s", err_r->text),
		    "run this as root if it may not be read; else the MTA "
		    "cannot read it either");
		return 0;
	}
	check_key(s, j);
	verify_request_init(&req);
	req.chain = j->chain;
	req.chain_label = j->id->cert_file;
	req.show_command = j->id->show_command;
	req.trust = trust;
	req.known = s->known;
	req.recall = seen_recall;
	req.recall_arg = &seen;
	req.trust_label = conf->trust_store;
	req.now = s->check->app->now;
	req.purpose = j->id->role == SELF_SERVER ? VERIFY_PURPOSE_SERVER
						 : VERIFY_PURPOSE_CLIENT;
	req.name = j->id->name;
	req.expires_soon_days = (int)conf->expiry_warn_days;
	req.is_ours = true;
	if (j->id->mta == CHECK_SENDMAIL)
		req.ca_setting = "CACertFile (confCACERT)";
	if (verify_chain(&req, &j->d, err_r) != 0)
		return -1;
	j->is_judged = true;
	return 0;
}

/* What a partner's log has of it; NULL: nothing is wrong. */
static const char *
seen_outside(const struct judgement *j)
{
	if (j->d.verdict == DIAGNOSIS_OK)
		return NULL;
	if (diagnosis_find(&j->d, REASON_INCOMPLETE_CHAIN) != NULL ||
	    diagnosis_find(&j->d, REASON_UNTRUSTED_ROOT) != NULL ||
	    diagnosis_find(&j->d, REASON_ISSUER_UNKNOWN) != NULL ||
	    diagnosis_find(&j->d, REASON_WRONG_INTERMEDIATE) != NULL ||
	    diagnosis_find(&j->d, REASON_SELF_SIGNED_LEAF) != NULL)
		return "verify=CAFail (FortiMail), verify=FAIL (Sendmail), "
		       "\"untrusted issuer\" or \"self-signed\" (Postfix): "
		       "the fault is ours, not theirs";
	return "verify=FAIL (Sendmail) or \"certificate verification failed\" "
	       "(Postfix), where they verify: the fault is ours, not theirs";
}

static void
print_judgement(struct self *s, const struct judgement *j)
{
	const struct text_style style = { s->check->app->colour,
		s->check->app->now };
	struct buf text;

	buf_init(&text, OUT_TEXT_MAX);
	out_safe(&text,
	    sv_from(check_text(s->check, "%s, %s: %s (%s)",
		j->id->mta == CHECK_POSTFIX ? "Postfix" : "Sendmail",
		j->id->role == SELF_SERVER ? "as a server" : "as a client",
		j->id->setting, j->id->where)));
	out_styled(s->check->app, OUT_BOLD, "%s", buf_str(&text));
	buf_reset(&text);
	buf_addc(&text, '\n');
	text_diagnosis(&j->d, &style, &text);
	if (seen_outside(j) != NULL)
		buf_addf(&text, "\nOthers log it as %s.\n", seen_outside(j));
	buf_addc(&text, '\n');
	out_sv(buf_sv(&text));
	buf_free(&text);
}

static json_t *
judgement_json(const struct judgement *j)
{
	const struct identity *id = j->id;
	json_t *o = j->is_judged ? diagnosis_json(&j->d) : json_object();

	out_json_set(o, "target", out_json_str(id->cert_file));
	if (!j->is_judged)
		out_json_set(o, "verdict", out_json_str("noverify"));
	out_json_set(o, "mta",
	    out_json_str(id->mta == CHECK_POSTFIX ? "postfix" : "sendmail"));
	out_json_set(o, "role", out_json_str(role_word(id->role)));
	out_json_set(o, "setting", out_json_str(id->setting));
	out_json_set(o, "where", out_json_str(id->where));
	out_json_set(o, "name", out_json_str(id->name));
	out_json_set(o, "key", out_json_str(id->key_file));
	out_json_set(o, "key_matches",
	    j->key_matches < 0 ? json_null() : json_boolean(j->key_matches));
	out_json_set(o, "seen_outside",
	    out_json_str(j->is_judged ? seen_outside(j) : NULL));
	return o;
}

/* Returns whether one of them failed, -1 on trouble. */
static int
judge_all(struct self *s, const struct trust *trust, json_t *list,
    struct err *err_r)
{
	int rc = 0;

	for (size_t i = 0; i < s->n && rc >= 0; i++) {
		struct judgement j = { .id = &s->v[i], .key_matches = -1 };

		diagnosis_init(&j.d, s->v[i].cert_file);
		if (judge(s, &j, trust, err_r) != 0)
			rc = -1;
		else if (j.is_judged && j.d.verdict != DIAGNOSIS_OK)
			rc = 1;
		if (rc >= 0 && s->check->app->json)
			out_json_add(list, judgement_json(&j));
		else if (rc >= 0 && j.is_judged)
			print_judgement(s, &j);
		diagnosis_done(&j.d);
		chain_free(j.chain);
	}
	return rc;
}

int
check_self(struct check *c, const char *name, const char *cf)
{
	struct self s = { .check = c, .name = name, .cf = cf };
	struct trust *trust = NULL;
	json_t *list = json_array();
	struct err err;
	int failed = -1, code;

	if (app_conf(c->app, &err) != NULL &&
	    trust_load(c->app->conf->trust_store, &trust, &err) == 0) {
		if ((c->mtas & CHECK_POSTFIX) != 0)
			self_postfix(&s);
		if ((c->mtas & CHECK_SENDMAIL) != 0)
			self_sendmail(&s);
		known_add_cas(c->app, &s.known);
		failed = judge_all(&s, trust, list, &err);
	}
	if (failed < 0) {
		json_decref(list);
		code = app_fail(&err);
	} else {
		code = failed > 0 ? CTL_FINDING : check_exit_code(c);
		check_print_self(c, list, s.n);
	}
	trust_free(trust);
	chain_free(s.known);
	free(s.v);
	return code;
}
