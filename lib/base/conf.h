/* tlswarden: base/conf - tlswarden.conf(5), the configuration of all programs.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * libconfuse reads the syntax; one table (conf_table.c) holds every key with
 * its type, default, range and help sentence, and serves the parser, "-n",
 * the sample file and the manual-page lint. A struct conf is built whole and
 * is constant afterwards: a reload builds a new one and swaps it in.
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/endpoint.h"
#include "base/err.h"

#define CONF_DEFAULT_FILE SYSCONFDIR "/tlswarden/tlswarden.conf"

enum conf_log { CONF_LOG_SYSLOG = 0, CONF_LOG_STDERR };
enum conf_record { CONF_RECORD_ALL = 0, CONF_RECORD_MAIL, CONF_RECORD_NONE };
enum conf_addresses {
	CONF_ADDRESSES_FULL = 0,
	CONF_ADDRESSES_DOMAIN,
	CONF_ADDRESSES_NONE
};

struct conf_list {
	char **v;
	size_t n;
};

struct conf_endpoints {
	struct endpoint *v;
	size_t n;
};

/* Strings are never NULL; an empty one means "not set". */
struct conf {
	char *file;      /* where it was read */
	bool is_missing; /* no file at the default path: all defaults */

	char *policy_database, *state_database, *last_good;
	char *user;
	uint32_t log;       /* enum conf_log */
	uint32_t log_level; /* enum log_level of base/log.h */
	struct conf_endpoints socketmap_listen, delegation_listen;
	struct conf_endpoints milter_listen; /* exactly one */
	struct conf_endpoints prober_listen; /* exactly one, unix */
	int socket_mode;
	char *socket_group;
	uint32_t workers; /* 0: one per core */
	uint32_t max_connections;
	uint32_t postfix_version; /* major * 100 + minor: 306 is 3.6 */
	char *transport_nexthop;
	struct conf_list local_domains;
	char *trust_store, *ca_directory, *ca_directory_mta;
	struct conf_list dns_servers; /* ADDRESS or ADDRESS@PORT */
	char *dnssec_anchor;          /* empty: where the system has it */
	uint32_t record;              /* enum conf_record */
	uint32_t record_addresses;    /* enum conf_addresses */
	uint32_t retention_days;      /* 0: for ever */
	bool add_header;
	char *authserv_id;
	bool probe;
	char *prober_user;
	uint32_t probe_interval_secs, probe_parallel, probe_timeout_secs;
	uint32_t expiry_warn_days; /* 0: no warning */
	bool fetch_issuers;
	struct conf_endpoints metrics_listen; /* none or one */
};

/* Reads file, or CONF_DEFAULT_FILE when NULL. Gives *conf_r (free with
 * conf_free). A missing file is an error, except at the default path: then
 * is_missing is set and the caller warns. -1: the sentence names file, line,
 * key and the allowed values. Not for two threads at once (libconfuse). */
int
conf_load(const char *file, struct conf **conf_r, struct err *err_r) MUST_CHECK;
void conf_free(struct conf *conf);

/* Adds the effective configuration in the file's own syntax, one key a line;
 * with_help: each below its help sentence, as in the sample file. */
void conf_print(const struct conf *conf, bool with_help, struct buf *out);
/* Adds, parted by blanks, the keys that differ and are read only at start. */
void conf_restart_keys(const struct conf *now, const struct conf *next,
    struct buf *names);

#endif
