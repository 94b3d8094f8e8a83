"""Everything is bounded and counted: tags, payloads, ten thousand tags; and what the commands print and return."""

import json
import re
import unittest

from broker import Broker
from publisher import Publisher, mosquitto_pub
from recorder import Recorder, wait_until
from scene import faults, health, open_console, row, tags, wait_alarm, wait_health, wait_live

UTC = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"
TAG_MEMBERS = {"tag", "value", "text", "unit", "quality", "quality_code", "time", "arrival", "retained", "source_time",
               "description", "topic", "path", "area", "kind", "configured"}
STATUS_MEMBERS = {"now", "link", "no_data_since", "broker", "protocol", "client_id", "recording", "messages", "samples",
                  "stored", "refused_payloads", "oversize_payloads", "tags", "tags_max", "tags_over_cap", "commits",
                  "commit_ms_p99", "spool_samples", "spool_lost", "gaps", "disk_free_bytes", "memory_bytes", "consoles",
                  "consoles_cut", "errors", "warnings"}


class Caps(unittest.TestCase):
    def test_the_cap_of_tags_is_counted_and_shown(self):
        with Broker() as broker, Recorder(broker, config="max_tags = 20;") as recorder, Publisher(broker) as publisher, \
                open_console(recorder, cols=132, rows=43) as console:
            wait_live(recorder)
            for number in range(30):
                publisher.publish(f"plant/t{number:02}", str(number), 1)
            status = wait_health(recorder, lambda status: status["messages"] == 30, "all messages")
            self.assertEqual((status["tags"], status["tags_max"], status["tags_over_cap"]), (20, 20, 10))
            self.assertEqual(health(recorder)[0], 1)
            self.assertIn("the cap of 20 tags is reached: 10 values of others were left out", faults(recorder))
            wait_alarm(recorder, "tags", "unacknowledged")
            console.key("F9")
            console.wait("the cap of 20 tags is reached")
            console.wait_re(row("over the cap", "10"))
            publisher.publish("plant/t05", "99", 1)  # those that are in go on
            recorder.wait_value("SELECT value FROM latest WHERE tag = 'plant/t05'", "99.0")
            self.assertEqual(recorder.value("SELECT count(*) FROM tags"), "20")
            recorder.stop()
            recorder.start()
            wait_live(recorder)
            self.assertEqual(len(tags(recorder)), 20)
            wait_alarm(recorder, "tags", "returned")  # nothing has been left out since the start

    def test_topics_too_long_for_memory_are_counted_and_shown(self):
        with Broker() as broker, Recorder(broker) as recorder, Publisher(broker) as publisher, \
                open_console(recorder, cols=132, rows=43) as console:
            wait_live(recorder)
            publisher.publish("plant/" + "x" * 1018, "1", 1)
            publisher.publish("plant/" + "x" * 1019, "1", 1)
            publisher.publish("plant/" + "/".join("y" * 150), "1", 1)
            publisher.publish("plant/" + "x" * 20000, "1", 1)
            wait_health(recorder, lambda status: status["messages"] == 4, "all messages")
            self.assertEqual(len(tags(recorder)), 2)
            self.assertIn("2 messages on topics of more than 1024 bytes were left out", faults(recorder))
            console.key("F9")
            console.wait_re(row("long topics", "2"))

    def test_a_payload_over_the_limit_is_refused_whole_and_counted_by_topic(self):
        with Broker() as broker, Recorder(broker, config="max_payload = 1000;") as recorder, \
                Publisher(broker) as publisher, open_console(recorder, cols=132, rows=43) as console:
            wait_live(recorder)
            publisher.publish("plant/a", "5", 1)
            console.wait_re(row("plant/a", "5", "good"))
            for _ in range(3):
                publisher.publish("plant/a", "1" + " " * 1000, 1)
            publisher.publish("plant/b", json.dumps({"v": 1, "more": "x" * 2000}), 1)
            status = wait_health(recorder, lambda status: status["oversize_payloads"] == 4, "four refusals")
            self.assertEqual(status["tags"], 1)
            refused = {entry["topic"]: entry for entry in health(recorder)[1]["refusals"]}
            self.assertEqual({topic: entry["count"] for topic, entry in refused.items()}, {"plant/a": 3, "plant/b": 1})
            self.assertLess(len(refused["plant/b"]["excerpt"]), 1000)
            self.assertEqual(tags(recorder)["plant/a"]["value"], 5)
            console.wait_re(r"^! plant/a +\(5\)")
            wait_alarm(recorder, "payloads", "unacknowledged")
            console.key("F9")
            console.wait_re(row("too large", "4"))
            publisher.publish("plant/a", "6", 1)
            recorder.wait_value("SELECT value FROM latest WHERE tag = 'plant/a'", "6.0")
            recorder.stop()
            recorder.start()
            wait_alarm(recorder, "payloads", "returned")  # none has been refused since the start

    def test_ten_thousand_tags(self):
        with Broker(max_queued=0) as broker, Recorder(broker) as recorder, Publisher(broker) as publisher:
            wait_live(recorder)
            for number in range(10000):
                publisher.number(f"plant/u{number % 100:02}/t{number:05}", number)
            wait_until(lambda: publisher.outstanding() == 0, 60, "the broker's acknowledgements")
            recorder.wait_value("SELECT count(*) FROM latest", 10000, 30)
            self.assertEqual(recorder.value("SELECT count(*) FROM history WHERE value <> cast(substr(tag, -5) AS REAL)"), "0")
            listed = tags(recorder)
            self.assertEqual(len(listed), 10000)
            self.assertTrue(all(tag["value"] == int(name[-5:]) for name, tag in listed.items()))
            with open_console(recorder) as console:
                console.wait("/10000")
                console.key("End")
                console.wait_re(row("plant/u99/t09999", "9999", "good"))
                console.key("/")
                console.type("t04242")
                console.wait_re(row("plant/u42/t04242", "4242", "good"))
                console.wait("1/1")
            status = health(recorder)[1]["status"]
            self.assertEqual(status["tags"], 10000)
            self.assertLess(status["memory_bytes"], 200 << 20 if self.is_sanitized() else 48 << 20)
            self.assertEqual(health(recorder)[0], 0)

    @staticmethod
    def is_sanitized():
        from recorder import HMI
        with open(HMI, "rb") as file:
            return b"__asan_init" in file.read()


class Commands(unittest.TestCase):
    def test_json_and_exit_statuses(self):
        with Broker() as broker, Recorder(broker, config='timezone = "America/New_York";') as recorder:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/a", '{"v": 1.5, "on": true, "word": "x"}')
            recorder.wait_value("SELECT count(*) FROM history", 3)
            self.check_tags(tags(recorder))
            status, report = health(recorder)
            self.assertEqual((status, report["state"]), (0, "good"))
            self.assertLessEqual(STATUS_MEMBERS, set(report["status"]))
            self.assertLessEqual({"plant", "user", "role", "history_path", "started", "pid", "program"}, set(report["recorder"]))
            self.assertEqual(report["recorder"]["pid"], recorder.process.pid)
            self.assertEqual(report["recorder"]["shelve_max_s"], 8 * 3600)  # a span is no time of 1970
            self.assertNotIn("shelve_max", report["recorder"])
            self.assertRegex(report["recorder"]["program"], r"^hmi \d")
            self.assertRegex(report["status"]["now"], UTC)
            self.assertEqual([report[name] for name in ("faults", "refusals", "consoles")], [[], [], []])
            mosquitto_pub(broker, "plant/a", b"\xff")
            wait_health(recorder, lambda status: status["warnings"] == 1, "a warning")
            self.assertEqual(health(recorder)[0], 1)
            self.assertEqual(recorder.hmi("status")[0], 1)
            broker.stop()
            wait_health(recorder, lambda status: status["link"] == "down", "the link down")
            self.assertEqual(health(recorder)[0], 2)
            recorder.stop()
            self.check_without_recorder(recorder)

    def check_tags(self, listed):
        self.assertEqual(set(listed), {"plant/a:v", "plant/a:on", "plant/a:word"})
        for tag in listed.values():
            self.assertEqual(set(tag), TAG_MEMBERS)
            self.assertRegex(tag["time"], UTC)
        self.assertEqual([listed[f"plant/a:{name}"]["value"] for name in ("v", "on", "word")], [1.5, 1, "x"])
        self.assertEqual([listed[f"plant/a:{name}"]["kind"] for name in ("v", "on", "word")], ["analog", "discrete", "text"])

    def check_without_recorder(self, recorder):
        status, text, _ = recorder.hmi("status", "--json")
        self.assertEqual((status, json.loads(text)["state"]), (2, "critical"))
        self.assertIn("error", json.loads(text))
        status, output, errors = recorder.hmi("tags")
        self.assertEqual((status, output), (69, ""))
        self.assertTrue(re.search(r"hmi record|recorder", errors), errors)

    def test_patterns(self):
        with Broker() as broker, Recorder(broker) as recorder:
            wait_live(recorder)
            for topic in ("plant/a/1", "plant/a/2", "plant/b/1"):
                mosquitto_pub(broker, topic, "1")
            recorder.wait_value("SELECT count(*) FROM history", 3)
            self.assertEqual(len(json.loads(recorder.hmi("tags", "--json", "plant/a/*")[1])), 2)
            self.assertEqual(len(json.loads(recorder.hmi("tags", "--json", "nothing*")[1])), 0)
            self.assertEqual(recorder.hmi("tags", "--no-such-option")[0], 64)


if __name__ == "__main__":
    unittest.main()
