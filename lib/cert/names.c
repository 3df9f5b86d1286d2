/* tlswarden: cert/names - whether a certificate carries a name.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>
#include <sysexits.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "cert/names.h"
#include "wire/addr.h"
#include "wire/domain.h"
#include "base/banned.h"

static int
no_name(struct sv v, struct err *err_r)
{
	struct buf text;
	int rc;

	buf_init(&text, 2048);
	buf_add_printable(&text, v, 200);
	rc = err_set(err_r, EX_USAGE,
	    "\"%s\" is neither a host name, an IP address nor a mail address",
	    buf_str(&text));
	buf_free(&text);
	return rc;
}

static void
put(struct names_wanted *w, struct sv v)
{
	memcpy(w->text, v.p, v.n);
	w->text[v.n] = '\0';
}

static bool
parse_ip(struct sv v, struct names_wanted *w)
{
	struct addr a;
	struct buf text;

	if (v.n > 2 && v.p[0] == '[' && v.p[v.n - 1] == ']')
		v = sv_make(v.p + 1, v.n - 2);
	if (!addr_parse(v, &a))
		return false;
	buf_init(&text, 64);
	addr_format(&a, &text);
	w->kind = NAMES_IP;
	put(w, buf_sv(&text));
	buf_free(&text);
	return true;
}

/* Puts lead and the normal form of the domain into w. */
static bool
put_domain(struct sv lead, struct sv domain, struct names_wanted *w)
{
	char normal[LIMIT_DOMAIN + 1];
	size_t n = 0;

	if (lead.n + LIMIT_DOMAIN >= sizeof(w->text) ||
	    domain_normalise(domain, normal, &n) != DOMAIN_OK || n == 0 ||
	    !domain_is_valid(sv_make(normal, n)))
		return false;
	if (lead.n > 0)
		memcpy(w->text, lead.p, lead.n);
	memcpy(w->text + lead.n, normal, n);
	w->text[lead.n + n] = '\0';
	return true;
}

int
names_parse(const char *text, struct names_wanted *w_r, struct err *err_r)
{
	struct sv v = sv_trim(sv_from(text)), lead = { NULL, 0 };
	size_t at = sv_rfind(v, '@');

	*w_r = (struct names_wanted){ 0 };
	if (v.n == 0)
		return no_name(v, err_r);
	if (parse_ip(v, w_r))
		return 0;
	if (at < v.n) {
		w_r->kind = NAMES_MAIL;
		lead = sv_head(v, at + 1);
		if (at == 0 || memchr(v.p, '\0', at) != NULL ||
		    !put_domain(lead, sv_skip(v, at + 1), w_r))
			return no_name(v, err_r);
		return 0;
	}
	if (v.p[0] == '.') {
		lead = sv_head(v, 1);
		v = sv_skip(v, 1);
	}
	if (!put_domain(lead, v, w_r))
		return no_name(sv_from(text), err_r);
	return 0;
}

/* A subject alternative name that is there but cannot be read: then nothing is
 * known of the names, and the CN does not step in. */
static bool
has_broken_san(X509 *x)
{
	GENERAL_NAMES *sans =
	    X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	bool is_broken = sans == NULL &&
	    X509_get_ext_by_NID(x, NID_subject_alt_name, -1) >= 0;

	GENERAL_NAMES_free(sans);
	return is_broken;
}

enum names_match
names_check(X509 *x, const struct names_wanted *w)
{
	const unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
	enum names_match match = NAMES_DIFFERENT;

	switch (w->kind) {
	case NAMES_HOST:
		if (X509_check_host(x, w->text, 0,
			flags | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1)
			match = NAMES_PRESENT;
		else if (!has_broken_san(x) &&
		    X509_check_host(x, w->text, 0, flags, NULL) == 1)
			match = NAMES_CN_ONLY;
		break;
	case NAMES_IP:
		if (X509_check_ip_asc(x, w->text, 0) == 1)
			match = NAMES_PRESENT;
		break;
	case NAMES_MAIL:
		if (X509_check_email(x, w->text, 0, 0) == 1)
			match = NAMES_PRESENT;
		break;
	}
	ERR_clear_error();
	return match;
}
