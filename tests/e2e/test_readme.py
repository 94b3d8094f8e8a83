"""What the README tells a newcomer to type: its configuration and its queries, run as they stand there."""

import json
import os
import re
import time
import unittest

from broker import Broker
from publisher import mosquitto_pub
from recorder import TOP, Recorder
from scene import wait_live


def blocks():
    """The indented blocks of the README, as texts."""
    with open(os.path.join(TOP, "README.md"), encoding="utf-8") as file:
        found = re.findall(r"(?:^    .*\n(?:^ *\n(?=    ))?)+", file.read(), re.M)
    return ["\n".join(line[4:] for line in block.splitlines()) for block in found]


class ReadmeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        config = [block for block in blocks() if block.startswith("plant ")]
        cls.queries = [block for block in blocks() if block.startswith("SELECT")]
        assert len(config) == 1, config
        cls.broker = Broker()
        cls.recorder = Recorder(cls.broker, start=False)
        text = config[0].replace('host = "localhost"; port = 1883', f'host = "127.0.0.1"; port = {cls.broker.port}')
        with open(cls.recorder.config_path, "w", encoding="utf-8") as file:
            file.write(text + "\n")

    @classmethod
    def tearDownClass(cls):
        cls.recorder.close()
        cls.broker.close()

    def test_configuration_is_good(self):
        status, output, error = self.recorder.hmi("check")
        self.assertEqual((status, error), (0, ""), output)
        self.assertIn("Water Works", output)

    def test_queries(self):
        self.assertEqual(len(self.queries), 7, self.queries)
        recorder = self.recorder
        recorder.start()
        wait_live(recorder)
        # With a source time: without one the first values after a connection are Uncertain.
        mosquitto_pub(self.broker, "plant/boiler/temp", json.dumps({"value": 84.5, "ts": time.time()}))
        mosquitto_pub(self.broker, "plant/boiler/feed_pump/state", "1")
        mosquitto_pub(self.broker, "plant/late", json.dumps({"value": 7, "ts": time.time() - 1200}))
        recorder.wait_value("SELECT count(*) FROM history", 3)
        recorder.kill()
        recorder.start()
        recorder.wait_value("SELECT count(*) FROM gap", 1)
        given, latest, last_hour, highest, silent, journal, gaps = (recorder.sql(query) for query in self.queries)
        self.assertEqual(given, [])
        self.assertEqual([row[:2] for row in latest],
                         [["boiler.temp", "84.5"], ["feed_pump", "1.0"], ["plant/late:value", "7.0"]])
        self.assertEqual(len(last_hour), 1)
        self.assertEqual(last_hour[0][1], "84.5")
        self.assertEqual(highest[0], ["84.5", last_hour[0][0]])
        self.assertEqual([row[0] for row in silent], ["plant/late:value"])
        self.assertEqual([row[1:3] for row in journal],
                         [["system/restarted", "activated"], ["system/restarted", "cleared"]])
        self.assertEqual(gaps[0][3], "recorder stopped")


if __name__ == "__main__":
    unittest.main()
