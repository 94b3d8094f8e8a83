/* The manual page hmi.cfg(5): its text is config/hmi.cfg.5.in, its options come from the option table, its
 * example is config/example.cfg. Both files are in the program as string literals, made by the Makefile. */
#include "config/options.h"

#include "base/roff.h"
#include "base/version.h"

#include <stdio.h>
#include <string.h>

static const char MANUAL_TEMPLATE[] =
#include "hmi.cfg.5.in.inc"
    ;

static const char MANUAL_EXAMPLE[] =
#include "example.cfg.inc"
    ;

static void manual_print_default(const struct option *option)
{
    bool has_value = option->standard && *option->standard && strcmp(option->standard, "nan") != 0;
    if (!has_value && !option->standard_note)
        return;
    printf("\nDefault: ");
    if (has_value)
        roff_print(option->standard, false);
    if (option->standard_note) {
        fputs(has_value ? " (" : "", stdout);
        roff_print(option->standard_note, false);
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
    roff_print(option->name, false);
    printf(" \" \\(en ");
    roff_print(buf_text(&kind), false);
    printf("%s\"\n", option->required ? "; required" : "");
    roff_print_prose(option->help);
    manual_print_default(option);
    putchar('\n');
    buf_free(&kind);
}

static void manual_print_options(void)
{
    for (size_t i = 0; OPTIONS_GROUPS[i]; i++) {
        const struct option_group *group = OPTIONS_GROUPS[i];
        printf(".SS %s\n", *group->label ? group->label : "Outermost level");
        roff_print_prose(group->help);
        putchar('\n');
        for (size_t j = 0; j < group->count; j++)
            manual_print_option(&group->options[j]);
    }
}

static void manual_print_example(void)
{
    printf(".nf\n");
    roff_print(MANUAL_EXAMPLE, true);
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
