"""The instruments of the benchmark: what they count must be what happened."""

import json
import os
import socket
import subprocess
import tempfile
import time
import types
import unittest

from console import build_dir
from recorder import HMI, Recorder
from scene import wait_live


def start_flood(*options):
    process = subprocess.Popen([os.path.join(build_dir(), "flood"), *options], stdout=subprocess.PIPE, text=True)
    return process, json.loads(process.stdout.readline())["port"]


def finish(process):
    try:
        for line in process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        return None
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class FloodTest(unittest.TestCase):
    def subscribe(self, port, *options, output=subprocess.DEVNULL):
        return subprocess.Popen(["stdbuf", "-oL", "mosquitto_sub", "-p", str(port), "-t", "plant/#", "-F", "%t %p",
                                 *options], stdout=output, text=True)

    def flood(self, flood_options, sub_options):
        """(flood's report, the lines that a subscriber printed)."""
        flood, port = start_flood(*flood_options, "--linger", "0")
        with tempfile.TemporaryFile("w+") as output:  # not a pipe, which would fill up and stop the subscriber
            subscriber = self.subscribe(port, *sub_options, output=output)
            result = finish(flood)
            subscriber.kill()  # SIGTERM is not heard while it tries to connect again
            subscriber.wait(10)
            output.seek(0)
            return result, output.read().splitlines()

    def check_values(self, lines, tags):
        topics = set()
        for line in lines:
            topic, payload = line.split()
            if topic != "plant/end":
                self.assertRegex(topic, r"^plant/unit\d\d/loop\d{5}/pv$")
                self.assertGreaterEqual(float(payload), 100)
                topics.add(topic)
        self.assertEqual(len(topics), tags)

    def test_every_message_arrives(self):
        for qos in ("0", "1"):
            for version in ("311", "5"):
                with self.subTest(qos=qos, version=version):
                    result, lines = self.flood(["--tags", "100", "--count", "5000", "--qos", qos],
                                               ["-q", qos, "-V", version])
                    self.assertEqual(result["sent"], 5000)
                    self.assertEqual(result["qos"], int(qos))
                    self.assertEqual(result["protocol"], 5 if version == "5" else 4)
                    self.assertEqual(result["unknown_acks"], 0)
                    self.assertFalse(result["gave_up"])
                    self.assertEqual(sum("/pv " in line for line in lines), 5000)
                    self.check_values(lines, 100)

    def test_values_change_from_round_to_round(self):
        _, lines = self.flood(["--tags", "2", "--count", "10"], [])
        first = [line.split()[1] for line in lines if "loop00000" in line]
        self.assertEqual(len(set(first)), 5)

    def test_the_subscription_limits_the_quality_of_service(self):
        result, _ = self.flood(["--tags", "2", "--count", "10", "--qos", "1"], ["-q", "0"])
        self.assertEqual(result["qos"], 0)

    def test_a_rate_is_kept(self):
        result, _ = self.flood(["--tags", "10", "--seconds", "2", "--rate", "500"], [])
        self.assertTrue(950 <= result["sent"] <= 1001, result)

    def test_markers_are_told(self):
        flood, port = start_flood("--tags", "10", "--seconds", "1", "--rate", "100", "--marker", "100")
        subscriber = self.subscribe(port)
        lines = [flood.stdout.readline().split() for _ in range(5)]
        finish(flood)
        subscriber.kill()
        subscriber.wait(10)
        self.assertEqual([line[:2] for line in lines], [["marker", str(100000 + i)] for i in range(5)])
        self.assertTrue(abs(time.monotonic() * 1e6 - int(lines[0][2])) < 60e6)

    def receive_unacknowledged(self, port, connect):
        """PUBLISH packets that come to a client that never acknowledges."""
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(connect)
            is_v5 = connect[8] == 5
            self.assertEqual(client.recv(5 if is_v5 else 4)[0], 0x20)
            body = b"\x00\x01" + (b"\x00" if is_v5 else b"") + b"\x00\x01#\x01"
            client.sendall(bytes([0x82, len(body)]) + body)
            client.settimeout(0.5)
            data = b""
            try:
                while True:
                    data += client.recv(65536)
            except TimeoutError:
                pass
        packets = []
        while data:
            packets.append(data[:2 + data[1]])
            data = data[2 + data[1]:]
        self.assertEqual(packets[0][0], 0x90)
        return packets[1:]

    def test_the_receive_maximum_is_respected_and_a_client_may_come_back(self):
        flood, port = start_flood("--tags", "10", "--seconds", "60", "--qos", "1", "--window", "4")
        v5 = b"\x10\x11\x00\x04MQTT\x05\x02\x00\x3c\x03\x21\x00\x07\x00\x01a"
        v4 = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a"
        try:
            self.assertEqual(len(self.receive_unacknowledged(port, v5)), 7)
            self.assertEqual(len(self.receive_unacknowledged(port, v4)), 4)
        finally:
            flood.kill()
            flood.wait()
            flood.stdout.close()


class LatencyTest(unittest.TestCase):
    def latency(self, *arguments, **more):
        return subprocess.Popen([os.path.join(build_dir(), "latency"), *arguments], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, bufsize=0, **more)

    def send_numbers(self, latency, fifo):
        with open(fifo, "wb", buffering=0) as values:
            for number in range(100000, 100300):
                latency.stdin.write(b"marker %d %d\n" % (number, int(time.monotonic() * 1e6)))
                time.sleep(0.03)  # what is to be measured: the number is painted 30 ms after it was sent
                values.write(b"%d\n" % number)

    def test_paint(self):
        script = "printf 'the marker 0'; while read -r n; do printf '\\rthe marker %s' $n; done < \"$0\""
        with tempfile.TemporaryDirectory() as folder:
            fifo = os.path.join(folder, "fifo")
            os.mkfifo(fifo)
            latency = self.latency("paint", "marker", "10", "--", "/bin/sh", "-c", script, fifo, stdin=subprocess.PIPE)
            try:
                self.send_numbers(latency, fifo)
            except BrokenPipeError:
                pass  # it has measured enough
            output, errors = latency.communicate(timeout=20)
        self.assertEqual(latency.returncode, 0, errors)
        result = json.loads(output)
        self.assertGreaterEqual(result["count"], 10)
        self.assertTrue(30 <= result["median_ms"] <= 60, result)

    def test_keys(self):
        program = ("import os, sys, time, tty; tty.setraw(0); os.write(1, b'first ')\n"
                   "for key in iter(lambda: os.read(0, 1), b''):\n"
                   "    time.sleep(0.02); os.write(1, b'\\x1b[2J' + (b'second' if key == b'b' else b'first'))\n")
        latency = self.latency("keys", "5", "b", "second", "a", "first", "--", "/usr/bin/python3", "-c", program)
        output, errors = latency.communicate(timeout=30)
        self.assertEqual(latency.returncode, 0, errors)
        result = json.loads(output)
        self.assertEqual(result["count"], 10)
        self.assertTrue(20 <= result["median_ms"] <= 60, result)

    def test_commands(self):
        """With the real console: whoever changes its entry of setpoints changes what is measured."""
        flood, port = start_flood("--tags", "10", "--qos", "1", "--rate", "100", "--seconds", "30")
        self.addCleanup(finish, flood)
        address = types.SimpleNamespace(host="127.0.0.1", port=port)
        setpoint = 'setpoint = { topic = "cmd/sp"; timeout = 3; };'
        tag = f'tags = ( {{ name = "000.sp"; topic = "plant/sp"; kind = "analog"; range = [ 0, 9 ]; {setpoint} }} );'
        with Recorder(address, config=tag) as recorder:
            wait_live(recorder)
            latency = self.latency("--keys", "/,0,0,0,.,Enter", "command", "3", "--", HMI, "-c", recorder.config_path,
                                   stdin=flood.stdout, env=recorder.environment())
            output, errors = latency.communicate(timeout=60)
            self.assertEqual(latency.returncode, 0, errors)
            result = json.loads(output)
            self.assertEqual(result["all"]["count"], 3)
            self.assertTrue(0 < result["all"]["median_ms"] < 1000, result)
            self.assertLessEqual(result["record"]["median_ms"], result["sent"]["median_ms"])
            recorder.wait_value("SELECT count(*) FROM commands WHERE outcome = 'unverified'", 3)


if __name__ == "__main__":
    unittest.main()
