#include "base/json_text.h"

#include "base/utf8.h"

void json_text_append(struct buf *out, const char *text, size_t length)
{
    buf_append(out, "\"", 1);
    while (length) {
        uint32_t code_point;
        size_t used = utf8_decode(text, length, &code_point);
        if (code_point == '"' || code_point == '\\')
            buf_printf(out, "\\%c", (int)code_point);
        else if (code_point > 0xffff && utf8_is_unsafe(code_point))
            buf_printf(out, "\\u%04x\\u%04x", 0xd7c0 + (unsigned)(code_point >> 10),
                       0xdc00 + (unsigned)(code_point & 0x3ff));
        else if (utf8_is_unsafe(code_point) || (code_point == UTF8_REPLACEMENT && used == 1))
            buf_printf(out, "\\u%04x", (unsigned)code_point);
        else
            buf_append(out, text, used);
        text += used;
        length -= used;
    }
    buf_append(out, "\"", 1);
}
