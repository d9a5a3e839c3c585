# leadflow builds like any PGXS extension: make, make install, make installcheck.
# make demo and make test do the whole job on a fresh machine.

EXTENSION = leadflow
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" leadflow.control)

MODULE_big = leadflow
OBJS = \
	src/leadflow.o \
	src/stage/stage.o \
	src/calendar/calendar_io.o \
	src/calendar/worktime.o

# The install script is these files, in this order.
SQL_PARTS = \
	src/leadflow.sql \
	src/stage/stage.sql \
	src/calendar/calendar.sql

DATA_built = leadflow--$(EXTVERSION).sql
EXTRA_CLEAN = build

REGRESS = stage calendar

PG_CONFIG ?= pg_config
PG_CFLAGS = -Wall -Wextra
# PostgreSQL's calling convention has parameters that a function may not need.
PG_CPPFLAGS = -I$(srcdir)/src -Wno-unused-parameter

# The specs that there are, settled now because PGXS asks whether there are any.
ISOLATION := $(basename $(notdir $(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=$(srcdir)/test/isolation --load-extension=leadflow

# These install what they need first, so they work before there is a PGXS.
jobs = test demo demo-stop
ifeq ($(filter $(jobs),$(MAKECMDGOALS)),)
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# Debian's PostgreSQL is configured without dependency tracking.
$(OBJS): $(wildcard $(srcdir)/src/*.h $(srcdir)/src/*/*.h)
endif

leadflow--$(EXTVERSION).sql: $(SQL_PARTS) leadflow.control
	cat $(addprefix $(srcdir)/,$(SQL_PARTS)) > $@

.PHONY: $(jobs)

test:
	@PG_CONFIG='$(PG_CONFIG)' test/run

demo:
	@PG_CONFIG='$(PG_CONFIG)' demo/run start

demo-stop:
	@PG_CONFIG='$(PG_CONFIG)' demo/run stop
