#include "config/findings.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct findings_note {
    const char *file;
    int line;
    bool warning;
    size_t order; /* keeps the sort stable */
    char *text;
};

struct findings_place {
    const void *address;
    bool whole;
    const char *file;
    int line;
};

void findings_init(struct findings *findings)
{
    *findings = (struct findings){.places_sorted = true};
}

void findings_free(struct findings *findings)
{
    for (size_t i = 0; i < findings->note_count; i++)
        free(findings->notes[i].text);
    free(findings->notes);
    free(findings->places);
    findings_init(findings);
}

/* Names and texts of the file may hold anything: the note is made safe for a terminal here, once for all. */
__attribute__((format(printf, 5, 0))) static void findings_add(struct findings *findings, bool warning,
                                                               const char *file, int line, const char *format,
                                                               va_list args)
{
    char raw[2048], safe[2048];
    vsnprintf(raw, sizeof raw, format, args);
    utf8_make_safe(safe, sizeof safe, raw, strlen(raw));
    const struct findings_note *last =
        findings->note_count ? &findings->notes[findings->note_count - 1] : NULL;
    if (last && last->file == file && last->line == line && !strcmp(last->text, safe))
        return; /* each value of a list has the same fault */
    findings->notes = mem_grow(findings->notes, &findings->note_capacity, findings->note_count + 1,
                               sizeof *findings->notes);
    findings->notes[findings->note_count] = (struct findings_note){
        .file = file,
        .line = line,
        .warning = warning,
        .order = findings->note_count,
        .text = mem_copy_text(safe),
    };
    findings->note_count++;
    findings->fault_count += !warning;
}

void findings_fault_at(struct findings *findings, const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    findings_add(findings, false, file, line, format, args);
    va_end(args);
}

void findings_warn_at(struct findings *findings, const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    findings_add(findings, true, file, line, format, args);
    va_end(args);
}

void findings_remember(struct findings *findings, const void *address, bool whole, const char *file, int line)
{
    findings->places = mem_grow(findings->places, &findings->place_capacity, findings->place_count + 1,
                                sizeof *findings->places);
    findings->places[findings->place_count++] = (struct findings_place){address, whole, file, line};
    findings->places_sorted = false;
}

static int findings_compare_places(const void *a, const void *b)
{
    const struct findings_place *left = a, *right = b;
    if (left->address != right->address)
        return (uintptr_t)left->address < (uintptr_t)right->address ? -1 : 1;
    return (int)left->whole - (int)right->whole;
}

static const struct findings_place *findings_find(struct findings *findings, const void *address, bool whole)
{
    if (!findings->place_count)
        return NULL;
    if (!findings->places_sorted)
        qsort(findings->places, findings->place_count, sizeof *findings->places, findings_compare_places);
    findings->places_sorted = true;
    struct findings_place key = {.address = address, .whole = whole};
    return bsearch(&key, findings->places, findings->place_count, sizeof key, findings_compare_places);
}

bool findings_is_given(struct findings *findings, const void *address)
{
    return findings_find(findings, address, false) != NULL;
}

__attribute__((format(printf, 5, 0))) static void findings_add_placed(struct findings *findings, bool warning,
                                                                      const void *address, const void *whole,
                                                                      const char *format, va_list args)
{
    static const struct findings_place NOWHERE = {.file = "", .line = 0};
    const struct findings_place *place = address ? findings_find(findings, address, false) : NULL;
    if (!place)
        place = findings_find(findings, whole, true);
    if (!place)
        place = &NOWHERE;
    findings_add(findings, warning, place->file, place->line, format, args);
}

void findings_fault(struct findings *findings, const void *address, const void *whole, const char *format,
                    ...)
{
    va_list args;
    va_start(args, format);
    findings_add_placed(findings, false, address, whole, format, args);
    va_end(args);
}

void findings_warn(struct findings *findings, const void *address, const void *whole, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    findings_add_placed(findings, true, address, whole, format, args);
    va_end(args);
}

static int findings_compare_notes(const void *a, const void *b)
{
    const struct findings_note *left = a, *right = b;
    int files = left->file == right->file ? 0 : strcmp(left->file, right->file);
    if (files)
        return files;
    if (left->line != right->line)
        return left->line < right->line ? -1 : 1;
    return left->order < right->order ? -1 : 1;
}

/* A line of 0 means the file as a whole. */
static char *findings_format(const struct findings_note *note)
{
    if (!*note->file)
        return mem_copy_text(note->text);
    return note->line ? mem_format("%s:%d: %s", note->file, note->line, note->text)
                      : mem_format("%s: %s", note->file, note->text);
}

static void findings_move(struct findings *findings, bool warning, char ***lines, size_t *count,
                          size_t *capacity)
{
    size_t seen = 0;
    for (size_t i = 0; i < findings->note_count; i++) {
        if (findings->notes[i].warning != warning || ++seen > FINDINGS_SHOWN_MAX)
            continue;
        *lines = mem_grow(*lines, capacity, *count + 1, sizeof **lines);
        (*lines)[(*count)++] = findings_format(&findings->notes[i]);
    }
    if (seen > FINDINGS_SHOWN_MAX) {
        *lines = mem_grow(*lines, capacity, *count + 1, sizeof **lines);
        (*lines)[(*count)++] = mem_format("... and %zu more", seen - FINDINGS_SHOWN_MAX);
    }
}

void findings_report(struct findings *findings, struct config_report *report)
{
    if (findings->note_count)
        qsort(findings->notes, findings->note_count, sizeof *findings->notes, findings_compare_notes);
    findings_move(findings, false, &report->faults, &report->count, &report->capacity);
    findings_move(findings, true, &report->warnings, &report->warning_count, &report->warning_capacity);
}
