"""From a burst of messages to what operators and programs are told: a flood, an alarm that chatters, the first of those
that came together, and what was acknowledged before."""

import json
import unittest

from broker import Broker
from publisher import Publisher
from recorder import Recorder, wait_until
from scene import health, wait_live

TAGS = 12
CONFIG = "tags = (\n" + ",\n".join(
    f'  {{ name = "tank.{i}"; topic = "plant/tank/{i}"; kind = "analog"; area = "tank";\n'
    f'    alarms = ( {{ type = "hi"; limit = 90; message = "Tank {i} full"; }} ); }}' for i in range(TAGS)) + "\n);\n"


def alarms(recorder):
    status, text, errors = recorder.hmi("alarms", "--json", "tank.*")
    if status:
        raise AssertionError(errors)
    return {alarm["alarm"]: alarm for alarm in json.loads(text)}


def figure(recorder, name):
    return health(recorder)[1]["status"][name]


class Flood(unittest.TestCase):
    def test_from_the_broker_to_the_journal(self):
        with Broker(persistence=True) as broker, Recorder(broker, config=CONFIG) as recorder, \
                Publisher(broker) as publisher:
            wait_live(recorder)
            for _ in range(4):  # comes and goes
                publisher.publish("plant/tank/0", "95", qos=1)
                publisher.publish("plant/tank/0", "80", qos=1)
            wait_until(lambda: alarms(recorder).get("tank.0/hi", {}).get("chattering"), 15, "an alarm that chatters")
            self.assertEqual(alarms(recorder)["tank.0/hi"]["chatter_rate"], 4)
            self.assertFalse(alarms(recorder)["tank.0/hi"]["first_out"])  # alone
            self.assertIsNone(figure(recorder, "alarm_flood_since"))
            for i in range(1, TAGS):
                publisher.publish(f"plant/tank/{i}", "95", qos=1)
            wait_until(lambda: len(alarms(recorder)) == TAGS, 15, "all alarms")
            self.assertEqual([name for name, alarm in alarms(recorder).items() if alarm["first_out"]], ["tank.0/hi"])
            wait_until(lambda: figure(recorder, "alarm_flood_since"), 5, "the flood")
            wait_until(lambda: figure(recorder, "alarms_lately") == TAGS + 3, 5, "how many came")
            rows = recorder.sql("SELECT event, detail FROM journal WHERE event LIKE 'flood%' OR alarm = 'tank.5/hi'")
            self.assertIn(["flood began", "more than 10 alarms in 10 minutes"], [list(row) for row in rows])
            self.assertIn(["activated", "Tank 5 full"], [list(row) for row in rows])
            # All of a tag, and once more: whoever was second learns who was first.
            self.assertEqual(recorder.hmi("ack", "tank.5")[:2], (0, "1 alarm acknowledged\n"))
            status, _, errors = recorder.hmi("ack", "tank.5")
            self.assertEqual(status, 65)
            self.assertRegex(errors, "tank.5/hi is acknowledged already, by .+")
            self.assertIn("no alarm nothing.here", recorder.hmi("ack", "nothing.here")[2])
            # A kill does not end it: it goes on with what there was.
            since, lately = figure(recorder, "alarm_flood_since"), figure(recorder, "alarms_lately")
            recorder.kill()
            recorder.start()
            wait_until(lambda: figure(recorder, "alarm_flood_since") == since, 10, "the flood that stood")
            told = int(recorder.value("SELECT count(*) FROM journal WHERE event = 'activated' AND tag = 'system'"))
            wait_until(lambda: figure(recorder, "alarms_lately") == lately + told, 5, f"{lately} + {told} alarms")
            self.assertEqual(recorder.value("SELECT group_concat(event) FROM journal WHERE event LIKE 'flood%'"),
                             "flood began")


if __name__ == "__main__":
    unittest.main()
