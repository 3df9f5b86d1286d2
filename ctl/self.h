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
	const char *show_command; /* prints certs; NULL: cert_file is a file */
	const char *ca_file;
	const char *ca_path;
	bool adds_default_cas; /* OpenSSL's own beside these */
	const char *name;      /* that it is to carry; NULL: any */
};

enum { SELF_CAS_MAX = 200 };

struct chain;

struct self {
	struct check *check;
	const char *name;    /* --name; NULL: what the MTA calls itself */
	const char *cf;      /* --cf: sendmail.cf; NULL: the usual place */
	struct chain *known; /* CAs of the table; NULL: none */
	const char *cas[SELF_CAS_MAX]; /* files and folders looked at */
	size_t n_cas;
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

/* The same for the bytes of such a file; label names them. */
void self_add_chain_bytes(struct self *s, const struct identity *sample,
    const char *label, struct sv bytes);

/* Looks at the CA file or folder of id once, whatever the chain needs of it:
 * settings are "smtpd_tls_CAfile" and "smtpd_tls_CApath". jail is where the
 * MTA is chrooted to; NULL: nowhere. */
void
self_ca_file(struct self *s, const struct identity *id, const char *setting);
void self_ca_path(struct self *s, const struct identity *id,
    const char *setting, const char *jail);

/* Adds an identity for each name of the tables of tls_server_sni_maps, made
 * from the sample. */
void
self_sni_maps(struct self *s, const struct identity *sample, struct sv maps);
/* Looks at the files that tafile= names in the tables of
 * smtp_tls_policy_maps. */
void self_policy_maps(struct self *s, const struct identity *sample,
    const char *dir, struct sv maps);
/* Adds the certificates that TLS_Srv_Features and TLS_Clt_Features of the
 * access map of sendmail.cf name. */
void
self_access_map(struct self *s, const struct identity *sample, struct sv cf);

/* check --self: returns the exit code. */
int check_self(struct check *c, const char *name, const char *cf);

#endif
