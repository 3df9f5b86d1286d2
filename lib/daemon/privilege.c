/* tlswarden: daemon/privilege - from root to the service user, for good.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/privilege.h"

static int
become(const struct passwd *pw, struct err *err_r)
{
	if (initgroups(pw->pw_name, pw->pw_gid) < 0 || setgid(pw->pw_gid) < 0 ||
	    setuid(pw->pw_uid) < 0)
		return err_set(err_r, EX_OSERR, "cannot become user %s: %s",
		    pw->pw_name, strerror(errno));
	if (setuid(0) == 0 || geteuid() == 0)
		return err_set(err_r, EX_OSERR,
		    "user %s could become root again; will not run so",
		    pw->pw_name);
	return 0;
}

int
privilege_drop(const char *user, struct err *err_r)
{
	struct passwd *pw;

	if (geteuid() == 0) {
		if (user[0] == '\0')
			return err_set(err_r, EX_CONFIG,
			    "will not run as root: set \"user\" in "
			    "tlswarden.conf(5) or start as another user");
		errno = 0;
		pw = getpwnam(user);
		if (pw == NULL)
			return err_set(err_r, EX_NOUSER,
			    "there is no user \"%s\": make it, or name another "
			    "in tlswarden.conf(5)%s%s",
			    user, errno == 0 ? "" : ": ",
			    errno == 0 ? "" : strerror(errno));
		if (pw->pw_uid == 0)
			return err_set(err_r, EX_CONFIG,
			    "will not run as root: user \"%s\" is root", user);
		if (become(pw, err_r) < 0)
			return -1;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(err_r, EX_OSERR,
		    "cannot give up new privileges: %s", strerror(errno));
	(void)umask(0007);
	return 0;
}

uint32_t
privilege_open_files(uint32_t n)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return n;
	if (limit.rlim_cur < n) {
		struct rlimit more = limit;

		more.rlim_cur = n;
		if (more.rlim_max < n)
			more.rlim_max = n;
		if (setrlimit(RLIMIT_NOFILE, &more) < 0) {
			more.rlim_max = limit.rlim_max;
			more.rlim_cur = limit.rlim_max;
			(void)setrlimit(RLIMIT_NOFILE, &more);
		}
		if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
			return n;
	}
	return limit.rlim_cur < n ? (uint32_t)limit.rlim_cur : n;
}
