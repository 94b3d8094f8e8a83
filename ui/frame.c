#include "ui/frame.h"

#include "base/timefmt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct frame_light frame_broker_light(const struct mirror *mirror, bool starting)
{
    static const struct frame_light LIGHTS[] = {
        [WIRE_LINK_CONNECTING] = {SIGN_OFF, MEANING_LIGHT_WARNING, "CONNECTING"},
        [WIRE_LINK_BACKLOG] = {SIGN_HALF, MEANING_LIGHT_WARNING, "CATCHING UP"},
        [WIRE_LINK_UP] = {SIGN_ON, MEANING_LIGHT_GOOD, "broker"},
        [WIRE_LINK_DOWN] = {SIGN_OFF, MEANING_LIGHT_BAD, "NO BROKER"},
        [WIRE_LINK_STOPPED] = {SIGN_FAILED, MEANING_LIGHT_BAD, "BROKER STOPPED"},
    };
    if (starting || (mirror->attached && !mirror->has_status))
        return (struct frame_light){SIGN_OFF, MEANING_HEADER_DIM, "attaching…"};
    if (!mirror->attached)
        return (struct frame_light){SIGN_OFF, MEANING_LIGHT_BAD, "NO RECORDER"};
    if (mirror->status.link >= sizeof LIGHTS / sizeof *LIGHTS)
        return (struct frame_light){SIGN_OFF, MEANING_LIGHT_WARNING, "BROKER ?"};
    return LIGHTS[mirror->status.link];
}

struct frame_light frame_recording_light(const struct mirror *mirror)
{
    static const struct frame_light LIGHTS[] = {
        [WIRE_RECORDING_GOOD] = {SIGN_ON, MEANING_LIGHT_GOOD, "rec"},
        [WIRE_RECORDING_SPOOLING] = {SIGN_HALF, MEANING_LIGHT_WARNING, "SPOOL"},
        [WIRE_RECORDING_FAILED] = {SIGN_FAILED, MEANING_LIGHT_BAD, "REC FAILED"},
    };
    if (!mirror->attached || !mirror->has_status)
        return (struct frame_light){SIGN_OFF, MEANING_LIGHT_BAD, "NOT RECORDING?"};
    if (mirror->status.recording >= sizeof LIGHTS / sizeof *LIGHTS)
        return (struct frame_light){SIGN_OFF, MEANING_LIGHT_WARNING, "REC ?"};
    if (mirror->welcome.look && mirror->status.recording == WIRE_RECORDING_GOOD)
        return (struct frame_light){SIGN_OFF, MEANING_LIGHT_GOOD, "look: nothing is kept"};
    return LIGHTS[mirror->status.recording];
}

/* ---- header ---- */

/* A piece of the header's right half; those of lower rank give way first where there is no room. */
struct piece {
    char text[128];
    enum meaning meaning;
    int sign; /* enum sign, or -1 */
    int rank;
    int columns;
};

#define PIECES_MAX    6
#define PLANT_COLUMNS 24 /* of the plant's name that other pieces give way to */

struct pieces {
    struct piece list[PIECES_MAX];
    size_t count;
};

static void add_piece(struct pieces *pieces, const struct pane *pane, int rank, enum meaning meaning,
                      int sign, const char *text)
{
    if (!*text || pieces->count == PIECES_MAX)
        return;
    struct piece *piece = &pieces->list[pieces->count++];
    *piece = (struct piece){.meaning = meaning, .sign = sign, .rank = rank};
    snprintf(piece->text, sizeof piece->text, "%s", text);
    piece->columns = pane_text_columns(pane, piece->text) + (sign >= 0 ? 2 : 0) + 2;
}

static int pieces_columns(const struct pieces *pieces)
{
    int columns = 0;
    for (size_t i = 0; i < pieces->count; i++)
        columns += pieces->list[i].columns;
    return columns;
}

static void drop_least(struct pieces *pieces)
{
    size_t least = 0;
    for (size_t i = 1; i < pieces->count; i++)
        if (pieces->list[i].rank < pieces->list[least].rank)
            least = i;
    memmove(&pieces->list[least], &pieces->list[least + 1],
            (pieces->count - least - 1) * sizeof pieces->list[0]);
    pieces->count--;
}

static void add_light(struct pieces *pieces, const struct pane *pane, int rank, struct frame_light light)
{
    add_piece(pieces, pane, rank, light.meaning, (int)light.sign, light.text);
}

/* What the user may do here, in a word. */
static const char *role_word(const struct wire_welcome *welcome)
{
    if (welcome->look || welcome->look_kept) /* nobody changes anything, whatever the recorder would allow */
        return "look";
    if (welcome->view)
        return "view only";
    return ROLE_WORDS[welcome->role <= ROLE_ENGINEER ? welcome->role : ROLE_NONE];
}

static void collect_pieces(struct pieces *pieces, const struct pane *pane, const struct mirror *mirror,
                           bool starting, int64_t wall_us)
{
    char text[128], when[TIMEFMT_MAX];
    bool known = mirror->attached || mirror->lost_us;
    pieces->count = 0;
    if (known) {
        snprintf(text, sizeof text, "%.60s %s", mirror->welcome.user, role_word(&mirror->welcome));
        add_piece(pieces, pane, 1, MEANING_HEADER_DIM, -1, text);
    }
    add_light(pieces, pane, 5, frame_broker_light(mirror, starting));
    if (mirror->attached && mirror->has_status)
        add_light(pieces, pane, 4, frame_recording_light(mirror));
    if (pane->columns >= 100) {
        timefmt_local(when, sizeof when, wall_us, TIMEFMT_DATE);
        when[10] = '\0';
        add_piece(pieces, pane, 0, MEANING_HEADER_DIM, -1, when);
    }
    timefmt_local(when, sizeof when, wall_us, TIMEFMT_OFFSET);
    add_piece(pieces, pane, 2, MEANING_HEADER_DIM, -1, when + 8);
    when[8] = '\0';
    add_piece(pieces, pane, 3, MEANING_HEADER_STRONG, -1, when);
    /* The clock stands before its zone. */
    struct piece clock = pieces->list[pieces->count - 1];
    pieces->list[pieces->count - 1] = pieces->list[pieces->count - 2];
    pieces->list[pieces->count - 2] = clock;
    pieces->list[pieces->count - 2].columns -= 1;
}

void frame_draw_header(const struct pane *pane, const struct mirror *mirror, bool starting, const char *title,
                       int64_t wall_us)
{
    struct pieces pieces;
    const char *plant = mirror->attached || mirror->lost_us ? mirror->welcome.plant : "hmi";
    collect_pieces(&pieces, pane, mirror, starting, wall_us);
    pane_fill(pane, 0, 0, -1, 1, MEANING_HEADER);
    int title_columns = pane_text_columns(pane, title) + 1;
    int plant_columns = pane_text_columns(pane, plant);
    plant_columns = plant_columns < PLANT_COLUMNS ? plant_columns : PLANT_COLUMNS;
    while (pieces.count && pieces_columns(&pieces) + title_columns + plant_columns + 3 > pane->columns)
        drop_least(&pieces);
    int x = pane->columns - pieces_columns(&pieces);
    for (size_t i = 0; i < pieces.count; i++) {
        const struct piece *piece = &pieces.list[i];
        int column = x + 1;
        if (piece->sign >= 0 && piece->meaning != MEANING_LIGHT_GOOD)
            pane_fill(pane, x, 0, piece->columns, 1, piece->meaning);
        if (piece->sign >= 0)
            column += pane_sign(pane, column, 0, piece->meaning, (enum sign)piece->sign) + 1;
        enum meaning meaning = piece->meaning == MEANING_LIGHT_GOOD ? MEANING_HEADER : piece->meaning;
        pane_text(pane, column, 0, -1, meaning, piece->text);
        x += piece->columns;
    }
    int room = pane->columns - pieces_columns(&pieces) - title_columns - 3;
    int used = 1;
    if (room > 3)
        used += pane_text(pane, 1, 0, room, MEANING_HEADER_STRONG, plant) + 2;
    pane_text(pane, used, 0, pane->columns - pieces_columns(&pieces) - used, MEANING_HEADER, title);
}

/* ---- banner ---- */

/* What to do about a recorder that is gone; the most useful words first, for the tail may be cut. */
static void describe_no_recorder(const struct mirror *mirror, const struct link *link, char *out, size_t size)
{
    int error = link_errno(link);
    if (link_state(link) == LINK_SILENT || link_state(link) == LINK_ATTACHING)
        snprintf(out, size, "it does not answer yet; values are not live");
    else if (mirror->welcome.look || mirror->welcome.look_kept)
        snprintf(out, size, "values are not live; the look is over: leave with q");
    else if (link_state(link) == LINK_SEARCHING && error && error != ENOENT && error != ECONNREFUSED)
        snprintf(out, size, "%.400s", link_text(link));
    else
        snprintf(out, size, "values are not live; start it: hmi record – attaches by itself");
}

bool frame_banner_text(const struct mirror *mirror, const struct link *link, bool starting,
                       char out[FRAME_TEXT_MAX])
{
    char when[TIMEFMT_MAX], what[FRAME_TEXT_MAX - 64];
    if (mirror->attached && link_state(link) != LINK_SILENT) {
        if (mirror->has_status && mirror->status.no_data_since_us) {
            timefmt_local(when, sizeof when, mirror->status.no_data_since_us, 0);
            snprintf(out, FRAME_TEXT_MAX, "NO PLANT DATA since %s – %.400s", when, mirror->status.link_text);
            return true;
        }
        if (link_state(link) == LINK_OLD)
            snprintf(out, FRAME_TEXT_MAX, "READ-ONLY – %.480s", link_text(link));
        return link_state(link) == LINK_OLD;
    }
    if (*mirror->refused.reason) {
        snprintf(out, FRAME_TEXT_MAX, "THE RECORDER REFUSES: %.480s", mirror->refused.reason);
        return true;
    }
    if (starting)
        return false;
    describe_no_recorder(mirror, link, what, sizeof what);
    timefmt_local(when, sizeof when, mirror->lost_us, 0);
    snprintf(out, FRAME_TEXT_MAX, "NO RECORDER%s%s – %s", mirror->lost_us ? " since " : "",
             mirror->lost_us ? when : "", what);
    return true;
}

void frame_draw_banner(const struct pane *pane, const char *text)
{
    pane_fill(pane, 0, 0, -1, 1, MEANING_BANNER);
    int columns = pane_text_columns(pane, text);
    int x = columns < pane->columns ? (pane->columns - columns) / 2 : 0;
    pane_text(pane, x, 0, -1, MEANING_BANNER, text);
}
