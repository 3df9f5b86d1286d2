/* tlswarden: ctl/annotate_evidence - what our own files tell about an issuer.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Postfix logs "untrusted issuer NAME" for an intermediate that was not sent,
 * for a root that nobody trusts, and for a root that only Postfix was not told
 * to trust. The trust store, the CAs of the table and the chains seen before
 * tell which.
 */
#include "config.h"

#include <stdlib.h>

#include "annotate/annotate.h"
#include "base/conf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cert/issuer.h"
#include "cert/load.h"
#include "cert/trust.h"
#include "ctl/annotate.h"
#include "ctl/command.h"
#include "ctl/known.h"
#include "ctl/seen.h"
#include "base/banned.h"

enum { NAMES_MAX = 256, NOTE_BYTES = 2048 };

/* What was found out of one name. */
struct answer {
	struct sv name;
	enum issuer_word word;
	const char *inbound; /* remarks, of mail in and out */
	const char *outbound;
};

struct evidence {
	struct app *app;
	struct arena mem;
	bool is_loaded;
	struct trust *trust; /* NULL: there is no trust store */
	struct chain *known;
	struct answer answers[NAMES_MAX];
	size_t n_answers;
};

struct evidence *
evidence_new(struct app *app)
{
	struct evidence *e = mem_zalloc(1, sizeof(*e));

	e->app = app;
	arena_init(&e->mem);
	return e;
}

void
evidence_free(struct evidence *e)
{
	if (e == NULL)
		return;
	trust_free(e->trust);
	chain_free(e->known);
	arena_free(&e->mem);
	free(e);
}

/* A log is explained without any of these, too. */
static void
load(struct evidence *e)
{
	const struct conf *conf = app_conf(e->app, NULL);
	struct chain *seen = NULL;
	struct seen how = { NULL, NULL };

	e->is_loaded = true;
	if (conf == NULL || trust_load(conf->trust_store, &e->trust, NULL) != 0)
		return;
	known_add_cas(e->app, &e->known);
	how.state_database = conf->state_database;
	if (seen_recall(&how, &seen, NULL) != 0 || seen == NULL)
		return;
	if (e->known == NULL)
		e->known = chain_new();
	for (size_t i = 0; i < chain_count(seen); i++) {
		struct chain *one = chain_single(seen, i);

		chain_add_cas(e->known, one, LIMIT_CERT_LIST,
		    chain_note(seen, i));
		chain_free(one);
	}
	chain_free(seen);
}

static const char *
text(struct evidence *e, struct buf *b)
{
	const char *copy = arena_sv(&e->mem, buf_sv(b)).p;

	buf_reset(b);
	return copy;
}

static void
word_answer(struct evidence *e, struct answer *a, struct sv note)
{
	struct buf b;

	buf_init(&b, NOTE_BYTES);
	switch (a->word) {
	case ISSUER_UNHEARD:
		break;
	case ISSUER_TRUSTED:
		for (int i = 0; i < 2; i++) {
			const char *side = i == 0 ? "smtp" : "smtpd";

			buf_addf(&b,
			    "A CA of this name is in trust_store: Postfix is "
			    "not told to trust it (%s_tls_CAfile%s), or the "
			    "name is used with another key.",
			    side, i == 0 ? ", or ca of the rule" : "");
			*(i == 0 ? &a->outbound : &a->inbound) = text(e, &b);
		}
		break;
	case ISSUER_INTERMEDIATE:
		buf_addf(&b,
		    "The certificate of this CA is known (%.*s) and leads to a "
		    "trusted root: it was not sent. tlswarden probe makes "
		    "sure.",
		    SV_ARG(note));
		a->inbound = a->outbound = text(e, &b);
		break;
	case ISSUER_PRIVATE_ROOT:
		buf_addf(&b,
		    "The certificate of this CA is known (%.*s) and leads to "
		    "no root that trust_store has. tlswarden probe makes sure.",
		    SV_ARG(note));
		a->inbound = a->outbound = text(e, &b);
		break;
	}
	buf_free(&b);
}

static const struct answer *
find_answer(struct evidence *e, struct sv name)
{
	struct answer *a;
	struct buf note;

	for (size_t i = 0; i < e->n_answers; i++)
		if (sv_eq(e->answers[i].name, name))
			return &e->answers[i];
	if (e->n_answers == NAMES_MAX)
		return NULL;
	if (!e->is_loaded)
		load(e);
	a = &e->answers[e->n_answers++];
	a->name = arena_sv(&e->mem, name);
	if (e->trust == NULL)
		return a;
	buf_init(&note, NOTE_BYTES / 2);
	a->word = issuer_look(e->trust, e->known, name, e->app->now, &note);
	word_answer(e, a, buf_sv(&note));
	buf_free(&note);
	return a;
}

void
evidence_apply(struct evidence *e, struct annotation *r)
{
	const struct answer *a;

	if (r->reason != REASON_ISSUER_UNKNOWN || r->detail.n == 0 ||
	    r->detail.p[0] != '/')
		return;
	a = find_answer(e, r->detail);
	if (a == NULL || a->word == ISSUER_UNHEARD)
		return;
	r->remark = r->is_inbound ? a->inbound : a->outbound;
	if (a->word == ISSUER_INTERMEDIATE)
		r->reason = REASON_INCOMPLETE_CHAIN;
	else
		r->reason = REASON_UNTRUSTED_ROOT;
	if (a->word == ISSUER_TRUSTED)
		r->fault = FAULT_OURS;
}
