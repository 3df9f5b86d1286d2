/* tlswarden: milter/session - one SMTP session, from CONNECT to its end.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure: libmilter, clock, snapshot and recorder are handed in, so that tests
 * and fuzzers play any order of events. No order of events and no bytes break
 * it: the MTA is not trusted to be sane. Never waits.
 */
#ifndef MILTER_SESSION_H
#define MILTER_SESSION_H

#include "milter/auth_results.h"
#include "milter/domains.h"
#include "milter/facts.h"
#include "milter/reply.h"
#include "milter/settings.h"
#include "policy/inbound.h"

struct session {
	struct session *prev, *next; /* milter/live */
	int64_t began_secs;          /* since 1970 */
	int64_t began_msecs;         /* on the clock that never jumps */
	enum record_mta mta;
	enum record_tls tls; /* unknown until told */
	bool is_asked;       /* the MTA sends the macros that we want */
	bool is_local;       /* none: Postfix plays one for sendmail(1) */
	bool has_headers;    /* the MTA sends them: ours is to be added */
	bool was_connected;
	bool was_greeted;
	bool reached_mail;
	bool is_authenticated;
	struct buf daemon, client_name, client_addr, helo;
	struct buf queue_id;      /* of this message */
	struct buf last_queue_id; /* that any message had */
	uint16_t client_port;
	struct facts facts;     /* at the last MAIL */
	struct inbound inbound; /* the current sender and recipient */
	struct buf sender;      /* as written, printable, without <> */
	struct buf recipient;
	struct domains domains;
	uint32_t n_messages, n_accepted, n_refused;
	struct judgement refused; /* the last; its rule is not kept */
	struct forged forged;     /* headers of this message */
	struct buf row;           /* what a row views, printable */
};

/* CONNECT. Borrows all. */
struct session_peer {
	struct sv name;
	bool has_addr;
	struct addr addr;
	uint16_t port;
};

void session_init(struct session *s, bool is_asked, int64_t now_secs,
    int64_t now_msecs);
void session_free(struct session *s);

void session_connect(struct session *s, const struct session_peer *peer,
    const struct macros *m);
void session_helo(struct session *s, struct sv name, const struct macros *m);
/* sender with or without <>. */
void session_mail(struct session *s, struct sv sender, const struct macros *m);

/* What RCPT needs from outside. fn hears of each violation, enforced or
 * watched; the row is valid for the call. */
struct session_rcpt {
	const struct snapshot *snapshot;
	const struct settings *settings;
	int64_t now_secs;
	void (*violation)(void *arg, const struct record_violation *row);
	void *arg;
};

/* Judges one recipient. True: accept; false: *reply_r says no. */
bool
session_rcpt(struct session *s, struct sv recipient, const struct macros *m,
    const struct session_rcpt *with, struct reply *reply_r);
/* End of message; it is accepted as far as we are concerned. */
void session_eom(struct session *s, const struct macros *m);
/* HELO or MAIL tells of TLS now, and recipients were judged in clear before:
 * what was counted is a row of its own, to be written before that event goes
 * to the session, or a dry run would judge all of it as encrypted. */
bool session_begins_tls(const struct session *s, const struct macros *m);
/* Begins the row of what is left. */
void session_next_row(struct session *s, int64_t now_secs, int64_t now_msecs);
/* RSET, EHLO, or the MTA gave up: the envelope is void, the session goes on. */
void session_abort(struct session *s);

/* Shared by the files of this module. */
void session_note_queue_id(struct session *s, const struct macros *m);
void session_keep_address(struct buf *b, struct sv address);
/* *address is what the client wrote. Postfix takes comments, quotes and routes
 * there and tells in this macro whose address it read; Sendmail's macro has
 * not the domains that are its own, so what was written counts. */
enum inbound_form session_address(const struct session *s,
    const struct macros *m, const char *macro, struct sv *address);

/* The row of the session, if it is to be recorded; views are valid as long as
 * s. domains is room for LIMIT_RECORD_DOMAINS of them. */
bool session_row(struct session *s, const struct settings *settings,
    int64_t now_msecs, struct record_domain *domains,
    struct record_session *row_r);

#endif
