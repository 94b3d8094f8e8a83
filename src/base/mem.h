/* Memory that is there or ends the program with a message: no caller checks for NULL. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* Zero-filled memory for `count` things of `size` bytes. Free with free(). */
void *mem_new(size_t count, size_t size) __attribute__((malloc));

/* Resizes to `count` things of `size` bytes; new bytes are not cleared. */
void *mem_resize(void *old, size_t count, size_t size);

/* A copy of a text (NULL gives NULL). Free with free(). */
char *mem_copy_text(const char *text);

/* A NUL-terminated copy of `length` bytes. Free with free(). */
char *mem_copy_bytes(const void *bytes, size_t length);

/* A formatted text of its own. Free with free(). */
char *mem_format(const char *format, ...) __attribute__((format(printf, 1, 2), malloc));

/* Makes room for one more thing in a growing array: returns the array, which may have moved, and updates
 * *capacity. Use as: a = mem_grow(a, &capacity, count + 1, sizeof *a). */
void *mem_grow(void *array, size_t *capacity, size_t needed, size_t size);

#endif
