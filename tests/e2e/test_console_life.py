"""The console's life beside the recorder: it starts one, outlives it, is killed, cut off, asked before it leaves."""

import os
import signal
import time
import unittest

from broker import Broker
from console import Console, hmi_path
from publisher import Publisher, mosquitto_pub
from recorder import Recorder, wait_until
from scene import console_environment, health, open_console, row, wait_health, wait_live


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Starts(unittest.TestCase):
    """Recorders that a console starts are no children of the test: each is ended by its process id."""

    def setUp(self):
        self.broker = Broker()
        self.addCleanup(self.broker.close)
        self.recorder = Recorder(self.broker, start=False)
        self.addCleanup(self.recorder.close)
        self.pids = set()
        self.addCleanup(self.end_all)

    def end_all(self):
        for pid in self.pids:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)

    def attach(self):
        console = open_console(self.recorder)
        self.addCleanup(console.close)
        console.wait("● broker")
        pid = health(self.recorder)[1]["recorder"]["pid"]
        self.pids.add(pid)
        return console, pid

    def check_still_records(self, pid, value):
        self.assertTrue(is_alive(pid))
        mosquitto_pub(self.broker, "plant/a", str(value))
        self.recorder.wait_value("SELECT value FROM latest", f"{value}.0")

    def test_a_recorder_is_started_and_survives_the_console(self):
        console, pid = self.attach()
        self.assertEqual(os.getsid(pid), pid)
        self.check_still_records(pid, 1)
        console.wait_re(row("plant/a", "1", "good"))
        console.signal("KILL")
        self.assertEqual(console.wait_end(), -signal.SIGKILL)
        self.check_still_records(pid, 2)
        console, again = self.attach()
        self.assertEqual(again, pid)
        console.hangup()
        console.wait_end(5)
        self.check_still_records(pid, 3)
        console, again = self.attach()
        self.assertEqual(again, pid)
        console.signal("TERM")
        self.assertEqual(console.wait_end(5), 0)
        self.check_still_records(pid, 4)

    def test_quitting_the_last_console_asks(self):
        console, pid = self.attach()
        other, _ = self.attach()
        other.key("q")
        other.wait("The recorder goes on without this console.")  # not the last one
        other.key("y")
        self.assertEqual(other.wait_end(5), 0)
        wait_health(self.recorder, lambda status: status["consoles"] == 1, "one console")
        console.key("F10")
        console.wait("This is the last console.")
        console.key("Escape")
        console.wait_gone("Shall the recorder")
        console.key("q", "y")
        self.assertEqual(console.wait_end(5), 0)
        self.check_still_records(pid, 5)
        console, _ = self.attach()
        console.key("q")
        console.wait("leave, stop recording")
        console.key("s")
        self.assertEqual(console.wait_end(10), 0)
        wait_until(lambda: not is_alive(pid), 5, "the recorder's end")
        self.assertEqual(self.recorder.hmi("status")[0], 2)

    def test_a_recorder_that_cannot_start_is_explained(self):
        with open(self.recorder.config_path, "a", encoding="utf-8") as file:
            file.write('broker_ = 1;\n')
        with open_console(self.recorder) as console:
            console.wait("broker_")
            self.assertEqual(console.wait_end(), 78)


class Attached(unittest.TestCase):
    def test_a_recorder_that_is_killed_is_missed_at_once_and_found_again(self):
        with Broker() as broker, Recorder(broker) as recorder, open_console(recorder) as console:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/a", "1")
            console.wait_re(row("plant/a", "1", "good"))
            recorder.kill()
            killed = time.monotonic()
            console.wait("NO RECORDER since", 5)
            self.assertLess(time.monotonic() - killed, 2)
            console.wait_re(r"^\? plant/a +\(1\).*lost")
            self.assertNotIn("● rec", console.text())
            self.assertIsNone(console.exit_status())
            recorder.start()
            console.wait_gone("NO RECORDER", 10)
            wait_live(recorder)
            mosquitto_pub(broker, "plant/a", "2")
            console.wait_re(r"^  plant/a +2 .*good")
            recorder.stop()
            console.wait("NO RECORDER since", 5)

    def test_a_recorder_that_hangs_is_noticed(self):
        """Stopped, it keeps its socket open: nothing but its silence tells."""
        with Broker() as broker, Recorder(broker) as recorder, open_console(recorder) as console:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/a", "1")
            console.wait_re(row("plant/a", "1", "good"))
            recorder.process.send_signal(signal.SIGSTOP)
            console.wait("NO RECORDER since", 10)
            console.wait_re(r"^\? plant/a +\(1\).*lost")
            recorder.process.send_signal(signal.SIGCONT)
            console.wait_gone("NO RECORDER", 15)
            console.wait_re(r"plant/a +\(?1\)?")

    def test_a_console_that_does_not_read_is_cut_off_and_holds_nobody_up(self):
        with Broker() as broker, Recorder(broker) as recorder, Publisher(broker) as publisher, \
                open_console(recorder) as frozen, open_console(recorder) as other:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/first", "1")
            frozen.wait("plant/first")
            other.wait("plant/first")
            frozen.signal("STOP")
            number = 0

            def flood():
                nonlocal number
                for tag in range(200):
                    number += 1
                    publisher.number(f"plant/t{tag:03}", number, 0)
                return health(recorder)[1]["status"]["consoles_cut"] > 0

            try:
                wait_until(flood, 60, "the console cut off")
                mosquitto_pub(broker, "plant/first", "2")
                other.wait_re(row("plant/first", "2", "good"), 5)
                self.assertIn("cut off: it does not read", recorder.log())
                self.assertEqual(health(recorder)[1]["status"]["consoles"], 1)
            finally:
                frozen.signal("CONT")
            frozen.wait_re(row("plant/first", "2", "good"), 15)  # attached anew, with everything as it is now
            wait_health(recorder, lambda status: status["consoles"] == 2, "both consoles")
            frozen.wait_gone("NO RECORDER")
            publisher.publish("plant/t199", "1000000", 1)
            recorder.wait_value("SELECT count(DISTINCT value) FROM history WHERE tag LIKE 'plant/t%'", number + 1, 30)

    def test_two_consoles_see_the_same(self):
        with Broker() as broker, Recorder(broker) as recorder, open_console(recorder, rows=43) as one, \
                Console([hmi_path(), "-c", recorder.config_path], cols=80, rows=24,
                        env=console_environment(recorder)) as two:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/a", "17.25")
            one.wait_re(row("plant/a", "17.25", "good"))
            two.wait_re(row("plant/a", "17.25", "good"))
            one.key("F9")
            one.wait_re(row("consoles", "2"))


if __name__ == "__main__":
    unittest.main()
