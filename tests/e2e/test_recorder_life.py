"""The recorder's life: stopped, killed, reloaded; what was read is committed, what was not comes again or is a gap."""

import getpass
import json
import os
import random
import signal
import subprocess
import threading
import time
import unittest

from broker import Broker
from publisher import Publisher, mosquitto_pub
from recorder import Recorder, wait_until
from scene import health, open_console, row, tags, wait_fault, wait_health, wait_live

STREAMS = 20


class Load:
    """Numbers on STREAMS topics, QoS 1, at about `rate` a second, until stopped."""

    def __init__(self, publisher, rate=4000):
        self.publisher, self.rate, self.last = publisher, rate, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stop.wait(0.01):
            for _ in range(self.rate // 100):
                self.last += 1
                self.publisher.number(f"plant/n{self.last % STREAMS}", self.last)

    def stop(self):
        self._stop.set()
        self._thread.join()


def stored(recorder):
    return {int(float(value)) for value, in recorder.sql("SELECT DISTINCT value FROM history")}


class Stops(unittest.TestCase):
    def test_the_history_is_free_once_hmi_stop_has_ended(self):
        """As the README has it: stop, then import."""
        with Broker() as broker, Recorder(broker) as recorder:
            path = os.path.join(recorder.folder, "old.csv")
            with open(path, "w", encoding="utf-8") as file:
                file.write("tag,time,value\nold,2026-01-01T00:00:00Z,1\n")
            for _ in range(4):
                wait_live(recorder)
                self.assertEqual(recorder.hmi("stop")[0], 0)
                status, _, errors = recorder.hmi("import", path, "--create")
                self.assertEqual(status, 0, errors)
                self.assertEqual(recorder.process.wait(5), 0)
                recorder.start()

    def test_sigterm_under_load_loses_nothing_and_hardly_repeats(self):
        """Everything that was read is committed, and acknowledged so that the broker hears it."""
        with Broker(max_queued=0) as broker, Recorder(broker) as recorder, Publisher(broker) as publisher:
            wait_live(recorder)
            load = Load(publisher)
            try:
                for _ in range(3):
                    recorder.wait_value("SELECT count(*) > 500 FROM history WHERE ts > "
                                        f"{time.time_ns() // 1000}", 1)
                    self.assertLess(recorder.stop(), 2.0)
                    recorder.start()
                    wait_live(recorder)
            finally:
                load.stop()
            wait_until(lambda: publisher.outstanding() == 0, 30, "the broker's acknowledgements")
            recorder.wait_value("SELECT count(DISTINCT value) FROM history", load.last, 30)
            self.assertEqual(stored(recorder), set(range(1, load.last + 1)))
            # A repetition is allowed, but only of what the broker had no time to hear of.
            self.assertLessEqual(int(recorder.value("SELECT count(*) FROM history")), load.last + 20)
            self.assertEqual(recorder.value("SELECT count(*) FROM gap WHERE reason = 'recorder stopped'"), "3")

    def test_sigint_is_a_clean_stop_too(self):
        with Broker() as broker, Recorder(broker) as recorder:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/a", "1", "-q", "1")
            recorder.wait_value("SELECT count(*) FROM history", 1)
            recorder.process.send_signal(signal.SIGINT)
            self.assertEqual(recorder.process.wait(5), 0)

    def test_hmi_stop(self):
        with Broker() as broker, Recorder(broker) as recorder:
            wait_live(recorder)
            status, _, errors = recorder.hmi("stop")
            self.assertEqual((status, errors), (0, ""))
            self.assertEqual(recorder.process.wait(5), 0)
            status, _, errors = recorder.hmi("stop")
            self.assertNotEqual(status, 0)
            self.assertNotEqual(errors, "")


class Killed(unittest.TestCase):
    def test_sigkill_leaves_a_gap_and_the_last_values(self):
        chance = random.Random(1)
        with Broker(max_queued=0) as broker, Recorder(broker) as recorder, Publisher(broker) as publisher:
            wait_live(recorder)
            load = Load(publisher, 1000)
            try:
                recorder.wait_value("SELECT count(*) > 100 FROM history", 1)
                time.sleep(chance.uniform(0, 0.2))  # any moment will do
                recorder.kill()
            finally:
                load.stop()
            before = int(recorder.value("SELECT max(ts) FROM history"))
            recorder.start()
            recorder.wait_value("SELECT count(*) FROM gap WHERE reason = 'recorder stopped'", 1)
            start, end = map(int, recorder.sql("SELECT ts_start, ts_end FROM gap WHERE reason = 'recorder stopped'")[0])
            self.assertLess(start, end)
            self.assertLess(abs(start - before), 2000000)
            recorder.wait_value("SELECT count(DISTINCT value) FROM history", load.last, 30)

    def test_values_of_before_are_initial_until_they_are_heard(self):
        with Broker() as broker, Recorder(broker) as recorder:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/a", "1.5")
            recorder.wait_value("SELECT count(*) FROM history", 1)
            recorder.kill()
            recorder.start()
            wait_live(recorder)
            with open_console(recorder) as console:
                console.wait_re(r"^\? plant/a +\(1.5\).*init")
                mosquitto_pub(broker, "plant/a", "2.5")
                console.wait_re(r"^  plant/a +2.5 .*good")


class OnlyOne(unittest.TestCase):
    def test_a_second_recorder_is_refused_and_harms_nothing(self):
        with Broker() as broker, Recorder(broker) as recorder:
            wait_live(recorder)
            status, _, errors = recorder.hmi("record")
            self.assertEqual(status, 75)
            self.assertIn(f"another recorder (process {recorder.process.pid}) already records", errors)
            mosquitto_pub(broker, "plant/a", "1")
            recorder.wait_value("SELECT count(*) FROM history", 1)
            self.assertEqual(health(recorder)[0], 0)
            self.assertEqual(health(recorder)[1]["status"]["connects"], 1)


class Reload(unittest.TestCase):
    def rewrite(self, recorder, change):
        with open(recorder.config_path, encoding="utf-8") as file:
            text = file.read()
        with open(recorder.config_path, "w", encoding="utf-8") as file:
            file.write(change(text))

    def test_a_good_change_applies(self):
        with Broker() as broker, Recorder(broker) as recorder, open_console(recorder) as console:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/boiler/t", "80")
            mosquitto_pub(broker, "other/kept", "5", "-r")
            console.wait_re(row("plant/boiler/t", "80", "good"))
            self.rewrite(recorder, lambda text: text.replace("subscribe = (", 'subscribe = ( { filter = "other/#"; },') +
                         'tags = ( { name = "boiler.temp"; topic = "plant/boiler/t"; unit = "degC"; decimals = 2; } );')
            recorder.process.send_signal(signal.SIGHUP)
            console.wait_re(row("boiler.temp", "80.00", "degC"))
            console.wait_re(row("other/kept", "5"))
            self.assertNotRegex(console.text(), r"plant/boiler/t +\(?80")
            mosquitto_pub(broker, "plant/boiler/t", "81")
            console.wait_re(row("boiler.temp", "81.00", "degC", "good"))
            recorder.wait_value("SELECT count(*) FROM history WHERE tag = 'boiler.temp'", 2)
            self.assertEqual(recorder.sql("SELECT tag, value FROM history ORDER BY ts LIMIT 1"), [["boiler.temp", "80.0"]])
            self.assertEqual(recorder.value("SELECT unit FROM latest WHERE tag = 'boiler.temp'"), "degC")
            self.assertEqual(recorder.value("SELECT quality FROM latest WHERE tag = 'other/kept'"), str(0x40000000))
            self.assertEqual(health(recorder)[1]["status"]["connects"], 1)
            self.assertEqual(recorder.value("SELECT count(*) FROM gap"), "0")

    def test_hmi_reload_says_what_it_did(self):
        with Broker() as broker, Recorder(broker) as recorder:
            wait_live(recorder)
            self.assertEqual(recorder.hmi("reload")[0], 0)
            with open(recorder.config_path, encoding="utf-8") as file:
                good = file.read()
            self.rewrite(recorder, lambda text: text + "max_tagz = 5;\n")
            status, output, errors = recorder.hmi("reload")
            self.assertEqual(status, 78)
            self.assertIn("max_tagz", output + errors)
            self.rewrite(recorder, lambda text: good + 'max_tags = 500;\ntags = ( { name = "new"; topic = "plant/new"; } );\n')
            recorder.process.send_signal(signal.SIGHUP)
            recorder.wait_value("SELECT count(*) FROM journal WHERE kind = 'config'", 3)
            rows = recorder.sql("SELECT event, operator, station, detail FROM journal WHERE kind = 'config' ORDER BY id")
            user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
            self.assertEqual([row[:2] for row in rows], [["reloaded", user], ["not reloaded", user], ["reloaded", ""]])
            self.assertTrue(rows[0][3].endswith("hmi.cfg: nothing"), rows[0])
            self.assertIn("max_tagz", rows[1][3])
            self.assertEqual(rows[2][2], f"SIGHUP of process {os.getpid()}, uid {os.getuid()}")
            self.assertTrue(rows[2][3].endswith("hmi.cfg: max_tags; tags: 1 new (new)"), rows[2])

    def test_a_bad_file_changes_nothing_and_says_so(self):
        with Broker() as broker, Recorder(broker) as recorder, open_console(recorder) as console:
            wait_live(recorder)
            good = {}

            def spoil(text):
                good["text"] = text
                return text.replace('"plant/#"', '"other/#"') + 'tags = ( { name = "a"; topic = "plant/#"; } );'

            self.rewrite(recorder, spoil)
            recorder.process.send_signal(signal.SIGHUP)
            recorder.wait_log("the new configuration is not taken: nothing was changed")
            self.assertIn('hmi.cfg:6: tag "a": topic "plant/#": a topic has no wildcards', recorder.log())
            console.key("F9")
            console.wait("the new configuration was not taken")
            console.wait("cure: hmi check names every fault")
            console.key("F2")
            mosquitto_pub(broker, "plant/a", "1")
            mosquitto_pub(broker, "other/a", "1")
            console.wait_re(row("plant/a", "1", "good"))
            self.assertNotIn("other/a", console.text())
            self.rewrite(recorder, lambda text: good["text"])
            wait_fault(recorder, "the new configuration was not taken")
            self.assertEqual(health(recorder)[0], 1)
            self.assertNotIn("other/a", tags(recorder))
            recorder.process.send_signal(signal.SIGHUP)
            wait_health(recorder, lambda status: not status["warnings"], "the warning gone")

    def check_within_reach(self, recorder, broker, faults, state):
        notice = f"the configuration has faults ({faults}): run hmi check"
        status, output, errors = recorder.hmi("status", "--json")
        self.assertEqual((status, errors), (state, f"hmi: {notice}\n"))
        self.assertEqual(json.loads(output)["recorder"]["pid"], recorder.process.pid)
        status, output, errors = recorder.hmi("tags", "--json")
        self.assertEqual((status, errors), (0, f"hmi: {notice}\n"))
        self.assertEqual([tag["tag"] for tag in json.loads(output)], ["plant/a"])
        status, _, errors = recorder.hmi("reload")
        self.assertNotEqual(status, 0)
        self.assertIn("hmi.cfg:", errors)
        with open_console(recorder) as console:
            console.wait(notice)
            mosquitto_pub(broker, "plant/a", str(faults + 10))
            console.wait_re(row("plant/a", str(faults + 10), "good"))

    def test_it_is_within_reach_while_its_file_is_faulty(self):
        with Broker() as broker, Recorder(broker) as recorder:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/a", "1")
            recorder.wait_value("SELECT count(*) FROM history", 1)
            with open(recorder.config_path, encoding="utf-8") as file:
                good = file.read()
            self.rewrite(recorder, lambda text: text + "max_tagz = 5;\nmax_tags = -1;\n")
            self.check_within_reach(recorder, broker, 2, 0)
            self.rewrite(recorder, lambda text: '"' + good)  # not a word of it can be read
            self.check_within_reach(recorder, broker, 1, 1)  # the reload is a warning now
            self.rewrite(recorder, lambda text: good.replace("history.db", "other.db"))  # not reloaded yet
            self.assertEqual(health(recorder)[1]["recorder"]["pid"], recorder.process.pid)
            self.rewrite(recorder, lambda text: "broker = ")
            status, output, errors = recorder.hmi("stop")
            self.assertEqual((status, errors), (0, "hmi: the configuration has faults (1): run hmi check\n"))
            self.assertEqual(recorder.process.wait(5), 0)
            self.assertEqual(os.listdir(os.path.join(recorder.folder, "hmi")), [])
            self.assertEqual(recorder.sql("SELECT kind, operator, detail FROM journal WHERE event = 'stopped'"),
                             [["config", getpass.getuser(), "hmi stop"]])
            self.assertNotEqual(recorder.hmi("stop")[0], 0)

    def test_another_broker(self):
        with Broker() as one, Broker() as two, Recorder(one) as recorder:
            wait_live(recorder)
            self.rewrite(recorder, lambda text: text.replace(f"port = {one.port}", f"port = {two.port}"))
            recorder.process.send_signal(signal.SIGHUP)
            wait_health(recorder, lambda status: status["connects"] == 2 and status["link"] == "up", "the other broker")
            mosquitto_pub(two, "plant/a", "2")
            recorder.wait_value("SELECT value FROM history", "2.0")


if __name__ == "__main__":
    unittest.main()
