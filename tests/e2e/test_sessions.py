"""Consoles and the journal: who came and went and how, who gives which setpoint, consoles that only look."""

import os
import socket
import tempfile
import unittest
import unittest.mock

from broker import Broker
from device import Device
from forger import ACKNOWLEDGE, RELOAD, SCREEN, SET, SHELVE, STOP, UNSHELVE, Forger, u32
from publisher import mosquitto_pub
from recorder import Recorder, wait_until
from scene import open_console, row, wait_live

TAGS = """
tags = (
  { name = "sp"; topic = "plant/sp"; kind = "analog"; range = [ 20, 110 ]; unit = "°C"; decimals = 1;
    setpoint = { topic = "cmd/sp"; readback = "sp"; tolerance = 0.1; timeout = 3; }; },
  { name = "level"; topic = "plant/level"; kind = "analog"; range = [ 0, 10 ];
    alarms = ( { type = "hi"; limit = 5; priority = "high"; } ); }
);
"""
SESSIONS = "SELECT event, operator, station, detail FROM journal WHERE kind = 'session' ORDER BY id"


class Plant(unittest.TestCase):
    def enterContext(self, context):  # Python 3.11 has it
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def setUp(self):
        self.broker = self.enterContext(Broker())
        self.recorder = self.enterContext(Recorder(self.broker, subscribe='{ filter = "#"; qos = 1; }', config=TAGS))
        wait_live(self.recorder)
        self.device = self.enterContext(Device(self.broker, {"cmd/sp": "plant/sp"}))
        mosquitto_pub(self.broker, "plant/sp", "40", "-q", "1")
        mosquitto_pub(self.broker, "plant/level", "3", "-q", "1")
        self.recorder.wait_value("SELECT value FROM latest WHERE tag = 'level'", "3.0")

    def attach(self, *options):
        console = open_console(self.recorder, *options)
        self.addCleanup(console.close)
        console.wait(" 1/2")
        return console

    def on_sp(self, console):
        console.key("End")
        console.wait(" 2/2")

    def sessions(self, count):
        self.recorder.wait_value("SELECT count(*) FROM journal WHERE kind = 'session'", count)
        return self.recorder.sql(SESSIONS)


class Reservations(Plant):
    def test_the_second_operator_sees_who_edits_and_the_first_may_finish(self):
        one, other = self.attach(), self.attach()
        self.on_sp(one)
        self.on_sp(other)
        one.key("e")
        one.wait("Set sp")
        other.wait_re("pts/[0-9]+\\) is editing this")
        other.key("e")
        other.wait_re("\\(pts/[0-9]+\\) is editing this since [0-9:]+")
        self.assertNotIn("is editing this", one.text())
        other.type("50\r")
        other.wait("n goes back")
        other.key("y")
        other.wait("sp is being edited by")
        self.assertEqual(self.device.received, [])
        # The first gives its value, and with that the tag is free again.
        one.type("60\r")
        one.wait("n goes back")
        one.key("y")
        one.wait("the plant reports the new value")
        other.wait_gone("is editing this since")
        other.key("Enter")
        other.wait("n goes back")
        other.key("y")
        other.wait("the plant reports the new value")
        self.assertEqual(self.device.payloads(), ["60", "50"])

    def test_a_lost_line_frees_the_tag_and_is_on_record(self):
        one, other = self.attach(), self.attach()
        self.on_sp(one)
        self.on_sp(other)
        one.key("e")
        one.type("60\r")
        one.wait("n goes back")
        other.wait("is editing this")
        one.hangup()
        other.wait_gone("is editing this")
        gone = self.sessions(3)[2]
        self.assertEqual(gone[0], "detached")
        self.assertRegex(gone[2], r"^pts/\d+")
        self.assertRegex(gone[3], r"^uid \d+, process \d+, after .*: its terminal went away; it was giving sp$")
        self.assertEqual(self.device.received, [])
        self.assertEqual(self.recorder.value("SELECT count(*) FROM commands"), "0")

    def test_a_frozen_console_keeps_nobody_from_it(self):
        one, other = self.attach(), self.attach()
        self.on_sp(one)
        self.on_sp(other)
        one.key("e")
        other.wait("is editing this")
        one.signal("STOP")
        self.addCleanup(one.signal, "CONT")
        other.key("e")
        other.type("50\r")
        other.wait("n goes back")
        other.wait_gone("is editing this since", 40)  # 30 s
        other.key("y")
        other.wait("the plant reports the new value")


class OnlyLooks(Plant):
    def test_nothing_changes_from_a_console_that_only_looks(self):
        mosquitto_pub(self.broker, "plant/level", "7", "-q", "1")
        self.recorder.wait_value("SELECT count(*) FROM alarms", 1)
        console = self.attach("--view")
        console.wait("view only")
        self.on_sp(console)
        console.key("e")
        console.wait("this console only looks: it was started with --view")
        console.type("60\ryy")
        console.key("F4")
        console.wait("[Standing")
        for key, what in (("a", "acknowledge"), ("A", "acknowledge-page"), ("z", "shelve"), ("u", "unshelve")):
            console.key(key)
            console.wait(what + ": this console only looks")
        console.quiet()
        self.assertEqual(self.recorder.value("SELECT count(*) FROM commands"), "0")
        self.assertEqual(self.recorder.value("SELECT count(*) FROM journal WHERE kind = 'operator'"), "0")
        self.assertIn("viewer, only looks", self.sessions(1)[0][3])

    def test_the_recorder_refuses_whatever_such_a_console_asks_for(self):
        with Forger(self.recorder) as console:
            _, role = console.hello(purpose=SCREEN, more=u32(1))
            self.assertEqual(role, 1)  # a viewer, whoever he is
            for action in (STOP, RELOAD, ACKNOWLEDGE, SHELVE, UNSHELVE, SET):
                self.assertIn("--view", console.request(action, "sp", 50)["text"])
        self.assertIsNone(self.recorder.process.poll())
        self.recorder.wait_value("SELECT count(*) FROM journal WHERE kind = 'refusal'", 6)
        self.assertEqual(self.recorder.sql("SELECT tag, outcome FROM commands"), [["sp", "refused"]])


class CommandsScreen(Plant):
    def test_it_shows_what_the_recorder_tells_and_what_only_the_history_knows(self):
        self.assertEqual(self.recorder.hmi("set", "sp", "50", "--yes", "--reason", "test run")[0], 0)
        self.assertNotEqual(self.recorder.hmi("set", "sp", "5", "--yes")[0], 0)
        mosquitto_pub(self.broker, "cmd/sp", "99", "-q", "1")
        console = self.attach()
        console.key("F7")
        console.wait_re(row("● done", "sp", "40.0 -> 50.0 °C", "test run"))
        console.wait_re(row("– refused", "sp", "50.0 -> 5.0 °C", "sp takes 20 to 110"))
        console.wait_re(row("→ foreign", "sp", "payload 99"))
        # A recorder that starts anew tells of none of them.
        self.recorder.stop()
        console.wait("NO RECORDER")
        self.recorder.start()
        wait_live(self.recorder)
        again = self.attach()
        again.key("F7")
        again.wait_re(row("● done", "sp", "40.0 -> 50.0 °C", "test run"))
        again.wait_re(row("– refused", "sp", "50.0 -> 5.0 °C", "sp takes 20 to 110"))
        again.wait_re(row("→ foreign", "sp", "payload 99"))
        again.wait(" 1/3")
        again.key("e")
        again.wait("Set sp")


class Sessions(Plant):
    def test_attach_and_detach_are_on_record(self):
        console = self.attach()
        console.key("q", "y")
        self.assertEqual(console.wait_end(), 0)
        self.recorder.hmi("status")  # leaves no entry
        came, went = self.sessions(2)
        self.assertEqual((came[0], went[0]), ("attached", "detached"))
        self.assertRegex(came[2], r"^pts/\d+")
        self.assertRegex(came[3], r"^uid \d+, process \d+, engineer$")
        self.assertTrue(went[3].endswith("its operator left"), went)
        killed = self.attach()
        killed.signal("KILL")
        self.assertTrue(self.sessions(4)[3][3].endswith("it was lost"))
        self.attach()
        self.sessions(5)
        self.recorder.stop()
        self.assertTrue(self.sessions(6)[5][3].endswith("the recorder stops"))
        status, text, errors = self.recorder.hmi("check", "--history")
        self.assertEqual(status, 0, text + errors)

    def test_a_script_that_attaches_all_the_time_does_not_flood_the_journal(self):
        for _ in range(300):
            with Forger(self.recorder) as console:
                console.hello(purpose=SCREEN)
        wait_until(lambda: int(self.recorder.value("SELECT count(*) FROM journal WHERE kind = 'session'")) >= 20, 10,
                   "entries of sessions")
        self.recorder.stop()
        rows = self.recorder.sql(SESSIONS)
        self.assertEqual(len(rows), 21)
        self.assertEqual(rows[20][0], "left out")
        self.assertEqual(rows[20][3], "580 more entries of consoles that came and went")


class Head(unittest.TestCase):
    def test_the_journals_head_goes_to_syslog_at_the_start_and_at_the_end(self):
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
            path = os.path.join(folder, "log")
            syslog.bind(path)
            syslog.settimeout(10)
            with Broker() as broker, unittest.mock.patch.dict(os.environ, HMI_SYSLOG=path), Recorder(broker) as recorder:
                wait_live(recorder)
                with open_console(recorder) as console:
                    console.wait("● broker")
                recorder.wait_value("SELECT count(*) FROM journal WHERE kind = 'session'", 2)
                recorder.stop()
                last = recorder.sql("SELECT id, lower(hex(hash)) FROM journal_entry ORDER BY id DESC LIMIT 1")[0]
                lines = []
                while not lines or f"row {last[0]} " not in lines[-1]:
                    lines.append(syslog.recv(2048).decode())
                for line in lines:
                    self.assertRegex(line, r"^<85>.* hmi\[\d+\]: row \d+ of the journal has the hash [0-9a-f]{64}$")
                self.assertTrue(lines[-1].endswith(last[1]), lines)


if __name__ == "__main__":
    unittest.main()
