# hmi: build, test, install. `make help` lists the targets; V=1 shows the commands.

CC      ?= gcc
PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := $(shell sed -n 's/^\#define HMI_VERSION "\(.*\)"/\1/p' src/base/version.h)

comma := ,
# One folder for each way to build, so that they do not disturb each other. BUILD= overrides it.
variant := $(if $(findstring clang,$(CC)),-clang)$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))
BUILD   ?= build$(variant)

PACKAGES := ncursesw sqlite3 libmosquitto libconfig libcjson
CPPFLAGS += -D_GNU_SOURCE -Isrc -I. -I$(BUILD)/gen $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null | sed 's/-D_DEFAULT_SOURCE\|-D_XOPEN_SOURCE=600//g')
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wvla -Wstrict-prototypes -Wmissing-prototypes \
            -Wformat=2 -Wundef -Wpointer-arith -Wwrite-strings $(if $(WERROR),-Werror)
HARDEN   := $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong -fPIE
CFLAGS   ?= -O2 -g
ALL_CFLAGS := -std=c11 $(CFLAGS) $(WARNINGS) $(HARDEN) -pthread \
              $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
LDFLAGS  += -pie -Wl,-z,relro,-z,now -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE))
LDLIBS   += -lncursesw -ltinfo -lsqlite3 -lmosquitto -lconfig -lcjson -lm

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

SOURCES := $(filter-out src/cli/main.c,$(wildcard src/*/*.c config/*.c db/*.c ui/*.c ui/*/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
MAIN    := $(BUILD)/src/cli/main.o

.DEFAULT_GOAL := all
.PHONY: all help
all: $(BUILD)/hmi ## build build/hmi

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST)

$(BUILD)/hmi: $(MAIN) $(BUILD)/libhmi.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/libhmi.a: $(OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MD -MP -c -o $@ $<

# Files of other kinds that the program carries inside: one C string literal a line.
$(BUILD)/gen/%.inc: db/%
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $< > $@.tmp && mv $@.tmp $@
$(BUILD)/db/schema.o: $(BUILD)/gen/schema.sql.inc $(BUILD)/gen/views.sql.inc

-include tests/tests.mk

.PHONY: clean
clean: ## remove what was built
	rm -rf build build-*

-include $(OBJECTS:.o=.d) $(MAIN:.o=.d)
