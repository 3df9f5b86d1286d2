/* tlswarden: fact/record - what is kept in state.db about mail sessions.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Plain rows, filled by the milter, policyd and the prober, copied by
 * daemon/recorder, written by store/state_write, read back by
 * store/state_read. Every view is borrowed for the call that takes the row;
 * text longer than LIMIT_RECORD_TEXT is cut there. Times are seconds since
 * 1970 UTC. An empty view is stored as NULL: not known, not given.
 */
#ifndef FACT_RECORD_H
#define FACT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sv.h"

/* How a session came to TLS. UNKNOWN: it ended before MAIL, so the MTA never
 * told; it is not the same as no TLS. */
enum record_tls {
	RECORD_TLS_UNKNOWN = 0,
	RECORD_TLS_NONE,
	RECORD_TLS_STARTTLS,
	RECORD_TLS_WRAPPER
};

enum record_mta { RECORD_MTA_UNKNOWN = 0, RECORD_POSTFIX, RECORD_SENDMAIL };

/* What watched: where a row of the ledger comes from. */
enum record_source {
	RECORD_FROM_UNKNOWN = 0,
	RECORD_FROM_MILTER,
	RECORD_FROM_DELEGATION,
	RECORD_FROM_DSN,
	RECORD_FROM_SENDMAIL,
	RECORD_FROM_PROBE
};

/* Recipients that one domain had in one session, as its sender or as its
 * recipient; what dry runs and suggestions are worked out from. */
struct record_domain {
	struct sv domain; /* "" is the null sender */
	bool is_sender;
	uint32_t n_accepted; /* recipients */
	uint32_t n_refused;
};

/* One inbound session, written when it ends. */
struct record_session {
	int64_t at_secs; /* when it began */
	uint32_t duration_msecs;
	enum record_mta mta;
	struct sv daemon;   /* {daemon_name} */
	struct sv queue_id; /* of the last message */
	struct sv client_addr;
	struct sv client_name;
	uint16_t client_port;
	struct sv helo;
	enum record_tls tls;
	struct sv tls_version; /* TLSv1.3 */
	struct sv cipher;
	uint32_t bits;    /* 0: not told */
	struct sv verify; /* the MTA's word: OK, FAIL, NONE, ... */
	struct sv cert_subject;
	struct sv cert_issuer;
	struct sv cert_fingerprint;
	bool is_authenticated;
	uint32_t n_messages;
	uint32_t n_accepted; /* recipients */
	uint32_t n_refused;
	int64_t refused_rule; /* of the last refusal; 0: none */
	struct sv refused_reason;
	const struct record_domain *domains;
	size_t n_domains; /* those over LIMIT_RECORD_DOMAINS are dropped */
};

/* One recipient that a rule refused, or would have refused (monitor). */
struct record_violation {
	int64_t at_secs;
	int64_t rule;
	bool is_outbound;
	bool is_monitor; /* nothing was refused: the rule only watches */
	bool is_permanent;
	enum record_source source;
	struct sv reason; /* the frozen code: no_tls, expired_leaf, ... */
	struct sv sender; /* as record_addresses allows */
	struct sv recipient;
	struct sv nexthop;
	struct sv peer_addr;
	struct sv peer_name;
	struct sv tls_version;
	struct sv cipher;
	struct sv queue_id;
	struct sv text; /* what was or would have been said */
};

/* What one look at one server of a partner found. A new result for the same
 * domain, host, address and port takes the old one's place. */
struct record_probe {
	int64_t at_secs;
	struct sv domain;
	struct sv host;
	struct sv addr;
	uint16_t port;
	int64_t rule;      /* that it was judged by; 0: none */
	int64_t demand;    /* the mark of what that demanded; 0: not known */
	struct sv verdict; /* ok, fail, noverify */
	struct sv class;   /* of the first finding that fails */
	struct sv fault;   /* theirs, ours, path */
	struct sv tls_version;
	struct sv cipher;
	uint32_t bits;
	int64_t not_after_secs; /* first expiry in the chain; 0: no chain */
	bool has_client_cert_request;
	struct sv json; /* the whole result, at most LIMIT_RECORD_JSON */
	/* PEM of the chain as sent, at most LIMIT_RECORD_CHAIN; what host sent
	 * before is kept beside it */
	struct sv chain;
};

#endif
