/* tlswarden: ctl/init - makes or mends the databases and their directories.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * policy.db is root's: who can write its directory can plant a journal that
 * the next sqlite3 of root rolls into the table. The state directory is the
 * daemons'. A directory that holds other people's files is never given away:
 * it is left as it is, and said so.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/conf.h"
#include "ctl/command.h"
#include "ctl/out.h"
#include "store/policy_init.h"
#include "base/banned.h"

enum { PATH_BYTES = 4096, NAMES_MAX = 3 };

/* A directory as it is to be. */
struct place {
	char path[PATH_BYTES];
	uid_t uid;
	gid_t gid;
	mode_t mode;
	/* What of ours is in it: names that start with one of these. */
	const char *names[NAMES_MAX];
};

struct init {
	const struct app *app;
	const struct conf *conf;
	bool is_root;
	uid_t uid; /* of the service user */
	gid_t gid;
	json_t *steps;
	bool has_problem;
};

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static void
say(struct init *in, const char *did, const char *path, const char *text)
{
	json_t *o;

	if (!in->app->json) {
		out_styled(in->app,
		    strcmp(did, "problem") == 0 ? OUT_BAD : OUT_PLAIN, "%-9s",
		    did);
		printf("%s%s%s\n", path, *text != '\0' ? ": " : "", text);
		return;
	}
	o = json_object();
	out_json_set(o, "did", out_json_str(did));
	out_json_set(o, "path", out_json_str(path));
	out_json_set(o, "text", out_json_str(text));
	out_json_add(in->steps, o);
}

static int
fail(const char *path, const char *what, struct err *err_r)
{
	return err_set(err_r,
	    errno == EACCES || errno == EPERM ? EX_NOPERM : EX_CANTCREAT,
	    "%s: cannot %s: %s%s", path, what, strerror(errno),
	    errno == EACCES || errno == EPERM ? "; run it as root" : "");
}

/* Makes what is missing above path, readable by all. */
static int
make_above(const char *path, struct err *err_r)
{
	char above[PATH_BYTES];

	(void)snprintf(above, sizeof(above), "%s", path);
	for (char *p = above + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		if (mkdir(above, 0755) != 0 && errno != EEXIST)
			return fail(above, "be made", err_r);
		*p = '/';
	}
	return 0;
}

/* True if there is nothing in the directory but ours. */
static bool
is_ours(const struct place *place, int fd)
{
	DIR *dir = fdopendir(dup(fd));
	const struct dirent *entry;
	bool yes = true;

	if (dir == NULL)
		return false;
	while (yes && (entry = readdir(dir)) != NULL) {
		bool is_known = strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0;

		for (size_t i = 0; i < NAMES_MAX && place->names[i] != NULL;
		     i++)
			is_known = is_known ||
			    strncmp(entry->d_name, place->names[i],
				strlen(place->names[i])) == 0;
		yes = is_known;
	}
	(void)closedir(dir);
	return yes;
}

static bool
is_right(const struct init *in, const struct place *place,
    const struct stat *sb)
{
	return (sb->st_mode & 07777) == place->mode &&
	    (!in->is_root ||
		(sb->st_uid == place->uid && sb->st_gid == place->gid));
}

/* True if a directory that holds other files, too, serves as it is: nobody
 * else can write it, the daemons can read it. One that daemons write has to be
 * exactly as planned. */
static bool
will_do(const struct init *in, const struct place *place, const struct stat *sb)
{
	mode_t need =
	    sb->st_gid == in->gid ? S_IRGRP | S_IXGRP : S_IROTH | S_IXOTH;

	return (place->mode & S_IWGRP) == 0 &&
	    (!in->is_root || sb->st_uid == place->uid) &&
	    (sb->st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
	    (sb->st_mode & need) == need;
}

static void
leave(struct init *in, const struct place *place, const struct stat *sb)
{
	bool is_enough = will_do(in, place, sb);
	char text[200];

	if (is_enough)
		(void)snprintf(text, sizeof(text),
		    "holds other files, too, and keeps its mode %04o",
		    (unsigned)(sb->st_mode & 07777));
	else
		(void)snprintf(text, sizeof(text),
		    "holds other files, too, and was left as it is; it should "
		    "be a directory of its own with mode %04o",
		    (unsigned)place->mode);
	say(in, is_enough ? "kept" : "problem", place->path, text);
	in->has_problem = in->has_problem || !is_enough;
}

static void
place_words(const struct init *in, const struct place *place, char *text,
    size_t size)
{
	const struct passwd *pw = getpwuid(place->uid);
	char user[64];
	const struct group *gr;

	(void)snprintf(user, sizeof(user), "%s",
	    pw != NULL ? pw->pw_name : "?");
	gr = getgrgid(place->gid);
	if (in->is_root)
		(void)snprintf(text, size, "%s:%s %04o", user,
		    gr != NULL ? gr->gr_name : "?", (unsigned)place->mode);
	else
		(void)snprintf(text, size,
		    "mode %04o; not run as root: its owner stays",
		    (unsigned)place->mode);
}

/* Gives the open directory owner and mode. */
static int
mend(struct init *in, const struct place *place, int fd, bool is_new,
    struct err *err_r)
{
	struct stat sb;
	char text[200];

	if (fstat(fd, &sb) != 0)
		return fail(place->path, "be looked at", err_r);
	place_words(in, place, text, sizeof(text));
	if (!is_new && is_right(in, place, &sb)) {
		say(in, "kept", place->path, text);
		return 0;
	}
	if (!is_new && !is_ours(place, fd)) {
		leave(in, place, &sb);
		return 0;
	}
	/* The mode last: chown(2) takes the setgid bit away. */
	if (in->is_root && fchown(fd, place->uid, place->gid) != 0)
		return fail(place->path, "be given to its owner", err_r);
	if (fchmod(fd, place->mode) != 0)
		return fail(place->path, "get its mode", err_r);
	say(in, is_new ? "created" : "repaired", place->path, text);
	return 0;
}

static int
make_place(struct init *in, const struct place *place, struct err *err_r)
{
	bool is_new;
	int fd, rc;

	if (make_above(place->path, err_r) != 0)
		return -1;
	is_new = mkdir(place->path, 0700) == 0;
	if (!is_new && errno != EEXIST)
		return fail(place->path, "be made", err_r);
	fd = open(place->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return fail(place->path, "be opened", err_r);
	rc = mend(in, place, fd, is_new, err_r);
	(void)close(fd);
	return rc;
}

static int
make_table(struct init *in, struct err *err_r)
{
	const char *path = in->conf->policy_database;
	struct policy_init_result r;
	char text[200];

	if (policy_init(path, in->is_root ? in->gid : (gid_t)-1, &r, err_r) !=
	    0)
		return -1;
	(void)snprintf(text, sizeof(text), "version %lld%s%s",
	    (long long)r.version,
	    r.had_journal ? "; the journal of a crashed writer was rolled back"
			  : "",
	    r.was_wal ? "; WAL mode was ended" : "");
	say(in,
	    r.is_created                     ? "created"
		: r.from_version < r.version ? "migrated"
		: r.had_journal || r.was_wal ? "repaired"
					     : "kept",
	    path, text);
	return 0;
}

static int
find_user(struct init *in, struct err *err_r)
{
	const struct passwd *pw;

	in->is_root = geteuid() == 0;
	in->uid = geteuid();
	in->gid = getegid();
	if (!in->is_root)
		return 0;
	pw = *in->conf->user != '\0' ? getpwnam(in->conf->user) : NULL;
	if (pw == NULL)
		return err_set(err_r, EX_NOUSER,
		    "%s: user \"%s\" does not exist; make it: adduser "
		    "--system --group --no-create-home %s",
		    in->conf->file, in->conf->user, in->conf->user);
	in->uid = pw->pw_uid;
	in->gid = pw->pw_gid;
	return 0;
}

/* The directory of a file. -1 when that is no place for it. */
static int
directory_of(const char *file, char dir_r[static PATH_BYTES], struct err *err_r)
{
	char *slash;

	(void)snprintf(dir_r, PATH_BYTES, "%s", file);
	slash = strrchr(dir_r, '/');
	if (slash != NULL && slash != dir_r && strlen(file) < PATH_BYTES) {
		*slash = '\0';
		return 0;
	}
	return err_set(err_r, EX_CONFIG,
	    "%s: a database needs a directory of its own", file);
}

static int
plan(const struct init *in, struct place *policy, struct place *state,
    struct place *last, struct err *err_r)
{
	const struct conf *conf = in->conf;

	if (directory_of(conf->policy_database, policy->path, err_r) != 0 ||
	    directory_of(conf->state_database, state->path, err_r) != 0 ||
	    directory_of(conf->last_good, last->path, err_r) != 0)
		return -1;
	if (strcmp(policy->path, state->path) == 0 ||
	    strcmp(policy->path, last->path) == 0)
		return err_set(err_r, EX_CONFIG,
		    "%s: state_database and last_good must not be in the "
		    "directory of policy_database, which daemons may not write",
		    conf->file);
	policy->uid = in->is_root ? 0 : in->uid;
	policy->gid = in->gid;
	policy->mode = 0750;
	policy->names[0] = base_name(conf->policy_database);
	policy->names[1] = base_name(state->path);
	policy->names[2] = base_name(last->path);
	state->uid = last->uid = in->uid;
	state->gid = last->gid = in->gid;
	state->mode = last->mode = 02770;
	state->names[0] = last->names[0] = base_name(conf->state_database);
	state->names[1] = last->names[1] = base_name(conf->last_good);
	return 0;
}

static int
work(struct init *in, struct err *err_r)
{
	struct place policy = { .mode = 0 }, state = policy, last = policy;

	if (find_user(in, err_r) != 0 ||
	    plan(in, &policy, &state, &last, err_r) != 0)
		return -1;
	(void)umask(022);
	if (make_place(in, &policy, err_r) != 0 || make_table(in, err_r) != 0 ||
	    make_place(in, &state, err_r) != 0)
		return -1;
	if (strcmp(state.path, last.path) == 0)
		return 0;
	return make_place(in, &last, err_r);
}

static int
init_run(struct app *app, const struct args *args)
{
	struct init in = { .app = app };
	struct err err = { 0 };
	int rc = -1;

	(void)args;
	in.steps = json_array();
	in.conf = app_conf(app, &err);
	if (in.conf != NULL)
		rc = work(&in, &err);
	if (app->json)
		out_json(in.steps);
	else
		json_decref(in.steps);
	if (rc != 0)
		return app_fail(&err);
	return in.has_problem ? CTL_FINDING : CTL_GOOD;
}

const struct command verb_init = {
	.name = "init",
	.summary = "make or migrate the table, with its directories",
	.synopsis = "",
	.help =
	    "Makes policy.db and its directory (root's, readable by the\n"
	    "daemons) and the state directory (the daemons'), brings an older\n"
	    "table up to date, rolls back the journal of a writer that\n"
	    "crashed, and says what it did. Safe to repeat; rules stay.",
	.examples = "  tlswarden init",
	.run = init_run,
};
