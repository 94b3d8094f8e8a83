#include "base/utf8.h"

#include <string.h>

size_t utf8_decode(const char *bytes, size_t length, uint32_t *code_point)
{
    const unsigned char *b = (const unsigned char *)bytes;
    *code_point = UTF8_REPLACEMENT;
    if (b[0] < 0x80) {
        *code_point = b[0];
        return 1;
    }
    size_t count = b[0] >= 0xF0 ? 4 : b[0] >= 0xE0 ? 3 : 2;
    if (b[0] < 0xC2 || b[0] > 0xF4 || count > length)
        return 1;
    uint32_t value = b[0] & (0x7Fu >> count);
    for (size_t i = 1; i < count; i++) {
        if ((b[i] & 0xC0) != 0x80)
            return 1;
        value = value << 6 | (b[i] & 0x3F);
    }
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < LEAST[count] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 1;
    *code_point = value;
    return count;
}

size_t utf8_encode(char out[4], uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

struct utf8_range {
    uint32_t first, last;
};

static bool utf8_in(const struct utf8_range *ranges, size_t count, uint32_t c)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c > ranges[middle].last)
            low = middle + 1;
        else if (c < ranges[middle].first)
            high = middle;
        else
            return true;
    }
    return false;
}

bool utf8_is_unsafe(uint32_t c)
{
    static const struct utf8_range UNSAFE[] = {
        {0x0000, 0x001F},    {0x007F, 0x009F},   {0x00AD, 0x00AD},   {0x034F, 0x034F},   {0x0600, 0x0605},
        {0x061C, 0x061C},    {0x06DD, 0x06DD},   {0x070F, 0x070F},   {0x115F, 0x1160},   {0x17B4, 0x17B5},
        {0x180B, 0x180F},    {0x200B, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F},   {0x3164, 0x3164},
        {0xE000, 0xF8FF},    {0xFDD0, 0xFDEF},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},
        {0xFFF0, 0xFFFB},    {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
        {0xF0000, 0x10FFFF},
    };
    return (c & 0xFFFE) == 0xFFFE || utf8_in(UNSAFE, sizeof UNSAFE / sizeof *UNSAFE, c);
}

bool utf8_make_safe(char *out, size_t size, const char *bytes, size_t length)
{
    size_t used = 0;
    while (length) {
        uint32_t c;
        size_t step = utf8_decode(bytes, length, &c);
        if (utf8_is_unsafe(c))
            c = UTF8_REPLACEMENT;
        char encoded[4];
        size_t count = utf8_encode(encoded, c);
        if (used + count + 1 > size)
            break;
        memcpy(out + used, encoded, count);
        used += count;
        bytes += step;
        length -= step;
    }
    out[used] = '\0';
    return length == 0;
}

/* Combining marks take no column and East Asian wide characters two: the common blocks, enough for names and
 * units; a character outside them counts as one. */
int utf8_code_point_columns(uint32_t c)
{
    static const struct utf8_range COMBINING[] = {
        {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F},
        {0x0900, 0x0902}, {0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF},
        {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE20, 0xFE2F},
    };
    static const struct utf8_range WIDE[] = {
        {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2E80, 0x303E},   {0x3041, 0x33FF},
        {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
        {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
        {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
    };
    if (c < 0x300)
        return 1;
    if (utf8_in(COMBINING, sizeof COMBINING / sizeof *COMBINING, c))
        return 0;
    return utf8_in(WIDE, sizeof WIDE / sizeof *WIDE, c) ? 2 : 1;
}

int utf8_columns(const char *text)
{
    int columns = 0;
    size_t length = strlen(text);
    while (length) {
        uint32_t c;
        size_t step = utf8_decode(text, length, &c);
        columns += utf8_code_point_columns(c);
        text += step;
        length -= step;
    }
    return columns;
}

int utf8_fit(char *out, size_t size, const char *text, int columns, const char *mark)
{
    size_t used = 0, length = strlen(text), mark_length = 0;
    bool cut = utf8_columns(text) > columns || length + 1 > size;
    int room = columns, used_columns = 0;
    if (cut && utf8_columns(mark) <= columns && strlen(mark) + 1 <= size) { /* else there is no room for it */
        mark_length = strlen(mark);
        room -= utf8_columns(mark);
    }
    while (length) {
        uint32_t c;
        size_t step = utf8_decode(text, length, &c);
        int wide = utf8_code_point_columns(c);
        if (used_columns + wide > room || used + step + mark_length + 1 > size)
            break;
        memcpy(out + used, text, step);
        used += step;
        used_columns += wide;
        text += step;
        length -= step;
    }
    if (mark_length) {
        memcpy(out + used, mark, mark_length);
        used += mark_length;
        used_columns += utf8_columns(mark);
    }
    out[used] = '\0';
    return used_columns;
}
