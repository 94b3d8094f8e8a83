"""The Alarms screen with a real broker and recorder: what one operator does, the other sees; what a viewer may not; what
the journal tells of it."""

import getpass
import time
import unittest

from broker import Broker
from publisher import mosquitto_pub
from recorder import Recorder, wait_until
from scene import open_console, row, wait_live

COUNT = 8
SEEN_SECONDS = 0.7  # longer than an alarm has to be on the screen before a key means it
TAGS = "tags = (" + ",\n".join(
    f'{{ name = "t{i}"; topic = "plant/t{i}"; kind = "analog"; area = "area{i % 2}"; '
    f'alarms = ( {{ type = "hi"; limit = 90; priority = "high"; message = "Point {i} high"; }} ); }}'
    for i in range(COUNT)) + ");\n"


def raise_all(broker, recorder):
    for i in range(COUNT):
        mosquitto_pub(broker, f"plant/t{i}", "97.5", "-q", "1")
    recorder.wait_value("SELECT count(*) FROM alarms WHERE type = 'hi'", COUNT)


def open_alarms(recorder, **more):
    console = open_console(recorder, **more)
    console.wait("t0")
    console.key("F4")
    console.wait(f"Standing {COUNT}")
    return console


class TwoConsoles(unittest.TestCase):
    def test_what_one_acknowledges_the_other_sees(self):
        """Within 200 ms from the key; of several times the shortest counts, for other programs share the machine."""
        with Broker() as broker, Recorder(broker, config=TAGS) as recorder:
            wait_live(recorder)
            raise_all(broker, recorder)
            with open_alarms(recorder) as one, open_alarms(recorder) as two:
                time.sleep(SEEN_SECONDS)
                spans = []
                for i in reversed(range(COUNT)):  # the newest is the first row
                    start = time.monotonic()
                    one.key("a")
                    two.wait_re(row("acked", f"t{i}/hi"))
                    spans.append(time.monotonic() - start)
                    one.wait_re(row("acked", f"t{i}/hi"))
                    one.key("Down")
                self.assertLess(min(spans), 0.2, spans)
                one.wait("1 alarm acknowledged")
                self.assertEqual(recorder.value("SELECT count(*) FROM alarms WHERE state = 'acknowledged'"), str(COUNT))
                # One that comes again is unacknowledged on both, wherever their cursors are.
                mosquitto_pub(broker, "plant/t3", "50", "-q", "1")
                two.wait(f"Standing {COUNT - 1}")
                mosquitto_pub(broker, "plant/t3", "98", "-q", "1")
                for console in (one, two):
                    console.wait_re(row("UNACK", "t3/hi"))
                    console.scan()  # nothing but printable text and what a screen program needs


class Operations(unittest.TestCase):
    def test_shelved_told_and_shown_again(self):
        with Broker() as broker, Recorder(broker, config=TAGS) as recorder:
            wait_live(recorder)
            raise_all(broker, recorder)
            with open_alarms(recorder) as console:
                time.sleep(SEEN_SECONDS)
                console.key("Space")
                console.key("Space")
                console.wait("2 marked")
                console.key("z")
                console.wait("Shelve 2 alarms")
                console.wait("at most 8.0h")
                console.key("Tab", "Tab")
                console.type("sensor at the workshop")
                console.key("Enter")
                console.wait("2 alarms shelved for 30m")
                console.wait(f"Standing {COUNT - 2}")
                status, text, errors = recorder.hmi("alarms", "--all")
                self.assertEqual(status, 0, errors)
                shelved = [line for line in text.splitlines() if " shelved " in line]
                self.assertEqual(len(shelved), 2)
                for line in shelved:
                    self.assertRegex(line, rf"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d +{getpass.getuser()} +sensor at the workshop$")
                self.assertNotIn("UNTIL", recorder.hmi("alarms")[1])
                console.key("Tab")
                console.wait_re(row("shelved", f"t{COUNT - 1}/hi", "sensor at the workshop"))
                time.sleep(SEEN_SECONDS)
                console.key("u")
                console.wait("1 alarm unshelved")
                console.key("F6")
                console.wait_re(row("unshelved", f"t{COUNT - 1}/hi", getpass.getuser()))
                console.type("/operator:nobody")
                console.wait("No entry of the journal matches.")

    def test_out_of_service_and_back_from_the_withheld_ones(self):
        user = getpass.getuser()
        for role, refused in (("supervisor", False), ("operator", True)):
            access = f'access = {{ {role} = [ "{user}" ]; }};\n'
            with Broker() as broker, Recorder(broker, config=access + TAGS) as recorder:
                wait_live(recorder)
                raise_all(broker, recorder)
                with open_alarms(recorder, cols=200) as console:
                    time.sleep(SEEN_SECONDS)
                    console.key("o")
                    console.wait(f"Out of service: t{COUNT - 1}/hi")
                    console.type("drum is open")
                    console.key("Enter")
                    if refused:
                        console.wait(f'access = {{ supervisor = [ "{user}" ]; }};')
                        continue
                    console.wait("1 alarm taken out of service")
                    console.wait(f"Standing {COUNT - 1}")
                    console.key("Tab")
                    console.wait_re(row("out", f"t{COUNT - 1}/hi", "drum is open"))
                    time.sleep(SEEN_SECONDS)
                    console.key("u")
                    console.wait("1 alarm back in service")
                    self.assertEqual(recorder.sql("SELECT event, operator FROM journal WHERE event LIKE '% service' ORDER BY id"),
                                     [["out of service", user], ["in service", user]])

    def test_a_viewer_is_told_the_line_that_is_missing(self):
        user = getpass.getuser()
        with Broker() as broker, Recorder(broker, config=f'access = {{ viewer = [ "{user}" ]; }};\n{TAGS}') as recorder:
            wait_live(recorder)
            raise_all(broker, recorder)
            with open_alarms(recorder, cols=200) as console:
                time.sleep(SEEN_SECONDS)
                console.key("a")
                console.wait(f'access = {{ operator = [ "{user}" ]; }};')
                wait_until(lambda: recorder.value("SELECT count(*) FROM journal WHERE kind = 'refusal'") == "1", 10,
                           "the refusal in the journal")
                console.key("F6")
                console.wait_re(row("refused", user))
                self.assertEqual(recorder.value("SELECT count(*) FROM alarms WHERE state = 'acknowledged'"), "0")


if __name__ == "__main__":
    unittest.main()
