"""hmi demo: what it shows and sums up, and that nothing stays behind whoever is killed."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from console import Console, hmi_path

CHILDREN = {"broker": "mosquitto", "sim": "sim", "recorder": "record"}


class DemoCase(unittest.TestCase):
    """Each demo gets a TMPDIR of its own, which marks its processes, too."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hmi-test-demo-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.addCleanup(self.kill_all)

    def environment(self):
        return dict(os.environ, TMPDIR=self.folder, TZ="UTC")

    def processes(self):
        """{pid: command line} of all processes whose environment names our folder."""
        found = {}
        mark = f"TMPDIR={self.folder}".encode()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    environment = file.read().split(b"\0")
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    command = file.read().split(b"\0")
            except OSError:
                continue  # it has just ended, or is not ours
            if mark in environment and command[0]:
                found[int(pid)] = [word.decode(errors="replace") for word in command[:-1]]
        return found

    def kill_all(self):
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)

    def wait(self, what, condition, timeout=20):
        until = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > until:
                self.fail(f"not within {timeout} s: {what}; {self.processes()} {os.listdir(self.folder)}")
            time.sleep(0.02)  # between two looks at other processes

    def wait_gone(self):
        self.wait("all processes gone", lambda: not self.processes())
        self.wait("the folder removed", lambda: not os.listdir(self.folder))

    def start(self, *options):
        process = subprocess.Popen([hmi_path(), "demo", "--headless", *options], env=self.environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def pid_of(self, part, front=None):
        for pid, command in self.processes().items():
            if part == "keeper":
                if command[1:2] == ["demo"] and pid != front:
                    return pid
            elif part == "broker":
                if command[0] == "mosquitto":
                    return pid
            elif command[1:2] == [CHILDREN[part]]:
                return pid
        return None

    def wait_stands(self, front=None):
        for part in ("broker", "sim", "recorder", "keeper"):
            self.wait(f"the {part}", lambda part=part: self.pid_of(part, front))


class SummaryTest(DemoCase):
    def test_headless(self):
        start = time.monotonic()
        process = self.start("--seconds", "3", "--seed", "7", "--speed", "5")
        said, faults = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, faults)
        self.assertGreater(time.monotonic() - start, 3)
        received = re.search(r"received +(\d+) messages, ([\d.]+) a second", said)
        stored = re.search(r"stored +(\d+) samples of (\d+) tags, ([\d.]+) a second", said)
        self.assertGreater(int(received.group(1)), 150, said)
        self.assertGreater(float(received.group(2)), 50)
        self.assertGreater(int(stored.group(1)), 150, said)
        self.assertGreater(int(stored.group(2)), 60)
        self.wait_gone()

    def test_keep(self):
        kept = os.path.join(self.folder, "kept")
        for _ in range(2):  # the second continues the first one's history
            process = self.start("--seconds", "2", "--keep", kept)
            said, faults = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, faults)
            self.assertIn(kept, said)
        self.wait("all processes gone", lambda: not self.processes())
        config = os.path.join(kept, "hmi.cfg")
        for name in ("hmi.cfg", "history.db", "password", "recorder.log"):
            self.assertTrue(os.path.exists(os.path.join(kept, name)), name)
        self.assertEqual(os.stat(kept).st_mode & 0o077, 0)
        query = "SELECT count(*), count(DISTINCT tag) FROM history"
        done = subprocess.run([hmi_path(), "sql", "-c", config, query], capture_output=True, text=True, timeout=30, check=True)
        samples, tags = map(int, done.stdout.split()[-1].split("|"))
        stored = int(re.search(r"stored +(\d+)", said).group(1))
        self.assertEqual(samples, stored)
        self.assertGreater(tags, 60)
        checked = subprocess.run([hmi_path(), "check", config], capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_keep_spares_other_configurations(self):
        with open(os.path.join(self.folder, "hmi.cfg"), "w", encoding="utf-8") as file:
            file.write('plant = "Mine";\n')
        process = self.start("--seconds", "1", "--keep", self.folder)
        faults = process.communicate(timeout=30)[1]
        self.assertNotEqual(process.returncode, 0)
        self.assertIn("hmi.cfg", faults)
        with open(os.path.join(self.folder, "hmi.cfg"), encoding="utf-8") as file:
            self.assertEqual(file.read(), 'plant = "Mine";\n')

    def test_wrong_calls(self):
        for options in (["--seconds", "0", "--headless"], ["--seconds", "5"], ["more"], ["--speed", "x"], []):
            done = subprocess.run([hmi_path(), "demo", *options], env=self.environment(), stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=10, check=False)
            self.assertEqual(done.returncode, os.EX_USAGE, options)
            self.assertTrue(done.stderr)
        self.wait_gone()

    def test_without_mosquitto(self):
        """Where a mount namespace can be had, the broker's program is covered by a file that cannot be run."""
        hide = 'mount --bind /dev/null "$(readlink -f /usr/sbin/mosquitto)" && exec "$@"'
        can = subprocess.run(["unshare", "-rm", "sh", "-c", hide, "sh", "true"], capture_output=True, check=False)
        if can.returncode != 0:
            self.skipTest("no mount namespace here")
        done = subprocess.run(["unshare", "-rm", "sh", "-c", hide, "sh", hmi_path(), "demo", "--headless"],
                              env=self.environment(), capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, os.EX_UNAVAILABLE)
        self.assertIn("apt install mosquitto", done.stderr)
        self.wait_gone()


class EndTest(DemoCase):
    def end_part(self, part, number):
        process = self.start("--seconds", "60")
        self.wait_stands(process.pid)
        os.kill(process.pid if part == "front" else self.pid_of(part, process.pid), number)
        faults = process.communicate(timeout=30)[1]
        self.assertNotEqual(process.returncode, 0)
        self.wait_gone()
        return faults

    def test_front_killed(self):
        self.end_part("front", signal.SIGKILL)

    def test_front_told(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self.assertIn(f"signal {int(number)}", self.end_part("front", number))

    def test_keeper_killed(self):
        self.assertIn("keeper", self.end_part("keeper", signal.SIGKILL))

    def test_broker_killed(self):
        self.assertIn("the broker was ended by signal 9", self.end_part("broker", signal.SIGKILL))

    def test_sim_killed(self):
        self.assertIn("the simulator was ended by signal 9", self.end_part("sim", signal.SIGKILL))

    def test_recorder_killed(self):
        self.assertIn("the recorder was ended by signal 9", self.end_part("recorder", signal.SIGKILL))

    def test_killed_at_any_moment_of_the_start(self):
        for milliseconds in (0, 5, 15, 30, 60, 100, 200, 400):
            process = self.start("--seconds", "60")
            time.sleep(milliseconds / 1000)  # the moment is what is tested
            process.kill()
            process.wait()
            self.wait("all processes gone", lambda: not self.processes())
            # Killed before the keeper stands, nobody is left to remove the folder: nothing but that may remain.
            for name in os.listdir(self.folder):
                shutil.rmtree(os.path.join(self.folder, name))


class ConsoleTest(DemoCase):
    def demo(self):
        console = Console([hmi_path(), "demo"], cols=120, rows=36, env={"TMPDIR": self.folder, "TZ": "UTC"})
        self.addCleanup(console.close)
        console.wait("boiler.temp", 30)
        return console

    def test_quit(self):
        console = self.demo()
        console.wait_re("boiler[.]pressure +[67][.]", 10)
        console.wait("RUNNING")
        console.key("q")
        console.wait("Leave the demo?")
        console.key("y")
        self.assertEqual(console.wait_end(20), 0)
        self.wait_gone()

    def test_terminal_closes(self):
        console = self.demo()
        console.hangup()
        self.wait_gone()

    def test_front_killed(self):
        console = self.demo()
        os.kill(console.pid, signal.SIGKILL)
        self.wait_gone()

    def test_console_killed(self):
        console = self.demo()
        pid = next(pid for pid, command in self.processes().items() if command[1:2] == ["-c"])
        os.kill(pid, signal.SIGKILL)
        self.assertNotEqual(console.wait_end(20), 0)
        self.wait_gone()

    def test_recorder_killed(self):
        console = self.demo()
        os.kill(self.pid_of("recorder"), signal.SIGKILL)
        self.assertNotEqual(console.wait_end(20), 0)
        console.wait("the recorder was ended by signal 9")
        self.wait_gone()


if __name__ == "__main__":
    unittest.main()
