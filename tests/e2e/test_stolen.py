"""A history or journal in the wrong hands: what it tells, and how a rewritten one is found out."""

import os
import re
import sqlite3
import unittest

from broker import Broker
from publisher import mosquitto_pub
from recorder import Recorder

PASSWORD = "correct-horse-battery"
TAGS = """
tags = ( { name = "sp"; topic = "plant/sp"; kind = "analog"; range = [ 0, 9 ]; setpoint = { topic = "cmd/sp"; timeout = 3; }; } );
"""


class Stolen(unittest.TestCase):
    def setUp(self):
        self.broker = Broker(passwords={"hmi": PASSWORD})
        self.addCleanup(self.broker.close)
        self.recorder = Recorder(self.broker, start=False, config=TAGS,
                                 broker_more='username = "hmi"; password_file = "password";')
        self.addCleanup(self.recorder.close)
        path = os.path.join(self.recorder.folder, "password")
        with open(path, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        os.chmod(path, 0o600)
        self.recorder.start()
        self.recorder.wait_log("connected to")
        mosquitto_pub(self.broker, "plant/sp", "4", "-q", "1", "-u", "hmi", "-P", PASSWORD)
        self.recorder.wait_value("SELECT count(*) FROM history", 1)
        for value in ("11", "12", "13"):  # refused, so that the journal has rows
            self.recorder.hmi("set", "sp", value, "--yes")
        self.recorder.wait_value("SELECT count(*) FROM commands", 3)

    def heads(self):
        """(row, hash) as the log tells them."""
        return [(int(row), digest) for row, digest in
                re.findall(r"row (\d+) of the journal has the hash ([0-9a-f]{64})", self.recorder.log())]

    def stored(self, row):
        return self.recorder.value(f"SELECT lower(hex(hash)) FROM journal_entry WHERE id = {row}")

    def test_a_history_holds_no_password(self):
        self.recorder.stop()
        for name in os.listdir(self.recorder.folder):
            path = os.path.join(self.recorder.folder, name)
            if name != "password" and os.path.isfile(path):
                with open(path, "rb") as file:
                    self.assertNotIn(PASSWORD.encode(), file.read(), name)

    def test_the_log_tells_where_the_journal_stands(self):
        self.recorder.wait_log("of the journal has the hash")  # the first that there was
        self.recorder.hmi("set", "sp", "14", "--yes")
        self.recorder.stop()
        heads = self.heads()
        self.assertGreaterEqual(len(heads), 2)  # and at the stop
        self.assertEqual(heads[-1][0], int(self.recorder.value("SELECT max(id) FROM journal_entry")))
        for row, digest in heads:
            self.assertEqual(self.stored(row), digest)

    def test_rows_cut_off_at_the_end_are_missed_by_the_log(self):
        """The one change that the chain itself cannot tell."""
        self.recorder.stop()
        row, digest = self.heads()[-1]
        with sqlite3.connect(self.recorder.history_path) as database:
            database.execute("DROP TRIGGER journal_entry_delete")
            database.execute("DELETE FROM journal_entry WHERE id > ?", (row - 2,))
        self.assertNotEqual(self.stored(row), digest)

    def test_a_changed_row_breaks_the_chain(self):
        self.recorder.stop()
        with sqlite3.connect(self.recorder.history_path) as database:
            database.execute("DROP TRIGGER journal_entry_update")
            database.execute("UPDATE journal_entry SET operator = 'mallory' WHERE kind = 'refusal'")
        status, text, errors = self.recorder.hmi("check", "--history")
        self.assertEqual(status, 65, text + errors)
        self.assertRegex(text, r"the journal's row \d+ is not as it was written")


if __name__ == "__main__":
    unittest.main()
