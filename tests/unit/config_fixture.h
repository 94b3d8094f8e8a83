/* A folder of its own for a configuration under test, and what loading it reports. */
#ifndef TESTS_CONFIG_FIXTURE_H
#define TESTS_CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct config_fixture {
    char folder[64];
    char *path; /* of hmi.cfg in the folder */
    struct config config;
    struct config_report report;
    bool good;
};

/* Writes a file of the folder; returns its path, which the caller frees. */
static inline char *config_fixture_write(struct config_fixture *fixture, const char *name, const char *text,
                                         mode_t mode)
{
    char *path = mem_format("%s/%s", fixture->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static inline void config_fixture_open(struct config_fixture *fixture)
{
    *fixture = (struct config_fixture){.folder = "/tmp/test_config.XXXXXX"};
    assert_non_null(mkdtemp(fixture->folder));
}

/* Loads the text as hmi.cfg, with `check` as `hmi check` does. Release with config_fixture_release(). */
static inline void config_fixture_load(struct config_fixture *fixture, const char *text, bool check)
{
    free(fixture->path);
    fixture->path = config_fixture_write(fixture, "hmi.cfg", text, 0600);
    fixture->good = check ? config_check(&fixture->config, fixture->path, &fixture->report)
                          : config_load(&fixture->config, fixture->path, &fixture->report);
    assert_int_equal(fixture->good, fixture->report.count == 0);
}

static inline void config_fixture_release(struct config_fixture *fixture)
{
    config_report_free(&fixture->report);
    config_free(&fixture->config);
}

static inline void config_fixture_close(struct config_fixture *fixture)
{
    char *command = mem_format("rm -rf '%s'", fixture->folder);
    assert_int_equal(system(command), 0);
    free(command);
    free(fixture->path);
}

/* A fault or warning without the folder's name, which differs from run to run. */
static inline const char *config_fixture_short(const struct config_fixture *fixture, const char *line)
{
    size_t length = strlen(fixture->folder);
    return !strncmp(line, fixture->folder, length) ? line + length + 1 : line;
}

#endif
