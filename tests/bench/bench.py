#!/usr/bin/python3
"""Measures speed, memory and how soon things are on the screen, each beside its rivals or its target.

    tests/bench/bench.py BUILD [--rounds N] [--seconds S] [--tags N] [--only speed|feel|alarms|command|read|thin|disk]

The tables are Markdown, on standard output; what is going on is told on standard error.
"""

import argparse
import os
import platform
import sys

import alarms
import command
import disk
import feel
import read
import speed
import thin
from plumbing import has_recorder


def machine():
    """One line that says what the figures were measured on."""
    model = "unknown processor"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{os.cpu_count()} × {model}, Linux {platform.release()}, over loopback"


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4, help="how long each contestant is flooded")
    parser.add_argument("--tags", type=int, default=10000)
    parser.add_argument("--only", choices=["speed", "feel", "alarms", "command", "read", "thin", "disk"])
    parser.add_argument("--samples", type=int, default=200, help="how many markers are timed")
    parser.add_argument("--line-seconds", type=float, default=20, help="how long bytes to the terminal are counted")
    parser.add_argument("--plant-hours", type=float, default=6, help="of the demo plant, for compressed recording")
    parser.add_argument("--memory-seconds", type=float, default=20)
    parser.add_argument("--keys", nargs=4, metavar=("KEY", "TEXT", "BACK-KEY", "BACK-TEXT"),
                        default=["F1", "Bench  Help", "Escape", "Bench  Tags"], help="a key and what it must bring, and back")
    parser.add_argument("--disk-seconds", type=int, default=1700, help="plant time that is stored; 3600 for the whole hour")
    parser.add_argument("--disk-folder", default=".", help="where, on a real file system")
    parser.add_argument("--ingest-seconds", type=int, default=40)
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    print(machine())
    if options.only in (None, "speed"):
        speed.measure(build, options)
    if options.only in (None, "feel"):
        if has_recorder(build):
            feel.measure(build, options)
        else:
            print("\nlatency, bytes to the terminal, memory: not built (no build/hmi that records)")
    if options.only in (None, "alarms"):
        alarms.measure(build, options)
    if options.only in (None, "command"):
        command.measure(build, options)
    if options.only in (None, "read"):
        read.measure(build, options)
    if options.only in (None, "thin"):
        thin.measure(build, options)
    if options.only in (None, "disk"):
        disk.measure(build, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
