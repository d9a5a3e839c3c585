/*
 * exact.h
 *	  Memory for code under test in blocks of exactly the size that it asks for.
 *
 * A memory context hands out pieces of large blocks, in which an access beyond
 * a piece goes unseen.  Every file of the extension is compiled with this one
 * before it, so that what it allocates in a context of the input or of its own
 * comes from malloc, where AddressSanitizer watches it.
 */
#ifndef FUZZ_EXACT_H
#define FUZZ_EXACT_H

#include "postgres.h"

#include "utils/memutils.h"

/* The context of one input; what is below it is freed by exact_free_input. */
extern MemoryContext exact_input;

extern void *exact_alloc(MemoryContext context, Size size, int flags);
extern void *exact_realloc(void *pointer, Size size, bool huge);
extern void exact_free(void *pointer);
extern MemoryContext exact_context(void *pointer);
extern void exact_reset(MemoryContext context);
extern void exact_delete(MemoryContext context);
extern void exact_set_parent(MemoryContext context, MemoryContext parent);
extern void exact_free_input(void);

#ifndef FUZZ_EXACT_C
#define palloc(size)	exact_alloc(CurrentMemoryContext, size, 0)
#define palloc0(size)	exact_alloc(CurrentMemoryContext, size, MCXT_ALLOC_ZERO)
#define palloc_extended(size, flags)	exact_alloc(CurrentMemoryContext, size, flags)
#define MemoryContextAlloc(context, size)	exact_alloc(context, size, 0)
#define MemoryContextAllocZero(context, size)	exact_alloc(context, size, MCXT_ALLOC_ZERO)
#define MemoryContextAllocExtended(context, size, flags)	exact_alloc(context, size, flags)
#define MemoryContextAllocHuge(context, size)	exact_alloc(context, size, MCXT_ALLOC_HUGE)
#define repalloc(pointer, size)	exact_realloc(pointer, size, false)
#define repalloc_huge(pointer, size)	exact_realloc(pointer, size, true)
#define pfree(pointer)	exact_free(pointer)
#define GetMemoryChunkContext(pointer)	exact_context(pointer)
#define MemoryContextReset(context)	exact_reset(context)
#define MemoryContextDelete(context)	exact_delete(context)
#define MemoryContextSetParent(context, parent)	exact_set_parent(context, parent)
#endif

#endif							/* FUZZ_EXACT_H */
