/* tlswarden: base/file - whole files read into memory, with a ceiling.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

/* Adds all bytes of the file to out, "-" being standard input; out->max is the
 * ceiling. -1: it cannot be read (EX_NOINPUT), or is longer (EX_DATAERR); the
 * text names the file. */
int file_read(const char *path, struct buf *out, struct err *err_r) MUST_CHECK;

#endif
