"""Hostile plants: nothing but printable text reaches a terminal, whatever topics and payloads hold."""

import json
import os
import re
import tempfile
import unicodedata
import unittest

import paho.mqtt.client as paho

from broker import Broker
from publisher import Publisher
from recorder import Recorder
from scene import health, open_console, row, tags, wait_live

TEXTS = {
    "escape": "\x1b]0;owned\x07\x1b[31mred\x1b[2J\x1b[?1049h",
    "c1": "a\u009b31mb\u009d0;owned\u009cc",
    "bidi": "abc\u202edcba\u2066x\u2069\u200f",
    "controls": "a\rb\nc\td\be\x7ff\x0eg",
    "wide": "\u5bc6\u7801\U0001f525e\u0301\u0301\u0301",
    "invisible": "zero\u200bwidth\ufeff\u2028line",
}
BYTES = {
    "latin1": b"caf\xe9 \x9b31m",
    "overlong": b"\xc0\x9b31m\xe0\x80\x9b",
    "surrogate": b"\xed\xa0\x80\xed\xb0\x80",
    "cut": b"abc\xf0\x9f\x94",
    "binary": bytes(range(256)),
}
TOPICS = ("plant/\u202egnp.exe", "plant/long" + "x" * 3000, "plant/" + "/".join("d" * 60), "plant/sp ace \u2603",
          "plant/\u5bc6\u7801/\U0001f525")
END_OF_FRAME = b"\x1b(B\x1b[m"  # attributes off, as ncurses leaves a finished picture
JSON_NAMES = {"\x1b[31mname": 1, "\u202eback": 2, "a.b[0]": 3, "": 4, "text": "\x1b]52;c;AAAA\x07"}


def unsafe_characters(text):
    """What no line of a command may hold: controls but the line feed, format characters, half surrogates."""
    return {repr(character) for character in text
            if character != "\n" and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")}


class Hostile(unittest.TestCase):
    def publish_all(self, publisher):
        for name, text in TEXTS.items():
            publisher.publish(f"plant/{name}", text.encode("utf-8", "surrogatepass"), 1)
            publisher.publish(f"plant/json/{name}", json.dumps({"v": text}), 1)
        for name, data in BYTES.items():
            publisher.publish(f"plant/bytes/{name}", data, 1)
        for topic in TOPICS:
            publisher.publish(topic, "1", 1)
        publisher.publish("plant/names", json.dumps(JSON_NAMES), 1)
        publisher.publish("plant/long", "y" * 200000, 1)
        publisher.publish("plant/deep", "[" * 5000, 1)
        publisher.publish("plant/last", "1", 1)

    def check_commands(self, recorder):
        for command in (["tags"], ["tags", "--json"], ["status"], ["status", "--json"]):
            _, output, errors = recorder.hmi(*command)
            self.assertTrue(output)
            unsafe = unsafe_characters(output.replace("\t", " ") if "--json" in command else output)
            self.assertEqual((command, unsafe, errors), (command, set(), ""))
        self.assertEqual(unsafe_characters(recorder.log()), set())

    def walk(self, console):
        """Every screen, every tag's faceplate, filter and tree."""
        for keys in (["End"], ["Home"], ["F9"], ["PageDown"], ["PageDown"], ["F1"], ["F2"], ["g"], ["g"], ["s"]):
            console.key(*keys)
            console.quiet(0.1)
        for _ in range(8):
            console.key("Enter")
            console.quiet(0.1)
            console.key("Escape")
            console.key("PageDown")
        console.key("/")
        console.type("plant/json")
        console.quiet(0.1)
        console.key("Escape")

    def test_nothing_unprintable_reaches_a_terminal(self):
        with Broker(config="max_packet_size 1000000") as broker, Recorder(broker) as recorder:
            with open_console(recorder) as console, open_console(recorder, locale="C", term="vt100") as plain, \
                    Publisher(broker) as publisher:
                wait_live(recorder)
                self.publish_all(publisher)
                console.wait_re(row("plant/last", "1", "good"))
                for one in (console, plain):
                    self.walk(one)
                    one.scan()
                    self.assertIn(one.screen()["title"], (None, "", "hmi"))
                    self.assertIsNone(one.exit_status())
                self.check_raw(console)
            self.check_commands(recorder)
            status = health(recorder)[1]["status"]
            self.assertGreaterEqual(status["refused_payloads"], 4)
            self.assertGreaterEqual(status["truncated_texts"], 1)

    def check_raw(self, console):
        """The bytes that went over the line, by a second and simpler eye: no piece of a payload's sequences."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "raw")
            console.raw(path)
            with open(path, "rb") as file:
                data = file.read()
        data = data.replace(END_OF_FRAME + b"\x07", END_OF_FRAME)  # the console's own bell: payloads raise an alarm
        for piece in (b"\x1b]0;", b"\x1b]52", b"\x07", b"\x1b[31mred", b"\x1b[31mname"):
            self.assertNotIn(piece, data)
        text = data.decode("utf-8")  # strictly
        self.assertFalse(re.search("[\u0080-\u009f\u202a-\u202e\u2066-\u2069\u200e\u200f\u200b\ufeff\u2028]", text))

    def test_the_history_keeps_what_was_sent(self):
        with Broker() as broker, Recorder(broker) as recorder, Publisher(broker) as publisher:
            wait_live(recorder)
            publisher.publish("plant/bidi", TEXTS["bidi"], 1)
            publisher.publish("plant/wide", TEXTS["wide"], 1)
            recorder.wait_value("SELECT count(*) FROM history", 2)
            self.assertEqual(recorder.value("SELECT value FROM history WHERE tag = 'plant/bidi'"), TEXTS["bidi"])
            self.assertEqual(tags(recorder)["plant/wide"]["value"], TEXTS["wide"])
            self.assertNotEqual(tags(recorder)["plant/bidi"]["value"], TEXTS["bidi"])

    def test_the_broker_s_words_are_made_safe(self):
        """A refused topic in the log, the fault's text and the System screen."""
        with Broker() as broker, Recorder(broker) as recorder, open_console(recorder) as console, \
                Publisher(broker, protocol=paho.MQTTv5) as publisher:
            wait_live(recorder)
            publisher.publish("plant/\u202ebad", b"\xff\x1b[31m", 1)
            console.key("F9")
            console.wait("payloads cannot be used")
            console.key("End")
            console.wait("\\xff\\x1b[31m")
            console.scan()
            self.check_commands(recorder)


if __name__ == "__main__":
    unittest.main()
