/* tlswarden: tests/zoo - rows of the table of the zoo, and their judgement.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef TESTS_ZOO_H
#define TESTS_ZOO_H

#include "base/err.h"
#include "base/sv.h"
#include "cert/finding.h"

enum { ZOO_FIELDS = 8 };

/* Fields are views of the line. */
struct zoo_row {
	struct sv id;
	struct sv
	    options;     /* name=N purpose=P crl=F crlcheck=leaf level=N ... */
	struct sv roots; /* files of the zoo, parted by blanks */
	struct sv chain;
	struct sv verdict;
	struct sv findings; /* class@index, ~ in front of notices */
	struct sv cause;    /* words parted by ";": of the first finding */
	struct sv fix;
};

/* Reads a line; false for comments and blank lines; aborts on a bad one. */
bool zoo_parse(struct sv line, struct zoo_row *row_r);
/* Judges the row's chain in the folder dir. */
int zoo_judge(const char *dir, const struct zoo_row *row, struct diagnosis *d,
    struct err *err_r);
/* The findings as in the table. */
void zoo_findings(const struct diagnosis *d, struct buf *out);

#endif
