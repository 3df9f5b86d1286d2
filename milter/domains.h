/* tlswarden: milter/domains - whose mail a session carried, with counts.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure. A small set; domains over LIMIT_RECORD_DOMAINS are not counted.
 */
#ifndef MILTER_DOMAINS_H
#define MILTER_DOMAINS_H

#include "base/buf.h"
#include "fact/record.h"

struct domain_count;

struct domains {
	struct domain_count *v;
	size_t n, cap;
	struct buf names;
};

void domains_init(struct domains *d);
/* Counts one recipient for the domain, "" being the null sender. */
void domains_count(struct domains *d, struct sv domain, bool is_sender,
    bool is_refused);
/* Fills rows (room for LIMIT_RECORD_DOMAINS); returns how many. They view
 * into d. */
size_t domains_rows(const struct domains *d, struct record_domain *rows);
void domains_free(struct domains *d);

#endif
