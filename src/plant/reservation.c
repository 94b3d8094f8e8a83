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
            reservations->changes++;
        }
    }
    return tag_id;
}

int64_t reservation_tick(struct reservations *reservations, int64_t now_us)
{
    int64_t due_us = INT64_MAX;
    for (size_t i = 0; i < RESERVATION_MAX; i++) {
        struct reservation *row = &reservations->rows[i];
        if (row->tag_id && !reservation_stands(row, now_us)) {
            row->tag_id = 0;
            reservations->changes++;
        } else if (row->tag_id && row->until_us < due_us) {
            due_us = row->until_us;
        }
    }
    return due_us;
}

/* A free place, else that of the one that ends first. */
static struct reservation *reservation_place(struct reservations *reservations, int64_t now_us)
{
    struct reservation *place = &reservations->rows[0];
    for (size_t i = 0; i < RESERVATION_MAX; i++) {
        struct reservation *row = &reservations->rows[i];
        if (!reservation_stands(row, now_us))
            return row;
        if (row->until_us < place->until_us)
            place = row;
    }
    return place;
}

const struct reservation *reservation_take(struct reservations *reservations,
                                           const struct reservation_wish *wish, int64_t now_us)
{
    for (size_t i = 0; i < RESERVATION_MAX; i++) {
        struct reservation *row = &reservations->rows[i];
        if (row->tag_id == wish->tag_id && row->holder == wish->holder && reservation_stands(row, now_us)) {
            row->until_us = now_us + RESERVATION_US;
            return NULL;
        }
    }
    reservation_release(reservations, wish->holder); /* it edits one tag at a time */
    const struct reservation *other = reservation_of(reservations, wish->tag_id, now_us);
    if (other)
        return other;
    struct reservation *row = reservation_place(reservations, now_us);
    *row = (struct reservation){.tag_id = wish->tag_id,
                                .holder = wish->holder,
                                .since_us = wish->wall_us,
                                .until_us = now_us + RESERVATION_US};
    snprintf(row->name, sizeof row->name, "%s", wish->name);
    snprintf(row->station, sizeof row->station, "%s", wish->station);
    reservations->changes++;
    return NULL;
}
