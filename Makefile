# hmi: build, test, install. `make help` lists the targets; V=1 shows the commands.

ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := $(shell sed -n 's/^\#define HMI_VERSION "\(.*\)"/\1/p' src/base/version.h)

comma := ,
# One folder for each way to build, so that they do not disturb each other. BUILD= overrides it.
variant := $(if $(findstring clang,$(CC)),-clang)$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))
BUILD   ?= build$(variant)

CPPFLAGS += -D_GNU_SOURCE -Isrc -I. -I$(BUILD)/gen
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wvla -Wstrict-prototypes -Wmissing-prototypes \
            -Wformat=2 -Wundef -Wpointer-arith -Wwrite-strings $(if $(WERROR),-Werror)
HARDEN   := $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong -fPIE
CFLAGS   ?= -O2 -g
ALL_CFLAGS := -std=c11 $(CFLAGS) $(WARNINGS) $(HARDEN) -pthread \
              $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
LDFLAGS  += -pie -Wl,-z,relro,-z,now -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE))
LDLIBS   += -lncursesw -ltinfo -lsqlite3 -lmosquitto -lconfig -lcjson -lsodium -lm

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
as_literal = $(Q)mkdir -p $(@D) && sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $< > $@.tmp && mv $@.tmp $@
$(BUILD)/gen/%.inc: db/%
	$(call say,GEN,$@)
	$(as_literal)
# Minutes and hours have the same views.
$(BUILD)/gen/minute_views.sql $(BUILD)/gen/hour_views.sql: $(BUILD)/gen/%_views.sql: db/bucket_views.sql
	$(Q)mkdir -p $(@D) && sed 's/@bucket@/$*/g; s/@width_us@/$(width_us_$*)/g' $< > $@.tmp && mv $@.tmp $@
width_us_minute := 60000000
width_us_hour   := 3600000000
$(BUILD)/gen/%.inc: $(BUILD)/gen/%
	$(call say,GEN,$@)
	$(as_literal)
$(BUILD)/gen/%.inc: config/%
	$(call say,GEN,$@)
	$(as_literal)
$(BUILD)/config/manual.o: $(BUILD)/gen/hmi.cfg.5.in.inc $(BUILD)/gen/example.cfg.inc
$(BUILD)/src/cli/demo_files.o: $(BUILD)/gen/demo.cfg.inc
$(BUILD)/db/schema.o: $(BUILD)/gen/schema.sql.inc $(BUILD)/gen/journal.sql.inc $(BUILD)/gen/commands.sql.inc $(BUILD)/gen/stages.sql.inc $(BUILD)/gen/restart.sql.inc $(BUILD)/gen/views.sql.inc $(BUILD)/gen/minute_views.sql.inc $(BUILD)/gen/hour_views.sql.inc

-include tests/tests.mk

# ---- what Debian has to bring ----

DEPS_BUILD := gcc libc6-dev make libncurses-dev libsqlite3-dev libmosquitto-dev libconfig-dev libcjson-dev \
              libsodium-dev
DEPS_RUN   := mosquitto sqlite3 ncurses-base tzdata
DEPS_TEST  := libcmocka-dev libvterm-dev mosquitto-clients openssl python3 python3-paho-mqtt locales
DEPS_LINT  := clang-14 libclang-rt-14-dev clang-format-14 cppcheck universal-ctags man-db groff

# $(call install_missing,packages): only what is not there yet, as root or through sudo.
install_missing = @missing=""; \
  for package in $(1); do \
    dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
  done; \
  if [ -n "$$missing" ]; then \
    echo "installing:$$missing"; \
    sudo=""; [ "$$(id -u)" = 0 ] || sudo=sudo; \
    $$sudo apt-get update -qq && \
    $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
  fi

.PHONY: deps deps-demo deps-test
deps: ## install the Debian packages that building, testing and checking need
	$(call install_missing,$(DEPS_BUILD) $(DEPS_RUN) $(DEPS_TEST) $(DEPS_LINT))

deps-demo:
	$(call install_missing,$(DEPS_BUILD) $(DEPS_RUN))

deps-test:
	$(call install_missing,$(DEPS_BUILD) $(DEPS_RUN) $(DEPS_TEST))

# ---- installation ----

MANUALS := $(BUILD)/man/hmi.1 $(BUILD)/man/hmi.cfg.5 $(BUILD)/man/hmi-history.5

.PHONY: man install uninstall
man: $(MANUALS) ## make the manual pages

$(BUILD)/man/hmi.1: $(BUILD)/hmi
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && $< help --manual > $@.tmp && mv $@.tmp $@
$(BUILD)/man/hmi.cfg.5: $(BUILD)/hmi
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && $< check --manual > $@.tmp && mv $@.tmp $@
$(BUILD)/man/%.5: db/%.5
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && cp $< $@

# Made anew each time, for PREFIX may be another one than the last.
.PHONY: $(BUILD)/hmi.service
$(BUILD)/hmi.service: config/service/hmi.service.in
	$(Q)mkdir -p $(@D) && sed 's,@PREFIX@,$(PREFIX),' $< > $@

install: $(BUILD)/hmi man $(BUILD)/hmi.service ## install into $(DESTDIR)$(PREFIX)
	install -D -m 0755 $(BUILD)/hmi $(DESTDIR)$(PREFIX)/bin/hmi
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/man/man1 $(BUILD)/man/hmi.1
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/man/man5 $(BUILD)/man/hmi.cfg.5 $(BUILD)/man/hmi-history.5
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/doc/hmi README.md SECURITY.md $(wildcard config/*.cfg) \
	        config/service/mosquitto.acl
	install -D -m 0644 $(BUILD)/hmi.service $(DESTDIR)$(PREFIX)/lib/systemd/system/hmi.service
	install -D -m 0644 config/service/hmi.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/hmi.conf
	install -D -m 0644 config/service/hmi.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/hmi.conf

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/hmi $(DESTDIR)$(PREFIX)/share/man/man1/hmi.1 \
	      $(DESTDIR)$(PREFIX)/share/man/man5/hmi.cfg.5 $(DESTDIR)$(PREFIX)/share/man/man5/hmi-history.5
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/hmi
	rm -f $(DESTDIR)$(PREFIX)/lib/systemd/system/hmi.service $(DESTDIR)$(PREFIX)/lib/sysusers.d/hmi.conf \
	      $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/hmi.conf

.PHONY: demo
demo: deps-demo ## see it: a simulated plant, recorded and shown (without a terminal: a summary)
	@$(MAKE) --no-print-directory $(BUILD)/hmi
	@if [ -t 0 ] && [ -t 1 ]; then $(BUILD)/hmi demo; else $(BUILD)/hmi demo --headless --seconds 10; fi

.PHONY: clean
clean: ## remove what was built
	rm -rf build build-*

-include $(OBJECTS:.o=.d) $(MAIN:.o=.d)
