/* tlswarden: base/endpoint - where a daemon listens, as written by a person.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure: no I/O, no allocation; a struct endpoint holds everything by value.
 * Spellings: unix:PATH[,mode=0660][,group=NAME] or local:PATH (the milter
 * world's word), inet:ADDRESS:PORT, inet:[IPv6]:PORT, and PORT@ADDRESS behind
 * inet: or inet6:. ADDRESS is a literal or localhost (127.0.0.1).
 */
#ifndef BASE_ENDPOINT_H
#define BASE_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/sv.h"

enum {
	ENDPOINT_PATH_MAX = 108,  /* sun_path of unix(7), its NUL included */
	ENDPOINT_GROUP_MAX = 33,  /* LOGIN_NAME_MAX of useradd(8), and a NUL */
	ENDPOINT_HOST_MAX = 46,   /* INET6_ADDRSTRLEN */
	ENDPOINT_TEXT_MAX = 256,  /* any endpoint as text */
	ENDPOINT_MODE_UNSET = -1, /* the listener's default applies */
};

enum endpoint_kind { ENDPOINT_NONE = 0, ENDPOINT_UNIX, ENDPOINT_INET };

struct endpoint {
	enum endpoint_kind kind;
	char path[ENDPOINT_PATH_MAX];   /* unix: absolute */
	char group[ENDPOINT_GROUP_MAX]; /* unix: empty when not given */
	int mode;                       /* unix: 0 to 0777, or MODE_UNSET */
	char host[ENDPOINT_HOST_MAX];   /* inet: address literal, no brackets */
	bool is_ipv6;
	uint16_t port; /* inet: 1 to 65535 */
};

/* Parses one spelling. -1: the sentence says what is allowed, *ep_r is
 * untouched. */
int endpoint_parse(struct sv text, struct endpoint *ep_r, struct err *err_r)
    MUST_CHECK;
/* Like endpoint_parse for ADDRESS:PORT with or without inet: in front. */
int endpoint_parse_inet(struct sv text, struct endpoint *ep_r,
    struct err *err_r) MUST_CHECK;
/* Parses "0660": three or four octal digits, 0 to 0777. */
bool endpoint_mode_parse(struct sv text, int *mode_r) MUST_CHECK;
/* Adds the canonical spelling, which endpoint_parse reads back. */
void endpoint_format(const struct endpoint *ep, struct buf *out);
/* Adds what smfi_setconn(3) takes: local:PATH or inet:PORT@ADDRESS. */
void endpoint_format_milter(const struct endpoint *ep, struct buf *out);

#endif
