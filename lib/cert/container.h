/* tlswarden: cert/container - what is in a file of certificates.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * PEM blocks with any text around, DER objects in a row, PKCS#7 opened up.
 */
#ifndef CERT_CONTAINER_H
#define CERT_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/sv.h"

enum object_kind {
	OBJECT_OTHER = 0, /* a PEM block of another name, or DER of no kind */
	OBJECT_BROKEN,    /* a PEM block whose inside is not base64 */
	OBJECT_CERT,
	OBJECT_TRUSTED_CERT, /* with OpenSSL's trust settings behind it */
	OBJECT_CRL,
	OBJECT_PKCS7, /* an empty one: what is inside comes by itself */
	OBJECT_KEY,
	OBJECT_PUBLIC_KEY,
	OBJECT_REQUEST,
	OBJECT_PKCS12,
	OBJECT_KINDS
};

struct object {
	enum object_kind kind;
	struct sv der;    /* empty with OBJECT_BROKEN */
	struct sv name;   /* of a PEM block: "CERTIFICATE" */
	size_t line;      /* where the PEM block begins; 0: not PEM */
	bool is_from_set; /* out of a PKCS#7, which has no order */
};

/* Is given each object in turn; views are valid for the call. -1 stops. */
typedef int container_fn(void *arg, const struct object *o, struct err *err_r);

/* Calls fn for each object in bytes. Returns -1 when fn did; 0 also when
 * nothing was found. */
int container_walk(struct sv bytes, container_fn *fn, void *arg,
    struct err *err_r) MUST_CHECK;
/* "a certificate", "a private key", ... */
const char *object_kind_words(enum object_kind k) NONNULL_RETURN;

#endif
