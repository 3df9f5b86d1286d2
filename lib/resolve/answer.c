/* tlswarden: resolve/answer - what an answer of libunbound says.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "resolve/answer.h"
#include "wire/domain.h"

enum { RCODE_NXDOMAIN = 3, LABEL_MAX = 63 };

enum resolve_status
answer_judge(const struct answer *q, const char *name, const char *type,
    struct err *err_r)
{
	if (q->error != 0)
		(void)err_set(err_r, EX_TEMPFAIL, "DNS %s of %s: %s", type,
		    name, ub_strerror(q->error));
	else if (q->result == NULL)
		(void)err_set(err_r, EX_TEMPFAIL,
		    "DNS %s of %s: no answer in time", type, name);
	else if (q->result->bogus)
		(void)err_set(err_r, EX_TEMPFAIL,
		    "DNS %s of %s: DNSSEC validation failed (%s)", type, name,
		    q->result->why_bogus == NULL ? "bogus"
						 : q->result->why_bogus);
	else if (q->result->havedata)
		return RESOLVE_OK;
	else if (q->result->rcode == 0 || q->result->rcode == RCODE_NXDOMAIN) {
		(void)err_set(err_r, EX_NOHOST, "DNS %s of %s: no such %s",
		    type, name, q->result->nxdomain ? "name" : "records");
		return RESOLVE_NONE;
	} else
		(void)err_set(err_r, EX_TEMPFAIL, "DNS %s of %s: rcode %d",
		    type, name, q->result->rcode);
	return RESOLVE_TEMP;
}

bool
resolve_wire_name(struct sv rdata, char text_r[LIMIT_DOMAIN + 1])
{
	char text[LIMIT_DOMAIN + 1];
	size_t n = 0, normal_n;

	for (;;) {
		size_t length =
		    rdata.n == 0 ? LABEL_MAX + 1 : (unsigned char)rdata.p[0];

		rdata = sv_skip(rdata, 1);
		if (length == 0)
			break;
		if (length > LABEL_MAX || length > rdata.n ||
		    n + length + 1 > LIMIT_DOMAIN)
			return false;
		if (n > 0)
			text[n++] = '.';
		memcpy(text + n, rdata.p, length);
		n += length;
		rdata = sv_skip(rdata, length);
	}
	if (n == 0) {
		text_r[0] = '\0';
		return true;
	}
	if (domain_normalise(sv_make(text, n), text_r, &normal_n) !=
		DOMAIN_OK ||
	    !domain_is_mail_host(sv_make(text_r, normal_n)))
		return false;
	text_r[normal_n] = '\0';
	return true;
}

static int
by_preference(const void *a, const void *b)
{
	const struct mx_host *x = a, *y = b;

	if (x->preference != y->preference)
		return x->preference < y->preference ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* MX: 16 bits of preference, then the exchange (RFC 1035 3.3.9). */
enum resolve_status
answer_mx(const struct ub_result *result, const char *domain,
    struct mx_list *list, struct err *err_r)
{
	for (size_t i = 0; result->data[i] != NULL; i++) {
		struct sv rdata =
		    sv_make(result->data[i], (size_t)result->len[i]);
		struct mx_host *host = &list->hosts[list->n];

		if (list->n == RESOLVE_HOSTS) {
			list->is_cut = true;
			break;
		}
		if (rdata.n < 3 ||
		    !resolve_wire_name(sv_skip(rdata, 2), host->name))
			continue;
		host->preference = (uint16_t)(((unsigned char)rdata.p[0] << 8) |
		    (unsigned char)rdata.p[1]);
		/* RFC 7505 3: one record, the root as exchange. */
		if (host->name[0] == '\0') {
			(void)err_set(err_r, EX_NOHOST,
			    "%s accepts no mail (null MX)", domain);
			return RESOLVE_NULL_MX;
		}
		list->n++;
	}
	if (list->n == 0) {
		(void)err_set(err_r, EX_NOHOST,
		    "%s has no MX record with a usable host", domain);
		return RESOLVE_NONE;
	}
	qsort(list->hosts, list->n, sizeof(list->hosts[0]), by_preference);
	return RESOLVE_OK;
}

uint32_t
answer_ttl(const struct ub_result *result)
{
	return result->ttl < 0 ? 0 : (uint32_t)result->ttl;
}

bool
answer_addr(const struct ub_result *result, size_t i, uint8_t family,
    struct addr *a)
{
	size_t want = family == 4 ? 4 : 16;

	if ((size_t)result->len[i] != want)
		return false;
	memset(a, 0, sizeof(*a));
	a->family = family;
	memcpy(a->b, result->data[i], want);
	return true;
}
