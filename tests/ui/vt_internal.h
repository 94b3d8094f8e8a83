/* Between the files of the test terminal only:
 *
 *   vt.c       the pty and the screen
 *   vt_wait.c  waits
 *   vt_keys.c  keys and mouse */
#ifndef TESTS_UI_VT_INTERNAL_H
#define TESTS_UI_VT_INTERNAL_H

#include "base/buf.h"
#include "tests/ui/vt.h"

#include <vterm.h>

struct vt {
    int master; /* -1 once hung up, or the program's side was closed */
    int pidfd;
    pid_t pid;
    bool ended; /* reaped; `status` is valid */
    int status;
    bool is_linux; /* TERM=linux: some keys differ */
    int rows, cols;
    VTerm *vterm;
    VTermScreen *screen;
    struct vt_cursor cursor;
    bool alternate, mouse;
    char *title; /* "" until the program sets one */
    size_t bells;
    struct buf raw;    /* everything the program wrote */
    struct buf typed;  /* not yet taken by the program */
    struct buf answer; /* text handed out by vt_row() and vt_text() */
    int64_t output_us;
};

/* Takes the status of a program that has ended. */
void vt_reap(struct vt *terminal);

#endif
