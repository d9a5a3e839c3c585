# leadflow builds like any PGXS extension: make, make install, make installcheck.
# make demo and make test do the whole job on a fresh machine.

EXTENSION = leadflow
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" leadflow.control)

MODULE_big = leadflow
OBJS = \
	src/leadflow.o \
	src/stage/stage.o \
	src/stage/stage_ops.o

# The install script is these files, in this order.
SQL_PARTS = \
	src/leadflow.sql \
	src/stage/stage.sql \
	src/stage/stage_ops.sql

DATA_built = leadflow--$(EXTVERSION).sql
EXTRA_CLEAN = build

REGRESS = stage

PG_CONFIG ?= pg_config
PG_CFLAGS = -Wall -Wextra
# PostgreSQL's calling convention has parameters that a function may not need.
PG_CPPFLAGS = -I$(srcdir)/src -Wno-unused-parameter
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)


leadflow--$(EXTVERSION).sql: $(SQL_PARTS) leadflow.control
	cat $(addprefix $(srcdir)/,$(SQL_PARTS)) > $@
