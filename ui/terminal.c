/* ncurses is used for what it is best at: knowing terminals, and sending only differences. The canvas is
 * compared with what was shown last; changed cells go to stdscr, and ncurses finds the cheapest way to show
 * them. clear() is never called but to repaint after a resize or on request.
 *
 * Signals are the caller's: SIGWINCH is blocked and read from a descriptor there, so that ncurses' own
 * handler never runs. */
#include "ui/terminal.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <curses.h>
#include <langinfo.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define ESCAPE_DELAY_MS 25
#define DOUBLE_CLICK_US INT64_C(400000)
#define COLUMNS_MAX     500 /* larger terminals are used in part */
#define ROWS_MAX        300
#define PAIRS_MAX       64 /* what an 8-colour terminal has */

/* Key codes of our own, above ncurses' */
enum { PASTE_BEGIN = KEY_MAX + 1, PASTE_END };

struct terminal {
    SCREEN *screen;
    struct canvas shown; /* what stdscr holds */
    bool repaint;
    enum theme theme;
    enum glyph_level level;
    bool utf8, paste_mode, pasting;
    bool parks_cursor; /* it cannot be hidden: it rests in a corner instead of where was drawn last */
    int colours;       /* 0, 8 or 256 */
    struct {
        int16_t fg, bg;
    } pairs[PAIRS_MAX]; /* [0] is the terminal's own */
    int pair_count;
    struct input_pieces pieces;
    struct input click; /* the last one, for double clicks */
    int64_t click_us;
};

/* ---- opening ---- */

static bool choose_look(struct terminal *terminal, const struct terminal_options *options, struct err *err)
{
    terminal->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    terminal->level = glyph_level_for(terminal->utf8, getenv("TERM"));
    const char *acs = tigetstr("acsc");
    if (!terminal->utf8 && acs && acs != (char *)-1 && *acs)
        terminal->level = GLYPH_LINE;
    if (options->glyphs && !glyph_level_of_word(options->glyphs, &terminal->level))
        return err_set(err, EX_USAGE, "glyphs \"%s\": must be braille, blocks, line or ascii",
                       options->glyphs);
    if (!terminal->utf8 && terminal->level > GLYPH_LINE)
        terminal->level = GLYPH_LINE;
    terminal->colours = has_colors() ? (COLORS >= 256 ? 256 : COLORS >= 8 ? 8 : 0) : 0;
    terminal->theme = theme_for(terminal->colours, getenv("NO_COLOR"), getenv("COLORFGBG"));
    if (options->theme && !theme_of_word(options->theme, &terminal->theme))
        return err_set(err, EX_USAGE, "theme \"%s\": must be dark, light or mono", options->theme);
    return true;
}

/* What terminals send for keys although their description says otherwise:
 * PuTTY's F1 to F4, Home and End of several. */
static void define_keys(void)
{
    static const struct {
        const char *sequence;
        int key;
    } KEYS[] = {
        {"\033[11~", KEY_F(1)}, {"\033[12~", KEY_F(2)},     {"\033[13~", KEY_F(3)},   {"\033[14~", KEY_F(4)},
        {"\033OP", KEY_F(1)},   {"\033OQ", KEY_F(2)},       {"\033OR", KEY_F(3)},     {"\033OS", KEY_F(4)},
        {"\033[1~", KEY_HOME},  {"\033[4~", KEY_END},       {"\033[7~", KEY_HOME},    {"\033[8~", KEY_END},
        {"\033[H", KEY_HOME},   {"\033[F", KEY_END},        {"\033OH", KEY_HOME},     {"\033OF", KEY_END},
        {"\033[A", KEY_UP},     {"\033[B", KEY_DOWN},       {"\033[C", KEY_RIGHT},    {"\033[D", KEY_LEFT},
        {"\033OA", KEY_UP},     {"\033OB", KEY_DOWN},       {"\033OC", KEY_RIGHT},    {"\033OD", KEY_LEFT},
        {"\033OM", KEY_ENTER},  {"\033[200~", PASTE_BEGIN}, {"\033[201~", PASTE_END},
    };
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        if (!key_defined(KEYS[i].sequence))
            define_key(KEYS[i].sequence, KEYS[i].key);
}

/* Bracketed paste, where the terminal's description knows of it:
 * what is pasted must not be taken for commands. */
static void set_paste_mode(struct terminal *terminal, bool on)
{
    const char *sequence = tigetstr(on ? "BE" : "BD");
    if (!sequence || sequence == (char *)-1)
        return;
    putp(sequence);
    fflush(stdout);
    terminal->paste_mode = on;
}

static void set_modes(struct terminal *terminal)
{
    set_escdelay(ESCAPE_DELAY_MS);
    raw(); /* no Ctrl-S that freezes the plant, no Ctrl-Z that hides it */
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    intrflush(stdscr, FALSE);
    leaveok(stdscr, FALSE);
    define_keys();
    mouseinterval(0);
    mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
    terminal->parks_cursor = curs_set(0) == ERR;
    if (terminal->colours) {
        start_color();
        use_default_colors();
    }
    set_paste_mode(terminal, true);
}

struct terminal *terminal_open(const struct terminal_options *options, struct err *err)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        err_set(err, EX_USAGE,
                "the console needs a terminal; without one use hmi status, hmi tags or hmi record");
        return NULL;
    }
    if (!terminal_check(err))
        return NULL;
    struct terminal *terminal = mem_new(1, sizeof *terminal);
    terminal->screen = newterm(NULL, stdout, stdin);
    if (!terminal->screen) {
        const char *term = getenv("TERM");
        err_set(err, EX_UNAVAILABLE, "terminal type \"%s\" is not known here; try TERM=xterm",
                term ? term : "");
        free(terminal);
        return NULL;
    }
    start_color(); /* fills in COLORS */
    if (!choose_look(terminal, options, err)) {
        endwin();
        delscreen(terminal->screen);
        free(terminal);
        return NULL;
    }
    terminal->pairs[0].fg = terminal->pairs[0].bg = THEME_DEFAULT_COLOUR;
    terminal->pair_count = 1;
    terminal->repaint = true;
    set_modes(terminal);
    canvas_init(&terminal->shown, COLS, LINES, terminal->level);
    return terminal;
}

void terminal_close(struct terminal *terminal)
{
    if (!terminal)
        return;
    if (terminal->paste_mode)
        set_paste_mode(terminal, false);
    mousemask(0, NULL);
    endwin();
    delscreen(terminal->screen);
    canvas_free(&terminal->shown);
    free(terminal);
}

int terminal_fd(const struct terminal *terminal)
{
    (void)terminal;
    return STDIN_FILENO;
}

void terminal_init_canvas(const struct terminal *terminal, struct canvas *canvas)
{
    canvas_init(canvas, terminal->shown.columns, terminal->shown.rows, terminal->level);
    canvas->ascii = canvas->ascii || !terminal->utf8;
}

/* ---- size ---- */

static int bounded(int value, int most)
{
    return value < 1 ? 1 : value > most ? most : value;
}

bool terminal_resize(struct terminal *terminal, int *columns, int *rows)
{
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
        size.ws_col = (unsigned short)COLS;
        size.ws_row = (unsigned short)LINES;
    }
    *columns = bounded(size.ws_col, COLUMNS_MAX);
    *rows = bounded(size.ws_row, ROWS_MAX);
    if (*columns == terminal->shown.columns && *rows == terminal->shown.rows)
        return false;
    resizeterm(*rows, *columns);
    canvas_resize(&terminal->shown, *columns, *rows);
    terminal->repaint = true;
    return true;
}

/* ---- output ---- */

/* The number of the colour pair, made when it is first used; 0 when there are no more. */
static short pair_of(struct terminal *terminal, const struct style *style)
{
    for (int i = 0; i < terminal->pair_count; i++)
        if (terminal->pairs[i].fg == style->fg && terminal->pairs[i].bg == style->bg)
            return (short)i;
    if (terminal->pair_count >= PAIRS_MAX || terminal->pair_count >= COLOR_PAIRS)
        return 0;
    short pair = (short)terminal->pair_count++;
    terminal->pairs[pair].fg = style->fg;
    terminal->pairs[pair].bg = style->bg;
    init_pair(pair, style->fg, style->bg);
    return pair;
}

static attr_t attributes_of(const struct style *style)
{
    return (style->attributes & THEME_BOLD ? A_BOLD : 0) |
           (style->attributes & THEME_REVERSE ? A_REVERSE : 0) |
           (style->attributes & THEME_UNDERLINE ? A_UNDERLINE : 0) |
           (style->attributes & THEME_FAINT ? A_DIM : 0);
}

/* Lines from the terminal's own character set, where the locale has none. */
static wchar_t line_of(uint32_t code_point, attr_t *attributes)
{
    static const struct {
        uint16_t code_point;
        char vt100;
    } LINES_OF[] = {
        {0x2500, 'q'}, {0x2502, 'x'}, {0x250C, 'l'}, {0x2510, 'k'}, {0x2514, 'm'}, {0x2518, 'j'},
        {0x251C, 't'}, {0x2524, 'u'}, {0x252C, 'w'}, {0x2534, 'v'}, {0x253C, 'n'}, {0x23BA, 'o'},
        {0x23BB, 'p'}, {0x23BC, 'r'}, {0x23BD, 's'}, {0x25C6, '`'}, {0x00B7, '~'},
    };
    for (size_t i = 0; i < sizeof LINES_OF / sizeof *LINES_OF; i++)
        if (LINES_OF[i].code_point == code_point) {
            chtype line = acs_map[(unsigned char)LINES_OF[i].vt100];
            *attributes |= line & A_ALTCHARSET;
            return (wchar_t)(line & A_CHARTEXT);
        }
    return (wchar_t)(unsigned char)glyph_ascii(code_point)[0];
}

/* What the C library thinks of a character's width must agree with the canvas, or rows would shift. */
static bool width_agrees(uint32_t code_point, bool wide)
{
    return wcwidth((wchar_t)code_point) == (wide ? 2 : 1);
}

static void show_cell(struct terminal *terminal, int x, int y, const struct cell *cell, bool wide)
{
    struct style style =
        theme_style(terminal->theme, (enum meaning)cell->meaning, cell->selected, terminal->colours);
    attr_t attributes = attributes_of(&style);
    wchar_t text[3] = {(wchar_t)cell->code_point, 0, 0};
    uint32_t code_point = cell->code_point;
    if (!terminal->utf8 && code_point >= 0x80) {
        text[0] = line_of(code_point, &attributes);
    } else if (utf8_is_unsafe(code_point) || !width_agrees(code_point, wide)) {
        text[0] = L'?';
    } else if (cell->combining && !utf8_is_unsafe(cell->combining) &&
               wcwidth((wchar_t)cell->combining) == 0) {
        text[1] = (wchar_t)cell->combining;
    }
    cchar_t out;
    if (setcchar(&out, text, attributes, pair_of(terminal, &style), NULL) != OK)
        setcchar(&out, L"?", attributes, pair_of(terminal, &style), NULL);
    mvadd_wchnstr(y, x, &out, 1); /* does not move the cursor, so that the last cell does not scroll */
    if (wide && text[0] == L'?')
        mvadd_wchnstr(y, x + 1, &out, 1);
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
    return a->code_point == b->code_point && a->combining == b->combining && a->meaning == b->meaning &&
           a->selected == b->selected;
}

/* A wide character and its right half are one: both are shown again when one of them changed. */
static void show_row(struct terminal *terminal, const struct canvas *canvas, int y)
{
    for (int x = 0; x < canvas->columns; x++) {
        const struct cell *cell = canvas_cell(canvas, x, y);
        const struct cell *right = canvas_cell(canvas, x + 1, y);
        bool wide = right && !right->code_point;
        struct cell *old = canvas_cell(&terminal->shown, x, y);
        struct cell *old_right = canvas_cell(&terminal->shown, x + 1, y);
        bool changed = !same_cell(cell, old) || (wide && !same_cell(right, old_right));
        *old = *cell;
        if (wide)
            *old_right = *right;
        if ((changed || terminal->repaint) && cell->code_point)
            show_cell(terminal, x, y, cell, wide);
        x += wide;
    }
}

bool terminal_writable(const struct terminal *terminal)
{
    (void)terminal;
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) > 0;
}

void terminal_show(struct terminal *terminal, const struct canvas *canvas)
{
    if (canvas->columns != terminal->shown.columns || canvas->rows != terminal->shown.rows)
        return; /* resized since it was drawn */
    for (int y = 0; y < canvas->rows; y++)
        show_row(terminal, canvas, y);
    if (terminal->repaint)
        clearok(curscr, TRUE);
    terminal->repaint = false;
    curs_set(canvas->cursor_x >= 0);
    if (canvas->cursor_x >= 0)
        move(canvas->cursor_y, canvas->cursor_x);
    else if (terminal->parks_cursor)
        move(canvas->rows - 1, canvas->columns - 1);
    refresh();
}

void terminal_ring(struct terminal *terminal)
{
    if (terminal_writable(terminal))
        beep();
}

void terminal_repaint(struct terminal *terminal)
{
    terminal->repaint = true;
}

/* ---- input ---- */

static uint32_t key_of_curses(wint_t code)
{
    static const struct {
        int code;
        uint32_t key;
    } KEYS[] = {
        {KEY_UP, INPUT_UP},       {KEY_DOWN, INPUT_DOWN},     {KEY_LEFT, INPUT_LEFT},
        {KEY_RIGHT, INPUT_RIGHT}, {KEY_PPAGE, INPUT_PAGE_UP}, {KEY_NPAGE, INPUT_PAGE_DOWN},
        {KEY_HOME, INPUT_HOME},   {KEY_END, INPUT_END},       {KEY_BACKSPACE, INPUT_BACKSPACE},
        {KEY_DC, INPUT_DELETE},   {KEY_IC, INPUT_INSERT},     {KEY_BTAB, INPUT_BACK_TAB},
        {KEY_ENTER, INPUT_ENTER}, {KEY_FIND, INPUT_HOME},     {KEY_SELECT, INPUT_END},
    };
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        if ((wint_t)KEYS[i].code == code)
            return KEYS[i].key;
    if (code >= (wint_t)KEY_F(1) && code <= (wint_t)KEY_F(12))
        return INPUT_F1 + (uint32_t)(code - (wint_t)KEY_F(1));
    return 0;
}

static uint32_t key_of_character(wint_t character)
{
    switch (character) {
    case '\r':
    case '\n':
        return INPUT_ENTER;
    case 0x7F:
    case 0x08:
        return INPUT_BACKSPACE;
    default:
        return character;
    }
}

static struct input mouse_event(struct terminal *terminal, int64_t now_mono_us)
{
    MEVENT event;
    struct input input = {.type = INPUT_NOTHING};
    if (getmouse(&event) != OK)
        return input;
    input.x = event.x;
    input.y = event.y;
    if (event.bstate & BUTTON4_PRESSED) {
        input.type = INPUT_WHEEL_UP;
    } else if (event.bstate & BUTTON5_PRESSED) {
        input.type = INPUT_WHEEL_DOWN;
    } else if (event.bstate & BUTTON1_PRESSED) {
        bool twice = terminal->click.type == INPUT_CLICK && terminal->click.x == input.x &&
                     terminal->click.y == input.y && now_mono_us - terminal->click_us < DOUBLE_CLICK_US;
        input.type = twice ? INPUT_DOUBLE_CLICK : INPUT_CLICK;
        terminal->click = input;
        terminal->click_us = now_mono_us;
    }
    return input;
}

/* Readable without a byte to read: the other end is gone. */
static bool has_ended(void)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    int bytes = 0;
    if (poll(&in, 1, 0) <= 0)
        return false;
    return (in.revents & (POLLERR | POLLNVAL)) || ioctl(STDIN_FILENO, FIONREAD, &bytes) != 0 || bytes == 0;
}

struct input terminal_read(struct terminal *terminal, int64_t now_mono_us, bool *gone)
{
    for (;;) {
        wint_t code = 0;
        int result = get_wch(&code);
        if (result == ERR) {
            *gone = has_ended();
            return (struct input){.type = INPUT_NOTHING};
        }
        if (result == KEY_CODE_YES && (code == PASTE_BEGIN || code == PASTE_END)) {
            terminal->pasting = code == PASTE_BEGIN;
            continue;
        }
        if (result == KEY_CODE_YES && code == KEY_MOUSE) {
            struct input input = mouse_event(terminal, now_mono_us);
            if (input.type != INPUT_NOTHING)
                return input;
            continue;
        }
        uint32_t key = result == KEY_CODE_YES ? key_of_curses(code) : key_of_character(code);
        if (!key || (result != KEY_CODE_YES && input_pieces_swallow(&terminal->pieces, key, now_mono_us)))
            continue;
        return (struct input){.type = INPUT_KEY, .key = key, .pasted = terminal->pasting};
    }
}

void terminal_drop_input(struct terminal *terminal)
{
    (void)terminal;
    flushinp();
}
