/* tlswarden: ctl/postfix - what the installed Postfix is set to.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Postfix itself says it: "postconf -x" every setting with its default,
 * "postconf" the same as written, "postconf -M" the services of master.cf,
 * "postconf -Px" what these override, "postconf -P" the same as written. A
 * setting that is written, or defaults to, $other follows a service's override
 * of the other one. All of them obey MAIL_CONFIG. Views live as long as the
 * arena.
 */
#ifndef CTL_POSTFIX_H
#define CTL_POSTFIX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/sv.h"

enum { POSTFIX_TOOL_MSECS = 10000, POSTFIX_TOOL_BYTES = 4 << 20 };

struct postfix_pair {
	struct sv service; /* "smtp/unix"; empty: of main.cf */
	struct sv name;
	struct sv value;   /* with all $names replaced */
	struct sv written; /* as it stands in the file */
	struct sv other;   /* of main.cf: it is written as $other; else empty */
};

struct postfix_service {
	struct sv name; /* "smtp/unix" */
	struct sv command;
	bool is_chrooted;
	bool is_used; /* mail of rules goes there; for the caller to set */
};

struct postfix {
	struct arena *mem;
	const char *directory;      /* of main.cf; NULL: where postconf looks */
	struct postfix_pair *pairs; /* settings, then overrides */
	size_t n_pairs;
	size_t max_pairs;
	struct postfix_service *services;
	size_t n_services;
	size_t max_services;
	unsigned version; /* 307 is 3.7; 0: not understood */
};

/* The configuration directory; NULL: Postfix is not installed, or has no
 * main.cf, with *err_r filled. */
const char *postfix_directory(struct arena *mem, struct err *err_r) MUST_CHECK;
/* Reads all of it. -1: it cannot be read; free with postfix_done even then. */
int postfix_read(struct postfix *p, struct arena *mem, struct err *err_r)
    MUST_CHECK;
/* The same of the instance with that configuration directory. */
int postfix_read_in(struct postfix *p, struct arena *mem, const char *directory,
    struct err *err_r) MUST_CHECK;
void postfix_done(struct postfix *p);

/* A setting of main.cf; p == NULL in what is returned: this version has none
 * of that name. */
struct sv postfix_get(const struct postfix *p, const char *name);
/* The setting as that service has it: its override, or main.cf. */
struct sv postfix_service_get(const struct postfix *p, struct sv service,
    const char *name, bool *is_override_r);
/* The same with its value as it is written; NULL: this version has none of that
 * name. */
const struct postfix_pair *postfix_service_pair(const struct postfix *p,
    struct sv service, const char *name, bool *is_override_r);
const struct postfix_service *
postfix_service(const struct postfix *p, const char *name);
/* True if a service that runs this command is chrooted. */
bool postfix_is_chrooted(const struct postfix *p, const char *command);

/* A place where a setting has its value. */
struct postfix_place {
	struct sv service; /* "smtp/inet"; empty: main.cf */
	const char *name;  /* of the setting: "lmtp_..." for lmtp(8) */
	struct sv value;
	struct sv written; /* the same with its $names */
	bool is_chrooted;  /* a service that has it so is */
};

struct postfix_places {
	struct postfix_place *v; /* in the arena */
	size_t n;
};

/* Which services have a setting; the zero value: all of a daemon. */
enum postfix_which {
	POSTFIX_EVERY = 0,
	POSTFIX_OTHERS /* those that we have not set up ourselves */
};
/* Where services that run the command have the setting: main.cf, unless each
 * of them overrides it, and each that does. With "smtp" those of lmtp(8) that
 * are used, too. */
struct postfix_places postfix_places(const struct postfix *p,
    enum postfix_which which, const char *command, const char *name);

/* Takes the next word of a list: "{ unix:a, timeout=5s }" is two of them,
 * "inline:{a=b}" one. */
bool postfix_word(struct sv *in, struct sv *word_r);
/* Asks a table for the keys, one a line, as Postfix would; *text_r has a line
 * "key<tab>value" for each that it has, in their order. -1: it cannot be
 * asked. */
int postfix_ask(const struct postfix *p, const char *table, struct sv keys,
    struct sv *text_r, struct err *err_r) MUST_CHECK;
struct run;
/* postmap(1) ends with 1 when it found nothing, and when it could not look:
 * true for the latter. */
bool postfix_is_failed_lookup(const struct run *r);
/* Runs a tool of Postfix; what it prints is in *text_r. -1: it did not run, or
 * ended with another exit code than 0 (*code_r; NULL: nobody asks). */
int postfix_run(struct arena *mem, const char *const argv[], struct sv *text_r,
    int *code_r, struct err *err_r) MUST_CHECK;

#endif
