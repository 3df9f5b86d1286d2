/* tlswarden: ctl/explain - reads the question from the command line.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/explain.h"
#include "ctl/rule.h"
#include "policy/lookup.h"
#include "base/banned.h"

static int
take_direction(struct question *q, const struct args *args, struct err *err_r)
{
	const char *word = args_get(args, "direction");

	if (word == NULL)
		return err_set(err_r, EX_USAGE,
		    "--direction in (mail we receive) or out (mail we "
		    "deliver) is needed, or the number of a rule");
	if (!direction_parse(sv_from(word), &q->direction))
		return err_set(err_r, EX_USAGE,
		    "--direction: \"%s\" is neither in nor out", word);
	return 0;
}

/* --peer takes several addresses, parted by commas: those of all MX hosts. */
static int
take_peers(struct question *q, const struct args *args, struct err *err_r)
{
	const char *text = args_get(args, "peer");
	struct sv rest = sv_from(text), part;

	if (text == NULL)
		return 0;
	while (sv_cut(&rest, ',', &part)) {
		if (q->n_peers == EXPLAIN_PEERS)
			return err_set(err_r, EX_USAGE,
			    "--peer: at most %d addresses", EXPLAIN_PEERS);
		if (!addr_parse(sv_trim(part), &q->peers[q->n_peers++]))
			return err_set(err_r, EX_USAGE,
			    "--peer: \"%.*s\" is no IP address", SV_ARG(part));
	}
	q->peer_text = text;
	if (q->n_peers > 0 &&
	    (q->direction == DIRECTION_OUT || q->n_peers == 1))
		return 0;
	return err_set(err_r, EX_USAGE,
	    "--peer: a session has one client address");
}

static int
take_bits(struct question *q, const struct args *args, struct err *err_r)
{
	const char *bits = args_get(args, "bits");

	if (bits == NULL || sv_to_u32(sv_from(bits), 65535, &q->tls.bits))
		return 0;
	return err_set(err_r, EX_USAGE, "--bits: \"%s\" is no number", bits);
}

static int
take_version(struct question *q, const struct args *args, struct err *err_r)
{
	const char *version = args_get(args, "tls-version");

	if (version == NULL ||
	    tls_version_parse(sv_from(version), &q->tls.version))
		return 0;
	return err_set(err_r, EX_USAGE,
	    "--tls-version: \"%s\" is none of TLSv1, TLSv1.1, TLSv1.2, "
	    "TLSv1.3",
	    version);
}

static struct sv
view(const struct args *args, const char *name)
{
	const char *text = args_get(args, name);

	return text != NULL ? sv_from(text) : sv_make(NULL, 0);
}

/* True if the only fact is Sendmail's word for a session without TLS. */
static bool
is_clear(const struct args *args)
{
	struct sv verify = view(args, "verify");

	return (sv_is(verify, "NONE") || sv_is(verify, "CLEAR")) &&
	    !args_has(args, "tls-version") && !args_has(args, "cipher") &&
	    !args_has(args, "bits");
}

/* The facts of a session, in the words of either MTA. */
static int
take_facts(struct question *q, const struct args *args, struct err *err_r)
{
	static const char *const names[] = { "tls-version", "cipher", "bits",
		"verify", "subject", "issuer", "fingerprint" };
	struct tls_facts *t = &q->tls;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		q->has_tls = q->has_tls || args_has(args, names[i]);
	q->has_tls = q->has_tls && !is_clear(args);
	t->state = q->has_tls ? TLS_STATE_ON : TLS_STATE_NONE;
	if (take_version(q, args, err_r) != 0 || take_bits(q, args, err_r) != 0)
		return -1;
	t->cipher = view(args, "cipher");
	t->verify = view(args, "verify");
	t->subject = view(args, "subject");
	t->issuer = view(args, "issuer");
	t->cert_fingerprint = view(args, "fingerprint");
	t->key_fingerprint = t->cert_fingerprint;
	t->has_fingerprints = t->cert_fingerprint.p != NULL;
	t->name_form = sv_starts(t->subject, sv_from("/")) ||
		sv_starts(t->issuer, sv_from("/")) || t->verify.p != NULL
	    ? NAME_FORM_DN
	    : NAME_FORM_CN;
	t->cert = t->verify.p != NULL
	    ? cert_state_of_verify(t->verify)
	    : cert_state_of_names(t->subject, t->issuer);
	return 0;
}

static int
ask_inbound(struct question *q, struct err *err_r)
{
	if (q->nexthop != NULL)
		return err_set(err_r, EX_USAGE,
		    "--nexthop belongs to --direction out");
	inbound_init(&q->in);
	if (q->sender != NULL)
		inbound_sender(&q->in, sv_from(q->sender), INBOUND_READ);
	if (q->recipient != NULL)
		inbound_recipient(&q->in, sv_from(q->recipient), INBOUND_READ);
	q->in.has_client = q->n_peers > 0;
	q->in.client = q->peers[0];
	q->in.tls = &q->tls;
	q->query = inbound_query(&q->in);
	return 0;
}

/* The next hop is what was given, or the recipient's domain. */
static int
find_hop(struct question *q, struct err *err_r)
{
	struct sv hop = sv_from(q->nexthop);

	if (q->nexthop == NULL && q->recipient == NULL)
		return err_set(err_r, EX_USAGE,
		    "--recipient or --nexthop is needed with --direction out");
	if (q->nexthop == NULL) {
		hop = sv_from(q->recipient);
		if (sv_rfind(hop, '@') < hop.n)
			hop = sv_skip(hop, sv_rfind(hop, '@') + 1);
	}
	if (hop.n == 0 || hop.n > LIMIT_NEXTHOP ||
	    party_nexthop(&q->hop, hop) != PARTY_OK)
		return err_set(err_r, EX_USAGE,
		    "\"%.*s\" is no next hop: write a domain, [host], "
		    "host:port or [host]:port",
		    SV_ARG(sv_head(hop, 128)));
	(void)snprintf(q->hop_text, sizeof(q->hop_text), "%.*s", SV_ARG(hop));
	return 0;
}

static int
ask_outbound(struct question *q, struct err *err_r)
{
	if (q->has_tls && q->tls.has_fingerprints)
		return err_set(err_r, EX_USAGE,
		    "with --direction out the facts of a session are those "
		    "that Sendmail tells, and it tells no --fingerprint; "
		    "Postfix asks before it connects");
	/* Sendmail has always a word; who gives none claims nothing. */
	if (q->has_tls && q->tls.verify.n == 0) {
		q->tls.verify = sv_from("FAIL");
		q->tls.cert = cert_state_of_verify(q->tls.verify);
		q->tls.name_form = NAME_FORM_DN;
	}
	if (find_hop(q, err_r) != 0)
		return -1;
	party_none(&q->absent);
	q->has_address = q->recipient != NULL &&
	    party_address(&q->address, sv_from(q->recipient)) == PARTY_OK &&
	    party_user(&q->address).n > 0;
	if (q->hop.is_literal && q->n_peers > 0)
		return err_set(err_r, EX_USAGE,
		    "--peer: the next hop is an address itself");
	return 0;
}

static int
take_question(struct question *q, const struct args *args, struct err *err_r)
{
	if (take_direction(q, args, err_r) != 0 ||
	    take_peers(q, args, err_r) != 0 || take_facts(q, args, err_r) != 0)
		return -1;
	q->sender = args_get(args, "sender");
	q->recipient = args_get(args, "recipient");
	q->nexthop = args_get(args, "nexthop");
	return q->direction == DIRECTION_IN ? ask_inbound(q, err_r)
					    : ask_outbound(q, err_r);
}

static int
explain_question(struct app *app, const struct args *args, struct err *err_r)
{
	struct explanation e;
	int code = -1;

	memset(&e, 0, sizeof(e));
	arena_init(&e.mem);
	e.app = app;
	e.shows_all = args_has(args, "all");
	if (take_question(&e.q, args, err_r) == 0 &&
	    load_served(app, &e.table, err_r) == 0) {
		explain_answer(&e);
		if (app->json)
			explain_print_json(&e);
		else
			explain_print_text(&e);
		code = e.code;
	}
	servers_drop(e.servers);
	loaded_done(&e.table);
	arena_free(&e.mem);
	return code;
}

static int
explain_run(struct app *app, const struct args *args)
{
	struct err err = { 0 };
	int code;

	if (args->n_operands == 1)
		return rule_tell(app, args->operands[0]);
	code = explain_question(app, args, &err);
	if (code >= 0)
		return code;
	return args_fail(args, &err);
}

static const struct option_spec options[] = {
	{ "direction", "in|out", "mail we receive, or mail we deliver", 0 },
	{ "sender", "ADDRESS", "the envelope sender; <> is the null sender",
	    0 },
	{ "recipient", "ADDRESS", "the envelope recipient", 0 },
	{ "nexthop", "NEXTHOP", "out: the next hop as Postfix asks for it", 0 },
	{ "peer", "IP",
	    "in: the client's address; out: those of the\n"
	    "servers, parted by commas",
	    0 },
	{ "tls-version", "V", "as the MTA names it, for example TLSv1.2", 0 },
	{ "cipher", "C", "in: the cipher", 0 },
	{ "bits", "N", "the cipher's bits", 0 },
	{ "verify", "W",
	    "Sendmail's word: OK, NO, NOT, FAIL, ...; out: judge\n"
	    "such a session of Sendmail, not one in clear",
	    0 },
	{ "subject", "S", "of the other side's certificate, CN or /DN", 0 },
	{ "issuer", "S", "its issuer, CN or /DN", 0 },
	{ "fingerprint", "F", "in: SHA-256 of the certificate or its key", 0 },
	{ "all", NULL, "list every rule, also of a large table", 0 },
	{ .name = NULL },
};

const struct command verb_explain = {
	.name = "explain",
	.summary = "say which rule wins for a mail, why, and what happens",
	.synopsis = "--direction in|out [OPTION]... | REF",
	.help =
	    "Asks the table with the daemons' own code and shows every rule\n"
	    "in the order in which they win, why each did or did not match,\n"
	    "the exact answer that each MTA gets, and what would happen.\n"
	    "Without facts of a session it is judged as one without TLS.\n"
	    "Exit code 1 when the mail would be refused.\n"
	    "REF is the number of a rule as a reply, a bounce or a log names\n"
	    "it: shows that rule and its history, also when it was removed.",
	.examples =
	    "  tlswarden explain --direction out --recipient a@example.com\n"
	    "  tlswarden explain --direction out --nexthop '[mx.test]:25'\n"
	    "  tlswarden explain --direction in --sender a@example.mil \\\n"
	    "      --peer 192.0.2.7 --tls-version TLSv1.2 --bits 256",
	.options = options,
	.max_operands = 1,
	.run = explain_run,
};
