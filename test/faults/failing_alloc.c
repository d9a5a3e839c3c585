/*
 * failing_alloc.c
 *	  A module for tests: the request for memory of a given number, counted from
 *	  now on, fails.
 *
 * malloc is asked seldom, because memory contexts get large blocks by it.  So
 * this counts what palloc and its like are asked for, by whomever in the
 * backend: the functions of all contexts of the common kinds are replaced in
 * their table.  PostgreSQL 16 and later keep that table where a module does not
 * reach it, so there only malloc can fail.
 */
#include "postgres.h"

#include <sys/mman.h>
#include <unistd.h>

#include "fmgr.h"
#include "nodes/memnodes.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "spared.h"

PG_MODULE_MAGIC;

/* of failing_malloc.c, where that is preloaded */
extern long failing_malloc_countdown __attribute__((weak));
extern long failing_malloc_requests __attribute__((weak));

static long countdown = 0;
static long requests = 0;

#if PG_VERSION_NUM < 160000
typedef struct ReplacedMethods
{
	void	   *(*alloc) (MemoryContext context, Size size);
	void	   *(*realloc) (MemoryContext context, void *pointer, Size size);
	const MemoryContextMethods *methods;
} ReplacedMethods;

static ReplacedMethods replaced[2];

static void
count_request(void)
{
	requests++;
	if (countdown == 0 || --countdown > 0)
		return;
	if (spared())
		countdown = 1;
	else
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Request number %ld was refused.", requests)));
}

static ReplacedMethods *
methods_of(MemoryContext context)
{
	return context->methods == replaced[0].methods ? &replaced[0] : &replaced[1];
}

static void *
counted_alloc(MemoryContext context, Size size)
{
	count_request();
	return methods_of(context)->alloc(context, size);
}

static void *
counted_realloc(MemoryContext context, void *pointer, Size size)
{
	count_request();
	return methods_of(context)->realloc(context, pointer, size);
}

static void
replace_methods(ReplacedMethods *slot, MemoryContext example)
{
	MemoryContextMethods *methods = (MemoryContextMethods *) example->methods;
	uintptr_t	page = (uintptr_t) sysconf(_SC_PAGESIZE);
	uintptr_t	start = (uintptr_t) methods & ~(page - 1);
	uintptr_t	end = (uintptr_t) (methods + 1);

	if (mprotect((void *) start, end - start, PROT_READ | PROT_WRITE) != 0)
		elog(ERROR, "the methods of memory contexts cannot be replaced: %m");
	slot->alloc = methods->alloc;
	slot->realloc = methods->realloc;
	slot->methods = methods;
	methods->alloc = counted_alloc;
	methods->realloc = counted_realloc;
}

static void
replace_all_methods(void)
{
	MemoryContext generation;

	if (replaced[0].methods != NULL)
		return;
#if PG_VERSION_NUM < 150000
	generation = GenerationContextCreate(CurrentMemoryContext, "example",
										 ALLOCSET_DEFAULT_INITSIZE);
#else
	generation = GenerationContextCreate(CurrentMemoryContext, "example",
										 ALLOCSET_DEFAULT_SIZES);
#endif
	replace_methods(&replaced[0], TopMemoryContext);
	replace_methods(&replaced[1], generation);
	MemoryContextDelete(generation);
}
#endif

/*
 * fail_alloc(kind, n): the n-th request of that kind ("palloc" or "malloc")
 * fails, once; 0 for none.
 */
PG_FUNCTION_INFO_V1(fail_alloc);
Datum
fail_alloc(PG_FUNCTION_ARGS)
{
	char	   *kind = text_to_cstring(PG_GETARG_TEXT_PP(0));
	long		n = PG_GETARG_INT64(1);

	if (strcmp(kind, "malloc") == 0)
	{
		if (&failing_malloc_countdown == NULL)
			elog(ERROR, "failing_malloc is not preloaded");
		failing_malloc_requests = 0;
		failing_malloc_countdown = n;
	}
	else
	{
#if PG_VERSION_NUM < 160000
		replace_all_methods();
#endif
		requests = 0;
		countdown = n;
	}
	PG_RETURN_VOID();
}

/* count_allocs(kind): how many requests there were since; none fails any more. */
PG_FUNCTION_INFO_V1(count_allocs);
Datum
count_allocs(PG_FUNCTION_ARGS)
{
	char	   *kind = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bool		is_malloc = strcmp(kind, "malloc") == 0;

	if (is_malloc)
		failing_malloc_countdown = 0;
	else
		countdown = 0;
	PG_RETURN_INT64(is_malloc ? failing_malloc_requests : requests);
}
