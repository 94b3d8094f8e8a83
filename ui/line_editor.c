#include "ui/line_editor.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

void line_editor_clear(struct line_editor *editor)
{
    *editor = (struct line_editor){.length = 0};
}

void line_editor_set(struct line_editor *editor, const char *text)
{
    snprintf(editor->text, sizeof editor->text, "%s", text);
    editor->length = editor->cursor = strlen(editor->text);
}

static size_t step_back(const struct line_editor *editor, size_t at)
{
    while (at > 0 && ((unsigned char)editor->text[--at] & 0xC0) == 0x80) {
    }
    return at;
}

static size_t step_on(const struct line_editor *editor, size_t at)
{
    if (at < editor->length)
        at++;
    while (at < editor->length && ((unsigned char)editor->text[at] & 0xC0) == 0x80)
        at++;
    return at;
}

/* Takes out the bytes from `from` to `to`. */
static bool cut(struct line_editor *editor, size_t from, size_t to)
{
    memmove(editor->text + from, editor->text + to, editor->length - to + 1);
    editor->length -= to - from;
    editor->cursor = from;
    return to > from;
}

static bool insert(struct line_editor *editor, uint32_t code_point)
{
    char bytes[4];
    if (utf8_is_unsafe(code_point))
        return false;
    size_t count = utf8_encode(bytes, code_point);
    if (editor->length + count >= LINE_EDITOR_MAX)
        return false;
    memmove(editor->text + editor->cursor + count, editor->text + editor->cursor,
            editor->length - editor->cursor + 1);
    memcpy(editor->text + editor->cursor, bytes, count);
    editor->length += count;
    editor->cursor += count;
    return true;
}

static size_t word_begin(const struct line_editor *editor)
{
    size_t at = editor->cursor;
    while (at > 0 && editor->text[at - 1] == ' ')
        at--;
    while (at > 0 && editor->text[at - 1] != ' ')
        at--;
    return at;
}

bool line_editor_input(struct line_editor *editor, const struct input *input, bool *changed)
{
    bool dummy;
    if (!changed)
        changed = &dummy;
    *changed = false;
    if (input->type != INPUT_KEY)
        return false;
    switch (input->key) {
    case INPUT_BACKSPACE:
        *changed = cut(editor, step_back(editor, editor->cursor), editor->cursor);
        return true;
    case INPUT_DELETE:
        *changed = cut(editor, editor->cursor, step_on(editor, editor->cursor));
        return true;
    case INPUT_LEFT:
        editor->cursor = step_back(editor, editor->cursor);
        return true;
    case INPUT_RIGHT:
        editor->cursor = step_on(editor, editor->cursor);
        return true;
    case INPUT_HOME:
        editor->cursor = 0;
        return true;
    case INPUT_END:
        editor->cursor = editor->length;
        return true;
    case 'u' - 0x60:
        *changed = cut(editor, 0, editor->length);
        return true;
    case 'w' - 0x60:
        *changed = cut(editor, word_begin(editor), editor->cursor);
        return true;
    default:
        if (input->key < 0x20 || input->key >= INPUT_UP)
            return false;
        *changed = insert(editor, input->key);
        return true;
    }
}

void line_editor_draw(const struct line_editor *editor, const struct pane *pane, int x, int y, int columns)
{
    if (columns < 1)
        return;
    pane_fill(pane, x, y, columns, 1, MEANING_INPUT);
    /* Begin far enough to the right that the cursor is inside. */
    size_t begin = 0;
    char before[LINE_EDITOR_MAX];
    int to_cursor;
    for (;;) {
        memcpy(before, editor->text + begin, editor->cursor - begin);
        before[editor->cursor - begin] = '\0';
        to_cursor = pane_text_columns(pane, before);
        if (to_cursor < columns || begin >= editor->cursor)
            break;
        begin = step_on(editor, begin);
    }
    pane_text(pane, x, y, columns, MEANING_INPUT, editor->text + begin);
    pane_cursor(pane, x + to_cursor, y);
}
