"""A disk that hangs without an error: the plant stays on the screen, keys are answered, the broker is not held up,
samples wait in memory and are written afterwards; what was lost is told as a gap."""

import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest

from handmade import Handmade
from recorder import Recorder, wait_until
from scene import health, open_console, wait_alarm, wait_fault, wait_health

# fsync() and fdatasync() wait as long as the file named by HMI_TEST_HANG is there; with HMI_TEST_HANG.slow they take
# long, each of them.
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int when_free(int fd, const char *name)
{
    const char *hang = getenv("HMI_TEST_HANG");
    const struct timespec moment = {.tv_nsec = 10000000};
    while (hang && access(hang, F_OK) == 0)
        nanosleep(&moment, NULL);
    char slow[4096];
    snprintf(slow, sizeof slow, "%s.slow", hang ? hang : "");
    if (hang && access(slow, F_OK) == 0)
        usleep(700000);
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    return real(fd);
}

int fsync(int fd) { return when_free(fd, "fsync"); }
int fdatasync(int fd) { return when_free(fd, "fdatasync"); }
"""


def wide(number):
    """A payload of a thousand samples."""
    return json.dumps({f"m{n:03}": number for n in range(1000)})


class HangingRecorder(Recorder):
    """A recorder whose disk can be made to hang."""

    shim = None

    def environment(self):
        return dict(super().environment(), LD_PRELOAD=self.shim, HMI_TEST_HANG=self.hang_path,
                    ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")

    @property
    def hang_path(self):
        return os.path.join(self.folder, "hang")

    def hang(self, slow=False):
        with open(self.hang_path + (".slow" if slow else ""), "w", encoding="utf-8"):
            pass

    def go_on(self):
        os.unlink(self.hang_path)


class SlowDisk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="hmi-shim-")
        source, HangingRecorder.shim = (os.path.join(cls.folder, name) for name in ("shim.c", "shim.so"))
        with open(source, "w", encoding="utf-8") as file:
            file.write(SHIM)
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", HangingRecorder.shim, source, "-ldl"],
                       check=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def setUp(self):
        self.number = 0

    def publish(self, broker, seconds, rate=200):
        """Numbers at a steady rate."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for _ in range(rate // 20):
                self.number += 1
                broker.publish("plant/number", self.number)
            time.sleep(0.05)  # the plant's rhythm

    def check_all_stored(self, recorder):
        recorder.wait_value("SELECT count(DISTINCT value) FROM history WHERE tag = 'plant/number'", self.number, 30)

    def answer_seconds(self, console, key, text):
        start = time.monotonic()
        console.key(key)
        console.wait(text)
        return time.monotonic() - start

    def test_operators_go_on(self):
        with Handmade() as broker, HangingRecorder(broker, broker_more="keepalive = 5;") as recorder, \
                open_console(recorder, cols=132, rows=43) as console:
            broker.wait_connected()
            self.publish(broker, 1)
            recorder.hang()
            self.publish(broker, 4)
            # Acknowledgements have left, although nothing could be committed; the last values are shown.
            wait_until(lambda: broker.outstanding() == 0, 5, "acknowledgements while the disk hangs")
            console.wait(str(self.number))
            for key, text in (("F9", "the disk is slow"), ("F2", "plant/number"), ("F1", "Help"), ("F2", "plant/number")):
                self.assertLess(self.answer_seconds(console, key, text), 1, key)
            wait_fault(recorder, "the disk is slow")
            status = health(recorder)[1]["status"]
            self.assertEqual((status["recording"], status["link"]), ("spooling", "up"))
            # Keepalive 5 s: pings leave although nothing is committed.
            wait_until(lambda: broker.pings, 12, "a ping")
            self.assertEqual(1, broker.connects)
            recorder.go_on()
            wait_health(recorder, lambda status: status["recording"] == "good", "recording again", 30)
            self.check_all_stored(recorder)
            self.assertEqual("0", recorder.value("SELECT count(*) FROM gap WHERE reason <> 'broker away'"))

    def test_a_full_spool_is_a_gap(self):
        """1,000,000 samples fit; what does not is counted, and the gap covers exactly the time without samples."""
        with Handmade() as broker, HangingRecorder(broker, config="max_tags = 2000;") as recorder:
            broker.wait_connected()
            self.publish(broker, 0.5)
            self.check_all_stored(recorder)
            recorder.hang()
            self.publish(broker, 4)
            before_us = time.time() * 1e6
            for number in range(1400):
                broker.publish("plant/wide", wide(number), qos=0)
            status = wait_health(recorder, lambda status: status["messages"] >= 1400 + self.number, "all read", 60)
            self.assertGreater(status["spool_lost"], 100_000)
            wait_fault(recorder, "samples were lost")
            recorder.go_on()
            wait_health(recorder, lambda status: status["recording"] == "good", "recording again", 60)
            kept = self.number
            self.publish(broker, 0.5)
            after_us = time.time() * 1e6
            self.check_all_stored(recorder)
            rows = recorder.sql("SELECT ts_start, ts_end, reason FROM gap WHERE reason LIKE 'spool overflow%'")
            self.assertEqual(1, len(rows), rows)
            start_us, end_us, reason = int(rows[0][0]), int(rows[0][1]), rows[0][2]
            lost = health(recorder)[1]["status"]["spool_lost"]
            self.assertEqual(f"spool overflow: {lost} samples", reason)
            self.assertTrue(before_us <= start_us < end_us <= after_us, rows)
            inside = f"SELECT count(*) FROM history WHERE ts > {start_us} + 1000000 AND ts < {end_us} - 1000"
            self.assertEqual("0", recorder.value(inside), rows)
            self.assertGreater(self.number, kept)
            wait_alarm(recorder, "spool", "unacknowledged")
            recorder.stop()
            recorder.start()
            wait_alarm(recorder, "spool", "returned")  # as its guidance says

    def test_killed_while_samples_wait_in_memory(self):
        """They were acknowledged and are lost: the gap of the next start begins before them."""
        with Handmade() as broker, HangingRecorder(broker, config="max_tags = 2000;") as recorder:
            broker.wait_connected()
            self.publish(broker, 1)
            self.check_all_stored(recorder)
            recorder.hang()
            self.publish(broker, 4)
            arrived_us = []  # by then
            for number in range(400):
                broker.publish("plant/wide", wide(number))
                if number % 70 == 69 or number == 399:  # more than a batch: it goes to the spool
                    broker.wait_acknowledged(10)
                    arrived_us += [time.time() * 1e6] * (number + 1 - len(arrived_us))
            time.sleep(6)  # longer than from one proof of life to the next
            recorder.hang(slow=True)
            recorder.go_on()
            count = "SELECT count(*) FROM history WHERE tag LIKE 'plant/wide%'"
            wait_until(lambda: int(recorder.value(count)) > 60_000, 30, "some of them in the history")
            recorder.kill()
            self.assertLess(int(recorder.value(count)), 400_000)  # others still waited
            recorder.start()
            recorder.wait_value("SELECT count(*) FROM gap WHERE reason = 'recorder stopped'", 1)
            start_us = int(recorder.value("SELECT ts_start FROM gap WHERE reason = 'recorder stopped'"))
            stored = dict(recorder.sql("SELECT CAST(value AS INTEGER), count(*) FROM history"
                                       " WHERE tag LIKE 'plant/wide%' GROUP BY value"))
            first_lost = next(number for number in range(400) if int(stored.get(str(number), 0)) < 1000)
            self.assertLess(start_us, arrived_us[first_lost])

    def test_sigterm_while_it_hangs(self):
        with Handmade() as broker, HangingRecorder(broker) as recorder:
            broker.wait_connected()
            for seconds in (0.3, 4):
                with self.subTest(seconds=seconds):
                    self.publish(broker, 0.5)
                    recorder.hang()
                    self.publish(broker, seconds)
                    self.assertLess(recorder.stop(), 2.3)
                    self.assertIn("the disk does not answer", recorder.log())
                    recorder.go_on()
                    recorder.start()


if __name__ == "__main__":
    unittest.main()
