/*
 * stage.h
 *	  The lifecycle stage as a value, for the rest of the module.
 *
 * A stage is a varlena of one code byte, which names a stage of the spine or
 * an exit, and the bytes of a local label, if it is a leaf.  The bytes alone
 * decide the order.  A value may have a short header: reach it through the
 * functions below, never through a cast.
 */
#ifndef LEADFLOW_STAGE_H
#define LEADFLOW_STAGE_H

#include "postgres.h"

#include "fmgr.h"

#include "compat.h"

typedef struct varlena Stage;

/*
 * On-disk codes.  They are stable and ascend in stage order; the gaps are
 * there for a stage that a later version puts between two of these.
 */
typedef enum StageCode
{
	STAGE_NURTURE = 10,
	STAGE_DISQUALIFIED = 20,
	STAGE_LOST = 30,
	STAGE_CHURNED = 40,
	STAGE_VISITOR = 60,
	STAGE_ENGAGED = 70,
	STAGE_LEAD = 80,
	STAGE_MQL = 90,
	STAGE_CONTACTED = 100,
	STAGE_SAL = 110,
	STAGE_SQL = 120,
	STAGE_OPPORTUNITY = 130,
	STAGE_BUDGET = 140,
	STAGE_VALUE = 150,
	STAGE_PROPOSAL = 160,
	STAGE_DECISION = 170,
	STAGE_WON = 180,
	STAGE_ONBOARDING = 190,
	STAGE_ACTIVE = 200,
	STAGE_EXPANSION = 210
} StageCode;

/* Ordinals: the spine is 1 to 16, the exits are -4 to -1, and 0 is nothing. */
#define STAGE_FIRST_EXIT	(-4)
#define STAGE_LAST_EXIT		(-1)
#define STAGE_FIRST_SPINE	1
#define STAGE_LAST_SPINE	16

#define STAGE_MAX_NAME		12	/* "disqualified" */
#define STAGE_MAX_LABEL		63
#define STAGE_MAX_PAYLOAD	(1 + STAGE_MAX_LABEL)

/* Room for any stage on the caller's stack. */
typedef union StageSpace
{
	int32		force_align;
	char		bytes[VARHDRSZ + STAGE_MAX_PAYLOAD];
} StageSpace;

#define DatumGetStagePP(X)		((Stage *) PG_DETOAST_DATUM_PACKED(X))
#define PG_GETARG_STAGE_PP(n)	DatumGetStagePP(PG_GETARG_DATUM(n))
#define PG_RETURN_STAGE_P(x)	PG_RETURN_POINTER(x)

/* The code byte. */
static inline uint8
stage_code(const Stage *stage)
{
	return *(const uint8 *) VARDATA_ANY(stage);
}

/* The local label, not terminated, and its length; length 0 for no leaf. */
static inline const char *
stage_label(const Stage *stage, int *len)
{
	*len = (int) VARSIZE_ANY_EXHDR(stage) - 1;
	return VARDATA_ANY(stage) + 1;
}

static inline bool
stage_is_leaf(const Stage *stage)
{
	return VARSIZE_ANY_EXHDR(stage) > 1;
}

/* The spine */
extern bool stage_code_is_exit(uint8 code);
extern int	stage_ordinal_of_code(uint8 code);
extern bool stage_code_of_ordinal(int ordinal, uint8 *code);
extern const char *stage_spine_name(uint8 code);

/* Making and reading */
extern Stage *stage_make(uint8 code, const char *label, int len);
extern Stage *stage_base_of(const Stage *stage);
extern Stage *stage_parse(const char *str);
extern const Stage *stage_from_text(const text *name, StageSpace *space);
extern char *stage_to_cstring(const Stage *stage);

/* Comparing */
extern int	stage_compare(const Stage *a, const Stage *b);
extern bool stage_equal(const Stage *a, const Stage *b);
extern bool stage_contained(const Stage *a, const Stage *b);
extern bool stage_is_back(const Stage *from, const Stage *to);

#endif							/* LEADFLOW_STAGE_H */
