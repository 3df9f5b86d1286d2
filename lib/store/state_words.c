/* tlswarden: store/state_words - the words that state.db has for enums.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stddef.h>

#include "store/state_words.h"

static const char *const mta_words[] = {
	[RECORD_MTA_UNKNOWN] = NULL,
	[RECORD_POSTFIX] = "postfix",
	[RECORD_SENDMAIL] = "sendmail",
};
static const char *const tls_words[] = {
	[RECORD_TLS_UNKNOWN] = "unknown",
	[RECORD_TLS_NONE] = "none",
	[RECORD_TLS_STARTTLS] = "starttls",
	[RECORD_TLS_WRAPPER] = "wrapper",
};
static const char *const source_words[] = {
	[RECORD_FROM_UNKNOWN] = "unknown",
	[RECORD_FROM_MILTER] = "milter",
	[RECORD_FROM_DELEGATION] = "delegation",
	[RECORD_FROM_DSN] = "dsn",
	[RECORD_FROM_SENDMAIL] = "sendmail",
	[RECORD_FROM_PROBE] = "probe",
};

#define N_WORDS(words) (sizeof(words) / sizeof((words)[0]))

const char *
state_mta_word(enum record_mta mta)
{
	return mta_words[mta];
}

const char *
state_tls_word(enum record_tls tls)
{
	return tls_words[tls];
}

const char *
state_source_word(enum record_source source)
{
	return source_words[source];
}

static size_t
find(const char *const *words, size_t n, struct sv word)
{
	for (size_t i = 1; i < n; i++)
		if (sv_is(word, words[i]))
			return i;
	return 0;
}

enum record_mta
state_mta_parse(struct sv word)
{
	return (enum record_mta)find(mta_words, N_WORDS(mta_words), word);
}

enum record_tls
state_tls_parse(struct sv word)
{
	return (enum record_tls)find(tls_words, N_WORDS(tls_words), word);
}

enum record_source
state_source_parse(struct sv word)
{
	return (
	    enum record_source)find(source_words, N_WORDS(source_words), word);
}
