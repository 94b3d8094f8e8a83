# Tests, benchmarks, and the checks of the sources. Included by the Makefile.
# Each tests/unit/test_*.c and tests/ui/test_*.c becomes a program of its own; adding a file is enough.

TEST_UNIT  := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
TEST_UI    := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/ui/test_*.c))
TEST_TOOLS := $(BUILD)/vtdrive
BENCH_TOOLS := $(patsubst tests/bench/%.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
TERMINAL   := $(BUILD)/tests/ui/terminal.o $(BUILD)/tests/ui/scan.o
TEST_C     := $(wildcard tests/*/*.c)
PYTHON     := /usr/bin/python3

$(TEST_UNIT): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/libhmi.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

$(TEST_UI): $(BUILD)/%: $(BUILD)/%.o $(TERMINAL) $(BUILD)/libhmi.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka -lvterm $(LDLIBS)

$(BUILD)/vtdrive: $(BUILD)/tests/ui/vtdrive.o $(TERMINAL) $(BUILD)/libhmi.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lvterm $(LDLIBS)

$(BENCH_TOOLS): $(BUILD)/%: $(BUILD)/tests/bench/%.o $(TERMINAL) $(BUILD)/libhmi.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lvterm $(LDLIBS)

.PHONY: tests test bench layers lint
tests: $(TEST_UNIT) $(TEST_UI) $(TEST_TOOLS) $(BENCH_TOOLS)

-include $(TEST_C:%.c=$(BUILD)/%.d)
