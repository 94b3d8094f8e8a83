"""hmi record: from a real broker to the history, in every quality of service and protocol; its start, its stop, its lock."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import unittest

from broker import Broker, free_port
from gate import Gate
from publisher import Publisher
from recorder import HMI, Recorder, wait_until
from tls import Authority

MQTT311 = 'protocol = "3.1.1";'


def publish(broker, topic, payload, qos=0, retain=False, version="mqttv311", more=()):
    subprocess.run(["mosquitto_pub", "-h", broker.host, "-p", str(broker.port), "-t", topic, "-m", payload, "-q", str(qos),
                    "-V", version, *(["-r"] if retain else []), *more], check=True, timeout=20)


def wait_settled(recorder):
    """Until live messages count as live: the backlog is over."""
    recorder.wait_log("connected to")
    time.sleep(0.3)


class Arrives(unittest.TestCase):
    def check(self, broker_more):
        subscribe = '{ filter = "plant/#"; qos = 2; }, { filter = "other/+/x"; qos = 0; }'
        with Broker() as broker, Recorder(broker, subscribe=subscribe, broker_more=broker_more) as recorder:
            wait_settled(recorder)
            for qos in (0, 1, 2):
                publish(broker, f"plant/q{qos}", str(10 + qos), qos)
            publish(broker, "other/1/x", '{"a": {"b": 1.5}, "on": true}')
            publish(broker, "other/1/y", "99")
            recorder.wait_value("SELECT count(*) FROM history", 5)
            rows = recorder.sql("SELECT tag, value, quality FROM history ORDER BY tag")
            self.assertEqual(rows, [["other/1/x:a.b", "1.5", "0"], ["other/1/x:on", "1.0", "0"], ["plant/q0", "10.0", "0"],
                                    ["plant/q1", "11.0", "0"], ["plant/q2", "12.0", "0"]])
            self.assertEqual(recorder.value("SELECT value FROM latest WHERE tag = 'plant/q2'"), "12.0")

    def test_mqtt5(self):
        self.check("")

    def test_mqtt311(self):
        self.check(MQTT311)

    def test_retained_messages_come_at_the_start(self):
        with Broker() as broker:
            publish(broker, "plant/kept", "5", 1, retain=True)
            with Recorder(broker) as recorder:
                recorder.wait_value("SELECT value FROM history WHERE tag = 'plant/kept'", "5.0")

    def test_falls_back_to_311(self):
        with Broker() as broker, Gate(broker, refuse_mqtt5=True) as gate, Recorder(gate) as recorder:
            recorder.wait_log("with MQTT 3.1.1")
            time.sleep(0.3)
            publish(broker, "plant/a", "1")
            recorder.wait_value("SELECT count(*) FROM history", 1)

    def test_tls_with_a_name_that_fits_and_one_that_does_not(self):
        with Authority() as authority:
            for name, expected in (("127.0.0.1", "connected to"), ("elsewhere.example", "for elsewhere.example, not for")):
                more = f'tls = {{ ca = "{authority.cert}"; }};'
                with Broker(tls=authority.server(name)) as broker, Recorder(broker, broker_more=more) as recorder:
                    recorder.wait_log(expected)
                    self.assertEqual("connected to" in recorder.log(), expected == "connected to")

    def test_password_from_a_file(self):
        with Broker(passwords={"hmi": "secret"}) as broker, Recorder(
                broker, broker_more='username = "hmi"; password_file = "password";', start=False) as recorder:
            password = os.path.join(recorder.folder, "password")
            with open(password, "w", encoding="utf-8") as file:
                file.write("secret\n")
            os.chmod(password, 0o600)
            recorder.start()
            recorder.wait_log("connected to")


class Comes(unittest.TestCase):
    def test_broker_absent_at_the_start(self):
        with Broker(start=False) as broker, Recorder(broker) as recorder:
            recorder.wait_log("nothing listens")
            broker.start()
            recorder.wait_log("connected to", 30)
            time.sleep(0.3)
            publish(broker, "plant/a", "1", 1)
            recorder.wait_value("SELECT value FROM history", "1.0")

    def test_broker_that_goes_leaves_a_gap(self):
        with Broker(persistence=True) as broker, Recorder(broker) as recorder:
            wait_settled(recorder)
            publish(broker, "plant/a", "1", 1)
            recorder.wait_value("SELECT count(*) FROM history", 1)
            broker.stop()
            recorder.wait_log("no connection")
            broker.start()
            recorder.wait_log("the session was kept", 30)
            recorder.wait_value("SELECT count(*) FROM gap WHERE reason = 'broker away' AND ts_end > ts_start", 1)

    def test_wrong_password_is_said(self):
        with Broker(passwords={"hmi": "secret"}) as broker, Recorder(broker) as recorder:
            recorder.wait_log("not authorised")

    def test_another_client_with_our_id_is_told(self):
        """mosquitto 2.0.11 only closes the connection that is taken over: again and again means another client."""
        with Broker() as broker, Recorder(broker, broker_more='client_id = "twin";') as recorder:
            recorder.wait_log("connected to")
            with subprocess.Popen(["mosquitto_sub", "-h", broker.host, "-p", str(broker.port), "-V", "5", "-i", "twin", "-t",
                                   "x"]) as twin:
                try:
                    recorder.wait_log("another client seems to use the id 'twin'", 30)
                finally:
                    twin.kill()

    def test_reason_142_stops_us(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = type("Address", (), {"host": "127.0.0.1", "port": listener.getsockname()[1]})
            with Recorder(address, broker_more='client_id = "twin";') as recorder:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(1000)  # CONNECT
                    connection.sendall(b"\x20\x03\x00\x00\x00" + b"\xe0\x01\x8e")  # CONNACK, DISCONNECT 142
                    recorder.wait_log("another client uses the id 'twin'")
                status, text, _ = recorder.hmi("status")
                self.assertEqual(status, 2)
                self.assertIn("another client uses the id 'twin'", text)


class Stops(unittest.TestCase):
    def test_sigterm_commits_everything_that_was_acknowledged(self):
        with Broker() as broker, Recorder(broker) as recorder:
            wait_settled(recorder)
            for number in range(20):
                publish(broker, "plant/n", str(number), 1)
            self.assertLess(recorder.stop(), 2.0)
            stored = int(recorder.value("SELECT count(*) FROM history"))
            recorder.start()
            recorder.wait_value("SELECT count(DISTINCT value) FROM history WHERE tag = 'plant/n'", 20)
            self.assertLessEqual(stored, 20)
            recorder.wait_value("SELECT count(*) FROM gap WHERE reason = 'recorder stopped'", 1)

    def test_stops_while_the_broker_does_not_answer(self):
        """A listener that never accepts, and one that accepts and says nothing."""
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen(1)
            address = type("Address", (), {"host": "127.0.0.1", "port": silent.getsockname()[1]})
            with Recorder(address) as recorder:
                self.assertLess(recorder.stop(), 2.0)

    def test_stops_while_a_connection_hangs(self):
        address = type("Address", (), {"host": "192.0.2.1", "port": free_port()})  # TEST-NET-1: nobody answers
        with Recorder(address) as recorder:
            self.assertLess(recorder.stop(), 2.0)

    def test_only_one_recorder_for_a_file(self):
        with Broker() as broker, Recorder(broker) as recorder:
            status, _, errors = recorder.hmi("record")
            self.assertEqual(status, 75)
            self.assertIn(f"another recorder (process {recorder.process.pid})", errors)

    def test_tells_systemd(self):
        with Broker() as broker, Recorder(broker, start=False) as recorder, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            path = os.path.join(recorder.folder, "notify")
            notify.bind(path)
            notify.settimeout(10)
            environment = dict(recorder.environment(), NOTIFY_SOCKET=path, WATCHDOG_USEC="1000000")
            with subprocess.Popen([HMI, "record", "-c", recorder.config_path], env=environment,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                self.assertEqual(notify.recv(100), b"READY=1")
                self.assertEqual(notify.recv(100), b"WATCHDOG=1")
                process.send_signal(signal.SIGTERM)
                while (message := notify.recv(100)) == b"WATCHDOG=1":
                    pass
                self.assertEqual(message, b"STOPPING=1")
                self.assertEqual(process.wait(5), 0)


class Reloads(unittest.TestCase):
    def rewrite(self, recorder, change):
        with open(recorder.config_path, encoding="utf-8") as file:
            text = file.read()
        with open(recorder.config_path, "w", encoding="utf-8") as file:
            file.write(change(text))

    def test_filters_and_tags_change_while_it_runs(self):
        with Broker() as broker, Recorder(broker) as recorder:
            wait_settled(recorder)
            publish(broker, "plant/a", "1")
            recorder.wait_value("SELECT count(*) FROM history WHERE tag = 'plant/a'", 1)
            self.rewrite(recorder, lambda text: text.replace("plant/#", "other/#") +
                         'tags = ( { name = "named"; topic = "other/b"; unit = "bar"; } );\n')
            status, _, errors = recorder.hmi("reload")
            self.assertEqual(status, 0, errors)
            time.sleep(0.5)  # the broker has the new subscription; it does not tell anybody but the recorder
            publish(broker, "plant/a", "2")
            publish(broker, "other/b", "3")
            recorder.wait_value("SELECT value FROM latest WHERE tag = 'named' AND unit = 'bar'", "3.0")
            recorder.stop()
            self.assertEqual(recorder.value("SELECT count(*) FROM history WHERE tag = 'plant/a'"), "1")

    def test_a_bad_file_changes_nothing_and_says_so(self):
        with Broker() as broker, Recorder(broker) as recorder:
            wait_settled(recorder)
            self.rewrite(recorder, lambda text: text + "nonsense = 5;\n")
            recorder.process.send_signal(signal.SIGHUP)
            recorder.wait_log("the new configuration is not taken")
            publish(broker, "plant/a", "1")
            recorder.wait_value("SELECT count(*) FROM history", 1)
            self.rewrite(recorder, lambda text: text.replace("nonsense = 5;\n", ""))
            status, text, _ = recorder.hmi("status")
            self.assertEqual(status, 1, text)
            self.assertIn("nonsense", text)

    def test_filters_of_an_older_configuration_are_not_recorded(self):
        with Broker() as broker, Recorder(broker) as recorder:
            wait_settled(recorder)
            recorder.stop()
            self.rewrite(recorder, lambda text: text.replace("plant/#", "other/#"))
            publish(broker, "plant/old", "1", 1)
            recorder.start()
            recorder.wait_log("the session was kept")
            time.sleep(0.3)
            publish(broker, "other/new", "1", 1)
            recorder.wait_value("SELECT count(*) FROM history WHERE tag = 'other/new'", 1)
            self.assertEqual(recorder.value("SELECT count(*) FROM tags WHERE tag = 'plant/old'"), "0")


class DiskAway(unittest.TestCase):
    def test_samples_wait_in_memory_while_the_file_cannot_be_written(self):
        """Another process holds the file's write lock: for the recorder that is a disk that fails."""
        with Broker() as broker, Recorder(broker) as recorder:
            wait_settled(recorder)
            publish(broker, "plant/a", "0")
            recorder.wait_value("SELECT count(*) FROM history", 1)
            with contextlib.closing(sqlite3.connect(recorder.history_path, isolation_level=None)) as thief:
                thief.execute("BEGIN IMMEDIATE")
                with Publisher(broker) as publisher:
                    for number in range(1, 3001):
                        publisher.number("plant/a", number)
                    wait_until(lambda: publisher.outstanding() == 0, 20, "the broker's acknowledgements")
                recorder.wait_log("wait in memory")
                status, text, _ = recorder.hmi("status")
                self.assertEqual(status, 2)
                self.assertIn("wait in memory", text)
                wait_until(lambda: json.loads(recorder.hmi("status", "--json")[1])["status"]["spool_samples"] == 3000, 20,
                           lambda: "all samples in memory:\n" + recorder.hmi("status", "--json")[1])
                thief.execute("ROLLBACK")
            recorder.wait_value("SELECT count(DISTINCT value) FROM history", 3001)
            recorder.wait_log("recording as usual")
            self.assertEqual(recorder.value("SELECT count(*) FROM history"), "3001")


class Looks(unittest.TestCase):
    def test_a_look_leaves_nothing_behind(self):
        with Broker() as broker:
            folder = tempfile.mkdtemp(prefix="hmi-look-")
            process = subprocess.Popen([HMI, "record", "--look", "-H", broker.host, "-p", str(broker.port), "--socket",
                                        os.path.join(folder, "look.sock")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            try:
                line = process.stdout.readline()
                self.assertIn("recording to ", line)
                path = line.split("recording to ")[1].split(",")[0]
                wait_until(lambda: os.path.exists(path), 5, "the file")
                publish(broker, "any/topic", "1", retain=True)
            finally:
                process.terminate()
                _, errors = process.communicate(timeout=10)
            self.assertEqual(process.returncode, 0, errors)
            self.assertEqual(os.path.dirname(path), folder)
            self.assertFalse(os.path.exists(folder))


if __name__ == "__main__":
    unittest.main()
