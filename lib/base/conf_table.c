/* tlswarden: base/conf_table - the one list of configuration keys.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <arpa/inet.h>
#include <string.h>
#include <sysexits.h>

#include "base/conf_table.h"
#include "base/limits.h"
#include "base/banned.h"

static int
check_path(struct sv text, struct err *err_r)
{
	if (text.n > 1 && text.p[0] == '/')
		return 0;
	return err_set(err_r, EX_CONFIG, "an absolute path is needed");
}

static int
check_name(struct sv text, struct err *err_r)
{
	for (size_t i = 0; i < text.n; i++)
		if (strchr(" \t\r\n:/,", text.p[i]) != NULL)
			return err_set(err_r, EX_CONFIG,
			    "a name has no blanks, colons, commas or slashes");
	if (text.n > 0 && text.n < ENDPOINT_GROUP_MAX)
		return 0;
	return err_set(err_r, EX_CONFIG, "a name of 1 to %d bytes is needed",
	    ENDPOINT_GROUP_MAX - 1);
}

static int
check_name_or_empty(struct sv text, struct err *err_r)
{
	return text.n == 0 ? 0 : check_name(text, err_r);
}

/* What becomes part of an answer to Postfix: a blank or comma would end the
 * attribute, a brace would start the long form (smtp_tls_policy.c). */
static int
check_answer_word(struct sv text, struct err *err_r)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] <= ' ' || text.p[i] > '~' ||
		    strchr(",{}", text.p[i]) != NULL)
			return err_set(err_r, EX_CONFIG,
			    "only printable ASCII without blanks, commas and "
			    "braces can be part of an answer to Postfix");
	if (text.n <= LIMIT_NEXTHOP)
		return 0;
	return err_set(err_r, EX_CONFIG, "at most %d bytes are allowed",
	    LIMIT_NEXTHOP);
}

static int
check_ca_directory_mta(struct sv text, struct err *err_r)
{
	if (text.n == 0)
		return err_set(err_r, EX_CONFIG,
		    "the directory of ca_directory as smtp(8) names it is "
		    "needed, relative to the queue directory");
	return check_answer_word(text, err_r);
}

static int
check_domain(struct sv text, struct err *err_r)
{
	for (size_t i = 0; i < text.n; i++)
		if (strchr(" \t\r\n@,/*?", text.p[i]) != NULL)
			return err_set(err_r, EX_CONFIG,
			    "\"%.*s\" is not a domain name",
			    SV_ARG(sv_head(text, 128)));
	if (text.n > 0 && text.n <= LIMIT_DOMAIN)
		return 0;
	return err_set(err_r, EX_CONFIG,
	    "a domain name of 1 to %d bytes is needed", LIMIT_DOMAIN);
}

static int
check_dns_server(struct sv text, struct err *err_r)
{
	struct sv address = sv_head(text, sv_find(text, '@'));
	char host[ENDPOINT_HOST_MAX] = "";
	struct in6_addr number;
	uint32_t port = 53;

	if (address.n > 0 && address.n < sizeof(host))
		memcpy(host, address.p, address.n);
	if (address.n < text.n &&
	    !sv_to_u32(sv_skip(text, address.n + 1), 65535, &port))
		port = 0;
	if (port > 0 && strlen(host) == address.n &&
	    (inet_pton(AF_INET, host, &number) == 1 ||
		inet_pton(AF_INET6, host, &number) == 1))
		return 0;
	return err_set(err_r, EX_CONFIG,
	    "\"%.*s\" is not ADDRESS or ADDRESS@PORT",
	    SV_ARG(sv_head(text, 128)));
}

/* RFC 8601 2.2: an authserv-id is a value of RFC 2045; we ask for a token. */
static int
check_authserv_id(struct sv text, struct err *err_r)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] <= ' ' || text.p[i] > '~' ||
		    strchr("()<>@,;:\\\"/[]?=", text.p[i]) != NULL)
			return err_set(err_r, EX_CONFIG,
			    "only letters, digits, dots and dashes are "
			    "allowed (RFC 8601 section 2.2)");
	if (text.n <= LIMIT_DOMAIN)
		return 0;
	return err_set(err_r, EX_CONFIG, "at most %d bytes are allowed",
	    LIMIT_DOMAIN);
}

/* Who is connected is told by the socket's mode and group. */
static int
check_unix(struct sv text, struct err *err_r)
{
	static const struct sv unix_word = SV("unix:"), local = SV("local:");

	if (sv_starts(text, unix_word) || sv_starts(text, local))
		return 0;
	return err_set(err_r, EX_CONFIG,
	    "a unix socket is needed: unix:PATH,mode=0660,group=NAME");
}

static const char *const log_words[] = { "syslog", "stderr", NULL };
static const char *const level_words[] = { "error", "warning", "info", "debug",
	NULL };
static const char *const record_words[] = { "all", "mail", "none", NULL };
static const char *const address_words[] = { "full", "domain", "none", NULL };

#define FIELD(name) offsetof(struct conf, name)
#define MTA_DIR "/var/spool/postfix/tlswarden"
#define DAY 86400

/* clang-format off */
static const struct conf_option table[] = {
	{ .name = "policy_database", .type = CONF_TEXT,
	  .offset = FIELD(policy_database), .check = check_path,
	  .fallback = "/var/lib/tlswarden/policy.db", .needs_restart = true,
	  .help = "The table of rules, tlswarden-policy(5)." },
	{ .name = "state_database", .type = CONF_TEXT,
	  .offset = FIELD(state_database), .check = check_path,
	  .fallback = "/var/lib/tlswarden/state/state.db",
	  .needs_restart = true,
	  .help = "Sessions, ledger and probe results." },
	{ .name = "last_good", .type = CONF_TEXT,
	  .offset = FIELD(last_good), .check = check_path,
	  .fallback = "/var/lib/tlswarden/state/policy.last-good",
	  .needs_restart = true,
	  .help = "Copy of the last table that loaded without an error; "
	      "served when policy_database does not load at start." },
	{ .name = "user", .type = CONF_TEXT, .offset = FIELD(user),
	  .fallback = "tlswarden", .check = check_name_or_empty,
	  .needs_restart = true,
	  .help = "The user that daemons started as root become." },
	{ .name = "log", .type = CONF_WORD, .offset = FIELD(log),
	  .fallback = "syslog", .words = log_words, .needs_restart = true,
	  .help = "Where log lines go: syslog (facility mail) or stderr." },
	{ .name = "log_level", .type = CONF_WORD, .offset = FIELD(log_level),
	  .fallback = "info", .words = level_words,
	  .help = "What is logged: error, warning, info or debug." },
	{ .name = "socketmap_listen", .type = CONF_ENDPOINT_LIST,
	  .offset = FIELD(socketmap_listen), .needs_restart = true,
	  .fallback = "{\"unix:" MTA_DIR "/policyd.sock\"}",
	  .help = "Where tlswarden-policyd answers socketmap lookups." },
	{ .name = "delegation_listen", .type = CONF_ENDPOINT_LIST,
	  .offset = FIELD(delegation_listen), .needs_restart = true,
	  .fallback = "{\"unix:" MTA_DIR "/delegation.sock\"}",
	  .help = "Where tlswarden-policyd answers check_policy_service." },
	{ .name = "milter_listen", .type = CONF_ENDPOINT,
	  .offset = FIELD(milter_listen), .needs_restart = true,
	  .fallback = "unix:" MTA_DIR "/milter.sock",
	  .help = "Where tlswarden-milter listens." },
	{ .name = "prober_listen", .type = CONF_ENDPOINT,
	  .offset = FIELD(prober_listen), .needs_restart = true,
	  .fallback = "unix:/run/tlswarden/prober.sock,mode=0660,"
	      "group=tlswarden-prober", .check = check_unix,
	  .help = "Where tlswarden-policyd has work for tlswarden-prober." },
	{ .name = "socket_mode", .type = CONF_MODE,
	  .offset = FIELD(socket_mode), .fallback = "0660",
	  .needs_restart = true,
	  .help = "Mode of unix sockets that name none." },
	{ .name = "socket_group", .type = CONF_TEXT,
	  .offset = FIELD(socket_group), .fallback = "",
	  .check = check_name_or_empty, .needs_restart = true,
	  .help = "Group of unix sockets that name none; "
	      "empty: the directory's, when that is setgid." },
	{ .name = "workers", .type = CONF_NUMBER, .offset = FIELD(workers),
	  .fallback = "0", .max = 256, .needs_restart = true,
	  .help = "Threads that answer lookups; 0: one per core." },
	{ .name = "max_connections", .type = CONF_NUMBER,
	  .offset = FIELD(max_connections), .fallback = "4096", .min = 1,
	  .max = 1000000,
	  .help = "Open connections; over it the longest idle is closed." },
	{ .name = "postfix_version", .type = CONF_VERSION,
	  .offset = FIELD(postfix_version), .fallback = "3.6",
	  .min = 211, .max = 999,
	  .help = "The oldest Postfix that asks: "
	      "answers hold nothing that it does not know." },
	{ .name = "transport_nexthop", .type = CONF_TEXT,
	  .offset = FIELD(transport_nexthop), .fallback = "",
	  .check = check_answer_word,
	  .help = "Next hop (a relayhost) that address rules keep; "
	      "empty: the recipient's domain." },
	{ .name = "local_domains", .type = CONF_TEXT_LIST,
	  .offset = FIELD(local_domains), .fallback = "{}",
	  .check = check_domain,
	  .help = "Domains that the transport map never answers." },
	{ .name = "trust_store", .type = CONF_TEXT,
	  .offset = FIELD(trust_store), .check = check_path,
	  .fallback = "/etc/ssl/certs/ca-certificates.crt",
	  .help = "The certificates that probes trust, PEM." },
	{ .name = "ca_directory", .type = CONF_TEXT,
	  .offset = FIELD(ca_directory), .check = check_path,
	  .fallback = MTA_DIR "/ca", .needs_restart = true,
	  .help = "Where tlswarden-policyd writes the PEM files of table ca." },
	{ .name = "ca_directory_mta", .type = CONF_TEXT,
	  .offset = FIELD(ca_directory_mta), .fallback = "tlswarden/ca",
	  .check = check_ca_directory_mta,
	  .help = "The same place as smtp(8) names it: "
	      "relative to the queue directory." },
	{ .name = "dns_servers", .type = CONF_TEXT_LIST,
	  .offset = FIELD(dns_servers), .fallback = "{}",
	  .check = check_dns_server,
	  .help = "Resolvers, ADDRESS or ADDRESS@PORT; "
	      "empty: those of resolv.conf(5)." },
	{ .name = "dnssec_anchor", .type = CONF_TEXT,
	  .offset = FIELD(dnssec_anchor), .fallback = "",
	  .help = "File with the root's DNSSEC key, for probes; empty: where "
	      "the system has it." },
	{ .name = "record", .type = CONF_WORD, .offset = FIELD(record),
	  .fallback = "all", .words = record_words,
	  .help = "Sessions that are recorded: "
	      "all, mail (only those that reached MAIL) or none." },
	{ .name = "record_addresses", .type = CONF_WORD,
	  .offset = FIELD(record_addresses), .fallback = "domain",
	  .words = address_words,
	  .help = "What is kept of envelope addresses: "
	      "full, domain or none." },
	{ .name = "retention_days", .type = CONF_NUMBER,
	  .offset = FIELD(retention_days), .fallback = "90", .max = 36500,
	  .help = "Days that sessions and ledger are kept; 0: for ever." },
	{ .name = "add_header", .type = CONF_BOOL,
	  .offset = FIELD(add_header), .fallback = "false",
	  .help = "Whether tlswarden-milter adds Authentication-Results." },
	{ .name = "authserv_id", .type = CONF_TEXT,
	  .offset = FIELD(authserv_id), .fallback = "",
	  .check = check_authserv_id,
	  .help = "The name in that header; empty: the host's name." },
	{ .name = "probe", .type = CONF_BOOL, .offset = FIELD(probe),
	  .fallback = "true",
	  .help = "Whether tlswarden-prober probes partners." },
	{ .name = "prober_user", .type = CONF_TEXT,
	  .offset = FIELD(prober_user), .fallback = "tlswarden-prober",
	  .needs_restart = true,
	  .help = "The user that tlswarden-prober runs as." },
	{ .name = "probe_interval", .type = CONF_SECS,
	  .offset = FIELD(probe_interval_secs), .fallback = "6h",
	  .min = 1, .max = 30 * DAY,
	  .help = "Time between two probes of one destination." },
	{ .name = "probe_parallel", .type = CONF_NUMBER,
	  .offset = FIELD(probe_parallel), .fallback = "4", .min = 1,
	  .max = 256, .help = "Probes that run at the same time." },
	{ .name = "probe_timeout", .type = CONF_SECS,
	  .offset = FIELD(probe_timeout_secs), .fallback = "30s", .min = 1,
	  .max = 600, .help = "Time that one probe may take." },
	{ .name = "expiry_warn_days", .type = CONF_NUMBER,
	  .offset = FIELD(expiry_warn_days), .fallback = "21", .max = 3650,
	  .help = "Days before a partner's certificate expires "
	      "that a warning starts; 0: none." },
	{ .name = "fetch_issuers", .type = CONF_BOOL,
	  .offset = FIELD(fetch_issuers), .fallback = "false",
	  .help = "Whether probes fetch a missing issuer from the http URL "
	      "in the certificate." },
	{ .name = "metrics_listen", .type = CONF_INET,
	  .offset = FIELD(metrics_listen), .fallback = "",
	  .needs_restart = true,
	  .help = "ADDRESS:PORT where tlswarden-policyd serves metrics "
	      "over HTTP; empty: off." },
};
/* clang-format on */

const struct conf_option *
conf_table(size_t *n_r)
{
	*n_r = sizeof(table) / sizeof(table[0]);
	return table;
}

bool
conf_type_is_list(enum conf_type type)
{
	return type == CONF_ENDPOINT_LIST || type == CONF_TEXT_LIST;
}
