/* vtdrive: a terminal for scripts. Reads commands from standard input, one a line, and answers each with one
 * line of JSON: {"ok":true,...} or {"ok":false,"error":"..."}. Between commands the screen goes on being
 * read. At the end of the input the program on the terminal is hung up, given two seconds, and killed.
 *
 *   start [NAME=VALUE]... -- PROGRAM [ARG]...
 *                            runs a program; TERM=xterm-256color and LANG=C.UTF-8 unless given.
 *                            Words may be quoted as in a shell ('..', "..", \)         -> pid
 *   size COLSxROWS           the size for `start`, or a resize of the running terminal (also: resize)
 *   key NAME...              Up, F3, Escape, Enter, PageDown, Space, C-c, M-x, S-Tab, or one character
 *   text TEXT                types the rest of the line as it is
 *   type ESCAPED             types bytes: C escapes \n \r \t \e \\ \xHH
 *   click ROW COL [BUTTON]   1 left (default), 2 middle, 3 right, 4 wheel up, 5 wheel down; from 0
 *   wait MS TEXT             until the text (the rest of the line) is on the screen, within one row
 *   waitre MS REGEX          until a POSIX extended expression matches (rows joined by newlines)
 *   waitgone MS TEXT         until the text is not on the screen
 *   quiet MS [LIMIT_MS]      until nothing was written for MS (limit 10,000)
 *   run MS                   reads for MS                           -> bytes written meanwhile
 *   waitend MS               until the program ends                 -> exit, or signal
 *   screen                   -> rows (texts without trailing blanks), cursor, title, bells, mouse, alternate
 *   find TEXT                -> row, col
 *   cells ROW COL N          -> cells: text, fg, bg (-1 default, palette index, or 16777216 + RGB), bold,
 *                               reverse, blink, underline
 *   bytes                    -> bytes written since the start
 *   raw FILE                 writes every byte since the start to FILE
 *   scan [FROM]              whether only allowed control sequences were written (from that byte on) -> fault
 *   signal NAME|NUMBER       TERM, HUP, INT, KILL, STOP, CONT, WINCH, USR1, ...
 *   hangup                   the line drops
 *   exit-status              -> running, or exit, or signal
 *   close                    hangs up, ends and forgets the program; another `start` may follow
 *
 * Waits answer {"ok":false,"error":"..."} on their time-out. */
#include "vt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

#define DRIVE_WORDS_MAX    256
#define DRIVE_GRACE_MS     2000
#define DRIVE_QUIET_MAX_MS 10000

struct drive {
    struct vt *terminal; /* NULL before `start` */
    int rows, cols;
    struct buf out; /* the answer under construction */
};

/* --- answers --- */

static void drive_json_text(struct buf *out, const char *text)
{
    buf_append_text(out, "\"");
    for (const char *at = text; *at; at++) {
        if (*at == '"' || *at == '\\')
            buf_printf(out, "\\%c", *at);
        else if ((unsigned char)*at < 0x20)
            buf_printf(out, "\\u%04x", (unsigned)*at);
        else
            buf_append(out, at, 1);
    }
    buf_append_text(out, "\"");
}

static bool drive_fail(struct drive *drive, const char *why)
{
    buf_clear(&drive->out);
    buf_append_text(&drive->out, "{\"ok\":false,\"error\":");
    drive_json_text(&drive->out, why);
    return false;
}

static const char *drive_json_bool(bool value)
{
    return value ? "true" : "false";
}

static bool drive_answer_status(struct drive *drive, int status)
{
    if (WIFSIGNALED(status))
        return buf_printf(&drive->out, ",\"signal\":%d", WTERMSIG(status));
    return buf_printf(&drive->out, ",\"exit\":%d", WEXITSTATUS(status));
}

/* --- words --- */

/* Splits a line in place, quoting as in a shell.
 * Returns the number of words, or -1 for an open quote or too many. */
static int drive_split(char *line, char *words[DRIVE_WORDS_MAX + 1])
{
    int count = 0;
    char *from = line, *to = line;
    for (;;) {
        while (*from == ' ')
            from++;
        if (!*from)
            break;
        if (count == DRIVE_WORDS_MAX)
            return -1;
        words[count++] = to;
        char quote = 0;
        for (; *from && (quote || *from != ' '); from++) {
            if (quote ? *from == quote : (*from == '\'' || *from == '"'))
                quote = quote ? 0 : *from;
            else if (*from == '\\' && quote != '\'' && from[1])
                *to++ = *++from;
            else
                *to++ = *from;
        }
        if (quote)
            return -1;
        if (*from)
            from++;
        *to++ = '\0';
    }
    words[count] = NULL;
    return count;
}

/* Takes a number and the blank behind it off the front of the arguments. */
static bool drive_number(char **arguments, int *value)
{
    char *end;
    long number = strtol(*arguments, &end, 10);
    if (end == *arguments || (*end && *end != ' ') || number < -1 || number > 1 << 30)
        return false;
    *value = (int)number;
    *arguments = *end ? end + 1 : end;
    return true;
}

/* --- commands: each gets the rest of its line, and adds members to drive->out or calls drive_fail() --- */

static bool drive_start(struct drive *drive, char *arguments)
{
    char *words[DRIVE_WORDS_MAX + 1];
    int count = drive_split(arguments, words);
    int dashes = 0;
    while (dashes < count && strcmp(words[dashes], "--") != 0)
        dashes++;
    if (count < 0 || dashes + 1 >= count)
        return drive_fail(drive, "usage: start [NAME=VALUE]... -- PROGRAM [ARG]...");
    if (drive->terminal)
        return drive_fail(drive, "a program is there already: close it first");
    words[dashes] = NULL;
    struct vt_options options = {
        .argv = (const char *const *)words + dashes + 1,
        .env = (const char *const *)words,
        .rows = drive->rows,
        .cols = drive->cols,
    };
    struct err err = {0};
    drive->terminal = vt_start(&options, &err);
    if (!drive->terminal)
        return drive_fail(drive, err.text);
    return buf_printf(&drive->out, ",\"pid\":%d", (int)vt_pid(drive->terminal));
}

static bool drive_size(struct drive *drive, char *arguments)
{
    int cols, rows;
    char rest;
    if (sscanf(arguments, "%dx%d%c", &cols, &rows, &rest) != 2 || cols < 1 || rows < 1 || cols > 1000 ||
        rows > 1000)
        return drive_fail(drive, "usage: size COLSxROWS, each 1 to 1000");
    drive->cols = cols;
    drive->rows = rows;
    if (drive->terminal)
        vt_resize(drive->terminal, rows, cols);
    return true;
}

static bool drive_key(struct drive *drive, char *arguments)
{
    char *words[DRIVE_WORDS_MAX + 1];
    int count = drive_split(arguments, words);
    for (int i = 0; i < count; i++)
        if (!vt_key(drive->terminal, words[i]))
            return drive_fail(drive, "no such key");
    return count > 0 || drive_fail(drive, "usage: key NAME...");
}

static bool drive_text(struct drive *drive, char *arguments)
{
    vt_type(drive->terminal, arguments, strlen(arguments));
    return true;
}

static bool drive_type(struct drive *drive, char *arguments)
{
    static const char letters[] = "nrte\\", bytes[] = "\n\r\t\033\\";
    for (const char *at = arguments; *at; at++) {
        char byte = *at;
        const char *letter;
        unsigned hex;
        if (byte == '\\' && at[1] == 'x' && sscanf(at + 2, "%2x", &hex) == 1) {
            byte = (char)hex;
            at += 3;
        } else if (byte == '\\' && at[1] && (letter = strchr(letters, at[1]))) {
            byte = bytes[letter - letters];
            at++;
        }
        vt_type(drive->terminal, &byte, 1);
    }
    return true;
}

static bool drive_click(struct drive *drive, char *arguments)
{
    int row, col, button = 1;
    if (!drive_number(&arguments, &row) || !drive_number(&arguments, &col) ||
        (*arguments && !drive_number(&arguments, &button)))
        return drive_fail(drive, "usage: click ROW COL [BUTTON]");
    vt_click(drive->terminal, row, col, button);
    return true;
}

static bool drive_wait(struct drive *drive, char *arguments)
{
    int timeout_ms;
    if (!drive_number(&arguments, &timeout_ms) || !*arguments)
        return drive_fail(drive, "usage: wait MS TEXT");
    return vt_wait_text(drive->terminal, arguments, timeout_ms) ||
           drive_fail(drive, "the text did not appear in time");
}

static bool drive_wait_regex(struct drive *drive, char *arguments)
{
    int timeout_ms;
    struct err err = {0};
    if (!drive_number(&arguments, &timeout_ms) || !*arguments)
        return drive_fail(drive, "usage: waitre MS REGEX");
    return vt_wait_regex(drive->terminal, arguments, timeout_ms, &err) || drive_fail(drive, err.text);
}

static bool drive_wait_gone(struct drive *drive, char *arguments)
{
    int timeout_ms;
    if (!drive_number(&arguments, &timeout_ms) || !*arguments)
        return drive_fail(drive, "usage: waitgone MS TEXT");
    return vt_wait_gone(drive->terminal, arguments, timeout_ms) ||
           drive_fail(drive, "the text is still on the screen");
}

static bool drive_quiet(struct drive *drive, char *arguments)
{
    int quiet_ms, limit_ms = DRIVE_QUIET_MAX_MS;
    if (!drive_number(&arguments, &quiet_ms) || (*arguments && !drive_number(&arguments, &limit_ms)))
        return drive_fail(drive, "usage: quiet MS [LIMIT_MS]");
    return vt_wait_quiet(drive->terminal, quiet_ms, limit_ms) ||
           drive_fail(drive, "the screen was never quiet");
}

static bool drive_run(struct drive *drive, char *arguments)
{
    int span_ms;
    size_t before, after;
    if (!drive_number(&arguments, &span_ms))
        return drive_fail(drive, "usage: run MS");
    vt_raw(drive->terminal, &before);
    vt_run(drive->terminal, span_ms);
    vt_raw(drive->terminal, &after);
    return buf_printf(&drive->out, ",\"bytes\":%zu", after - before);
}

static bool drive_wait_end(struct drive *drive, char *arguments)
{
    int timeout_ms, status;
    if (!drive_number(&arguments, &timeout_ms))
        return drive_fail(drive, "usage: waitend MS");
    if (!vt_wait_end(drive->terminal, timeout_ms, &status))
        return drive_fail(drive, "the program is still running");
    return drive_answer_status(drive, status);
}

static bool drive_screen(struct drive *drive, char *arguments)
{
    (void)arguments;
    struct vt_cursor cursor = vt_cursor(drive->terminal);
    buf_append_text(&drive->out, ",\"rows\":[");
    for (int row = 0; row < vt_rows(drive->terminal); row++) {
        buf_append_text(&drive->out, row ? "," : "");
        drive_json_text(&drive->out, vt_row(drive->terminal, row));
    }
    buf_printf(&drive->out, "],\"cursor\":{\"row\":%d,\"col\":%d,\"visible\":%s},\"title\":", cursor.row,
               cursor.col, drive_json_bool(cursor.visible));
    drive_json_text(&drive->out, vt_title(drive->terminal));
    return buf_printf(&drive->out, ",\"bells\":%zu,\"mouse\":%s,\"alternate\":%s", vt_bells(drive->terminal),
                      drive_json_bool(vt_mouse(drive->terminal)),
                      drive_json_bool(vt_alternate(drive->terminal)));
}

static bool drive_find(struct drive *drive, char *arguments)
{
    int row, col;
    if (!*arguments || !vt_find(drive->terminal, arguments, &row, &col))
        return drive_fail(drive, "not on the screen");
    return buf_printf(&drive->out, ",\"row\":%d,\"col\":%d", row, col);
}

static bool drive_cells(struct drive *drive, char *arguments)
{
    int row, col, count;
    struct vt_cell cell;
    if (!drive_number(&arguments, &row) || !drive_number(&arguments, &col) ||
        !drive_number(&arguments, &count))
        return drive_fail(drive, "usage: cells ROW COL N");
    buf_append_text(&drive->out, ",\"cells\":[");
    for (int i = 0; i < count && vt_cell(drive->terminal, row, col + i, &cell); i++) {
        buf_append_text(&drive->out, i ? ",{\"text\":" : "{\"text\":");
        drive_json_text(&drive->out, cell.text);
        buf_printf(&drive->out,
                   ",\"fg\":%d,\"bg\":%d,\"bold\":%s,\"reverse\":%s,\"blink\":%s,\"underline\":%s}", cell.fg,
                   cell.bg, drive_json_bool(cell.bold), drive_json_bool(cell.reverse),
                   drive_json_bool(cell.blink), drive_json_bool(cell.underline));
    }
    return buf_append_text(&drive->out, "]");
}

static bool drive_bytes(struct drive *drive, char *arguments)
{
    (void)arguments;
    size_t length;
    vt_raw(drive->terminal, &length);
    return buf_printf(&drive->out, ",\"bytes\":%zu", length);
}

static bool drive_raw(struct drive *drive, char *arguments)
{
    size_t length;
    const uint8_t *bytes = vt_raw(drive->terminal, &length);
    FILE *file = fopen(arguments, "wb");
    if (!file)
        return drive_fail(drive, strerror(errno));
    bool whole = fwrite(bytes, 1, length, file) == length;
    if (fclose(file) != 0 || !whole)
        return drive_fail(drive, "cannot write the file");
    return buf_printf(&drive->out, ",\"bytes\":%zu", length);
}

static bool drive_scan(struct drive *drive, char *arguments)
{
    int from = 0;
    size_t length;
    const uint8_t *bytes = vt_raw(drive->terminal, &length);
    struct err fault = {0};
    if ((*arguments && !drive_number(&arguments, &from)) || from < 0 || (size_t)from > length)
        return drive_fail(drive, "usage: scan [FROM]");
    if (!length)
        return true;
    return vt_scan(bytes + from, length - (size_t)from, &fault) || drive_fail(drive, fault.text);
}

static bool drive_signal(struct drive *drive, char *arguments)
{
    for (int number = 1; number < NSIG; number++) {
        const char *name = sigabbrev_np(number);
        if ((name && strcmp(name, arguments) == 0) || number == atoi(arguments)) {
            vt_signal(drive->terminal, number);
            return true;
        }
    }
    return drive_fail(drive, "no such signal");
}

static bool drive_hangup(struct drive *drive, char *arguments)
{
    (void)arguments;
    vt_hangup(drive->terminal);
    return true;
}

static bool drive_exit_status(struct drive *drive, char *arguments)
{
    (void)arguments;
    int status;
    if (!vt_wait_end(drive->terminal, 0, &status))
        return buf_append_text(&drive->out, ",\"running\":true");
    return drive_answer_status(drive, status);
}

static bool drive_close(struct drive *drive, char *arguments)
{
    (void)arguments;
    bool by_itself = vt_close(drive->terminal, DRIVE_GRACE_MS);
    drive->terminal = NULL;
    return buf_printf(&drive->out, ",\"ended\":%s", drive_json_bool(by_itself));
}

static const struct {
    const char *name;
    bool (*run)(struct drive *drive, char *arguments);
    bool works_without_program;
} drive_commands[] = {
    {.name = "start", .run = drive_start, .works_without_program = true},
    {.name = "size", .run = drive_size, .works_without_program = true},
    {.name = "resize", .run = drive_size, .works_without_program = true},
    {.name = "key", .run = drive_key},
    {.name = "text", .run = drive_text},
    {.name = "type", .run = drive_type},
    {.name = "click", .run = drive_click},
    {.name = "wait", .run = drive_wait},
    {.name = "waitre", .run = drive_wait_regex},
    {.name = "waitgone", .run = drive_wait_gone},
    {.name = "quiet", .run = drive_quiet},
    {.name = "run", .run = drive_run},
    {.name = "waitend", .run = drive_wait_end},
    {.name = "screen", .run = drive_screen},
    {.name = "find", .run = drive_find},
    {.name = "cells", .run = drive_cells},
    {.name = "bytes", .run = drive_bytes},
    {.name = "raw", .run = drive_raw},
    {.name = "scan", .run = drive_scan},
    {.name = "signal", .run = drive_signal},
    {.name = "hangup", .run = drive_hangup},
    {.name = "exit-status", .run = drive_exit_status},
    {.name = "close", .run = drive_close},
};

static void drive_command(struct drive *drive, char *line)
{
    char *arguments = line + strcspn(line, " ");
    if (*arguments)
        *arguments++ = '\0';
    buf_clear(&drive->out);
    buf_append_text(&drive->out, "{\"ok\":true");
    bool known = false;
    for (size_t i = 0; i < sizeof drive_commands / sizeof *drive_commands && !known; i++) {
        if (strcmp(drive_commands[i].name, line) != 0)
            continue;
        known = true;
        if (!drive->terminal && !drive_commands[i].works_without_program)
            drive_fail(drive, "no program: start one first");
        else
            drive_commands[i].run(drive, arguments);
    }
    if (!known)
        drive_fail(drive, "no such command");
    buf_append_text(&drive->out, "}\n");
    fwrite(drive->out.data, 1, drive->out.length, stdout);
    fflush(stdout);
}

/* Runs each whole line in `input` and takes it out. */
static void drive_lines(struct drive *drive, struct buf *input)
{
    uint8_t *end;
    while (input->length && (end = memchr(input->data, '\n', input->length))) {
        size_t length = (size_t)(end - input->data);
        char *line = mem_copy_bytes(input->data, length);
        buf_consume(input, length + 1);
        if (*line)
            drive_command(drive, line);
        free(line);
    }
}

int main(void)
{
    struct drive drive = {.rows = 24, .cols = 80};
    struct buf input;
    buf_init(&input, 0);
    buf_init(&drive.out, 0);
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        struct pollfd waits[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = -1}};
        if (drive.terminal)
            waits[1].fd = vt_descriptor(drive.terminal, &waits[1].events);
        if (poll(waits, 2, -1) < 0 && errno != EINTR)
            break;
        if (waits[1].revents)
            vt_pump(drive.terminal, 0);
        if (!waits[0].revents)
            continue;
        char bytes[4096];
        ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
        if (got <= 0)
            break;
        buf_append(&input, bytes, (size_t)got);
        drive_lines(&drive, &input);
    }
    vt_close(drive.terminal, DRIVE_GRACE_MS);
    buf_free(&input);
    buf_free(&drive.out);
    return 0;
}
