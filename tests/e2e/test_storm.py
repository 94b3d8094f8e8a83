"""Storms of random keys into a real console, mouse and pasted text among them: nothing leaves for the plant but by the key
that confirms a summary, after a pause. Counted at a device and in the view commands."""

import os
import random
import time
import unittest

from broker import Broker
from console import Console, ConsoleError, hmi_path
from device import Device
from publisher import mosquitto_pub
from recorder import Recorder
from scene import console_environment, wait_live

TAGS = """
tags = (
  { name = "a.sp"; topic = "plant/sp"; kind = "analog"; range = [ 0, 1000 ]; area = "a";
    setpoint = { topic = "cmd/sp"; readback = "a.sp"; timeout = 3; }; },
  { name = "b.pump"; topic = "plant/pump"; states = ( (0, "STOP"), (1, "START") ); area = "b";
    setpoint = { topic = "cmd/pump"; timeout = 3; }; },
  { name = "b.horn"; topic = "plant/horn"; states = ( (0, "OFF"), (1, "ON") ); area = "b";
    setpoint = { topic = "cmd/horn"; pulse = 1; timeout = 3; }; },
  { name = "c.text"; topic = "plant/text"; kind = "text"; area = "c"; setpoint = { topic = "cmd/text"; timeout = 3; }; },
  { name = "d.level"; topic = "plant/level"; kind = "analog"; range = [ 0, 10 ]; area = "d";
    alarms = ( { type = "hi"; limit = 5; priority = "high"; } ); }
);
"""
KEYS = 100000
CHUNK = 1500  # bytes written at once: the terminal takes them whole
CONFIRM = b"y"
SPECIAL = [b"\x1b", b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\x1b[H", b"\x1b[F", b"\x1b[5~", b"\x1b[6~", b"\x1b[Z",
           b"\x1b[2~", b"\x1b[3~", b"\x7f", b"\t", b"\r", b"\n", b"\x1bOP", b"\x1bOQ", b"\x1bOR", b"\x1bOS", b"\x1b[15~",
           b"\x1b[17~", b"\x1b[18~", b"\x1b[19~", b"\x1b[20~", b"\x1b[21~", b"\x1b[23~", b"\x1b[24~", b"\x1b[", b"\x1bO",
           "ü€😀".encode(), b"\xff", b"\xc3", b"\x00", b"\x0c", b"\x01", b"\x05", b"\x15", b"\x17"]
ROUTES = [b"e5\r", b"e42\r\r", b"e+\r", b"e\x1b[A\r", b"e\x1b[B\r\r", b"e1\r\x1b", b"/sp\r", b"/eey5\ry\r", b":set\r", b":e\r",
          b":edit\r", b"2\x1b[Fe7\r", b"2\x1b[He7\r\r\r", b"ie9\r", b"4e1\r", b"qn"]


class Storm:
    """Seeded keys; without the confirming one where `confirm` is false."""

    def __init__(self, seed, confirm):
        self._chance = random.Random(seed)
        self._confirm = confirm
        self.keys = 0

    def key(self):
        chance = self._chance.random()
        if chance < 0.06:
            token = self._chance.choice(ROUTES)
        elif chance < 0.10:
            row, column, button = self._chance.randint(1, 24), self._chance.randint(1, 80), self._chance.choice([0, 0, 0, 2, 64, 65])
            token = b"\x1b[<%d;%d;%dM\x1b[<%d;%d;%dm" % (button, column, row, button, column, row)
        elif chance < 0.12:
            pasted = bytes(self._chance.choice(b"e5y\r\ny/:q0123") for _ in range(self._chance.randint(1, 20)))
            token = b"\x1b[200~" + pasted + b"\x1b[201~"
        elif chance < 0.35:
            token = self._chance.choice(SPECIAL)
        else:
            token = bytes([self._chance.randint(0x20, 0x7E)])
        if not self._confirm:
            token = token.replace(CONFIRM, b"n")
        self.keys += 1
        return token

    def chunk(self):
        """Keys that are written at once. The confirming key does not come first: before it there may have been a pause, and
        after a pause it is what it is meant to be."""
        data = b""
        while len(data) < CHUNK:
            token = self.key()
            data += token if data or not token.startswith(CONFIRM) else b"n"
        return data


class Storms(unittest.TestCase):
    def setUp(self):
        self.broker = self.keep(Broker())
        self.recorder = self.keep(Recorder(self.broker, config=TAGS + self.access(), start=False))
        os.chmod(self.recorder.folder, 0o755)
        self.recorder.start()
        wait_live(self.recorder)
        self.device = self.keep(Device(self.broker, {f"cmd/{name}": None for name in ("sp", "pump", "horn", "text")}))
        for topic, value in (("sp", "40"), ("pump", "0"), ("horn", "0"), ("text", "a"), ("level", "9")):
            mosquitto_pub(self.broker, f"plant/{topic}", value, "-q", "1")
        self.recorder.wait_value("SELECT value FROM latest WHERE tag = 'd.level'", "9.0")
        self.consoles = self.summaries = 0
        self.console = None

    def access(self):
        return 'access = { viewer = [ "*" ]; engineer = [ "root" ]; };' if os.geteuid() == 0 else ""

    def keep(self, thing):
        thing.__enter__()
        self.addCleanup(thing.__exit__, None, None, None)
        return thing

    def attach(self, prefix=(), options=()):
        """A console; another one where the keys have ended the last."""
        self.leave()
        self.consoles += 1
        self.console = Console([*prefix, hmi_path(), "-c", self.recorder.config_path, *options],
                               env={**console_environment(self.recorder), "HOME": "/nonexistent"})
        self.console.wait("d.level", 20)

    def leave(self):
        """Ends the console, and counts the summaries that it has shown."""
        if not self.console:
            return
        path = os.path.join(self.recorder.folder, "bytes")
        self.console.raw(path)
        with open(path, "rb") as file:
            self.summaries += file.read().count(b"sends it")
        self.console.close()
        self.console = None

    def blow(self, storm, keys, pause=0, **how):
        self.attach(**how)
        self.addCleanup(self.leave)
        while storm.keys < keys:
            try:
                self.console.type_bytes(storm.chunk())
                self.console.quiet(0.03)  # what was typed is taken
                if pause:
                    self.console.run(pause)
            except ConsoleError:
                pass  # it has ended in between, or keeps on painting
            if self.console.exit_status() is not None:
                self.assertEqual(self.console.exit_status(), 0, self.console.text())
                self.attach(**how)
        self.console.run(1)  # whatever is still to be taken
        self.leave()

    def check_nothing_left(self):
        self.assertEqual(self.device.received, [])
        self.assertEqual(self.recorder.sql("SELECT id, tag, new, outcome FROM commands"), [])
        self.assertEqual(self.recorder.hmi("status", "--json")[0] in (0, 1), True)

    def check_storm_reached_the_entry(self):
        """The keys that were left out are all that was missing."""
        self.assertGreater(self.summaries, 10)
        self.attach()
        self.console.key("Home")
        self.console.type("/a.sp")
        self.console.key("Enter", "e")
        self.console.wait("Set a.sp")
        self.console.type("50")
        self.console.key("Enter")
        self.console.wait("y sends it      n")
        self.console.key("y")
        self.recorder.wait_value("SELECT count(*) FROM commands", 1)

    def test_an_operator_without_the_confirming_key_and_with_pauses(self):
        self.blow(Storm(1, confirm=False), KEYS // 5, pause=0.32)
        self.check_nothing_left()
        self.check_storm_reached_the_entry()

    def test_an_operator_with_every_key_and_no_pause(self):
        start = time.monotonic()
        self.blow(Storm(2, confirm=True), KEYS)
        self.check_nothing_left()
        self.check_storm_reached_the_entry()
        print(f"{KEYS} keys in {time.monotonic() - start:.0f} s, {self.consoles} consoles, {self.summaries} summaries", end=" ")

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_a_viewer_with_every_key_and_pauses(self):
        self.blow(Storm(3, confirm=True), KEYS, prefix=["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"])
        self.check_nothing_left()

    def test_a_console_that_only_looks(self):
        self.blow(Storm(4, confirm=True), KEYS // 4, options=["--view"], pause=0.05)
        self.check_nothing_left()

    def test_a_filter_swallows_everything(self):
        """Whatever is typed into a filter filters: the keys of a whole command among them, with the pauses it asks for."""
        self.attach()
        self.addCleanup(self.leave)
        for _ in range(3):
            self.console.key("/")
            self.console.type("e50")
            self.console.run(0.5)
            self.console.type("y")
            self.console.run(0.5)
            self.console.type("e" * 40 + "y" * 40)
            self.console.key("Enter")
            self.console.type("y")
            self.console.run(0.5)
            self.console.type("yyy")
        self.check_nothing_left()


if __name__ == "__main__":
    unittest.main()
