"""Trouble with the disk: full, slow to be freed, read for long, the file taken away. The plant stays on the screen."""

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

from broker import Broker
from handmade import Handmade
from publisher import Publisher, mosquitto_pub
from recorder import Recorder, wait_until
from scene import faults, health, open_console, row, wait_alarm, wait_fault, wait_health, wait_live

SMALL_BYTES = 3 << 20


def can_mount():
    """Whether a file system of our own can be made (root, and not in a container that forbids it)."""
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder],
                                          capture_output=True).returncode:
            return False
        subprocess.run(["umount", folder], check=True)
    return True


class Full(unittest.TestCase):
    def run_until_full_and_freed(self, broker, recorder, free, reason):
        with open_console(recorder, cols=132, rows=43) as console, Publisher(broker) as publisher:
            wait_live(recorder)
            number = 0

            def fill():
                nonlocal number
                while publisher.outstanding() < 5000:  # paho has 65,535 numbers for messages under way
                    number += 1
                    publisher.number(f"plant/t{number % 50:02}", number)
                return health(recorder)[1]["status"]["recording"] == "failed"

            wait_until(fill, 60, lambda: f"a full disk: {health(recorder)[1]['status']}")
            console.wait("REC FAILED")
            wait_fault(recorder, "writing to the history fails")
            self.assertIn(reason, faults(recorder))
            self.assertIn("samples wait in memory meanwhile", faults(recorder))
            self.assertEqual(health(recorder)[0], 2)
            # Operators still see the plant, and the broker is not held up.
            mosquitto_pub(broker, "plant/alive", "123.5")
            console.wait("/51")
            console.key("Home")
            console.wait_re(row("plant/alive", "123.5", "good"))
            wait_until(lambda: publisher.outstanding() == 0, 30, "the broker's acknowledgements")
            status = wait_health(recorder, lambda status: status["messages"] >= number, "all messages read")
            self.assertGreater(status["spool_samples"], 0)
            self.assertEqual(status["spool_lost"], 0)
            console.key("F9")
            console.wait("writing to the history fails")
            free()
            wait_health(recorder, lambda status: status["recording"] == "good", "recording again", 30)
            console.wait("● rec")
            recorder.wait_value("SELECT count(DISTINCT value) FROM history WHERE tag LIKE 'plant/t%'", number, 60)
            recorder.wait_value("SELECT value FROM latest WHERE tag = 'plant/alive'", "123.5")
            status = health(recorder)[1]["status"]
            self.assertEqual((status["spool_samples"], status["spool_lost"]), (0, 0))
            recorder.wait_value("PRAGMA integrity_check", "ok")

    def test_a_file_system_that_fills_up(self):
        if not can_mount():
            self.skipTest("cannot mount a small file system")
        folder = tempfile.mkdtemp(prefix="hmi-small-")
        self.addCleanup(shutil.rmtree, folder, True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=True)
        ballast = os.path.join(folder, "ballast")
        with open(ballast, "wb") as file:
            file.write(b"x" * (5 << 20))
        with Broker(max_queued=0) as broker, Recorder(broker, start=False) as recorder:
            self.move_history(recorder, os.path.join(folder, "history.db"))
            recorder.start()

            def free():
                subprocess.run(["mount", "-o", "remount,size=256m", folder], check=True)
                os.unlink(ballast)

            self.run_until_full_and_freed(broker, recorder, free, "full")
            recorder.stop()

    @staticmethod
    def move_history(recorder, path):
        with open(recorder.config_path, encoding="utf-8") as file:
            text = file.read()
        with open(recorder.config_path, "w", encoding="utf-8") as file:
            file.write(text.replace('"history.db"', f'"{path}"'))
        recorder.history_path = path

    def test_a_limit_of_the_file_s_size(self):
        """The same without root: RLIMIT_FSIZE on the recorder's process, raised again from outside."""
        with Broker(max_queued=0) as broker, Recorder(broker) as recorder:
            def limit(size):
                resource.prlimit(recorder.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

            limit(SMALL_BYTES)
            self.run_until_full_and_freed(broker, recorder, lambda: limit(resource.RLIM_INFINITY), "fails")
            recorder.stop()


class Shared(unittest.TestCase):
    def test_a_reader_that_holds_a_transaction_does_not_stop_recording(self):
        with Broker(max_queued=0) as broker, Recorder(broker) as recorder, Publisher(broker) as publisher:
            wait_live(recorder)
            publisher.publish("plant/a", "1", 1)
            recorder.wait_value("SELECT count(*) FROM history", 1)
            reader = sqlite3.connect(f"file:{recorder.history_path}?mode=ro", uri=True, isolation_level=None)
            self.addCleanup(reader.close)
            reader.execute("BEGIN")
            self.assertEqual(reader.execute("SELECT count(*) FROM history").fetchone()[0], 1)
            number = 0
            before = health(recorder)[1]["status"]["commits"]

            def publish_some():
                nonlocal number
                for _ in range(200):
                    number += 1
                    publisher.number("plant/n", number)
                return health(recorder)[1]["status"]["commits"] >= before + 30

            wait_until(publish_some, 30, "thirty commits beside the reader")
            wait_until(lambda: publisher.outstanding() == 0, 20, "the broker's acknowledgements")
            recorder.wait_value("SELECT count(DISTINCT value) FROM history WHERE tag = 'plant/n'", number)
            self.assertEqual(reader.execute("SELECT count(*) FROM history").fetchone()[0], 1)  # its own moment still
            status = health(recorder)[1]["status"]
            self.assertEqual((status["recording"], status["write_errors"]), ("good", 0))
            reader.execute("COMMIT")

    def test_a_reader_that_lets_the_log_grow_is_named_and_the_log_shrinks(self):
        """The log grows by what is recorded, for that has to be on the disk, and by nothing else; an alarm names who holds it."""
        with Handmade() as broker, Recorder(broker) as recorder:
            broker.wait_connected()
            reader = subprocess.Popen(["sqlite3", "-readonly", recorder.history_path], stdin=subprocess.PIPE, text=True,
                                      stdout=subprocess.PIPE)
            self.addCleanup(reader.communicate)
            self.addCleanup(reader.kill)
            reader.stdin.write("BEGIN; SELECT count(*) FROM history;\n")
            reader.stdin.flush()
            self.assertEqual(reader.stdout.readline(), "0\n")
            sent = 0

            def publish_some(text):
                nonlocal sent
                for _ in range(20):
                    sent += 1
                    broker.publish("plant/wide", json.dumps({f"m{n:03}": sent + n / 1000 for n in range(1000)}))
                broker.wait_acknowledged()
                return text in faults(recorder)

            named = f"process {reader.pid} (sqlite3) reads the history without an end: its write-ahead log grows"
            wait_until(lambda: publish_some(named), 120, "the reader's name")
            recorder.wait_value("SELECT count(*) FROM alarms WHERE alarm = 'system/disk'", 1)
            size = os.path.getsize(recorder.history_path + "-wal")
            self.assertLess(size / (1000 * sent), 200)  # bytes a sample
            self.assertEqual(recorder.value("SELECT count(*) FROM history"), str(1000 * sent))
            reader.kill()
            reader.wait()
            wait_until(lambda: not publish_some(named) and os.path.getsize(recorder.history_path + "-wal") < 20 << 20, 60,
                       lambda: f"a smaller log than {os.path.getsize(recorder.history_path + '-wal')}")
            recorder.wait_value("SELECT count(*) FROM alarms WHERE alarm = 'system/disk' AND active", 0)
            self.assertEqual(recorder.value("SELECT count(*) FROM history"), str(1000 * sent))

    def test_a_writer_that_locks_the_file_is_survived(self):
        """Somebody's BEGIN IMMEDIATE in a shell: samples wait in memory and are written afterwards."""
        with Broker(max_queued=0) as broker, Recorder(broker) as recorder, open_console(recorder) as console:
            wait_live(recorder)
            intruder = sqlite3.connect(recorder.history_path, isolation_level=None)
            self.addCleanup(intruder.close)
            intruder.execute("BEGIN IMMEDIATE")
            for number in range(20):
                mosquitto_pub(broker, "plant/a", str(number), "-q", "1")
            console.wait_re(row("plant/a", "19", "good"))
            wait_health(recorder, lambda status: status["recording"] != "good", "trouble told", 30)
            console.wait_re("SPOOL|REC FAILED")
            intruder.execute("ROLLBACK")
            wait_health(recorder, lambda status: status["recording"] == "good", "recording again", 30)
            recorder.wait_value("SELECT count(DISTINCT value) FROM history WHERE tag = 'plant/a'", 20)

    def test_a_file_that_is_taken_away_is_noticed(self):
        """Deleted or replaced under the recorder: it cannot be mended from here, but it is said at once."""
        for replace in (False, True):
            with self.subTest(replace=replace), Broker() as broker, Recorder(broker) as recorder, \
                    open_console(recorder) as console:
                wait_live(recorder)
                mosquitto_pub(broker, "plant/a", "1")
                recorder.wait_value("SELECT count(*) FROM history", 1)
                os.unlink(recorder.history_path)
                if replace:
                    sqlite3.connect(recorder.history_path).execute("CREATE TABLE other(x)")
                wait_fault(recorder, "the history file was deleted or replaced")
                self.assertEqual(health(recorder)[0], 2)
                console.key("F9")
                console.wait("the history file was deleted or replaced")
                self.assertNotIn("MB are free", faults(recorder))


class Overflow(unittest.TestCase):
    """More happens to alarms while the disk is away than there is room for: counted, told, and made good as far as it can be."""

    ALARMS = 64  # as many as a tag may have
    ROOM = 50000  # entries of the journal, recorder/spool.h

    def config(self):
        alarms = ",\n".join(f'{{ type = "hi"; name = "n{i}"; limit = 50; priority = "journal"; }}' for i in range(self.ALARMS))
        return f'tags = ( {{ name = "a"; topic = "plant/a"; kind = "analog"; alarms = (\n{alarms}\n); }} );\n'

    def test_entries_of_the_journal_are_lost(self):
        with Broker(max_queued=0) as broker, Recorder(broker, config=self.config()) as recorder, \
                Publisher(broker) as publisher:
            wait_live(recorder)
            intruder = sqlite3.connect(recorder.history_path, isolation_level=None)
            self.addCleanup(intruder.close)
            intruder.execute("BEGIN IMMEDIATE")
            publisher.publish("plant/a", "100", 1)
            wait_health(recorder, lambda status: status["recording"] != "good", "trouble told", 30)
            self.assertEqual(health(recorder)[1]["status"]["spool_entries_lost"], 0)
            flips = 1
            while flips < 1.3 * self.ROOM / self.ALARMS:
                flips += 2
                publisher.publish("plant/a", "0", 1)
                publisher.publish("plant/a", "100", 1)
            lost = wait_health(recorder, lambda status: status["spool_entries_lost"] > 0, "lost entries")["spool_entries_lost"]
            wait_fault(recorder, f"entries of the journal were lost while the disk was away: {self.ROOM} have room in memory")
            self.assertEqual(health(recorder)[0], 2)
            wait_until(lambda: "samples or entries of the journal were lost" in recorder.hmi("alarms")[1], 15,
                       lambda: f"an alarm of the spool: {recorder.hmi('alarms')[1]}")
            intruder.execute("ROLLBACK")
            lost = wait_health(recorder, lambda status: status["recording"] == "good", "recording again", 30)["spool_entries_lost"]
            self.assertEqual(health(recorder)[1]["status"]["spool_lost"], 0)  # no sample
            # How many, when it was over; and each alarm is where it really stands.
            recorder.wait_value("SELECT detail FROM journal WHERE event = 'journal overflow'",
                                f"{lost} entries were lost while the disk was away")
            self.assertEqual(recorder.sql("SELECT state, active, count(*) FROM alarms WHERE tag = 'a' GROUP BY 1, 2"),
                             [["acknowledged", "1", str(self.ALARMS)]])
            recorded = int(recorder.value("SELECT count(*) FROM journal WHERE tag = 'a' AND event IN ('activated', 'cleared')"))
            self.assertGreater(recorded, self.ROOM / 2)
            missing = flips * self.ALARMS - recorded
            self.assertTrue(missing <= lost <= missing + 20, (missing, lost))  # and some of hmi's own
            # It stands until the next start.
            wait_alarm(recorder, "spool", "unacknowledged")
            recorder.stop()
            recorder.start()
            wait_alarm(recorder, "spool", "returned")
            self.assertNotIn("were lost", faults(recorder))
            self.assertEqual(recorder.hmi("check", "--history")[0], 0)


if __name__ == "__main__":
    unittest.main()
