"""A broker's address that swallows what is sent to it: said on the way, ended in time, left soon when it answers."""

import socket
import threading
import time
import unittest

from broker import Broker
from publisher import mosquitto_pub
from recorder import Recorder, wait_until
from scene import health, open_console, wait_fault, wait_live


class BlackHole:
    """A listener whose queue of connections is full: the kernel drops every further SYN, as a firewall may. open() lets
    everything through to the broker from then on."""

    host = "127.0.0.1"

    def __init__(self, broker):
        self._broker = broker
        self._ended = False
        self._sockets = []
        self._listener = socket.socket()
        self._listener.bind((self.host, 0))
        self._listener.listen(0)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._fillers = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex((self.host, self.port))
            self._fillers.append(filler)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self._ended = True
        for end in (*self._fillers, *self._sockets, self._listener):
            end.close()

    def is_black(self):
        with socket.socket() as probe:
            probe.settimeout(0.2)
            try:
                probe.connect((self.host, self.port))
            except TimeoutError:
                return True
            return False

    def open(self):
        for filler in self._fillers:
            filler.close()
        self._listener.listen(64)
        self._thread.start()

    def _accept(self):
        while not self._ended:
            try:
                client = self._listener.accept()[0]
                server = socket.create_connection((self._broker.host, self._broker.port))
            except OSError:
                return
            self._sockets += [client, server]
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    @staticmethod
    def _pump(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the other end has gone


class BlackHoles(unittest.TestCase):
    def test_sigterm_while_connecting(self):
        with Broker() as broker, BlackHole(broker) as hole, Recorder(hole) as recorder:
            self.assertTrue(hole.is_black())
            time.sleep(1)  # well into the attempt
            self.assertEqual(health(recorder)[1]["status"]["link"], "connecting")
            self.assertLess(recorder.stop(), 2)

    def test_it_is_told_and_left_soon(self):
        """One attempt alone would ask after 1, 3, 7, 15 and 31 s, and not in between."""
        with Broker() as broker, BlackHole(broker) as hole, Recorder(hole) as recorder, open_console(recorder) as console:
            self.assertTrue(hole.is_black())
            begun = time.monotonic()
            wait_fault(recorder, "no answer from 127.0.0.1", 20)
            console.wait("no answer from 127.0.0.1")
            wait_until(lambda: time.monotonic() > begun + 16.5, 30, "the question after 15 s to be over")
            hole.open()
            wait_live(recorder)
            self.assertLess(time.monotonic() - begun, 27)
            mosquitto_pub(broker, "plant/a", "1")
            recorder.wait_value("SELECT count(*) FROM history", 1)
            self.assertEqual(health(recorder)[1]["status"]["connects"], 1)
            self.assertLess(recorder.stop(), 2)


class LoweredQos(unittest.TestCase):
    def test_it_is_told(self):
        with Broker(config="max_qos 0") as broker, Recorder(broker) as recorder, open_console(recorder) as console:
            wait_live(recorder)
            wait_fault(recorder, "the broker grants QoS 0, not 1, for 'plant/#'")
            wait_fault(recorder, "let the broker grant QoS 1")
            status, state = health(recorder)
            self.assertEqual(status, 1)
            self.assertEqual(state["status"]["subscriptions"], "plant/# (QoS 0)")
            console.key("F9")
            console.wait("the broker grants QoS 0")


if __name__ == "__main__":
    unittest.main()
