/* What flood is asked for on its command line; flood.c says what each means. */
#ifndef TESTS_BENCH_FLOOD_OPTIONS_H
#define TESTS_BENCH_FLOOD_OPTIONS_H

#include "base/clock.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define FLOOD_USAGE                                                                                          \
    "usage: flood [--tags N] [--qos 0|1] [--count N | --seconds S] [--rate R] [--window N]\n"                \
    "             [--marker MS] [--linger S] [--port N]\n"

struct flood_options {
    uint32_t tags;
    int qos;
    uint64_t count;    /* 0: by time */
    int64_t span_us;   /* how long to send when `count` is 0 */
    double rate;       /* messages a second; 0: as fast as possible */
    uint32_t window;   /* for 3.1.1 clients */
    int64_t marker_us; /* 0: no markers */
    int64_t linger_us;
    uint16_t port;
};

/* False: FLOOD_USAGE is the answer. */
static inline bool flood_options_read(int argc, char **argv, struct flood_options *options)
{
    static const struct option known[] = {
        {"tags", required_argument, NULL, 't'},   {"qos", required_argument, NULL, 'q'},
        {"count", required_argument, NULL, 'c'},  {"seconds", required_argument, NULL, 's'},
        {"rate", required_argument, NULL, 'r'},   {"window", required_argument, NULL, 'w'},
        {"marker", required_argument, NULL, 'm'}, {"linger", required_argument, NULL, 'l'},
        {"port", required_argument, NULL, 'p'},   {NULL, 0, NULL, 0},
    };
    int letter;
    *options = (struct flood_options){.tags = 10000, .span_us = 5 * CLOCK_US_PER_SECOND, .window = 65535};
    while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (letter == '?')
            return false;
        char *end;
        double value = strtod(optarg, &end);
        if (*end || value < 0)
            return false;
        switch (letter) {
        case 't':
            options->tags = (uint32_t)value;
            break;
        case 'q':
            options->qos = (int)value;
            break;
        case 'c':
            options->count = (uint64_t)value;
            break;
        case 's':
            options->span_us = (int64_t)(value * CLOCK_US_PER_SECOND);
            break;
        case 'r':
            options->rate = value;
            break;
        case 'w':
            options->window = (uint32_t)value;
            break;
        case 'm':
            options->marker_us = (int64_t)(value * CLOCK_US_PER_MS);
            break;
        case 'l':
            options->linger_us = (int64_t)(value * CLOCK_US_PER_SECOND);
            break;
        case 'p':
            options->port = (uint16_t)value;
            break;
        }
    }
    return optind == argc && options->tags >= 1 && options->tags <= 100000 && options->qos <= 1 &&
           options->window >= 1 && options->window <= 65535;
}

#endif
