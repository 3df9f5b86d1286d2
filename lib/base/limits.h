/* tlswarden: base/limits - the named maximum of every size that input drives.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* A socketmap request: Postfix sends at most 10,000 bytes (dict_sockmap.c). */
#define LIMIT_SOCKETMAP_REQUEST 10000
/* A socketmap reply: Postfix takes 100,000 bytes (dict_sockmap.c); ours are
 * far below. */
#define LIMIT_SOCKETMAP_REPLY 100000
/* One policy delegation request, all attributes; Postfix sends about 800. */
#define LIMIT_DELEGATION_REQUEST 32768
/* A domain name as text, RFC 1035 2.3.4, without the final dot. */
#define LIMIT_DOMAIN 253
/* A next hop, its brackets and port included. */
#define LIMIT_NEXTHOP 512
/* A mail address: RFC 5321 4.5.3.1.3 has 256; room for quoted forms. */
#define LIMIT_ADDRESS 1024
/* A pattern in the table. */
#define LIMIT_PATTERN 512
/* Bytes of one text column of the table (cert_name, comment, fingerprints). */
#define LIMIT_COLUMN 8192
/* The PEM text of one row of table ca. */
#define LIMIT_CA_PEM 4194304
/* Rules in a table. */
#define LIMIT_RULES 20000000
/* Reply text to an SMTP client, DESIGN: under 450 bytes. */
#define LIMIT_REPLY 450
/* Certificates in a chain as sent that are looked at. */
#define LIMIT_CHAIN 64
/* Names of one certificate that are looked at. */
#define LIMIT_CERT_NAMES 1000
/* One certificate file, PEM, DER or PKCS#7. */
#define LIMIT_CERT_FILE 33554432
/* Certificates or CRLs of one file or directory; Debian's bundle has 140. */
#define LIMIT_CERT_LIST 20000
/* Paths from leaf to anchor that are judged one by one, and steps of the
 * search for them. */
#define LIMIT_PATHS 128
#define LIMIT_PATH_STEPS 4000
/* Signatures checked while looking for paths, and certificates looked at by
 * all judgements of paths together. */
#define LIMIT_SIGNATURES 1000
#define LIMIT_PATH_WORK 2000
/* Bytes of one text of a finding (cause, fix, command). */
#define LIMIT_FINDING_TEXT 16384
/* Bytes fetched from one AIA URL, and URLs asked in one judgement. */
#define LIMIT_FETCH_BYTES 1048576
#define LIMIT_FETCHES 4
/* One text of a row in state.db; what is longer is cut. */
#define LIMIT_RECORD_TEXT 1024
/* Domains of one session that are recorded. */
#define LIMIT_RECORD_DOMAINS 256
/* Headers of one message that claim to be our Authentication-Results. */
#define LIMIT_FORGED 10000
/* A probe's result as JSON. */
#define LIMIT_RECORD_JSON 1048576
/* A chain as sent, as PEM: ten certificates of an ordinary kind have 20,000
 * bytes, OpenSSL takes 102,400 bytes of them from a peer. */
#define LIMIT_RECORD_CHAIN 131072
/* Chains kept of one host: keys of several kinds, a renewal, an accident. */
#define LIMIT_SEEN_CHAINS 8
/* Next hops whose servers policyd looks for at once; a connection waits for
 * one of them at a time, Postfix has 100 smtp(8) processes by default. */
#define LIMIT_SEARCHES 1024
/* Connections that wait for them, those that have gone meanwhile included. */
#define LIMIT_SEARCH_WAITERS 65536
/* Addresses of all servers of a next hop; Google has 10. */
#define LIMIT_SERVER_ADDRS 256
/* Next hops whose servers policyd remembers, and the bytes of all of them. */
#define LIMIT_SERVERS_KEPT 65536
#define LIMIT_SERVERS_BYTES 33554432
/* policy.db, copied whole into memory to be loaded: LIMIT_RULES rows of 400
 * bytes with their audit. */
#define LIMIT_POLICY_FILE 8589934592

#endif
