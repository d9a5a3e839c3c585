/*
 * exact.c
 *	  Memory for code under test in blocks of exactly the size that it asks for.
 *
 * A block has a header before it, which is poisoned while it is in use.  Memory
 * that the server gave has none, and is left to the server.
 */
#define FUZZ_EXACT_C
#include "exact.h"

#include <sanitizer/allocator_interface.h>
#include <sanitizer/asan_interface.h>

#include "lib/ilist.h"

typedef struct Block
{
	dlist_node	node;
	MemoryContext context;
	Size		size;
} Block;

#define HEADER	MAXALIGN(sizeof(Block))

MemoryContext exact_input = NULL;

static dlist_head of_input = DLIST_STATIC_INIT(of_input);
static dlist_head kept = DLIST_STATIC_INIT(kept);

/* All of this file may look at headers. */
#define LOOKS_AT_HEADERS __attribute__((no_sanitize("address")))

static bool
is_below(MemoryContext context, MemoryContext above)
{
	for (; context != NULL; context = context->parent)
	{
		if (context == above)
			return true;
	}
	return false;
}

/* Does the extension empty that context itself? */
static bool
is_own(MemoryContext context)
{
	return strncmp(context->name, "leadflow", 8) == 0;
}

LOOKS_AT_HEADERS void *
exact_alloc(MemoryContext context, Size size, int flags)
{
	bool		input = exact_input != NULL && is_below(context, exact_input);
	Block	   *block;

	/* the server refuses what is too large in its own words */
	if ((!input && !is_own(context)) ||
		((flags & MCXT_ALLOC_HUGE) ? !AllocHugeSizeIsValid(size) : !AllocSizeIsValid(size)))
		return MemoryContextAllocExtended(context, size, flags);
	block = malloc(HEADER + size);
	if (block == NULL)
	{
		if (flags & MCXT_ALLOC_NO_OOM)
			return NULL;
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	}
	block->context = context;
	block->size = size;
	dlist_push_head(input ? &of_input : &kept, &block->node);
	__asan_poison_memory_region(block, HEADER);
	if (flags & MCXT_ALLOC_ZERO)
		memset((char *) block + HEADER, 0, size);
	return (char *) block + HEADER;
}

/* The block that was given here, or NULL. */
static Block *
block_of(void *pointer)
{
	void	   *block = (char *) pointer - HEADER;

	return __sanitizer_get_ownership(block) ? block : NULL;
}

LOOKS_AT_HEADERS static void
free_block(Block *block)
{
	__asan_unpoison_memory_region(block, HEADER);
	dlist_delete(&block->node);
	free(block);
}

void
exact_free(void *pointer)
{
	Block	   *block = block_of(pointer);

	if (block == NULL)
		pfree(pointer);
	else
		free_block(block);
}

LOOKS_AT_HEADERS MemoryContext
exact_context(void *pointer)
{
	Block	   *block = block_of(pointer);

	return block == NULL ? GetMemoryChunkContext(pointer) : block->context;
}

LOOKS_AT_HEADERS void *
exact_realloc(void *pointer, Size size, bool huge)
{
	Block	   *block = block_of(pointer);
	void	   *moved;

	if (block == NULL)
		return huge ? repalloc_huge(pointer, size) : repalloc(pointer, size);
	moved = exact_alloc(block->context, size, huge ? MCXT_ALLOC_HUGE : 0);
	memcpy(moved, pointer, Min(block->size, size));
	free_block(block);
	return moved;
}

LOOKS_AT_HEADERS static void
free_below(dlist_head *list, MemoryContext above)
{
	dlist_node *node = list->head.next;

	while (node != NULL && node != &list->head)
	{
		Block	   *block = dlist_container(Block, node, node);

		node = node->next;
		if (is_below(block->context, above))
			free_block(block);
	}
}

void
exact_reset(MemoryContext context)
{
	free_below(&of_input, context);
	free_below(&kept, context);
	MemoryContextReset(context);
}

void
exact_delete(MemoryContext context)
{
	free_below(&of_input, context);
	free_below(&kept, context);
	MemoryContextDelete(context);
}

/* A context that leaves the input takes its blocks with it. */
LOOKS_AT_HEADERS void
exact_set_parent(MemoryContext context, MemoryContext parent)
{
	dlist_node *node = of_input.head.next;

	while (!is_below(parent, exact_input) && node != NULL && node != &of_input.head)
	{
		Block	   *block = dlist_container(Block, node, node);

		node = node->next;
		if (is_below(block->context, context))
		{
			dlist_delete(&block->node);
			dlist_push_head(&kept, &block->node);
		}
	}
	MemoryContextSetParent(context, parent);
}

LOOKS_AT_HEADERS void
exact_free_input(void)
{
	while (!dlist_is_empty(&of_input))
		free_block(dlist_container(Block, node, of_input.head.next));
	MemoryContextReset(exact_input);
}
