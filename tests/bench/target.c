/* tlswarden: bench/target - whom the load generator asks, and in which words.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "target.h"

static int
parse_unix(struct target *t, struct sv path, struct err *err_r)
{
	struct sockaddr_un *sun = (struct sockaddr_un *)&t->addr;

	if (path.n == 0 || path.n >= sizeof(sun->sun_path))
		return err_set(err_r, EX_USAGE, "bad path \"%.*s\"",
		    SV_ARG(path));
	sun->sun_family = AF_UNIX;
	memcpy(sun->sun_path, path.p, path.n);
	t->addr_size = sizeof(*sun);
	return 0;
}

static int
parse_inet(struct target *t, struct sv host, struct sv port, struct err *err_r)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)&t->addr;
	char text[INET_ADDRSTRLEN] = "";
	uint32_t n;

	if (host.n > 0 && host.n < sizeof(text))
		memcpy(text, host.p, host.n);
	if (inet_pton(AF_INET, text, &sin->sin_addr) != 1 ||
	    !sv_to_u32(port, 65535, &n))
		return err_set(err_r, EX_USAGE,
		    "want IPv4 address and port, not \"%.*s:%.*s\"",
		    SV_ARG(host), SV_ARG(port));
	sin->sin_family = AF_INET;
	sin->sin_port = htons((uint16_t)n);
	t->addr_size = sizeof(*sin);
	return 0;
}

int
target_parse_address(struct target *t, struct sv text, struct sv *rest_r,
    struct err *err_r)
{
	struct sv kind = { 0 }, a = { 0 }, b = { 0 };

	memset(&t->addr, 0, sizeof(t->addr));
	(void)sv_cut(&text, ':', &kind);
	(void)sv_cut(&text, ':', &a);
	if (sv_is(kind, "unix")) {
		*rest_r = text;
		return parse_unix(t, a, err_r);
	}
	(void)sv_cut(&text, ':', &b);
	*rest_r = text;
	if (sv_is(kind, "inet"))
		return parse_inet(t, a, b, err_r);
	return err_set(err_r, EX_USAGE, "want unix: or inet:, not \"%.*s\"",
	    SV_ARG(kind));
}

int
target_parse(struct target *t, struct sv text, struct err *err_r)
{
	struct sv kind = { 0 };

	memset(t, 0, sizeof(*t));
	(void)sv_cut(&text, ':', &kind);
	if (sv_is(kind, "socketmap"))
		t->kind = TARGET_SOCKETMAP;
	else if (sv_is(kind, "policy"))
		t->kind = TARGET_POLICY;
	else
		return err_set(err_r, EX_USAGE,
		    "want socketmap: or policy:, not \"%.*s\"", SV_ARG(kind));
	if (target_parse_address(t, text, &t->map, err_r) != 0)
		return -1;
	if (t->kind == TARGET_SOCKETMAP && t->map.n == 0)
		return err_set(err_r, EX_USAGE, "the map's name is missing");
	return 0;
}

int
target_connect(const struct target *t, struct err *err_r)
{
	int fd = socket(t->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0)
		return err_set(err_r, EX_OSERR, "socket: %s", strerror(errno));
	if (t->addr.ss_family == AF_INET)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof(one));
	if (connect(fd, (const struct sockaddr *)&t->addr, t->addr_size) != 0 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
		err_set(err_r, EX_UNAVAILABLE, "connect: %s", strerror(errno));
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* What Postfix sends at RCPT for a TLS session without client certificate. */
static void
policy_request(struct sv key, struct buf *b)
{
	struct sv client = SV("192.0.2.1"), sender = SV("u@sender.example");
	struct sv recipient = SV("someone@recipient.example");

	(void)sv_word(&key, &client);
	(void)sv_word(&key, &sender);
	(void)sv_word(&key, &recipient);
	buf_addf(b,
	    "request=smtpd_access_policy\nprotocol_state=RCPT\n"
	    "protocol_name=ESMTP\nclient_address=%.*s\n"
	    "client_name=mail.sender.example\nclient_port=45012\n"
	    "reverse_client_name=mail.sender.example\n"
	    "server_address=198.51.100.7\nserver_port=25\n"
	    "helo_name=mail.sender.example\nsender=%.*s\nrecipient=%.*s\n"
	    "recipient_count=0\nqueue_id=\n"
	    "instance=3f2.65f1c2a4.8d1c2.0\nsize=0\netrn_domain=\nstress=\n",
	    SV_ARG(client), SV_ARG(sender), SV_ARG(recipient));
	buf_adds(b,
	    "sasl_method=\nsasl_username=\nsasl_sender=\nccert_subject=\n"
	    "ccert_issuer=\nccert_fingerprint=\nccert_pubkey_fingerprint=\n"
	    "encryption_protocol=TLSv1.3\n"
	    "encryption_cipher=TLS_AES_256_GCM_SHA384\n"
	    "encryption_keysize=256\npolicy_context=\n"
	    "compatibility_level=3.6\nmail_version=3.7.11\n\n");
}

void
target_request(const struct target *t, struct sv key, struct buf *b)
{
	if (t->kind == TARGET_MILTER)
		buf_add(b, key);
	else if (t->kind == TARGET_POLICY)
		policy_request(key, b);
	else
		buf_addf(b, "%zu:%.*s %.*s,", t->map.n + 1 + key.n,
		    SV_ARG(t->map), SV_ARG(key));
}

static enum answer
socketmap_answer(struct sv got)
{
	size_t colon = sv_find(got, ':');
	uint32_t size;
	struct sv text;

	if (colon == got.n)
		return got.n > 5 ? ANSWER_BROKEN : ANSWER_MORE;
	if (!sv_to_u32(sv_head(got, colon), 99999, &size))
		return ANSWER_BROKEN;
	text = sv_skip(got, colon + 1);
	if (text.n < size + 1)
		return ANSWER_MORE;
	if (text.n > size + 1 || text.p[size] != ',')
		return ANSWER_BROKEN;
	if (sv_starts(text, (struct sv)SV("OK ")))
		return ANSWER_FOUND;
	if (sv_starts(text, (struct sv)SV("NOTFOUND ")))
		return ANSWER_NONE;
	return ANSWER_TROUBLE;
}

enum answer
target_answer(const struct target *t, struct sv got)
{
	if (t->kind == TARGET_SOCKETMAP)
		return socketmap_answer(got);
	if (got.n >= 7 && !sv_starts(got, (struct sv)SV("action=")))
		return ANSWER_BROKEN;
	if (!sv_ends(got, (struct sv)SV("\n\n")))
		return ANSWER_MORE;
	return sv_starts(got, (struct sv)SV("action=DUNNO")) ? ANSWER_NONE
							     : ANSWER_FOUND;
}
