/* tlswarden: cert/present - what a server makes of its certificate file.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * SSL_CTX_add1_chain_cert(3): when no chain was given, OpenSSL builds one from
 * the trusted CAs at every handshake and sends what it found, without judging
 * it. postconf(5), smtpd_tls_CAfile, counts on that.
 */
#include "config.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <sysexits.h>

#include "cert/load.h"
#include "base/banned.h"

static X509_STORE *
load_store(const struct presented_cas *cas, struct err *err_r)
{
	X509_STORE *store = X509_STORE_new();

	if (store != NULL &&
	    X509_STORE_load_locations(store, cas->ca_file, cas->ca_path) == 1 &&
	    (!cas->adds_defaults || X509_STORE_set_default_paths(store) == 1))
		return store;
	X509_STORE_free(store);
	(void)err_set(err_r, EX_NOINPUT, "%s: no CA certificates in it",
	    cas->ca_file != NULL ? cas->ca_file : cas->ca_path);
	return NULL;
}

/* Whatever is wrong with the chain does not keep OpenSSL from sending it. */
static void
build(X509_STORE *store, X509 *leaf, struct chain *c, struct err *err_r)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();

	if (ctx != NULL && X509_STORE_CTX_init(ctx, store, leaf, NULL) == 1) {
		const STACK_OF(X509) * found;

		(void)X509_verify_cert(ctx);
		found = X509_STORE_CTX_get0_chain(ctx);
		for (int i = 1; i < sk_X509_num(found); i++)
			(void)chain_add_x509(c, sk_X509_value(found, i), err_r);
	}
	X509_STORE_CTX_free(ctx);
}

int
chain_presented(const struct chain *own, const struct presented_cas *cas,
    struct chain **chain_r, size_t *added_r, struct err *err_r)
{
	struct chain *c = chain_new();
	X509_STORE *store;
	int rc = -1;

	for (size_t i = 0; i < chain_count(own); i++)
		if (chain_add_x509(c, chain_x509(own, i), err_r) != 0)
			goto out;
	if (chain_count(c) == 1 &&
	    (cas->ca_file != NULL || cas->ca_path != NULL)) {
		store = load_store(cas, err_r);
		if (store == NULL)
			goto out;
		build(store, chain_x509(own, 0), c, err_r);
		X509_STORE_free(store);
	}
	*added_r = chain_count(c) - chain_count(own);
	*chain_r = c;
	c = NULL;
	rc = 0;
out:
	chain_free(c);
	ERR_clear_error();
	return rc;
}
