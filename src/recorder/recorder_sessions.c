#include "recorder/recorder_sessions.h"

#include "base/log.h"
#include "base/timefmt.h"
#include "recorder/recorder_commands.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

void recorder_sessions_enter(struct recorder *recorder, enum journal_kind kind, const char *word,
                             const char *user, const char *station, const char *detail)
{
    const struct alarm_event event = {
        .ts_us = recorder->time.wall_us,
        .kind = kind,
        .event = word,
        .value = NAN,
        .limit = NAN,
        .operator= user,
        .station = station,
        .detail = detail,
    };
    batch_add_event(recorder->pipeline.current, &event);
    pipeline_note_read(&recorder->pipeline, 0, recorder->pipeline.rule.dry, recorder->time.mono_us);
}

static void sessions_describe(const struct recorder *recorder, const struct server_session *session,
                              enum server_session_event event, const char *why, char *out, size_t size)
{
    char span[TIMEFMT_MAX];
    if (event == SERVER_REFUSED) {
        snprintf(out, size, "uid %lu: %s", (unsigned long)session->uid, why);
    } else if (event != SERVER_DETACHED) {
        snprintf(out, size, "uid %lu, process %ld, %s%s", (unsigned long)session->uid, (long)session->pid,
                 ROLE_WORDS[session->role], session->view ? ", only looks" : "");
    } else {
        timefmt_age(span, sizeof span, recorder->time.wall_us - session->since_us);
        snprintf(out, size, "uid %lu, process %ld, after %s: %s", (unsigned long)session->uid,
                 (long)session->pid, span, why);
    }
}

void recorder_sessions_note(struct recorder *recorder, const struct server_session *session,
                            enum server_session_event event, const char *why)
{
    static const struct {
        enum journal_kind kind;
        const char *word;
    } ENTRIES[] = {
        [SERVER_ATTACHED] = {JOURNAL_SESSION, "attached"},
        [SERVER_DETACHED] = {JOURNAL_SESSION, "detached"},
        [SERVER_REFUSED] = {JOURNAL_REFUSAL, "turned away"},
        [SERVER_LOCKED] = {JOURNAL_SESSION, "locked"},
        [SERVER_UNLOCKED] = {JOURNAL_SESSION, "unlocked"},
    };
    char detail[ALARM_DETAIL_MAX], whole[2 * ALARM_DETAIL_MAX], abandoned[ALARM_DETAIL_MAX] = "";
    if (event == SERVER_DETACHED)
        recorder_commands_abandon(recorder, session->console, abandoned, sizeof abandoned);
    bool screen = session->purpose == WIRE_PURPOSE_SCREEN || event == SERVER_REFUSED;
    /* What ended with it is always entered. */
    bool counts = screen && session_limit_count(&recorder->session_limit, SESSION_LIMIT_ENTRIES, session->uid,
                                                session->user, recorder->time.mono_us);
    if (!counts && !*abandoned)
        return;
    if (event == SERVER_REFUSED)
        log_warning("console of %s (pid %ld) refused: %s", session->user, (long)session->pid, why);
    sessions_describe(recorder, session, event, why, detail, sizeof detail);
    snprintf(whole, sizeof whole, "%s%s", detail, abandoned);
    recorder_sessions_enter(recorder, ENTRIES[event].kind, ENTRIES[event].word, session->user,
                            session->station, whole);
}

bool recorder_sessions_count_refusal(struct recorder *recorder, const struct server_request *request,
                                     const char *text)
{
    recorder->status.wire.refused_requests++;
    if (!session_limit_count(&recorder->refusal_limit, SESSION_LIMIT_REFUSED, request->uid, request->user,
                             recorder->time.mono_us))
        return false;
    log_warning("request of %s refused: %s", request->user, text);
    return true;
}

static void sessions_enter_left_out(struct recorder *recorder, int64_t now_us)
{
    char detail[96];
    uint64_t left_out;
    const char *user;
    while ((user = session_limit_next(&recorder->session_limit, now_us, &left_out))) {
        snprintf(detail, sizeof detail, "%" PRIu64 " more entries of consoles that came and went", left_out);
        recorder_sessions_enter(recorder, JOURNAL_SESSION, "left out", user, NULL, detail);
    }
    while ((user = session_limit_next(&recorder->refusal_limit, now_us, &left_out))) {
        snprintf(detail, sizeof detail, "%" PRIu64 " more requests that were refused", left_out);
        recorder_sessions_enter(recorder, JOURNAL_REFUSAL, "left out", user, NULL, detail);
    }
}

void recorder_sessions_second(struct recorder *recorder)
{
    sessions_enter_left_out(recorder, recorder->time.mono_us);
}

void recorder_sessions_stop(struct recorder *recorder)
{
    server_end_sessions(recorder->server, "the recorder stops");
    sessions_enter_left_out(recorder, INT64_MAX);
}
