"""hmi check --history: while recording, of a backup, and of files that are not sound."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from broker import Broker
from publisher import mosquitto_pub
from recorder import HMI, Recorder
from scene import wait_live


def check(*arguments, **more):
    done = subprocess.run([HMI, "check", *arguments], capture_output=True, text=True, timeout=60,
                          env=dict(os.environ, TZ="UTC"), **more)
    return done.returncode, done.stdout, done.stderr


class CheckHistoryTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hmi-check-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = os.path.join(self.folder, "plant.db")

    def make(self):
        subprocess.run([os.path.join(os.path.dirname(HMI), "append"), "-k", "-n", "-t", "20", "-s", "3000", self.path],
                       check=True, stdout=subprocess.DEVNULL, timeout=60)

    def sql(self, text):
        subprocess.run(["sqlite3", self.path, text], check=True, capture_output=True, timeout=60)

    def test_while_recording(self):
        with Broker() as broker, Recorder(broker, config='timezone = "Europe/Vienna";') as recorder:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/x", "17")
            recorder.wait_value("SELECT count(*) FROM history", 1)
            status, output, errors = recorder.hmi("check", "--history")
            self.assertEqual((status, errors), (0, ""))
            self.assertIn("history.db is sound (quick check", output)
            self.assertIn("samples   1 came, of 1 tag;", output)
            self.assertRegex(output, r"kept from \S+ \S+\+0[12]:00 to")
            self.assertEqual(recorder.hmi("backup", self.path)[0], 0)
            self.assertEqual(check("--full", self.path)[0], 0)

    def test_figures(self):
        self.make()
        status, output, errors = check("--history", "--full", self.path)
        self.assertEqual((status, errors), (0, ""), output)
        self.assertIn("is sound (full check", output)
        self.assertIn("samples   60000 came, of 20 tags", output)
        self.assertIn("kept from 2023-11-14 22:13:20+00:00 to 2023-11-14 23:03:1", output)
        stages = [int(number) for number in re.search(
            r"(\d+) as they came, (\d+) in \d+ sorted runs?, (\d+) merged", output).groups()]
        self.assertEqual(sum(stages), 60000)
        self.assertGreater(stages[2], 0)

    def test_rows_that_no_view_shows(self):
        self.make()
        self.sql("DELETE FROM tag WHERE id = 7")
        status, output, errors = check("--history", self.path)
        self.assertEqual(status, 65)
        self.assertIn("are not in tag: no view shows them (the first: 7)", output)
        self.assertIn("is not sound", output)
        self.assertIn("restore a backup", errors)

    def test_a_damaged_file(self):
        self.make()
        self.sql("PRAGMA wal_checkpoint(TRUNCATE)")
        size = os.path.getsize(self.path)
        with open(self.path, "r+b") as file:
            file.seek(size // 8192 * 4096)
            file.write(b"\x55" * 40960)
        status, output, _ = check("--history", self.path)
        self.assertEqual(status, 65, output)
        self.assertIn("is not sound", output)

    def test_a_journal_that_somebody_changed(self):
        """With the sqlite3 program: its triggers refuse; who drops them, and who moves the beginning, is found."""
        with Broker() as broker, Recorder(broker, config='tags = ( { name = "a"; topic = "plant/a"; kind = "analog"; '
                                          'alarms = ( { type = "hi"; limit = 9; } ); } );') as recorder:
            wait_live(recorder)
            for value in (10, 5, 11, 4, 12):
                mosquitto_pub(broker, "plant/a", str(value), "-q", "1")
            recorder.wait_value("SELECT count(*) FROM journal WHERE alarm = 'a/hi'", 5)
            recorder.stop()
            shutil.copy(recorder.history_path, self.path)
        self.assertEqual(check("--history", self.path)[0], 0)
        for attempt in ("DELETE FROM journal_entry WHERE id = 1", "UPDATE journal_entry SET operator = 'nobody'"):
            done = subprocess.run(["sqlite3", self.path, attempt], capture_output=True, text=True, timeout=60, check=False)
            self.assertIn("the journal is append-only", done.stderr)
        forge = ("REPLACE INTO meta SELECT 'journal_from_hash', hash FROM journal_entry WHERE id = 3; "
                 "REPLACE INTO meta VALUES ('journal_from_id', 3); DELETE FROM journal_entry WHERE id <= 3")
        for change, words in (("UPDATE journal_entry SET value = 8 WHERE id = 3", "row 3 is not as it was written: it was changed"),
                              ("DELETE FROM journal_entry WHERE id = 3", "rows 3 to 3 are missing"),
                              (forge, "begins behind row 3, but by its own entries retention takes those up to 0")):
            path = self.path + ".changed"
            shutil.copy(self.path, path)
            subprocess.run(["sqlite3", path, "DROP TRIGGER journal_entry_update; DROP TRIGGER journal_entry_delete; " + change],
                           check=True, timeout=60)
            status, output, _ = check("--history", path)
            self.assertEqual(status, 65, output)
            self.assertIn(words, output)

    def test_what_is_no_history(self):
        self.assertEqual(check("--history", self.path)[0], 66)
        with open(self.path, "w", encoding="utf-8") as file:
            file.write("not a database " * 20)
        status, _, errors = check("--history", self.path)
        self.assertEqual(status, 65)
        self.assertIn("not a history file", errors)
        self.assertEqual(check("--history", self.path, self.path)[0], 64)


if __name__ == "__main__":
    unittest.main()
