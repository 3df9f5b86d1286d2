/* tlswarden: resolve/answer - what an answer of libunbound says.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * For the other files of resolve. Pure.
 */
#ifndef RESOLVE_ANSWER_H
#define RESOLVE_ANSWER_H

#include <unbound.h>

#include "resolve/resolve.h"

enum { CLASS_IN = 1, TYPE_A = 1, TYPE_MX = 15, TYPE_AAAA = 28 };

/* What came of a question. */
struct answer {
	struct ub_result *result; /* NULL: none in time, or an error */
	int error;                /* libunbound's, 0: none */
};

/* RESOLVE_OK: there is data. Else err_r says what DNS said of that type. */
enum resolve_status answer_judge(const struct answer *a, const char *name,
    const char *type, struct err *err_r) MUST_CHECK;
/* Reads MX records into a zeroed list, sorted. */
enum resolve_status answer_mx(const struct ub_result *result,
    const char *domain, struct mx_list *list, struct err *err_r) MUST_CHECK;
/* Reads record i; false if it is no address of that family. */
bool answer_addr(const struct ub_result *result, size_t i, uint8_t family,
    struct addr *a_r) MUST_CHECK;
uint32_t answer_ttl(const struct ub_result *result);

#endif
