/* tlswarden: policyd/news - what has changed at a partner since the last probe.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cert/info.h"
#include "fact/reason.h"
#include "news.h"
#include "policy/dsn.h"

enum {
	DAY_SECS = 86400,
	DAY_LENGTH = 10,
	HOSTS_MAX = 512,
	NAME_MAX_BYTES = 80
};

void
past_init(struct past *p)
{
	arena_init(&p->mem);
	p->rows = NULL;
	p->n = 0;
	p->newest = 0;
}

void
past_add(struct past *p, const struct record_probe *row)
{
	struct record_probe *kept;

	if (p->n == NEWS_ROWS_MAX)
		return;
	if (p->rows == NULL)
		p->rows = arena_alloc(&p->mem, NEWS_ROWS_MAX * sizeof(*kept));
	kept = &p->rows[p->n++];
	*kept = (struct record_probe){ .at_secs = row->at_secs,
		.host = arena_sv(&p->mem, row->host),
		.addr = arena_sv(&p->mem, row->addr),
		.class = arena_sv(&p->mem, row->class),
		.not_after_secs = row->not_after_secs };
	if (row->at_secs > p->newest)
		p->newest = row->at_secs;
}

void
past_done(struct past *p)
{
	arena_free(&p->mem);
	past_init(p);
}

static const struct record_probe *
find(const struct past *p, const struct record_probe *row)
{
	for (size_t i = 0; i < p->n; i++)
		if (sv_eq(p->rows[i].host, row->host) &&
		    sv_eq(p->rows[i].addr, row->addr))
			return &p->rows[i];
	return NULL;
}

/* "probe: EVENT destination=D server=H[A]:P rule=N" */
static void
begin(const struct news *news, const char *event,
    const struct record_probe *row, struct buf *line)
{
	buf_init(line, 2000);
	buf_addf(line, "probe: %s destination=", event);
	buf_add_printable(line, news->nexthop, LIMIT_DOMAIN);
	if (row != NULL)
		buf_addf(line, " server=%.*s[%.*s]:%u",
		    SV_ARG(sv_head(row->host, NAME_MAX_BYTES)),
		    SV_ARG(row->addr), (unsigned)row->port);
	if (news->rule != 0)
		buf_addf(line, " rule=%" PRId64, news->rule);
	else
		buf_adds(line, " rule=none");
}

/* What fails; empty: nothing that counts. A certificate that nobody verifies
 * is as good as any. */
static struct sv
fault_of(const struct news *news, const struct record_probe *row)
{
	enum reason reason;

	if (!news->verifies && reason_parse(row->class, &reason) &&
	    dsn_explains(REASON_CERT_NOT_VERIFIED, reason))
		return sv_from("");
	return row->class;
}

static void
tell_failure(const struct news *news, const char *was, struct sv class,
    const struct record_probe *row)
{
	enum reason reason = REASON_UNKNOWN;
	struct buf line;

	(void)!reason_parse(class, &reason);
	begin(news, "failing", row, &line);
	buf_addf(&line, " class=%.*s fault=%.*s was=%s todo=\"%s\"",
	    SV_ARG(class), SV_ARG(row->fault), was, reason_info(reason)->todo);
	/* Without a rule mail goes there in any case. */
	if (news->rule != 0)
		say_warning(news->say, "%s", buf_str(&line));
	else
		say_info(news->say, "%s", buf_str(&line));
	buf_free(&line);
}

static void
tell_state(const struct news *news, const struct record_probe *before,
    const struct record_probe *row)
{
	struct sv class = fault_of(news, row);
	struct sv old = before == NULL ? sv_from("") : fault_of(news, before);
	char was[64];
	struct buf line;

	if (sv_eq(old, class))
		return;
	(void)snprintf(was, sizeof(was), "%.*s",
	    SV_ARG(before == NULL ? sv_from("new")
		    : old.n == 0  ? sv_from("ok")
				  : old));
	if (class.n > 0) {
		tell_failure(news, was, class, row);
		return;
	}
	begin(news, "recovered", row, &line);
	buf_addf(&line, " was=%s", was);
	say_info(news->say, "%s", buf_str(&line));
	buf_free(&line);
}

static bool
is_near(int64_t not_after, int64_t at, uint32_t days)
{
	return not_after > at && not_after - at <= (int64_t)days * DAY_SECS;
}

/* An expiry that has come is a failure and told as such. */
static void
tell_expiry(const struct news *news, const struct record_probe *before,
    const struct record_probe *row)
{
	char time[INFO_TIME_SIZE];
	struct buf line;

	if (!is_near(row->not_after_secs, news->now, news->warn_days) ||
	    (before != NULL && before->not_after_secs == row->not_after_secs &&
		is_near(before->not_after_secs, before->at_secs,
		    news->warn_days)))
		return;
	begin(news, news->has_pin ? "pin-breaks" : "expires", row, &line);
	buf_addf(&line, " not_after=%.*s days=%" PRId64, DAY_LENGTH,
	    cert_info_time(row->not_after_secs, time),
	    (row->not_after_secs - news->now) / DAY_SECS);
	if (news->has_pin)
		buf_adds(&line,
		    " todo=\"ask for the next certificate and add its "
		    "fingerprint to cert_fingerprint before it is renewed\"");
	say_warning(news->say, "%s", buf_str(&line));
	buf_free(&line);
}

static int
by_text(const void *a, const void *b)
{
	return sv_cmp(*(const struct sv *)a, *(const struct sv *)b);
}

/* The names of the servers, each once, in order. False: DNS did not tell. */
static bool
list_hosts(const struct record_probe *rows, size_t n, int64_t at,
    struct buf *out)
{
	struct sv *hosts = mem_zalloc(n + 1, sizeof(*hosts));
	size_t n_hosts = 0;
	bool is_known = true;

	for (size_t i = 0; i < n; i++) {
		if (rows[i].at_secs != at)
			continue;
		is_known = is_known && rows[i].addr.n > 0;
		hosts[n_hosts++] = rows[i].host;
	}
	if (n_hosts > 0)
		qsort(hosts, n_hosts, sizeof(*hosts), by_text);
	for (size_t i = 0; i < n_hosts; i++) {
		if (i > 0 && sv_eq(hosts[i], hosts[i - 1]))
			continue;
		if (out->n > 0)
			buf_addc(out, ' ');
		buf_add(out, hosts[i]);
	}
	free(hosts);
	return is_known && n_hosts > 0;
}

static void
tell_hosts(const struct news *news, const struct past *past,
    const struct record_probe *rows, size_t n)
{
	struct buf was, is, line;

	buf_init(&was, NEWS_ROWS_MAX * (LIMIT_DOMAIN + 1));
	buf_init(&is, NEWS_ROWS_MAX * (LIMIT_DOMAIN + 1));
	if (list_hosts(past->rows, past->n, past->newest, &was) &&
	    list_hosts(rows, n, rows[0].at_secs, &is) &&
	    !sv_eq(buf_sv(&was), buf_sv(&is))) {
		begin(news, "mx-changed", NULL, &line);
		buf_adds(&line, " was=\"");
		buf_add_printable(&line, buf_sv(&was), HOSTS_MAX);
		buf_adds(&line, "\" now=\"");
		buf_add_printable(&line, buf_sv(&is), HOSTS_MAX);
		buf_addc(&line, '"');
		say_warning(news->say, "%s", buf_str(&line));
		buf_free(&line);
	}
	buf_free(&was);
	buf_free(&is);
}

void
news_tell(const struct news *news, const struct past *past,
    const struct record_probe *rows, size_t n)
{
	if (n == 0)
		return;
	if (news->has_mx && past->n > 0)
		tell_hosts(news, past, rows, n);
	for (size_t i = 0; i < n; i++) {
		const struct record_probe *before = find(past, &rows[i]);

		tell_state(news, before, &rows[i]);
		tell_expiry(news, before, &rows[i]);
	}
}
