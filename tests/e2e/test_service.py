"""The recorder as a service: the files that `make install` brings for systemd, the rights of the history between its user
and those who query it, and the broker's access list."""

import os
import shutil
import stat
import subprocess
import tempfile
import unittest

from broker import Broker
from publisher import mosquitto_pub
from recorder import HMI, TOP, Recorder

SERVICE = ["setpriv", "--reuid=daemon", "--regid=games", "--clear-groups", "sh", "-c", 'umask 027; exec "$@"', "sh"]
IN_THE_GROUP = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--groups=games"]
STRANGER = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="hmi-install-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        build = os.environ.get("HMI_BUILD", "build")
        subprocess.run(["make", "-s", "-C", TOP, "install", f"PREFIX={cls.folder}", f"BUILD={build}", "DESTDIR="], check=True,
                       capture_output=True, env={k: v for k, v in os.environ.items() if not k.startswith("MAKE")})

    def test_systemd_accepts_the_unit(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("no systemd-analyze on this machine")
        unit = f"{self.folder}/lib/systemd/system/hmi.service"
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
        about_us = [line for line in done.stderr.splitlines() if "hmi" in line]
        self.assertEqual(about_us, [])
        with open(unit) as file:
            self.assertIn(f"ExecStart={self.folder}/bin/hmi record", file.read())

    def test_systemd_calls_it_well_confined(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("no systemd-analyze on this machine")
        unit = f"{self.folder}/lib/systemd/system/hmi.service"
        # The scale ends at 10, "unsafe"; the threshold is ten times the level.
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", unit],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "only root can make users and folders of theirs")
    def test_systemd_makes_user_group_and_folders(self):
        """On the root of a machine that knows neither yet, in the order that the manual gives."""
        root = tempfile.mkdtemp(prefix="hmi-root-")
        self.addCleanup(shutil.rmtree, root)
        os.mkdir(f"{root}/etc")
        for program, options in (("systemd-sysusers", []), ("systemd-tmpfiles", ["--create"])):
            if not shutil.which(program):
                self.skipTest(f"no {program} on this machine")
            file = f"{self.folder}/lib/{program[len('systemd-'):]}.d/hmi.conf"
            done = subprocess.run([program, f"--root={root}", *options, file], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotRegex(done.stderr, f"{file}:[0-9]+")  # a line that it does not take is only told
        with open(f"{root}/etc/passwd") as file:
            user = dict(zip(("name", "", "uid", "gid", "", "home"), file.read().split(":")))
        with open(f"{root}/etc/group") as file:
            groups = {name: (gid, members) for name, _, gid, members in (line.split(":") for line in file.read().split())}
        self.assertEqual((user["name"], user["home"]), ("hmi", "/var/lib/hmi"))
        self.assertEqual(groups["hmi-history"][1], "hmi")  # who hands its history to the group is in it
        history = os.stat(f"{root}/var/lib/hmi")
        self.assertEqual((stat.S_IMODE(history.st_mode), str(history.st_uid), str(history.st_gid)),
                         (0o2750, user["uid"], groups["hmi-history"][0]))
        self.assertEqual(stat.S_IMODE(os.stat(f"{root}/etc/hmi").st_mode), 0o755)

    def test_the_program_is_hardened(self):
        done = subprocess.run(["readelf", "-W", "-h", "-l", "-d", "-s", f"{self.folder}/bin/hmi"], capture_output=True,
                              text=True, check=True)
        self.assertRegex(done.stdout, r"Type:\s+DYN", "position-independent")
        self.assertIn("GNU_RELRO", done.stdout)
        self.assertRegex(done.stdout, r"BIND_NOW|FLAGS.*NOW", "no lazy binding: the jump table is read-only")
        self.assertRegex(done.stdout, r"GNU_STACK\s.*RW ", "the stack is not executable")
        if "asan" not in done.stdout and "tsan" not in done.stdout:
            self.assertIn("__stack_chk_fail", done.stdout)
            self.assertIn("_chk@", done.stdout.replace("__stack_chk_fail@", ""), "_FORTIFY_SOURCE")


@unittest.skipUnless(os.geteuid() == 0, "only root can become other users")
class Rights(unittest.TestCase):
    def start(self, broker):
        recorder = Recorder(broker, command=SERVICE, start=False)
        self.addCleanup(recorder.close)
        recorder.program = shutil.copy(HMI, recorder.folder)  # other users may not enter the folder that we build in
        os.chmod(recorder.folder, 0o2750)
        shutil.chown(recorder.folder, "daemon", "games")
        shutil.chown(recorder.config_path, "daemon", "games")
        recorder.start()
        broker.wait_log("SUBACK")
        mosquitto_pub(broker, "plant/a", "41", "-q", "1")
        recorder.wait_value("SELECT count(*) FROM history", 1)
        return recorder

    def query(self, user, recorder, sql, *options):
        return subprocess.run([*user, "sqlite3", *options, recorder.history_path, sql], capture_output=True, text=True,
                              timeout=60)

    def check_readers(self, recorder):
        done = self.query(IN_THE_GROUP, recorder, "SELECT value FROM history", "-readonly")
        self.assertEqual((done.stdout, done.stderr), ("41.0\n", ""))
        self.assertNotEqual(self.query(STRANGER, recorder, "SELECT value FROM history", "-readonly").returncode, 0)
        for user in (IN_THE_GROUP, STRANGER):
            self.assertNotEqual(self.query(user, recorder, "DELETE FROM tail").returncode, 0)

    def test_the_group_reads_and_nobody_else_writes(self):
        with Broker() as broker:
            recorder = self.start(broker)
            self.check_readers(recorder)
            for name in os.listdir(recorder.folder):
                if name.startswith("history.db"):
                    mode = os.stat(os.path.join(recorder.folder, name)).st_mode
                    self.assertFalse(mode & (stat.S_IWGRP | stat.S_IRWXO), f"{name} has mode {mode:o}")
            recorder.stop()
            self.check_readers(recorder)  # a reader may not make the files of the write-ahead log

    def test_a_reader_between_two_runs_does_not_stop_the_next(self):
        with Broker() as broker:
            recorder = self.start(broker)
            recorder.stop()
            self.check_readers(recorder)
            recorder.start()
            mosquitto_pub(broker, "plant/a", "42", "-q", "1")  # kept for the recorder until it is there
            recorder.wait_value("SELECT count(*) FROM history WHERE value = 42", 1)


class AccessList(unittest.TestCase):
    """config/service/mosquitto.acl, in a real mosquitto."""

    def arrives(self, user, topic):
        """Whether what the user publishes on the topic reaches somebody who may read everything."""
        with open(os.path.join(TOP, "config/service/mosquitto.acl")) as file:
            acl = file.read()
        with Broker(passwords={name: name for name in ("hmi", "boiler", "office")}, acl=acl) as broker:
            sub = subprocess.Popen(["mosquitto_sub", "-h", broker.host, "-p", str(broker.port), "-u", "office", "-P", "office",
                                    "-t", "plant/#", "-F", "%t", "-C", "1", "-W", "20"], stdout=subprocess.PIPE, text=True)
            with sub:
                broker.wait_log("SUBACK")
                for who, where in ((user, topic), ("boiler", "plant/boiler/level")):
                    subprocess.run(["mosquitto_pub", "-h", broker.host, "-p", str(broker.port), "-u", who, "-P", who, "-q", "1",
                                    "-t", where, "-m", "1"], timeout=20, capture_output=True)
                return sub.stdout.read().strip() == topic

    def test_only_the_recorder_writes_setpoints(self):
        self.assertTrue(self.arrives("hmi", "plant/boiler/temp/set"))
        for user in ("boiler", "office"):
            self.assertFalse(self.arrives(user, "plant/boiler/temp/set"), user)

    def test_only_the_controller_speaks_for_itself(self):
        self.assertTrue(self.arrives("boiler", "plant/boiler/temp"))
        for user in ("hmi", "office"):
            self.assertFalse(self.arrives(user, "plant/boiler/temp"), user)


if __name__ == "__main__":
    unittest.main()
