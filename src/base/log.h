/* Lines for a person or a log collector on standard error. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* The least important level that is still written;
 * the default is LOG_LEVEL_INFO. Call before threads start. */
void log_set_level(enum log_level level);

/* Writes one line. Under systemd (JOURNAL_STREAM is set) with its priority prefix, else with the local time.
 * Control characters that came in with the arguments are made safe. Any thread may call it. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
