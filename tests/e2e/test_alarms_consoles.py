"""Alarms at several consoles and over restarts: what one operator does the other sees, and a stop or a kill changes
nothing."""

import unittest

from broker import Broker
from publisher import Publisher, mosquitto_pub
from recorder import Recorder, wait_until
from scene import open_console, row, wait_live
from test_alarms import BOILER, alarms, journal, kept, states, wait_states

SEEN_S = 0.6  # an alarm is acknowledged only when it has been on the screen for a moment


def open_alarms(recorder, *words):
    """A console that shows the Alarms screen, with that row on it."""
    console = open_console(recorder)
    console.wait("● broker")
    console.key("F4")
    console.wait_re(row(*words))
    return console


class TwoConsoles(unittest.TestCase):
    def test_acknowledged_on_one_seen_on_the_other(self):
        with Broker() as broker, Recorder(broker, config=BOILER) as recorder:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/boiler/temp", "97", "-q", "1")
            with open_alarms(recorder, "UNACK", "boiler.temp/hihi") as first, \
                    open_alarms(recorder, "UNACK", "boiler.temp/hihi") as second:
                first.run(SEEN_S)
                first.key("a")
                second.wait_re(r"acked .*boiler\.temp/hihi")
                # What is on a screen is in the file: no power cut takes it back.
                self.assertEqual(states(recorder)["boiler.temp/hihi"], "acknowledged")
                first.wait_re(r"acked .*boiler\.temp/hihi")
                # What comes and goes is seen on both.
                mosquitto_pub(broker, "plant/boiler/temp", "50", "-q", "1")
                for console in (first, second):
                    console.wait_re(row("RETURN", "boiler.temp/hi "))

    def test_both_at_once(self):
        """One of them has acknowledged it; the other one is told, and the journal knows one."""
        with Broker() as broker, Recorder(broker, config=BOILER) as recorder:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/boiler/temp", "92", "-q", "1")
            with open_alarms(recorder, "UNACK", "boiler.temp/hi") as first, \
                    open_alarms(recorder, "UNACK", "boiler.temp/hi") as second:
                first.run(SEEN_S)
                second.run(SEEN_S)
                first.key("a")
                second.key("a")
                for console in (first, second):
                    console.wait_re(r"acked .*boiler\.temp/hi")
            self.assertEqual([event for _, event, _ in journal(recorder, "alarm = 'boiler.temp/hi'")],
                             ["activated", "acknowledged"])


class Restart(unittest.TestCase):
    """One alarm in each state, one of each kind of shelving; then the recorder stops, or is killed."""

    NAMES = ("normal", "unacknowledged", "acknowledged", "returned", "latched", "reset", "shelved", "once",
             "suppressed", "removed", "configured")

    def config(self):
        more = {"latched": "latching = true;", "reset": "latching = true;", "configured": "out_of_service = true;",
                "suppressed": 'suppress_by = "pump"; suppress_when = 0;'}
        rows = ",\n".join(f'{{ name = "{name}"; topic = "plant/{name}"; kind = "analog"; alarms = ( '
                          f'{{ type = "hi"; limit = 90; {more.get(name, "")} }} ); }}' for name in self.NAMES)
        return f'tags = (\n{{ name = "pump"; topic = "plant/pump"; kind = "discrete"; }},\n{rows}\n);\n'

    def drive(self, broker, recorder):
        with Publisher(broker) as publisher:
            publisher.publish("plant/pump", "0", 1)
            for name in self.NAMES:
                publisher.publish(f"plant/{name}", "50" if name == "normal" else "95", 1)
            recorder.wait_value("SELECT count(*) FROM alarms WHERE type = 'hi'", len(self.NAMES) - 1)
            for arguments in (("ack", "acknowledged/hi", "reset/hi"),
                              ("shelve", "shelved/hi", "--for", "2h", "--reason", "sensor away"),
                              ("shelve", "once/hi", "--once", "--reason", "being tested"),
                              ("out-of-service", "removed/hi", "--reason", "drum is open")):
                status, _, errors = recorder.hmi(*arguments)
                self.assertEqual(status, 0, errors)
            for name in ("returned", "latched", "reset"):
                publisher.publish(f"plant/{name}", "50", 1)
            wait_until(lambda: publisher.outstanding() == 0, 20, "the broker's acknowledgements")
        wait_states(recorder, self.EXPECTED)

    EXPECTED = {"unacknowledged/hi": "unacknowledged", "acknowledged/hi": "acknowledged", "returned/hi": "returned",
                "latched/hi": "latched", "reset/hi": "latched acknowledged", "shelved/hi": "shelved", "once/hi": "shelved",
                "suppressed/hi": "suppressed", "removed/hi": "out of service", "configured/hi": "out of service"}

    def test_every_state_survives_a_stop_and_a_kill(self):
        with Broker(persistence=True) as broker, Recorder(broker, config=self.config()) as recorder:
            wait_live(recorder)
            self.drive(broker, recorder)
            before, entries = alarms(recorder, "--all"), journal(recorder, "alarm NOT LIKE 'system/%'")
            for end in (recorder.stop, recorder.kill, recorder.kill):
                end()
                recorder.start()
                wait_live(recorder)
                # The same values once more: nothing changes by them.
                with Publisher(broker) as publisher:
                    publisher.publish("plant/pump", "0", 1)
                    for name in self.NAMES:
                        value = "50" if name in ("normal", "returned", "latched", "reset") else "96"
                        publisher.publish(f"plant/{name}", value, 1)
                recorder.wait_value("SELECT count(*) FROM latest WHERE value = 96", 7)
                self.assertEqual(states(recorder), self.EXPECTED)
                self.assertEqual(journal(recorder, "alarm NOT LIKE 'system/%'"), entries)
                after = alarms(recorder, "--all")
                for address in self.EXPECTED:  # times, who, why, and until when
                    self.assertEqual(kept(after[address]), kept(before[address]))
                with Publisher(broker) as publisher:  # another last value, so that the next round is not told by this one
                    for name in self.NAMES:
                        value = "51" if name in ("normal", "returned", "latched", "reset") else "97"
                        publisher.publish(f"plant/{name}", value, 1)
                recorder.wait_value("SELECT count(*) FROM latest WHERE value = 97", 7)
            # They go on from there.
            mosquitto_pub(broker, "plant/once", "50", "-q", "1")
            mosquitto_pub(broker, "plant/acknowledged", "50", "-q", "1")
            mosquitto_pub(broker, "plant/pump", "1", "-q", "1")
            expected = dict(self.EXPECTED, **{"suppressed/hi": "unacknowledged"})
            del expected["once/hi"], expected["acknowledged/hi"]
            wait_states(recorder, expected)


if __name__ == "__main__":
    unittest.main()
