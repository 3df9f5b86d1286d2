/* tlswarden: policyd/desk - gives work to tlswarden-prober, takes its results.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A thread of its own, which answers no mail server; the words are those of
 * probe/work. One prober at a time: a new connection takes the old one's
 * place. The prober talks to the world and is not trusted: only jobs that were
 * given out come back, once, each word of a result is checked, and nothing it
 * does reaches a thread that answers.
 */
#ifndef POLICYD_DESK_H
#define POLICYD_DESK_H

#include "base/conf.h"
#include "base/err.h"
#include "world.h"

struct desk;

/* Opens prober_listen; as root where the socket's group asks for it. Gives
 * (desk_free). -1: it cannot be opened, mail is answered all the same. */
int desk_new(struct desk **d_r, const struct conf *conf, struct err *err_r)
    MUST_CHECK;
/* Starts the thread; world is borrowed until desk_free. */
int desk_start(struct desk *d, const struct world *world,
    const struct conf *conf, struct err *err_r) MUST_CHECK;
/* Takes what a reload changed. */
void desk_configure(struct desk *d, const struct conf *conf);
/* Ends the thread; NULL is allowed. */
void desk_free(struct desk *d);

#endif
