"""The harness that the other end-to-end tests stand on: a terminal, a broker, certificates."""

import os
import socket
import ssl
import subprocess
import unittest

from broker import Broker, free_port
from console import Console, ConsoleError
from gate import Gate
from tls import Authority


def publish(broker, *arguments):
    return subprocess.run(["mosquitto_pub", "-h", broker.host, "-p", str(broker.port), *arguments],
                          capture_output=True, text=True, timeout=20)


class ConsoleTest(unittest.TestCase):
    def test_screen_keys_and_end(self):
        script = "printf 'name? '; read -r name; printf '\\033[1mhello %s\\033[m' \"$name\"; read -r end; exit 3"
        with Console(["/bin/sh", "-c", script], cols=40, rows=5) as console:
            console.wait("name?")
            console.type("o'brien \"x\"")
            console.key("Enter")
            console.wait('hello o\'brien "x"')
            self.assertEqual(len(console.rows()), 5)
            self.assertTrue(all(cell["bold"] for cell in console.cells_of("hello")))
            self.assertIsNone(console.exit_status())
            console.key("Enter")
            self.assertEqual(console.wait_end(), 3)
            self.assertGreater(console.bytes(), 20)
            console.scan()

    def test_a_failed_wait_shows_the_screen(self):
        with Console(["/bin/sh", "-c", "echo something else; cat"]) as console:
            console.wait("something")
            with self.assertRaisesRegex(ConsoleError, "something else"):
                console.wait("absent", timeout=0.1)

    def test_environment(self):
        with Console(["/bin/sh", "-c", "echo $TERM/$LANG/$EXTRA/$LC_ALL."], term="vt100", locale="C",
                     env={"EXTRA": "a b"}) as console:
            console.wait("vt100/C/a b/.")

    def test_close_ends_the_program(self):
        with Console(["/bin/sh", "-c", "trap '' HUP TERM; echo up; while :; do sleep 1; done"]) as console:
            console.wait("up")
            pid = console.pid
        with self.assertRaises(ProcessLookupError):
            os.kill(pid, 0)

    def test_foreign_sequences_are_found(self):
        with Console(["/bin/sh", "-c", "printf '\\033]0;owned\\007there'; cat"]) as console:
            console.wait("there")
            with self.assertRaisesRegex(ConsoleError, "not allowed at byte 0"):
                console.scan()


class BrokerTest(unittest.TestCase):
    def test_stop_and_start_on_the_same_port_keeps_what_is_retained(self):
        with Broker(persistence=True) as broker:
            self.assertEqual(publish(broker, "-t", "a", "-m", "42", "-r", "-q", "1").returncode, 0)
            broker.restart()
            got = subprocess.run(["mosquitto_sub", "-h", broker.host, "-p", str(broker.port), "-t", "a", "-C", "1",
                                  "-W", "10"], capture_output=True, text=True)
            self.assertEqual(got.stdout, "42\n")
            broker.kill()
            self.assertFalse(broker.running)
            self.assertNotEqual(publish(broker, "-t", "a", "-m", "1").returncode, 0)
        self.assertFalse(os.path.exists(broker.folder))

    def test_passwords(self):
        with Broker(passwords={"hmi": "secret"}) as broker:
            self.assertEqual(publish(broker, "-t", "a", "-m", "1", "-u", "hmi", "-P", "secret").returncode, 0)
            self.assertNotEqual(publish(broker, "-t", "a", "-m", "1", "-u", "hmi", "-P", "wrong").returncode, 0)
            self.assertNotEqual(publish(broker, "-t", "a", "-m", "1").returncode, 0)

    def test_a_bad_configuration_is_told(self):
        with self.assertRaisesRegex(RuntimeError, "no_such_option"):
            Broker(config="no_such_option 1")

    def test_free_port_is_free(self):
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", free_port()))


class GateTest(unittest.TestCase):
    def test_mqtt_5_is_refused_and_3_1_1_passes(self):
        with Broker() as broker, Gate(broker, refuse_mqtt5=True) as gate:
            self.assertEqual(publish(gate, "-t", "a", "-m", "1", "-q", "1", "-V", "311").returncode, 0)
            self.assertNotEqual(publish(gate, "-t", "a", "-m", "1", "-q", "1", "-V", "5").returncode, 0)
            self.assertEqual(gate.refused, 1)

    def test_stall_and_cut(self):
        with Broker() as broker, Gate(broker) as gate:
            subscriber = subprocess.Popen(
                ["stdbuf", "-oL", "mosquitto_sub", "-h", gate.host, "-p", str(gate.port), "-t", "a", "-q", "1", "-F", "%p", "-d"],
                stdout=subprocess.PIPE, text=True, bufsize=1)
            try:
                self.wait_line(subscriber, "SUBACK")
                gate.stall()
                publish(broker, "-t", "a", "-m", "held")
                gate.flow()
                self.wait_line(subscriber, "held")
                gate.cut()
                self.wait_line(subscriber, "SUBACK")  # it connected again and subscribed again
            finally:
                subscriber.kill()
                subscriber.wait()
                subscriber.stdout.close()

    def wait_line(self, process, text):
        for line in process.stdout:
            if text in line:
                return
        self.fail(f"ended without {text!r}")


class TlsTest(unittest.TestCase):
    def test_certificates(self):
        with Authority() as ca, Authority("another CA") as stranger:
            def outcome(server, trusted=ca, client=None, client_ca=None):
                with Broker(tls=server, client_ca=client_ca) as broker:
                    with_client = ["--cert", client.cert, "--key", client.key] if client else []
                    done = publish(broker, "-t", "a", "-m", "1", "-q", "1", "--cafile", trusted.cert, *with_client)
                    return done.returncode == 0

            self.assertTrue(outcome(ca.server()))
            self.assertFalse(outcome(ca.server("elsewhere.example")))
            self.assertFalse(outcome(ca.server(days=(-30, -1))))
            self.assertFalse(outcome(ca.server(), trusted=stranger))
            self.assertTrue(outcome(ca.server(), client=ca.client(), client_ca=ca.cert))
            self.assertFalse(outcome(ca.server(), client_ca=ca.cert))
            self.assertFalse(outcome(ca.server(), client=stranger.client(), client_ca=ca.cert))

    def test_expired_is_expired(self):
        with Authority() as ca:
            with Broker(tls=ca.server(days=(-30, -1))) as broker:
                context = ssl.create_default_context(cafile=ca.cert)
                with self.assertRaisesRegex(ssl.SSLCertVerificationError, "expired"):
                    with socket.create_connection((broker.host, broker.port)) as plain:
                        context.wrap_socket(plain, server_hostname="localhost")


if __name__ == "__main__":
    unittest.main()
