"""Real Unix users with different roles: who may give a setpoint, who reads what. The users and groups are made by the test
(as root) and removed afterwards; the recorder has a user of its own, as a service has."""

import os
import shutil
import stat
import subprocess
import unittest

from broker import Broker
from console import Console, hmi_path
from device import Device
from publisher import mosquitto_pub
from recorder import HMI, Recorder
from scene import console_environment, wait_live

PREFIX = f"hmit{os.getpid() % 100000}"
GROUPS = ("control", "history")
USERS = {"rec": ["history"], "viewer": [], "operator": ["control"], "supervisor": ["history"], "nobody": []}
TAGS = """
tags = (
  { name = "sp"; topic = "plant/sp"; kind = "analog"; range = [ 20, 110 ];
    setpoint = { topic = "cmd/sp"; readback = "sp"; tolerance = 0.1; timeout = 3; }; },
  { name = "trip"; topic = "plant/trip"; kind = "analog"; range = [ 20, 110 ];
    setpoint = { topic = "cmd/trip"; readback = "trip"; tolerance = 0.1; timeout = 3; role = "supervisor"; }; }
);
"""


def named(name):
    return f"{PREFIX}{name}"


def run(*command):
    subprocess.run(command, check=True, capture_output=True, timeout=30)


@unittest.skipUnless(os.geteuid() == 0, "only root can make users")
@unittest.skipUnless(shutil.which("useradd") and shutil.which("groupadd"), "useradd is not installed")
class Users(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for group in GROUPS:
            run("groupadd", named(group))
            cls.addClassCleanup(subprocess.run, ["groupdel", named(group)], capture_output=True, check=False)
        for user, groups in USERS.items():
            more = ["-G", ",".join(named(group) for group in groups)] if groups else []
            run("useradd", "-M", "-N", "-g", "nogroup", "-s", "/bin/sh", *more, named(user))
            cls.addClassCleanup(subprocess.run, ["userdel", named(user)], capture_output=True, check=False)

    def setUp(self):
        self.broker = self.keep(Broker(passwords={"hmi": "secret-of-the-plant", "plant": "p"}))
        access = (f'access = {{ viewer = [ "{named("viewer")}", "root" ]; operator = [ "@{named("control")}" ];'
                  f' supervisor = [ "{named("supervisor")}" ]; }};')
        self.recorder = self.keep(Recorder(self.broker, start=False, config=TAGS + access + 'socket = "hmi.sock";',
                                           broker_more='username = "hmi"; password_file = "password";',
                                           command=self.become("rec")))
        folder = self.recorder.folder
        self.password_path = os.path.join(folder, "password")
        with open(self.password_path, "w", encoding="utf-8") as file:
            file.write("secret-of-the-plant\n")
        os.chmod(self.password_path, 0o600)
        for path in (folder, self.password_path, self.recorder.config_path):
            shutil.chown(path, named("rec"), "nogroup")
        os.chmod(folder, 0o755)
        os.chmod(self.recorder.config_path, 0o644)
        shutil.chown(self.recorder.config_path, "root")  # as /etc/hmi/hmi.cfg
        # The history in a folder of its own, as the service's unit makes it.
        state = os.path.join(folder, "state")
        os.mkdir(state)
        shutil.chown(state, named("rec"), named("history"))
        os.chmod(state, 0o2750)
        with open(self.recorder.config_path, "r+", encoding="utf-8") as file:
            text = file.read().replace('file = "history.db"', 'file = "state/history.db"')
            file.seek(0)
            file.write(text)
        self.recorder.history_path = os.path.join(state, "history.db")
        self.recorder.start()
        self.recorder.wait_log("connected to")
        wait_live(self.recorder)
        self.device = self.keep(Device(self.broker, {"cmd/sp": "plant/sp", "cmd/trip": "plant/trip"}, user=("plant", "p")))
        for tag in ("sp", "trip"):
            mosquitto_pub(self.broker, f"plant/{tag}", "40", "-q", "1", "-u", "plant", "-P", "p")
            self.recorder.wait_value(f"SELECT value FROM latest WHERE tag = '{tag}'", "40.0")

    def keep(self, thing):
        thing.__enter__()
        self.addCleanup(thing.__exit__, None, None, None)
        return thing

    def become(self, user):
        return ["setpriv", f"--reuid={named(user)}", "--regid=nogroup", "--init-groups"]

    def as_user(self, user, *command):
        done = subprocess.run([*self.become(user), *command], capture_output=True, text=True, timeout=60,
                              env=dict(self.recorder.environment(), HOME="/nonexistent"), stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr

    def hmi(self, user, command, *arguments):
        return self.as_user(user, HMI, command, "-c", self.recorder.config_path, *arguments)

    def console(self, user):
        return self.keep(Console([*self.become(user), hmi_path(), "-c", self.recorder.config_path], cols=100,
                                 env={**console_environment(self.recorder), "HOME": "/nonexistent"}))

    def check_refused(self, user, tag, line):
        status, text, errors = self.hmi(user, "set", tag, "50", "--yes")
        self.assertEqual(status, 77, text + errors)
        self.assertIn(line, errors)

    def test_each_role_may_what_it_may(self):
        for role, user in (("viewer", "viewer"), ("operator", "operator"), ("supervisor", "supervisor")):
            self.console(user).wait(f"{named(user)} {role}")
        self.check_refused("viewer", "sp", f'access = {{ operator = [ "{named("viewer")}" ]; }};')
        self.check_refused("operator", "trip", f'access = {{ supervisor = [ "{named("operator")}" ]; }};')
        self.assertEqual(self.device.received, [])
        for user, tag in (("operator", "sp"), ("supervisor", "trip")):
            status, text, errors = self.hmi(user, "set", tag, "55", "--yes")
            self.assertEqual(status, 0, text + errors)
        self.assertEqual(self.device.received, [("cmd/sp", "55"), ("cmd/trip", "55")])
        self.recorder.wait_value("SELECT count(*) FROM commands WHERE outcome <> 'under way'", 4)
        self.assertEqual(self.recorder.sql("SELECT operator, tag, outcome FROM commands ORDER BY id"),
                         [[named("viewer"), "sp", "refused"], [named("operator"), "trip", "refused"],
                          [named("operator"), "sp", "done"], [named("supervisor"), "trip", "done"]])
        for user in ("viewer", "operator", "supervisor"):
            for command in ("stop", "reload"):
                status, text, errors = self.hmi(user, command)
                self.assertNotEqual(status, 0, text)
                self.assertIn(f'access = {{ engineer = [ "{named(user)}" ]; }};', text + errors)
        self.assertIsNone(self.recorder.process.poll())

    def test_a_viewers_console_has_no_way_into_a_setpoint(self):
        console = self.console("viewer")
        console.wait("40")
        console.key("Home", "e")
        console.quiet()
        self.assertNotIn("Set sp", console.text())
        operator = self.console("operator")
        operator.wait("40")
        operator.key("Home", "e")
        operator.wait("Set sp")

    def test_who_is_not_named_sees_nothing(self):
        status, text, errors = self.hmi("nobody", "tags")
        self.assertNotEqual(status, 0)
        self.assertNotIn("40", text)
        self.assertIn(f'access = {{ viewer = [ "{named("nobody")}" ]; }};', text + errors)

    def test_secrets_are_the_recorders_alone(self):
        for user in ("viewer", "operator", "supervisor", "nobody"):
            self.assertNotEqual(self.as_user(user, "cat", self.password_path)[0], 0)
            self.assertNotEqual(self.as_user(user, "cat", self.recorder.history_path + ".lock")[0], 0)
        process = self.recorder.process.pid
        self.assertNotEqual(self.as_user("operator", "cat", f"/proc/{process}/environ")[0], 0)
        with open(f"/proc/{process}/cmdline", "rb") as file:
            self.assertNotIn(b"secret-of-the-plant", file.read())
        self.assertNotIn("secret-of-the-plant", self.recorder.log())

    def test_the_history_is_read_through_a_group_and_written_by_nobody_else(self):
        path = self.recorder.history_path
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o640)
        self.assertEqual(os.stat(path).st_gid, os.stat(os.path.dirname(path)).st_gid)
        query = "SELECT count(*) FROM history"
        status, text, errors = self.as_user("supervisor", "sqlite3", "-readonly", path, query)
        self.assertEqual((status, int(text)), (0, 2), errors)
        status, text, errors = self.hmi("supervisor", "sql", query)
        self.assertEqual(status, 0, errors)
        self.assertNotEqual(self.as_user("operator", "sqlite3", "-readonly", path, query)[0], 0)
        for statement in ("DELETE FROM journal_entry", "INSERT INTO meta VALUES ('x', 1)", "DROP VIEW journal"):
            self.assertNotEqual(self.as_user("supervisor", "sqlite3", path, statement)[0], 0)
        for name in ("history.db", "history.db-wal", "history.db-shm", "new"):
            self.assertNotEqual(self.as_user("supervisor", "sh", "-c", f"echo x >> {os.path.dirname(path)}/{name}")[0], 0)
        # Who is not in the group still has live values, through the recorder.
        status, text, errors = self.hmi("operator", "tags")
        self.assertEqual(status, 0, errors)
        self.assertIn("40", text)

    def test_nobody_else_becomes_the_recorder_or_takes_its_socket(self):
        status, text, errors = self.hmi("operator", "record")
        self.assertNotEqual(status, 0, text)
        self.recorder.kill()
        status, text, errors = self.hmi("operator", "record")
        self.assertNotEqual(status, 0, text + errors)
        self.assertNotIn("recording to", text)


if __name__ == "__main__":
    unittest.main()
