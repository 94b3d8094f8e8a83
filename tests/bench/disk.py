"""What storing a sample costs: bytes written to the disk, processor time, room in the archive; and whether housekeeping
keeps up while samples come in real time.

Plant time runs as fast as the machine goes (tests/bench/append.c), on the file system of --disk-folder, which should be
a real one. Beside it the design that one would think of first: one table by tag and time, written directly."""

import json
import os
import sqlite3
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

# (tags, most bytes written a sample, most µs of processor time, most bytes in the archive)
LOADS = ((10000, 300, 6, 32), (500, 400, None, None))


def verdict(value, most):
    return f"{value:.1f}" + (f" (target {most}{'' if value <= most else ', MISSED'})" if most else "")


def remove(path):
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(path + suffix):
            os.unlink(path + suffix)


def run(*command):
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.splitlines()[-1])


def archive_bytes(path, merged):
    """Bytes a sample of the archive and its minutes and hours."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        total, = database.execute("SELECT total(pgsize) FROM dbstat WHERE name IN"
                                  " ('archive', 'minute', 'minute_open', 'hour', 'hour_open')").fetchone()
    finally:
        database.close()
    return total / merged if merged else 0


def measure_stored(build, options):
    print("\nStored as fast as it goes, 4 commits a second of plant time, durability full\n")
    print("| tags at 1 Hz | plant time | bytes written a sample | CPU µs a sample | bytes a sample in the archive | merges |")
    print("|---:|---:|---:|---:|---:|---:|")
    path = os.path.join(options.disk_folder, f"hmi-bench-{os.getpid()}.db")
    for tags, most_bytes, most_cpu, most_room in LOADS:
        print(f"disk: {tags} tags ...", file=sys.stderr, flush=True)
        try:
            figures = run(os.path.join(build, "append"), "-j", "-k", "-t", str(tags), "-s", str(options.disk_seconds), path)
            room = archive_bytes(path, figures["merged"])
        finally:
            remove(path)
        print(f"| {tags:,} | {options.disk_seconds:,} s | {verdict(figures['bytes'], most_bytes)} | "
              f"{verdict(figures['cpu_us'], most_cpu)} | {verdict(room, most_room)} | {figures['merges']} |", flush=True)
        if tags == LOADS[0][0]:
            ours = figures["bytes"]
    print("disk: one clustered table ...", file=sys.stderr, flush=True)
    try:
        rival = run(sys.executable, os.path.join(HERE, "rival_clustered.py"), path, str(LOADS[0][0]), "4")
    finally:
        remove(path)
    print(f"| {LOADS[0][0]:,}, one table by tag and time (Python) | 4 s | {rival['bytes']:,.0f}: {rival['bytes'] / ours:.0f} ×"
          f" | {rival['cpu_us']:.1f} | | |", flush=True)


def measure_ingest(build, options):
    """On tmpfs, so that what is measured is the waiting for slices and not for the disk."""
    print("disk: in real time ...", file=sys.stderr, flush=True)
    path = f"/dev/shm/hmi-bench-{os.getpid()}.db"
    print("\nIn real time, 10,000 tags, merging from 100 samples a tag on, on tmpfs\n")
    print("| offered/s | stored/s | a batch waits, ms: median | 99 % | CPU ms until it is committed, 99 % | most samples behind |"
          " merged | longest slice, ms | CPU ms | equal work beside it, CPU ms: median | most |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for rate in (50000, 0):
        try:
            figures = run(os.path.join(build, "ingest"), "-r", str(rate), "-s", str(options.ingest_seconds), "-m", "100",
                          path)
        finally:
            remove(path)
        waits = verdict(figures["wait_ms_p99"], 15 if rate else None)
        print(f"| {f'{rate:,}' if rate else 'all it takes'} | {figures['stored_per_s']:,.0f} | "
              f"{figures['wait_ms_median']:.1f} | {waits} | {figures['cpu_ms_p99']:.1f} | {figures['backlog_most']:,} | "
              f"{figures['merged']:,} | {figures['slice_ms_most']:.1f} | {figures['slice_cpu_ms_most']:.1f} | "
              f"{figures['machine_cpu_ms_median']:.1f} | {figures['machine_cpu_ms_most']:.1f} |", flush=True)
    print("\nProcessor time tells what a batch waits for on a machine that does nothing else. Where a host takes time from a"
          " virtual\nmachine, that counts as time of whoever was running: the last columns are the same piece of arithmetic"
          " again and again.")


def measure(build, options):
    measure_stored(build, options)
    measure_ingest(build, options)
