/*
 * row_json.h
 *	  A row as JSON that it can be read back from.
 */
#ifndef LEADFLOW_ROW_JSON_H
#define LEADFLOW_ROW_JSON_H

#include "postgres.h"

extern Datum row_json(Datum row);

#endif							/* LEADFLOW_ROW_JSON_H */
