# Tests, benchmarks, and the checks of the sources. Included by the Makefile.
# Each tests/unit/test_*.c and tests/ui/test_*.c becomes a program of its own; adding a file is enough.

TEST_UNIT  := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
TEST_UI    := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/ui/test_*.c))
TEST_TOOLS := $(BUILD)/vtdrive
BENCH_TOOLS := $(patsubst tests/bench/%.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
VT_OBJECTS := $(patsubst %,$(BUILD)/tests/ui/%.o,vt vt_keys vt_wait scan)
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

# With SANITIZE=fuzzer-no-link,... everything is prepared for libFuzzer, which only the fuzzers are linked with.
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_FLAG := $(if $(findstring fuzzer,$(SANITIZE)),-fsanitize=fuzzer)
FUZZ_SECONDS ?= 20
$(BUILD)/tests/fuzz/%.o: CPPFLAGS += $(if $(FUZZ_FLAG),-DHMI_LIBFUZZER)
$(FUZZERS): $(BUILD)/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/libhmi.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $(FUZZ_FLAG) -o $@ $^ $(LDLIBS)

.PHONY: tests test bench fuzz fuzz-run fuzz-quick layers lint format
tests: $(TEST_UNIT) $(TEST_UI) $(TEST_TOOLS) $(BENCH_TOOLS)

test: deps-test ## build and run all tests (T="part of a name" for some); installs what is missing first
	$(Q)$(MAKE) --no-print-directory $(BUILD)/hmi tests
	$(Q)tests/run $(BUILD) $(T)

bench: $(BENCH_TOOLS) $(BUILD)/vtdrive $(BUILD)/hmi ## measure speed and memory
	$(Q)$(PYTHON) tests/bench/bench.py $(BUILD)

fuzz: ## let libFuzzer change inputs of the parsers (FUZZ_SECONDS=20 each; needs clang 14)
	$(Q)$(MAKE) --no-print-directory CC=clang-14 SANITIZE=fuzzer-no-link,address,undefined fuzz-run

# Inputs that reach something new stay in the build's corpus; one that fails is left in the build's folder, and once it is
# mended goes into tests/fuzz/corpus/, which every run begins with.
fuzz-run: $(FUZZERS)
	$(Q)set -e; for fuzzer in $(FUZZERS); do \
	  name=$$(basename $$fuzzer); mkdir -p $(BUILD)/corpus/$$name; \
	  printf '  %-5s %s\n' FUZZ $$name; \
	  $$fuzzer -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10 -verbosity=0 -print_final_stats=1 \
	    -artifact_prefix=$(BUILD)/ $$([ -e tests/fuzz/$$name.dict ] && echo -dict=tests/fuzz/$$name.dict) \
	    $(BUILD)/corpus/$$name $$([ $$name = fuzz_config ] && echo config) $$(ls -d tests/fuzz/corpus/$$name 2>/dev/null) > $(BUILD)/$$name.log 2>&1 || \
	    { cat $(BUILD)/$$name.log; exit 1; }; \
	  sed -n 's/^stat::number_of_executed_units: */        inputs: /p' $(BUILD)/$$name.log; \
	done

fuzz-quick: $(FUZZERS) ## the same without libFuzzer: RUNS=20000 changes of samples, repeatable
	$(Q)$(BUILD)/fuzz_config $(or $(RUNS),20000) $(wildcard config/*.cfg)
	$(Q)$(BUILD)/fuzz_wire $(or $(RUNS),20000)
	$(Q)$(BUILD)/fuzz_console $(or $(RUNS),20000) $(wildcard tests/fuzz/corpus/fuzz_console/*)
	$(Q)printf '\001\007{"a":1}' | $(BUILD)/fuzz_decode

layers: $(OBJECTS) $(MAIN) tests ## check which room includes which
	$(Q)tests/layers.py $(BUILD)

lint: $(BUILD)/libhmi.a ## check format, cppcheck, sizes, manual pages
	$(Q)tests/lint $(BUILD)

format: ## format all C sources in place
	clang-format-14 -i $(wildcard $(foreach folder,src/* config db ui ui/* tests/*,$(folder)/*.c $(folder)/*.h))

-include $(TEST_C:%.c=$(BUILD)/%.d)
