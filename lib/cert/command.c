/* tlswarden: cert/command - commands that show a fault with other tools.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "cert/explain.h"
#include "cert/state.h"
#include "base/banned.h"

void
command_quote(const char *word, struct buf *out)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789@%_+=:,./-";

	if (word[0] != '\0' && strspn(word, plain) == strlen(word)) {
		buf_adds(out, word);
		return;
	}
	buf_addc(out, '\'');
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, *word);
	}
	buf_addc(out, '\'');
}

static const char *
chain_label(const struct verification *v)
{
	return v->req->chain_label != NULL ? v->req->chain_label : "chain.pem";
}

const char *
command_show(struct verification *v, int index, const char *options)
{
	struct buf text;

	buf_init(&text, LIMIT_FINDING_TEXT);
	if (v->req->show_command != NULL && index == 0)
		buf_addf(&text, "%s | openssl x509 -noout %s",
		    v->req->show_command, options);
	else if (v->req->show_command != NULL)
		buf_addf(&text,
		    "%s | openssl storeutl -noout -text -certs /dev/stdin",
		    v->req->show_command);
	else if (index == 0) {
		buf_adds(&text, "openssl x509 -in ");
		command_quote(chain_label(v), &text);
		buf_addf(&text, " -noout %s", options);
	} else {
		buf_adds(&text, "openssl storeutl -noout -text -certs ");
		command_quote(index >= 0 ? chain_label(v) : v->store, &text);
	}
	return explain_keep(v, &text);
}

static const char *
purpose_option(const struct verification *v)
{
	switch (v->req->purpose) {
	case VERIFY_PURPOSE_SERVER:
		return " -purpose sslserver";
	case VERIFY_PURPOSE_CLIENT:
		return " -purpose sslclient";
	case VERIFY_PURPOSE_UNSET:
	case VERIFY_PURPOSE_ANY:
		break;
	}
	return "";
}

const char *
command_verify(struct verification *v, const char *options)
{
	struct buf text;

	buf_init(&text, LIMIT_FINDING_TEXT);
	if (v->req->show_command != NULL)
		buf_adds(&text, v->req->show_command);
	else {
		buf_addf(&text, "openssl verify -show_chain%s%s -trusted ",
		    purpose_option(v), options);
		command_quote(v->store, &text);
		buf_adds(&text, " -untrusted ");
		command_quote(chain_label(v), &text);
		if (!v->req->ignore_time)
			buf_addf(&text, " -attime %lld",
			    (long long)v->req->now);
		buf_addc(&text, ' ');
		command_quote(chain_label(v), &text);
	}
	return explain_keep(v, &text);
}
