# leadflow builds like any PGXS extension: make, make install, make installcheck.
# make demo and make test do the whole job on a fresh machine.

EXTENSION = leadflow
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" leadflow.control)

MODULE_big = leadflow
OBJS = \
	src/leadflow.o \
	src/calendar/calendar_block.o \
	src/calendar/calendar_cache.o \
	src/calendar/calendar_compile.o \
	src/calendar/calendar_days.o \
	src/calendar/calendar_io.o \
	src/calendar/calendar_parse.o \
	src/calendar/calendar_read.o \
	src/calendar/calendar_text.o \
	src/calendar/week.o \
	src/calendar/worktime.o \
	src/calendar/zone.o

# The install script is these files, in this order.
SQL_PARTS = \
	src/leadflow.sql \
	src/calendar/calendar.sql

DATA_built = leadflow--$(EXTVERSION).sql
EXTRA_CLEAN = build

REGRESS = calendar

PG_CONFIG ?= pg_config
PG_CFLAGS = -Wall -Wextra
# PostgreSQL's calling convention has parameters that a function may not need.
PG_CPPFLAGS = -I$(srcdir)/src -Wno-unused-parameter
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)


leadflow--$(EXTVERSION).sql: $(SQL_PARTS) leadflow.control
	cat $(addprefix $(srcdir)/,$(SQL_PARTS)) > $@
