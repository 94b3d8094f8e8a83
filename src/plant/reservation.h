/* Who is editing which setpoint: a soft reservation, so that a second operator sees it before both have typed. It
 * refuses nobody for long: it ends by itself, with the console, or when the edit is over. Pure. */
#ifndef PLANT_RESERVATION_H
#define PLANT_RESERVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RESERVATION_US          (INT64_C(30) * 1000000) /* each key pressed in the entry begins it anew */
#define RESERVATION_MAX         64                      /* as many as there may be consoles: one each */
#define RESERVATION_NAME_MAX    64
#define RESERVATION_STATION_MAX 127

struct reservation {
    uint32_t tag_id; /* 0: free */
    uint32_t holder; /* the console */
    char name[RESERVATION_NAME_MAX + 1], station[RESERVATION_STATION_MAX + 1];
    int64_t since_us; /* wall: when the edit began */
    int64_t until_us;
};

/* Begins as zero bytes. */
struct reservations {
    struct reservation rows[RESERVATION_MAX];
    uint64_t changes; /* rises when one comes or goes; not when it is prolonged */
};

/* Who wants to edit. */
struct reservation_wish {
    uint32_t tag_id, holder;
    const char *name, *station; /* of the operator */
    int64_t wall_us;
};

/* Reserves the tag for the console `holder` (in the place of what that console had reserved before), or prolongs its
 * reservation. NULL: done; else who has it now. `now_us` on the clock that never steps. */
const struct reservation *reservation_take(struct reservations *reservations,
                                           const struct reservation_wish *wish, int64_t now_us);

/* Who has reserved the tag; NULL: nobody. */
const struct reservation *reservation_of(const struct reservations *reservations, uint32_t tag_id,
                                         int64_t now_us);

/* The console has ended its edit, or is gone. The tag that it had reserved, 0: none. */
uint32_t reservation_release(struct reservations *reservations, uint32_t holder);

/* Ends those whose time is over; returns when the next one will be (INT64_MAX: there is none). */
int64_t reservation_tick(struct reservations *reservations, int64_t now_us);

#endif
