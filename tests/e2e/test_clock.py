"""The machine's clock is set while the recorder runs: by a day ahead, by an hour back. Nothing is lost, the time that was
skipped is a gap, an alarm tells of the step."""

import os
import shutil
import struct
import subprocess
import tempfile
import time
import unittest

from handmade import Handmade
from recorder import Recorder
from scene import wait_fault

# The wall clock is off by as many µs as the file named by HMI_TEST_CLOCK holds in its first 8 bytes.
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static const volatile int64_t *off_us;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("HMI_TEST_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, 8, PROT_READ, MAP_SHARED, fd, 0);
    off_us = mapped == MAP_FAILED ? NULL : mapped;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int status = real(id, now);
    if (id == CLOCK_REALTIME && off_us && !status)
        now->tv_sec += *off_us / 1000000;
    return status;
}
"""

HOUR, DAY = 3600, 86400


class SetRecorder(Recorder):
    """A recorder whose wall clock can be set, by whole seconds off the true one."""

    shim = None

    def environment(self):
        return dict(super().environment(), LD_PRELOAD=self.shim, HMI_TEST_CLOCK=self.clock_path,
                    ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")

    @property
    def clock_path(self):
        return os.path.join(self.folder, "clock")

    def start(self, wait=True):
        if not os.path.exists(self.clock_path):
            with open(self.clock_path, "wb") as file:
                file.write(struct.pack("=q", 0))
        super().start(wait)

    def set_clock(self, seconds):
        with open(self.clock_path, "r+b") as file:
            file.write(struct.pack("=q", seconds * 1_000_000))


class ClockTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="hmi-shim-")
        source, SetRecorder.shim = (os.path.join(cls.folder, name) for name in ("shim.c", "shim.so"))
        with open(source, "w", encoding="utf-8") as file:
            file.write(SHIM)
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", SetRecorder.shim, source, "-ldl"], check=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def setUp(self):
        self.number = 0

    def publish(self, broker, count=200):
        """Numbers that rise by one, each acknowledged when it is on the disk."""
        for _ in range(count):
            self.number += 1
            broker.publish("plant/number", self.number, qos=1)
        broker.wait_acknowledged()

    def check_all_stored(self, recorder):
        self.assertEqual(recorder.sql("SELECT count(*), count(DISTINCT value), min(value), max(value) FROM history"
                                      " WHERE tag = 'plant/number'"),
                         [[str(self.number), str(self.number), "1.0", f"{self.number}.0"]])

    def gaps(self, recorder):
        """(start, end) of what a clock that was set ahead left, in seconds from now on the true clock."""
        now = time.time()
        return [(float(start) / 1e6 - now, float(end) / 1e6 - now) for start, end in recorder.sql(
            "SELECT ts_start, ts_end FROM gap WHERE reason = 'clock set ahead' ORDER BY ts_start")]

    def test_ahead_by_a_day_and_back(self):
        with Handmade() as broker, SetRecorder(broker) as recorder:
            broker.wait_connected()
            self.publish(broker)
            recorder.set_clock(DAY)
            self.publish(broker)
            self.check_all_stored(recorder)
            (start, end), = self.gaps(recorder)
            self.assertAlmostEqual(start, 0, delta=20)
            self.assertAlmostEqual(end, DAY, delta=20)
            self.assertAlmostEqual(end - start, DAY, delta=0.5)
            wait_fault(recorder, "the machine's clock was set by +86400")
            recorder.wait_value("SELECT count(*) FROM alarms WHERE alarm = 'system/clock'", 1)
            # No sample lies inside: what came after the step came after the gap.
            self.assertEqual(recorder.value("SELECT count(*) FROM history h JOIN gap g ON h.ts >= g.ts_start AND h.ts < g.ts_end"
                                            " WHERE g.reason = 'clock set ahead'"), "0")
            recorder.set_clock(0)
            self.publish(broker)
            self.check_all_stored(recorder)
            (start, end), = self.gaps(recorder)  # it ends where the clock came back
            self.assertLess(end, 20)
            wait_fault(recorder, "the machine's clock was set by -86400")
            # What is recorded from now on holds as ever.
            time.sleep(1.5)  # so long the last value holds
            self.publish(broker, 1)
            good = recorder.value("SELECT sum(good) * 60 FROM history_minute WHERE tag = 'plant/number' AND ts <"
                                  f" {int((time.time() + HOUR) * 1e6)}")
            self.assertGreater(float(good), 1.5)
            recorder.stop()
            self.assertEqual(recorder.hmi("check", "--history")[0], 0)

    def test_back_by_an_hour(self):
        with Handmade() as broker, SetRecorder(broker) as recorder:
            broker.wait_connected()
            self.publish(broker)
            recorder.set_clock(-HOUR)
            self.publish(broker)
            self.check_all_stored(recorder)
            wait_fault(recorder, "the machine's clock was set by -3600")
            recorder.wait_value("SELECT count(*) FROM alarms WHERE alarm = 'system/clock'", 1)
            self.assertEqual(self.gaps(recorder), [])
            # The live value is the one that came last, whatever its time.
            status, output, errors = recorder.hmi("tags", "--json")
            self.assertEqual(status, 0, errors)
            self.assertIn(f'"value":{self.number}', output.replace(" ", ""))
            recorder.kill()
            recorder.start()
            self.publish(broker)
            self.check_all_stored(recorder)


if __name__ == "__main__":
    unittest.main()
