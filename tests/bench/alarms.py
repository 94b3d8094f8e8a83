"""What alarms cost, and how soon they are seen: evaluation beside recording, 10,000 that come in the same second, a screen
full of them, and an acknowledgement at one console on its way to another."""

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import threading
import time

from plumbing import TOP, Flood, Folder, Recorder

sys.path.insert(0, os.path.join(TOP, "tests", "e2e"))
from console import Console  # noqa: E402 (the path is set just above)

TAGS = 10000
LIMITS = ('alarms = ( { type = "lolo"; limit = 1; }, { type = "lo"; limit = 2; deadband = 1; }, '
          '{ type = "hi"; limit = 5000; deadband = 1; }, { type = "hihi"; limit = 6000; } ); ')
DELAY_S = 15  # consoles attach meanwhile


def row(what, measured, target, good):
    print(f"| {what} | {measured} | {target} | {'ok' if good else 'MISSED'} |", flush=True)


def tags(count, more):
    """The flood's tags, by name, with further members."""
    rows = ",\n".join(f'{{ name = "unit{i % 100:02}.loop{i:05}"; topic = "plant/unit{i % 100:02}/loop{i:05}/pv"; '
                      f'kind = "analog"; {more}}}' for i in range(count))
    return f"max_tags = 20000;\ntags = (\n{rows}\n);"


# ---- evaluation ----

def cpu_us(build, options, more):
    """The recorder's processor time a message, at a rate that it keeps up with, once it has read its configuration."""
    with Folder(build) as folder, \
            Flood(build, tags=TAGS, qos=1, rate=50000, seconds=options.seconds, linger=30) as flood:
        config, _ = folder.config(flood.port, 1, "normal", tags(TAGS, more))
        with Recorder(build, config) as recorder:
            before_s = recorder.subject.cpu_now_s()
            sent = flood.result()["sent"]
            return (recorder.subject.cpu_now_s() - before_s) / sent * 1e6


def measure_evaluation(build, options):
    plain, limits = [], []
    for _ in range(options.rounds):  # in turn: a slow minute of the machine hits both
        plain.append(cpu_us(build, options, ""))
        limits.append(cpu_us(build, options, LIMITS))
    before, after = statistics.median(plain), statistics.median(limits)
    share = (after / before - 1) * 100
    row("four limits on each of 10,000 tags: processor time of a message",
        f"{before:.2f} → {after:.2f} µs, {share:+.1f} % (medians of {options.rounds})", "≤ +15 %", share <= 15)
    done = subprocess.run([os.path.join(build, "alarms"), "200"], stdout=subprocess.PIPE, timeout=300, check=True)
    result = json.loads(done.stdout)
    row("of it: decoding and evaluating alone", f"{result['plain_ns']} → {result['limits_ns']} ns; "
        f"{result['raise_ns']} ns where an alarm comes", "", True)


# ---- all in one second ----

class Keys(threading.Thread):
    """A console of its own whose keys are timed until it is told to stop."""

    def __init__(self, build, config):
        super().__init__()
        self.command = [os.path.join(build, "hmi"), "-c", config]
        self.spans = []  # (when the key was pressed, seconds since 1970, and how long it took, ms)
        self.ready, self.done, self.fault = threading.Event(), threading.Event(), None

    def press(self, console, key, text):
        at, start = time.time(), time.monotonic()
        console.key(key)
        console.wait(text, timeout=20)
        self.spans.append((at, (time.monotonic() - start) * 1e3))

    def run(self):
        try:
            with Console(self.command, rows=50, cols=132) as console:
                console.wait("● broker", timeout=20)
                self.ready.set()
                while not self.done.is_set():
                    self.press(console, "F1", "Bench  Help")
                    self.press(console, "Escape", "Bench  Tags")
        except Exception as fault:  # told by the thread that waits
            self.fault = fault
            self.ready.set()


def wait_journal(history, count):
    """When the last of them was in the file, when it happened, and when the first; seconds since 1970."""
    database = sqlite3.connect(f"file:{history}?mode=ro", uri=True, timeout=10)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found, last_us, first_us = database.execute("SELECT count(*), max(ts), min(ts) FROM journal_entry WHERE "
                                                    "event = 'activated' AND type = 'hi'").fetchone()
        now = time.time()
        if found == count:
            database.close()
            return now, last_us / 1e6, first_us / 1e6
        time.sleep(0.01)  # between two looks
    raise RuntimeError(f"only {found} of {count} alarms are in the journal")


def measure_burst(build, options):
    more = f'alarms = ( {{ type = "hi"; limit = 50; on_delay = {DELAY_S}; priority = "high"; }} ); '
    with Folder(build) as folder, Flood(build, tags=TAGS, qos=1, rate=TAGS, count=TAGS, linger=120) as flood:
        config, history = folder.config(flood.port, 1, "full", tags(TAGS, more))
        with Recorder(build, config):
            keys = Keys(build, config)
            keys.start()
            try:
                with Console([os.path.join(build, "hmi"), "-c", config], rows=50, cols=132) as console:
                    console.wait("● broker", timeout=20)
                    console.key("F4")
                    keys.ready.wait(30)
                    console.wait("No alarms stand", timeout=20)
                    journal = {}
                    watch = threading.Thread(target=lambda: journal.update(zip(("at", "last", "first"),
                                                                               wait_journal(history, TAGS))))
                    watch.start()
                    console.wait(f"[Standing {TAGS}]", timeout=60)
                    shown = time.time()
                    watch.join()
            finally:
                keys.done.set()
                keys.join()
        if keys.fault:
            raise keys.fault
    target = "≤ 1 s"
    first = "10,000 alarms in the same second: the last one"
    row(f"{first} is in the journal after", f"{(journal['at'] - journal['last']) * 1e3:.0f} ms", target,
        journal["at"] - journal["last"] <= 1)
    row(f"{first} is shown after", f"{(shown - journal['last']) * 1e3:.0f} ms", target, shown - journal["last"] <= 1)
    spans = sorted(ms for at, ms in keys.spans if at + ms / 1e3 >= journal["first"] and at <= shown)
    row("key → answer meanwhile", f"median {statistics.median(spans):.0f} ms, max {spans[-1]:.0f} ms ({len(spans)} keys)",
        "≤ 100 ms", spans[-1] <= 100)


# ---- screens ----

def measure_frame(build, _options):
    done = subprocess.run([os.path.join(build, "alarm_frame")], stdout=subprocess.PIPE, timeout=180, check=True)
    result = json.loads(done.stdout)
    row("processor time of a frame, 10,000 alarms standing, 200×60", f"mean {result['mean_ms']} ms, max "
        f"{result['max_ms']} ms; {result['all_ms']} ms when all of them have changed; {result['filter_ms']} ms filtered",
        "≤ 50 ms", max(result["max_ms"], result["all_ms"], result["filter_ms"]) <= 50)


def measure_acknowledgement(build, _options):
    count = 10  # one more would be a flood, which folds the list by areas
    spans = []
    more = 'alarms = ( { type = "hi"; limit = 50; priority = "high"; } ); '
    with Folder(build) as folder, Flood(build, tags=count, qos=1, count=count, linger=120) as flood:
        config, _ = folder.config(flood.port, 1, "full", tags(count, more))
        command = [os.path.join(build, "hmi"), "-c", config]
        with Recorder(build, config), Console(command, rows=40, cols=132) as first, \
                Console(command, rows=40, cols=132) as second:
            for console in (first, second):
                console.wait("● broker", timeout=20)
                console.key("F4")
                console.wait(f"[Standing {count}]", timeout=20)
            first.run(1)  # they have been on the screen for a moment
            for left in range(count - 1, -1, -1):
                start = time.monotonic()
                first.key("a")
                second.wait(f"<2> {left}/{count}", timeout=10)
                spans.append((time.monotonic() - start) * 1e3)
                first.key("Down")
    row("key that acknowledges → seen at another console", f"median {statistics.median(spans):.0f} ms, max "
        f"{max(spans):.0f} ms ({count} alarms, durability full)", "≤ 200 ms", max(spans) <= 200)


def measure(build, options):
    print("\n| what | measured | target | |")
    print("|---|---|---|---|")
    for one in (measure_evaluation, measure_burst, measure_frame, measure_acknowledgement):
        start = time.monotonic()
        try:
            one(build, options)
        except (AssertionError, OSError, RuntimeError, subprocess.SubprocessError) as fault:
            row(one.__name__, f"failed: {str(fault).splitlines()[0]}", "", False)
            print("\n".join(line for line in str(fault).splitlines() if line != "|"), file=sys.stderr)
        print(f"{one.__name__}: {time.monotonic() - start:.0f} s", file=sys.stderr)
