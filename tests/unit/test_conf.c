/* tlswarden: tests for base/conf and base/endpoint.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/log.h"
#include "base/mem.h"
#include "unit.h"

/* A file with this text; the caller frees the name and removes the file. */
static char *
write_file(const char *text)
{
	char *name = mem_strdup("/tmp/tlswarden-test-conf.XXXXXX");
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(close(fd), 0);
	return name;
}

static struct conf *
load_text(const char *text, struct err *err_r)
{
	char *name = write_file(text);
	struct conf *conf = NULL;
	int rc = conf_load(name, &conf, err_r);

	ck_assert_int_eq(unlink(name), 0);
	free(name);
	ck_assert((rc == 0) == (conf != NULL));
	return conf;
}

START_TEST(defaults)
{
	struct err e = { 0 };
	struct conf *c = load_text("# nothing\n", &e);

	ck_assert_msg(c != NULL, "%s", e.text);
	ck_assert_str_eq(c->policy_database, "/var/lib/tlswarden/policy.db");
	ck_assert_str_eq(c->last_good,
	    "/var/lib/tlswarden/state/policy.last-good");
	ck_assert_str_eq(c->user, "tlswarden");
	ck_assert_uint_eq(c->log, CONF_LOG_SYSLOG);
	ck_assert_uint_eq(c->log_level, LOG_LEVEL_INFO);
	ck_assert_uint_eq(c->socketmap_listen.n, 1);
	ck_assert_str_eq(c->socketmap_listen.v[0].path,
	    "/var/spool/postfix/tlswarden/policyd.sock");
	ck_assert_str_eq(c->delegation_listen.v[0].path,
	    "/var/spool/postfix/tlswarden/delegation.sock");
	ck_assert_str_eq(c->milter_listen.v[0].path,
	    "/var/spool/postfix/tlswarden/milter.sock");
	ck_assert_int_eq(c->socket_mode, 0660);
	ck_assert_uint_eq(c->workers, 0);
	ck_assert_uint_eq(c->max_connections, 4096);
	ck_assert_uint_eq(c->postfix_version, 306);
	ck_assert_uint_eq(c->local_domains.n, 0);
	ck_assert_str_eq(c->ca_directory_mta, "tlswarden/ca");
	ck_assert_uint_eq(c->record, CONF_RECORD_ALL);
	ck_assert_uint_eq(c->record_addresses, CONF_ADDRESSES_DOMAIN);
	ck_assert_uint_eq(c->retention_days, 90);
	ck_assert(!c->add_header && c->probe && !c->fetch_issuers);
	ck_assert_uint_eq(c->probe_interval_secs, 6 * 3600);
	ck_assert_uint_eq(c->expiry_warn_days, 21);
	ck_assert_uint_eq(c->metrics_listen.n, 0);
	ck_assert(!c->is_missing);
	conf_free(c);
	conf_free(NULL);
}
END_TEST

/* One line of a file and the line of -n that it must give. */
static const struct {
	const char *label;
	const char *in;
	const char *want;
} good_rows[] = {
	{ "path", "policy_database = \"/a b/c\"",
	    "policy_database = \"/a b/c\"" },
	{ "single quotes", "policy_database = '/x$y'",
	    "policy_database = \"/x\\$y\"" },
	{ "unquoted word", "log = stderr", "log = \"stderr\"" },
	{ "comment behind", "log = stderr # x", "log = \"stderr\"" },
	{ "comment of slashes", "//a\nlog = stderr", "log = \"stderr\"" },
	{ "comment in a list", "socketmap_listen = {/* a\nb */ unix:/s # c\n}",
	    "socketmap_listen = {\"unix:/s\"}" },
	{ "slashes in a word", "state_database = /a//b",
	    "state_database = \"/a//b\"" },
	{ "string over two lines", "user = \"a\\\nb\"", "user = \"ab\"" },
	{ "number", "workers = 256", "workers = 256" },
	{ "quoted number", "workers = \"8\"", "workers = 8" },
	{ "empty user", "user = \"\"", "user = \"\"" },
	{ "bool yes", "add_header = yes", "add_header = true" },
	{ "bool off", "probe = off", "probe = false" },
	{ "bare seconds", "probe_timeout = 45", "probe_timeout = \"45s\"" },
	{ "minutes", "probe_timeout = 2m", "probe_timeout = \"2m\"" },
	{ "largest unit", "probe_interval = 48h", "probe_interval = \"2d\"" },
	{ "range's top", "probe_interval = 30d", "probe_interval = \"30d\"" },
	{ "mode of three", "socket_mode = 666", "socket_mode = \"0666\"" },
	{ "version", "postfix_version = 3.10", "postfix_version = \"3.10\"" },
	{ "version with patch", "postfix_version = 3.7.11",
	    "postfix_version = \"3.7\"" },
	{ "one listener without braces", "socketmap_listen = unix:/s",
	    "socketmap_listen = {\"unix:/s\"}" },
	{ "no listener", "delegation_listen = {}", "delegation_listen = {}" },
	{ "added listener",
	    "delegation_listen = {}\ndelegation_listen += {inet:[::1]:9}",
	    "delegation_listen = {\"inet:[::1]:9\"}" },
	{ "several listeners",
	    "socketmap_listen = {\"local:/s,mode=600,group=g\",\n"
	    "\t\"inet:8462@localhost\"}",
	    "socketmap_listen = {\"unix:/s,mode=0600,group=g\", "
	    "\"inet:127.0.0.1:8462\"}" },
	{ "milter's spelling", "milter_listen = \"inet6:8463@::1\"",
	    "milter_listen = \"inet:[::1]:8463\"" },
	{ "metrics", "metrics_listen = \"127.0.0.1:9162\"",
	    "metrics_listen = \"127.0.0.1:9162\"" },
	{ "metrics with inet:", "metrics_listen = \"inet:[::1]:9162\"",
	    "metrics_listen = \"[::1]:9162\"" },
	{ "domains", "local_domains = {\"a.example\", b.example}",
	    "local_domains = {\"a.example\", \"b.example\"}" },
	{ "resolver with port", "dns_servers = {\"127.0.0.1@5353\", \"::1\"}",
	    "dns_servers = {\"127.0.0.1@5353\", \"::1\"}" },
	{ "next hop", "transport_nexthop = \"[relay.example]:587\"",
	    "transport_nexthop = \"[relay.example]:587\"" },
};

START_TEST(good_value)
{
	struct err e = { 0 };
	struct conf *c = load_text(good_rows[_i].in, &e), *again;
	struct buf first, second;

	ck_assert_msg(c != NULL, "%s: %s", good_rows[_i].label, e.text);
	buf_init(&first, 65536);
	buf_init(&second, 65536);
	conf_print(c, false, &first);
	ck_assert_msg(strstr(buf_str(&first), good_rows[_i].want) != NULL,
	    "%s: %s", good_rows[_i].label, buf_str(&first));
	again = load_text(buf_str(&first), &e);
	ck_assert_msg(again != NULL, "%s: %s", good_rows[_i].label, e.text);
	conf_print(again, false, &second);
	ck_assert_str_eq(buf_str(&first), buf_str(&second));
	buf_free(&first);
	buf_free(&second);
	conf_free(c);
	conf_free(again);
}
END_TEST

/* A file and what the sentence must hold behind "FILE:LINE: ". */
static const struct {
	const char *label;
	const char *in;
	int line;
	const char *want;
} bad_rows[] = {
	{ "unknown key", "\nworker = 1", 2,
	    "unknown key \"worker\" (do you mean \"workers\"?)" },
	{ "unknown key like none", "zzz = 1", 1, "unknown key \"zzz\"; " },
	{ "section", "log { }", 1, "missing equal sign" },
	{ "no equal sign", "log \"stderr\"", 1, "missing equal sign" },
	{ "no value", "log = \n", 2, "premature end of file" },
	{ "open list", "socketmap_listen = {\n\"unix:/a\"\n", 3,
	    "premature end of file" },
	{ "open string", "\nlog = \"stderr\n\n", 2, "quote is not closed" },
	{ "open single quotes", "log = 'stderr\n", 1, "quote is not closed" },
	{ "quote closed by the next one", "user = \"x\nlog = \"stderr\"", 1,
	    "write \" at the end of the text" },
	{ "quote behind a backslash", "user = \"x\\\"\nworkers = 1\n", 1,
	    "quote is not closed" },
	{ "open comment", "workers = 1\n/* open\n\nlog = \"stderr\"\n", 2,
	    "comment is not closed" },
	{ "behind comments", "# a\n# b\n\nworker = 1", 4, "unknown key" },
	{ "behind a comment on its line", "log = stderr # a\nworker = 1", 2,
	    "unknown key" },
	{ "behind slashes", "// a\n//b\nworker = 1", 3, "unknown key" },
	{ "behind a long comment", "/* a\n * b\n */\nworker = 1", 4,
	    "unknown key" },
	{ "behind quotes with comments", "trust_store = \"/#/*\"\nlog = '//'",
	    2, "log: \"//\" is not allowed" },
	{ "value behind a comment", "# a\n\nworkers = many # b", 3,
	    "workers: \"many\" is not a whole" },
	{ "lone brace", "}", 1, "brace" },
	{ "list for one value", "log = {\"syslog\", \"stderr\"}", 1,
	    "unexpected token '{'" },
	{ "set twice", "workers = 1\n\nworkers = 2", 3,
	    "workers is set a second time, first on line 1" },
	{ "word", "\n\nlog = \"file\"", 3,
	    "log: \"file\" is not allowed; allowed are \"syslog\"" },
	{ "word in capitals", "log_level = INFO", 1, "log_level: \"INFO\"" },
	{ "empty word", "record = \"\"", 1, "allowed are \"all\", \"mail\"" },
	{ "number too big", "workers = 257", 1,
	    "workers: \"257\" is not a whole number from 0 to 256" },
	{ "number too small", "max_connections = 0", 1,
	    "whole number from 1 to 1000000" },
	{ "negative number", "workers = -1", 1, "\"-1\" is not a whole" },
	{ "number with a tail", "workers = 4x", 1, "\"4x\" is not a whole" },
	{ "hex number", "workers = 0x4", 1, "\"0x4\" is not a whole" },
	{ "empty number", "workers = \"\"", 1, "\"\" is not a whole" },
	{ "huge number", "workers = 99999999999999999999999", 1,
	    "is not a whole number" },
	{ "bool", "probe = maybe", 1,
	    "probe: \"maybe\" is neither true nor false" },
	{ "time unit", "probe_timeout = 3w", 1, "write 90s, 15m, 6h or 2d" },
	{ "only a unit", "probe_timeout = s", 1, "\"s\" is not a time" },
	{ "time too long", "probe_timeout = 601s", 1, "from 1s to 600s" },
	{ "time that overflows", "probe_interval = 4294967295d", 1,
	    "is not a time" },
	{ "time zero", "probe_interval = 0", 1, "is not a time" },
	{ "mode with 8", "socket_mode = 0680", 1, "not an octal mode" },
	{ "mode too big", "socket_mode = 1777", 1, "not an octal mode" },
	{ "mode with words", "socket_mode = rw", 1, "not an octal mode" },
	{ "relative path", "policy_database = policy.db", 1,
	    "policy_database: an absolute path is needed" },
	{ "empty path", "ca_directory = \"\"", 1, "an absolute path" },
	{ "user with colon", "user = \"a:b\"", 1, "user: a name has no" },
	{ "version too old", "postfix_version = 2.10", 1,
	    "not a version of Postfix from 2.11 on" },
	{ "version without minor", "postfix_version = 3", 1, "a version" },
	{ "version with a dot behind", "postfix_version = 3.", 1, "a version" },
	{ "version with word", "postfix_version = 3.7-rc1", 1, "a version" },
	{ "version of four", "postfix_version = 3.7.1.1", 1, "a version" },
	{ "listener without kind", "socketmap_listen = {\"/a\"}", 1,
	    "socketmap_listen: \"/a\" is no listener; write unix:" },
	{ "second listener", "socketmap_listen = {\"unix:/a\",\n\"tcp:1\"}", 2,
	    "\"tcp:1\" is no listener" },
	{ "relative socket", "milter_listen = \"unix:a\"", 1,
	    "milter_listen: a socket needs an absolute path" },
	{ "prober by network", "prober_listen = \"inet:127.0.0.1:9\"", 1,
	    "prober_listen: a unix socket is needed" },
	{ "no prober listener", "prober_listen = \"\"", 1, "unix socket" },
	{ "no milter listener", "milter_listen = \"\"", 1, "no listener" },
	{ "metrics on a socket", "metrics_listen = \"unix:/a\"", 1,
	    "is not a port" },
	{ "mail address as domain", "local_domains = {\"a@b\"}", 1,
	    "\"a@b\" is not a domain name" },
	{ "empty domain", "local_domains = {\"\"}", 1, "a domain name of" },
	{ "resolver's name", "dns_servers = {\"dns.example\"}", 1,
	    "is not ADDRESS or ADDRESS@PORT" },
	{ "resolver's port", "dns_servers = {\"127.0.0.1@0\"}", 1,
	    "is not ADDRESS or ADDRESS@PORT" },
	{ "resolver with NUL", "dns_servers = {\"127.0.0.1\\x00z\"}", 0, "" },
	{ "next hop with blank", "transport_nexthop = \"a b\"", 1,
	    "only printable ASCII" },
	{ "directory with comma", "ca_directory_mta = \"a,b\"", 1,
	    "only printable ASCII" },
	{ "empty directory", "ca_directory_mta = \"\"", 1, "smtp(8)" },
	{ "authserv_id", "authserv_id = \"a;b\"", 1, "RFC 8601" },
	{ "garbage", "\x01\x02\xff = 1", 1, "" },
};

START_TEST(bad_value)
{
	struct err e = { 0 };
	struct conf *c = load_text(bad_rows[_i].in, &e);
	char where[32];

	if (strcmp(bad_rows[_i].label, "resolver with NUL") == 0) {
		/* libconfuse ends the string there: a plain address. */
		ck_assert_msg(c != NULL, "%s", e.text);
		conf_free(c);
		return;
	}
	ck_assert_msg(c == NULL, "%s: was accepted", bad_rows[_i].label);
	ck_assert_int_eq(e.sysexit, EX_CONFIG);
	(void)snprintf(where, sizeof(where), ":%d: ", bad_rows[_i].line);
	if (bad_rows[_i].line > 0)
		ck_assert_msg(strstr(e.text, where) != NULL, "%s: %s",
		    bad_rows[_i].label, e.text);
	ck_assert_msg(strstr(e.text, bad_rows[_i].want) != NULL, "%s: %s",
	    bad_rows[_i].label, e.text);
}
END_TEST

START_TEST(missing_file)
{
	struct err e = { 0 };
	struct conf *c = NULL;

	ck_assert_int_eq(conf_load("/nonexistent/x.conf", &c, &e), -1);
	ck_assert_ptr_null(c);
	ck_assert_int_eq(e.sysexit, EX_NOINPUT);
	ck_assert_ptr_nonnull(strstr(e.text, "/nonexistent/x.conf"));
	ck_assert_int_eq(conf_load("/", &c, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "is not a file"));
}
END_TEST

/* A table or a disk by mistake: libconfuse took minutes to refuse it. */
START_TEST(no_text)
{
	struct err e = { 0 };
	struct conf *c = NULL;

	ck_assert_int_eq(conf_load("/dev/zero", &c, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "/dev/zero: longer than"));
	ck_assert_int_eq(conf_load("/proc/self/cmdline", &c, &e), -1);
	ck_assert_int_eq(e.sysexit, EX_CONFIG);
	ck_assert_ptr_nonnull(strstr(e.text, "is no text"));
	ck_assert_int_eq(conf_load("/dev/null", &c, &e), 0);
	conf_free(c);
}
END_TEST

START_TEST(restart_keys)
{
	struct err e = { 0 };
	struct conf *a = load_text("log_level = debug", &e);
	struct conf *b = load_text("user = \"x\"\nworkers = 3", &e);
	struct buf names;

	buf_init(&names, 4096);
	conf_restart_keys(a, b, &names);
	ck_assert_str_eq(buf_str(&names), "user workers");
	buf_reset(&names);
	conf_restart_keys(a, a, &names);
	ck_assert_str_eq(buf_str(&names), "");
	buf_free(&names);
	conf_free(a);
	conf_free(b);
}
END_TEST

static const struct {
	const char *label;
	struct sv in;
	const char *want;   /* canonical; NULL: refused */
	const char *milter; /* for smfi_setconn */
} endpoints[] = {
	{ "unix", SV("unix:/run/a.sock"), "unix:/run/a.sock",
	    "local:/run/a.sock" },
	{ "local", SV("local:/run/a.sock"), "unix:/run/a.sock",
	    "local:/run/a.sock" },
	{ "mode and group", SV("unix:/a,group=postfix,mode=0660"),
	    "unix:/a,mode=0660,group=postfix", "local:/a" },
	{ "IPv4", SV("inet:127.0.0.1:8462"), "inet:127.0.0.1:8462",
	    "inet:8462@127.0.0.1" },
	{ "IPv6", SV("inet:[::1]:8462"), "inet:[::1]:8462", "inet6:8462@::1" },
	{ "port first", SV("inet:8462@127.0.0.1"), "inet:127.0.0.1:8462",
	    "inet:8462@127.0.0.1" },
	{ "port first, IPv6", SV("inet6:8462@::1"), "inet:[::1]:8462",
	    "inet6:8462@::1" },
	{ "localhost", SV("inet:LocalHost:1"), "inet:127.0.0.1:1",
	    "inet:1@127.0.0.1" },
	{ "largest port", SV("inet:0.0.0.0:65535"), "inet:0.0.0.0:65535",
	    "inet:65535@0.0.0.0" },
	{ "empty", SV(""), NULL, NULL },
	{ "no kind", SV(":"), NULL, NULL },
	{ "unknown kind", SV("tcp:127.0.0.1:1"), NULL, NULL },
	{ "kind in capitals", SV("UNIX:/a"), NULL, NULL },
	{ "no path", SV("unix:"), NULL, NULL },
	{ "only options", SV("unix:,mode=0660"), NULL, NULL },
	{ "unknown option", SV("unix:/a,user=x"), NULL, NULL },
	{ "option without value", SV("unix:/a,mode"), NULL, NULL },
	{ "empty option", SV("unix:/a,,"), NULL, NULL },
	{ "bad mode", SV("unix:/a,mode=9"), NULL, NULL },
	{ "empty group", SV("unix:/a,group="), NULL, NULL },
	{ "long group", SV("unix:/a,group=123456789012345678901234567890123"),
	    NULL, NULL },
	{ "NUL in path", SV("unix:/a\0b"), NULL, NULL },
	{ "no port", SV("inet:127.0.0.1"), NULL, NULL },
	{ "empty port", SV("inet:127.0.0.1:"), NULL, NULL },
	{ "port 0", SV("inet:127.0.0.1:0"), NULL, NULL },
	{ "port too big", SV("inet:127.0.0.1:65536"), NULL, NULL },
	{ "port with a sign", SV("inet:127.0.0.1:+1"), NULL, NULL },
	{ "no address", SV("inet::8462"), NULL, NULL },
	{ "name", SV("inet:mail.example:8462"), NULL, NULL },
	{ "IPv6 without brackets", SV("inet:::1:8462"), NULL, NULL },
	{ "half a bracket", SV("inet:[::1:8462"), NULL, NULL },
	{ "empty brackets", SV("inet:[]:8462"), NULL, NULL },
	{ "octets", SV("inet:127.0.0.256:8462"), NULL, NULL },
	{ "NUL in address", SV("inet:127.0.0.1\0:1"), NULL, NULL },
};

START_TEST(endpoint_forms)
{
	struct endpoint ep = { 0 };
	struct err e = { 0 };
	struct buf out;
	int rc = endpoint_parse(endpoints[_i].in, &ep, &e);

	if (endpoints[_i].want == NULL) {
		ck_assert_msg(rc == -1, "%s", endpoints[_i].label);
		ck_assert_msg(e.text[0] != '\0', "%s", endpoints[_i].label);
		ck_assert_int_eq(ep.kind, ENDPOINT_NONE);
		return;
	}
	ck_assert_msg(rc == 0, "%s: %s", endpoints[_i].label, e.text);
	buf_init(&out, ENDPOINT_TEXT_MAX);
	endpoint_format(&ep, &out);
	ck_assert_str_eq(buf_str(&out), endpoints[_i].want);
	buf_reset(&out);
	endpoint_format_milter(&ep, &out);
	ck_assert_str_eq(buf_str(&out), endpoints[_i].milter);
	buf_free(&out);
}
END_TEST

START_TEST(endpoint_path_length)
{
	char text[256] = "unix:/";
	struct endpoint ep = { 0 };
	struct err e = { 0 };

	memset(text + 6, 'a', sizeof(text) - 6);
	ck_assert_int_eq(endpoint_parse(sv_make(text, 5 + 107), &ep, &e), 0);
	ck_assert_uint_eq(strlen(ep.path), 107);
	ck_assert_int_eq(endpoint_parse(sv_make(text, 5 + 108), &ep, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "at most 107 bytes"));
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, defaults);
	tcase_add_loop_test(tc, good_value, 0, N_ROWS(good_rows));
	tcase_add_loop_test(tc, bad_value, 0, N_ROWS(bad_rows));
	tcase_add_test(tc, missing_file);
	tcase_add_test(tc, no_text);
	tcase_add_test(tc, restart_keys);
	tcase_add_loop_test(tc, endpoint_forms, 0, N_ROWS(endpoints));
	tcase_add_test(tc, endpoint_path_length);
}

UNIT_MAIN("conf", add_tests)
