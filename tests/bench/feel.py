"""What an operator feels: how soon a published value is painted, how soon a key is answered, how much goes over the
line; and how much memory the recorder takes. Each figure is printed beside its target."""

import json
import os
import subprocess
import sys
import time

from plumbing import MEBIBYTE, TOP, Flood, Folder, Recorder

sys.path.insert(0, os.path.join(TOP, "tests", "e2e"))
from console import Console  # noqa: E402 (the path is set just above)

MARKER_NAME = "000.marker"
# The marker's tag has a name that stands first and a place where a filter finds it.
MARKER_TAG = f'tags = ( {{ name = "{MARKER_NAME}"; topic = "plant/marker"; }} );\nmax_tags = 20000;'


def row(what, measured, target, good):
    print(f"| {what} | {measured} | {target} | {'ok' if good else 'MISSED'} |", flush=True)


def run_latency(build, arguments, config, markers=None):
    command = [os.path.join(build, "latency"), *arguments, "--", os.path.join(build, "hmi"), "-c", config]
    done = subprocess.run(command, stdin=markers or subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=180)
    return json.loads(done.stdout) if done.returncode == 0 else None


def measure_paint(build, options):
    what = "publish → painted, 10,000 tags, 10,000 messages/s"
    with Folder(build) as folder, \
            Flood(build, tags=10000, rate=10000, seconds=120, marker=170, linger=10) as flood:
        config, _ = folder.config(flood.port, 0, "full", MARKER_TAG)
        with Recorder(build, config):
            filter_keys = ",".join(["/", *MARKER_NAME, "Enter"])
            result = run_latency(build, ["--keys", filter_keys, "paint", MARKER_NAME, str(options.samples)], config,
                                 markers=flood.output)
    if not result:
        return row(what, "no answer", "median ≤ 60 ms, 99 % ≤ 150 ms", False)
    row(what, f"median {result['median_ms']} ms, 99 % {result['p99_ms']} ms, max {result['max_ms']} ms "
        f"({result['count']} values)", "median ≤ 60 ms, 99 % ≤ 150 ms",
        result["median_ms"] <= 60 and result["p99_ms"] <= 150)


def measure_keys(build, options):
    what = "key → answer, 100,000 messages/s"
    with Folder(build) as folder, Flood(build, tags=10000, rate=100000, seconds=120, linger=10) as flood:
        config, _ = folder.config(flood.port, 0, "full", MARKER_TAG)
        with Recorder(build, config):
            result = run_latency(build, ["keys", str(options.samples // 4), *options.keys], config)
    if not result:
        return row(what, "no answer", "≤ 100 ms", False)
    row(what, f"median {result['median_ms']} ms, 99 % {result['p99_ms']} ms, max {result['max_ms']} ms "
        f"({result['count']} keys)", "≤ 100 ms", result["p99_ms"] <= 100)


def measure_trend(build, _options):
    done = subprocess.run([os.path.join(build, "trend")], stdout=subprocess.PIPE, timeout=180, check=True)
    result = json.loads(done.stdout)
    row("processor time of a trend, 4 pens at 200×60", f"mean {result['mean_ms']} ms, max {result['max_ms']} ms "
        f"({result['frames']} frames)", "≤ 10 ms", result["mean_ms"] <= 10)


def bytes_per_second(build, config, seconds, settle):
    with Console([os.path.join(build, "hmi"), "-c", config], rows=50, cols=132) as console:
        console.wait("unit", timeout=20)
        console.run(settle)
        return console.run(seconds) / seconds


def measure_bytes(build, options):
    with Folder(build) as folder, Flood(build, tags=40, rate=40, seconds=120, linger=10) as flood:
        config, _ = folder.config(flood.port, 0)
        with Recorder(build, config):
            rate = bytes_per_second(build, config, options.line_seconds, 3)
    row("to the terminal, 40 visible values at 1 Hz", f"{rate:,.0f} B/s", "≤ 4,000 B/s", rate <= 4000)
    with Folder(build) as folder, Flood(build, tags=40, count=40, linger=120) as flood:
        config, _ = folder.config(flood.port, 0)
        with Recorder(build, config):
            flood.result()
            rate = bytes_per_second(build, config, options.line_seconds, 15)
    row("to the terminal, nothing changing", f"{rate:,.0f} B/s", "only the clock: ≤ 100 B/s", rate <= 100)


def measure_memory(build, options):
    with Folder(build) as folder, \
            Flood(build, tags=10000, rate=10000, seconds=options.memory_seconds, linger=30) as flood:
        config, _ = folder.config(flood.port, 1, "full", "max_tags = 20000;")
        with Recorder(build, config) as recorder:
            flood.result()
            now, most = recorder.subject.memory()
    row("recorder's memory, 10,000 tags at 1 Hz", f"{now / MEBIBYTE:.1f} MiB resident, at most {most / MEBIBYTE:.1f}",
        "≤ 48 MiB", now <= 48 * MEBIBYTE)


def measure(build, options):
    print("\n| what | measured | target | |")
    print("|---|---|---|---|")
    for one in (measure_paint, measure_keys, measure_trend, measure_bytes, measure_memory):
        start = time.monotonic()
        try:
            one(build, options)
        except (AssertionError, OSError, RuntimeError, subprocess.TimeoutExpired) as fault:
            row(one.__name__, f"failed: {str(fault).splitlines()[0]}", "", False)
            print("\n".join(line for line in str(fault).splitlines() if line != "|"), file=sys.stderr)
        print(f"{one.__name__}: {time.monotonic() - start:.0f} s", file=sys.stderr)
