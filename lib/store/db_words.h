/* tlswarden: store/db_words - a failure of SQLite in words, with the way out.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef STORE_DB_WORDS_H
#define STORE_DB_WORDS_H

#include <stdbool.h>

#include "base/err.h"
#include "store/db.h"

/* Puts the sentence for st's last failure into err_r; returns -1. */
int db_words(struct store *st, struct err *err_r);
/* True if the header of the open file says write-ahead log. Reads through
 * SQLite's own descriptor, without a lock. */
bool db_is_wal(struct store *st);
/* True if a journal with something in it lies beside the file. */
bool db_has_journal(const struct store *st);

#endif
