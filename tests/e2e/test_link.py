"""The broker goes and comes: what the operator sees meanwhile, what the history says afterwards."""

import datetime
import json
import socket
import time
import unittest

from broker import Broker, free_port
from gate import Gate
from publisher import Publisher, mosquitto_pub
from recorder import Recorder, wait_until
from scene import NO_COMMUNICATION, UNCERTAIN, faults, health, open_console, row, tags, wait_fault, wait_live

STALE_TAG = 'tags = ( { name = "quick"; topic = "plant/quick"; stale_after = 3; } );'


def gaps(recorder):
    return recorder.sql("SELECT reason, ts_start, ts_end FROM gap ORDER BY ts_start")


class StopAndStart(unittest.TestCase):
    def test_banner_quality_gap_and_backlog(self):
        with Broker(persistence=True) as broker, Recorder(broker, config=STALE_TAG) as recorder, \
                open_console(recorder) as console:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/a", "1", "-q", "1")
            mosquitto_pub(broker, "plant/quick", "1", "-q", "1")
            console.wait_re(row("plant/a", "1", "good"))
            broker.stop()
            # At once: the banner with the time, no value that looks live, the light.
            console.wait_re(r"NO PLANT DATA since [0-9][0-9]:[0-9][0-9]:[0-9][0-9] ")
            console.wait_re(r"^\? plant/a +\(1\).*nocomm")
            console.wait("NO BROKER")
            self.assertEqual({tag["quality_code"] for tag in tags(recorder).values()}, {NO_COMMUNICATION})
            status, report = health(recorder)
            self.assertEqual((status, report["status"]["link"]), (2, "down"))
            self.assertIn("is tried again by itself", faults(recorder))
            since = report["status"]["no_data_since"]
            console.wait("NO PLANT DATA since " + since[11:19])
            # Longer than `quick` may be silent: no communication is not stale.
            wait_until(lambda: time.time() - self.seconds(recorder, "quick") > 3.5, 10, "the time of stale_after")
            self.assertEqual(health(recorder)[1]["status"]["tags_stale"], 0)
            console.wait_re(r"^\? quick +\(1\).*nocomm")
            broker.start()
            console.wait_gone("NO PLANT DATA", 40)
            wait_live(recorder)
            mosquitto_pub(broker, "plant/a", "2", "-q", "1")
            console.wait_re(r"^  plant/a +2 .*now good")
            console.wait("● broker")
            recorder.wait_value("SELECT count(*) FROM gap", 1)
            (reason, start, end), = gaps(recorder)
            self.assertEqual(reason, "broker away")
            self.assertGreater(int(end) - int(start), 3000000)
            # `quick` was not heard since: stale, by its own time after the link was back, and then live again.
            console.wait_re(r"^\? quick +\(1\).*(stale|nocomm)")
            mosquitto_pub(broker, "plant/quick", "2", "-q", "1")
            console.wait_re(r"^  quick +2 .*good")

    @staticmethod
    def seconds(recorder, tag):
        return int(recorder.value(f"SELECT ts FROM latest WHERE tag = '{tag}'")) / 1e6

    def test_what_was_queued_is_backlog_and_settles(self):
        """Published while the recorder's connection was cut: stored once, Uncertain without a source time."""
        with Broker(max_queued=0) as broker, Gate(broker) as gate, Recorder(gate) as recorder, \
                open_console(recorder) as console:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/n", "0", "-q", "1")
            console.wait_re(row("plant/n", "0", "good"))
            with Publisher(broker) as publisher:
                gate.stall()  # nothing arrives any more, nor does an acknowledgement leave
                for number in range(1, 301):
                    publisher.number("plant/n", number)
                publisher.publish("plant/timed", json.dumps({"v": 1, "ts": time.time()}), 1)
                wait_until(lambda: publisher.outstanding() == 0, 20, "the broker's acknowledgements")
            gate.cut()
            recorder.wait_log("the session was kept", 30)
            wait_live(recorder)
            recorder.wait_value("SELECT count(DISTINCT value) FROM history WHERE tag = 'plant/n'", 301)
            rows = recorder.sql("SELECT quality, count(*) FROM history WHERE tag = 'plant/n' GROUP BY quality ORDER BY quality")
            self.assertEqual([quality for quality, _ in rows], ["0", str(UNCERTAIN)])
            self.assertEqual(recorder.value("SELECT quality FROM history WHERE tag = 'plant/timed:v'"), "0")
            mosquitto_pub(broker, "plant/n", "1000", "-q", "1")
            console.wait_re(r"^  plant/n +1000 .*now good")
            recorder.wait_value("SELECT quality FROM latest WHERE tag = 'plant/n'", 0)

    def test_absent_at_the_start(self):
        with Broker(start=False) as broker, Recorder(broker) as recorder, open_console(recorder) as console:
            console.wait("NO PLANT DATA since")
            console.wait("nothing listens at 127.0.0.1")
            console.wait("CONNECTING")
            self.assertEqual(health(recorder)[0], 2)
            broker.start()
            console.wait_gone("NO PLANT DATA", 40)
            wait_live(recorder)
            mosquitto_pub(broker, "plant/a", "3")
            console.wait_re(row("plant/a", "3", "good"))
            recorder.wait_value("SELECT value FROM latest", "3.0")

    def test_a_host_that_has_no_address(self):
        address = type("Address", (), {"host": "no-such-host.invalid", "port": free_port()})
        with Recorder(address) as recorder:
            recorder.wait_log("cannot find the host 'no-such-host.invalid'", 40)
            self.assertLess(recorder.stop(), 2.0)

    def test_a_broker_that_hangs_is_noticed_by_keepalive(self):
        """keepalive 5 s: silence is noticed after at most 7.5 s, and the gap begins when it was last heard."""
        with Broker() as broker, Gate(broker) as gate, Recorder(gate, broker_more="keepalive = 5;") as recorder, \
                open_console(recorder) as console:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/a", "1", "-q", "1")
            console.wait_re(row("plant/a", "1", "good"))
            gate.stall()
            stalled = time.time()
            console.wait_re(row("NO PLANT DATA since", "did not answer within the keepalive time"), 20)
            self.assertLess(time.time() - stalled, 15)
            console.wait_re(r"^\? plant/a +\(1\).*nocomm")
            gate.cut()
            wait_live(recorder, 40)
            recorder.wait_value("SELECT count(*) FROM gap WHERE reason = 'broker away'", 1)
            self.assertLess(int(gaps(recorder)[0][1]) / 1e6, stalled + 5.5)
            mosquitto_pub(broker, "plant/a", "2", "-q", "1")
            console.wait_re(r"^  plant/a +2 .*good")

    def test_a_session_that_the_broker_forgot_is_one_gap(self):
        """One row from the end of the connection to the next one, although it was noted on the way (after 10 s)."""
        with Broker(persistence=False) as broker, Recorder(broker) as recorder:
            wait_live(recorder)
            broker.stop()
            stopped = time.time()
            recorder.wait_value("SELECT count(*) FROM gap WHERE reason = 'broker away'", 1, 30)
            broker.start()
            recorder.wait_value("SELECT count(*) FROM gap WHERE reason = 'broker away, session forgotten'", 1, 40)
            (_, start, end), = gaps(recorder)
            self.assertLess(abs(int(start) / 1e6 - stopped), 1.0)
            connected = [line for line in recorder.log().splitlines() if "connected to" in line][-1][:23]  # UTC
            stood = datetime.datetime.fromisoformat(connected + "+00:00").timestamp()
            self.assertLess(abs(int(end) / 1e6 - stood), 0.5, connected)

    def test_a_kill_while_the_broker_is_away_counts_no_second_twice(self):
        with Broker() as broker, Recorder(broker) as recorder:
            wait_live(recorder)
            broker.stop()
            recorder.wait_value("SELECT count(*) FROM gap", 1, 30)
            recorder.kill()
            broker.start()
            recorder.start()
            recorder.wait_value("SELECT count(*) FROM gap WHERE reason = 'recorder stopped'", 1)
            rows = gaps(recorder)
            for (_, _, end), (_, start, _) in zip(rows, rows[1:]):
                self.assertLessEqual(int(end), int(start), rows)


class TwoWithOneId(unittest.TestCase):
    def test_mqtt_5_reason_142_stops_and_says_so(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = type("Address", (), {"host": "127.0.0.1", "port": listener.getsockname()[1]})
            with Recorder(address, broker_more='client_id = "twin";') as recorder, open_console(recorder) as console:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(1000)  # CONNECT
                    connection.sendall(b"\x20\x03\x00\x00\x00" + b"\xe0\x01\x8e")  # CONNACK, DISCONNECT 142
                    recorder.wait_log("another client uses the id 'twin'")
                console.wait("BROKER STOPPED")
                console.wait_re(row("NO PLANT DATA since", "another client uses this id"))
                status, report = health(recorder)
                self.assertEqual((status, report["status"]["link"]), (2, "stopped"))
                self.assertIn("give each client its own broker.client_id, then restart", faults(recorder))
                listener.settimeout(3)
                with self.assertRaises(TimeoutError):  # it does not throw the other one out in turn
                    listener.accept()

    def test_two_recorders(self):
        """mosquitto 2.0 closes the older connection without a word, on MQTT 5 too: after the second time the fault stands
        steadily, whether we are connected or not, until a connection has stood for a minute."""
        for protocol in ("", 'protocol = "3.1.1";'):
            more = f'client_id = "twin"; {protocol}'
            with self.subTest(protocol), Broker() as broker, Recorder(broker, broker_more=more) as recorder:
                wait_live(recorder)
                with Recorder(broker, broker_more=more) as twin:
                    for one in (recorder, twin):
                        wait_fault(one, "another client seems to use the id 'twin': connections end within seconds", 40)
                    links = set()
                    until = time.monotonic() + 6
                    while time.monotonic() < until:
                        status, report = health(recorder)
                        links.add(report["status"]["link"])
                        self.assertEqual(status, 2)
                        self.assertEqual([fault["what"] for fault in report["faults"]],
                                         ["another client seems to use the id 'twin': connections end within seconds"])
                    self.assertIn("one recorder for each history file", faults(recorder))
                    self.assertEqual(recorder.log().count("connections end within seconds. "), 1)
                wait_live(recorder, 40)
                self.assertEqual(health(recorder)[0], 2)  # it is not over yet


if __name__ == "__main__":
    unittest.main()
