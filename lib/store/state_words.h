/* tlswarden: store/state_words - the words that state.db has for enums.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef STORE_STATE_WORDS_H
#define STORE_STATE_WORDS_H

#include "fact/record.h"

/* NULL for an unknown MTA: stored as NULL. */
const char *state_mta_word(enum record_mta mta);
const char *state_tls_word(enum record_tls tls);
const char *state_source_word(enum record_source source);

/* The other way round; the unknown one for any other word. */
enum record_mta state_mta_parse(struct sv word);
enum record_tls state_tls_parse(struct sv word);
enum record_source state_source_parse(struct sv word);

#endif
