/* tlswarden: ctl/ask - one lookup in a socketmap, as a mail server does it.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef CTL_ASK_H
#define CTL_ASK_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/endpoint.h"
#include "base/err.h"
#include "wire/socketmap.h"

enum { ASK_MSECS = 5000 };

/* Asks the map at ep about key and waits ASK_MSECS for each step. The text of
 * the reply is added to out. -1: nobody answers there (EX_UNAVAILABLE), or no
 * socketmap (EX_PROTOCOL). */
int ask_socketmap(const struct endpoint *ep, const char *map, struct sv key,
    enum socketmap_word *word_r, struct buf *out, struct err *err_r) MUST_CHECK;
/* 0: somebody listens there. -1: nobody does (EX_UNAVAILABLE). */
int ask_listens(const struct endpoint *ep, struct err *err_r) MUST_CHECK;

#endif
