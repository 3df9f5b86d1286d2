/* tlswarden: base/attr - compiler attributes, so that misuse fails to compile.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define NORETURN __attribute__((noreturn))
#define NONNULL_RETURN __attribute__((returns_nonnull))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define UNUSED __attribute__((unused))
/* For a large local array that is written before it is read: spares it the
 * zeroing of -ftrivial-auto-var-init. */
#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define UNINIT __attribute__((uninitialized))
#endif
#endif
#ifndef UNINIT
#define UNINIT
#endif

#endif
