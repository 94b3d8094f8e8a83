/* Fuzzes the configuration's loader: whatever the bytes are, it must neither crash nor leak, and its verdict
 * must agree with its report.
 *
 * `make fuzz` runs it on the sample files, each changed in many ways that a fixed number starts, so that
 * a failure can be repeated. For libFuzzer compile all with clang's -fsanitize=fuzzer and -DHMI_LIBFUZZER. */
#include "config/config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FUZZ_SIZE_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/fuzz_config.XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    close(fd);
    struct config config;
    struct config_report report;
    bool good = config_check(&config, path, &report);
    if (good != (report.count == 0))
        abort();
    for (size_t i = 0; i < report.count; i++)
        if (strpbrk(report.faults[i], "\x1b\x07\r\n"))
            abort(); /* a fault is one line that a terminal may show */
    config_report_free(&report);
    config_free(&config);
    unlink(path);
    return 0;
}

#ifndef HMI_LIBFUZZER

static uint32_t fuzz_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* A few of: a byte changed, a stretch removed, a stretch repeated, a mark of the grammar put in. */
static size_t fuzz_mutate(uint8_t *data, size_t size, uint32_t *state)
{
    static const char MARKS[] = "{}()[]\"=;,#@/*\\-.0129L\n\x80\xff";
    for (uint32_t changes = 1 + fuzz_random(state) % 4; changes && size > 2; changes--) {
        size_t at = fuzz_random(state) % size;
        size_t length = 1 + fuzz_random(state) % 32;
        length = length < size - at ? length : size - at;
        switch (fuzz_random(state) % 4) {
        case 0:
            data[at] = (uint8_t)fuzz_random(state);
            break;
        case 1:
            memmove(data + at, data + at + length, size - at - length);
            size -= length;
            break;
        case 2:
            if (size + length <= FUZZ_SIZE_MAX) {
                memmove(data + at + length, data + at, size - at);
                size += length;
            }
            break;
        default:
            data[at] = (uint8_t)MARKS[fuzz_random(state) % (sizeof MARKS - 1)];
        }
    }
    return size;
}

int main(int argc, char **argv)
{
    static uint8_t seed[FUZZ_SIZE_MAX], data[FUZZ_SIZE_MAX];
    if (argc < 3) {
        fprintf(stderr, "usage: fuzz_config RUNS FILE...\n");
        return EX_USAGE;
    }
    uint32_t state = 1;
    for (int i = 2; i < argc; i++) {
        FILE *file = fopen(argv[i], "r");
        if (!file)
            return EX_NOINPUT;
        size_t size = fread(seed, 1, sizeof seed, file);
        fclose(file);
        for (long run = strtol(argv[1], NULL, 10); run > 0; run--) {
            memcpy(data, seed, size);
            LLVMFuzzerTestOneInput(data, fuzz_mutate(data, size, &state));
        }
    }
    puts("fuzz_config: done");
    return EXIT_SUCCESS;
}

#endif
