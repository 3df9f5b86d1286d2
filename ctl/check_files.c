/* tlswarden: ctl/check_files - who could change the table behind our back.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Who can write a directory above policy.db can put another table there, and
 * who can write its own directory can plant a journal that the next sqlite3 of
 * root rolls into the table.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "ctl/check.h"
#include "ctl/run.h"
#include "base/banned.h"

enum { PATH_BYTES = 4096 };

static void
unsafe(struct check *c, const char *path, const char *why, const char *fix)
{
	check_add(c, CHECK_PROBLEM, "unsafe_file", CHECK_ALL,
	    check_text(c, "%s %s", path, why),
	    check_text(c, "%s %s", fix, path));
}

/* True if somebody beside root, or the one who runs this, owns it. */
static bool
is_foreign(uid_t owner)
{
	return owner != 0 && owner != geteuid();
}

static void
check_directory(struct check *c, const char *path, bool is_own)
{
	struct stat sb;

	if (stat(path, &sb) != 0)
		return; /* loading says what is missing */
	if (is_foreign(sb.st_uid))
		unsafe(c, path, "does not belong to root", "chown root");
	/* With the sticky bit others can add files, not replace ours. */
	if ((sb.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
	    (is_own || (sb.st_mode & S_ISVTX) == 0))
		unsafe(c, path,
		    is_own ? "can be written by others than its owner: a "
			     "planted journal becomes part of the table"
			   : "can be written by others than its owner: the "
			     "table can be replaced",
		    is_own ? "chmod 0750" : "chmod go-w");
}

static void
check_database(struct check *c, const char *path)
{
	struct stat sb;

	if (lstat(path, &sb) != 0)
		return;
	if (S_ISLNK(sb.st_mode)) {
		unsafe(c, path, "is a symbolic link",
		    "name the file itself in policy_database, not");
		return;
	}
	if (is_foreign(sb.st_uid))
		unsafe(c, path, "does not belong to root", "chown root");
	if ((sb.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		unsafe(c, path, "can be written by others than its owner",
		    "chmod go-w");
}

/* All directories from the file's own up to the root. */
static void
check_above(struct check *c, const char *path)
{
	char dir[PATH_BYTES];
	bool is_own = true;

	(void)snprintf(dir, sizeof(dir), "%s", path);
	for (;;) {
		char *slash = strrchr(dir, '/');

		if (slash == NULL)
			return;
		slash[slash == dir ? 1 : 0] = '\0';
		check_directory(c, check_text(c, "%s", dir), is_own);
		is_own = false;
		if (slash == dir)
			return;
	}
}

/* In a directory without setgid a group member who merely reads first leaves
 * files that the daemon cannot open. */
static void
check_state(struct check *c, const struct conf *conf)
{
	char dir[PATH_BYTES];
	struct stat sb;
	char *slash;

	(void)snprintf(dir, sizeof(dir), "%s", conf->state_database);
	slash = strrchr(dir, '/');
	if (slash == NULL || slash == dir)
		return;
	*slash = '\0';
	if (stat(dir, &sb) != 0) {
		check_add(c, CHECK_NOTICE, "no_state_directory", CHECK_ALL,
		    check_text(c, "%s: %s", dir, strerror(errno)),
		    "tlswarden init");
		return;
	}
	if ((sb.st_mode & S_ISGID) == 0)
		check_add(c, CHECK_PROBLEM, "state_setgid", CHECK_ALL,
		    check_text(c,
			"%s is not setgid: who merely reads state.db can lock "
			"the daemons out",
			dir),
		    check_text(c, "chmod 2770 %s", dir));
	if ((sb.st_mode & S_IWOTH) != 0)
		unsafe(c, check_text(c, "%s", dir), "can be written by all",
		    "chmod 2770");
}

static void
check_user(struct check *c, const struct conf *conf)
{
	if (*conf->user != '\0' && getpwnam(conf->user) == NULL)
		check_add(c, CHECK_PROBLEM, "no_user", CHECK_ALL,
		    check_text(c, "user \"%s\" does not exist", conf->user),
		    check_text(c,
			"adduser --system --group --no-create-home %s",
			conf->user));
}

static int
try_read(const void *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	(void)close(fd);
	return 0;
}

/* A table that root copied into its place has root's group: root reads it, and
 * the daemons go on with the one before, or do not start. */
static void
check_readers(struct check *c, const struct conf *conf)
{
	const char *path = conf->policy_database;
	struct err err;
	int why;

	if (geteuid() != 0 || access(path, F_OK) != 0 || *conf->user == '\0' ||
	    getpwnam(conf->user) == NULL)
		return;
	why = run_as(conf->user, try_read, path, &err);
	if (why == 0)
		return;
	check_add(c, CHECK_PROBLEM, "unreadable", CHECK_ALL,
	    why < 0 ? check_text(c, "%s: %s", path, err.text)
		    : check_text(c,
			  "%s: user %s may not read it (%s): the daemons keep "
			  "the last table that they could read",
			  path, conf->user, strerror(why)),
	    "tlswarden init, as root: it sets owner and mode");
}

void
check_files(struct check *c)
{
	const struct conf *conf = c->app->conf;

	check_database(c, conf->policy_database);
	check_readers(c, conf);
	check_above(c, conf->policy_database);
	check_state(c, conf);
	check_user(c, conf);
}
