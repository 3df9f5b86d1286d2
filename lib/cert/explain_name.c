/* tlswarden: cert/explain_name - words for a name that is not in it.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/limits.h"
#include "cert/explain.h"
#include "cert/state.h"
#include "base/banned.h"

enum { NAMES_SHOWN_MAX = 10 };

static void
wanted_words(const struct verification *v, struct buf *text)
{
	for (size_t i = 0; i < v->n_wanted && i < NAMES_SHOWN_MAX; i++) {
		buf_adds(text, i == 0 ? "" : " or ");
		buf_add_printable(text, sv_from(v->wanted[i].text),
		    LIMIT_DOMAIN + 1);
	}
}

/* RFC 6125 6.4.3: a wildcard stands for exactly one label. */
static bool
is_wildcard_depth(const struct cert_info *leaf, struct sv wanted)
{
	for (size_t i = 0; i < leaf->n_names; i++) {
		struct sv name = sv_from(leaf->names[i]), tail;

		if (name.n < 3 || name.p[0] != '*' || name.p[1] != '.')
			continue;
		tail = sv_skip(name, 1);
		if (sv_eq_nocase(sv_skip(name, 2), wanted))
			return true;
		if (wanted.n > tail.n &&
		    sv_eq_nocase(sv_skip(wanted, wanted.n - tail.n), tail))
			return true;
	}
	return false;
}

static void
hint(const struct verification *v, const struct cert_info *leaf,
    struct buf *text)
{
	const struct names_wanted *w = &v->wanted[0];

	if (w->kind == NAMES_HOST && is_wildcard_depth(leaf, sv_from(w->text)))
		buf_adds(text, " The wildcard stands for exactly one label.");
	if (w->kind == NAMES_IP)
		buf_adds(text,
		    " An address matches only an iPAddress of the subject "
		    "alternative name.");
}

static const char *
check_option(const struct names_wanted *w)
{
	switch (w->kind) {
	case NAMES_IP:
		return "-checkip";
	case NAMES_MAIL:
		return "-checkemail";
	case NAMES_HOST:
		break;
	}
	return "-checkhost";
}

static int
mismatch_code(const struct names_wanted *w)
{
	switch (w->kind) {
	case NAMES_IP:
		return X509_V_ERR_IP_ADDRESS_MISMATCH;
	case NAMES_MAIL:
		return X509_V_ERR_EMAIL_MISMATCH;
	case NAMES_HOST:
		break;
	}
	return X509_V_ERR_HOSTNAME_MISMATCH;
}

void
explain_name(struct verification *v, struct finding *f)
{
	const struct cert_info *leaf = &v->d->certs[0];
	struct buf text, option;

	buf_init(&text, LIMIT_FINDING_TEXT);
	if (leaf->n_names == 0)
		buf_adds(&text, "The certificate carries no name at all");
	else
		buf_adds(&text, "The certificate is for ");
	for (size_t i = 0; i < leaf->n_names && i < NAMES_SHOWN_MAX; i++)
		buf_addf(&text, "%s%s", i == 0 ? "" : ", ", leaf->names[i]);
	if (leaf->n_names > NAMES_SHOWN_MAX)
		buf_addf(&text, " and %zu more",
		    leaf->n_names - NAMES_SHOWN_MAX + leaf->names_left_out);
	buf_adds(&text, ", not for ");
	wanted_words(v, &text);
	buf_addc(&text, '.');
	hint(v, leaf, &text);
	f->cause = explain_keep(v, &text);

	buf_init(&text, LIMIT_FINDING_TEXT);
	buf_adds(&text, "We reach your server as ");
	wanted_words(v, &text);
	buf_adds(&text,
	    ", which your certificate does not carry. Please add "
	    "it to the subject alternative names, or tell us the "
	    "name to expect.");
	f->fix_theirs = explain_keep(v, &text);

	f->codes[f->n_codes++] = mismatch_code(&v->wanted[0]);
	buf_init(&option, LIMIT_FINDING_TEXT);
	buf_addf(&option, "-subject -ext subjectAltName %s ",
	    check_option(&v->wanted[0]));
	command_quote(v->wanted[0].text, &option);
	f->command = command_show(v, 0, buf_str(&option));
	buf_free(&option);
}
