/* tlswarden: base/file - whole files read into memory, with a ceiling.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/file.h"
#include "base/banned.h"

int
file_read(const char *path, struct buf *out, struct err *err_r)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	char chunk[16384];
	ssize_t n;

	if (fd < 0)
		return err_set(err_r, EX_NOINPUT, "%s: %s", path,
		    strerror(errno));
	do {
		n = read(fd, chunk, sizeof(chunk));
		if (n > 0)
			buf_add(out, sv_make(chunk, (size_t)n));
	} while ((n > 0 && !out->is_full) || (n < 0 && errno == EINTR));
	if (n < 0)
		(void)err_set(err_r, EX_NOINPUT, "%s: %s", path,
		    strerror(errno));
	else if (out->is_full)
		(void)err_set(err_r, EX_DATAERR,
		    "%s: longer than the %zu bytes that are read", path,
		    out->max);
	if (!is_stdin)
		(void)close(fd);
	return n < 0 || out->is_full ? -1 : 0;
}
