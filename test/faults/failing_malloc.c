/*
 * failing_malloc.c
 *	  Preloaded into the server: one request for memory in a process that asks
 *	  for it is refused, as if there were none left.
 *
 * Memory contexts get their blocks by malloc, so this is where PostgreSQL would
 * meet the end of memory.  Nothing is counted before failing_malloc_countdown is
 * set, which failing_alloc.c does.
 */
#include <errno.h>
#include <stddef.h>

#include "spared.h"

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);

/* The number of the request that fails, counted from here; 0 for none. */
long		failing_malloc_countdown = 0;
long		failing_malloc_requests = 0;

static int
refused(void)
{
	failing_malloc_requests++;
	if (failing_malloc_countdown == 0 || --failing_malloc_countdown > 0)
		return 0;
	if (spared())
	{
		failing_malloc_countdown = 1;
		return 0;
	}
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t size)
{
	return refused() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	return refused() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *old, size_t size)
{
	return refused() ? NULL : __libc_realloc(old, size);
}
