/* A recursive descent over libconfig's grammar:
 *
 *     settings = { NAME ( "=" | ":" ) value [ ";" | "," ] }
 *     value    = number | true | false | text { text }
 *              | "{" settings "}" | "(" [ values ] ")" | "[" [ values ] "]"
 *     values   = value { "," value }
 *
 * It only looks: the tree is libconfig's. What is refused here beyond the grammar:
 * - a text that runs over the end of its line: nearly always a forgotten quote, which libconfig would notice
 *   many lines later;
 * - numbers that lose their value;
 * - a name given twice in one group, which libconfig refuses without saying which;
 * - nesting deeper than any option needs. */
#include "config/syntax.h"

#include "base/num.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_MARK };

struct token {
    enum token_kind kind;
    char mark; /* TOKEN_MARK: the character */
    char *start;
    size_t length;
    int line;
};

/* More names in one group than any option table has are left to libconfig. */
#define SYNTAX_NAMES_MAX 256

/* The names set so far in one group. */
struct syntax_names {
    struct token names[SYNTAX_NAMES_MAX];
    size_t count;
};

struct syntax {
    const struct source *source;
    struct findings *findings;
    char *at;
    int line;
    int depth;
    struct token token; /* the one looked at */
    int last_line;      /* of the token before it */
};

/* Always false, so that a check can end with it. */
__attribute__((format(printf, 3, 4))) static bool syntax_fault(struct syntax *syntax, int line,
                                                               const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct source_line where = source_where(syntax->source, line);
    findings_fault_at(syntax->findings, where.file, where.line, "%s", text);
    return false;
}

/* Blanks and comments. */
static bool syntax_skip(struct syntax *syntax)
{
    for (;;) {
        char *at = syntax->at;
        if (*at == '\n') {
            syntax->line++;
            syntax->at++;
        } else if (isspace((unsigned char)*at)) {
            syntax->at++;
        } else if (*at == '#' || (*at == '/' && at[1] == '/')) {
            syntax->at += strcspn(at, "\n");
        } else if (*at == '/' && at[1] == '*') {
            char *end = strstr(at + 2, "*/");
            if (!end)
                return syntax_fault(syntax, syntax->line,
                                    "the comment that begins here has no end; write */ behind it");
            for (; syntax->at < end + 2; syntax->at++)
                syntax->line += *syntax->at == '\n';
        } else {
            return true;
        }
    }
}

static bool syntax_take_text(struct syntax *syntax)
{
    char *at = syntax->at + 1;
    while (*at && *at != '"' && *at != '\n')
        at += *at == '\\' && at[1] && at[1] != '\n' ? 2 : 1;
    if (*at != '"')
        return syntax_fault(syntax, syntax->line,
                            "the text that begins here has no closing quote (\") on its line");
    syntax->token.kind = TOKEN_TEXT;
    syntax->at = at + 1;
    return true;
}

/* A word of another script, a degree sign, or what a copied text brought along. */
static bool syntax_is_foreign(char c)
{
    return (unsigned char)c >= 0x80;
}

static bool syntax_is_name_start(char c)
{
    return isalpha((unsigned char)c) || c == '*';
}

static bool syntax_is_name_part(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '*';
}

/* With the unit that may stand behind it, so that the message shows the whole. */
static void syntax_take_number(struct syntax *syntax)
{
    char *at = syntax->at;
    for (bool sign = true; isalnum((unsigned char)*at) || *at == '.' || *at == '%' ||
                           syntax_is_foreign(*at) || (sign && (*at == '+' || *at == '-'));
         at++)
        sign = (*at == 'e' || *at == 'E') && strncasecmp(syntax->at, "0x", 2) != 0;
    syntax->token.kind = TOKEN_NUMBER;
    syntax->at = at;
}

static bool syntax_next(struct syntax *syntax)
{
    syntax->last_line = syntax->token.line ? syntax->token.line : 1;
    if (!syntax_skip(syntax))
        return false;
    char c = *syntax->at;
    syntax->token = (struct token){.kind = TOKEN_MARK, .mark = c, .start = syntax->at, .line = syntax->line};
    if (!c) {
        syntax->token.kind = TOKEN_END;
    } else if (c == '"') {
        if (!syntax_take_text(syntax))
            return false;
    } else if (isdigit((unsigned char)c) || ((c == '-' || c == '+' || c == '.') && syntax->at[1] &&
                                             strchr(".0123456789", syntax->at[1]))) {
        syntax_take_number(syntax);
    } else if (syntax_is_name_start(c)) {
        syntax->token.kind = TOKEN_NAME;
        while (syntax_is_name_part(*syntax->at))
            syntax->at++;
    } else {
        syntax->at++;
    }
    syntax->token.length = (size_t)(syntax->at - syntax->token.start);
    return true;
}

static bool syntax_is_mark(const struct syntax *syntax, char mark)
{
    return syntax->token.kind == TOKEN_MARK && syntax->token.mark == mark;
}

/* Whole numbers are kept in 32 bits (hexadecimal ones as a bit pattern), with an L behind them in 64. */
static bool syntax_fits_integer(const char *text)
{
    bool hexadecimal = !strncasecmp(text, "0x", 2);
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, hexadecimal ? 16 : 10);
    if (errno == ERANGE)
        return false;
    bool large = *end == 'L';
    if (hexadecimal)
        return large || value <= INT_MAX;
    return large || (value >= INT_MIN && value <= INT_MAX);
}

static bool syntax_is_integer(const char *text)
{
    const char *at = text;
    if (!strncasecmp(at, "0x", 2)) {
        at += 2;
        at += strspn(at, "0123456789abcdefABCDEF");
        if (at == text + 2)
            return false;
    } else {
        at += *at == '-' || *at == '+';
        size_t digits = strspn(at, "0123456789");
        if (!digits)
            return false;
        at += digits;
    }
    at += *at == 'L' ? 1 + (at[1] == 'L') : 0;
    return !*at;
}

/* A whole number that does not fit: reported, and replaced by nearly its value, so that its option is not
 * found out of range, too. What does not fit has 10 characters at least. */
static void syntax_refuse_integer(struct syntax *syntax, const char *text)
{
    struct token *token = &syntax->token;
    char nearly[16];
    bool large = strchr(text, 'L') != NULL;
    syntax_fault(syntax, token->line, "%s would lose its value, it does not fit %d bits; write it %s", text,
                 large ? 64 : 32, large ? "with a point" : "with an L behind it, or with a point");
    int length = snprintf(nearly, sizeof nearly, "%.2e", strtod(text, NULL));
    memset(token->start, ' ', token->length);
    memcpy(token->start, nearly, (size_t)length < token->length ? (size_t)length : token->length);
}

static bool syntax_check_number(struct syntax *syntax)
{
    char text[64];
    double value;
    const struct token *token = &syntax->token;
    bool complete = token->length < sizeof text;
    int shown = complete ? (int)token->length : (int)sizeof text - 1;
    memcpy(text, token->start, (size_t)shown);
    text[shown] = '\0';
    if (complete && syntax_is_integer(text)) {
        if (!syntax_fits_integer(text))
            syntax_refuse_integer(syntax, text);
        return syntax_next(syntax);
    }
    if (complete && num_parse(text, (size_t)shown, &value) && strpbrk(text, ".eE")) {
        if (isinf(value))
            return syntax_fault(syntax, token->line, "%s is too large for a number", text);
        return syntax_next(syntax);
    }
    return syntax_fault(syntax, token->line,
                        "%s is not a number; numbers stand alone without a unit, texts stand in quotes",
                        text);
}

static bool syntax_check_settings(struct syntax *syntax, char closing);
static bool syntax_check_values(struct syntax *syntax, char closing);

static bool syntax_check_word(struct syntax *syntax)
{
    const struct token *token = &syntax->token;
    int length = token->length < 80 ? (int)token->length : 80;
    if ((length == 4 && !strncasecmp(token->start, "true", 4)) ||
        (length == 5 && !strncasecmp(token->start, "false", 5)))
        return syntax_next(syntax);
    static const char *const SWITCHES[] = {"yes", "no", "on", "off"};
    for (size_t i = 0; i < sizeof SWITCHES / sizeof *SWITCHES; i++)
        if ((size_t)length == strlen(SWITCHES[i]) && !strncasecmp(token->start, SWITCHES[i], (size_t)length))
            return syntax_fault(syntax, token->line,
                                "%.*s is not a value; write true or false (or \"%.*s\", a text)", length,
                                token->start, length, token->start);
    return syntax_fault(syntax, token->line, "texts stand in quotes: write \"%.*s\"", length, token->start);
}

/* How much of a message the word takes that begins with the token. */
static int syntax_word_length(const struct token *token)
{
    size_t length = syntax_is_foreign(token->mark) ? strcspn(token->start, " \t\r\n;,)]}") : token->length;
    return length < 40 ? (int)length : 40;
}

/* A character that begins no value: most often a text without its quotes. */
static bool syntax_fault_no_value(struct syntax *syntax, const struct token *token)
{
    if (token->mark == '\'')
        return syntax_fault(syntax, token->line,
                            "' here, where a value is expected: texts stand in \"double\" quotes");
    if (!syntax_is_foreign(token->mark))
        return syntax_fault(syntax, token->line, "%c here, where a value is expected", token->mark);
    return syntax_fault(syntax, token->line, "texts stand in quotes: \"%.*s\"", syntax_word_length(token),
                        token->start);
}

static bool syntax_check_value(struct syntax *syntax)
{
    struct token token = syntax->token;
    if (token.kind == TOKEN_NUMBER)
        return syntax_check_number(syntax);
    if (token.kind == TOKEN_NAME)
        return syntax_check_word(syntax);
    if (token.kind == TOKEN_TEXT) {
        while (syntax->token.kind == TOKEN_TEXT)
            if (!syntax_next(syntax))
                return false;
        return true;
    }
    if (token.kind == TOKEN_END)
        return syntax_fault(syntax, syntax->last_line, "the file ends where a value is expected");
    if (!strchr("{([", token.mark))
        return syntax_fault_no_value(syntax, &token);
    if (++syntax->depth > SYNTAX_DEPTH_MAX)
        return syntax_fault(syntax, token.line, "more than %d brackets inside each other", SYNTAX_DEPTH_MAX);
    bool good = syntax_next(syntax) && (token.mark == '{'   ? syntax_check_settings(syntax, '}')
                                        : token.mark == '(' ? syntax_check_values(syntax, ')')
                                                            : syntax_check_values(syntax, ']'));
    if (good && syntax->token.kind == TOKEN_END)
        return syntax_fault(syntax, token.line, "the %c that opens here is never closed", token.mark);
    syntax->depth--;
    if (!good)
        return false;
    char *closing = syntax->token.start;
    if (token.mark == '[') {
        *token.start = '(';
        *closing = ')';
    }
    return syntax_next(syntax);
}

static bool syntax_is_closing(const struct syntax *syntax)
{
    return syntax->token.kind == TOKEN_MARK && strchr("})]", syntax->token.mark);
}

/* Ends with the closing bracket looked at, or with the end of the text. */
static bool syntax_check_values(struct syntax *syntax, char closing)
{
    if (syntax_is_mark(syntax, closing))
        return true;
    while (syntax->token.kind != TOKEN_END) {
        if (!syntax_check_value(syntax))
            return false;
        if (syntax_is_mark(syntax, closing) || syntax->token.kind == TOKEN_END)
            return true;
        if (syntax_is_closing(syntax))
            return syntax_fault(syntax, syntax->token.line, "%c here, where %c should close the list",
                                syntax->token.mark, closing);
        if (syntax_is_mark(syntax, ';') || syntax_is_mark(syntax, '='))
            return syntax_fault(
                syntax, syntax->token.line,
                "%c inside a list: its values are separated by commas, and it ends with %c; settings "
                "(name = value) stand in { }",
                syntax->token.mark, closing);
        if (!syntax_is_mark(syntax, ','))
            return syntax_fault(syntax, syntax->last_line, "a comma is missing between two values of a list");
        int comma_line = syntax->token.line;
        if (!syntax_next(syntax))
            return false;
        if (syntax_is_mark(syntax, ','))
            return syntax_fault(syntax, syntax->token.line, "two commas: a value is missing between them");
        if (syntax_is_mark(syntax, closing))
            return syntax_fault(syntax, comma_line,
                                "the comma before %c must go: a list may not end with one", closing);
    }
    return true;
}

static bool syntax_check_name(struct syntax *syntax, struct syntax_names *names, const struct token *name)
{
    for (size_t i = 0; i < names->count; i++) {
        const struct token *before = &names->names[i];
        if (before->length != name->length || memcmp(before->start, name->start, name->length))
            continue;
        struct source_line where = source_where(syntax->source, before->line);
        bool same_file = !strcmp(where.file, source_where(syntax->source, name->line).file);
        return syntax_fault(syntax, name->line, "%.*s is set twice, first in line %d%s%s; once is allowed",
                            syntax_word_length(name), name->start, where.line, same_file ? "" : " of ",
                            same_file ? "" : where.file);
    }
    if (names->count < SYNTAX_NAMES_MAX)
        names->names[names->count++] = *name;
    return true;
}

static bool syntax_check_setting(struct syntax *syntax, struct syntax_names *names)
{
    struct token name = syntax->token;
    int length = name.length < 80 ? (int)name.length : 80;
    if (!syntax_check_name(syntax, names, &name) || !syntax_next(syntax))
        return false;
    if (!syntax_is_mark(syntax, '=') && !syntax_is_mark(syntax, ':'))
        return syntax_fault(syntax, name.line, "a = is missing behind the name %.*s", length, name.start);
    if (!syntax_next(syntax))
        return false;
    if (syntax->token.kind == TOKEN_END || syntax_is_mark(syntax, ';') || syntax_is_mark(syntax, ',') ||
        syntax_is_closing(syntax))
        return syntax_fault(syntax, name.line, "the value of %.*s is missing", length, name.start);
    if (!syntax_check_value(syntax))
        return false;
    if (!syntax_is_mark(syntax, ';') && !syntax_is_mark(syntax, ','))
        return true;
    return syntax_next(syntax);
}

/* Ends as syntax_check_values does; `closing` is 0 for the top. */
static bool syntax_check_settings(struct syntax *syntax, char closing)
{
    struct syntax_names names = {.count = 0};
    for (;;) {
        const struct token *token = &syntax->token;
        if (token->kind == TOKEN_END || (closing && syntax_is_mark(syntax, closing)))
            return true;
        if (token->kind == TOKEN_NAME) {
            if (!syntax_check_setting(syntax, &names))
                return false;
        } else if (syntax_is_closing(syntax)) {
            return closing ? syntax_fault(syntax, token->line, "%c here, where %c should close the group",
                                          token->mark, closing)
                           : syntax_fault(syntax, token->line, "%c closes nothing: there is one too many",
                                          token->mark);
        } else if (syntax_is_mark(syntax, ';') || syntax_is_mark(syntax, ',')) {
            return syntax_fault(syntax, token->line, "%c here without a setting before it; take it away",
                                token->mark);
        } else if (syntax_is_mark(syntax, '@')) {
            return syntax_fault(syntax, token->line,
                                "an @include stands on a line of its own: @include \"FILE\"");
        } else {
            return syntax_fault(syntax, token->line, "%.*s here, where a name = value is expected",
                                syntax_word_length(token), token->start);
        }
    }
}

bool syntax_check(struct source *source, struct findings *findings)
{
    struct syntax syntax = {
        .source = source,
        .findings = findings,
        .at = (char *)buf_text(&source->text),
        .line = 1,
    };
    return syntax_next(&syntax) && syntax_check_settings(&syntax, '\0');
}
