/* tlswarden: base/banned - functions that no code of ours calls.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Included last by a .c file it turns a call into a compile error; the lint
 * test tests/lint/banned.sh reads the list from here and greps all code.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf
#pragma GCC poison strtok strtok_r gets atoi atol strtol sscanf
#pragma GCC poison localtime gmtime ctime asctime mktemp tmpnam
#undef alloca /* a macro of glibc */
#pragma GCC poison system popen alloca

#endif
