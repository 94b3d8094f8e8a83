"""A console that a stranger wrote: whatever it says of itself, sends, repeats or leaves unfinished, nothing leaves for the
plant that the gate has not let through, the recorder stays, and the other consoles are served."""

import os
import random
import socket
import struct
import threading
import time
import unittest

import forger
from broker import Broker
from device import Device
from forger import Forger
from publisher import mosquitto_pub
from recorder import Recorder, wait_until
from scene import health, open_console, wait_live

TAGS = """
tags = (
  { name = "sp"; topic = "plant/pv"; kind = "analog"; range = [ 20, 110 ];
    setpoint = { topic = "cmd/sp"; readback = "sp.set"; tolerance = 0.1; timeout = 3; }; },
  { name = "sp.set"; topic = "plant/sp"; kind = "analog"; },
  { name = "text"; topic = "plant/text"; kind = "text"; setpoint = { topic = "cmd/text"; timeout = 3; }; },
  { name = "fixed"; topic = "plant/fixed"; }
);
"""
STRANGER = (4242, [4242])  # no user of this machine
ROLE_VIEWER = 1


class Plant(unittest.TestCase):
    access = ""

    def setUp(self):
        self.broker = self.keep(Broker())
        self.recorder = self.keep(Recorder(self.broker, config=TAGS + self.access, start=False))
        os.chmod(self.recorder.folder, 0o755)
        self.recorder.start()
        wait_live(self.recorder)
        self.device = self.keep(Device(self.broker, {"cmd/sp": "plant/sp", "cmd/text": None}))
        mosquitto_pub(self.broker, "plant/sp", "40", "-q", "1")
        self.recorder.wait_value("SELECT value FROM latest WHERE tag = 'sp.set'", "40.0")

    def keep(self, thing):
        thing.__enter__()
        self.addCleanup(thing.__exit__, None, None, None)
        return thing

    def forge(self, **options):
        return self.keep(Forger(self.recorder, **options))

    def check_alive(self):
        """The recorder serves, and a setpoint that the gate lets through is the only one that left."""
        before = len(self.device.received)
        status, text, errors = self.recorder.hmi("set", "sp", "77", "--yes")
        self.assertEqual(status, 0, text + errors)
        self.assertEqual(self.device.received[before:], [("cmd/sp", "77")])
        self.assertIsNone(self.recorder.process.poll())


class Claims(Plant):
    access = 'access = { viewer = [ "*" ]; engineer = [ "root" ]; };'

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_another_role_and_another_user(self):
        """Whatever HELLO and ASK carry, the kernel's word counts: uid 4242 stays a viewer."""
        claims = [{}, {"station": "root engineer"}, {"more": forger.u32(0) + forger.text("root") + forger.u32(4)},
                  {"program": "root", "more": forger.u32(0) + forger.u32(4) * 20}]
        for claim in claims:
            with self.subTest(claim):
                stranger = self.forge(user=STRANGER)
                self.assertEqual(stranger.hello(**claim), ("uid 4242", ROLE_VIEWER))
                stranger.send(forger.frame(forger.WELCOME, forger.record(forger.u32(1), forger.text("root") * 4, forger.u32(4))))
                for more in (b"", forger.u32(4) * 8, forger.text("root") + forger.u32(4)):
                    answer = stranger.set("sp", 99, more=more)
                    self.assertFalse(answer["good"])
                    self.assertIn('access = { operator = [ "uid 4242" ]; };', answer["text"])
                for action in (forger.STOP, forger.RELOAD, forger.ACKNOWLEDGE, forger.SHELVE, 0, 7, 255, 1 << 31):
                    self.assertFalse(stranger.request(action, "sp")["good"])
        self.assertEqual(self.device.received, [])
        self.recorder.wait_value("SELECT count(*) FROM commands WHERE outcome = 'refused'", 3 * len(claims))
        self.assertEqual(self.recorder.sql("SELECT DISTINCT operator FROM commands"), [["uid 4242"]])
        self.check_alive()

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_the_groups_of_the_process_count_and_no_others(self):
        operators = 'access = { viewer = [ "*" ]; operator = [ "@daemon", "uid 4343" ]; engineer = [ "root" ]; };'
        with open(self.recorder.config_path, "r+", encoding="utf-8") as file:
            config = file.read().replace(self.access, operators)
            file.seek(0)
            file.write(config)
            file.truncate()
        self.recorder.stop()
        self.recorder.start()
        wait_live(self.recorder)
        daemon = 1
        self.assertEqual(self.forge(user=(4242, [4242, daemon])).hello()[1], ROLE_VIEWER + 1)
        self.assertEqual(self.forge(user=(4242, [daemon])).hello()[1], ROLE_VIEWER + 1)
        self.assertEqual(self.forge(user=(4242, [4242])).hello(station="@daemon")[1], ROLE_VIEWER)
        # Who has no name on this machine is named as refusals name him.
        self.assertEqual(self.forge(user=(4343, [4343])).hello(), ("uid 4343", ROLE_VIEWER + 1))


class Requests(Plant):
    def test_a_set_that_skips_the_console_passes_the_same_gate(self):
        """No reservation, no confirmation: those are for the operator's eyes. What protects the plant is asked of all."""
        stranger = self.forge()
        stranger.hello()
        for tag, value in (("sp", 111), ("sp", 19), ("sp", "50"), ("sp", None), ("sp", float("nan")), ("sp", float("inf")),
                           ("fixed", 1), ("nothing", 1), ("", 1), ("text", 5), ("text", "x" * 2000), ("x" * 5000, 1),
                           ("cmd/sp", 50)):
            with self.subTest(tag=tag[:10], value=str(value)[:10]):
                self.assertFalse(stranger.set(tag, value)["good"])
        self.assertEqual(self.device.received, [])
        self.assertTrue(stranger.set("sp", 50)["good"])
        wait_until(lambda: self.device.payloads() == ["50"], 10, "the one that is allowed")
        self.recorder.wait_value("SELECT count(*) FROM commands WHERE outcome = 'done'", 1)  # over once it is on record
        self.check_alive()

    def test_a_reservation_of_another_is_heeded(self):
        one, other = self.forge(), self.forge()
        one.hello(purpose=forger.SCREEN)
        other.hello(purpose=forger.SCREEN)
        tag = int(self.recorder.value("SELECT id FROM tag WHERE name = 'sp'"))
        one.send(forger.frame(forger.EDIT, forger.record(forger.u32(tag))))
        one.receive(forger.RESERVATION)
        other.receive(forger.RESERVATION)
        answer = other.set("sp", 50)
        self.assertFalse(answer["good"], answer)
        self.assertEqual(self.device.received, [])

    def test_a_console_that_said_it_only_looks_or_is_locked_is_held_to_it(self):
        viewer = self.forge()
        viewer.hello(more=forger.u32(1))
        self.assertFalse(viewer.set("sp", 50)["good"])
        locked = self.forge()
        locked.hello()
        locked.send(forger.frame(forger.LOCK, forger.record(forger.u32(1))))
        self.assertFalse(locked.set("sp", 50)["good"])
        self.assertEqual(self.device.received, [])

    def test_a_replayed_request_is_a_new_one(self):
        """The bytes of a request that went through, again: the gate looks at the plant as it is now."""
        stranger = self.forge()
        stranger.hello()
        again = forger.ask(1, forger.SET, "sp", 50, shown=40)
        stranger.send(again * 3)
        self.assertTrue(stranger.answer()["good"])
        for _ in range(2):
            answer = stranger.answer()
            self.assertFalse(answer["good"])
            self.assertEqual(answer["request"], 1)
        self.recorder.wait_value("SELECT outcome FROM commands WHERE id = 1", "done")
        stranger.send(again)
        answer = stranger.answer()
        self.assertFalse(answer["good"])
        self.assertIn("changed from 40", answer["text"])
        self.assertEqual(self.device.payloads(), ["50"])
        self.recorder.wait_value("SELECT count(*) FROM commands WHERE outcome = 'refused'", 3)
        other = self.forge()  # another connection cannot have the answers of this one
        other.hello()
        other.send(again)
        self.assertFalse(other.answer()["good"])
        self.check_alive()

    def test_texts_in_a_request_are_made_safe(self):
        stranger = self.forge()
        stranger.hello(station="pts/1\x1b[2J\x9b31m")
        self.assertTrue(stranger.set("sp", 50, reason="why\x1b]0;owned\x07\u202e")["good"])
        self.assertFalse(stranger.set("\x1b[2Jsp", 50)["good"])
        self.recorder.wait_value("SELECT count(*) FROM commands", 2)
        stored = "".join("".join(row) for row in self.recorder.sql("SELECT station, reason, tag, detail FROM commands"))
        self.assertFalse([c for c in stored if ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c == "\u202e"], stored)


class Bytes(Plant):
    def test_half_frames(self):
        """Every beginning of a good conversation, left there."""
        whole = forger.hello() + forger.ask(1, forger.SET, "sp", 50)
        for cut in range(len(whole)):
            with Forger(self.recorder) as stranger:
                self.assertTrue(stranger.send(whole[:cut]))
        self.assertEqual(self.device.received, [])
        self.assertEqual(self.recorder.value("SELECT count(*) FROM commands"), "0")
        # Held open, they keep nobody out either.
        held = [self.forge() for _ in range(10)]
        for stranger in held:
            stranger.send(whole[:len(whole) // 2])
        self.check_alive()

    def test_a_frame_of_10_megabytes(self):
        for declared in (10 << 20, forger.FRAME_MAX, 0xFFFFFFFF):
            with self.subTest(declared):
                stranger = self.forge()
                stranger.hello()
                memory = health(self.recorder)[1]["status"]["memory_bytes"]
                stranger.send(struct.pack("<IHH", declared, forger.ASK, 0) + b"x" * (10 << 20))
                self.assertLess(health(self.recorder)[1]["status"]["memory_bytes"], memory + (4 << 20))
                stranger.wait_end()
        wait_until(lambda: health(self.recorder)[1]["status"]["consoles_cut"] >= 3, 10, "three that were cut off")
        self.check_alive()

    def test_lengths_that_lie(self):
        body = forger.ask(1, forger.SET, "sp", 50)[8:]
        chance = random.Random(5)
        for _ in range(200):
            lie = bytearray(body)
            at = chance.choice([0, 12, 16 + 4 + 2, chance.randrange(12, len(lie) - 4)])  # the action stays
            lie[at:at + 4] = struct.pack("<I", chance.choice([0, 1, len(lie), 0x7FFFFFFF, 0xFFFFFFFF, chance.getrandbits(32)]))
            with Forger(self.recorder) as stranger:
                stranger.hello()
                stranger.send(forger.frame(forger.ASK, bytes(lie)))
                stranger.send(forger.frame(forger.BYE, forger.record(forger.text("end"))))
        # A lie that leaves the request as it was (or makes it another good one) may pass, and is on record then.
        time.sleep(0.2)
        self.assertLessEqual(len(self.device.received), int(self.recorder.value("SELECT count(*) FROM commands")))
        self.recorder.wait_value("SELECT count(*) FROM commands WHERE outcome = 'under way'", 0)
        self.check_alive()

    def test_floods_leave_others_served(self):
        """Several that send as fast as they can, not reading answers; a console is answered all the while."""
        ended = threading.Event()

        def flood(data):
            while not ended.is_set():
                with Forger(self.recorder) as stranger:
                    stranger.send(forger.hello())
                    stranger._socket.settimeout(0.2)
                    try:
                        while not ended.is_set() and stranger.send(data):
                            pass
                    except TimeoutError:
                        pass  # the recorder reads no more before its answers are read

        requests = forger.ask(7, forger.SET, "fixed", 1) * 100
        noise = random.Random(1).randbytes(65536)
        edits = forger.frame(forger.EDIT, forger.record(forger.u32(1))) * 1000
        threads = [threading.Thread(target=flood, args=(data,)) for data in (requests, noise, edits)]
        with open_console(self.recorder) as console:
            console.wait("40")
            for thread in threads:
                thread.start()
            try:
                for _ in range(5):
                    start = time.monotonic()
                    console.key("F1")
                    console.wait("open the tag")
                    console.key("Escape")
                    console.wait_gone("open the tag")
                    self.assertLess(time.monotonic() - start, 5)
                mosquitto_pub(self.broker, "plant/sp", "41", "-q", "1")
                console.wait("41")
            finally:
                ended.set()
                for thread in threads:
                    thread.join()
        self.assertEqual(self.device.received, [])
        # The journal was not flooded: so many entries of a user a minute, then their number.
        refused = health(self.recorder)[1]["status"]["refused_requests"]
        self.assertGreater(refused, 1000)
        self.assertLessEqual(int(self.recorder.value("SELECT count(*) FROM journal WHERE kind = 'refusal'")), 121)
        self.check_alive()
        self.recorder.stop()
        left_out = self.recorder.value("SELECT detail FROM journal WHERE event = 'left out' AND kind = 'refusal'")
        self.assertRegex(left_out, r"^\d+ more requests that were refused$")
        self.recorder.start()

    def test_consoles_that_are_refused_fill_neither_journal_nor_log(self):
        for _ in range(300):
            with Forger(self.recorder) as stranger:
                stranger.send(b"GET / HTTP/1.1\r\n\r\n")
                stranger.wait_end()
        wait_until(lambda: health(self.recorder)[1]["status"]["consoles_cut"] >= 300, 10, "300 that were cut off")
        self.check_alive()
        self.recorder.stop()
        entered = int(self.recorder.value("SELECT count(*) FROM journal WHERE event = 'turned away'"))
        self.assertTrue(1 <= entered <= 20, entered)
        self.assertEqual(self.recorder.log().count("this is not the console protocol"), entered)

    def test_what_comes_while_it_stops_does_not_leave(self):
        stranger = self.forge()
        stranger.hello()
        late = self.forge()
        late.hello()
        stranger.send(forger.ask(1, forger.STOP, ""))
        for number in range(1000):
            if not late.send(forger.ask(number, forger.SET, "sp", 50)):
                break
        self.recorder.process.wait(15)
        self.assertEqual(self.recorder.process.returncode, 0)
        requests = int(self.recorder.value("SELECT count(*) FROM journal_entry WHERE kind = 'command'"))
        self.assertLessEqual(len(self.device.received), requests)
        self.assertEqual(self.recorder.value("SELECT count(*) FROM commands WHERE outcome = 'under way'"), "0")
        with self.assertRaises((ConnectionRefusedError, FileNotFoundError)):
            Forger(self.recorder)

    def test_a_screen_of_bytes_is_no_hello(self):
        for data in (b"GET / HTTP/1.1\r\n\r\n", b"\0" * 64, b"\xff" * 64, forger.ask(1, forger.SET, "sp", 50), b"\x10\x0c\0\4MQTT",
                     forger.hello() + forger.ask(1, forger.SET, "sp\0", 50)):
            with self.subTest(data[:8]):
                stranger = self.forge()
                stranger.send(data)
                stranger._socket.shutdown(socket.SHUT_WR)
                stranger.wait_end()
        self.assertEqual(self.device.received, [])
        self.check_alive()


if __name__ == "__main__":
    unittest.main()
