/* tlswarden: milter/app - what the parts of tlswarden-milter share.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * One struct, made by main, constant but for the atomics. Callbacks reach it
 * from libmilter's threads through callbacks.c alone.
 */
#ifndef MILTER_APP_H
#define MILTER_APP_H

#include <stdatomic.h>

#include "base/conf.h"
#include "daemon/listener.h"
#include "daemon/recorder.h"
#include "daemon/source.h"
#include "milter/live.h"
#include "milter/settings.h"

struct app {
	struct conf *conf; /* at start; what a reload changes is in settings */
	_Atomic(struct settings *) settings;
	struct listener listener;
	struct source *source;
	struct recorder *recorder; /* NULL before serve() */
	struct live live;
	atomic_ullong n_sessions, n_refused;
	atomic_bool is_done; /* smfi_main has returned */
};

#endif
