"""What is published arrives: in `history` and `latest` through the real sqlite3 program, and on the screen."""

import json
import time
import unittest

import paho.mqtt.client as paho

from broker import Broker
from gate import Gate
from publisher import Publisher, mosquitto_pub
from recorder import Recorder
from scene import UNCERTAIN, health, open_console, row, tags, wait_live

FILTERS = """{ filter = "plant/#"; qos = 1; }, { filter = "site/+/temp"; qos = 2; }, { filter = "+/status"; qos = 0; },
             { filter = "exact/one"; }"""
TAGS = """tags = (
    { name = "boiler.temp"; topic = "plant/boiler"; path = "data.temp"; unit = "degC"; range = [ 0, 150 ]; decimals = 1;
      description = "Drum temperature"; },
    { name = "boiler.valve"; topic = "plant/boiler"; path = "valves[1]"; scale = [ 10.0, 5.0 ]; },
    { name = "pump.state"; topic = "plant/pump"; states = ( (0, "STOPPED"), (1, "RUNNING") ); }
);
"""


class Published(unittest.TestCase):
    def check(self, broker_more, version):
        with Broker() as broker, Recorder(broker, subscribe=FILTERS, broker_more=broker_more) as recorder:
            wait_live(recorder)
            self.publish_all(broker, version)
            expected = {
                "plant/plain": "12.5", "plant/word": "RUNNING", "plant/deep:a.b": "1.5", "plant/deep:list[1]": "7.0",
                "plant/deep:on": "1.0", "site/north/temp": "21.0", "site/south/temp": "22.0", "pump/status": "ready",
                "exact/one": "-3.0", "plant/from/paho": "99.25", "plant/paho:x": "4.0",
            }
            recorder.wait_value("SELECT count(*) FROM history", len(expected))
            self.assertEqual(dict(recorder.sql("SELECT tag, value FROM history")), expected)
            self.assertEqual(dict(recorder.sql("SELECT tag, value FROM latest")), expected)
            self.assertEqual(recorder.value("SELECT count(*) FROM history WHERE quality <> 0"), "0")
            with open_console(recorder) as console:
                for tag, shown in expected.items():
                    console.wait_re(row(tag, shown[:-2] if shown.endswith(".0") and tag != "plant/deep:on" else
                                        "true" if tag == "plant/deep:on" else shown, "good"))
                mosquitto_pub(broker, "plant/plain", "13.75")
                console.wait_re(row("plant/plain", "13.75", "good"))  # a change reaches a screen that is open
                self.assertNotIn("other", console.text())
                console.scan()
            self.assertIn(version, health(recorder)[1]["status"]["protocol"])

    def publish_all(self, broker, version):
        flags = ["-V", "5" if version == "MQTT 5" else "311"]
        for topic, payload in (("plant/plain", "12.5"), ("plant/word", "RUNNING"), ("site/north/temp", "21"),
                               ("plant/deep", '{"a":{"b":1.5},"list":[null,7],"on":true}'), ("site/south/temp", "22"),
                               ("site/north/humidity", "1"), ("site/a/b/temp", "2"), ("pump/status", "ready"),
                               ("pump/status/more", "other"), ("exact/one", '"-3"'), ("exact/two", "5")):
            mosquitto_pub(broker, topic, payload, "-q", "1", *flags)
        with Publisher(broker, protocol=paho.MQTTv5 if version == "MQTT 5" else paho.MQTTv311) as publisher:
            publisher.publish("plant/from/paho", 99.25, 1)
            publisher.publish("plant/paho", json.dumps({"x": "4", "ts": time.time()}), 1)

    def test_with_mqtt_5(self):
        self.check("", "MQTT 5")

    def test_with_mqtt_3_1_1(self):
        self.check('protocol = "3.1.1";', "MQTT 3.1.1")

    def test_falls_back_to_3_1_1_when_the_broker_refuses_5(self):
        with Broker() as broker, Gate(broker, refuse_mqtt5=True) as gate, Recorder(gate) as recorder:
            wait_live(recorder)
            self.assertEqual(health(recorder)[1]["status"]["protocol"], "MQTT 3.1.1")
            mosquitto_pub(broker, "plant/a", "1")
            recorder.wait_value("SELECT value FROM history", "1.0")
            with open_console(recorder) as console:
                console.wait_re(row("plant/a", "1", "good"))
                console.key("F9")
                console.wait_re(row("protocol", "MQTT 3.1.1"))
            self.assertGreaterEqual(gate.refused, 1)

    def test_every_quality_of_service_meets_every_other(self):
        subscribe = ", ".join(f'{{ filter = "q{qos}/#"; qos = {qos}; }}' for qos in range(3))
        for broker_more in ("", 'protocol = "3.1.1";'):
            with self.subTest(broker_more), Broker() as broker, \
                    Recorder(broker, subscribe=subscribe, broker_more=broker_more) as recorder:
                wait_live(recorder)
                expected = []
                with Publisher(broker) as publisher:
                    for asked in range(3):
                        for sent in range(3):
                            publisher.publish(f"q{asked}/{sent}", str(10 * asked + sent), sent)
                            expected.append([f"q{asked}/{sent}", f"{10 * asked + sent}.0", "0"])
                recorder.wait_value("SELECT count(*) FROM history", 9)
                self.assertEqual(recorder.sql("SELECT tag, value, quality FROM history ORDER BY tag"), expected)


class Retained(unittest.TestCase):
    def test_retained_shows_r_and_an_unknown_age(self):
        source_s = int(time.time()) - 600
        with Broker() as broker:
            mosquitto_pub(broker, "plant/kept", "5", "-r", "-q", "1")
            mosquitto_pub(broker, "plant/timed", json.dumps({"v": 6, "ts": source_s}), "-r", "-q", "1")
            with Recorder(broker) as recorder, open_console(recorder) as console:
                wait_live(recorder)
                recorder.wait_value("SELECT count(*) FROM history", 2)
                self.assertEqual(recorder.sql("SELECT tag, value, quality FROM history ORDER BY tag"),
                                 [["plant/kept", "5.0", str(UNCERTAIN)], ["plant/timed:v", "6.0", "0"]])
                self.assertEqual(recorder.value("SELECT ts FROM latest WHERE tag = 'plant/timed:v'"), f"{source_s}000000")
                console.wait_re("^R plant/kept +5 .*\\? retain")
                console.wait_re("^R plant/timed:v +6.*10m.*retain")
                console.key("Enter")
                console.wait("retained: the broker kept it")
                console.wait("not known")
                console.key("Escape")
                self.assertTrue(tags(recorder)["plant/kept"]["retained"])
                self.assertRegex(recorder.hmi("tags")[1], r"plant/kept .*retain +\?")
                mosquitto_pub(broker, "plant/kept", "7", "-r", "-q", "1")  # live now, though it is retained again
                console.wait_re("^  plant/kept +7 .*now good")
                recorder.wait_value("SELECT quality FROM latest WHERE tag = 'plant/kept'", "0")
                self.assertFalse(tags(recorder)["plant/kept"]["retained"])


class Exact(unittest.TestCase):
    def test_no_number_loses_digits_or_its_exponent(self):
        numbers = {"plant/third": 0.30000000000000004, "plant/whole": 9007199254740991, "plant/huge": 12345678901234567890.0,
                   "plant/tiny": -5e-324}
        with Broker() as broker, Recorder(broker) as recorder, open_console(recorder) as console:
            wait_live(recorder)
            for topic, number in numbers.items():
                mosquitto_pub(broker, topic, repr(number), "-q", "1")
            recorder.wait_value("SELECT count(*) FROM history", len(numbers))
            self.assertEqual({name: tag["value"] for name, tag in tags(recorder).items()}, numbers)
            self.assertRegex(recorder.hmi("tags")[1], r"plant/huge +1\.23457e\+19")
            console.wait_re("^  plant/huge +1\\.23457e\\+19 ")
            console.wait_re("^  plant/whole +9007199254740991 ")
            console.wait_re("^  plant/tiny +-4\\.9[0-9]*e-324 ")


class Shaped(unittest.TestCase):
    def test_configured_tags(self):
        with Broker() as broker, Recorder(broker, config=TAGS) as recorder, open_console(recorder) as console:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/boiler", '{"data":{"temp":"81.5"},"valves":[1,2,3],"more":9}')
            mosquitto_pub(broker, "plant/pump", "1")
            recorder.wait_value("SELECT count(*) FROM history", 3)
            self.assertEqual(recorder.sql("SELECT tag, value, unit, description, text FROM latest ORDER BY tag"),
                             [["boiler.temp", "81.5", "degC", "Drum temperature", ""], ["boiler.valve", "25.0", "", "", ""],
                              ["pump.state", "1.0", "", "", "RUNNING"]])
            self.assertEqual(recorder.value("SELECT text FROM history WHERE tag = 'pump.state'"), "RUNNING")
            console.wait_re(row("boiler.temp", "81.5", "degC", "good", "Drum temperature"))
            console.wait_re(row("boiler.valve", "25", "good"))
            console.wait_re(row("pump.state", "RUNNING", "good"))
            self.assertNotIn("more", console.text())  # a topic that the configuration names makes no other tags

    def test_a_payload_that_cannot_be_decoded_changes_no_value(self):
        with Broker() as broker, Recorder(broker, config=TAGS) as recorder, open_console(recorder) as console:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/boiler", '{"data":{"temp":80}}')
            console.wait_re(row("boiler.temp", "80.0", "good"))
            mosquitto_pub(broker, "plant/boiler", '{"data":{"temp":')
            console.wait_re("^! boiler.temp +\\(80.0\\).*decode")
            recorder.wait_value("SELECT count(*) FROM history WHERE tag = 'boiler.temp' AND value IS NULL", 1)
            status, report = health(recorder)
            self.assertEqual(status, 1)
            self.assertEqual([(entry["topic"], entry["count"]) for entry in report["refusals"]], [("plant/boiler", 1)])
            mosquitto_pub(broker, "plant/boiler", '{"data":{"temp":82}}')
            console.wait_re(row("boiler.temp", "82.0", "good"))

    def test_source_times(self):
        now_s = int(time.time())
        cases = {"past": now_s - 3600, "ancient": now_s - 30 * 86400, "future": now_s + 3600}
        with Broker() as broker, Recorder(broker) as recorder, open_console(recorder) as console:
            wait_live(recorder)
            for name, ts in cases.items():
                mosquitto_pub(broker, f"plant/{name}", json.dumps({"v": 1, "ts": ts}))
            recorder.wait_value("SELECT count(*) FROM history", 3)
            rows = {tag: (int(ts), int(quality)) for tag, ts, quality in recorder.sql("SELECT tag, ts, quality FROM history")}
            self.assertEqual(rows["plant/past:v"], (cases["past"] * 1000000, 0))
            for name in ("ancient", "future"):
                self.assertEqual(rows[f"plant/{name}:v"][1], UNCERTAIN)
                self.assertLess(abs(rows[f"plant/{name}:v"][0] - now_s * 1000000), 60 * 1000000)
            self.assertEqual(health(recorder)[1]["status"]["refused_times"], 2)
            console.wait_re(row("plant/past:v", "1", "1h", "good"))
            # Late: to the history only, the live value stays.
            mosquitto_pub(broker, "plant/past", json.dumps({"v": 2, "ts": cases["past"] - 60}))
            recorder.wait_value("SELECT count(*) FROM history WHERE tag = 'plant/past:v'", 2)
            self.assertEqual(tags(recorder)["plant/past:v"]["value"], 1)
            self.assertEqual(recorder.value("SELECT value FROM latest WHERE tag = 'plant/past:v'"), "1.0")


if __name__ == "__main__":
    unittest.main()
