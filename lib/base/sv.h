/* tlswarden: base/sv - string views: pointer and length, not NUL-terminated.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure: no I/O, no allocation. A view borrows what it points at; NUL bytes are
 * data. The empty view may have p == NULL. Letters are ASCII letters.
 */
#ifndef BASE_SV_H
#define BASE_SV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct sv {
	const char *p;
	size_t n;
};

/* A view of a string literal, usable in static initialisers. */
/* clang-format off */
#define SV(lit) { (lit), sizeof(lit) - 1 }
/* clang-format on */
/* For printf's "%.*s". */
#define SV_ARG(v) ((int)(v).n), ((v).p != NULL ? (v).p : "")

/* Views the NUL-terminated s; NULL gives the empty view. */
struct sv sv_from(const char *s);
/* Views n bytes at p. */
struct sv sv_make(const char *p, size_t n);

bool sv_eq(struct sv a, struct sv b);
bool sv_eq_nocase(struct sv a, struct sv b);
/* Compares with a C string. */
bool sv_is(struct sv a, const char *s);
bool sv_is_nocase(struct sv a, const char *s);
bool sv_starts(struct sv v, struct sv prefix);
bool sv_ends(struct sv v, struct sv suffix);
/* Like memcmp, a shorter prefix first. */
int sv_cmp(struct sv a, struct sv b);

/* The index of the first or last c in v, or v.n when there is none. */
size_t sv_find(struct sv v, char c);
size_t sv_rfind(struct sv v, char c);
/* v without its first n bytes (all of them when v is shorter). */
struct sv sv_skip(struct sv v, size_t n);
/* The first n bytes of v. */
struct sv sv_head(struct sv v, size_t n);
/* v without blanks, tabs, CR and LF at both ends. */
struct sv sv_trim(struct sv v);
/* Takes the part before the first sep off *in into *head_r. False when *in was
 * empty; the last part needs no sep behind it. */
bool sv_cut(struct sv *in, char sep, struct sv *head_r);
/* Takes the next word (parted by blanks and tabs) off *in. False: no more. */
bool sv_word(struct sv *in, struct sv *word_r);

/* The whole of v as a decimal number, 0 to max, no sign, no blanks, no more
 * than 20 digits. False otherwise; *out_r is then untouched. */
bool sv_to_u64(struct sv v, uint64_t max, uint64_t *out_r) MUST_CHECK;
bool sv_to_u32(struct sv v, uint32_t max, uint32_t *out_r) MUST_CHECK;
/* The value of a hex digit, -1 for any other byte. */
int sv_hex(char c);
/* ASCII lower case. */
char sv_lower(char c);

#endif
