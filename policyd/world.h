/* tlswarden: policyd/world - what all workers share.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef POLICYD_WORLD_H
#define POLICYD_WORLD_H

#include <stdatomic.h>

#include "daemon/probe_cache.h"
#include "daemon/recorder.h"
#include "daemon/source.h"
#include "finder.h"

struct world {
	struct source *src;
	struct finder *finder;
	struct recorder *recorder;  /* NULL: no ledger is kept */
	struct probe_cache *probes; /* NULL: nothing is known */
	atomic_uint addresses;      /* enum conf_addresses; a reload sets it */
};

#endif
