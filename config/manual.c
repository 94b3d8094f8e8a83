/* The manual page hmi.cfg(5): its text is config/hmi.cfg.5.in, its options come from the option table, its
 * example is config/example.cfg. Both files are in the program as string literals, made by the Makefile. */
#include "config/options.h"

#include "base/version.h"

#include <stdio.h>
#include <string.h>

static const char MANUAL_TEMPLATE[] =
#include "hmi.cfg.5.in.inc"
    ;

static const char MANUAL_EXAMPLE[] =
#include "example.cfg.inc"
    ;

/* Text for roff: no character of it may be taken for a request or an escape. */
static void manual_print_text(const char *text, bool line_start)
{
    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            fputs("\\&", stdout);
        line_start = *text == '\n';
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else if (*text == '"')
            fputs("\\(dq", stdout);
        else
            putchar(*text);
    }
}

static void manual_print_default(const struct option *option)
{
    bool has_value = option->standard && *option->standard && strcmp(option->standard, "nan") != 0;
    if (!has_value && !option->standard_note)
        return;
    printf("\nDefault: ");
    if (has_value)
        manual_print_text(option->standard, false);
    if (option->standard_note) {
        fputs(has_value ? " (" : "", stdout);
        manual_print_text(option->standard_note, false);
        fputs(has_value ? ")" : "", stdout);
    }
    putchar('.');
}

static void manual_print_option(const struct option *option)
{
    struct buf kind;
    buf_init(&kind, 1000);
    options_describe(option, &kind);
    printf(".TP\n.BR ");
    manual_print_text(option->name, false);
    printf(" \" \\(en ");
    manual_print_text(buf_text(&kind), false);
    printf("%s\"\n", option->required ? "; required" : "");
    manual_print_text(option->help, true);
    manual_print_default(option);
    putchar('\n');
    buf_free(&kind);
}

static void manual_print_options(void)
{
    for (size_t i = 0; OPTIONS_GROUPS[i]; i++) {
        const struct option_group *group = OPTIONS_GROUPS[i];
        printf(".SS %s\n", *group->label ? group->label : "Outermost level");
        manual_print_text(group->help, true);
        putchar('\n');
        for (size_t j = 0; j < group->count; j++)
            manual_print_option(&group->options[j]);
    }
}

static void manual_print_example(void)
{
    printf(".nf\n");
    manual_print_text(MANUAL_EXAMPLE, true);
    printf(".fi\n");
}

static bool manual_is_line(const char *line, size_t length, const char *word)
{
    return length == strlen(word) && !strncmp(line, word, length);
}

void config_print_manual(void)
{
    const char *mark = "@VERSION@";
    for (const char *line = MANUAL_TEMPLATE; *line;) {
        size_t length = strcspn(line, "\n");
        const char *version = memmem(line, length, mark, strlen(mark));
        if (manual_is_line(line, length, "@OPTIONS@"))
            manual_print_options();
        else if (manual_is_line(line, length, "@EXAMPLE@"))
            manual_print_example();
        else if (version)
            printf("%.*s%s%.*s\n", (int)(version - line), line, HMI_VERSION,
                   (int)(line + length - version - (ptrdiff_t)strlen(mark)), version + strlen(mark));
        else
            printf("%.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}
