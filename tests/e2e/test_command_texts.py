"""What stands in setpoints and what comes back: numbers with a point whatever the locale, escape sequences of a hostile device
that reach no terminal."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

from broker import Broker
from console import Console, hmi_path
from device import Device
from publisher import mosquitto_pub
from recorder import Recorder
from scene import console_environment, open_console, wait_live

TAGS = """
tags = (
  { name = "sp"; topic = "plant/sp"; kind = "analog"; range = [ 20, 110 ]; unit = "°C"; decimals = 1; scale = [ 0.1, 0 ];
    setpoint = { topic = "cmd/sp"; payload = "{ \\"v\\": {value}, \\"raw\\": {raw}, \\"by\\": \\"{operator}\\", \\"ts\\": {ts} }";
                 readback = "sp"; tolerance = 0.1; timeout = 2; }; },
  { name = "switch"; topic = "plant/switch"; states = ( (0, "OFF"), (1, "ON"), (5, "AUTO") );
    setpoint = { topic = "cmd/switch"; payload = "{text}"; readback = "switch"; timeout = 2; }; },
  { name = "text"; topic = "plant/text"; kind = "text"; setpoint = { topic = "cmd/text"; readback = "text"; timeout = 2; }; }
);
"""
EVIL = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x9b1m\u202egnp.exe\x00\x0d\x0a\x1bP1$r\x1b\\end"


class Plant(unittest.TestCase):
    def keep(self, thing):
        thing.__enter__()
        self.addCleanup(thing.__exit__, None, None, None)
        return thing

    def start(self, recorder=Recorder, **device):
        self.broker = self.keep(Broker())
        self.recorder = self.keep(recorder(self.broker, config=TAGS))
        wait_live(self.recorder)
        self.device = self.keep(Device(self.broker, {"cmd/sp": "plant/sp", "cmd/text": "plant/text",
                                                     "cmd/switch": "plant/switch"}, **device))
        mosquitto_pub(self.broker, "plant/sp", "400", "-q", "1")
        self.recorder.wait_value("SELECT value FROM latest WHERE tag = 'sp'", "40.0")


class Words(Plant):
    def test_a_device_that_speaks_words_is_told_the_states_and_understood_in_any_case(self):
        self.start(answer=lambda payload: payload.lower())
        status, text, errors = self.recorder.hmi("set", "switch", "on", "--yes")
        self.assertEqual(status, 0, text + errors)
        self.assertIn("(nothing) -> ON", text)
        status, text, errors = self.recorder.hmi("set", "switch", "5", "--yes")
        self.assertEqual(status, 0, text + errors)
        self.assertEqual(self.device.payloads(), ["ON", "AUTO"])
        self.assertEqual(self.recorder.sql("SELECT new, readback, outcome FROM commands ORDER BY id"),
                         [["1.0", "1.0", "done"], ["5.0", "5.0", "done"]])
        # Between two states there is no word for it.
        status, _, errors = self.recorder.hmi("set", "switch", "2", "--yes")
        self.assertEqual(status, 65, errors)
        self.assertIn("switch takes one of its states; 2 is none", errors)


class Locale(Plant):
    """German: a comma where C has a point. Made in a folder of the test's own, since machines without it are common."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="hmi-locale-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.german = {"LOCPATH": cls.folder, "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}
        if not shutil.which("localedef"):
            raise unittest.SkipTest("localedef is not installed (package libc-bin)")
        subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", os.path.join(cls.folder, "de_DE.UTF-8")],
                       capture_output=True, timeout=60, check=False)  # it warns, with status 1
        printed = subprocess.run(["/usr/bin/printf", "%.1f", "1,5"], capture_output=True, text=True, check=False,
                                 env={**os.environ, **cls.german}).stdout
        if printed != "1,5":
            raise unittest.SkipTest("the German locale cannot be made (package locales)")

    def start_german(self):
        german = self.german

        class GermanRecorder(Recorder):
            def environment(self):
                return dict(super().environment(), **german)

        self.start(GermanRecorder, answer=lambda payload: str(json.loads(payload)["raw"]))

    def check_payload(self, payload, value):
        sent = json.loads(payload)
        self.assertEqual((sent["v"], sent["raw"]), (value, round(value * 10)))
        self.assertIn(f'"v": {value}', payload)

    def test_payloads_have_points(self):
        self.start_german()
        status, text, errors = self.recorder.hmi("set", "sp", "42.5", "--yes")
        self.assertEqual(status, 0, text + errors)
        self.assertIn("40.0 -> 42.5 °C", text)
        self.check_payload(self.device.payloads()[0], 42.5)
        status, text, errors = self.recorder.hmi("set", "sp", "43,5", "--yes")
        self.assertEqual(status, 64, text + errors)
        self.assertIn("numbers have a point, not a comma", errors)
        self.recorder.wait_value("SELECT new FROM commands", "42.5")
        self.assertEqual(len(self.device.received), 1)

    def test_the_console_takes_a_point_and_says_what_to_do_with_a_comma(self):
        self.start_german()
        console = self.keep(Console([hmi_path(), "-c", self.recorder.config_path], locale="de_DE.UTF-8",
                                    env={**console_environment(self.recorder), **self.german}))
        console.wait("40.0")
        console.key("Home", "e")
        console.wait("Set sp")
        console.type("42,5")
        console.key("Enter")
        console.wait("a number with a point, not a comma")
        console.key("Backspace", "Backspace")
        console.type(".5")
        console.key("Enter")
        console.wait("40.0 -> 42.5 °C")
        console.wait("y sends it      n")
        console.key("y")
        self.recorder.wait_value("SELECT outcome FROM commands", "done")
        self.check_payload(self.device.payloads()[0], 42.5)


class Escapes(Plant):
    def check_safe(self, text):
        self.assertFalse([c for c in text if ord(c) < 32 and c != "\n" or 0x7F <= ord(c) < 0xA0 or c == "\u202e"], text)

    def test_a_readback_with_escape_sequences(self):
        self.start(answer=lambda payload: EVIL.replace("\0", ""))  # with a NUL it were no text
        status, text, errors = self.recorder.hmi("set", "text", "hello", "--yes")
        self.assertEqual(status, 76, text + errors)
        self.assertIn("the readback text says", text)
        self.check_safe(text + errors)
        with open_console(self.recorder) as console:
            console.wait("text")
            console.key("End", "e")
            console.wait("Set text")
            console.type("again")
            console.key("Enter")
            console.wait("y sends it      n")
            console.key("y")
            console.wait("mismatch")
            console.key("Escape")
            console.key("F7")
            console.quiet()
            console.scan()
        self.recorder.wait_value("SELECT count(*) FROM commands WHERE outcome = 'mismatch'", 2)

    def test_an_answer_with_escape_sequences_on_the_screen(self):
        self.start(respond=lambda message: [(EVIL, message.properties.CorrelationData)])
        with open_console(self.recorder) as console:
            console.wait("text")
            console.key("End", "e")
            console.wait("Set text")
            console.type("hello")
            console.key("Enter")
            console.wait("y sends it      n")
            console.key("y")
            console.wait("device answered")
            console.wait("gnp.exe")
            console.wait("done")
            console.scan()
        self.recorder.wait_value("SELECT count(*) FROM journal WHERE event = 'answered'", 1)
        self.check_safe(self.recorder.value("SELECT detail FROM journal WHERE event = 'answered'"))

    def test_a_text_with_escape_sequences_is_not_sent(self):
        self.start()
        status, _, errors = self.recorder.hmi("set", "text", "x\x1b[2J", "--yes")
        self.assertEqual(status, 65, errors)
        self.assertIn("without control characters", errors)
        status, text, errors = self.recorder.hmi("set", "sp", "50", "--yes", "--reason", "x\x1b[2J\u202e")
        self.recorder.wait_value("SELECT count(*) FROM commands WHERE outcome <> 'refused'", 1)
        self.check_safe(self.recorder.value("SELECT reason FROM commands WHERE outcome <> 'refused'"))
        self.assertEqual([topic for topic, _ in self.device.received], ["cmd/sp"])


if __name__ == "__main__":
    unittest.main()
