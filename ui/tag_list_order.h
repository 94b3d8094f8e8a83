/* Between the files of the Tags screen's list only: sorting. */
#ifndef UI_TAG_LIST_ORDER_H
#define UI_TAG_LIST_ORDER_H

#include "ui/tag_list.h"

#include <stdbool.h>
#include <stdint.h>

/* Sorts the tags that pass the filter by the list's column. Returns true when the order is another one than
 * before. */
bool tag_list_order(struct tag_list *list, int64_t wall_us);

#endif
