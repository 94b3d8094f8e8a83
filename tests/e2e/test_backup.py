"""hmi backup: a copy during a flood, and the restore as the README describes it."""

import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
import unittest

from broker import Broker
from publisher import Publisher
from recorder import HMI, TOP, Recorder, wait_until
from scene import wait_live

COUNT = "SELECT count(*) FROM history WHERE tag = 'plant/n'"


def rows_of(path, query):
    done = subprocess.run(["sqlite3", "-readonly", path, query], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()


class Flood:
    """Publishes ascending numbers until it is closed."""

    def __init__(self, broker, first=0):
        self.publisher, self.next, self.ended = Publisher(broker), first, False
        self.publisher._connected.wait(20)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.ended:
            if self.publisher.outstanding() > 2000:
                time.sleep(0.001)
                continue
            self.publisher.number("plant/n", self.next)
            self.next += 1

    def close(self):
        self.ended = True
        self.thread.join()
        wait_until(lambda: not self.publisher.outstanding(), 30, "the flood's last acknowledgements")
        self.publisher.close()
        return self.next


class BackupTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hmi-backup-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.copy = os.path.join(self.folder, "copy.db")

    def recorder(self, broker, **more):
        recorder = Recorder(broker, **more)
        self.addCleanup(recorder.close)
        return recorder

    def test_backup_during_a_flood_and_restore(self):
        with Broker(max_queued=0, max_inflight=0) as broker:
            first = self.recorder(broker, config="max_tags = 17;")
            wait_live(first)
            flood = Flood(broker)
            wait_until(lambda: int(first.value(COUNT)) > 20000, 60, "a full tail and its runs")
            before, start = int(first.value(COUNT)), time.monotonic()
            self.assertEqual(first.hmi("backup", self.copy)[0], 0)
            took = time.monotonic() - start
            after = int(first.value(COUNT))
            wait_until(lambda: int(first.value(COUNT)) > after, 20, "recording goes on")
            total = flood.close()
            first.wait_value(COUNT, total, 60)
            first.stop()

            kept = int(rows_of(self.copy, COUNT)[0])
            self.assertGreaterEqual(kept, before)
            self.assertLessEqual(kept, total)
            self.assertLess(took, 20)
            numbers = [int(float(line)) for line in
                       rows_of(self.copy, "SELECT value FROM history WHERE tag = 'plant/n' ORDER BY value")]
            self.assertEqual(numbers, list(range(kept)))
            self.assertEqual(rows_of(self.copy, "PRAGMA integrity_check"), ["ok"])
            self.assertEqual(stat.S_IMODE(os.stat(self.copy).st_mode) & ~0o640, 0)
            self.assertEqual(sorted(os.listdir(self.folder)), ["copy.db", "copy.db.cfg"])

            # The restore: on another machine, as it were, with the same configuration.
            second = self.recorder(broker, start=False)
            shutil.copy(self.copy + ".cfg", second.config_path)
            shutil.copy(self.copy, second.history_path)
            second.start()
            wait_live(second)
            self.assertEqual(second.value(COUNT), str(kept))
            self.assertEqual(second.value("SELECT reason FROM gap ORDER BY ts_start DESC LIMIT 1"), "recorder stopped")
            flood = Flood(broker, total)
            wait_until(lambda: int(second.value(COUNT)) > kept + 1000, 30, "new samples")
            more = flood.close() - total
            second.wait_value(COUNT, kept + more, 60)
            self.assertEqual(second.value("SELECT count(DISTINCT value) FROM history WHERE tag = 'plant/n'"),
                             str(kept + more))

    def test_restore_as_the_readme_says(self):
        with open(os.path.join(TOP, "README.md"), encoding="utf-8") as file:
            block = re.search(r"((?:^    .*\n)*^    cp plant.db .*\n(?:^    .*\n)*)", file.read(), re.M)
        self.assertIsNotNone(block, "the restore in the README")
        with Broker() as broker:
            recorder = self.recorder(broker)
            wait_live(recorder)
            with Publisher(broker) as publisher:
                publisher.publish("plant/n", "1", qos=1)
                recorder.wait_value(COUNT, 1)
                self.assertEqual(recorder.hmi("backup", "plant.db", cwd=recorder.folder)[0], 0)
                publisher.publish("plant/n", "2", qos=1)
                recorder.wait_value(COUNT, 2)
                script = "\n".join(line[4:].split("#")[0] for line in block.group(1).splitlines()
                                   if not line.startswith("    hmi record") and not line.startswith("    hmi backup"))
                folder = os.path.dirname(HMI)
                subprocess.run(["sh", "-ec", script], cwd=recorder.folder, check=True, timeout=60, capture_output=True,
                               env=dict(recorder.environment(), PATH=folder + ":" + os.environ["PATH"]))
                recorder.process.wait(20)
                recorder.start()
                self.assertEqual(recorder.value(COUNT), "1")
                publisher.publish("plant/n", "3", qos=1)
                recorder.wait_value(COUNT, 2)

    def test_included_files_are_put_in_place(self):
        with Broker() as broker:
            recorder = self.recorder(broker, config='@include "tags.cfg"', start=False)
            with open(os.path.join(recorder.folder, "tags.cfg"), "w", encoding="utf-8") as file:
                file.write('tags = ( { name = "x"; topic = "plant/x"; } );\n')
            recorder.start()
            self.assertEqual(recorder.hmi("backup", self.copy)[0], 0)
            with open(self.copy + ".cfg", encoding="utf-8") as file:
                text = file.read()
            self.assertIn('name = "x"', text)
            self.assertNotIn("@include", text)

    def test_nothing_is_overwritten_by_accident(self):
        with Broker() as broker:
            recorder = self.recorder(broker)
            with open(self.copy, "w", encoding="utf-8") as file:
                file.write("precious")
            status, _, errors = recorder.hmi("backup", self.copy)
            self.assertEqual(status, 73)
            self.assertIn("exists already; --force", errors)
            with open(self.copy, encoding="utf-8") as file:
                self.assertEqual(file.read(), "precious")
            self.assertEqual(os.listdir(self.folder), ["copy.db"])
            self.assertEqual(recorder.hmi("backup", "--force", self.copy)[0], 0)
            self.assertEqual(rows_of(self.copy, "SELECT count(*) FROM tags"), ["0"])
            # What is recorded to, and its configuration, cannot be the target.
            for name in ("history.db", "history.db-wal", "history.db-shm", "history.db.lock", "hmi.cfg", "hmi"):
                status, _, errors = recorder.hmi("backup", "--force", os.path.join(recorder.folder, name))
                self.assertEqual((status, "give another name" in errors), (64, True), errors)
            self.assertEqual(recorder.hmi("backup", self.folder)[0], 73)
            self.assertEqual(recorder.hmi("backup", os.path.join(self.folder, "none", "copy.db"))[0], 73)
            self.assertEqual(recorder.hmi("backup")[0], 64)

    def test_an_interrupted_backup_leaves_nothing(self):
        with Broker() as broker:
            recorder = self.recorder(broker, start=False)
            append = os.path.join(os.path.dirname(HMI), "append")
            subprocess.run([append, "-k", "-t", "2000", "-s", "900", "-n", recorder.history_path], check=True,
                           stdout=subprocess.DEVNULL, timeout=120)
            process = subprocess.Popen([HMI, "backup", "-c", recorder.config_path, self.copy],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            wait_until(lambda: os.listdir(self.folder) or process.poll() is not None, 20, "the copy's beginning")
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=30)
            if process.returncode:  # else it was done before the signal came
                self.assertEqual(process.returncode, 75)
                self.assertIn("interrupted", errors)
                self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    unittest.main()
