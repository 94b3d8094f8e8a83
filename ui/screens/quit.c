/* The question before leaving. When this is the last console of a recorder that a console started, it also
 * asks whether recording goes on: nothing stops recording by accident. */
#include "base/mem.h"
#include "ui/screens/screens.h"

#include <stdlib.h>

enum quit_kind {
    QUIT_ALONE,     /* no recorder is attached */
    QUIT_PLAIN,     /* the recorder goes on, being nobody's here */
    QUIT_RECORDER,  /* shall the recorder go on? */
    QUIT_LOOK,      /* a look ends with its last console */
    QUIT_LOOK_KEPT, /* and leaves its history behind */
    QUIT_LOOK_ON,   /* it goes on at another console */
    QUIT_DEMO       /* a demo ends with its console */
};

static enum quit_kind kind_of(const struct screen_host *host)
{
    const struct mirror *mirror = host->mirror;
    const struct wire_welcome *welcome = &mirror->welcome;
    if (host->demo)
        return QUIT_DEMO;
    if (!mirror->attached)
        return QUIT_ALONE;
    bool ours = welcome->started_by_console && mirror->console_count <= 1;
    if (welcome->look || welcome->look_kept)
        return !ours ? QUIT_LOOK_ON : welcome->look ? QUIT_LOOK : QUIT_LOOK_KEPT;
    return ours && welcome->role == ROLE_ENGINEER ? QUIT_RECORDER : QUIT_PLAIN;
}

static const struct {
    const char *title, *text;
    struct {
        uint32_t key;
        const char *label;
        bool stops;
    } answers[3]; /* key 0: stays */
} QUESTIONS[] = {
    [QUIT_ALONE] = {"Leave hmi?",
                    "This console is attached to no recorder.",
                    {{'y', "leave", false}, {0, "stay", false}}},
    [QUIT_PLAIN] = {"Leave hmi?",
                    "The recorder goes on without this console.",
                    {{'y', "leave", false}, {0, "stay", false}}},
    [QUIT_RECORDER] = {"Leave hmi?",
                       "This is the last console. Shall the recorder go on recording?",
                       {{'y', "leave, keep recording", false},
                        {'s', "leave, stop recording", true},
                        {0, "stay", false}}},
    [QUIT_LOOK] = {"Leave hmi?",
                   "The look at the broker ends. Nothing of it is kept.",
                   {{'y', "leave", true}, {0, "stay", false}}},
    [QUIT_LOOK_KEPT] = {"Leave hmi?",
                        "The look at the broker ends. Its history is kept.",
                        {{'y', "leave", true}, {0, "stay", false}}},
    [QUIT_LOOK_ON] = {"Leave hmi?",
                      "The look at the broker goes on at another console.",
                      {{'y', "leave", false}, {0, "stay", false}}},
    [QUIT_DEMO] = {"Leave the demo?",
                   "Its plant, broker and recorder end with it.",
                   {{'y', "leave", false}, {0, "stay", false}}},
};

#define QUIT_COLUMNS 52

struct quit {
    int y; /* of the first answer, on the pane */
};

static void *quit_open(struct screen_host *host, uint32_t argument)
{
    (void)host;
    (void)argument;
    return mem_new(1, sizeof(struct quit));
}

static void quit_close(void *state)
{
    free(state);
}

static size_t answer_count(enum quit_kind kind)
{
    return QUESTIONS[kind].answers[1].key ? 3 : 2;
}

static void quit_draw(void *state, struct screen_host *host, const struct pane *pane)
{
    struct quit *quit = state;
    enum quit_kind kind = kind_of(host);
    struct pane inside =
        pane_dialogue(pane, QUIT_COLUMNS, (int)answer_count(kind) + 6, QUESTIONS[kind].title);
    int y = 1 + pane_paragraph(&inside, 2, 1, inside.columns - 4, 2, MEANING_TEXT, QUESTIONS[kind].text) + 1;
    quit->y = inside.y + y - pane->y;
    for (size_t i = 0; i < answer_count(kind); i++, y++) {
        uint32_t key = QUESTIONS[kind].answers[i].key;
        char name[16];
        pane_text(&inside, 4, y, 7, MEANING_STRONG, key ? input_key_name(key, name, sizeof name) : "Escape");
        pane_text(&inside, 12, y, -1, MEANING_TEXT, QUESTIONS[kind].answers[i].label);
    }
}

static unsigned quit_input(void *state, struct screen_host *host, const struct input *input)
{
    struct quit *quit = state;
    enum quit_kind kind = kind_of(host);
    bool clicked = input->type == INPUT_CLICK;
    if (input->type != INPUT_KEY && !clicked)
        return SCREEN_HANDLED;
    if (input->pasted)
        return SCREEN_HANDLED;
    for (size_t i = 0; i < answer_count(kind); i++) {
        uint32_t key = QUESTIONS[kind].answers[i].key;
        bool meant = clicked ? input->y == quit->y + (int)i : key && input->key == key;
        if (!meant)
            continue;
        if (key)
            screen_host_quit(host, QUESTIONS[kind].answers[i].stops);
        return SCREEN_CLOSE;
    }
    /* Escape, n, q and F10 put the question away; any other key is no answer. */
    bool away =
        input->key == INPUT_ESCAPE || input->key == 'n' || input->key == 'q' || input->key == INPUT_F1 + 9;
    return away || clicked ? SCREEN_CLOSE : SCREEN_HANDLED;
}

static const struct screen_key *quit_keys(const void *state)
{
    static const struct screen_key KEYS[] = {{"Escape", "Stay"}, {0}};
    (void)state;
    return KEYS;
}

const struct screen_class SCREEN_CLASS_QUIT = {
    .id = SCREEN_QUIT,
    .title = "Quit",
    .overlay = true,
    .open = quit_open,
    .close = quit_close,
    .draw = quit_draw,
    .input = quit_input,
    .keys = quit_keys,
};
