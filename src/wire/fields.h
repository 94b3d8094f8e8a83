/* The messages of the console protocol, field by field. Fields are only ever added at the end of a list.
 * Times ("_us") are microseconds since 1970 UTC unless the help says otherwise; 0 is "never". */
#ifndef WIRE_FIELDS_H
#define WIRE_FIELDS_H

#define WIRE_MESSAGES(X)                                                                                     \
    X(HELLO, hello, WIRE_HELLO_FIELDS)                                                                       \
    X(WELCOME, welcome, WIRE_WELCOME_FIELDS)                                                                 \
    X(REFUSED, refused, WIRE_REFUSED_FIELDS)                                                                 \
    X(TAG, tag, WIRE_TAG_FIELDS)                                                                             \
    X(STATE, state, WIRE_STATE_FIELDS)                                                                       \
    X(LIMIT, limit, WIRE_LIMIT_FIELDS)                                                                       \
    X(SAMPLE, sample, WIRE_SAMPLE_FIELDS)                                                                    \
    X(SNAPSHOT_END, snapshot_end, WIRE_SNAPSHOT_END_FIELDS)                                                  \
    X(STATUS, status, WIRE_STATUS_FIELDS)                                                                    \
    X(FAULT, fault, WIRE_FAULT_FIELDS)                                                                       \
    X(REFUSAL, refusal, WIRE_REFUSAL_FIELDS)                                                                 \
    X(CONSOLE, console, WIRE_CONSOLE_FIELDS)                                                                 \
    X(WANT_DETAIL, want_detail, WIRE_WANT_DETAIL_FIELDS)                                                     \
    X(DETAIL, detail, WIRE_DETAIL_FIELDS)                                                                    \
    X(ASK, ask, WIRE_ASK_FIELDS)                                                                             \
    X(ANSWER, answer, WIRE_ANSWER_FIELDS)                                                                    \
    X(ALARM, alarm, WIRE_ALARM_FIELDS)                                                                       \
    X(SETPOINT, setpoint, WIRE_SETPOINT_FIELDS)                                                              \
    X(COMMAND, command, WIRE_COMMAND_FIELDS)                                                                 \
    X(EDIT, edit, WIRE_EDIT_FIELDS)                                                                          \
    X(RESERVATION, reservation, WIRE_RESERVATION_FIELDS)                                                     \
    X(LOCK, lock, WIRE_LOCK_FIELDS)                                                                          \
    X(BYE, bye, WIRE_BYE_FIELDS)                                                                             \
    X(RULES, rules, WIRE_RULES_FIELDS)

/* console -> recorder, first */
#define WIRE_HELLO_FIELDS(X)                                                                                 \
    X(U32, version, "WIRE_VERSION of the console")                                                           \
    X(TEXT, program, "program and version")                                                                  \
    X(TEXT, station, "where the operator sits: terminal and remote address")                                 \
    X(U32, purpose, "enum wire_purpose")                                                                     \
    X(U32, view, "1: it only looks (--view); whatever it asks for is refused")

enum wire_purpose {
    WIRE_PURPOSE_SCREEN,   /* snapshot, then changes */
    WIRE_PURPOSE_SNAPSHOT, /* snapshot with STATUS and lists, then the recorder closes */
    WIRE_PURPOSE_ASK       /* no tags: ASK and ANSWER only */
};

/* recorder -> console, first */
#define WIRE_WELCOME_FIELDS(X)                                                                               \
    X(U32, version, "WIRE_VERSION of the recorder")                                                          \
    X(TEXT, program, "program and version")                                                                  \
    X(TEXT, plant, "name of the plant")                                                                      \
    X(TEXT, timezone, "the plant's time zone; empty: the machine's")                                         \
    X(TEXT, user, "who you are by the kernel's word")                                                        \
    X(U32, role, "enum role")                                                                                \
    X(TEXT, history_path, "history file")                                                                    \
    X(TEXT, config_path, "configuration file; empty without one")                                            \
    X(I64, started_us, "when the recorder started")                                                          \
    X(U32, pid, "process id of the recorder")                                                                \
    X(U32, look, "1: a look at a broker, nothing is kept")                                                   \
    X(U32, started_by_console, "1: a console started this recorder")                                         \
    X(U32, look_kept, "1: a look at a broker whose history is kept")                                         \
    X(U32, view, "1: the recorder takes this console for one that only looks (--view)")                      \
    X(I64, lock_after_us, "a console that nobody uses for this span locks; 0: never")                        \
    X(I64, shelve_max_us, "span: no alarm is shelved for longer; 0: an older recorder does not tell")

/* recorder -> console: access denied, versions too far apart, too many consoles; then it closes */
#define WIRE_REFUSED_FIELDS(X) X(TEXT, reason, "what is wrong and what to do")

#define WIRE_TAG_FIELDS(X)                                                                                   \
    X(U32, tag, "id of the tag in the history")                                                              \
    X(U32, configured, "1: named in the configuration; 0: discovered")                                       \
    X(TEXT, name, "name")                                                                                    \
    X(TEXT, topic, "topic")                                                                                  \
    X(TEXT, path, "member path in a JSON payload")                                                           \
    X(TEXT, area, "area")                                                                                    \
    X(TEXT, unit, "unit")                                                                                    \
    X(TEXT, description, "description")                                                                      \
    X(U32, kind, "enum tag_kind")                                                                            \
    X(U32, has_range, "1: low and high are set")                                                             \
    X(F64, low, "low end of the range")                                                                      \
    X(F64, high, "high end of the range")                                                                    \
    X(I64, decimals, "digits behind the point; -1: as needed")                                               \
    X(I64, stale_after_us, "span, 0: never")                                                                 \
    X(U32, record, "enum tag_record")                                                                        \
    X(U32, writable, "1: it has a setpoint")                                                                 \
    X(U32, line, "line of the configuration file")                                                           \
    X(U32, gone, "1: the tag was taken out; no other field counts")                                          \
    X(U32, stepped, "1: an analog value that stands until the next one")

#define WIRE_STATE_FIELDS(X)                                                                                 \
    X(U32, tag, "id of the tag")                                                                             \
    X(F64, value, "value that is sent and stored")                                                           \
    X(TEXT, text, "what is shown for it")

#define WIRE_LIMIT_FIELDS(X)                                                                                 \
    X(U32, tag, "id of the tag")                                                                             \
    X(U32, type, "enum alarm_type")                                                                          \
    X(U32, priority, "enum alarm_priority")                                                                  \
    X(F64, limit, "engineering units")

#define WIRE_SAMPLE_FIELDS(X)                                                                                \
    X(U32, tag, "id of the tag")                                                                             \
    X(U32, type, "enum value_type; VALUE_NONE: no value yet")                                                \
    X(F64, number, "VALUE_NUMBER, engineering units")                                                        \
    X(TEXT, text, "VALUE_TEXT, made safe, cut at 1,024 bytes")                                               \
    X(I64, ts_us, "source time, else arrival")                                                               \
    X(I64, arrival_us, "when it reached the recorder")                                                       \
    X(U32, quality, "OPC UA status code")                                                                    \
    X(U32, flags, "enum wire_sample_flag, or-ed")

enum wire_sample_flag {
    WIRE_FLAG_RETAINED = 1,    /* came as a retained message: its age is not known */
    WIRE_FLAG_TRUNCATED = 2,   /* the text was longer */
    WIRE_FLAG_SOURCE_TIME = 4, /* ts_us came from the payload */
    WIRE_FLAG_BACKLOG = 8      /* came before the link had settled */
};

#define WIRE_SNAPSHOT_END_FIELDS(X) X(U32, tags, "how many tags were sent")

/* The recorder's health; `link` is enum wire_link, `recording` enum wire_recording. hmi status prints all of
 * them; the System screen shows them in groups. */
#define WIRE_STATUS_FIELDS(X)                                                                                \
    X(I64, now_us, "the recorder's clock")                                                                   \
    X(U32, link, "state of the link")                                                                        \
    X(I64, link_since_us, "when the link took this state")                                                   \
    X(I64, no_data_since_us, "when the plant's data stopped; 0 while it flows")                              \
    X(TEXT, link_text, "the link in words, with the reason when it is down")                                 \
    X(TEXT, broker, "host:port, with tls")                                                                   \
    X(TEXT, protocol, "MQTT 5 or MQTT 3.1.1")                                                                \
    X(TEXT, client_id, "our client id")                                                                      \
    X(TEXT, subscriptions, "filters, with the broker's answer where it refused one")                         \
    X(U64, connects, "connections that stood since the start")                                               \
    X(I64, last_message_us, "arrival of the last message")                                                   \
    X(U32, recording, "state of the recording")                                                              \
    X(TEXT, recording_text, "the recording in words, with the reason when it is not good")                   \
    X(U64, messages, "messages received")                                                                    \
    X(U64, message_bytes, "payload bytes received")                                                          \
    X(F64, messages_per_s, "messages a second, over the last seconds")                                       \
    X(U64, samples, "samples taken from messages")                                                           \
    X(U64, stored, "samples committed to the history file")                                                  \
    X(F64, stored_per_s, "samples committed a second, over the last seconds")                                \
    X(U64, refused_payloads, "payloads that could not be decoded")                                           \
    X(U64, oversize_payloads, "payloads over the size limit")                                                \
    X(U64, refused_times, "source times out of bounds")                                                      \
    X(U64, late_samples, "samples older than their tag's last")                                              \
    X(U64, truncated_texts, "texts too long to show whole")                                                  \
    X(U64, tags, "tags")                                                                                     \
    X(U64, tags_discovered, "tags that no configuration names")                                              \
    X(U64, tags_max, "cap of tags")                                                                          \
    X(U64, tags_over_cap, "values left out because the cap of tags was reached")                             \
    X(U64, tags_stale, "stale tags now")                                                                     \
    X(U64, tags_bad, "tags of bad quality now")                                                              \
    X(U64, commits, "transactions committed")                                                                \
    X(F64, commit_ms_last, "last commit, ms")                                                                \
    X(F64, commit_ms_median, "median of the last commits, ms")                                               \
    X(F64, commit_ms_p99, "99th percentile of the last commits, ms")                                         \
    X(U64, write_errors, "commits that failed")                                                              \
    X(U64, spool_samples, "samples waiting in memory for the disk")                                          \
    X(U64, spool_lost, "samples lost because the spool was full")                                            \
    X(U64, gaps, "gaps recorded since the start")                                                            \
    X(U64, history_bytes, "size of the history file")                                                        \
    X(U64, wal_bytes, "size of its write-ahead log")                                                         \
    X(U64, disk_free_bytes, "free space on its file system")                                                 \
    X(U64, memory_bytes, "resident memory of the recorder")                                                  \
    X(F64, cpu_share, "processor time used over the last seconds, 1 = one core")                             \
    X(U64, consoles, "consoles attached")                                                                    \
    X(U64, consoles_cut, "consoles cut off because they did not read, or spoke no protocol")                 \
    X(U64, errors, "faults that stand now with severity 2")                                                  \
    X(U64, warnings, "faults that stand now with severity 1")                                                \
    X(U64, long_topics, "messages left out because their topic is too long")                                 \
    X(U64, alarms, "alarms that are configured, hmi's own included")                                         \
    X(U64, alarms_standing, "alarms that are neither normal nor withheld")                                   \
    X(U64, alarms_waiting, "of them those that nobody has acknowledged")                                     \
    X(U64, alarms_withheld, "alarms that are shelved, suppressed or out of service")                         \
    X(I64, alarm_flood_since_us, "an alarm flood stands since then; 0: none")                                \
    X(U64, alarm_activations, "times that an alarm became active since the start")                           \
    X(U64, deleted_rows, "samples, minutes, hours, entries of the journal deleted as too old or too many")   \
    X(U64, returned_bytes, "room that was given back to the file system")                                    \
    X(F64, slice_ms_most, "longest slice of the history's housekeeping since the start, ms")                 \
    X(F64, checkpoint_ms_most, "longest checkpoint of its write-ahead log since the start, ms")              \
    X(U64, fresh_samples, "samples not merged into the archive yet")                                         \
    X(U64, commands, "commands that were let through since the start")                                       \
    X(U64, foreign_commands, "messages of others on setpoints' topics since the start")                      \
    X(U64, alarms_lately, "alarms that were announced in the last 10 minutes")                               \
    X(U64, stray_answers, "messages on the response topic that answer no command or say nothing new")        \
    X(U64, notify_runs, "runs of the program of notify that ended well since the start")                     \
    X(U64, notify_failed, "runs of it that did not")                                                         \
    X(U64, notify_waiting, "alarms that wait to be told to it")                                              \
    X(U64, notify_dropped, "alarms that were not told to it, for too many waited")                           \
    X(U64, refused_requests, "requests of consoles that were refused, since the start")                      \
    X(U64, spool_entries_lost, "entries of the journal lost because too many waited for the disk")

enum wire_link {
    WIRE_LINK_CONNECTING, /* never connected since the start */
    WIRE_LINK_BACKLOG,    /* connected; what was kept for us is arriving */
    WIRE_LINK_UP,
    WIRE_LINK_DOWN,
    WIRE_LINK_STOPPED /* another client uses our id: not tried again */
};

enum wire_recording {
    WIRE_RECORDING_GOOD,
    WIRE_RECORDING_SPOOLING, /* the disk is slow: samples wait in memory */
    WIRE_RECORDING_FAILED    /* writing fails: samples wait in memory */
};

/* What is wrong now, each with its cure; an empty list when all is well */
#define WIRE_FAULT_FIELDS(X)                                                                                 \
    X(U32, severity, "1 warning, 2 error")                                                                   \
    X(I64, since_us, "since when")                                                                           \
    X(TEXT, what, "what is wrong")                                                                           \
    X(TEXT, cure, "what to do")

/* Topics whose payloads were refused, the worst first (20 at most) */
#define WIRE_REFUSAL_FIELDS(X)                                                                               \
    X(TEXT, topic, "topic")                                                                                  \
    X(U64, count, "payloads refused")                                                                        \
    X(I64, last_us, "when the last one came")                                                                \
    X(TEXT, reason, "why the last one was refused")                                                          \
    X(TEXT, excerpt, "its beginning, escaped")

#define WIRE_CONSOLE_FIELDS(X)                                                                               \
    X(TEXT, user, "user")                                                                                    \
    X(U32, role, "enum role")                                                                                \
    X(TEXT, station, "terminal and remote address")                                                          \
    X(I64, since_us, "attached since")                                                                       \
    X(U32, pid, "process id")                                                                                \
    X(U64, sent_bytes, "bytes sent to it")                                                                   \
    X(U32, self, "1: the console that reads this")

/* console -> recorder: send DETAIL for this tag now and once a second; 0 ends it */
#define WIRE_WANT_DETAIL_FIELDS(X) X(U32, tag, "id of the tag")

#define WIRE_DETAIL_FIELDS(X)                                                                                \
    X(U32, tag, "id of the tag")                                                                             \
    X(TEXT, topic, "topic that the last payload came on")                                                    \
    X(TEXT, excerpt, "beginning of the last payload, escaped")                                               \
    X(U64, payload_bytes, "its whole length")                                                                \
    X(I64, payload_us, "when it came")                                                                       \
    X(U32, qos, "its quality of service")                                                                    \
    X(U32, retained, "1: it was a retained message")                                                         \
    X(U64, messages, "messages on this topic")                                                               \
    X(U64, refused, "payloads refused on this topic")                                                        \
    X(TEXT, refused_reason, "why the last one was refused")                                                  \
    X(U64, samples, "samples of this tag since the start")                                                   \
    X(U64, late_samples, "of them older than the tag's last")

#define WIRE_ASK_FIELDS(X)                                                                                   \
    X(U32, request, "number chosen by the console, given back in the answer")                                \
    X(U32, action, "enum wire_action")                                                                       \
    X(TEXT, argument,                                                                                        \
      "for the actions that take one; of alarms: addresses, one a line, each with a tab and "                \
      "activated_us when only the occurrence that was shown is meant")                                       \
    X(I64, span_us, "shelve: for how long; 0: as long as allowed")                                           \
    X(U32, once, "shelve: 1: until it clears the next time")                                                 \
    X(TEXT, reason, "shelve, out of service, set: why")                                                      \
    X(U32, value_type, "set: enum value_type")                                                               \
    X(F64, number, "set: VALUE_NUMBER, engineering units or a state's value")                                \
    X(TEXT, text, "set: VALUE_TEXT")                                                                         \
    X(U32, has_shown, "set: 1: refuse it when the present value is another one than the operator saw")       \
    X(U32, shown_type, "set: what he saw, enum value_type")                                                  \
    X(F64, shown_number, "set: VALUE_NUMBER")                                                                \
    X(TEXT, shown_text, "set: VALUE_TEXT")

enum wire_action {
    WIRE_ACTION_STOP = 1,       /* end the recorder: everything committed, then gone. Engineer */
    WIRE_ACTION_RELOAD,         /* read the configuration again. Engineer */
    WIRE_ACTION_ACKNOWLEDGE,    /* alarms; what has latched is reset. Operator */
    WIRE_ACTION_SHELVE,         /* alarms. Operator */
    WIRE_ACTION_UNSHELVE,       /* alarms. Operator */
    WIRE_ACTION_SET,            /* gives a command: `argument` is the tag. The setpoint says which role */
    WIRE_ACTION_OUT_OF_SERVICE, /* alarms. Supervisor */
    WIRE_ACTION_IN_SERVICE,     /* alarms. Supervisor */
    WIRE_ACTION_TRY_SET /* whether SET would be let through now: nothing is given, and nothing is recorded */
};

/* An alarm that is not normal, as it was last committed; with state ALARM_NORMAL no other field counts but the
 * numbers: it is over. */
#define WIRE_ALARM_FIELDS(X)                                                                                 \
    X(U32, alarm, "number of the alarm while this recorder runs")                                            \
    X(U32, tag, "id of the tag; 0: of hmi itself")                                                           \
    X(U32, state, "enum alarm_state")                                                                        \
    X(TEXT, address, "TAG/type or TAG/name")                                                                 \
    X(U32, type, "enum alarm_type")                                                                          \
    X(U32, priority, "enum alarm_priority, as it is now")                                                    \
    X(U32, active, "1: the condition stands")                                                                \
    X(I64, activated_us, "when the condition came")                                                          \
    X(I64, changed_us, "when it took this state")                                                            \
    X(I64, cleared_us, "when the condition went")                                                            \
    X(I64, acknowledged_us, "when it was last acknowledged")                                                 \
    X(TEXT, acknowledged_by, "by whom")                                                                      \
    X(F64, value, "when the condition came or went; NaN: none")                                              \
    X(F64, limit, "likewise")                                                                                \
    X(TEXT, area, "area of the tag")                                                                         \
    X(TEXT, message, "what the operator reads")                                                              \
    X(TEXT, guidance, "what to do about it")                                                                 \
    X(TEXT, display, "the picture that helps")                                                               \
    X(TEXT, group, "alarms that trip together")                                                              \
    X(U32, line, "line of the configuration file")                                                           \
    X(U32, first_out, "1: the first of its group or area to come, others having followed")                   \
    X(U32, chattering, "1: it comes and goes, 3 times in a minute or more")                                  \
    X(U32, activations, "since it was last normal")                                                          \
    X(I64, shelf_until_us, "shelved until then; 0: it is not shelved")                                       \
    X(U32, shelf_once, "1: shelved until it clears, then at the latest")                                     \
    X(TEXT, shelved_by, "by whom")                                                                           \
    X(TEXT, shelf_reason, "why")                                                                             \
    X(TEXT, detail, "of hmi's own: what is wrong, in words")                                                 \
    X(U32, chatter_rate, "of one that chatters: activations in the minute up to the last; 0: not known")     \
    X(U32, withheld, "enum alarm_withheld, or-ed: why it is not announced")                                  \
    X(TEXT, suppressed_by, "tags and values that suppress it by design; empty: none do")                     \
    X(TEXT, compared_with, "the tag that is its limit, its setpoint or its command; empty: none is")         \
    X(F64, deadband, "engineering units")                                                                    \
    X(I64, on_delay_us, "span")                                                                              \
    X(I64, off_delay_us, "span")                                                                             \
    X(U32, latching, "1: it stays until it is reset")

#define WIRE_ANSWER_FIELDS(X)                                                                                \
    X(U32, request, "the number of the request")                                                             \
    X(U32, good, "1: done")                                                                                  \
    X(TEXT, text, "what happened, or why not")                                                               \
    X(U64, command, "set: number of the command, 0: none; COMMAND tells what becomes of it")                 \
    X(U32, code, "exit status of a refusal (sysexits.h); 0: none in particular")

/* What may be set through the tag; behind its TAG */
#define WIRE_SETPOINT_FIELDS(X)                                                                              \
    X(U32, tag, "id of the tag")                                                                             \
    X(TEXT, readback, "name of the tag that tells the setpoint's present value; empty: none does")           \
    X(F64, low, "least value, engineering units; NaN for a text")                                            \
    X(F64, high, "greatest value, likewise")                                                                 \
    X(F64, step, "of the step keys, engineering units; 0: none")                                             \
    X(F64, tolerance, "engineering units")                                                                   \
    X(U32, role, "enum role that it takes")                                                                  \
    X(U32, confirm, "1: a summary is to be confirmed")                                                       \
    X(I64, timeout_us, "span in which the readback has to follow")                                           \
    X(I64, pulse_us, "a button: let go after this span; 0: it is none")                                      \
    X(U32, readback_tag, "id of the readback; 0: there is none, or no tag of that name")                     \
    X(F64, max_step, "largest change by one command, engineering units; 0: any")

/* One of the last commands; again with each change. The ms count from the request, -1: it never came to that. */
#define WIRE_COMMAND_FIELDS(X)                                                                               \
    X(U64, command, "number of the command, as in the view commands")                                        \
    X(U32, tag, "id of the tag")                                                                             \
    X(TEXT, tag_name, "its name")                                                                            \
    X(TEXT, operator_name, "who gave it")                                                                    \
    X(TEXT, station, "where he sits")                                                                        \
    X(TEXT, reason, "why")                                                                                   \
    X(U32, old_type, "present value when it was given, enum value_type")                                     \
    X(F64, old_number, "VALUE_NUMBER")                                                                       \
    X(TEXT, old_text, "VALUE_TEXT")                                                                          \
    X(U32, new_type, "value that was given, enum value_type")                                                \
    X(F64, new_number, "VALUE_NUMBER")                                                                       \
    X(TEXT, new_text, "VALUE_TEXT")                                                                          \
    X(U32, readback_type, "what the readback reported last since it was sent, enum value_type")              \
    X(F64, readback_number, "VALUE_NUMBER")                                                                  \
    X(TEXT, readback_text, "VALUE_TEXT")                                                                     \
    X(U32, state, "enum command_state")                                                                      \
    X(TEXT, detail, "what the broker or the recorder adds")                                                  \
    X(I64, asked_us, "when it was given")                                                                    \
    X(I64, ms_journaled, "on record")                                                                        \
    X(I64, ms_published, "sent")                                                                             \
    X(I64, ms_broker, "acknowledged by the broker")                                                          \
    X(I64, ms_readback, "read back")                                                                         \
    X(I64, ms_ended, "came to its end")                                                                      \
    X(TEXT, answer, "what the device answered last (MQTT 5), made safe")

/* console -> recorder: the operator gives this tag's setpoint; said again as he goes on. 0: no longer */
#define WIRE_EDIT_FIELDS(X) X(U32, tag, "id of the tag")

/* Who gives which setpoint at the moment */
#define WIRE_RESERVATION_FIELDS(X)                                                                           \
    X(U32, tag, "id of the tag")                                                                             \
    X(TEXT, operator_name, "who gives it")                                                                   \
    X(TEXT, station, "where he sits")                                                                        \
    X(I64, since_us, "since when")                                                                           \
    X(U32, self, "1: at the console that reads this")

/* console -> recorder: nobody has used it for lock_after_us, or somebody does again */
#define WIRE_LOCK_FIELDS(X) X(U32, locked, "1: whatever it asks for is refused")

/* console -> recorder, last: why it goes. Without it the console was lost */
#define WIRE_BYE_FIELDS(X) X(TEXT, reason, "in words, for the journal")

/* recorder -> console, after the configuration was read again: what WELCOME said of it has become */
#define WIRE_RULES_FIELDS(X)                                                                                 \
    X(U32, role, "enum role")                                                                                \
    X(I64, lock_after_us, "a console that nobody uses for this span locks; 0: never")                        \
    X(I64, shelve_max_us, "span: no alarm is shelved for longer")

#endif
