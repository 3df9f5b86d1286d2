/* tlswarden: milter/macros - how the pure part asks the MTA for a macro.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * libmilter, a test's table or a fuzzer's bytes stand behind it.
 */
#ifndef MILTER_MACROS_H
#define MILTER_MACROS_H

#include "base/sv.h"

struct macros {
	/* The value of the macro, which is valid until the callback returns;
	 * NULL when the MTA did not give it. The name has its braces:
	 * "{tls_version}", but "v", "i". */
	const char *(*get)(void *arg, const char *name);
	void *arg;
};

/* The value, or the empty view with p == NULL. */
struct sv macros_get(const struct macros *m, const char *name);

#endif
