/* tlswarden: base/mem - allocation that ends the program when memory is out.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

static void NORETURN
mem_out(void)
{
	static const char text[] = "out of memory\n";
	ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)n;
	abort();
}

void *
mem_alloc(size_t size)
{
	void *p = malloc(size == 0 ? 1 : size);

	if (p == NULL)
		mem_out();
	return p;
}

void *
mem_zalloc(size_t count, size_t size)
{
	void *p = calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);

	if (p == NULL)
		mem_out();
	return p;
}

void *
mem_realloc(void *p, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		mem_out();
	p = realloc(p, count * size == 0 ? 1 : count * size);
	if (p == NULL)
		mem_out();
	return p;
}

void *
mem_table(size_t size)
{
	const size_t page = (size_t)1 << 21;
	size_t align = size < page ? 128 : page;
	void *p;

	if (size > SIZE_MAX - align)
		mem_out();
	size = (size + align - 1) / align * align;
	p = aligned_alloc(align, size == 0 ? align : size);
	if (p == NULL)
		mem_out();
#ifdef MADV_HUGEPAGE
	if (size >= page)
		(void)madvise(p, size, MADV_HUGEPAGE); /* only a hint */
#endif
	return p;
}

char *
mem_strdup(const char *s)
{
	return mem_svdup(sv_from(s));
}

char *
mem_svdup(struct sv v)
{
	char *s = mem_alloc(v.n + 1);

	if (v.n > 0)
		memcpy(s, v.p, v.n);
	s[v.n] = '\0';
	return s;
}
