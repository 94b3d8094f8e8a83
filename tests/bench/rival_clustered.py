#!/usr/bin/python3
"""The obvious design: samples written where they belong, into one table by tag and time, 4 commits a second.

    rival_clustered.py FILE TAGS SECONDS

The table begins with five minutes of history, for it is the size that makes it slow. One line of JSON."""

import json
import math
import os
import sqlite3
import sys
import time

COMMITS = 4
BEFORE = 300


def written():
    with open("/proc/self/io") as file:
        return int(dict(line.split(": ") for line in file)["wchar"])


def value(tag, second):
    return round(50 + 40 * math.sin(second / 60 + tag), 3)


def main():
    path, tags, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    database = sqlite3.connect(path, isolation_level=None)
    database.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8192;"
                           "CREATE TABLE sample (tag INTEGER, ts INTEGER, value REAL, quality INTEGER,"
                           " PRIMARY KEY (tag, ts)) WITHOUT ROWID")
    database.execute("BEGIN")
    database.executemany("INSERT INTO sample VALUES (?, ?, ?, 0)",
                         ((tag, 1700000000000000 + second * 1000000 + tag, value(tag, second))
                          for tag in range(tags) for second in range(BEFORE)))
    database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before, cpu = written(), time.process_time()
    for commit in range(seconds * COMMITS):
        second = BEFORE + commit // COMMITS
        database.execute("BEGIN")
        database.executemany("INSERT INTO sample VALUES (?, ?, ?, 0)",
                             [(tag, 1700000000000000 + second * 1000000 + tag, value(tag, second))
                              for tag in range(commit % COMMITS, tags, COMMITS)])
        database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    samples = seconds * tags
    print(json.dumps({"bytes": (written() - before) / samples, "cpu_us": (time.process_time() - cpu) / samples * 1e6}))
    database.close()
    os.unlink(path)


if __name__ == "__main__":
    main()
