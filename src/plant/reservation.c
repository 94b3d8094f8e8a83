#include "plant/reservation.h"

#include <stdio.h>

static bool reservation_stands(const struct reservation *row, int64_t now_us)
{
    return row->tag_id && now_us < row->until_us;
}

const struct reservation *reservation_of(const struct reservations *reservations, uint32_t tag_id,
                                         int64_t now_us)
{
    for (size_t i = 0; i < RESERVATION_MAX; i++)
        if (reservations->rows[i].tag_id == tag_id && reservation_stands(&reservations->rows[i], now_us))
            return &reservations->rows[i];
    return NULL;
}

uint32_t reservation_release(struct reservations *reservations, uint32_t holder)
{
    uint32_t tag_id = 0;
    for (size_t i = 0; i < RESERVATION_MAX; i++) {
        struct reservation *row = &reservations->rows[i];
        if (row->tag_id && row->holder == holder) {
            tag_id = row->tag_id;
            row->tag_id = 0;
        }
    }
    return tag_id;
}

const struct reservation *reservation_take(struct reservations *reservations, uint32_t tag_id,
                                           uint32_t holder, const char *name, int64_t now_us)
{
    const struct reservation *other = reservation_of(reservations, tag_id, now_us);
    if (other && other->holder != holder)
        return other;
    reservation_release(reservations, holder);
    struct reservation *oldest = &reservations->rows[0];
    for (size_t i = 0; i < RESERVATION_MAX; i++) {
        struct reservation *row = &reservations->rows[i];
        if (!reservation_stands(row, now_us)) {
            oldest = row;
            break;
        }
        if (row->until_us < oldest->until_us)
            oldest = row;
    }
    *oldest = (struct reservation){.tag_id = tag_id, .holder = holder, .until_us = now_us + RESERVATION_US};
    snprintf(oldest->name, sizeof oldest->name, "%s", name);
    return NULL;
}
