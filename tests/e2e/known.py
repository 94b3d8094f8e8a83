"""Known: a history file with exactly the tags, samples and gaps that a test gives, and a configuration beside it.

    with Known(timezone="Europe/Vienna") as known:
        known.tag("boiler.temp", unit="°C")
        known.samples("boiler.temp", [(at("2026-03-29T00:00Z"), 20.5), (at("2026-03-29T00:10Z"), 21, BAD)])
        status, output, errors = known.hmi("export", "boiler.temp")

The samples lie where the newest ones do (the table tail), which the views join with all other places.
"""

import datetime
import os
import shutil
import sqlite3
import subprocess
import tempfile

from recorder import HMI

GOOD, UNCERTAIN, BAD = 0, 0x40000000, 0x80000000


def at(text):
    """Microseconds of an ISO 8601 time in UTC."""
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return round((moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) /
                 datetime.timedelta(microseconds=1))


class Known:
    def __init__(self, timezone="UTC"):
        self.folder = tempfile.mkdtemp(prefix="hmi-known-")
        self.history_path = os.path.join(self.folder, "history.db")
        self.config_path = os.path.join(self.folder, "hmi.cfg")
        with open(self.config_path, "w", encoding="utf-8") as file:
            file.write(f'broker = {{ host = "localhost"; }};\nhistory = {{ file = "history.db"; }};\n'
                       f'timezone = "{timezone}";\n')
        append = os.path.join(os.path.dirname(HMI), "append")
        subprocess.run([append, "-k", "-t", "1", "-s", "1", self.history_path], check=True, timeout=60,
                       stdout=subprocess.DEVNULL)
        self.ids = {}
        self.database = sqlite3.connect(self.history_path)
        with self.database:
            self.database.execute("DELETE FROM tail")
            self.database.execute("DELETE FROM tag")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.database.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def tag(self, name, kind="analog", unit=None, area="", description=None, states=(), low=None, high=None,
            record="all"):
        tag_id = self.ids[name] = len(self.ids) + 1
        with self.database:
            self.database.execute(
                "INSERT INTO tag (id, name, topic, path, area, kind, unit, description, low, high, record)"
                " VALUES (?, ?, ?, '', ?, ?, ?, ?, ?, ?, ?)",
                (tag_id, name, name, area, kind, unit, description, low, high, record))
            self.database.executemany("INSERT INTO tag_state VALUES (?, ?, ?)", [(tag_id, *state) for state in states])

    def samples(self, name, rows):
        """Rows of (ts, value) or (ts, value, quality); texts are stored as the recorder does."""
        def row(ts, value, quality=GOOD):
            return (self.ids[name], ts, value.encode() if isinstance(value, str) else value, quality)
        with self.database:
            self.database.executemany("INSERT INTO tail (tag_id, ts, value, quality) VALUES (?, ?, ?, ?)",
                                      [row(*given) for given in rows])

    def alive(self, ts):
        """The recorder's last proof of life: until then the last values are known to hold."""
        with self.database:
            self.database.execute("INSERT INTO meta VALUES ('alive_us', ?1) ON CONFLICT DO UPDATE SET value = ?1", (ts,))

    def gap(self, start, end, reason="recorder stopped"):
        with self.database:
            self.database.execute("INSERT INTO unrecorded (ts_start, ts_end, reason) VALUES (?, ?, ?)", (start, end, reason))

    def entry(self, ts, alarm, event, operator=None):
        """An entry of the journal, without its place in the chain of hashes."""
        with self.database:
            self.database.execute("INSERT INTO journal_entry (ts, kind, tag, alarm, event, operator) VALUES (?, ?, ?, ?, ?, ?)",
                                  (ts, "operator" if operator else "alarm", alarm.split("/")[0], alarm, event, operator))

    def hmi(self, command, *arguments, **more):
        done = subprocess.run([HMI, command, "-c", self.config_path, *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60, check=False, stdin=subprocess.DEVNULL, **more)
        return done.returncode, done.stdout.decode(), done.stderr.decode()
