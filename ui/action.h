/* Everything that a key can do, in one table: it gives dispatch, Help, the key bar, the palette and the
 * manual page.
 *
 * X(upper case, name, keys, key bar label, where, who, help)
 *   keys   names separated by blanks, the first one is shown in the key bar
 *   label  for the key bar; "" leaves it out. Where the bar lacks room, later rows give way first (key_bar.h)
 *   where  or-ed ACTION_ON_... : the screens on which it works
 *   who    least role that the console asks for; ROLE_VIEWER, too, where the recorder's refusal is to be heard, for that
 *          is journaled and names the line of the configuration
 *
 * Keys of screens that are not built yet have no row: a key that does nothing says nothing. */
#ifndef UI_ACTION_H
#define UI_ACTION_H

#include "plant/tagdef.h"

#include <stdbool.h>
#include <stdint.h>

enum action_where {
    ACTION_ON_TAGS = 1,
    ACTION_ON_DETAIL = 2,
    ACTION_ON_SYSTEM = 4,
    ACTION_ON_HELP = 8,
    ACTION_ON_TRENDS = 16,
    ACTION_ON_ALARMS = 32,
    ACTION_ON_ALARM = 64,
    ACTION_ON_COMMANDS = 128,
    ACTION_ON_ALL = 0xFFFF
};
#define ACTION_ON_ANY_ALARM (ACTION_ON_ALARMS | ACTION_ON_ALARM)
#define ACTION_ON_TAG                                                                                        \
    (ACTION_ON_TAGS | ACTION_ON_DETAIL | ACTION_ON_ANY_ALARM | ACTION_ON_COMMANDS) /* a tag is at hand */
#define ACTION_ON_LIST   (ACTION_ON_TAGS | ACTION_ON_ALARMS | ACTION_ON_COMMANDS) /* of what can be filtered */
#define ACTION_ON_GROUPS (ACTION_ON_TAGS | ACTION_ON_ALARMS)                      /* or grouped */
#define ACTION_ON_ROWS   (ACTION_ON_ALL & ~ACTION_ON_TRENDS) /* where there are rows to move over */

#define ACTIONS(X)                                                                                           \
    X(HELP, "help", "F1 ?", "Help", ACTION_ON_ALL, ROLE_VIEWER, "this help")                                 \
    X(PALETTE, "palette", ":", "Go", ACTION_ON_ALL, ROLE_VIEWER,                                             \
      "go to a tag or do an action by typing its name")                                                      \
    X(TAGS, "tags", "F2 2", "Tags", ACTION_ON_ALL, ROLE_VIEWER, "all tags with their live values")           \
    X(TRENDS, "trends", "F3 3", "Trends", ACTION_ON_ALL, ROLE_VIEWER, "curves of up to four tags over time") \
    X(ALARMS, "alarms", "F4 4", "Alarms", ACTION_ON_ALL, ROLE_VIEWER,                                        \
      "alarms that stand, and those that are withheld")                                                      \
    X(JOURNAL, "journal", "F6 6", "Journal", ACTION_ON_ALL, ROLE_VIEWER,                                     \
      "what happened: alarms, operators, refusals, configuration, commands")                                 \
    X(COMMANDS, "commands", "F7 7", "Commands", ACTION_ON_ALL, ROLE_VIEWER,                                  \
      "setpoints that were given, and what became of them")                                                  \
    X(SYSTEM, "system", "F9 9", "System", ACTION_ON_ALL, ROLE_VIEWER, "health of recorder, broker and disk") \
    X(BACK, "back", "F10 q", "Back", ACTION_ON_ALL, ROLE_VIEWER, "back; at the top quit, after a question")  \
    X(ESCAPE, "escape", "Escape", "", ACTION_ON_ALL, ROLE_VIEWER,                                            \
      "back; never leaves hmi, never changes the plant")                                                     \
    X(OPEN, "open", "Enter", "", ACTION_ON_TAGS, ROLE_VIEWER, "open the tag; fold or unfold a group")        \
    X(UP, "up", "Up k", "", ACTION_ON_ROWS, ROLE_VIEWER, "one row up")                                       \
    X(DOWN, "down", "Down j", "", ACTION_ON_ROWS, ROLE_VIEWER, "one row down")                               \
    X(PAGE_UP, "page-up", "PgUp", "", ACTION_ON_ROWS, ROLE_VIEWER, "one page up")                            \
    X(PAGE_DOWN, "page-down", "PgDn", "", ACTION_ON_ROWS, ROLE_VIEWER, "one page down")                      \
    X(HOME, "home", "Home", "", ACTION_ON_ROWS, ROLE_VIEWER, "first row")                                    \
    X(END, "end", "End", "", ACTION_ON_ROWS, ROLE_VIEWER, "last row")                                        \
    X(LEFT, "left", "Left", "", ACTION_ON_TAGS, ROLE_VIEWER, "fold the group; to the group's row")           \
    X(RIGHT, "right", "Right", "", ACTION_ON_TAGS, ROLE_VIEWER, "unfold the group")                          \
    X(ACKNOWLEDGE, "acknowledge", "a", "Ack", ACTION_ON_ANY_ALARM, ROLE_VIEWER,                              \
      "acknowledge the alarm, or the marked ones; reset what has latched (operator)")                        \
    X(ACKNOWLEDGE_PAGE, "acknowledge-page", "A", "Ack page", ACTION_ON_ALARMS, ROLE_VIEWER,                  \
      "acknowledge all alarms in sight (operator)")                                                          \
    X(SHELVE, "shelve", "z", "Shelve", ACTION_ON_ANY_ALARM, ROLE_VIEWER,                                     \
      "take the alarm, or the marked ones, out of sight for a while (operator)")                             \
    X(UNSHELVE, "unshelve", "u", "Put back", ACTION_ON_ANY_ALARM, ROLE_VIEWER,                               \
      "put the alarm, or the marked ones, back: from the shelf (operator), else into service (supervisor)")  \
    X(OUT_OF_SERVICE, "out-of-service", "o", "Out", ACTION_ON_ANY_ALARM, ROLE_VIEWER,                        \
      "take the alarm, or the marked ones, out of service until they are put back (supervisor)")             \
    X(MARK, "mark", "Space", "", ACTION_ON_ALARMS, ROLE_VIEWER, "mark the alarm for a, z, o or u; or not")   \
    X(OPEN_ALARM, "open-alarm", "Enter", "", ACTION_ON_ALARMS, ROLE_VIEWER, "everything known of the alarm") \
    X(NEXT_TAB, "next-tab", "Tab Right", "", ACTION_ON_ALARMS, ROLE_VIEWER,                                  \
      "the next list: standing, withheld, journal")                                                          \
    X(PREVIOUS_TAB, "previous-tab", "S-Tab Left", "", ACTION_ON_ALARMS, ROLE_VIEWER, "the list before it")   \
    X(OPEN_COMMAND, "open-command", "Enter", "", ACTION_ON_COMMANDS, ROLE_VIEWER,                            \
      "everything known of the command")                                                                     \
    X(FACEPLATE, "faceplate", "i", "Info", ACTION_ON_TAGS | ACTION_ON_ANY_ALARM | ACTION_ON_COMMANDS,        \
      ROLE_VIEWER, "everything known of the tag")                                                            \
    X(TREND, "trend", "t", "Trend", ACTION_ON_TAG, ROLE_VIEWER,                                              \
      "the trend of this tag alone: live; from the journal or an alarm's own screen, of that time")          \
    X(TREND_ADD, "trend-add", "T", "", ACTION_ON_TAG, ROLE_VIEWER, "this tag as a further pen of the trend") \
    X(EDIT, "edit", "e", "Set", ACTION_ON_TAG | ACTION_ON_TRENDS, ROLE_OPERATOR,                             \
      "give the tag's setpoint, after a summary that you confirm")                                           \
    X(NEXT_TAG, "next-tag", "n Right", "Next", ACTION_ON_DETAIL, ROLE_VIEWER, "the next tag of the list")    \
    X(PREVIOUS_TAG, "previous-tag", "N Left", "Previous", ACTION_ON_DETAIL, ROLE_VIEWER,                     \
      "the tag before it")                                                                                   \
    X(FILTER, "filter", "/", "Filter", ACTION_ON_LIST, ROLE_VIEWER, "show only rows with these words")       \
    X(SORT_NEXT, "sort-next", "s >", "Sort", ACTION_ON_TAGS, ROLE_VIEWER, "sort by the next column")         \
    X(SORT_PREVIOUS, "sort-previous", "S <", "", ACTION_ON_TAGS, ROLE_VIEWER, "sort by the column before")   \
    X(REVERSE, "reverse", "r", "", ACTION_ON_TAGS, ROLE_VIEWER, "turn the order round")                      \
    X(GROUP, "group", "g", "Tree", ACTION_ON_GROUPS, ROLE_VIEWER, "group by area, or not")                   \
    X(FOLD, "fold", "Space", "", ACTION_ON_TAGS, ROLE_VIEWER, "fold or unfold the group")                    \
    X(FOLD_ALL, "fold-all", "-", "", ACTION_ON_GROUPS, ROLE_VIEWER, "fold all groups")                       \
    X(UNFOLD_ALL, "unfold-all", "+", "", ACTION_ON_GROUPS, ROLE_VIEWER, "unfold all groups")                 \
    X(CURSOR_LEFT, "cursor-left", "Left", "", ACTION_ON_TRENDS, ROLE_VIEWER,                                 \
      "the cursor one column earlier: exact values and times")                                               \
    X(CURSOR_RIGHT, "cursor-right", "Right", "", ACTION_ON_TRENDS, ROLE_VIEWER, "one column later")          \
    X(CURSOR_FAR_LEFT, "cursor-far-left", "<", "", ACTION_ON_TRENDS, ROLE_VIEWER, "ten columns earlier")     \
    X(CURSOR_FAR_RIGHT, "cursor-far-right", ">", "", ACTION_ON_TRENDS, ROLE_VIEWER, "ten columns later")     \
    X(CURSOR_START, "cursor-start", "Home", "", ACTION_ON_TRENDS, ROLE_VIEWER,                               \
      "put the cursor on the first column")                                                                  \
    X(LIVE, "live", "End", "Live", ACTION_ON_TRENDS, ROLE_VIEWER, "back to the present, without cursor")     \
    X(EARLIER, "earlier", "[ PgUp", "Earlier", ACTION_ON_TRENDS, ROLE_VIEWER, "half a picture back in time") \
    X(LATER, "later", "] PgDn", "", ACTION_ON_TRENDS, ROLE_VIEWER, "half a picture on in time")              \
    X(ZOOM_IN, "zoom-in", "+ =", "In", ACTION_ON_TRENDS, ROLE_VIEWER,                                        \
      "a shorter span, round the cursor where there is one")                                                 \
    X(ZOOM_OUT, "zoom-out", "- _", "Out", ACTION_ON_TRENDS, ROLE_VIEWER, "a longer span")                    \
    X(NEXT_PEN, "next-pen", "Tab Down j", "Pen", ACTION_ON_TRENDS, ROLE_VIEWER,                              \
      "select the next pen: the axis and the limits are its own")                                            \
    X(PREVIOUS_PEN, "previous-pen", "S-Tab Up k", "", ACTION_ON_TRENDS, ROLE_VIEWER, "the pen before it")    \
    X(SCALE, "scale", "y", "Scale", ACTION_ON_TRENDS, ROLE_VIEWER,                                           \
      "scales by the values in sight, or by the tags' ranges")                                               \
    X(PICK_PEN, "pick-pen", "P Insert", "Pens", ACTION_ON_TRENDS, ROLE_VIEWER,                               \
      "add pens from the list of tags, or take some away")                                                   \
    X(REMOVE_PEN, "remove-pen", "X Delete", "Remove", ACTION_ON_TRENDS, ROLE_VIEWER,                         \
      "take the selected pen away")                                                                          \
    X(OPEN_PEN, "open-pen", "i Enter", "Info", ACTION_ON_TRENDS, ROLE_VIEWER,                                \
      "everything known of the selected pen's tag")                                                          \
    X(SILENCE, "silence", "m", "", ACTION_ON_ALL, ROLE_VIEWER,                                               \
      "silence the bell for 10 minutes, or until a new alarm; let it ring again")                            \
    X(REDRAW, "redraw", "C-l", "", ACTION_ON_ALL, ROLE_VIEWER, "paint the whole screen again")

enum action {
    ACTION_NONE,
#define ACTION_ENUM(upper, name, keys, label, where, who, help) ACTION_##upper,
    ACTIONS(ACTION_ENUM)
#undef ACTION_ENUM
        ACTION_COUNT
};

struct action_row {
    const char *name, *keys, *label, *help;
    unsigned where; /* enum action_where, or-ed */
    enum role who;
};

/* The row of an action. */
const struct action_row *action_row(enum action action);

/* The least role that can do it: more than the console asks for where the recorder's refusal is to be heard. */
enum role action_role(enum action action);

/* What the key does on that screen (one bit of enum action_where); ACTION_NONE: nothing. */
enum action action_of_key(uint32_t key, unsigned where);

/* Name of the first key, such as "F1"; written to `out`, which holds at least 16 bytes, and returned. */
const char *action_first_key(enum action action, char *out, int size);

#endif
