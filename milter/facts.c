/* tlswarden: milter/facts - what the MTA's macros say of the TLS session.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "base/limits.h"
#include "milter/facts.h"
#include "wire/xtext.h"

/* Bytes of a word of the MTA; the longest cipher name has 31. */
enum { WORD_MAX = 200 };

enum field {
	F_VERSION = 0,
	F_CIPHER,
	F_VERIFY,
	F_SUBJECT,
	F_ISSUER,
	F_CN,
	F_PRINT,
	F_COUNT
};

static const char *const macro_names[F_COUNT] = {
	[F_VERSION] = "{tls_version}",
	[F_CIPHER] = "{cipher}",
	[F_VERIFY] = "{verify}",
	[F_SUBJECT] = "{cert_subject}",
	[F_ISSUER] = "{cert_issuer}",
	[F_CN] = "{cn_subject}",
	[F_PRINT] = "{cert_fp}",
};

/* Postfix: "Postfix 3.7.11", $mail_name $mail_version, and the name may be
 * changed. Sendmail: "8.17.1.9". */
static enum record_mta
mta_by_version(struct sv version)
{
	struct sv word, last = { NULL, 0 };
	size_t n = 0;

	while (sv_word(&version, &word)) {
		last = word;
		n++;
	}
	if (n == 0 || last.p[0] < '0' || last.p[0] > '9')
		return RECORD_MTA_UNKNOWN;
	return n > 1 ? RECORD_POSTFIX : RECORD_SENDMAIL;
}

enum record_mta
facts_mta(enum record_mta known, const struct macros *m)
{
	if (known == RECORD_MTA_UNKNOWN)
		known = mta_by_version(macros_get(m, "v"));
	/* Postfix has no such macro. */
	if (known == RECORD_MTA_UNKNOWN && macros_get(m, "{verify}").p != NULL)
		return RECORD_SENDMAIL;
	return known;
}

bool
facts_has_tls(const struct macros *m)
{
	return macros_get(m, "{tls_version}").n > 0;
}

void
facts_init(struct facts *f)
{
	/* A byte that is not printable takes four. */
	buf_init(&f->text, (size_t)F_COUNT * 4 * LIMIT_RECORD_TEXT);
	facts_reset(f);
}

void
facts_reset(struct facts *f)
{
	static const struct tls_facts nothing;

	f->tls = nothing;
	f->tls_version = sv_from("");
	f->is_authenticated = false;
	buf_reset(&f->text);
}

void
facts_free(struct facts *f)
{
	buf_free(&f->text);
	facts_reset(f);
}

/* Each question costs: none is asked whose answer is known. */
static struct sv
ask(enum field i, enum record_mta mta, bool has_tls, const struct macros *m)
{
	bool is_sendmails = i == F_VERIFY || i == F_CN || i == F_PRINT;

	if ((is_sendmails && mta == RECORD_POSTFIX) ||
	    (i > F_CIPHER && !has_tls))
		return sv_make(NULL, 0);
	return macros_get(m, macro_names[i]);
}

static bool
is_name(enum field i)
{
	return i == F_SUBJECT || i == F_ISSUER || i == F_CN;
}

/* Adds the value to the text. A name that is too long or broken counts as
 * none: half of it could look like another. */
static void
add_value(struct buf *text, enum field i, enum record_mta mta, struct sv value)
{
	if (!is_name(i)) {
		buf_add_printable(text, value, WORD_MAX);
	} else if (value.n <= LIMIT_RECORD_TEXT) {
		if (mta != RECORD_SENDMAIL)
			buf_add(text, value);
		else if (xtext_parse(value, text) != XTEXT_OK)
			return;
	}
}

static void
take_values(struct facts *f, enum record_mta mta, const struct macros *m,
    struct sv values[static F_COUNT])
{
	size_t at[F_COUNT + 1];

	for (enum field i = F_VERSION; i < F_COUNT; i++) {
		at[i] = f->text.n;
		values[i] =
		    ask(i, mta, i == F_VERSION || values[F_VERSION].n > 0, m);
		add_value(&f->text, i, mta, values[i]);
	}
	at[F_COUNT] = f->text.n;
	for (enum field i = F_VERSION; i < F_COUNT; i++)
		if (values[i].p != NULL)
			values[i] = sv_make(buf_str(&f->text) + at[i],
			    at[i + 1] - at[i]);
}

static enum cert_state
cert_state(enum record_mta mta, const struct sv values[static F_COUNT])
{
	switch (mta) {
	case RECORD_SENDMAIL:
		/* DANE is about servers: no word for a client. */
		if (sv_is(values[F_VERIFY], "TRUSTED"))
			return CERT_STATE_UNKNOWN;
		return cert_state_of_verify(values[F_VERIFY]);
	case RECORD_POSTFIX:
		return cert_state_of_names(values[F_SUBJECT], values[F_ISSUER]);
	case RECORD_MTA_UNKNOWN:
		break;
	}
	return CERT_STATE_UNKNOWN;
}

static enum tls_state
tls_state(bool is_asked, const struct sv values[static F_COUNT])
{
	if (values[F_VERSION].n > 0)
		return TLS_STATE_ON;
	return is_asked && values[F_CIPHER].n == 0 ? TLS_STATE_NONE
						   : TLS_STATE_UNKNOWN;
}

static void
set_tls(struct tls_facts *tls, enum record_mta mta,
    const struct sv values[static F_COUNT])
{
	if (!tls_version_parse(values[F_VERSION], &tls->version))
		tls->version = TLS_VERSION_UNKNOWN;
	tls->cipher = values[F_CIPHER];
	tls->verify = values[F_VERIFY];
	tls->cert = cert_state(mta, values);
	tls->name_form = mta == RECORD_SENDMAIL ? NAME_FORM_DN : NAME_FORM_CN;
	tls->subject = values[F_SUBJECT];
	tls->issuer = values[F_ISSUER];
	tls->cn_subject = values[F_CN];
	if (tls_is_sha256(values[F_PRINT])) {
		tls->cert_fingerprint = values[F_PRINT];
		tls->has_fingerprints = true;
	}
}

void
facts_collect(struct facts *f, enum record_mta mta, bool is_asked,
    const struct macros *m)
{
	struct sv values[F_COUNT];

	facts_reset(f);
	take_values(f, mta, m, values);
	f->is_authenticated = macros_get(m, "{auth_type}").n > 0;
	f->tls.state = tls_state(is_asked, values);
	if (f->tls.state != TLS_STATE_ON)
		return;
	f->tls_version = values[F_VERSION];
	set_tls(&f->tls, mta, values);
	if (!sv_to_u32(macros_get(m, "{cipher_bits}"), 65535, &f->tls.bits))
		f->tls.bits = 0;
}
