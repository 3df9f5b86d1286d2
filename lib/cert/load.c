/* tlswarden: cert/load - certificates and CRLs from PEM, DER and PKCS#7.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cert/container.h"
#include "cert/load.h"
#include "base/banned.h"

struct entry {
	X509 *x;   /* NULL: could not be decoded */
	char *why; /* then, why */
	char *note;
};

struct chain {
	struct entry *v;
	size_t n;
	size_t cap;
};

struct crls {
	X509_CRL **v;
	size_t n;
	size_t cap;
};

struct loading {
	struct chain *chain; /* one of the two */
	struct crls *crls;
	const char *label;
	bool keeps_broken;
	bool is_from_set;
	size_t seen[OBJECT_KINDS];
};

struct chain *
chain_new(void)
{
	return mem_zalloc(1, sizeof(struct chain));
}

void
chain_free(struct chain *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++) {
		X509_free(c->v[i].x);
		free(c->v[i].why);
		free(c->v[i].note);
	}
	free(c->v);
	free(c);
}

static int
push(struct chain *c, X509 *x, const char *why, struct err *err_r)
{
	if (c->n >= LIMIT_CERT_LIST)
		return err_set(err_r, EX_DATAERR,
		    "more than %d certificates: split the file",
		    LIMIT_CERT_LIST);
	if (c->n == c->cap) {
		c->cap = c->cap == 0 ? 8 : c->cap * 2;
		c->v = mem_realloc(c->v, c->cap, sizeof(*c->v));
	}
	c->v[c->n].x = x;
	c->v[c->n].why = why != NULL ? mem_strdup(why) : NULL;
	c->v[c->n].note = NULL;
	c->n++;
	return 0;
}

/* What OpenSSL says of a certificate that it could not decode. */
static void
decode_error(char *text, size_t size)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	(void)snprintf(text, size, "%s",
	    reason != NULL ? reason : "not a certificate");
	ERR_clear_error();
}

static X509 *
decode(struct sv der, bool has_trust)
{
	const unsigned char *p = (const unsigned char *)der.p;

	ERR_clear_error();
	return has_trust ? d2i_X509_AUX(NULL, &p, (long)der.n)
			 : d2i_X509(NULL, &p, (long)der.n);
}

int
chain_add_der(struct chain *c, struct sv der, const char *label,
    struct err *err_r)
{
	X509 *x = decode(der, false);
	char why[128];

	if (x == NULL) {
		decode_error(why, sizeof(why));
		return err_set(err_r, EX_DATAERR,
		    "%s: this certificate cannot be decoded (%s)", label, why);
	}
	if (push(c, x, NULL, err_r) != 0) {
		X509_free(x);
		return err_prefix(err_r, "%s", label);
	}
	return 0;
}

int
chain_add_x509(struct chain *c, struct x509_st *x, struct err *err_r)
{
	if (push(c, x, NULL, err_r) != 0)
		return -1;
	(void)X509_up_ref(x);
	return 0;
}

int
chain_add_stack(struct chain *c, const struct stack_st_X509 *stack,
    struct err *err_r)
{
	for (int i = 0; i < sk_X509_num(stack); i++)
		if (chain_add_x509(c, sk_X509_value(stack, i), err_r) != 0)
			return -1;
	return 0;
}

static int
object_fail(const struct loading *l, const struct object *o, const char *why,
    struct err *err_r)
{
	size_t nth = l->chain != NULL ? l->chain->n + 1 : l->crls->n + 1;
	const char *what = l->chain != NULL ? "certificate" : "CRL";

	if (o->line > 0)
		return err_set(err_r, EX_DATAERR,
		    "%s, line %zu: %s %zu cannot be decoded (%s); export it "
		    "again from where it came",
		    l->label, o->line, what, nth, why);
	return err_set(err_r, EX_DATAERR,
	    "%s: %s %zu cannot be decoded (%s); export it again from where it "
	    "came",
	    l->label, what, nth, why);
}

/* Takes x, NULL when it was not decoded. */
static int
load_cert(struct loading *l, const struct object *o, X509 *x, const char *why,
    struct err *err_r)
{
	if (x == NULL && !l->keeps_broken)
		return object_fail(l, o, why, err_r);
	if (push(l->chain, x, x == NULL ? why : NULL, err_r) != 0) {
		X509_free(x);
		return err_prefix(err_r, "%s", l->label);
	}
	l->is_from_set = o->is_from_set;
	return 0;
}

/* For the sentence when nothing is found; DER of no kind is no kind. */
static void
note(struct loading *l, const struct object *o)
{
	if (o->kind != OBJECT_OTHER || o->line > 0)
		l->seen[o->kind]++;
}

static int
chain_object(void *arg, const struct object *o, struct err *err_r)
{
	struct loading *l = arg;
	bool has_trust = o->kind == OBJECT_TRUSTED_CERT;
	struct sv name = SV("CERTIFICATE");
	char why[128] = "damaged base64 text";
	X509 *x = NULL;

	note(l, o);
	if (o->kind == OBJECT_CERT || has_trust) {
		x = decode(o->der, has_trust);
		if (x == NULL)
			decode_error(why, sizeof(why));
		return load_cert(l, o, x, why, err_r);
	}
	if (o->kind == OBJECT_BROKEN && sv_ends(o->name, name))
		return load_cert(l, o, NULL, why, err_r);
	return 0;
}

/* The sentence for a file without what was looked for. */
static int
nothing_found(const struct loading *l, struct sv bytes, struct err *err_r)
{
	const char *want = l->chain != NULL ? "certificate" : "CRL";

	if (bytes.n == 0)
		return err_set(err_r, EX_DATAERR,
		    "%s: the file is empty, a %s was expected", l->label, want);
	if (bytes.n > 1 &&
	    (memcmp(bytes.p, "\xFF\xFE", 2) == 0 ||
		memcmp(bytes.p, "\xFE\xFF", 2) == 0))
		return err_set(err_r, EX_DATAERR,
		    "%s: no %s but UTF-16 text: save it as plain ASCII",
		    l->label, want);
	for (int k = OBJECT_KINDS - 1; k >= 0; k--)
		if (l->seen[k] > 0)
			return err_set(err_r, EX_DATAERR,
			    "%s: no %s in it but %s%s", l->label, want,
			    object_kind_words((enum object_kind)k),
			    k == OBJECT_PKCS12 ? ": export with openssl "
						 "pkcs12 -nokeys"
					       : "");
	return err_set(err_r, EX_DATAERR,
	    "%s: no %s in it (neither PEM, DER nor PKCS#7)", l->label, want);
}

/* RFC 2315 9.1: the certificates of a PKCS#7 are a set. What issued none of
 * the others is the leaf; it goes to the front. */
static void
leaf_first(struct chain *c)
{
	for (size_t i = 0; i < c->n && c->n <= LIMIT_CHAIN; i++) {
		bool is_issuer = c->v[i].x == NULL;

		for (size_t k = 0; k < c->n && !is_issuer; k++)
			is_issuer = k != i && c->v[k].x != NULL &&
			    X509_NAME_cmp(X509_get_subject_name(c->v[i].x),
				X509_get_issuer_name(c->v[k].x)) == 0;
		if (!is_issuer) {
			struct entry leaf = c->v[i];

			memmove(c->v + 1, c->v, i * sizeof(*c->v));
			c->v[0] = leaf;
			return;
		}
	}
}

static int
load_chain(struct sv bytes, struct loading *l, struct chain **chain_r,
    struct err *err_r)
{
	l->chain = chain_new();
	if (container_walk(bytes, chain_object, l, err_r) != 0 ||
	    (l->chain->n == 0 && nothing_found(l, bytes, err_r) != 0)) {
		chain_free(l->chain);
		return -1;
	}
	if (l->is_from_set)
		leaf_first(l->chain);
	*chain_r = l->chain;
	return 0;
}

int
chain_load_bytes(struct sv bytes, const char *label, struct chain **chain_r,
    struct err *err_r)
{
	struct loading l = { .label = label };

	return load_chain(bytes, &l, chain_r, err_r);
}

int
chain_load_sent_bytes(struct sv bytes, const char *label,
    struct chain **chain_r, struct err *err_r)
{
	struct loading l = { .label = label, .keeps_broken = true };

	return load_chain(bytes, &l, chain_r, err_r);
}

static int
load_chain_file(const char *path, bool keeps_broken, struct chain **chain_r,
    struct err *err_r)
{
	struct loading l = { .label = path, .keeps_broken = keeps_broken };
	struct buf bytes;
	int rc;

	buf_init(&bytes, LIMIT_CERT_FILE);
	rc = file_read(path, &bytes, err_r);
	if (rc == 0)
		rc = load_chain(buf_sv(&bytes), &l, chain_r, err_r);
	buf_free(&bytes);
	return rc;
}

int
chain_load_file(const char *path, struct chain **chain_r, struct err *err_r)
{
	return load_chain_file(path, false, chain_r, err_r);
}

int
chain_load_sent_file(const char *path, struct chain **chain_r,
    struct err *err_r)
{
	return load_chain_file(path, true, chain_r, err_r);
}

size_t
chain_count(const struct chain *c)
{
	return c != NULL ? c->n : 0;
}

struct x509_st *
chain_x509(const struct chain *c, size_t i)
{
	return i < chain_count(c) ? c->v[i].x : NULL;
}

const char *
chain_broken(const struct chain *c, size_t i)
{
	return i < chain_count(c) ? c->v[i].why : NULL;
}

void
chain_pem(const struct chain *c, size_t i, struct buf *out)
{
	X509 *x = chain_x509(c, i);
	BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n;

	if (x != NULL && bio != NULL && PEM_write_bio_X509(bio, x) == 1) {
		n = BIO_get_mem_data(bio, &p);
		if (n > 0)
			buf_add(out, sv_make(p, (size_t)n));
	}
	BIO_free(bio);
	ERR_clear_error();
}

void
chain_pem_all(const struct chain *c, size_t max_bytes, struct buf *out)
{
	struct buf one;
	size_t n = 0;

	buf_init(&one, max_bytes);
	for (size_t i = 0; i < chain_count(c); i++) {
		buf_reset(&one);
		chain_pem(c, i, &one);
		n += one.n;
		if (one.is_full || n > max_bytes)
			break;
		buf_add(out, buf_sv(&one));
	}
	buf_free(&one);
}

void
chain_set_note(struct chain *c, size_t i, const char *note)
{
	free(c->v[i].note);
	c->v[i].note = note != NULL ? mem_strdup(note) : NULL;
}

const char *
chain_note(const struct chain *c, size_t i)
{
	return i < chain_count(c) ? c->v[i].note : NULL;
}

static bool
has_cert(const struct chain *c, const X509 *x)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].x != NULL && X509_cmp(c->v[i].x, x) == 0)
			return true;
	return false;
}

void
chain_add_cas(struct chain *c, const struct chain *set, size_t max,
    const char *note)
{
	for (size_t i = 0; i < chain_count(set) && c->n < max; i++) {
		X509 *x = set->v[i].x;

		if (x == NULL || X509_check_ca(x) <= 0 || has_cert(c, x))
			continue;
		if (chain_add_x509(c, x, NULL) == 0)
			chain_set_note(c, c->n - 1, note);
	}
	ERR_clear_error();
}

struct chain *
chain_single(const struct chain *c, size_t i)
{
	struct chain *one = chain_new();
	X509 *x = chain_x509(c, i);

	if (x != NULL)
		(void)chain_add_x509(one, x, NULL);
	return one;
}

static int
crls_push(struct loading *l, const struct object *o, struct err *err_r)
{
	const unsigned char *p = (const unsigned char *)o->der.p;
	struct crls *c = l->crls;
	X509_CRL *crl;
	char why[128];

	ERR_clear_error();
	crl = d2i_X509_CRL(NULL, &p, (long)o->der.n);
	if (crl == NULL) {
		decode_error(why, sizeof(why));
		return object_fail(l, o, why, err_r);
	}
	if (c->n >= LIMIT_CERT_LIST) {
		X509_CRL_free(crl);
		return err_set(err_r, EX_DATAERR, "%s: more than %d CRLs",
		    l->label, LIMIT_CERT_LIST);
	}
	if (c->n == c->cap) {
		c->cap = c->cap == 0 ? 8 : c->cap * 2;
		c->v = mem_realloc(c->v, c->cap, sizeof(X509_CRL *));
	}
	c->v[c->n++] = crl;
	return 0;
}

static int
crl_object(void *arg, const struct object *o, struct err *err_r)
{
	struct loading *l = arg;
	struct sv name = SV("CRL");

	note(l, o);
	if (o->kind == OBJECT_CRL)
		return crls_push(l, o, err_r);
	if (o->kind == OBJECT_BROKEN && sv_ends(o->name, name))
		return object_fail(l, o, "damaged base64 text", err_r);
	return 0;
}

int
crls_load_bytes(struct sv bytes, const char *label, struct crls **crls_r,
    struct err *err_r)
{
	struct loading l = { .label = label };

	l.crls = mem_zalloc(1, sizeof(*l.crls));
	if (container_walk(bytes, crl_object, &l, err_r) != 0 ||
	    (l.crls->n == 0 && nothing_found(&l, bytes, err_r) != 0)) {
		crls_free(l.crls);
		return -1;
	}
	*crls_r = l.crls;
	return 0;
}

int
crls_load_file(const char *path, struct crls **crls_r, struct err *err_r)
{
	struct buf bytes;
	int rc;

	buf_init(&bytes, LIMIT_CERT_FILE);
	rc = file_read(path, &bytes, err_r);
	if (rc == 0)
		rc = crls_load_bytes(buf_sv(&bytes), path, crls_r, err_r);
	buf_free(&bytes);
	return rc;
}

size_t
crls_count(const struct crls *c)
{
	return c != NULL ? c->n : 0;
}

struct X509_crl_st *
crls_crl(const struct crls *c, size_t i)
{
	return i < crls_count(c) ? c->v[i] : NULL;
}

void
crls_free(struct crls *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		X509_CRL_free(c->v[i]);
	free(c->v);
	free(c);
}
