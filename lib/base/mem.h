/* tlswarden: base/mem - allocation that ends the program when memory is out.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Every size that a peer can influence has a maximum in base/limits.h, so no
 * peer can reach the end. Free with free().
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

#include "base/attr.h"
#include "base/sv.h"

/* Each gives memory (caller frees), never NULL. Counts that overflow abort. */
void *mem_alloc(size_t size) NONNULL_RETURN MUST_CHECK;
void *mem_zalloc(size_t count, size_t size) NONNULL_RETURN MUST_CHECK;
void *mem_realloc(void *p, size_t count, size_t size) NONNULL_RETURN MUST_CHECK;
char *mem_strdup(const char *s) NONNULL_RETURN MUST_CHECK;
/* Memory for a large table that is read at random: aligned to its pages, and
 * the system is asked for large ones. */
void *mem_table(size_t size) NONNULL_RETURN MUST_CHECK;
/* Gives v as a NUL-terminated string; NUL bytes inside v end it early. */
char *mem_svdup(struct sv v) NONNULL_RETURN MUST_CHECK;

#endif
