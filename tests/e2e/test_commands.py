"""Setpoints from `hmi set` to a device and back: what is sent, what the journal says of it, what is refused, and that
nothing is ever sent late or twice."""

import os
import random
import re
import subprocess
import threading
import time
import unittest

from broker import Broker
from device import Device
from gate import Gate
from publisher import mosquitto_pub, mosquitto_rr
from recorder import HMI, TOP, Recorder, wait_until
from scene import health, wait_live

TAGS = """
tags = (
  { name = "sp"; topic = "plant/sp"; kind = "analog"; range = [ 20, 110 ]; unit = "°C"; decimals = 1;
    setpoint = { topic = "cmd/sp"; readback = "sp"; tolerance = 0.1; timeout = 3; }; },
  { name = "pump"; topic = "plant/pump"; states = ( (0, "STOP"), (1, "START") );
    setpoint = { topic = "cmd/pump"; payload = "{ \\"v\\": {value}, \\"by\\": \\"{operator}\\", \\"id\\": {id} }";
                 readback = "pump"; timeout = 3; permit = "permit"; }; },
  { name = "valve"; topic = "plant/valve"; kind = "analog"; range = [ 0, 100 ];
    setpoint = { topic = "cmd/valve"; timeout = 3; }; },
  { name = "horn"; topic = "plant/horn"; states = ( (0, "OFF"), (1, "ON") );
    setpoint = { topic = "cmd/horn"; pulse = 1; timeout = 3; }; },
  { name = "text"; topic = "plant/text"; kind = "text";
    setpoint = { topic = "cmd/text"; readback = "text"; timeout = 3; }; },
  { name = "permit"; topic = "plant/permit"; states = ( (0, "NO"), (1, "YES") ); },
  { name = "fixed"; topic = "plant/fixed"; }
);
"""
TOPICS = {"cmd/sp": "plant/sp", "cmd/pump": None, "cmd/valve": None, "cmd/horn": None, "cmd/text": "plant/text"}


def commands(recorder, columns="outcome"):
    return recorder.sql(f"SELECT {columns} FROM commands ORDER BY id")


def settled(recorder, count):
    """So many commands, each with an outcome."""
    recorder.wait_value("SELECT count(*) FROM commands WHERE outcome <> 'under way'", count)


class Plant(unittest.TestCase):
    more = ""

    def setUp(self):
        self.broker = self.enterContext(Broker(persistence=True))
        self.gate = self.enterContext(Gate(self.broker))
        self.recorder = self.enterContext(Recorder(self.gate, broker_more=self.more, config=TAGS))
        wait_live(self.recorder)

    def enterContext(self, context):  # Python 3.11 has it
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def device(self, **options):
        device = self.enterContext(Device(self.broker, dict(TOPICS), **options))
        mosquitto_pub(self.broker, "plant/sp", "40", "-q", "1")
        self.recorder.wait_value("SELECT value FROM latest WHERE tag = 'sp'", "40.0")
        return device

    def set(self, tag, value, *options):
        return self.recorder.hmi("set", tag, value, "--yes", *options)

    def check_history(self):
        status, text, errors = self.recorder.hmi("check", "--history")
        self.assertEqual(status, 0, text + errors)


class Outcomes(Plant):
    def test_done_with_times_properties_and_a_journal_that_stands(self):
        device = self.device()
        status, text, errors = self.recorder.hmi("set", "sp", "42.5")
        self.assertEqual((status, text), (64, "sp  40.0 -> 42.5 °C, limits 20 to 110 °C\n"), errors)
        # The tag shows one decimal; what would be sent is said whole.
        self.assertEqual(self.recorder.hmi("set", "sp", "42.35")[1], "sp  40.0 -> 42.35 °C, limits 20 to 110 °C\n")
        # What would be refused is asked of the recorder, which keeps nothing of the question.
        status, _, errors = self.recorder.hmi("set", "sp", "200")
        self.assertEqual((status, "it would be refused now: sp takes 20 to 110 °C" in errors), (65, True), errors)
        status, _, errors = self.recorder.hmi("set", "pump", "1")
        self.assertEqual((status, "it would be refused now: interlock" in errors), (75, True), errors)
        self.assertEqual(self.recorder.sql("SELECT event FROM journal WHERE kind IN ('command', 'refusal')"), [])
        self.assertEqual(device.received, [])
        status, text, errors = self.set("sp", "42.5", "--reason", "test run")
        self.assertEqual(status, 0, text + errors)
        self.assertRegex(text, r"on record +\d+ ms\nsent +\d+ ms\nbroker answered +\d+ ms\nread back +\d+ ms\ndone \d+ ms")
        settled(self.recorder, 1)
        row, = commands(self.recorder, "id, tag, old, new, readback, outcome, ms_broker, ms_readback, reason, operator,"
                                        " ms_recorded, ms_sent")
        self.assertEqual(row[:6], ["1", "sp", "40.0", "42.5", "42.5", "done"])
        self.assertEqual(row[8], "test run")
        self.assertTrue(row[9])
        self.assertTrue(0 <= int(row[6]) <= 3000 and 0 <= int(row[7]) <= 3000, row)
        recorded, sent, broker = int(row[10]), int(row[11]), int(row[6])
        self.assertTrue(0 <= recorded <= sent <= broker, row)
        self.assertRegex(text, rf"on record +{recorded} ms\nsent +{sent} ms\nbroker answered +{broker} ms\n")
        self.assertEqual(device.received, [("cmd/sp", "42.5")])
        properties = device.properties[0]
        self.assertRegex(properties.CorrelationData, rb"^hmi-1-[0-9a-f]{16}$")
        self.assertEqual(properties.MessageExpiryInterval, 3)
        self.assertEqual(dict(properties.UserProperty)["reason"], "test run")
        self.assertEqual(dict(properties.UserProperty)["operator"], row[9])
        station = self.recorder.value("SELECT station FROM commands")
        self.assertTrue(station)
        self.assertEqual(dict(properties.UserProperty)["station"], station)
        # A text, and one more number with the number that follows.
        self.assertEqual(self.set("text", 'a "b" \\ c')[0], 0)
        self.assertEqual(device.payloads()[1], 'a "b" \\ c')
        settled(self.recorder, 2)
        self.assertEqual(commands(self.recorder, "id, outcome"), [["1", "done"], ["2", "done"]])
        self.recorder.stop()
        self.check_history()

    def test_mismatch_timed_out_and_a_retained_readback(self):
        device = self.device(answer=lambda payload: "41")
        status, text, _ = self.set("sp", "42.5")
        self.assertEqual(status, 76, text)
        self.assertIn("the readback sp says 41.0 °C", text)
        device.answer = lambda payload: None
        status, text, _ = self.set("sp", "43")
        self.assertEqual(status, 75, text)
        # The broker keeps a 44 and gives it again to who subscribes again: that is no answer to a command.
        device.report("plant/sp", "44", retain=True)
        device.report("plant/sp", "40")
        self.recorder.wait_value("SELECT value FROM latest WHERE tag = 'sp'", "40.0")
        asked = threading.Thread(target=self.set, args=("sp", "44"))
        asked.start()
        wait_until(lambda: "44" in device.payloads(), 10, "the command at the device")
        self.assertEqual(self.recorder.hmi("reload")[0], 0)
        asked.join()
        settled(self.recorder, 3)
        self.assertEqual(commands(self.recorder), [["mismatch"], ["timed out"], ["timed out"]])
        self.assertEqual(len(device.received), 3)

    def test_unverified_unreached_and_json(self):
        device = self.device()
        self.assertEqual(self.set("valve", "12.25")[0], 0)
        mosquitto_pub(self.broker, "plant/permit", "1", "-q", "1")
        self.recorder.wait_value("SELECT value FROM latest WHERE tag = 'permit'", "1.0")
        device.topics["cmd/pump"] = "plant/pump"
        device.answer = lambda payload: re.search(r'"v": ([0-9.]+)', payload)[1] if "{" in payload else payload
        status, text, errors = self.set("pump", "start")
        self.assertEqual(status, 0, text + errors)
        self.assertRegex(device.payloads()[1], r'^{ "v": 1, "by": "[a-z][^"]*", "id": 2 }$')
        device.close()
        status, text, _ = self.set("valve", "13")
        self.assertEqual(status, 69, text)
        settled(self.recorder, 3)
        self.assertEqual(commands(self.recorder), [["unverified"], ["done"], ["unreached"]])

    def test_a_button_is_let_go(self):
        device = self.device()
        self.assertEqual(self.set("horn", "ON")[0], 0)
        self.assertEqual(self.set("horn", "ON")[0], 75)  # it is still pressed
        wait_until(lambda: len(device.received) == 2, 10, "the release")
        self.assertEqual(device.payloads(), ["1", "0"])
        self.recorder.wait_value("SELECT count(*) FROM journal WHERE event = 'released'", 1)
        # A recorder that stops lets go, too, and says so.
        self.assertEqual(self.set("horn", "ON")[0], 0)
        self.recorder.stop()
        wait_until(lambda: len(device.received) == 4, 10, "the release at the stop")
        self.assertEqual(device.payloads(), ["1", "0"] * 2)
        self.check_history()

    def test_a_button_is_let_go_where_it_was_pressed(self):
        device = self.device()
        self.assertEqual(self.set("horn", "ON")[0], 0)
        with open(self.recorder.config_path, "r+", encoding="utf-8") as file:
            text = file.read().replace('"cmd/horn"', '"cmd/siren"')
            file.seek(0)
            file.truncate()
            file.write(text)
        self.assertEqual(self.recorder.hmi("reload")[0], 0)
        wait_until(lambda: len(device.received) == 2, 10, "the release")
        self.assertEqual(device.received, [("cmd/horn", "1"), ("cmd/horn", "0")])
        self.recorder.wait_value("SELECT count(*) FROM journal WHERE event = 'released'", 1)

    def test_others_on_a_setpoints_topic_are_journaled(self):
        self.recorder.stop()
        with open(self.recorder.config_path, "r+", encoding="utf-8") as file:
            text = file.read().replace('filter = "plant/#"', 'filter = "#"')
            file.seek(0)
            file.truncate()
            file.write(text)
        self.recorder.start()
        wait_live(self.recorder)
        self.device()
        self.assertEqual(self.set("sp", "50")[0], 0)
        mosquitto_pub(self.broker, "cmd/sp", "99", "-q", "1")
        mosquitto_pub(self.broker, "cmd/sp", "98", "-q", "1")
        wait_until(lambda: health(self.recorder)[1]["status"]["foreign_commands"] == 2, 10, "two messages of others")
        self.recorder.wait_value("SELECT count(*) FROM journal WHERE kind = 'foreign'", 1)
        self.assertEqual(self.recorder.sql("SELECT tag, detail FROM journal WHERE kind = 'foreign'"),
                         [["sp", "payload 99"]])
        self.assertEqual(self.recorder.value("SELECT count(*) FROM tags WHERE topic LIKE 'cmd/%'"), "0")


class Refusals(Plant):
    def refuse(self, code, words, tag, value):
        status, text, errors = self.set(tag, value)
        self.assertEqual(status, code, text + errors)
        self.assertIn(words, errors)

    def test_every_refusal_says_why_and_is_on_record(self):
        device = self.device()
        self.refuse(65, "sp takes 20 to 110 °C", "sp", "111")
        self.refuse(77, "fixed is read-only", "fixed", "1")
        self.refuse(75, "interlock: whether permit permits it", "pump", "START")
        mosquitto_pub(self.broker, "plant/permit", "0", "-q", "1")
        self.recorder.wait_value("SELECT value FROM latest WHERE tag = 'permit'", "0.0")
        self.refuse(75, "interlock: permit does not permit it", "pump", "START")
        self.recorder.wait_value("SELECT count(*) FROM commands WHERE outcome = 'refused'", 4)
        self.gate.stall()
        self.gate.cut()
        self.broker.stop()
        wait_until(lambda: health(self.recorder)[1]["status"]["link"] != "up", 20, "a lost link")
        self.refuse(75, "the broker is not connected", "sp", "50")
        self.recorder.wait_value("SELECT count(*) FROM commands WHERE outcome = 'refused'", 5)
        self.assertEqual(device.received, [])
        self.check_history()

    def test_a_value_from_before_the_start_is_not_good_enough(self):
        device = self.device()
        self.recorder.kill()
        self.recorder.start()
        wait_live(self.recorder)
        self.refuse(75, "sp has not reported since the recorder was started", "sp", "50")
        self.assertEqual(device.received, [])
        mosquitto_pub(self.broker, "plant/sp", "41", "-q", "1")
        self.recorder.wait_value("SELECT value FROM latest WHERE tag = 'sp'", "41.0")
        self.assertEqual(self.set("sp", "50")[0], 0)

    def test_without_yes_nobody_is_told_to_say_yes_to_what_would_be_refused(self):
        device = self.device()
        for code, words, tag, value in ((65, "sp takes 20 to 110 °C", "sp", "111"),
                                        (77, "fixed is read-only: it has no setpoint", "fixed", "1"),
                                        (64, "with --yes it will be", "sp", "110")):
            status, text, errors = self.recorder.hmi("set", tag, value)
            self.assertEqual(status, code, text + errors)
            self.assertIn(words, errors)
        self.assertTrue(self.recorder.hmi("set", "pump", "START")[1].endswith("-> START\n"))  # no "limits 0 to 1"
        self.assertEqual(self.set("sp", "50")[0], 0)  # the first that the recorder hears of
        self.recorder.wait_value("SELECT count(*) FROM commands WHERE outcome = 'done'", 1)
        self.assertEqual(commands(self.recorder), [["done"]])
        self.assertEqual(len(device.received), 1)

    def test_a_viewer_may_not_and_is_told_the_line(self):
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        with open(self.recorder.config_path, "a", encoding="utf-8") as file:
            file.write(f'access = {{ viewer = [ "{user}" ]; }};\n')
        self.recorder.stop()
        self.recorder.start()
        wait_live(self.recorder)
        device = self.device()
        status, _, errors = self.set("sp", "50")
        if "engineer" not in errors and status == 0:
            self.skipTest("the recorder's own user is always an engineer")
        self.assertEqual(status, 77, errors)
        self.assertIn(f'access = {{ operator = [ "{user}" ]; }};', errors)
        self.assertEqual(device.received, [])


class Loss(Plant):
    def test_a_broker_lost_before_its_answer_leaves_it_unknown_and_it_is_never_sent_again(self):
        device = self.device()
        self.gate.stall()
        asked = threading.Thread(target=self.set, args=("sp", "60"))
        asked.start()
        wait_until(lambda: "requested" in str(self.recorder.sql("SELECT event FROM journal WHERE kind = 'command'")), 10,
                   "the request in the journal")
        time.sleep(0.3)  # so that it has left; whether or not, the outcome must be honest
        self.gate.cut()
        asked.join()
        settled(self.recorder, 1)
        self.assertIn(commands(self.recorder), ([["unknown"]], [["cancelled"]]))
        wait_live(self.recorder)
        device.forget_connection()
        self.broker.stop()
        self.broker.start()
        device.wait_ready()
        wait_live(self.recorder)
        self.assertEqual(self.set("valve", "5")[0], 0)  # what would have come, would have come before this
        self.assertEqual(device.received, [("cmd/valve", "5")])

    def test_killed_at_any_moment_every_request_has_one_outcome_and_nothing_was_sent_off_the_record(self):
        device = self.device()
        mosquitto_pub(self.broker, "plant/sp", "40", "-q", "1", "-r")  # what each start hears of it
        chance = random.Random(7)
        for round_ in range(8):
            value = str(50 + round_)
            asked = threading.Thread(target=self.set, args=("sp", value))
            asked.start()
            time.sleep(chance.uniform(0, 0.12))  # a random moment is what is tested
            self.recorder.kill()
            asked.join()
            self.recorder.start()
            wait_live(self.recorder)
        wait_until(lambda: self.recorder.value("SELECT count(*) FROM commands WHERE outcome = 'under way'") == "0", 10,
                   "outcomes of all")
        requests = [row[0] for row in self.recorder.sql("SELECT command FROM journal_entry WHERE kind = 'command'")]
        outcomes = [row[0] for row in self.recorder.sql("SELECT command FROM journal_entry WHERE kind = 'outcome'")]
        self.assertEqual(sorted(requests), sorted(outcomes))
        self.assertEqual(len(set(requests)), len(requests))
        asked = [float(row[0]) for row in self.recorder.sql("SELECT value_new FROM journal_entry WHERE kind = 'command'")]
        given = [float(payload) for payload in device.payloads()]
        self.assertEqual(len(set(given)), len(given), "sent twice")
        self.assertLessEqual(set(given), set(asked), "sent off the record")
        self.recorder.stop()
        self.check_history()


class Simulator(unittest.TestCase):
    def test_the_demo_plants_controller_obeys(self):
        with open(os.path.join(TOP, "config", "demo.cfg"), encoding="utf-8") as file:
            tags = re.search(r"^tags = \(.*?^\);", file.read(), re.S | re.M)[0]
        with Broker() as broker, Recorder(broker, config=tags) as recorder:
            with subprocess.Popen([HMI, "sim", "-H", broker.host, "-p", str(broker.port)], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as sim:
                try:
                    recorder.wait_value("SELECT value FROM latest WHERE tag = 'net.pressure_sp'", "5.0")
                    wait_live(recorder)
                    status, text, errors = recorder.hmi("set", "net.pressure", "4.1", "--yes")
                    self.assertEqual(status, 0, text + errors)
                    # By the name of the command's state, not of the state that the pump reports.
                    status, text, errors = recorder.hmi("set", "net.p2.state", "STOP", "--yes")
                    self.assertEqual(status, 0, text + errors)
                    self.assertIn("START -> STOP", text)
                    recorder.wait_value("SELECT count(*) FROM journal WHERE event = 'answered'", 2)
                    self.assertEqual(recorder.sql("SELECT tag, detail FROM journal WHERE event = 'answered'"),
                                     [["net.pressure", "command 1: accepted"], ["net.p2.state", "command 2: accepted"]])
                    # Past hmi, and out of the controller's bounds.
                    answer = mosquitto_rr(broker, "plant/net/pressure/set", "9", "test/answers")
                    self.assertEqual(answer, "refused: it takes 2 to 6")
                finally:
                    sim.terminate()


class OldProtocol(Plant):
    more = 'protocol = "3.1.1";'

    def test_the_same_without_properties(self):
        device = self.device()
        self.assertEqual(self.set("sp", "42.5")[0], 0)
        self.assertEqual(device.received, [("cmd/sp", "42.5")])
        self.assertFalse(hasattr(device.properties[0], "CorrelationData"))
        device.close()
        self.assertEqual(self.set("valve", "5")[0], 0)  # nobody told that nobody listens
        settled(self.recorder, 2)
        self.assertEqual(commands(self.recorder), [["done"], ["unverified"]])


if __name__ == "__main__":
    unittest.main()
