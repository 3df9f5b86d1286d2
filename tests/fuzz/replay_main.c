/* tlswarden: tests/fuzz/replay_main - runs a fuzz target over its seeds.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Without arguments the folder is corpus/NAME of the source tree for a program
 * fuzz_NAME; else the arguments are files or folders. Prints TAP; a target
 * that aborts ends the program, which is a failed test.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "fuzz.h"

enum { SEED_MAX = 1 << 20 };

static int n_run;

static int
replay_file(const char *path)
{
	uint8_t *data = mem_alloc(SEED_MAX);
	FILE *fp = fopen(path, "rb");
	size_t n;

	if (fp == NULL) {
		printf("not ok %d - %s: %s\n", ++n_run, path, strerror(errno));
		free(data);
		return 1;
	}
	n = fread(data, 1, SEED_MAX, fp);
	(void)fclose(fp);
	/* A block of the exact size, so that a sanitizer sees an overrun. */
	data = mem_realloc(data, n == 0 ? 1 : n, 1);
	(void)LLVMFuzzerTestOneInput(data, n);
	free(data);
	printf("ok %d - %s\n", ++n_run, path);
	(void)fflush(stdout);
	return 0;
}

static int
is_seed(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int
replay(const char *path)
{
	struct dirent **list = NULL;
	struct stat st;
	char name[4096];
	int n, failed = 0;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return replay_file(path);
	n = scandir(path, &list, is_seed, alphasort);
	if (n <= 0) {
		printf("not ok %d - no seeds in %s\n", ++n_run, path);
		failed = 1;
	}
	for (int i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "%s/%s", path,
		    list[i]->d_name);
		failed += replay_file(name);
		free(list[i]);
	}
	free(list);
	return failed;
}

int
main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir");
	const char *name = strstr(argv[0], "fuzz_");
	char folder[4096];
	int failed = 0;

	for (const char *p = name; p != NULL; p = strstr(p + 1, "fuzz_"))
		name = p;
	if (argc == 1 && name != NULL) {
		(void)snprintf(folder, sizeof(folder),
		    "%s/tests/fuzz/corpus/%s", top == NULL ? "." : top,
		    name + strlen("fuzz_"));
		failed = replay(folder);
	}
	for (int i = 1; i < argc; i++)
		failed += replay(argv[i]);
	printf("1..%d\n", n_run);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
