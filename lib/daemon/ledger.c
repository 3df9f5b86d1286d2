/* tlswarden: daemon/ledger - what a row of the ledger says of a judgement.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include "daemon/ledger.h"

struct sv
ledger_domain(const struct party *p)
{
	struct sv domain = party_domain(p);

	for (size_t i = 0; i < domain.n; i++)
		if (domain.p[i] <= ' ' || domain.p[i] > '~')
			return sv_from("");
	return domain;
}

struct sv
ledger_address(enum conf_addresses how, const struct party *p,
    struct sv written)
{
	switch (how) {
	case CONF_ADDRESSES_FULL:
		return p->kind == PARTY_NULL ? sv_from("<>") : written;
	case CONF_ADDRESSES_DOMAIN:
		return p->kind == PARTY_NULL ? sv_from("<>") : ledger_domain(p);
	case CONF_ADDRESSES_NONE:
		break;
	}
	return sv_from("");
}

void
ledger_judgement(const struct judgement *j, struct record_violation *row)
{
	row->rule = j->verdict.rule_id;
	row->is_outbound = false;
	row->is_monitor = j->rule != NULL && j->rule->mode == MODE_MONITOR;
	row->is_permanent = j->verdict.kind == VERDICT_FAIL;
	row->reason = sv_from(reason_info(j->verdict.reason)->code);
}

void
ledger_outbound(enum conf_addresses how, const struct judgement *j,
    struct sv nexthop, struct sv text, struct record_violation *row)
{
	/* Both name the domain of a recipient. */
	bool keeps = how != CONF_ADDRESSES_NONE;

	ledger_judgement(j, row);
	row->is_outbound = true;
	row->nexthop = keeps ? nexthop : sv_from("");
	row->text = keeps ? text : sv_from("");
}
