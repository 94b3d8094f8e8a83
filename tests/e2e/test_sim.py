"""hmi sim on a real broker: the demo plant's topics, commands, last wills and reconnects; evenly paced load; quick ends."""

import json
import os
import signal
import socket
import subprocess
import time
import unittest

import paho.mqtt.client as mqtt

from broker import Broker, free_port
from console import hmi_path
from handmade import Handmade


class Listener:
    """A paho client that keeps every message as (time, topic, payload, retain, qos)."""

    def __init__(self, broker, *filters, qos=1):
        self.messages = []
        self.client = mqtt.Client()
        self.client.on_connect = lambda client, *rest: [client.subscribe(name, qos) for name in filters]
        self.client.on_message = self._take
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()

    def _take(self, client, data, message):
        self.messages.append((time.monotonic(), message.topic, message.payload, message.retain, message.qos))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.client.loop_stop()
        self.client.disconnect()

    def payloads(self, topic):
        return [payload for _, name, payload, _, _ in self.messages if name == topic]

    def wait(self, what, condition, timeout=10):
        until = time.monotonic() + timeout
        while not condition(self):
            if time.monotonic() > until:
                raise AssertionError(f"not within {timeout} s: {what}; heard {sorted({m[1] for m in self.messages})}")
            time.sleep(0.01)  # between two looks at what another thread collects

    def wait_last(self, topic, payload, timeout=10):
        self.wait(f"{topic} = {payload}", lambda self: self.payloads(topic)[-1:] == [payload], timeout)


class Sim:
    """A running `hmi sim`; ended by close()."""

    def __init__(self, *options):
        self.process = subprocess.Popen([hmi_path(), "sim", *map(str, options)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.end(signal.SIGKILL)

    def end(self, number=signal.SIGTERM):
        """Ends it: (exit status, seconds that it took, what it said)."""
        start = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
        said = self.process.communicate(timeout=20)[1] if not self.process.stderr.closed else ""
        return self.process.returncode, time.monotonic() - start, said


class PlantTest(unittest.TestCase):
    def test_topics_and_shapes(self):
        with Broker() as broker, Listener(broker, "plant/#") as listener, Sim("-p", broker.port, "--calm") as sim:
            listener.wait("60 topics", lambda self: len({m[1] for m in self.messages}) >= 59, 15)
            last = {topic: payload.decode() for _, topic, payload, _, _ in listener.messages}
            boiler = json.loads(last["plant/boiler/temp"])
            self.assertTrue(80 < boiler["value"] < 90)
            self.assertLess(abs(boiler["ts"] / 1000 - time.time()), 30)
            self.assertEqual(len(json.loads(last["plant/net/zones"])), 4)
            self.assertIsInstance(json.loads(last["plant/dosing/flow"]), str)
            self.assertTrue(3 < json.loads(last["plant/clear_tank/level"])["level"]["m"] < 4)
            self.assertEqual(json.loads(last["plant/net/p1"])["state"], 1)
            self.assertEqual(last["plant/dosing/running"], "on")
            self.assertEqual(last["plant/treatment/online"], "online")
            with Listener(broker, "plant/#") as late:
                late.wait("retained states", lambda self: len([m for m in self.messages if m[3]]) >= 20)
                retained = {m[1] for m in late.messages if m[3]}
                self.assertTrue({"plant/boiler/online", "plant/boiler/temp_sp", "plant/intake/p1/state"} <= retained)
                self.assertNotIn("plant/boiler/temp", retained)
            status, seconds, said = sim.end()
            self.assertEqual(status, 0, said)
            self.assertLess(seconds, 2)
            self.assertIn("below plant/", said)

    def test_setpoint_is_followed_and_read_back(self):
        with Broker() as broker, Listener(broker, "works/#") as listener, \
                Sim("-p", broker.port, "--prefix", "works", "--calm", "--speed", 100):
            listener.wait_last("works/boiler/temp_sp", b"85.0")
            listener.client.publish("works/boiler/temp/set", "95.5", qos=1)
            listener.wait_last("works/boiler/temp_sp", b"95.5")
            listener.wait("95.5 °C", lambda self: abs(json.loads(self.payloads("works/boiler/temp")[-1])["value"] - 95.5) < 1,
                          20)
            listener.client.publish("works/boiler/temp/set", "200", qos=1)  # out of bounds
            listener.client.publish("works/intake/p1/set", "off", qos=1)
            listener.wait_last("works/intake/p1/state", b"0")
            listener.wait_last("works/intake/p1/cmd", b"0")
            self.assertEqual(listener.payloads("works/boiler/temp_sp")[-1], b"95.5")

    def test_old_retained_command_is_left_alone(self):
        with Broker() as broker, Listener(broker, "plant/#") as listener:
            listener.client.publish("plant/boiler/temp/set", "100", qos=1, retain=True)
            listener.wait("the command", lambda self: self.payloads("plant/boiler/temp/set"))
            with Sim("-p", broker.port, "--calm"):
                listener.wait_last("plant/boiler/temp_sp", b"85.0")
                # A command that comes later is handled after the retained one.
                listener.client.publish("plant/boiler/pressure/set", "6.5", qos=1)
                listener.wait_last("plant/boiler/pressure_sp", b"6.50")
                self.assertEqual(set(listener.payloads("plant/boiler/temp_sp")), {b"85.0"})

    def test_last_wills(self):
        with Broker() as broker, Listener(broker, "plant/+/online") as listener, Sim("-p", broker.port) as sim:
            for topic, payload in (("treatment", b"online"), ("network", b"1"), ("boiler", b"true")):
                listener.wait_last(f"plant/{topic}/online", payload)
            sim.end(signal.SIGKILL)
            for topic, payload in (("treatment", b"offline"), ("network", b"0"), ("boiler", b"false")):
                listener.wait_last(f"plant/{topic}/online", payload)

    def test_broker_absent_then_there_then_restarted(self):
        port = free_port()
        with Sim("-p", port, "--calm") as sim:
            with Broker(port=port) as broker:
                with Listener(broker, "plant/#") as listener:
                    listener.wait("values", lambda self: len(self.payloads("plant/boiler/pressure")) >= 2, 15)
                broker.kill()
                broker.start()
                with Listener(broker, "plant/#") as listener:
                    listener.wait_last("plant/boiler/temp_sp", b"85.0", 15)
                    listener.wait_last("plant/network/online", b"1", 15)
                    listener.wait("values", lambda self: len(self.payloads("plant/boiler/pressure")) >= 2, 15)
            status, _, said = sim.end()
            self.assertEqual(status, 0)
            self.assertIn("trying again", said)
            self.assertIn("connected again", said)

    def test_a_broker_that_speaks_3_1_1_only(self):
        """Of three controllers only one is connected at a time there: all that counts is which versions they tried."""
        with Handmade(connack=lambda number: 0 if 4 in broker.versions[-1:] else 1) as broker:
            with Sim("-H", broker.host, "-p", broker.port):
                broker.wait(lambda: broker.standing, 20, "a controller that is connected")
            self.assertEqual(broker.versions[0], 5)
            self.assertIn(4, broker.versions)

    def test_password(self):
        with Broker(passwords={"plc": "secret"}) as broker:
            path = os.path.join(broker.folder, "plc")
            with open(path, "w", encoding="utf-8") as file:
                file.write("wrong\n")
            with Sim("-p", broker.port, "-u", "plc", "--password-file", path) as sim:
                broker.wait_log("not authorised")
                status, _, said = sim.end()
                self.assertEqual(status, 0)
                self.assertRegex(said, "password|authori")
            with open(path, "w", encoding="utf-8") as file:
                file.write("secret\n")
            with Sim("-p", broker.port, "-u", "plc", "--password-file", path):
                broker.wait_log("u'plc'")


class EndTest(unittest.TestCase):
    @staticmethod
    def minds_sigterm(pid):
        """Whether the process catches or blocks SIGTERM, which it does from its first steps on."""
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            masks = [int(line.split()[1], 16) for line in status if line.startswith(("SigBlk", "SigCgt"))]
        return any(mask >> (signal.SIGTERM - 1) & 1 for mask in masks)

    def end_within_two_seconds(self, sim):
        for_start = time.monotonic() + 20
        while not self.minds_sigterm(sim.process.pid) and time.monotonic() < for_start:
            time.sleep(0.01)  # between two looks at the other process
        status, seconds, _ = sim.end()
        self.assertEqual(status, 0)
        self.assertLess(seconds, 2)

    def test_while_no_broker_is_there(self):
        with Sim("-p", free_port()) as sim:
            self.end_within_two_seconds(sim)

    @staticmethod
    def connecting(port):
        """How many sockets on this machine have asked this port for a connection and have no answer (SYN-SENT)."""
        with open("/proc/net/tcp", encoding="ascii") as table:
            rows = [line.split() for line in table]
        return len([row for row in rows if row[2].endswith(f":{port:04X}") and row[3] == "02"])

    def test_while_connecting_hangs(self):
        """A listener whose queue is full answers no SYN: connect() blocks for minutes."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            fillers = []
            for _ in range(4):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(listener.getsockname())
                fillers.append(filler)
            before = self.connecting(listener.getsockname()[1])
            with Sim("-H", "127.0.0.1", "-p", listener.getsockname()[1]) as sim:
                until = time.monotonic() + 10
                while self.connecting(listener.getsockname()[1]) <= before and time.monotonic() < until:
                    time.sleep(0.01)  # until it is in the middle of connect()
                status, seconds, _ = sim.end()
            for filler in fillers:
                filler.close()
            self.assertEqual(status, 0)
            self.assertLess(seconds, 2)

    def test_while_the_broker_says_nothing(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(8)
            with Sim("-H", "127.0.0.1", "-p", listener.getsockname()[1]) as sim:
                connection = listener.accept()[0]
                self.end_within_two_seconds(sim)
                connection.close()

    def test_wrong_calls(self):
        for options in (["--port", "0"], ["--seed", "x"], ["--speed", "0"], ["--rate", "5"], ["--tags", "0"], ["more"],
                        ["--prefix", "a/#"], ["--qos", "2"], ["--nonsense"]):
            result = subprocess.run([hmi_path(), "sim", *options], capture_output=True, text=True, timeout=10, check=False)
            self.assertEqual(result.returncode, os.EX_USAGE, options)
            self.assertTrue(result.stderr, options)


class LoadTest(unittest.TestCase):
    def load(self, qos, tags, rate, seconds):
        with Broker() as broker, Listener(broker, "plant/#", qos=qos) as listener:
            self.begun = time.monotonic()
            with Sim("-p", broker.port, "--tags", tags, "--rate", rate, "--qos", qos):
                listener.wait("load", lambda self: self.messages)
                start = listener.messages[0][0]
                listener.wait("load", lambda self: self.messages[-1][0] > start + seconds, seconds + 10)
                return listener.messages

    def test_rate_and_spread(self):
        messages = self.load(0, 50, 500, 4)
        topics = {m[1] for m in messages}
        self.assertEqual(topics, {f"plant/unit00/tag{n:05}" for n in range(50)})
        elapsed = messages[-1][0] - messages[0][0]
        self.assertAlmostEqual(len(messages) / elapsed, 500, delta=50)
        # Tag after tag: no two messages of one tag without those of the others between.
        numbers = [int(m[1][-5:]) for m in messages]
        for before, after in zip(numbers, numbers[1:]):
            self.assertEqual(after, (before + 1) % 50)
        # Evenly: a busy machine may deliver a message late, but none leaves before its moment, as in a burst it would.
        for number, m in enumerate(messages):
            self.assertGreaterEqual(m[0] - self.begun, number / 500)
        for m in messages[:100]:
            self.assertTrue(10 <= float(m[2]) <= 90)

    def test_qos_1(self):
        messages = self.load(1, 250, 200, 2)
        self.assertEqual({m[4] for m in messages}, {1})
        self.assertIn("plant/unit02/tag00249", {m[1] for m in messages})


if __name__ == "__main__":
    unittest.main()
