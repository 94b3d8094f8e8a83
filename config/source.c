#include "config/source.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void source_init(struct source *source)
{
    *source = (struct source){0};
    buf_init(&source->text, SOURCE_SIZE_MAX);
}

void source_free(struct source *source)
{
    buf_free(&source->text);
    free(source->lines);
    for (size_t i = 0; i < source->file_count; i++)
        free(source->files[i]);
    free(source->files);
    source_init(source);
}

char *source_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return mem_copy_text(".");
    return mem_copy_bytes(path, slash == path ? 1 : (size_t)(slash - path));
}

struct source_line source_where(const struct source *source, int line)
{
    if (line < 1 || !source->line_count)
        return (struct source_line){source->file_count ? source->files[0] : "", line < 1 ? 0 : line};
    size_t index = (size_t)line <= source->line_count ? (size_t)line - 1 : source->line_count - 1;
    return source->lines[index];
}

static const char *source_add_file(struct source *source, const char *path)
{
    source->files =
        mem_grow(source->files, &source->file_capacity, source->file_count + 1, sizeof *source->files);
    source->files[source->file_count] = mem_copy_text(path);
    return source->files[source->file_count++];
}

/* Opens and looks at the open file, so that what was checked is what is read. */
static int source_open(const char *path, const char **reason)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        *reason = strerror(errno);
        return -1;
    }
    struct stat status;
    if (fstat(fd, &status))
        *reason = strerror(errno);
    else if (!S_ISREG(status.st_mode))
        *reason = "it is not a file of text";
    else if (status.st_uid != geteuid() && status.st_uid != 0)
        *reason = "it belongs to another user; a configuration must be yours or root's";
    else
        return fd;
    close(fd);
    return -1;
}

static bool source_read_all(const char *path, struct buf *out, const char **reason)
{
    int fd = source_open(path, reason);
    if (fd < 0)
        return false;
    char chunk[16384];
    ssize_t got;
    while ((got = read(fd, chunk, sizeof chunk)) > 0 && buf_append(out, chunk, (size_t)got))
        ;
    if (got < 0)
        *reason = strerror(errno);
    else if (out->overflow)
        *reason = "it is larger than 16 MiB";
    else if (memchr(out->data ? out->data : (uint8_t *)"", 0, out->length))
        *reason = "it holds a NUL byte, so it is not a file of text";
    close(fd);
    return got == 0 && !*reason;
}

/* Where the lexer stands: an @include counts only outside texts and comments. */
enum source_state { SOURCE_PLAIN, SOURCE_STRING, SOURCE_BLOCK };

static enum source_state source_step_line(enum source_state state, const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char next = i + 1 < length ? line[i + 1] : '\0';
        if (state == SOURCE_STRING) {
            if (line[i] == '\\')
                i++;
            else if (line[i] == '"')
                state = SOURCE_PLAIN;
        } else if (state == SOURCE_BLOCK) {
            if (line[i] == '*' && next == '/') {
                state = SOURCE_PLAIN;
                i++;
            }
        } else if (line[i] == '#' || (line[i] == '/' && next == '/')) {
            break;
        } else if (line[i] == '/' && next == '*') {
            state = SOURCE_BLOCK;
            i++;
        } else if (line[i] == '"') {
            state = SOURCE_STRING;
        }
    }
    return state;
}

/* The name in `@include "name"`, or NULL when the line is something else. The caller frees it. */
static char *source_include_name(const char *line, size_t length)
{
    size_t i = strspn(line, " \t"); /* the text is NUL-terminated behind its last line */
    if (i + 8 > length || strncmp(line + i, "@include", 8))
        return NULL;
    i += 8;
    while (i < length && (line[i] == ' ' || line[i] == '\t'))
        i++;
    const char *end = i < length && line[i] == '"' ? memchr(line + i + 1, '"', length - i - 1) : NULL;
    return end ? mem_copy_bytes(line + i + 1, (size_t)(end - line) - i - 1) : NULL;
}

static void source_add_line(struct source *source, const char *file, int line, const char *text,
                            size_t length)
{
    source->lines =
        mem_grow(source->lines, &source->line_capacity, source->line_count + 1, sizeof *source->lines);
    source->lines[source->line_count++] = (struct source_line){file, line};
    buf_append(&source->text, text, length);
    buf_append(&source->text, "\n", 1);
}

static bool source_add(struct source *source, const char *path, struct source_line from, int depth,
                       struct findings *findings);

static bool source_add_included(struct source *source, const char *name, struct source_line from, int depth,
                                struct findings *findings)
{
    if (depth + 1 > SOURCE_DEPTH_MAX || source->file_count >= SOURCE_FILES_MAX) {
        findings_fault_at(findings, from.file, from.line,
                          "@include \"%s\": files include each other; at most %d deep and %d in all are read",
                          name, SOURCE_DEPTH_MAX, SOURCE_FILES_MAX);
        return false;
    }
    char *folder = source_folder(source->files[0]);
    bool plain = *name == '/' || !strchr(source->files[0], '/');
    char *path = plain ? mem_copy_text(name) : mem_format("%s/%s", folder, name);
    bool good = source_add(source, path, from, depth + 1, findings);
    free(path);
    free(folder);
    return good;
}

static bool source_add(struct source *source, const char *path, struct source_line from, int depth,
                       struct findings *findings)
{
    struct buf content;
    const char *reason = NULL;
    buf_init(&content, SOURCE_SIZE_MAX);
    const char *file = source_add_file(source, path);
    bool good = source_read_all(path, &content, &reason);
    if (!good && from.file)
        findings_fault_at(findings, from.file, from.line, "@include \"%s\" cannot be read: %s", path, reason);
    else if (!good)
        findings_fault_at(findings, file, 0, "cannot be read: %s", reason);
    const char *at = buf_text(&content), *end = at + content.length;
    if (good && content.length >= 3 && !memcmp(at, "\xEF\xBB\xBF", 3))
        at += 3; /* a byte order mark that some editors write */
    enum source_state state = SOURCE_PLAIN;
    for (int line = 1; good && at < end && !source->text.overflow; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline ? newline : end) - at);
        char *name = state == SOURCE_PLAIN ? source_include_name(at, length) : NULL;
        if (name) {
            good = source_add_included(source, name, (struct source_line){file, line}, depth, findings);
        } else {
            state = source_step_line(state, at, length);
            source_add_line(source, file, line, at, length);
        }
        free(name);
        at += length + 1;
    }
    buf_free(&content);
    return good;
}

bool source_read(struct source *source, const char *path, struct findings *findings)
{
    bool good = source_add(source, path, (struct source_line){NULL, 0}, 1, findings);
    if (good && source->text.overflow) {
        findings_fault_at(findings, source->files[0], 0,
                          "with the files it includes it is larger than 16 MiB");
        good = false;
    }
    buf_text(&source->text);
    return good;
}
