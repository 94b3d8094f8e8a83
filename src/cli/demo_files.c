#include "cli/demo_files.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/demo_process.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* config/demo.cfg: all but the broker and the files. */
static const char DEMO_CONFIG[] =
#include "demo.cfg.inc"
    ;

static const char MARK[] = "# Made by hmi demo; the next demo in this folder overwrites it.\n";
static const int PASSWORD_MS = 10000; /* for mosquitto_passwd */

enum { TAIL_BYTES = 2000, TAIL_LINES = 6, LOG_BYTES = 64 * 1024 };
enum { TMPDIR_MAX = 70 }; /* the path of a socket has room for 107 bytes */

/* Writes a file of our own; an earlier one is replaced, a symbolic link not followed. */
static bool files_write(const char *path, const char *text, struct err *err)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    size_t length = strlen(text);
    bool good = fd >= 0 && write(fd, text, length) == (ssize_t)length;
    int error = errno;
    if (fd >= 0 && close(fd) && good) {
        good = false;
        error = errno;
    }
    return good || err_set(err, EX_CANTCREAT, "cannot write %s: %s", path, strerror(error));
}

/* The first bytes of a file as a text; "" when it cannot be read. */
static size_t files_read(const char *path, off_t from_end, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = 0;
    if (fd >= 0) {
        off_t end = lseek(fd, 0, SEEK_END);
        off_t from = from_end && end > from_end ? end - from_end : 0;
        got = pread(fd, out, size - 1, from);
        close(fd);
    }
    out[got > 0 ? got : 0] = '\0';
    return got > 0 ? (size_t)got : 0;
}

static bool files_make_temporary(struct demo_files *files, struct err *err)
{
    const char *temporary = getenv("TMPDIR");
    bool fits = temporary && *temporary == '/' && strlen(temporary) < TMPDIR_MAX;
    char *path = mem_format("%s/hmi-demo-XXXXXX", fits ? temporary : "/tmp");
    if (!mkdtemp(path)) {
        err_set(err, EX_CANTCREAT, "cannot make a folder %s: %s", path, strerror(errno));
        free(path);
        return false;
    }
    files->folder = path;
    return true;
}

static bool files_make_kept(struct demo_files *files, const char *path, struct err *err)
{
    if (mkdir(path, 0700) && errno != EEXIST)
        return err_set(err, EX_CANTCREAT, "cannot make the folder %s: %s", path, strerror(errno));
    char *folder = realpath(path, NULL), head[sizeof MARK];
    struct stat info;
    if (!folder || stat(folder, &info) || !S_ISDIR(info.st_mode) || info.st_uid != geteuid()) {
        free(folder);
        return err_set(err, EX_CANTCREAT, "%s is not a folder of yours", path);
    }
    char *config = mem_format("%s/hmi.cfg", folder);
    bool foreign = files_read(config, 0, head, sizeof head) > 0 && strcmp(head, MARK) != 0;
    free(config);
    files->folder = folder;
    files->keep = true;
    return !foreign ||
           err_set(err, EX_CANTCREAT, "%s holds an hmi.cfg that no demo made: choose another folder", path);
}

static void files_name_all(struct demo_files *files)
{
    struct {
        char **path;
        const char *name;
    } names[] = {
        {&files->config, "hmi.cfg"},
        {&files->history, "history.db"},
        {&files->socket, "hmi.sock"},
        {&files->password, "password"},
        {&files->broker_config, "mosquitto.conf"},
        {&files->broker_passwords, "mosquitto.passwords"},
        {&files->broker_log, "mosquitto.log"},
        {&files->sim_log, "sim.log"},
        {&files->recorder_log, "recorder.log"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        *names[i].path = mem_format("%s/%s", files->folder, names[i].name);
}

/* The broker's password file wants hashes: its own tool makes them, in place. */
static bool files_hash_passwords(const struct demo_files *files, struct err *err)
{
    char *tool = demo_process_find("mosquitto_passwd");
    if (!tool)
        return err_set(
            err, EX_UNAVAILABLE,
            "the program mosquitto_passwd is not installed; it comes with the broker: apt install mosquitto");
    struct demo_process process = {.name = "mosquitto_passwd"};
    const char *argv[] = {"mosquitto_passwd", "-U", files->broker_passwords, NULL};
    bool good = demo_process_start(&process, tool, argv, files->broker_log, err);
    free(tool);
    if (!good)
        return false;
    for (int waited = 0; demo_process_runs(&process) && waited < PASSWORD_MS; waited++)
        usleep(1000);
    demo_process_stop(&process, 0);
    if (process.status == 0)
        return true;
    err_set(err, EX_UNAVAILABLE, "mosquitto_passwd failed:");
    demo_files_add_tail(files->broker_log, err->text, sizeof err->text);
    return false;
}

static bool files_make_password(const struct demo_files *files, struct err *err)
{
    unsigned char bytes[16];
    char word[2 * sizeof bytes + 2], line[sizeof word + sizeof DEMO_USER + 2];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return err_set(err, EX_OSERR, "no random numbers for a password: %s", strerror(errno));
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(word + 2 * i, 3, "%02x", bytes[i]);
    strcat(word, "\n");
    snprintf(line, sizeof line, "%s:%s", DEMO_USER, word);
    return files_write(files->password, word, err) && files_write(files->broker_passwords, line, err) &&
           files_hash_passwords(files, err);
}

bool demo_files_make(struct demo_files *files, const char *keep_path, struct err *err)
{
    *files = (struct demo_files){0};
    bool made = keep_path ? files_make_kept(files, keep_path, err) : files_make_temporary(files, err);
    if (!made)
        return false;
    files_name_all(files);
    return files_make_password(files, err);
}

bool demo_files_configure(const struct demo_files *files, int port, struct err *err)
{
    struct buf broker, recorder;
    const struct passwd *user = getpwuid(geteuid());
    buf_init(&broker, 0);
    buf_init(&recorder, 0);
    buf_printf(&broker, "listener %d 127.0.0.1\nallow_anonymous false\npassword_file %s\npersistence false\n",
               port, files->broker_passwords);
    buf_printf(&broker, "max_queued_messages 100000\nlog_dest stderr\n");
    if (user) /* started by root it would become a user who can read nothing here, and lose its tie to us */
        buf_printf(&broker, "user %s\n", user->pw_name);
    buf_printf(
        &recorder,
        "%sbroker = { host = \"127.0.0.1\"; port = %d; username = \"%s\"; password_file = \"password\"; };\n",
        MARK, port, DEMO_USER);
    buf_append_text(&recorder, "history = { file = \"history.db\"; };\nsocket = \"hmi.sock\";\n\n");
    buf_append_text(&recorder, DEMO_CONFIG);
    bool good = files_write(files->broker_config, buf_text(&broker), err) &&
                files_write(files->config, buf_text(&recorder), err);
    buf_free(&broker);
    buf_free(&recorder);
    return good;
}

static int files_remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    remove(path);
    return 0;
}

void demo_files_remove(const struct demo_files *files)
{
    if (files->folder && !files->keep)
        nftw(files->folder, files_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void demo_files_free(struct demo_files *files)
{
    free(files->folder);
    free(files->config);
    free(files->history);
    free(files->socket);
    free(files->password);
    free(files->broker_config);
    free(files->broker_passwords);
    free(files->broker_log);
    free(files->sim_log);
    free(files->recorder_log);
    *files = (struct demo_files){0};
}

void demo_files_add_tail(const char *log_path, char *out, size_t size)
{
    char raw[TAIL_BYTES + 1];
    size_t length = files_read(log_path, TAIL_BYTES, raw, sizeof raw);
    while (length > 0 && raw[length - 1] == '\n')
        raw[--length] = '\0';
    char *from = raw + length;
    for (int lines = 0; from > raw && (from[-1] != '\n' || ++lines < TAIL_LINES);)
        from--;
    for (char *line; from && *from && (line = strsep(&from, "\n"));) {
        size_t used = strlen(out);
        if (used + 8 >= size)
            return;
        snprintf(out + used, size - used, "\n  ");
        used += strlen(out + used);
        utf8_make_safe(out + used, size - used, line, strlen(line));
        if (!from)
            return;
    }
}

bool demo_files_log_has(const char *log_path, const char *text)
{
    char *raw = mem_new(1, LOG_BYTES);
    files_read(log_path, LOG_BYTES - 1, raw, LOG_BYTES);
    bool found = strstr(raw, text) != NULL;
    free(raw);
    return found;
}
