"""Who may attach, by the kernel's word: other Unix users, viewers, refusals that name the line to add."""

import os
import subprocess
import unittest

from broker import Broker
from console import Console, hmi_path
from publisher import mosquitto_pub
from recorder import HMI, Recorder
from scene import console_environment, row, wait_live

AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


@unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
class OtherUser(unittest.TestCase):
    def start(self, broker, config=""):
        """A recorder whose folder others may enter, with a configuration that they may read."""
        recorder = Recorder(broker, config=config, start=False)
        self.addCleanup(recorder.close)
        os.chmod(recorder.folder, 0o755)
        recorder.start()
        self.addCleanup(recorder.stop)  # its socket lies in a folder that others share
        wait_live(recorder)
        mosquitto_pub(broker, "plant/a", "1")
        recorder.wait_value("SELECT count(*) FROM history", 1)
        return recorder

    def as_nobody(self, recorder, *arguments):
        return subprocess.run([*AS_NOBODY, HMI, arguments[0], "-c", recorder.config_path, *arguments[1:]], timeout=60,
                              capture_output=True, text=True, env=recorder.environment(), stdin=subprocess.DEVNULL)

    def console_of_nobody(self, recorder):
        console = Console([*AS_NOBODY, hmi_path(), "-c", recorder.config_path], cols=120, rows=24,
                          env={**console_environment(recorder), "HOME": "/nonexistent"})
        self.addCleanup(console.close)
        return console

    def check_refused(self, recorder, line):
        done = self.as_nobody(recorder, "status")
        self.assertEqual(done.returncode, 2)
        self.assertIn(line, done.stdout + done.stderr)
        console = self.console_of_nobody(recorder)
        console.wait("THE RECORDER REFUSES")
        self.assertNotIn("plant/a", console.text())
        self.assertIn("no access", recorder.log())

    def test_without_access_only_its_own_user_may_attach(self):
        with Broker() as broker:
            recorder = self.start(broker)
            done = self.as_nobody(recorder, "tags")
            self.assertNotEqual(done.returncode, 0)
            self.assertNotIn("plant/a", done.stdout)
            self.assertEqual(recorder.process.poll(), None)

    def test_a_user_that_access_does_not_name_is_told_the_line_to_add(self):
        with Broker() as broker:
            recorder = self.start(broker, 'access = { engineer = [ "root" ]; };')
            self.check_refused(recorder, 'access = { viewer = [ "nobody" ]; };')

    def test_a_viewer_may_look_and_not_stop(self):
        for names in ('"*"', '"@nogroup"', '"nobody"'):
            with self.subTest(names), Broker() as broker:
                recorder = self.start(broker, f'access = {{ viewer = [ {names} ]; engineer = [ "root" ]; }};')
                self.assertIn("plant/a", self.as_nobody(recorder, "tags").stdout)
                self.assertEqual(self.as_nobody(recorder, "status").returncode, 0)
                console = self.console_of_nobody(recorder)
                console.wait_re(row("plant/a", "1"))
                console.wait("nobody viewer")
                for command in ("stop", "reload"):
                    done = self.as_nobody(recorder, command)
                    self.assertNotEqual(done.returncode, 0)
                    self.assertIn('access = { engineer = [ "nobody" ]; };', done.stdout + done.stderr)
                self.assertIsNone(recorder.process.poll())
                self.assertIn("request of nobody refused", recorder.log())

    def test_another_user_reads_the_history_but_does_not_write(self):
        with Broker() as broker:
            recorder = self.start(broker)
            mode = os.stat(recorder.history_path).st_mode
            self.assertEqual(mode & 0o022, 0)  # nobody but the owner writes
            self.assertEqual(os.stat(recorder.history_path + ".lock").st_mode & 0o777, 0o600)
            done = self.as_nobody(recorder, "record")
            self.assertNotEqual(done.returncode, 0)
            self.assertIsNone(recorder.process.poll())


if __name__ == "__main__":
    unittest.main()
