/* tlswarden: daemon/signals - which thread gets them.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>

#include "daemon/signals.h"

static void
change(int how)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1,
		SIGUSR2 };
	sigset_t set;
	int rc;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		(void)sigaddset(&set, numbers[i]);
	rc = pthread_sigmask(how, &set, NULL);
	assert(rc == 0);
}

void
signals_block(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	change(SIG_BLOCK);
}

void
signals_unblock(void)
{
	change(SIG_UNBLOCK);
}
