"""Brokers that refuse, lie, break off and send nonsense: the recorder says why, lives on, and comes back."""

import re
import unittest

from handmade import Handmade, packet, text
from recorder import Recorder


def publish0(topic, payload):
    """A PUBLISH of QoS 0 for MQTT 5."""
    return packet(0x30, text(topic) + b"\0" + payload)


def connect_anew(recorder):
    """A reload with another keepalive connects at once, whatever the recorder waited for."""
    with open(recorder.config_path, encoding="utf-8") as file:
        config = file.read()
    before = int(re.search(r"keepalive = (\d+)", config).group(1))
    with open(recorder.config_path, "w", encoding="utf-8") as file:
        file.write(config.replace(f"keepalive = {before}", f"keepalive = {before + 1}"))
    status, _, errors = recorder.hmi("reload")
    if status != 0:
        raise AssertionError(f"reload: {errors}\n{recorder.log()}")


class Refusals(unittest.TestCase):
    def test_refused_users_do_not_make_it_an_older_protocol(self):
        """Wrong passwords say nothing about the version: when they are mended, MQTT 5 is spoken."""
        with Handmade(connack=lambda n: 134 if n < 3 else 0) as broker, Recorder(broker) as recorder:
            broker.wait_connected(4, 30)
            self.assertEqual([5, 5, 5, 5], broker.versions)
            self.assertIn("wrong user name or password", recorder.log())

    def test_closed_before_connack(self):
        """A broker that just closes may be an old one: 3.1.1 is tried; but it may have been a proxy: 5 comes first again."""
        with Handmade(connack=lambda n: None if n < 2 else 0) as broker, Recorder(broker) as recorder:
            broker.wait_connected(3, 30)
            recorder.wait_log("with MQTT 3.1.1")
            broker.drop()
            broker.wait_connected(4, 30)
            self.assertEqual([5, 5, 4, 5], broker.versions)
            recorder.wait_log("with MQTT 5")

    def test_every_reason(self):
        """Each code of CONNACK is survived, and told in words."""
        for protocol, codes in (("5", (128, 129, 130, 131, 133, 136, 137, 138, 140, 144, 149, 151, 153, 155, 156, 157, 159,
                                       200, 255)), ("3.1.1", (1, 2, 3, 4, 5, 6, 99))):
            with self.subTest(protocol=protocol), \
                    Handmade(connack=lambda n, codes=codes: codes[n % len(codes)]) as broker, \
                    Recorder(broker, broker_more=f'protocol = "{protocol}"; keepalive = 30;') as recorder:
                for n in range(len(codes)):
                    broker.wait(lambda n=n: broker.connects > n, 20, f"attempt {n + 1}")
                    self.assertIsNone(recorder.process.poll(), recorder.log())
                    connect_anew(recorder)
                self.assertNotIn("no connection to 127.0.0.1:%d: ;" % broker.port, recorder.log())

    def test_filter_refused(self):
        with Handmade(suback=135) as broker, Recorder(broker) as recorder:
            recorder.wait_log("refuses the filter 'plant/#'")


class Nonsense(unittest.TestCase):
    # Sent one after the other, each on a connection of its own; the recorder gives each of them up.
    BROKEN = {
        "garbage": b"\xff\x00\x13 what is this \x80\x80\x80\x80\x80",
        "a length of five bytes": b"\x30\xff\xff\xff\xff\x7f",
        "a topic longer than its packet": packet(0x30, b"\xff\xffab"),
        "QoS 3": packet(0x36, text("plant/a") + b"\0\1\0" + b"1"),
        "QoS 1 without an id": packet(0x32, text("plant/a")),
        "an unknown topic alias": packet(0x30, text("") + b"\x03\x23\x00\x07" + b"1"),
        "a topic that is not UTF-8": packet(0x30, text(b"plant/\xc3\x28") + b"\0" + b"1"),
        "properties longer than the packet": packet(0x30, text("plant/a") + b"\x7f\x01\x00"),
        "a SUBACK of nothing": packet(0x90, b"\x77\x77\x00\x00"),
        "CONNECT": packet(0x10, text("MQTT") + b"\x05\x02\x00\x3c\x00\x00\x00"),
    }

    def test_broken_packets(self):
        with Handmade() as broker, Recorder(broker, broker_more="keepalive = 30;") as recorder:
            for n, name in enumerate(self.BROKEN):
                with self.subTest(name):
                    broker.wait_connected(n + 1)
                    broker.send(publish0("plant/a", b"%d" % n) + self.BROKEN[name])
                    recorder.wait_value(f"SELECT count(*) FROM history WHERE tag = 'plant/a' AND value = {n}", 1)
                connect_anew(recorder)
            broker.wait_connected(len(self.BROKEN) + 1)
            self.assertIsNone(recorder.process.poll(), recorder.log())

    def test_half_a_packet(self):
        """A broker that dies in the middle of a packet: what was whole is stored, the rest is forgotten."""
        with Handmade() as broker, Recorder(broker) as recorder:
            broker.wait_connected()
            broker.wait(lambda: broker.subscribes, 10, "the subscription")  # its answer must not come in between
            whole = publish0("plant/a", b"5")
            broker.send(whole + publish0("plant/a", b"123456789")[:-4])
            recorder.wait_value("SELECT count(*) FROM history", 1)
            broker.drop()
            broker.wait_connected(2)
            broker.send(publish0("plant/a", b"6"))
            recorder.wait_value("SELECT value FROM latest", "6.0")
            self.assertEqual("2", recorder.value("SELECT count(*) FROM history"))


if __name__ == "__main__":
    unittest.main()
