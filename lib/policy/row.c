/* tlswarden: policy/row - a stored row checked and made into a rule.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <sysexits.h>

#include "base/limits.h"
#include "policy/row.h"
#include "wire/domain.h"

void
row_init(struct row_parts *p)
{
	*p = (struct row_parts){ 0 };
	buf_init(&p->sender_text, 2 * LIMIT_PATTERN);
	buf_init(&p->recipient_text, 2 * LIMIT_PATTERN);
	buf_init(&p->name_text, LIMIT_COLUMN);
	buf_init(&p->pin_text, LIMIT_COLUMN);
}

void
row_free(struct row_parts *p)
{
	buf_free(&p->sender_text);
	buf_free(&p->recipient_text);
	buf_free(&p->name_text);
	buf_free(&p->pin_text);
}

static int
bad(const char *column, struct sv value, const char *wanted, struct err *err_r)
{
	struct buf b;

	buf_init(&b, 400);
	buf_add_printable(&b, value, 80);
	(void)err_set(err_r, EX_DATAERR, "%s \"%s\": %s", column, buf_str(&b),
	    wanted);
	buf_free(&b);
	return -1;
}

/* Days since 1970 of a date of the proleptic Gregorian calendar. */
static int64_t
days_of(int64_t y, int64_t m, int64_t d)
{
	int64_t era, year_of_era, day_of_year;

	y -= m <= 2;
	era = y / 400;
	year_of_era = y - era * 400;
	day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 -
	    year_of_era / 100 + day_of_year - 719468;
}

static bool
number(struct sv text, size_t at, size_t n, uint32_t max, uint32_t *r)
{
	return text.n >= at + n && sv_to_u32(sv_make(text.p + at, n), max, r);
}

static bool
parse_date(struct sv text, int64_t *days_r)
{
	static const uint8_t lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30,
		31, 30, 31 };
	uint32_t y, m, d, length;
	bool is_leap;

	if (!number(text, 0, 4, 9999, &y) || !number(text, 5, 2, 12, &m) ||
	    !number(text, 8, 2, 31, &d) || text.p[4] != '-' ||
	    text.p[7] != '-' || m == 0 || d == 0)
		return false;
	is_leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	length = lengths[m - 1] + (m == 2 && is_leap ? 1U : 0U);
	if (d > length)
		return false;
	*days_r = days_of(y, m, d);
	return true;
}

bool
row_time_parse(struct sv text, int64_t *secs_r)
{
	int64_t days;
	uint32_t h = 0, m = 0, s = 0;

	if (text.n == 0)
		return false;
	if (text.n > 10 && text.p[text.n - 1] == 'Z')
		text.n--;
	if (!parse_date(text, &days))
		return false;
	if (text.n > 10) {
		if ((text.p[10] != 'T' && text.p[10] != ' ') ||
		    (text.n != 16 && text.n != 19) ||
		    !number(text, 11, 2, 23, &h) || text.p[13] != ':' ||
		    !number(text, 14, 2, 59, &m))
			return false;
		if (text.n == 19 &&
		    (text.p[16] != ':' || !number(text, 17, 2, 59, &s)))
			return false;
	}
	*secs_r = days * 86400 + (int64_t)h * 3600 + m * 60 + s;
	return true;
}

static int
parse_words(const struct rule_row *row, struct row_parts *p, struct err *err_r)
{
	enum direction direction;
	enum on_failure on_failure;
	enum rule_mode mode;

	if (!direction_parse(row->direction, &direction))
		return bad("direction", row->direction,
		    "must be in (mail we receive) or out (mail we deliver)",
		    err_r);
	if (!level_parse(row->level, &p->demand.level))
		return bad("level", row->level,
		    "must be none, preferred, encrypt or secure", err_r);
	if (!on_failure_parse(row->on_failure, &on_failure))
		return bad("on_failure", row->on_failure,
		    "must be tempfail or fail", err_r);
	if (!rule_mode_parse(row->mode, &mode))
		return bad("mode", row->mode, "must be enforce or monitor",
		    err_r);
	p->rule.direction = (uint8_t)direction;
	p->rule.on_failure = (uint8_t)on_failure;
	p->rule.mode = (uint8_t)mode;
	return 0;
}

static int
parse_numbers(const struct rule_row *row, struct row_parts *p,
    struct err *err_r)
{
	if (row->id <= 0)
		return err_set(err_r, EX_DATAERR, "id %lld: must be 1 or more",
		    (long long)row->id);
	if (row->enabled != 0 && row->enabled != 1)
		return err_set(err_r, EX_DATAERR,
		    "enabled %lld: must be 0 or 1", (long long)row->enabled);
	if (row->priority < INT32_MIN || row->priority > INT32_MAX)
		return err_set(err_r, EX_DATAERR,
		    "priority %lld: must be between %d and %d",
		    (long long)row->priority, INT32_MIN, INT32_MAX);
	if (row->min_bits < 0 || row->min_bits > 256)
		return err_set(err_r, EX_DATAERR,
		    "min_bits %lld: must be 1 to 256",
		    (long long)row->min_bits);
	p->rule.id = row->id;
	p->rule.is_enabled = row->enabled == 1;
	p->rule.priority = (int32_t)row->priority;
	p->demand.min_bits = (uint32_t)row->min_bits;
	p->rule.expires_at = INT64_MAX;
	if (row->expires_at.p != NULL &&
	    !row_time_parse(row->expires_at, &p->rule.expires_at))
		return bad("expires_at", row->expires_at,
		    "must be a UTC time such as 2030-12-31 or "
		    "2030-12-31 18:00:00, without offset",
		    err_r);
	return 0;
}

static int
parse_criteria(const struct rule_row *row, struct row_parts *p,
    struct err *err_r)
{
	enum pattern_place place = p->rule.direction == DIRECTION_OUT
	    ? PATTERN_OUT_RECIPIENT
	    : PATTERN_IN_RECIPIENT;

	buf_reset(&p->sender_text);
	buf_reset(&p->recipient_text);
	if (pattern_parse(row->sender, PATTERN_IN_SENDER, &p->sender_text,
		&p->rule.sender, err_r) != 0)
		return err_prefix(err_r, "sender");
	if (pattern_parse(row->recipient, place, &p->recipient_text,
		&p->rule.recipient, err_r) != 0)
		return err_prefix(err_r, "recipient");
	p->has_subnet = row->subnet.p != NULL;
	if (p->has_subnet && cidr_parse(row->subnet, &p->subnet, err_r) != 0)
		return -1;
	return 0;
}

static bool
is_out_keyword(struct sv word)
{
	return sv_is_nocase(word, "nexthop") ||
	    sv_is_nocase(word, ".nexthop") ||
	    sv_is_nocase(word, "dot-nexthop") || sv_is_nocase(word, "hostname");
}

/* A last label of digits alone: an address, or meant as one. */
static bool
ends_in_number(struct sv name)
{
	size_t n = name.n;

	while (n > 0 && name.p[n - 1] >= '0' && name.p[n - 1] <= '9')
		n--;
	return n < name.n && (n == 0 || name.p[n - 1] == '.');
}

static int
add_out_name(struct sv word, struct buf *out, struct err *err_r)
{
	char name[LIMIT_DOMAIN + 1];
	struct sv host = word;
	size_t n;

	if (is_out_keyword(word)) {
		for (size_t i = 0; i < word.n; i++)
			buf_addc(out, sv_lower(word.p[i]));
		return 0;
	}
	if (host.n > 0 && host.p[0] == '.') {
		buf_addc(out, '.');
		host = sv_skip(host, 1);
	}
	if (domain_normalise(host, name, &n) != DOMAIN_OK ||
	    !domain_is_valid(sv_make(name, n)) ||
	    ends_in_number(sv_make(name, n)))
		return bad("cert_name", word,
		    "must be host names, .suffixes, nexthop, .nexthop or "
		    "hostname, parted by colons; globs cannot be enforced "
		    "outbound",
		    err_r);
	buf_add(out, sv_make(name, n));
	return 0;
}

static int
add_in_name(struct sv word, struct buf *out, struct err *err_r)
{
	for (size_t i = 0; i < word.n; i++)
		if ((unsigned char)word.p[i] < 0x20 || word.p[i] == 0x7f)
			return bad("cert_name", word,
			    "must not have control characters", err_r);
	if (is_out_keyword(word))
		return bad("cert_name", word,
		    "means nothing inbound; write the name that the "
		    "client certificate carries",
		    err_r);
	for (size_t i = 0; i < word.n; i++)
		buf_addc(out, sv_lower(word.p[i]));
	return 0;
}

static int
parse_cert_name(const struct rule_row *row, struct row_parts *p,
    struct err *err_r)
{
	struct sv rest = row->cert_name, word;
	struct buf *out = &p->name_text;

	buf_reset(out);
	if (rest.p == NULL)
		return 0;
	if (rest.n == 0 || rest.p[rest.n - 1] == ':')
		return bad("cert_name", rest,
		    "must be names parted by colons, none of them empty",
		    err_r);
	while (sv_cut(&rest, ':', &word)) {
		if (word.n == 0)
			return bad("cert_name", row->cert_name,
			    "has an empty name between colons", err_r);
		if (out->n > 0)
			buf_addc(out, ':');
		if ((p->rule.direction == DIRECTION_OUT
			    ? add_out_name
			    : add_in_name)(word, out, err_r) != 0)
			return -1;
	}
	if (out->is_full)
		return bad("cert_name", row->cert_name, "is too long", err_r);
	p->demand.cert_name = buf_sv(out);
	return 0;
}

/* 64 hex digits; colons, if any, between all bytes. */
static bool
add_pin(struct sv word, struct buf *out)
{
	bool has_colons = word.n == 95;

	if (word.n != 64 && !has_colons)
		return false;
	for (size_t i = 0; i < word.n; i++) {
		if (has_colons && i % 3 == 2) {
			if (word.p[i] != ':')
				return false;
			continue;
		}
		if (sv_hex(word.p[i]) < 0)
			return false;
		buf_addc(out, sv_lower(word.p[i]));
	}
	return true;
}

static int
parse_pins(const struct rule_row *row, struct row_parts *p, struct err *err_r)
{
	struct sv rest = row->cert_fingerprint, word;
	struct buf *out = &p->pin_text;

	buf_reset(out);
	if (rest.p == NULL)
		return 0;
	while (sv_word(&rest, &word)) {
		if (out->n > 0)
			buf_addc(out, ' ');
		if (!add_pin(word, out))
			return bad("cert_fingerprint", word,
			    "must be SHA-256 fingerprints of 64 hex digits "
			    "each, colons optional, several parted by blanks",
			    err_r);
	}
	if (out->n == 0 || out->is_full)
		return bad("cert_fingerprint", row->cert_fingerprint,
		    "is empty or too long", err_r);
	p->demand.fingerprint = buf_sv(out);
	return 0;
}

/* What may stand beside which level (DESIGN section 4, legal sets). */
static int
check_legal(const struct rule_row *row, const struct row_parts *p,
    struct err *err_r)
{
	enum level l = p->demand.level;

	if (!level_demands_tls(l) &&
	    (row->min_protocol.p != NULL || row->min_bits != 0))
		return err_set(err_r, EX_DATAERR,
		    "min_protocol and min_bits are legal only with level "
		    "encrypt or secure");
	if (l != LEVEL_SECURE &&
	    (row->ca.p != NULL || row->cert_name.p != NULL))
		return err_set(err_r, EX_DATAERR,
		    "ca and cert_name are legal only with level secure");
	if (!level_demands_tls(l) && row->cert_fingerprint.p != NULL)
		return err_set(err_r, EX_DATAERR,
		    "cert_fingerprint is legal only with level encrypt or "
		    "secure");
	return 0;
}

int
row_parse(const struct rule_row *row, struct row_parts *p, struct err *err_r)
{
	p->rule = (struct rule){ 0 };
	p->demand = (struct demand){ 0 };
	p->ca_name = row->ca;
	if (parse_numbers(row, p, err_r) != 0 ||
	    parse_words(row, p, err_r) != 0 ||
	    parse_criteria(row, p, err_r) != 0 ||
	    check_legal(row, p, err_r) != 0)
		return -1;
	if (row->min_protocol.p != NULL &&
	    (!tls_version_parse(row->min_protocol, &p->demand.min_protocol) ||
		p->demand.min_protocol < TLS_VERSION_1_0))
		return bad("min_protocol", row->min_protocol,
		    "must be TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3", err_r);
	if (parse_cert_name(row, p, err_r) != 0 ||
	    parse_pins(row, p, err_r) != 0)
		return -1;
	return 0;
}
