"""Nothing is left open: consoles come and go, connections to the broker break and are made anew, and the recorder
holds as many descriptors and threads as before."""

import os
import signal
import socket
import unittest

from broker import Broker
from gate import Gate
from recorder import Recorder, wait_until
from scene import health, open_console, tags, wait_health, wait_live

CONSOLES = 200
RECONNECTS = 20


def held(recorder):
    """(descriptors, threads) of the recorder."""
    return tuple(len(os.listdir(f"/proc/{recorder.process.pid}/{kind}")) for kind in ("fd", "task"))


def wait_as_before(recorder, before):
    wait_until(lambda: held(recorder) == before, 20, lambda: f"{before} descriptors and threads: {held(recorder)}")


class Descriptors(unittest.TestCase):
    def test_consoles_come_and_go(self):
        with Broker() as broker, Recorder(broker) as recorder:
            wait_live(recorder)
            before = held(recorder)
            path, = (os.path.join(recorder.folder, "hmi", name) for name in os.listdir(os.path.join(recorder.folder, "hmi"))
                     if name.endswith(".sock"))
            for number in range(CONSOLES):
                if number % 40 == 0:  # a whole console, ended well or by force
                    with open_console(recorder) as console:
                        console.wait("● broker")
                        if number % 80:
                            console.signal("KILL")
                elif number % 4 == 0:
                    tags(recorder)
                else:  # one that connects and says nothing, half a word, or nonsense
                    with socket.socket(socket.AF_UNIX) as silent:
                        silent.connect(path)
                        silent.send((b"\0", b"\0" * 7, os.urandom(200))[number % 4 - 1])
            wait_as_before(recorder, before)
            self.assertEqual(health(recorder)[1]["status"]["consoles"], 0)

    def test_connections_to_the_broker(self):
        with Broker() as one, Broker() as two, Gate(one) as gate, Recorder(gate) as recorder:
            wait_live(recorder)
            self.assertEqual(recorder.hmi("reload")[0], 0)  # the thread that looks names up stays from here on
            before = held(recorder)
            port, connects = gate.port, 1
            for number in range(RECONNECTS):
                if number % 10 == 5 and port == gate.port:
                    gate.cut()
                elif number % 10 == 5:
                    two.restart()
                else:
                    other = two.port if port == gate.port else gate.port
                    with open(recorder.config_path, encoding="utf-8") as file:
                        text = file.read()
                    with open(recorder.config_path, "w", encoding="utf-8") as file:
                        file.write(text.replace(f"port = {port};", f"port = {other};"))
                    port = other
                    recorder.process.send_signal(signal.SIGHUP)
                connects += 1
                wait_health(recorder, lambda status: status["connects"] == connects and status["link"] == "up",
                            f"connection {connects}", 40)
            wait_as_before(recorder, before)


if __name__ == "__main__":
    unittest.main()
