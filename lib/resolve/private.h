/* tlswarden: resolve/private - the inside of a resolver.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * For the other files of resolve.
 */
#ifndef RESOLVE_PRIVATE_H
#define RESOLVE_PRIVATE_H

#include <unbound.h>

struct resolver {
	struct ub_ctx *ctx;
};

#endif
