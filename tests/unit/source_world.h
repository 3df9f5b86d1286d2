/* tlswarden: tests/unit/source_world.h - a source over a table of its own.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef TESTS_SOURCE_WORLD_H
#define TESTS_SOURCE_WORLD_H

#include <string.h>

#include "daemon/source.h"
#include "policy_fixture.h"
#include "said.h"
#include "unit.h"

#define START INT64_C(1900000000) /* 2030-03-17 17:46:40 */

/* clang-format off */
UNUSED static const char good[] =
    "INSERT INTO policy(direction, recipient, level)"
    " VALUES('out', 'example.mil', 'encrypt')";
/* Past the triggers, as a foreign tool may write it. */
UNUSED static const char untriggered[] =
    "PRAGMA writable_schema=1; DELETE FROM sqlite_schema WHERE"
    " type = 'trigger'; PRAGMA writable_schema=0";
UNUSED static const char bad[] =
    "INSERT INTO policy(direction, recipient, level)"
    " VALUES('out', 'example.org', 'encypt')";
/* clang-format on */

struct world {
	struct fixture f;
	struct said said;
	struct source_options opt;
	struct source *src;
	int64_t now;
};

static inline void
world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	fixture_init(&w->f);
	w->opt.policy_path = w->f.policy;
	w->opt.last_good_path = w->f.last_good;
	w->opt.say = said_init(&w->said);
	w->opt.load.snapshot.postfix_version = 306;
	w->opt.load.snapshot.ca_directory = sv_from("tlswarden/ca");
	w->now = START;
}

static inline void
open_source(struct world *w)
{
	struct err err = { 0 };

	ck_assert_msg(source_open(&w->src, &w->opt, w->now, &err) == 0, "%s",
	    err.text);
	source_settle(w->src);
}

static inline void
world_done(struct world *w)
{
	source_close(w->src);
	said_done(&w->said);
	fixture_done(&w->f);
}

static inline struct source_status
poll_source(struct world *w)
{
	struct source_status st;

	source_poll(w->src, w->now);
	source_settle(w->src);
	source_status(w->src, &st);
	return st;
}

#endif
