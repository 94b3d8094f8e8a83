/* The sqlite3 program with a terminal: what it prints is made safe on its way there, for it may hold whatever the
 * plant has sent. Line ends and tabs stay. */
#ifndef CLI_SQL_TERMINAL_H
#define CLI_SQL_TERMINAL_H

/* Runs the program with these arguments (ends in NULL) until it ends; its standard input is ours. Returns its
 * exit status, or minus errno when it could not be started. */
int sql_terminal_run(const char *const *arguments);

/* The same for an operator who types: a prompt, whole statements or commands with a dot, one after the other.
 * Returns 0 or minus errno. */
int sql_terminal_talk(const char *const *arguments);

#endif
