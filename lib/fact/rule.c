/* tlswarden: fact/rule - the words of a rule as enums.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "fact/rule.h"

static const char *const directions[] = { "unknown", "in", "out" };
static const char *const levels[] = { "unknown", "none", "preferred", "encrypt",
	"secure" };
static const char *const on_failures[] = { "tempfail", "fail" };
static const char *const modes[] = { "enforce", "monitor" };
static const char *const versions[] = { "unknown", "SSLv3", "TLSv1", "TLSv1.1",
	"TLSv1.2", "TLSv1.3" };

#define N_WORDS(table) (sizeof(table) / sizeof((table)[0]))

/* The index of word in table from first on, or n. */
static size_t
find(struct sv word, const char *const *table, size_t first, size_t n)
{
	for (size_t i = first; i < n; i++)
		if (sv_is(word, table[i]))
			return i;
	return n;
}

bool
direction_parse(struct sv word, enum direction *r)
{
	size_t i = find(word, directions, 1, N_WORDS(directions));

	if (i == N_WORDS(directions))
		return false;
	*r = (enum direction)i;
	return true;
}

bool
level_parse(struct sv word, enum level *r)
{
	size_t i = find(word, levels, 1, N_WORDS(levels));

	if (i == N_WORDS(levels))
		return false;
	*r = (enum level)i;
	return true;
}

bool
on_failure_parse(struct sv word, enum on_failure *r)
{
	size_t i = find(word, on_failures, 0, N_WORDS(on_failures));

	if (i == N_WORDS(on_failures))
		return false;
	*r = (enum on_failure)i;
	return true;
}

bool
rule_mode_parse(struct sv word, enum rule_mode *r)
{
	size_t i = find(word, modes, 0, N_WORDS(modes));

	if (i == N_WORDS(modes))
		return false;
	*r = (enum rule_mode)i;
	return true;
}

bool
tls_version_parse(struct sv word, enum tls_version *r)
{
	size_t i = find(word, versions, 1, N_WORDS(versions));

	/* OpenSSL says TLSv1, some software TLSv1.0. */
	if (sv_is(word, "TLSv1.0"))
		i = TLS_VERSION_1_0;
	if (i == N_WORDS(versions))
		return false;
	*r = (enum tls_version)i;
	return true;
}

const char *
direction_word(enum direction d)
{
	return (size_t)d < N_WORDS(directions) ? directions[d] : "unknown";
}

const char *
level_word(enum level l)
{
	return (size_t)l < N_WORDS(levels) ? levels[l] : "unknown";
}

const char *
on_failure_word(enum on_failure f)
{
	return (size_t)f < N_WORDS(on_failures) ? on_failures[f] : "unknown";
}

const char *
rule_mode_word(enum rule_mode m)
{
	return (size_t)m < N_WORDS(modes) ? modes[m] : "unknown";
}

const char *
tls_version_word(enum tls_version v)
{
	return (size_t)v < N_WORDS(versions) ? versions[v] : "unknown";
}
