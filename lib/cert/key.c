/* tlswarden: cert/key - whether a private key belongs to a certificate.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sysexits.h>

#include "base/file.h"
#include "base/limits.h"
#include "cert/load.h"
#include "base/banned.h"

/* No terminal is asked: an MTA cannot answer either. */
static int
no_passphrase(char *text UNUSED, int size UNUSED, int is_writing UNUSED,
    void *arg)
{
	*(bool *)arg = true;
	return -1;
}

static EVP_PKEY *
read_key(struct sv bytes, bool *is_encrypted_r)
{
	BIO *bio = BIO_new_mem_buf(bytes.p, (int)bytes.n);
	EVP_PKEY *key = NULL;

	*is_encrypted_r = false;
	if (bio != NULL)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase,
		    is_encrypted_r);
	if (key == NULL && bio != NULL && BIO_reset(bio) == 1)
		key = d2i_PrivateKey_bio(bio, NULL);
	BIO_free(bio);
	return key;
}

int
chain_matches_key_bytes(const struct chain *c, size_t i, struct sv bytes,
    const char *label, struct err *err_r)
{
	X509 *x = chain_x509(c, i);
	bool is_encrypted = false;
	EVP_PKEY *key = read_key(bytes, &is_encrypted);
	int rc = -1;

	if (key == NULL && is_encrypted)
		(void)err_set(err_r, EX_DATAERR,
		    "%s: the private key is encrypted; a mail server cannot "
		    "ask for its pass phrase",
		    label);
	else if (key == NULL)
		(void)err_set(err_r, EX_DATAERR,
		    "%s: no private key that can be read in it", label);
	else if (x == NULL)
		(void)err_set(err_r, EX_DATAERR,
		    "%s: there is no certificate to compare it with", label);
	else
		rc = X509_check_private_key(x, key) == 1 ? 1 : 0;
	EVP_PKEY_free(key);
	ERR_clear_error();
	return rc;
}

int
chain_matches_key(const struct chain *c, size_t i, const char *key_path,
    struct err *err_r)
{
	struct buf bytes;
	int rc = -1;

	buf_init(&bytes, LIMIT_CERT_FILE);
	if (file_read(key_path, &bytes, err_r) == 0)
		rc = chain_matches_key_bytes(c, i, buf_sv(&bytes), key_path,
		    err_r);
	if (bytes.p != NULL)
		OPENSSL_cleanse(bytes.p, bytes.n);
	buf_free(&bytes);
	return rc;
}
