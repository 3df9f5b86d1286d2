/* tlswarden: cert/constraints - name constraints in words.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "cert/constraints.h"
#include "cert/words.h"
#include "base/banned.h"

enum { CONSTRAINTS_SHOWN_MAX = 8 };

bool
constraints_has(const X509 *x)
{
	return X509_get_ext_by_NID(x, NID_name_constraints, -1) >= 0;
}

static bool
is_broken_mailbox(const GENERAL_NAME *gn)
{
	return gn->type == GEN_OTHERNAME && gn->d.otherName != NULL &&
	    OBJ_obj2nid(gn->d.otherName->type_id) ==
	    NID_id_on_SmtpUTF8Mailbox &&
	    (gn->d.otherName->value == NULL ||
		gn->d.otherName->value->type != V_ASN1_UTF8STRING);
}

/* Gives a copy of x without those names; NULL when it has none. */
static X509 *
without_broken_mailboxes(X509 *x)
{
	GENERAL_NAMES *sans =
	    X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	bool is_changed = false;
	X509 *copy = NULL;

	for (int i = sk_GENERAL_NAME_num(sans) - 1; i >= 0; i--) {
		GENERAL_NAME *gn = sk_GENERAL_NAME_value(sans, i);

		if (!is_broken_mailbox(gn))
			continue;
		(void)sk_GENERAL_NAME_delete(sans, i);
		GENERAL_NAME_free(gn);
		is_changed = true;
	}
	if (is_changed)
		copy = X509_dup(x);
	if (copy != NULL &&
	    X509_add1_ext_i2d(copy, NID_subject_alt_name, sans, 0,
		X509V3_ADD_REPLACE) != 1) {
		X509_free(copy);
		copy = NULL;
	}
	GENERAL_NAMES_free(sans);
	return copy;
}

bool
constraints_hold_without_broken(X509 *x, const STACK_OF(X509) * chain,
    int depth)
{
	X509 *copy = without_broken_mailboxes(x);
	bool holds = copy != NULL;

	for (int i = depth + 1; i < sk_X509_num(chain) && holds; i++) {
		NAME_CONSTRAINTS *nc = X509_get_ext_d2i(sk_X509_value(chain, i),
		    NID_name_constraints, NULL, NULL);

		if (nc != NULL)
			holds = NAME_CONSTRAINTS_check(copy, nc) == X509_V_OK;
		NAME_CONSTRAINTS_free(nc);
	}
	X509_free(copy);
	ERR_clear_error();
	return holds;
}

/* RFC 5280 4.2.1.10: address and mask. */
static bool
ip_constraint(const ASN1_OCTET_STRING *ip, struct buf *out)
{
	const unsigned char *p = ASN1_STRING_get0_data(ip);
	int n = ASN1_STRING_length(ip), bits = 0;
	ASN1_OCTET_STRING *address;
	GENERAL_NAME gn = { .type = GEN_IPADD };
	bool ok;

	if (n != 8 && n != 32)
		return false;
	for (int i = n / 2; i < n; i++)
		for (unsigned b = p[i]; b != 0; b &= b - 1)
			bits++;
	address = ASN1_OCTET_STRING_new();
	ok = address != NULL && ASN1_OCTET_STRING_set(address, p, n / 2) == 1;
	if (ok) {
		gn.d.iPAddress = address;
		ok = words_general_name(out, &gn);
		buf_addf(out, "/%d", bits);
	}
	ASN1_OCTET_STRING_free(address);
	return ok;
}

static void
general_name(const GENERAL_NAME *gn, struct buf *out)
{
	if (gn->type == GEN_DIRNAME)
		words_dn(out, gn->d.directoryName);
	else if (gn->type == GEN_IPADD && ip_constraint(gn->d.iPAddress, out))
		return;
	else if (gn->type == GEN_URI)
		words_asn1(out, gn->d.uniformResourceIdentifier, ",",
		    WORDS_NAME_MAX);
	else if (!words_general_name(out, gn))
		buf_adds(out, "a name of another kind");
}

static void
subtrees(const STACK_OF(GENERAL_SUBTREE) * trees, const char *lead,
    struct buf *out)
{
	int n = sk_GENERAL_SUBTREE_num(trees);

	for (int i = 0; i < n && i < CONSTRAINTS_SHOWN_MAX; i++) {
		const GENERAL_NAME *gn =
		    sk_GENERAL_SUBTREE_value(trees, i)->base;

		buf_adds(out, i == 0 ? lead : ", ");
		buf_adds(out, gn->type == GEN_DNS ? "DNS \"" : "\"");
		general_name(gn, out);
		buf_adds(out, "\"");
	}
	if (n > CONSTRAINTS_SHOWN_MAX)
		buf_addf(out, " and %d more", n - CONSTRAINTS_SHOWN_MAX);
}

void
constraints_words(const X509 *x, struct buf *out)
{
	NAME_CONSTRAINTS *nc =
	    X509_get_ext_d2i(x, NID_name_constraints, NULL, NULL);
	bool has_permitted;

	if (nc == NULL) {
		buf_adds(out, "it cannot be read");
		ERR_clear_error();
		return;
	}
	has_permitted = sk_GENERAL_SUBTREE_num(nc->permittedSubtrees) > 0;
	subtrees(nc->permittedSubtrees, "only ", out);
	subtrees(nc->excludedSubtrees, has_permitted ? "; never " : "never ",
	    out);
	NAME_CONSTRAINTS_free(nc);
}

void
constraints_names_words(const X509 *x, struct buf *out)
{
	GENERAL_NAMES *sans =
	    X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	int n = sk_GENERAL_NAME_num(sans);

	buf_adds(out, "the name ");
	for (int i = 0; i < n && i < CONSTRAINTS_SHOWN_MAX; i++) {
		if (i > 0)
			buf_adds(out, ", ");
		general_name(sk_GENERAL_NAME_value(sans, i), out);
	}
	if (n > CONSTRAINTS_SHOWN_MAX)
		buf_addf(out, " and %d more", n - CONSTRAINTS_SHOWN_MAX);
	if (n <= 0)
		words_dn(out, X509_get_subject_name(x));
	GENERAL_NAMES_free(sans);
	ERR_clear_error();
}
