/* tlswarden: policyd/ticket - what stands for a connection that waits.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A connection may go while something is looked for on its behalf. So nobody
 * else holds a pointer to it but a ticket, which only its worker can turn into
 * the connection, if that is still there and still waits. One worker's; no
 * locks.
 */
#ifndef POLICYD_TICKET_H
#define POLICYD_TICKET_H

#include <stddef.h>
#include <stdint.h>

struct conn;

struct ticket {
	uint32_t slot;
	uint32_t generation; /* a slot is used again */
};

struct tickets {
	struct ticket_slot *v;
	uint32_t n, free; /* free: the first of a list, n: none */
};

void tickets_init(struct tickets *t);
void tickets_done(struct tickets *t);
/* The ticket that the next call of tickets_take gives away. */
struct ticket tickets_next(struct tickets *t);
void tickets_take(struct tickets *t, struct conn *c);
/* Ends a ticket; gives the connection that has it, or NULL: it has gone. */
struct conn *tickets_end(struct tickets *t, struct ticket ticket);

#endif
