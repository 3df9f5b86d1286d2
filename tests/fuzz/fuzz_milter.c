/* tlswarden: tests/fuzz/fuzz_milter - a session of any events and macros.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The input is lines: the first byte of each is the event, the rest its text;
 * the lines "=NAME VALUE" set macros for the events behind them. Whatever
 * comes, counters add up, replies are sendable, rows are printable.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "fuzz.h"
#include "milter/auth_results.h"
#include "milter/session.h"
#include "table.h"

enum { N_MACROS = 16 };

struct play {
	struct session s;
	struct snapshot *snapshot;
	struct settings settings;
	char *names[N_MACROS], *values[N_MACROS];
	size_t n_macros;
	unsigned n_rcpt, n_violations;
};

static const struct table_row rules[] = {
	{ .sender = "bank.test", .on_failure = "fail" },
	{ .sender = ".gov.test", .level = "secure", .ca = "Test CA" },
	{ .recipient = "audit@us.test", .min_protocol = "TLSv1.2" },
	{ .sender = "<>", .min_bits = 256, .on_failure = "fail" },
	{ .subnet = "192.0.2.0/24",
	    .level = "secure",
	    .cert_name = "*.bank.test:bank.test" },
	{ .mode = "monitor", .level = "secure" },
};

static const char *
get(void *arg, const char *name)
{
	const struct play *p = arg;

	for (size_t i = p->n_macros; i > 0; i--)
		if (strcmp(p->names[i - 1], name) == 0)
			return p->values[i - 1];
	return NULL;
}

static void
set_macro(struct play *p, struct sv line)
{
	struct sv name = sv_head(line, sv_find(line, ' '));

	if (p->n_macros == N_MACROS)
		return;
	p->names[p->n_macros] = mem_svdup(name);
	p->values[p->n_macros++] = mem_svdup(sv_skip(line, name.n + 1));
}

static void
check_printable(struct sv v)
{
	for (size_t i = 0; i < v.n; i++)
		assert(v.p[i] >= ' ' && v.p[i] <= '~');
}

static void
check_violation(void *arg, const struct record_violation *row)
{
	struct play *p = arg;

	p->n_violations++;
	assert(row->reason.n > 0);
	check_printable(row->sender);
	check_printable(row->recipient);
	check_printable(row->text);
	check_printable(row->tls_version);
	check_printable(row->cipher);
	check_printable(row->peer_name);
	check_printable(row->queue_id);
}

/* Sendable: every percent sign is doubled, one line, codes agree. */
static void
check_reply(const struct reply *r)
{
	size_t n = strlen(r->text);

	assert(n > 0 && n <= (size_t)2 * LIMIT_REPLY);
	check_printable(sv_from(r->text));
	for (size_t i = 0; i < n; i++)
		if (r->text[i] == '%')
			assert(r->text[++i] == '%');
	assert(r->code[0] == r->status[0]);
	assert(strcmp(r->code, "550") == 0 || strcmp(r->code, "451") == 0);
}

static void
rcpt(struct play *p, struct sv text, const struct macros *m)
{
	struct session_rcpt with = { p->snapshot, &p->settings, 2000,
		check_violation, p };
	struct reply r;

	if (!session_rcpt(&p->s, text, m, &with, &r))
		check_reply(&r);
	else if (p->s.is_local)
		return;
	p->n_rcpt++;
}

static void
connect_from(struct play *p, struct sv text, const struct macros *m)
{
	struct session_peer peer = { text, false, { 0, { 0 } },
		(uint16_t)text.n };
	struct sv addr = sv_head(text, sv_find(text, ' '));

	peer.has_addr = addr_parse(addr, &peer.addr);
	session_connect(&p->s, &peer, m);
}

static void
event(struct play *p, char kind, struct sv text)
{
	const struct macros m = { get, p };

	if (kind == 'C')
		connect_from(p, text, &m);
	else if (kind == 'H')
		session_helo(&p->s, text, &m);
	else if (kind == 'M')
		session_mail(&p->s, text, &m);
	else if (kind == 'R')
		rcpt(p, text, &m);
	else if (kind == 'E')
		session_eom(&p->s, &m);
	else if (kind == 'A')
		session_abort(&p->s);
	else if (kind == 'L')
		forged_note(&p->s.forged, text, sv_from("mx.us.test"));
	else if (kind == 'P')
		p->settings.addresses = (enum conf_addresses)(text.n % 3);
	else if (kind == '=')
		set_macro(p, text);
}

static void
check_row(struct play *p)
{
	struct record_domain domains[LIMIT_RECORD_DOMAINS];
	struct record_session row;

	assert(p->s.n_accepted + p->s.n_refused == p->n_rcpt);
	assert(p->n_violations >= p->s.n_refused);
	if (!session_row(&p->s, &p->settings, 1, domains, &row))
		return;
	assert(row.n_domains <= LIMIT_RECORD_DOMAINS);
	for (size_t i = 0; i < row.n_domains; i++)
		check_printable(row.domains[i].domain);
	assert((row.n_refused > 0) == (row.refused_reason.n > 0));
	check_printable(row.helo);
	check_printable(row.client_name);
	check_printable(row.daemon);
	check_printable(row.cert_subject);
	check_printable(row.cert_issuer);
	check_printable(row.tls_version);
	check_printable(row.verify);
	check_printable(row.cipher);
}

/* Made once: it is constant, and takes longer than a session. */
static struct snapshot *
the_snapshot(void)
{
	static struct snapshot *snapshot;

	if (snapshot == NULL)
		snapshot =
		    table_snapshot(rules, sizeof(rules) / sizeof(rules[0]));
	return snapshot;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv in = sv_make((const char *)data, size), line;
	struct play *p = mem_zalloc(1, sizeof(*p));

	p->snapshot = the_snapshot();
	session_init(&p->s, size % 7 != 0, 1000, 0);
	while (sv_cut(&in, '\n', &line))
		if (line.n > 0)
			event(p, line.p[0], sv_skip(line, 1));
	check_row(p);
	for (size_t i = 0; i < p->n_macros; i++) {
		free(p->names[i]);
		free(p->values[i]);
	}
	session_free(&p->s);
	free(p);
	return 0;
}
