# Tests, benchmarks, and the checks of the sources. Included by the Makefile.
# Each tests/unit/test_*.c and tests/ui/test_*.c becomes a program of its own; adding a file is enough.

TEST_UNIT  := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
TEST_UI    := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/ui/test_*.c))
TEST_TOOLS := $(BUILD)/vtdrive
BENCH_TOOLS := $(patsubst tests/bench/%.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
VT_OBJECTS := $(BUILD)/tests/ui/vt.o $(BUILD)/tests/ui/scan.o
TEST_C     := $(wildcard tests/*/*.c)
PYTHON     := /usr/bin/python3

$(TEST_UNIT): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/libhmi.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

$(TEST_UI): $(BUILD)/%: $(BUILD)/%.o $(VT_OBJECTS) $(BUILD)/tests/ui/fake_recorder.o $(BUILD)/libhmi.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka -lvterm $(LDLIBS)

$(BUILD)/vtdrive: $(BUILD)/tests/ui/vtdrive.o $(VT_OBJECTS) $(BUILD)/libhmi.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lvterm $(LDLIBS)

$(BENCH_TOOLS): $(BUILD)/%: $(BUILD)/tests/bench/%.o $(VT_OBJECTS) $(BUILD)/libhmi.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lvterm $(LDLIBS)

FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
$(FUZZERS): $(BUILD)/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/libhmi.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

.PHONY: tests test bench fuzz layers lint format
tests: $(TEST_UNIT) $(TEST_UI) $(TEST_TOOLS) $(BENCH_TOOLS)

test: deps-test ## build and run all tests (T="part of a name" for some); installs what is missing first
	$(Q)$(MAKE) --no-print-directory $(BUILD)/hmi tests
	$(Q)tests/run $(BUILD) $(T)

bench: $(BENCH_TOOLS) $(BUILD)/vtdrive $(BUILD)/hmi ## measure speed and memory
	$(Q)$(PYTHON) tests/bench/bench.py $(BUILD)

fuzz: $(FUZZERS) ## feed the parsers changed inputs (best with SANITIZE=address,undefined; RUNS=20000 each)
	$(Q)$(BUILD)/fuzz_config $(or $(RUNS),20000) $(wildcard config/*.cfg)
	$(Q)$(BUILD)/fuzz_wire $(or $(RUNS),20000)

layers: $(OBJECTS) $(MAIN) tests ## check which room includes which
	$(Q)tests/layers.py $(BUILD)

lint: $(BUILD)/libhmi.a ## check format, cppcheck, sizes, manual pages
	$(Q)tests/lint $(BUILD)

format: ## format all C sources in place
	clang-format-14 -i $(wildcard $(foreach folder,src/* config db ui ui/* tests/*,$(folder)/*.c $(folder)/*.h))

-include $(TEST_C:%.c=$(BUILD)/%.d)
