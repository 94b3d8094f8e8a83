#include "cli/sql_terminal.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "db/statement.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#define SQL_TERMINAL_LINE_MAX 65536 /* bytes; what is longer is shown in pieces */
#define SQL_TERMINAL_TEXT_MAX (1u << 20)

extern char **environ;

struct sql_terminal {
    pid_t pid;
    int to, from; /* its standard input (-1: ours) and output */
    struct buf out;
    char end[32]; /* the line that says that an answer is over; "": there is none */
};

/* ---- what it prints ---- */

static void sql_terminal_show(const char *text, size_t length)
{
    char *safe = mem_new(3 * length + 1, 1);
    for (size_t part; length; text += part, length -= part) {
        const char *tab = memchr(text, '\t', length);
        part = tab == text ? 1 : tab ? (size_t)(tab - text) : length;
        utf8_make_safe(safe, 3 * part + 1, text, part);
        fputs(tab == text ? "\t" : safe, stdout);
    }
    free(safe);
}

/* Bytes that can be shown: up to the line's end, or as many whole characters as there are of a line that is too
 * long. 0: there is more to come. */
static size_t sql_terminal_line(const struct buf *out)
{
    const uint8_t *end = memchr(out->data, '\n', out->length);
    if (end)
        return (size_t)(end - out->data);
    if (out->length < SQL_TERMINAL_LINE_MAX)
        return 0;
    size_t length = out->length;
    while (length > out->length - 4 && (out->data[length - 1] & 0xC0) == 0x80)
        length--;
    return out->data[length - 1] >= 0xC0 ? length - 1 : length;
}

/* Shows what is there in whole lines; true when one of them was the end of an answer. */
static bool sql_terminal_show_lines(struct sql_terminal *terminal)
{
    struct buf *out = &terminal->out;
    bool over = false;
    while (out->length && !over) {
        size_t length = sql_terminal_line(out);
        bool whole = length < out->length && out->data[length] == '\n';
        if (!whole && !length)
            break;
        over = whole && *terminal->end && length == strlen(terminal->end) &&
               !memcmp(out->data, terminal->end, length);
        if (!over) {
            sql_terminal_show((const char *)out->data, length);
            if (whole)
                putchar('\n');
        }
        buf_consume(out, length + whole);
    }
    fflush(stdout);
    return over;
}

/* Shows what comes until an answer or everything is over; false: everything. */
static bool sql_terminal_follow(struct sql_terminal *terminal)
{
    uint8_t bytes[16384];
    for (ssize_t got; (got = read(terminal->from, bytes, sizeof bytes)) > 0 || (got < 0 && errno == EINTR);) {
        if (got > 0)
            buf_append(&terminal->out, bytes, (size_t)got);
        if (sql_terminal_show_lines(terminal))
            return true;
    }
    sql_terminal_show((const char *)terminal->out.data, terminal->out.length);
    fflush(stdout);
    return false;
}

/* ---- the process ---- */

static int sql_terminal_spawn(struct sql_terminal *terminal, const char *const *arguments, const int in[2],
                              const int out[2])
{
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    if (in)
        posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, out[1], STDERR_FILENO);
    int error = posix_spawnp(&terminal->pid, arguments[0], &files, NULL, (char *const *)arguments, environ);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

/* Returns 0 or minus errno. */
static int sql_terminal_open(struct sql_terminal *terminal, const char *const *arguments, bool talks)
{
    int in[2] = {-1, -1}, out[2];
    *terminal = (struct sql_terminal){.to = -1};
    buf_init(&terminal->out, 0);
    if (pipe2(out, O_CLOEXEC) != 0 || (talks && pipe2(in, O_CLOEXEC) != 0))
        return -errno;
    int error = sql_terminal_spawn(terminal, arguments, talks ? in : NULL, out);
    close(out[1]);
    if (talks)
        close(in[0]);
    terminal->from = out[0];
    terminal->to = in[1];
    return -error;
}

static int sql_terminal_close(struct sql_terminal *terminal)
{
    int status = 0;
    if (terminal->to >= 0)
        close(terminal->to);
    if (terminal->pid) {
        sql_terminal_follow(terminal);
        while (waitpid(terminal->pid, &status, 0) < 0 && errno == EINTR)
            continue;
    }
    close(terminal->from);
    buf_free(&terminal->out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : EX_SOFTWARE;
}

int sql_terminal_run(const char *const *arguments)
{
    struct sql_terminal terminal;
    int error = sql_terminal_open(&terminal, arguments, false), status = sql_terminal_close(&terminal);
    return error ? error : status;
}

/* ---- talking ---- */

/* The program's own commands begin with a dot and end with their line. */
static bool sql_terminal_is_whole(struct buf *text)
{
    return text->data[0] == '.' || text->data[0] == '\n' || statement_is_complete(buf_text(text));
}

/* Reads lines until they make a statement; false at the end of the input. */
static bool sql_terminal_read(struct buf *text)
{
    char line[4096];
    buf_clear(text);
    do {
        fputs(text->length ? "   ...> " : "hmi sql> ", stdout);
        fflush(stdout);
        if (!fgets(line, sizeof line, stdin) || !buf_append_text(text, line))
            return false;
    } while (!sql_terminal_is_whole(text));
    return true;
}

/* After each statement the program is made to print a line that nobody can foresee. */
static bool sql_terminal_ask(struct sql_terminal *terminal, struct buf *text)
{
    buf_printf(text, "\n.shell echo %s\n", terminal->end);
    for (size_t sent = 0; sent < text->length;) {
        ssize_t count = write(terminal->to, text->data + sent, text->length - sent);
        if (count < 0 && errno != EINTR)
            return false;
        sent += count > 0 ? (size_t)count : 0;
    }
    return sql_terminal_follow(terminal);
}

int sql_terminal_talk(const char *const *arguments)
{
    struct sql_terminal terminal;
    struct buf text;
    uint64_t random = 0;
    int error = sql_terminal_open(&terminal, arguments, true);
    signal(SIGPIPE, SIG_IGN);
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        error = -EIO;
    snprintf(terminal.end, sizeof terminal.end, "over-%016llx", (unsigned long long)random);
    buf_init(&text, SQL_TERMINAL_TEXT_MAX);
    if (!error)
        puts("Read-only. A statement ends with a semicolon; .tables, .help, .quit");
    while (!error && sql_terminal_read(&text) && sql_terminal_ask(&terminal, &text))
        continue;
    buf_free(&text);
    sql_terminal_close(&terminal); /* its exit status tells of a mistake that was told already */
    return error;
}
