"""The promise of the recorder: what it acknowledges is in the history at that very moment, whatever happens."""

import random
import signal
import sqlite3
import time
import unittest

from handmade import Handmade, packet, text
from recorder import Recorder
from tls import Authority

TOPIC = "plant/number"


def read_calls(pid):
    """How often the process has called read() and pread()."""
    with open(f"/proc/{pid}/io") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("syscr:"))


class Witness:
    """Looks into the history at each acknowledgement: the number must be there already. The one exception is by design
    and said in the log: a disk so slow that the broker's window would stay full (on a loaded machine it happens)."""

    def __init__(self):
        self.path, self.known, self.checked, self.recorder = None, set(), 0, None

    def look(self, payload):
        number = int(payload)
        if number not in self.known:
            self._refresh()
        if number not in self.known and "the disk is slow" not in self.recorder.log():
            raise AssertionError(f"{number} was acknowledged and is not in the history")
        self.checked += 1

    def _refresh(self):
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=5) as base:
            self.known.update(int(row[0]) for row in base.execute("SELECT value FROM history WHERE tag = ?", (TOPIC,)))


class Promise(unittest.TestCase):
    def run_stream(self, count, window, broker_more="", disturb=None):
        """Numbers 1 … count, each acknowledged only when stored; `disturb` is called now and then."""
        witness = Witness()
        with Handmade(window=window, on_acknowledged=witness.look) as broker, \
                Recorder(broker, broker_more=broker_more, start=False) as recorder:
            witness.path, witness.recorder = recorder.history_path, recorder
            recorder.start()
            broker.wait_connected()
            start = time.monotonic()
            for number in range(1, count + 1):
                broker.publish(TOPIC, number)
                if disturb and number % 500 == 0:
                    disturb(recorder, broker)
            broker.wait_acknowledged(60)
            broker.wait(lambda: witness.checked >= count, 60, f"a look at each of {count} numbers")
            recorder.wait_value(f"SELECT count(DISTINCT value) FROM history WHERE tag = '{TOPIC}'", count)
            return time.monotonic() - start

    def test_mqtt5(self):
        self.run_stream(5000, 65535)

    def test_small_windows(self):
        for window in (1, 2, 7, 20):
            with self.subTest(window=window):
                seconds = self.run_stream(60 * window, window, 'protocol = "3.1.1";')
                # Ten windows a second until the window is learned, then as fast as the disk.
                self.assertLess(seconds, 20)

    def test_killed(self):
        chance = random.Random(3)

        def kill(recorder, broker):
            time.sleep(chance.uniform(0, 0.2))
            recorder.kill()
            recorder.start()

        self.run_stream(4000, 65535, disturb=kill)

    def test_reload_that_reconnects(self):
        """Another keepalive makes the connection anew, in the middle of uncommitted messages."""
        def reload(recorder, broker):
            with open(recorder.config_path, encoding="utf-8") as file:
                config = file.read()
            other = config.replace("keepalive = 31", "keepalive = 30") if "keepalive = 31" in config else \
                config.replace("keepalive = 30", "keepalive = 31")
            self.assertNotEqual(config, other)
            with open(recorder.config_path, "w", encoding="utf-8") as file:
                file.write(other)
            connects = broker.connects
            self.assertEqual(recorder.hmi("reload")[0], 0)
            broker.wait_connected(connects + 1)

        self.run_stream(4000, 65535, "keepalive = 30;", reload)


class Bursts(unittest.TestCase):
    """Messages that have left the socket already, decrypted or read ahead, but that a pass did not take, come without
    further bytes."""

    def run_bursts(self, broker, broker_more=""):
        def send(numbers):
            broker.send(b"".join(packet(0x30, text("p") + b"\0" + b"%d" % number) for number in numbers))
            broker.wait_sent()

        with Recorder(broker, broker_more=broker_more, subscribe='{ filter = "p"; qos = 0; }') as recorder:
            broker.wait_connected()
            recorder.wait_log("connected")
            reads = read_calls(recorder.process.pid)
            count = 100_000
            send(range(count))  # so that the kernel makes the socket's buffer large enough for a burst
            for burst in range(8):
                recorder.wait_value("SELECT count(DISTINCT value) FROM history", count, 60)
                numbers = range(count, count + 10_100 + 100 * burst)
                count += len(numbers)
                recorder.process.send_signal(signal.SIGSTOP)  # so that it finds all of them at once
                send(numbers)
                recorder.process.send_signal(signal.SIGCONT)
            recorder.wait_value("SELECT count(DISTINCT value) FROM history", count, 60)
            self.assertEqual(recorder.value("SELECT count(*) FROM history"), str(count))
            return count, read_calls(recorder.process.pid) - reads

    def test_read_ahead(self):
        with Handmade() as broker:
            messages, reads = self.run_bursts(broker)
        self.assertLess(reads, messages / 10)  # else libmosquitto reads by itself, three times a message

    def test_tls(self):
        with Authority() as ca, Handmade(tls=ca.server()) as broker:
            self.run_bursts(broker, f'tls = {{ ca = "{ca.cert}"; }};')


if __name__ == "__main__":
    unittest.main()
