#!/usr/bin/python3
"""Fails on an include that the layers of the design do not allow.

    tests/layers.py BUILD

Reads the compiler's own dependency files (*.d, made with -MD), so what counts is what a file really sees: also what
comes in through another header. CONTRIBUTING.md explains the rooms; the tables below are the law.
"""

import glob
import os
import posixpath
import sys

# A room and the rooms whose headers it may see, besides its own.
ROOMS = {
    "src/base": [],
    "src/plant": ["src/base"],
    "src/wire": ["src/base", "src/plant"],
    "config": ["src/base", "src/plant"],
    "db": ["src/base", "src/plant"],
    "src/recorder": ["src/base", "src/plant", "src/wire", "config", "db"],
    "ui": ["src/base", "src/plant", "src/wire"],
    "src/cli": ["src/base", "src/plant", "src/wire", "src/recorder", "config", "db", "ui"],
    "tests": ["src/base", "src/plant", "src/wire", "src/recorder", "src/cli", "config", "db", "ui"],
}

# Single headers that a room may see beyond that.
DOORS = {
    "ui": ["db/query.h", "db/query_alarm.h", "db/query_plot.h", "db/query_journal.h"],  # the read-only queries
}

# Headers of other projects, and the only files or folders (ending in /) that may see them.
OWNERS = {
    "mosquitto.h": [
        f"src/recorder/mqtt{part}.c" for part in ("", "_blame", "_connect", "_events", "_publish", "_reasons")
    ],
    "libconfig.h": ["config/load.c", "tests/"],
    "sqlite3.h": ["db/", "tests/"],
    "ncurses.h": ["ui/terminal.c", "ui/terminal_check.c", "tests/"],
    "curses.h": ["ui/terminal.c", "ui/terminal_check.c", "tests/"],
    "cJSON.h": ["src/plant/json.c", "src/cli/", "tests/"],
    "vterm.h": ["tests/"],
    "cmocka.h": ["tests/"],
    "sodium.h": ["db/chain.c"],
}


def read_dependencies(text):
    """(source, [what it includes]) of the first rule of a .d file; (None, []) when there is none."""
    rule = text.replace("\\\n", " ").split("\n", 1)[0]
    _, colon, files = rule.partition(":")
    paths = [posixpath.normpath(path) for path in files.split()]
    return (paths[0], paths[1:]) if colon and paths else (None, [])


def room_of(path):
    """The room that a path of the tree belongs to; None for other files (the build folder's generated ones)."""
    fitting = [room for room in ROOMS if path.startswith(room + "/")]
    return max(fitting, key=len) if fitting else None


def is_owner(source, owners):
    return any(source.startswith(owner) if owner.endswith("/") else source == owner for owner in owners)


def faults_of(source, includes):
    """What is wrong with one source, as texts."""
    room = room_of(source)
    if room is None:
        return [f"{source}: belongs to no room of tests/layers.py"]
    faults = []
    for path in includes:
        if os.path.isabs(path):
            owners = OWNERS.get(posixpath.basename(path))
            if owners is not None and not is_owner(source, owners):
                allowed = ", ".join(owners) or "nobody"
                faults.append(f"{source} sees <{posixpath.basename(path)}>, which is for {allowed}")
            continue
        target = room_of(path)
        if target in (None, room) or target in ROOMS[room] or path in DOORS.get(room, []):
            continue
        faults.append(f"{source} sees {path}: {room} may include only {', '.join([room, *ROOMS[room]])}"
                      + "".join(f", {door}" for door in DOORS.get(room, [])))
    return faults


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    files = sorted(glob.glob(os.path.join(sys.argv[1], "**", "*.d"), recursive=True))
    faults, count = [], 0
    for name in files:
        with open(name) as file:
            source, includes = read_dependencies(file.read())
        if source is None or not os.path.exists(source):
            continue  # left over from a file that was renamed
        count += 1
        faults += faults_of(source, includes)
    for fault in faults:
        print(fault)
    print(f"layers: {count} files, {len(faults)} faults")
    return 1 if faults or not count else 0


if __name__ == "__main__":
    sys.exit(main())
