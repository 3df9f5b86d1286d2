/* tlswarden: ctl/ca_set - the certificates of one CA, described.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CTL_CA_SET_H
#define CTL_CA_SET_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "cert/info.h"
#include "ctl/command.h"

struct chain;

struct ca_set {
	struct chain *chain; /* each certificate once */
	struct cert_info *infos;
	size_t n;
	size_t max;
	struct arena mem;
};

void ca_set_init(struct ca_set *set);
void ca_set_done(struct ca_set *set);
/* Adds what is in the file, or in the column of that CA. -1: not readable. */
int ca_set_add_file(struct ca_set *set, const char *path, struct err *err_r)
    MUST_CHECK;
int ca_set_add_pem(struct ca_set *set, struct sv pem, const char *label,
    struct err *err_r) MUST_CHECK;
/* Adds all of the chain, borrowed. -1: too many. */
int ca_set_add_chain(struct ca_set *set, const struct chain *from,
    struct err *err_r) MUST_CHECK;

/* -1 names the first certificate that is no CA's or has expired. */
int ca_set_check(const struct ca_set *set, int64_t now, struct err *err_r)
    MUST_CHECK;
/* The subject of a certificate that does not lead to a root of the set; NULL:
 * all do. */
const char *ca_set_rootless(const struct ca_set *set);
/* The first expiry; INT64_MAX when empty. */
int64_t ca_set_expiry(const struct ca_set *set);
/* Adds all as PEM. */
void ca_set_pem(const struct ca_set *set, struct buf *out);

void ca_set_print(const struct app *app, const struct ca_set *set);
json_t *ca_set_json(const struct ca_set *set) NONNULL_RETURN MUST_CHECK;

#endif
