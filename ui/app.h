/* The console's loop: terminal, recorder, history and signals in one poll;
 * a stack of screens; the frame around them. */
#ifndef UI_APP_H
#define UI_APP_H

#include "base/err.h"
#include "ui/terminal.h"

#include <stdbool.h>

struct app_options {
    struct terminal_options terminal;
    const char *const *socket_paths; /* best first, ends in NULL */
    bool demo;                       /* everything ends with this console, and it says so */
    bool view;                       /* it only looks: nothing can be changed from it */
    const char *notice;              /* said on the screen for a while; NULL: nothing */
};

/* Blocks the signals that the console reads from a descriptor. Call it before any thread is started. */
void app_block_signals(void);

/* Runs the console until its operator leaves or the terminal ends. Returns the exit status, with `err` set
 * when it is not EX_OK. */
int app_run(const struct app_options *options, struct err *err);

#endif
