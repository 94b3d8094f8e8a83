"""Alarms from the broker to the file and to the commands: evaluated, committed, acknowledged, and the same after a
restart; a lost broker is one alarm and not a flood."""

import getpass
import json
import signal
import time
import unittest

import forger
from broker import Broker
from publisher import Publisher, mosquitto_pub
from recorder import Recorder, wait_until
from scene import health, tags, wait_health, wait_live

BOILER = """
tags = (
  { name = "boiler.temp"; topic = "plant/boiler/temp"; kind = "analog";
    alarms = ( { type = "hi"; limit = 90; deadband = 2; priority = "high"; message = "Drum hot"; },
               { type = "hihi"; limit = 95; latching = true; priority = "critical"; } ); },
  { name = "pump.run"; topic = "plant/pump"; states = ( (0, "STOPPED"), (1, "RUNNING") ); },
  { name = "flow"; topic = "plant/flow"; kind = "analog";
    alarms = ( { type = "lo"; limit = 5; suppress_by = "pump.run"; suppress_when = "STOPPED"; } ); }
);
"""


def alarms(recorder, *options):
    """`hmi alarms --json` as {address: object}."""
    status, text, errors = recorder.hmi("alarms", "--json", *options)
    if status:
        raise AssertionError(errors)
    return {alarm["alarm"]: alarm for alarm in json.loads(text)}


def kept(alarm):
    """What a restart must not touch: all but the value that the tag has now."""
    return {name: value for name, value in alarm.items() if not name.startswith("value_now")}


def states(recorder):
    """The view, without what the recorder says of itself at a start."""
    rows = recorder.sql("SELECT alarm, state FROM alarms WHERE alarm <> 'system/restarted' ORDER BY alarm")
    return {alarm: state for alarm, state in rows}


def journal(recorder, condition="1"):
    return recorder.sql("SELECT alarm, event, operator FROM journal WHERE kind <> 'config' AND "
                        f"alarm <> 'system/restarted' AND {condition} ORDER BY id")


def wait_states(recorder, expected, seconds=15):
    wait_until(lambda: states(recorder) == expected, seconds, f"{expected}, not {states(recorder)}")


WORDS = """
tags = (
  { name = "pump"; topic = "plant/pump"; kind = "discrete";
    states = ( (0, "STOPPED"), (1, "RUNNING"), (3, "TRIPPED") );
    alarms = ( { type = "state"; limit = "TRIPPED"; } ); },
  { name = "tank"; topic = "plant/tank"; unit = "m"; decimals = 1; alarms = ( { type = "hi"; limit = 4; } ); }
);
"""


class Words(unittest.TestCase):
    def test_states_have_words_and_numbers_units(self):
        with Broker() as broker, Recorder(broker, config=WORDS) as recorder:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/pump", "3", "-q", "1")
            mosquitto_pub(broker, "plant/tank", "4.5", "-q", "1")
            wait_states(recorder, {"pump/state": "unacknowledged", "tank/hi": "unacknowledged"})
            found = alarms(recorder)
            self.assertEqual([found["pump/state"][key] for key in ("value", "value_text", "limit", "limit_text", "unit")],
                             [3, "TRIPPED", 3, "TRIPPED", ""])
            self.assertEqual([found["tank/hi"][key] for key in ("value", "value_text", "limit", "limit_text", "unit")],
                             [4.5, "4.5", 4, "4.0", "m"])
            status, text, errors = recorder.hmi("alarms")
            self.assertEqual(status, 0, errors)
            self.assertRegex(text, r"THEN +NOW +LIMIT +UNIT +MESSAGE")
            self.assertRegex(text, r"pump/state .* TRIPPED +TRIPPED +TRIPPED")
            self.assertRegex(text, r"tank/hi .* 4\.5 +4\.5 +4\.0 +m\b")
            mosquitto_pub(broker, "plant/tank", "4.7", "-q", "1")
            wait_until(lambda: alarms(recorder)["tank/hi"]["value_now"] == 4.7, 10, "the value now")
            found = alarms(recorder)["tank/hi"]
            self.assertEqual([found[key] for key in ("value", "value_text", "value_now_text")], [4.5, "4.5", "4.7"])
            self.assertRegex(recorder.hmi("alarms")[1], r"tank/hi .* 4\.5 +4\.7 +4\.0 +m\b")


class Life(unittest.TestCase):
    def test_raised_acknowledged_shelved_and_kept_over_a_kill(self):
        with Broker(persistence=True) as broker, Recorder(broker, config=BOILER) as recorder:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/pump", "1", "-q", "1")
            mosquitto_pub(broker, "plant/flow", "50", "-q", "1")
            mosquitto_pub(broker, "plant/boiler/temp", "97.5", "-q", "1")
            wait_states(recorder, {"boiler.temp/hi": "unacknowledged", "boiler.temp/hihi": "unacknowledged"})
            first, *_ = recorder.sql("SELECT tag, alarm, type, priority, value, limit_value, message FROM alarms "
                                     "WHERE alarm = 'boiler.temp/hi'")
            self.assertEqual(list(first), ["boiler.temp", "boiler.temp/hi", "hi", "high", "97.5", "90.0", "Drum hot"])
            # All of a tag; and what is mistyped is no all-clear.
            self.assertEqual(set(alarms(recorder, "boiler.temp")), {"boiler.temp/hi", "boiler.temp/hihi"})
            self.assertEqual(set(alarms(recorder, "boiler.*/hi")), {"boiler.temp/hi"})
            for nothing in ("flow", "flow/lo", "system/*"):
                self.assertNotIn("boiler", recorder.hmi("alarms", nothing)[1])
            status, text, errors = recorder.hmi("alarms", "boilr.temp")
            self.assertEqual((status, text), (65, ""))
            self.assertIn("no tag and no alarm matches 'boilr.temp'", errors)
            # By address, and what it means in the file and for the next who looks.
            status, text, errors = recorder.hmi("ack", "boiler.temp/hi")
            self.assertEqual((status, text), (0, "1 alarm acknowledged\n"), errors)
            self.assertEqual(states(recorder), {"boiler.temp/hi": "acknowledged", "boiler.temp/hihi": "unacknowledged"})
            seen = alarms(recorder)["boiler.temp/hi"]
            self.assertEqual((seen["state"], seen["active"]), ("acknowledged", True))
            self.assertTrue(seen["acknowledged_by"])
            # Once is enough, and a refusal is an entry, too. What has been answered is on record: nothing to wait for.
            status, _, errors = recorder.hmi("ack", "boiler.temp/hi")
            self.assertEqual(status, 65)
            self.assertIn("boiler.temp/hi is acknowledged already, by " + getpass.getuser(), errors)
            self.assertEqual(recorder.value("SELECT count(*) FROM journal WHERE kind = 'refusal'"), "1")
            # What is not there is another answer than what is not allowed.
            status, _, errors = recorder.hmi("ack", "nosuch")
            self.assertEqual((status, "there is no alarm nosuch" in errors), (65, True), errors)
            # Shelving asks for a reason and a time.
            self.assertEqual(recorder.hmi("shelve", "boiler.temp/hihi", "--for", "1h")[0], 64)
            self.assertEqual(recorder.hmi("shelve", "boiler.temp/hihi", "--for", "3")[0], 64)
            output = recorder.hmi("shelve", "boiler.temp/hihi", "--for", "200h", "--reason", "sensor away")[1]
            self.assertEqual(output, "1 alarm shelved for 8.0h: shelve_max allows no longer\n")
            status, output, errors = recorder.hmi("shelve", "boiler.temp/hihi", "--for", "1h", "--reason", "sensor away")
            self.assertEqual(output, "1 alarm shelved for 60m\n")
            self.assertEqual(status, 0, errors)
            self.assertEqual(states(recorder), {"boiler.temp/hi": "acknowledged", "boiler.temp/hihi": "shelved"})
            self.assertNotIn("boiler.temp/hihi", alarms(recorder))
            shelved = alarms(recorder, "--all")["boiler.temp/hihi"]
            self.assertEqual(shelved["shelf_reason"], "sensor away")
            # By design, by another tag's state.
            mosquitto_pub(broker, "plant/pump", "0", "-q", "1")
            mosquitto_pub(broker, "plant/flow", "0", "-q", "1")
            expected = {"boiler.temp/hi": "acknowledged", "boiler.temp/hihi": "shelved", "flow/lo": "suppressed"}
            wait_states(recorder, expected)
            before = alarms(recorder, "--all")
            entries = journal(recorder)
            recorder.kill()
            recorder.start()
            wait_live(recorder)
            mosquitto_pub(broker, "plant/boiler/temp", "97.6", "-q", "1")
            recorder.wait_value("SELECT value FROM latest WHERE tag = 'boiler.temp'", 97.6)
            self.assertEqual(states(recorder), expected)
            self.assertEqual(journal(recorder), entries)  # no transition by the restart
            after = alarms(recorder, "--all")
            for address in expected:
                self.assertEqual(kept(after[address]), kept(before[address]))
            status, _, errors = recorder.hmi("unshelve", "boiler.temp/hihi")
            self.assertEqual(status, 0, errors)
            wait_states(recorder, dict(expected, **{"boiler.temp/hihi": "unacknowledged"}))
            mosquitto_pub(broker, "plant/boiler/temp", "50", "-q", "1")
            wait_states(recorder, {"boiler.temp/hihi": "latched", "flow/lo": "suppressed"})
            self.assertEqual(recorder.hmi("ack", "boiler.temp")[0], 0)  # all of a tag
            wait_states(recorder, {"boiler.temp/hihi": "latched acknowledged", "flow/lo": "suppressed"})
            # Another console's acknowledgement, a moment later, is one as well and resets nothing.
            came_us = recorder.value("SELECT activated_us FROM alarm_state WHERE word = 'hihi'")
            with forger.Forger(recorder) as second:
                second.send(forger.hello() + forger.ask(1, forger.ACKNOWLEDGE, f"boiler.temp/hihi\t{came_us}"))
                self.assertIn(b"is acknowledged already, by ", second.receive(forger.ANSWER))
            self.assertEqual(recorder.hmi("ack", "boiler.temp/hihi")[0], 0)
            wait_states(recorder, {"flow/lo": "suppressed"})
            self.assertEqual([event for _, event, _ in journal(recorder, "alarm = 'boiler.temp/hihi'")],
                             ["activated", "shelved", "shelved", "unshelved", "cleared", "acknowledged", "reset"])


class Service(unittest.TestCase):
    def test_out_and_back_over_a_kill(self):
        with Broker(persistence=True) as broker, Recorder(broker, config=BOILER.replace(
                "latching = true;", "out_of_service = true;")) as recorder:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/boiler/temp", "97", "-q", "1")
            wait_states(recorder, {"boiler.temp/hi": "unacknowledged", "boiler.temp/hihi": "out of service"})
            status, _, errors = recorder.hmi("out-of-service", "boiler.temp/hi")
            self.assertEqual((status, "needs a reason" in errors), (64, True), errors)
            status, text, errors = recorder.hmi("out-of-service", "boiler.temp/hi", "--reason", "sensor away")
            self.assertEqual((status, text), (0, "1 alarm taken out of service\n"), errors)
            expected = {"boiler.temp/hi": "out of service", "boiler.temp/hihi": "out of service"}
            self.assertEqual(states(recorder), expected)
            self.assertEqual(recorder.sql("SELECT operator, detail FROM journal WHERE event = 'out of service' AND "
                                          "kind = 'operator'"), [[getpass.getuser(), "sensor away"]])
            recorder.kill()
            recorder.start()
            wait_live(recorder)
            recorder.process.send_signal(signal.SIGHUP)
            recorder.wait_value("SELECT count(*) FROM journal WHERE event = 'reloaded'", 1)
            self.assertEqual(states(recorder), expected)
            self.assertEqual(alarms(recorder, "--all")["boiler.temp/hi"]["detail"],
                             getpass.getuser() + ": sensor away")
            # What the configuration took out comes back with the configuration.
            status, _, errors = recorder.hmi("in-service", "boiler.temp/hihi")
            self.assertEqual((status, "of the configuration" in errors), (65, True), errors)
            status, text, errors = recorder.hmi("in-service", "boiler.temp/hi")
            self.assertEqual((status, text), (0, "1 alarm back in service\n"), errors)
            self.assertEqual(states(recorder), dict(expected, **{"boiler.temp/hi": "unacknowledged"}))

    def test_takes_a_supervisor(self):
        access = f'access = {{ operator = [ "{getpass.getuser()}" ]; }};\n'
        with Broker() as broker, Recorder(broker, config=access + BOILER) as recorder:
            wait_live(recorder)
            for command in ("out-of-service", "in-service"):
                status, _, errors = recorder.hmi(command, "boiler.temp/hi")
                self.assertEqual((status, "needs the role supervisor" in errors), (77, True), errors)
            recorder.wait_value("SELECT count(*) FROM journal WHERE kind = 'refusal'", 2)


class Audit(unittest.TestCase):
    def test_who_may_not_and_what_a_reload_changes(self):
        """Refusals and changed limits are entries of the journal."""
        user = getpass.getuser()
        access = f'access = {{ viewer = [ "{user}" ]; }};\n'
        with Broker() as broker, Recorder(broker, config=access + BOILER) as recorder:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/boiler/temp", "92", "-q", "1")
            wait_states(recorder, {"boiler.temp/hi": "unacknowledged"})
            status, _, errors = recorder.hmi("ack", "boiler.temp/hi")
            self.assertEqual(status, 77)
            self.assertIn("needs the role operator", errors)
            recorder.wait_value("SELECT operator FROM journal WHERE kind = 'refusal'", user)
            self.assertEqual(states(recorder), {"boiler.temp/hi": "unacknowledged"})
            self.edit(recorder, ("limit = 90", "limit = 91"), ('name = "flow"', 'name = "flow.in"'))
            recorder.process.send_signal(signal.SIGHUP)
            recorder.wait_value("SELECT detail FROM journal WHERE event = 'changed'", "limit 90 -> 91")
            recorder.wait_value("SELECT count(*) FROM journal WHERE event = 'reloaded'", 1)
            self.assertEqual(states(recorder), {"boiler.temp/hi": "unacknowledged"})


    def edit(self, recorder, *pairs):
        with open(recorder.config_path, encoding="utf-8") as file:
            text = file.read()
        for before, after in pairs:
            self.assertIn(before, text)
            text = text.replace(before, after)
        with open(recorder.config_path, "w", encoding="utf-8") as file:
            file.write(text)

    def test_what_was_changed_while_it_was_stopped(self):
        """As a reload tells it, but for who and when; once, whenever a kill comes; and nothing when nothing was changed."""
        told = ("SELECT alarm, event, ifnull(operator, '-'), detail FROM journal WHERE kind = 'config' "
                "AND event <> 'reloaded' ORDER BY id")
        with Broker(persistence=True) as broker, Recorder(broker, config=BOILER) as recorder:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/boiler/temp", "92", "-q", "1")
            wait_states(recorder, {"boiler.temp/hi": "unacknowledged"})
            recorder.wait_value("SELECT count(*) FROM alarm_terms", 4)  # three alarms, and that they are known
            recorder.stop()
            self.edit(recorder, ("limit = 90", "limit = 91"), ('type = "lo"; limit = 5', 'type = "lolo"; limit = 2'))
            for delay_s in (0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2):  # it has to read, to compare, to commit
                recorder.start(wait=False)
                time.sleep(delay_s)
                recorder.kill()
            recorder.start()
            recorder.wait_value("SELECT count(*) FROM journal WHERE event = 'added'", 1)
            stopped = " (while the recorder was stopped)"
            rest = 'deadband 0; priority medium; suppressed by pump.run = 0'
            expected = [
                ["boiler.temp/hi", "changed", "-", "limit 90 -> 91" + stopped],
                ["flow/lo", "removed", "-", "the configuration does not name it any more; it was: "
                 "type lo; limit 5; " + rest + stopped],
                ["flow/lolo", "added", "-", "type lolo; limit 2; " + rest + stopped],
            ]
            self.assertEqual(sorted(recorder.sql(told)), expected)
            self.assertEqual(states(recorder), {"boiler.temp/hi": "unacknowledged"})
            wait_live(recorder)
            self.edit(recorder, ("limit = 91", "limit = 92"))
            recorder.process.send_signal(signal.SIGHUP)
            recorder.wait_value("SELECT count(*) FROM journal WHERE event = 'reloaded'", 1)
            recorder.stop()
            recorder.start()  # nothing was changed
            wait_live(recorder)
            self.assertEqual(sorted(recorder.sql(told)),
                             sorted(expected + [["boiler.temp/hi", "changed", "-", "limit 91 -> 92"]]))
            status, output, errors = recorder.hmi("check", "--history")
            self.assertEqual((status, errors), (0, ""), output)
            self.assertIn("is sound", output)  # the chain, too


class Silence(unittest.TestCase):
    CONFIG = """
    tags = ( { name = "dead"; topic = "plant/dead"; stale_after = 3; alarms = ( { type = "stale"; } ); },
             { name = "mistyped"; topic = "plant/mitsyped"; stale_after = 3; alarms = ( { type = "stale"; } ); } );
    """

    def test_dead_at_the_start(self):
        """Neither a stop of the recorder nor a value that the broker has retained hides a sensor that says nothing."""
        with Broker(persistence=True) as broker, Recorder(broker, config=self.CONFIG) as recorder:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/dead", "1", "-q", "1", "-r")
            recorder.wait_value("SELECT value FROM latest WHERE tag = 'dead'", 1.0)
            recorder.stop()
            recorder.start()
            wait_states(recorder, {"dead/stale": "unacknowledged", "mistyped/stale": "unacknowledged"})
            known = tags(recorder)
            self.assertEqual([known[name]["quality"] for name in ("dead", "mistyped")], ["stale", "init"])
            before = journal(recorder)
            recorder.kill()
            recorder.start()
            wait_live(recorder)
            wait_health(recorder, lambda status: status["tags_stale"] == 1, "the silence")
            self.assertEqual(journal(recorder), before)
            mosquitto_pub(broker, "plant/dead", "1", "-q", "1")
            wait_states(recorder, {"dead/stale": "returned", "mistyped/stale": "unacknowledged"})


class LostBroker(unittest.TestCase):
    COUNT = 500
    AWAY_S = 16
    # What of an alarm goes on with time. Each of them is over within AWAY_S, and needs longer than a slow machine takes
    # from the first alarm to the broker's end.
    KINDS = {"plain": "", "escalating": "escalate = 15;", "again": "realarm = 15;",
             "resting": 'on_delay = 8; suppress_by = "pump"; suppress_when = "STOPPED";'}

    def names(self, *kinds):
        return [f"{kind}{i}" for kind in kinds or self.KINDS for i in range(self.COUNT // len(self.KINDS))]

    def config(self):
        rows = ",\n".join(f'{{ name = "{name}"; topic = "plant/{name}"; kind = "analog"; stale_after = 15; alarms = ( '
                          f'{{ type = "hi"; limit = 90; {self.KINDS[name.rstrip("0123456789")]} }}, '
                          f'{{ type = "lo"; limit = 10; }}, {{ type = "stale"; }}, {{ type = "bad"; }}, '
                          f'{{ type = "rate"; limit = 1; }} ); }}' for name in self.names())
        return ('tags = (\n{ name = "pump"; topic = "plant/pump"; states = ( (0, "STOPPED"), (1, "RUNNING") ); },\n'
                f"{rows}\n);\n")

    def publish(self, broker, *kinds):
        """Values above the limit, and a pump that stands still."""
        with Publisher(broker) as publisher:
            publisher.publish("plant/pump", "0", 1, retain=True)
            for name in self.names(*kinds):
                publisher.publish(f"plant/{name}", "95", 1, retain=True)
            wait_until(lambda: publisher.outstanding() == 0, 20, "the broker's acknowledgements")

    def raise_all(self, broker, recorder):
        """All of them in alarm, those that rest, suppressed."""
        activated = "SELECT count(*) FROM alarms WHERE type = 'hi' AND active"
        self.publish(broker, "resting")
        recorder.wait_value(f"{activated} AND state = 'suppressed'", self.COUNT // len(self.KINDS), 30)
        self.publish(broker)
        recorder.wait_value(activated, self.COUNT)

    def test_one_alarm_and_no_flood(self):
        """500 tags in alarm, some acknowledged, that could alarm again by being stale, bad or fast, by an escalation, an
        acknowledgement too old, a suppression that is over: their broker goes and comes again."""
        with Broker(persistence=True) as broker, Recorder(broker, config=self.config()) as recorder:
            wait_live(recorder)
            self.raise_all(broker, recorder)
            known = self.names("plain")[:10] + self.names("escalating")[:10] + self.names("again")[:20]
            self.assertEqual(recorder.hmi("ack", *(f"{name}/hi" for name in known))[0], 0)
            mosquitto_pub(broker, "plant/pump", "1", "-q", "1", "-r")
            recorder.wait_value("SELECT value FROM latest WHERE tag = 'pump'", "1.0")
            before = journal(recorder)
            broker.stop()
            recorder.wait_value("SELECT state FROM alarms WHERE alarm = 'system/broker'", "unacknowledged")
            time.sleep(self.AWAY_S)  # longer than any of them may be silent or wait: that time has to pass
            self.assertEqual(health(recorder)[1]["status"]["tags_stale"], 0)
            broker.start()  # the retained values come again, as after each connection
            recorder.wait_value("SELECT state FROM alarms WHERE alarm = 'system/broker'", "returned", 40)
            more = journal(recorder)[len(before):]
            self.assertEqual([entry[:2] for entry in more],
                             [["system/broker", "activated"], ["system/broker", "cleared"]])
            # What had waited goes on waiting, and comes.
            for event, names in (("unsuppressed", self.names("resting")), ("escalated", self.names("escalating")),
                                 ("realarmed", [name for name in known if name.startswith("again")])):
                recorder.wait_value(f"SELECT count(DISTINCT tag) FROM journal WHERE event = '{event}'", len(names), 30)

    def test_retained_values_at_start(self):
        """The same states by retained values after a restart: nothing is raised twice."""
        with Broker(persistence=True) as broker, Recorder(broker, config=self.config()) as recorder:
            wait_live(recorder)
            self.publish(broker, "plain")
            count = len(self.names("plain"))
            recorder.wait_value("SELECT count(*) FROM alarms WHERE type = 'hi' AND state = 'unacknowledged'", count)
            before = journal(recorder, "type = 'hi'")
            recorder.stop()
            recorder.start()
            wait_live(recorder)
            recorder.wait_value("SELECT count(*) FROM alarms WHERE type = 'hi' AND state = 'unacknowledged'", count)
            self.assertEqual(journal(recorder, "type = 'hi'"), before)


if __name__ == "__main__":
    unittest.main()
