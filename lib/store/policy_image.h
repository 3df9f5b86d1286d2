/* tlswarden: store/policy_image - a private copy of policy.db, to be read.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The bytes of a database file in memory of our own: nobody else sees it, it
 * holds no lock and never changes. It belongs to one thread at a time.
 */
#ifndef STORE_POLICY_IMAGE_H
#define STORE_POLICY_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "fact/row.h"
#include "store/policy_rows.h"

struct policy_image;

/* Makes an image of n_bytes of a database file at bytes, which were mmapped
 * and are unmapped with the image (taken, on failure too). path stands for it
 * in errors. Checks that it is ours, of a version that this program knows,
 * and has the tables and columns that it needs. Gives. */
int policy_image_new(struct policy_image **image_r, void *bytes, size_t n_bytes,
    const char *path, struct err *err_r) MUST_CHECK;
void policy_image_free(struct policy_image *image);

size_t policy_image_bytes(const struct policy_image *image);

/* As policy_rows_cas and policy_rows_rules. */
int policy_image_each_ca(struct policy_image *image,
    void (*fn)(void *arg, const struct ca_row *row, const char *fault),
    void *arg, struct err *err_r) MUST_CHECK;
int policy_image_each_rule(struct policy_image *image,
    void (*fn)(void *arg, const struct rule_row *row, const char *fault),
    void *arg, struct err *err_r) MUST_CHECK;

/* SQLite's own look at every page and row: for check, slow. */
int
policy_image_verify(struct policy_image *image, struct err *err_r) MUST_CHECK;

/* Writes policy and ca as a small database of their own, to path: a temporary
 * file beside it, synced, renamed. An existing file with the same content is
 * left alone; *is_written_r says which. Mode 0640. */
int policy_image_save(struct policy_image *image, const char *path,
    bool *is_written_r, struct err *err_r) MUST_CHECK;

#endif
