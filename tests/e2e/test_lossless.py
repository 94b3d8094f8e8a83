"""Nothing lost: numbered QoS 1 messages while the recorder is killed, and while the broker is restarted."""

import random
import threading
import time
import unittest

from broker import Broker
from publisher import Publisher
from recorder import Recorder, wait_until
from scene import wait_live

KILLS = 20
RESTARTS = 5
TOPIC = "plant/counter"


class Stream:
    """Publishes 1, 2, 3 … at about `rate` a second until stopped."""

    def __init__(self, publisher, rate):
        self.publisher, self.rate, self.last = publisher, rate, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stop.wait(0.01):
            for _ in range(max(1, self.rate // 100)):
                self.last += 1
                self.publisher.number(TOPIC, self.last)

    def stop(self):
        self._stop.set()
        self._thread.join()


def stored_numbers(recorder):
    return {int(float(row[0])) for row in recorder.sql(f"SELECT DISTINCT value FROM history WHERE tag = '{TOPIC}'")}


class Lossless(unittest.TestCase):
    def check_all_arrive(self, recorder, publisher, stream):
        """Every number that the broker acknowledged is in the history, in the end."""
        stream.stop()
        wait_until(lambda: publisher.outstanding() == 0, 60, "the broker's acknowledgements")
        expected = set(range(1, stream.last + 1))
        self.assertEqual(expected, publisher.acknowledged)
        count = f"SELECT count(DISTINCT value) FROM history WHERE tag = '{TOPIC}'"
        recorder.wait_value(count, len(expected), 60)
        self.assertEqual(expected, stored_numbers(recorder))

    def kill_at_random(self, broker_more, seed):
        chance = random.Random(seed)
        with Broker(persistence=True, max_queued=0) as broker, Recorder(broker, broker_more=broker_more) as recorder:
            wait_live(recorder)  # the session stands at the broker before the first number
            with Publisher(broker) as publisher:
                stream = Stream(publisher, 1000)
                try:
                    for _ in range(KILLS):
                        time.sleep(chance.uniform(0.0, 0.6))
                        recorder.kill()
                        recorder.start()
                    self.check_all_arrive(recorder, publisher, stream)
                finally:
                    stream.stop()
                self.assertGreater(stream.last, 1000)

    def test_recorder_killed_mqtt5(self):
        self.kill_at_random("", 5)

    def test_recorder_killed_mqtt311(self):
        self.kill_at_random('protocol = "3.1.1";', 311)

    def test_broker_restarted(self):
        chance = random.Random(7)
        with Broker(persistence=True, max_queued=0) as broker, Recorder(broker) as recorder:
            wait_live(recorder)
            with Publisher(broker, client_id="numbers", clean=False) as publisher:
                stream = Stream(publisher, 500)
                try:
                    for _ in range(RESTARTS):
                        time.sleep(chance.uniform(0.2, 1.0))
                        broker.stop()
                        time.sleep(chance.uniform(0.0, 0.3))
                        broker.start()
                    self.check_all_arrive(recorder, publisher, stream)
                finally:
                    stream.stop()
                self.assertGreaterEqual(int(recorder.value("SELECT count(*) FROM gap WHERE reason LIKE 'broker%'")), 1)


if __name__ == "__main__":
    unittest.main()
