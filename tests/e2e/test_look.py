"""hmi -H HOST: a look at any broker shows everything, changes nothing and leaves nothing behind."""

import glob
import os
import re
import subprocess
import tempfile
import unittest

from broker import Broker
from console import Console, hmi_path
from publisher import mosquitto_pub
from recorder import wait_until
from scene import row


class Look(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="hmi-test-look-")
        self.addCleanup(self.folder.cleanup)
        self.temporary, self.current = (os.path.join(self.folder.name, name) for name in ("tmp", "cwd"))
        os.mkdir(self.temporary)
        os.mkdir(self.current)

    def look(self, broker, *options):
        """In a folder of its own, so that a file left there is seen."""
        command = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', self.current, hmi_path(), "-H", broker.host, "-p",
                   str(broker.port), *options]
        console = Console(command, cols=120, rows=24, env={"TMPDIR": self.temporary, "TZ": "UTC",
                                                           "XDG_RUNTIME_DIR": self.folder.name})
        self.addCleanup(console.close)
        return console

    def leave(self, console):
        console.key("q")
        console.wait("The look at the broker ends.")
        console.key("y")
        self.assertEqual(console.wait_end(), 0)

    def check_nothing_left(self):
        self.assertEqual(os.listdir(self.current), [])
        wait_until(lambda: not os.listdir(self.temporary), 15, lambda: f"nothing left: {os.listdir(self.temporary)}")

    def client_ids(self, broker):
        return re.findall(r"New client connected from \S+ as (hmi-look-\S+) \(p(\d), c(\d)", broker.log())

    def test_everything_is_shown_and_nothing_is_left(self):
        with Broker(persistence=True) as broker:
            mosquitto_pub(broker, "any/where", "1.5", "-r", "-q", "1")
            console = self.look(broker)
            console.wait_re(row("any/where", "1.5"))
            mosquitto_pub(broker, "other/deep/topic", '{"a":{"b":2}}')
            console.wait_re(row("other/deep/topic:a.b", "2", "good"))
            console.wait("look: nothing is kept")
            self.assertNotIn("$SYS", console.text())
            files = glob.glob(os.path.join(self.temporary, "hmi-look-*", "history.db"))
            self.assertEqual(len(files), 1)
            self.assertEqual(os.stat(os.path.dirname(files[0])).st_mode & 0o777, 0o700)
            console.scan()
            self.leave(console)
            self.check_nothing_left()
            self.check_broker_is_as_before(broker)

    def check_broker_is_as_before(self, broker):
        (client_id, _, clean), = self.client_ids(broker)
        self.assertEqual(clean, "1")
        broker.wait_log(f"Client {client_id} disconnected")
        self.assertNotRegex(broker.log(), f"Received PUBLISH from {client_id}")
        self.assertRegex(broker.log(), rf"{client_id} 0 #")  # QoS 0
        got = subprocess.run(["mosquitto_sub", "-h", broker.host, "-p", str(broker.port), "-t", "#", "-v", "-W", "1"],
                             capture_output=True, text=True)
        self.assertEqual(got.stdout.splitlines(), ["any/where 1.5"])
        broker.stop()
        with open(os.path.join(broker.folder, "mosquitto.db"), "rb") as file:
            self.assertNotIn(client_id.encode(), file.read())  # no session is kept

    def test_filters(self):
        with Broker() as broker:
            console = self.look(broker, "-t", "one/#", "-t", "two/+")
            console.wait("broker")
            console.wait("No tags yet")
            wait_until(lambda: "two/+" in broker.log(), 10, "the subscription")
            for topic in ("one/a/b", "two/a", "two/a/b", "three"):
                mosquitto_pub(broker, topic, "1")
            console.wait_re(row("two/a", "1"))
            console.wait("one/a/b")
            self.assertFalse(console.shows("three") or console.shows("two/a/b"))
            self.leave(console)

    def test_a_console_that_is_killed_ends_the_look(self):
        with Broker() as broker:
            mosquitto_pub(broker, "a", "1", "-r")
            console = self.look(broker)
            console.wait_re(row("a", "1"))
            console.signal("KILL")
            console.wait_end()
            self.check_nothing_left()  # its recorder ends by itself, ten seconds later

    def test_the_password_is_asked_for_and_not_shown(self):
        with Broker(passwords={"alice": "pass word"}) as broker:
            console = self.look(broker, "-u", "alice")
            console.wait("Password of alice:")
            console.type("pass word")
            console.quiet(0.2)
            self.assertNotIn("pass", console.text().replace("Password of alice", ""))
            console.key("Enter")
            console.wait("look: nothing is kept")
            mosquitto_pub(broker, "a", "1", "-u", "alice", "-P", "pass word")
            console.wait_re(row("a", "1"))
            for path in glob.glob("/proc/[0-9]*/cmdline"):
                try:
                    with open(path, "rb") as file:
                        words = file.read().split(b"\0")
                except OSError:
                    continue  # it has just ended
                if b"--look" in words:
                    self.assertNotIn(b"pass word", words)
            self.leave(console)
            self.check_nothing_left()

    def test_a_wrong_password_and_an_absent_broker_are_explained(self):
        with Broker(passwords={"alice": "right"}) as broker:
            console = self.look(broker, "-u", "alice")
            console.wait("Password of alice:")
            console.type("wrong")
            console.key("Enter")
            console.wait_re(row("NO PLANT DATA", "not authorised"))
            console.key("F9")
            console.wait("cure: check -u alice and type the password again")
            console.key("F2")
            self.leave(console)
            broker.stop()
            console = self.look(broker)
            console.wait_re(row("NO PLANT DATA", "nothing listens"))
            console.key("F9")
            console.wait("name another with -H and -p")
            console.key("F2")
            self.leave(console)
            self.check_nothing_left()

    def test_keep(self):
        kept = os.path.join(self.folder.name, "kept.db")
        with Broker() as broker:
            mosquitto_pub(broker, "a", "1", "-r")
            console = self.look(broker, "--keep", kept)
            console.wait_re(row("a", "1", "retain"))
            wait_until(lambda: os.path.exists(kept), 5, "the file")
            console.key("q")
            console.wait("The look at the broker ends. Its history is")
            console.key("y")
            self.assertEqual(console.wait_end(), 0)
            self.check_nothing_left()

            def stored():  # the recorder says yes first, then commits and closes
                return subprocess.run(["sqlite3", "-readonly", kept, "SELECT tag, value FROM history"], capture_output=True,
                                      text=True).stdout
            wait_until(lambda: stored() == "a|1.0\n", 10, lambda: f"in the kept history: {stored()!r}")

    def test_without_a_terminal(self):
        done = subprocess.run([hmi_path(), "-H", "127.0.0.1"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 64)
        self.assertIn("needs a terminal", done.stderr)


if __name__ == "__main__":
    unittest.main()
