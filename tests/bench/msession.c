/* tlswarden: bench/msession - one SMTP session as Postfix tells it to a milter.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <arpa/inet.h>
#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>
#include <string.h>

#include "msession.h"

#define NEVER UINT32_MAX
#define TLS_MACROS                                                   \
	"{tls_version}\0TLSv1.3\0{cipher}\0TLS_AES_256_GCM_SHA384\0" \
	"{cipher_bits}\0"                                            \
	"256\0"                                                      \
	"{cert_subject}\0mail.sender.example\0{cert_issuer}\0Some CA\0"
#define CONNECT_MACROS                                        \
	"j\0mx.recipient.example\0{daemon_name}\0smtpd\0"     \
	"{daemon_addr}\0"                                     \
	"198.51.100.7\0v\0Postfix 3.7.11\0"                   \
	"_\0mail.sender.example [192.0.2.1]\0{client_port}\0" \
	"45012\0"
#define ID_MACRO "i\0004ZqX2k1Y3cz9sN\0"

/* In order. no: the filter can opt out; nr: it can leave out its reply; NEVER
 * there: it never replies. */
static const struct step {
	char command;
	uint32_t no, nr;
	struct sv macros;
} steps[] = {
	{ SMFIC_OPTNEG, 0, 0, { 0 } },
	{ SMFIC_CONNECT, SMFIP_NOCONNECT, SMFIP_NR_CONN, SV(CONNECT_MACROS) },
	{ SMFIC_HELO, SMFIP_NOHELO, SMFIP_NR_HELO, { 0 } },
	{ SMFIC_ABORT, 0, NEVER, { 0 } },
	{ SMFIC_HELO, SMFIP_NOHELO, SMFIP_NR_HELO, SV(TLS_MACROS) },
	{ SMFIC_MAIL, SMFIP_NOMAIL, SMFIP_NR_MAIL, SV(TLS_MACROS) },
	{ SMFIC_RCPT, SMFIP_NORCPT, SMFIP_NR_RCPT, SV(TLS_MACROS ID_MACRO) },
	{ SMFIC_DATA, SMFIP_NODATA, SMFIP_NR_DATA, SV(ID_MACRO) },
	{ SMFIC_HEADER, SMFIP_NOHDRS, SMFIP_NR_HDR, { 0 } },
	{ SMFIC_EOH, SMFIP_NOEOH, SMFIP_NR_EOH, SV(ID_MACRO) },
	{ SMFIC_BODY, SMFIP_NOBODY, SMFIP_NR_BODY, { 0 } },
	{ SMFIC_BODYEOB, 0, 0, SV(ID_MACRO) },
	{ SMFIC_ABORT, 0, NEVER, { 0 } },
	{ SMFIC_QUIT, 0, NEVER, { 0 } },
};
enum { N_STEPS = sizeof(steps) / sizeof(steps[0]), STEP_LEAVE = N_STEPS - 2 };

static void
add_u32(struct buf *out, uint32_t x)
{
	x = htonl(x);
	buf_add(out, sv_make((const char *)&x, sizeof(x)));
}

/* A packet: its length, the command, two strings of data. */
static void
add_packet(struct buf *out, char command, struct sv a, struct sv b)
{
	add_u32(out, (uint32_t)(1 + a.n + b.n));
	buf_addc(out, command);
	buf_add(out, a);
	buf_add(out, b);
}

static void
add_negotiation(struct buf *out)
{
	add_u32(out, 13);
	buf_addc(out, SMFIC_OPTNEG);
	add_u32(out, SMFI_PROT_VERSION);
	add_u32(out, SMFI_CURR_ACTS);
	add_u32(out, SMFI_CURR_PROT);
}

/* "<", the address, ">" and a NUL. */
static void
add_path(struct buf *out, char command, struct sv address)
{
	add_u32(out, (uint32_t)(address.n + 4));
	buf_addc(out, command);
	buf_addc(out, '<');
	buf_add(out, address);
	buf_add(out, sv_make(">", 2));
}

/* The client's name, the family, its port, its address. */
static void
add_connect(struct buf *out, struct sv client)
{
	static const char name[] = "mail.sender.example";

	add_u32(out, (uint32_t)(1 + sizeof(name) + 3 + client.n + 1));
	buf_addc(out, SMFIC_CONNECT);
	buf_add(out, sv_make(name, sizeof(name)));
	buf_addc(out,
	    sv_find(client, ':') < client.n ? SMFIA_INET6 : SMFIA_INET);
	buf_add(out, sv_make("\257\324", 2));
	buf_add(out, client);
	buf_addc(out, '\0');
}

static void
add_command(const struct msession *s, char command, struct buf *out)
{
	static const char header[] = "Subject\0a message";
	static const char helo[] = "mail.sender.example";
	static const char body[] = "Hello\r\n";
	struct sv none = { 0 };

	switch (command) {
	case SMFIC_OPTNEG:
		add_negotiation(out);
		break;
	case SMFIC_CONNECT:
		add_connect(out, s->client);
		break;
	case SMFIC_HELO:
		add_packet(out, command, sv_make(helo, sizeof(helo)), none);
		break;
	case SMFIC_MAIL:
		add_path(out, command, s->sender);
		break;
	case SMFIC_RCPT:
		add_path(out, command, sv_from("someone@recipient.example"));
		break;
	case SMFIC_HEADER:
		add_packet(out, command, sv_make(header, sizeof(header)), none);
		break;
	case SMFIC_BODY:
		add_packet(out, command, sv_make(body, sizeof(body) - 1), none);
		break;
	default:
		add_packet(out, command, none, none);
		break;
	}
}

void
msession_start(struct msession *s, struct sv client, struct sv sender)
{
	s->client = client;
	s->sender = sender;
	s->step = 0;
	s->steps = 0;
	s->actions = 0;
	s->was_refused = false;
	s->n = 0;
}

bool
msession_is_negotiated(const struct msession *s)
{
	return s->step > 1;
}

static uint32_t
u32_at(const char *p)
{
	uint32_t x;

	memcpy(&x, p, sizeof(x));
	return ntohl(x);
}

/* Judges the reply packet at the head of s->in; *size_r is its size. */
static enum msession_status
take_reply(struct msession *s, size_t *size_r)
{
	size_t size = s->n < 5 ? 0 : (size_t)u32_at(s->in) + 4;
	bool is_first = s->step == 1;

	if (size > sizeof(s->in) || (s->n >= 5 && size < 5))
		return MSESSION_BROKEN;
	if (size == 0 || s->n < size)
		return MSESSION_WAIT;
	*size_r = size;
	if (s->in[4] == '\0' || is_first != (s->in[4] == SMFIC_OPTNEG) ||
	    (is_first && size < 17))
		return MSESSION_BROKEN;
	if (is_first) {
		s->actions = u32_at(s->in + 9);
		s->steps = u32_at(s->in + 13);
		return MSESSION_DONE;
	}
	if (strchr("+-2behilmpq", s->in[4]) != NULL)
		return MSESSION_WAIT; /* a change or progress, not the reply */
	if (strchr("cs", s->in[4]) != NULL)
		return MSESSION_DONE;
	if (strchr("adrty4f", s->in[4]) == NULL)
		return MSESSION_BROKEN;
	s->was_refused = strchr("ad", s->in[4]) == NULL;
	s->step = STEP_LEAVE;
	return MSESSION_DONE;
}

/* Whether the reply that is waited for has come; it is then gone from in. */
static enum msession_status
await(struct msession *s)
{
	enum msession_status st;

	do {
		size_t size = 0;

		st = take_reply(s, &size);
		s->n -= size;
		memmove(s->in, s->in + size, s->n);
		if (size == 0)
			break;
	} while (st == MSESSION_WAIT);
	/* A filter speaks only when it was spoken to. */
	return st == MSESSION_DONE && s->n > 0 ? MSESSION_BROKEN : st;
}

enum msession_status
msession_run(struct msession *s, struct buf *out)
{
	enum msession_status st = s->step == 0 ? MSESSION_DONE : await(s);

	if (st != MSESSION_DONE)
		return st;
	while (s->step < N_STEPS) {
		const struct step *now = &steps[s->step++];

		if (now->macros.n > 0)
			add_packet(out, SMFIC_MACRO, sv_make(&now->command, 1),
			    now->macros);
		if ((s->steps & now->no) != 0)
			continue;
		add_command(s, now->command, out);
		if (now->nr != NEVER && (s->steps & now->nr) == 0)
			return MSESSION_WAIT;
	}
	return MSESSION_DONE;
}
