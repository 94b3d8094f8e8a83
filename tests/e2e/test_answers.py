"""What devices answer on the response topic of MQTT 5: shown and journaled as words, never taken for what happened; what
answers no command is counted and dropped."""

import unittest

from broker import Broker
from device import Device
from handmade import Handmade
from publisher import mosquitto_pub
from recorder import Recorder, wait_until
from scene import health, open_console, tags, wait_live

TAGS = """
tags = (
  { name = "sp"; topic = "plant/sp"; kind = "analog"; range = [ 20, 110 ]; unit = "°C"; decimals = 1;
    setpoint = { topic = "cmd/sp"; readback = "sp"; tolerance = 0.1; timeout = 2; }; },
  { name = "valve"; topic = "plant/valve"; kind = "analog"; range = [ 0, 100 ];
    setpoint = { topic = "cmd/valve"; timeout = 3; }; },
  { name = "kept"; topic = "plant/kept"; kind = "analog"; range = [ 0, 100 ];
    setpoint = { topic = "cmd/kept"; timeout = 3; retain = true; }; }
);
"""


def own(payload):
    """An answer as a good device gives it."""
    return lambda message: [(payload, message.properties.CorrelationData)]


class Answers(unittest.TestCase):
    def start(self, subscribe='{ filter = "plant/#"; qos = 1; }', broker_more="", **device):
        broker = self.keep(Broker(persistence=True))
        recorder = self.keep(Recorder(broker, subscribe=subscribe, broker_more=broker_more, config=TAGS))
        topics = {"cmd/sp": "plant/sp", "cmd/valve": None, "cmd/kept": None}
        self.device = self.keep(Device(broker, topics, **device))
        wait_live(recorder)
        mosquitto_pub(broker, "plant/sp", "40", "-q", "1")
        recorder.wait_value("SELECT value FROM latest WHERE tag = 'sp'", "40.0")
        return broker, recorder

    def keep(self, thing):
        thing.__enter__()
        self.addCleanup(thing.__exit__, None, None, None)
        return thing

    def set(self, recorder, tag, value):
        return recorder.hmi("set", tag, value, "--yes")

    def wait_stray(self, recorder, count):
        wait_until(lambda: health(recorder)[1]["status"]["stray_answers"] == count, 10, f"{count} stray answers")

    def test_an_answer_is_shown_and_journaled(self):
        broker, recorder = self.start(respond=own('{"result": "accepted"}'))
        status, text, errors = self.set(recorder, "sp", "50")
        self.assertEqual(status, 0, text + errors)
        self.assertIn('the device answers: {"result": "accepted"}', text)
        topic = self.device.properties[0].ResponseTopic
        client = health(recorder)[1]["status"]["client_id"]
        self.assertRegex(topic, f"^hmi/{client}/answer/[0-9a-f]{{16}}$")
        recorder.wait_value("SELECT detail FROM journal WHERE event = 'answered'", 'command 1: {"result": "accepted"}')
        with open_console(recorder) as console:
            console.wait("sp")
            console.key("/")
            console.type("sp")
            console.key("Enter", "e")
            console.wait("Set sp")
            console.type("51")
            console.key("Enter")
            console.wait_re("y sends it +n")
            console.key("y")
            console.wait("device answered")
            console.wait("done")
        # The same topic after a restart: nothing is left behind in the broker's session.
        recorder.stop()
        recorder.start()
        wait_live(recorder)
        mosquitto_pub(broker, "plant/sp", "51.5", "-q", "1")
        recorder.wait_value("SELECT value FROM latest WHERE tag = 'sp'", "51.5")
        self.assertEqual(self.set(recorder, "sp", "52")[0], 0)
        self.assertEqual(self.device.properties[-1].ResponseTopic, topic)

    def test_an_answer_is_never_the_outcome(self):
        _, recorder = self.start(answer=lambda payload: None, respond=own("done, all is well"))
        status, text, _ = self.set(recorder, "sp", "50")
        self.assertEqual(status, 75, text)
        self.assertIn("the device answers: done, all is well", text)
        recorder.wait_value("SELECT outcome FROM commands", "timed out")

    def test_an_answer_after_the_end_is_journaled(self):
        _, recorder = self.start()
        self.assertEqual(self.set(recorder, "valve", "5")[0], 0)
        recorder.wait_value("SELECT outcome FROM commands", "unverified")
        self.device.respond_to(0, "moving")
        recorder.wait_value("SELECT detail FROM journal WHERE event = 'answered'", "command 1: moving")
        self.assertEqual(recorder.value("SELECT outcome FROM commands"), "unverified")

    def test_what_answers_no_command_is_counted_and_dropped(self):
        _, recorder = self.start()
        self.assertEqual(self.set(recorder, "valve", "5")[0], 0)
        topic, known = self.device.properties[0].ResponseTopic, self.device.properties[0].CorrelationData
        forged = [b"hmi-1", b"hmi-2-0123456789abcdef", b"hmi-1-0000000000000000", known + b"\0", b"x" * 60000, b"hmi-"]
        for correlation in forged:
            self.device.respond_to(0, "forged", correlation)
        self.device.report(topic, "without any")
        self.wait_stray(recorder, len(forged) + 1)
        # Enough is enough, also of the right ones: four of one command.
        for number in range(10):
            self.device.respond_to(0, f"again {number}")
        self.wait_stray(recorder, len(forged) + 1 + 6)
        recorder.wait_value("SELECT count(*) FROM journal WHERE event = 'answered'", 4)
        self.assertNotIn("forged", str(recorder.sql("SELECT detail FROM journal")))

    def test_a_subscription_to_everything_makes_no_tag_of_answers_and_takes_none_twice(self):
        _, recorder = self.start(subscribe='{ filter = "#"; qos = 1; }', respond=own("accepted"))
        self.assertEqual(self.set(recorder, "sp", "50")[0], 0)
        self.assertEqual(self.set(recorder, "sp", "51")[0], 0)
        recorder.wait_value("SELECT count(*) FROM journal WHERE event = 'answered'", 2)
        self.assertEqual([name for name in tags(recorder) if "answer" in name], [])

    def test_a_retained_answer_counts_for_nothing(self):
        broker, recorder = self.start()
        self.assertEqual(self.set(recorder, "valve", "5")[0], 0)
        self.device._respond(self.device.properties[0].ResponseTopic, "kept",
                             self.device.properties[0].CorrelationData, retain=True).wait_for_publish(10)
        recorder.wait_value("SELECT count(*) FROM journal WHERE event = 'answered'", 1)  # it came live
        recorder.stop()
        recorder.start()  # with the broker's session kept there is no new subscription: reload makes one
        wait_live(recorder)
        before = health(recorder)[1]["status"]["stray_answers"]
        self.assertEqual(recorder.hmi("reload")[0], 0)
        wait_until(lambda: health(recorder)[1]["status"]["stray_answers"] > before, 10, "the retained one")
        self.assertEqual(recorder.value("SELECT count(*) FROM journal WHERE event = 'answered'"), "1")

    def test_escape_sequences_and_long_answers_are_made_safe(self):
        evil = b"\x1b]0;owned\x07\x1b[2J\xc2\x9b31m\xe2\x80\xae" + b"A" * 100000 + b"\xff"
        _, recorder = self.start(respond=own(evil))
        status, text, errors = self.set(recorder, "sp", "50")
        self.assertEqual(status, 0, text + errors)
        line = next(line for line in text.splitlines() if "device answers" in line)
        self.assertLess(len(line.encode()), 300)
        self.assertTrue(line.endswith(" ..."), line)
        recorder.wait_value("SELECT count(*) FROM journal WHERE event = 'answered'", 1)
        stored = recorder.value("SELECT detail FROM journal WHERE event = 'answered'")
        for shown in (text, stored):
            self.assertFalse([c for c in shown if ord(c) < 32 and c != "\n" or 0x7F <= ord(c) < 0xA0 or c == "\u202e"])

    def test_another_ones_command_with_our_number_is_still_foreign(self):
        """Correlation data that only looks like ours does not hide a message on a setpoint's topic."""
        _, recorder = self.start(subscribe='{ filter = "#"; qos = 1; }')
        self.assertEqual(self.set(recorder, "valve", "5")[0], 0)
        self.device._respond("cmd/valve", "99", b"hmi-1").wait_for_publish(10)
        recorder.wait_value("SELECT detail FROM journal WHERE kind = 'foreign'", "payload 99")

    def test_retain_is_as_the_tag_says(self):
        broker, recorder = self.start()
        self.assertEqual(self.set(recorder, "valve", "5")[0], 0)
        self.assertEqual(self.set(recorder, "kept", "6")[0], 0)
        late = self.keep(Device(broker, {"cmd/valve": None, "cmd/kept": None}))
        wait_until(lambda: late.received, 10, "the retained setpoint")
        self.assertEqual(late.received, [("cmd/kept", "6")])

    def test_mqtt_3_1_1_has_no_answers(self):
        _, recorder = self.start(broker_more='protocol = "3.1.1";')
        self.assertEqual(self.set(recorder, "sp", "50")[0], 0)
        self.assertFalse(hasattr(self.device.properties[0], "ResponseTopic"))

    def test_a_recorder_without_setpoints_subscribes_to_no_answers(self):
        with Handmade() as broker, Recorder(broker) as recorder:
            wait_live(recorder)
            self.assertEqual(broker.subscribes, 1)
        with Handmade() as broker, Recorder(broker, config=TAGS) as recorder:
            wait_live(recorder)
            self.assertEqual(broker.subscribes, 2)


if __name__ == "__main__":
    unittest.main()
