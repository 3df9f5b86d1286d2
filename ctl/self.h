/* tlswarden: ctl/self - the certificates that the installed MTA presents.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * self_postfix and self_sendmail read settings and list identities, each a
 * certificate with its key and where it is set; what cannot be read is a
 * finding. check_self judges and prints them.
 */
#ifndef CTL_SELF_H
#define CTL_SELF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/sv.h"
#include "ctl/check.h"

enum self_role { SELF_SERVER = 0, SELF_CLIENT };

/* All text lives as long as the check's arena; NULL: not set. */
struct identity {
	unsigned mta;        /* CHECK_POSTFIX or CHECK_SENDMAIL */
	enum self_role role; /* presented to clients or to servers */
	const char *setting; /* "smtpd_tls_cert_file" */
	const char *where;   /* "main.cf", "465/inet, smtp/inet" */
	const char *cert_file;
	const char *key_file;
	struct sv certs; /* of smtpd_tls_chain_files: PEM, instead of */
	struct sv key;   /* reading the files, which name then where */
	const char *ca_file;
	const char *ca_path;
	const char *name; /* that it is to carry; NULL: any */
};

struct chain;

struct self {
	struct check *check;
	const char *name;    /* --name; NULL: what the MTA calls itself */
	const char *cf;      /* --cf: sendmail.cf; NULL: the usual place */
	struct chain *known; /* CAs of the table; NULL: none */
	struct identity *v;
	size_t n;
	size_t max;
};

/* Adds an identity, copied; one that differs only in where is joined to the
 * one that is there. */
void self_add(struct self *s, const struct identity *id);
/* A path as the MTA opens it: names that are not absolute start at dir. */
const char *
self_path(struct self *s, const char *dir, struct sv path) NONNULL_RETURN;

/* Each adds what that MTA presents, and findings about its settings. */
void self_postfix(struct self *s);
void self_sendmail(struct self *s);

/* Takes smtpd_tls_chain_files apart: a private key, then its certificate and
 * those above it, then perhaps another key. Adds an identity for each, made
 * from the sample. */
void self_add_chain_files(struct self *s, const struct identity *sample,
    const char *dir, struct sv files);

/* check --self: returns the exit code. */
int check_self(struct check *c, const char *name, const char *cf);

#endif
