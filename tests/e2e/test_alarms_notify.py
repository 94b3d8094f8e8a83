"""The program of `notify`: told of alarms as JSON, and whatever it does, values are recorded as if it were not there."""

import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import tempfile
import time
import unittest

from broker import Broker
from publisher import Publisher, mosquitto_pub
from recorder import HMI, Recorder, wait_until
from scene import faults, health, wait_fault, wait_health, wait_live

TAGS = """
tags = (
  { name = "boiler.temp"; topic = "plant/boiler/temp"; kind = "analog"; unit = "°C"; area = "boiler";
    alarms = ( { type = "hi"; limit = 90; priority = "high"; message = "Drum \\"hot\\""; guidance = "Öffne das Ventil"; },
               { type = "hihi"; limit = 95; priority = "critical"; },
               { type = "lo"; limit = 10; priority = "low"; } ); },
  { name = "rate"; topic = "plant/rate"; kind = "analog"; }
);
"""


class Scene:
    """A recorder whose notify runs a shell script with that text; `$TOLD` is a file to write to.

    A test waits for what the script writes last, and for a run's end by the recorder's figures: in between the script may
    be anywhere. On a busy machine a commit with fsync can take so long that system/historian comes, and is told, too; so
    commits are without."""

    def __init__(self, script, more="", mode=0o755, tags=TAGS):
        self.folder = tempfile.mkdtemp(prefix="hmi-notify-")
        self.told_path = os.path.join(self.folder, "told")
        self.program = os.path.join(self.folder, "page")
        with open(self.program, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\nTOLD='{self.told_path}'\n{script}\n")
        os.chmod(self.program, mode)
        notify = f'notify = {{ program = "{self.program}"; {more} }};\n'
        self.broker = Broker(persistence=True)
        self.recorder = Recorder(self.broker, config=notify + tags, history='durability = "normal";', start=False)

    def __enter__(self):
        self.broker.__enter__()
        self.recorder.start()
        wait_live(self.recorder)
        return self

    def __exit__(self, *unused):
        if self.recorder.process.poll() is None:
            self.recorder.stop()  # which ends the program; a killed recorder would leave it behind
        self.recorder.close()
        self.broker.__exit__(*unused)
        shutil.rmtree(self.folder, ignore_errors=True)

    def alarm(self, value):
        mosquitto_pub(self.broker, "plant/boiler/temp", str(value), "-q", "1")

    def told(self):
        """What the script has written, each line an alarm; one that is not whole yet does not count."""
        if not os.path.exists(self.told_path):
            return []
        with open(self.told_path, encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def wait_told(self, count):
        wait_until(lambda: len(self.told()) >= count, 15,
                   lambda: f"{count} alarms told; it is {self.told()}\n{self.recorder.log()}")
        return self.told()

    def figures(self):
        status = health(self.recorder)[1]["status"]
        return {name: status["notify_" + name] for name in ("runs", "failed", "waiting", "dropped")}

    def wait_figures(self, **expected):
        """Until so many runs are over."""
        wait_until(lambda: self.figures() == expected, 15, lambda: f"{expected}; it is {self.figures()}\n{self.recorder.log()}")

    def expect_recording(self):
        """Values go from the broker to the file meanwhile."""
        count = "SELECT count(*) FROM history WHERE tag = 'rate'"
        before = int(self.recorder.value(count))
        with Publisher(self.broker) as publisher:
            for i in range(40):
                publisher.publish("plant/rate", str(i), 1)
            wait_until(lambda: publisher.outstanding() == 0, 20, "the broker's acknowledgements")
        self.recorder.wait_value(count, before + 40)


class Told(unittest.TestCase):
    def test_the_alarm_as_json(self):
        with Scene('echo "$*" > "$TOLD.arguments"; cat >> "$TOLD"',
                   'arguments = [ "--to", "shift; rm -rf $HOME", "" ];') as scene:
            scene.alarm(92)
            first = scene.wait_told(1)[0]
            expected = {"untold": 0, "event": "activated", "plant": "Test Works", "alarm": "boiler.temp/hi",
                        "tag": "boiler.temp", "type": "hi", "priority": "high", "state": "unacknowledged",
                        "active": True, "value": 92, "limit": 90, "unit": "°C", "area": "boiler",
                        "message": 'Drum "hot"', "guidance": "Öffne das Ventil"}
            self.assertEqual({name: first[name] for name in expected}, expected)
            self.assertRegex(first["activated"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            # No shell has seen the arguments.
            with open(scene.told_path + ".arguments", encoding="utf-8") as file:
                self.assertEqual(file.read(), "--to shift; rm -rf $HOME \n")
            # Graver, and below all that is chosen: an acknowledgement and a clear are nobody's call.
            scene.alarm(97)
            self.assertEqual(scene.wait_told(2)[1]["alarm"], "boiler.temp/hihi")
            self.assertEqual(scene.recorder.hmi("ack", "boiler.temp")[0], 0)
            scene.alarm(5)
            scene.recorder.wait_value("SELECT state FROM alarms WHERE alarm = 'boiler.temp/lo'", "unacknowledged")
            scene.alarm(91)
            self.assertEqual([told["alarm"] for told in scene.wait_told(3)],
                             ["boiler.temp/hi", "boiler.temp/hihi", "boiler.temp/hi"])
            scene.wait_figures(runs=3, failed=0, waiting=0, dropped=0)
            # What stands is not told once more after a restart, a kill included.
            scene.recorder.kill()
            scene.recorder.start()
            wait_live(scene.recorder)
            scene.alarm(96)
            self.assertEqual([told["alarm"] for told in scene.wait_told(4)][3:], ["boiler.temp/hihi"])
            self.assertNotIn("notify", faults(scene.recorder))

    def test_its_world(self):
        """A session of its own, /, three descriptors, no signal blocked or ignored, nothing of systemd's."""
        script = ('{ echo "$(pwd)"; ls /proc/self/fd | wc -l; grep -E "Sig(Blk|Ign)" /proc/self/status | cut -f2;'
                  ' ps -o sid= -p $$; echo "${NOTIFY_SOCKET-none}"; } > "$TOLD.world"; cat >> "$TOLD"')
        with Scene(script) as scene:
            scene.alarm(92)
            scene.wait_told(1)
            with open(scene.told_path + ".world", encoding="utf-8") as file:
                place, descriptors, blocked, ignored, session, notify = file.read().split()
            own = (1 << 31) - 1  # above it the C library's own two
            self.assertEqual((place, int(blocked, 16) & own, int(ignored, 16) & own, notify), ("/", 0, 0, "none"))
            self.assertLessEqual(int(descriptors), 4)  # the fourth is that of ls itself
            self.assertNotEqual(int(session), os.getsid(scene.recorder.process.pid))

    def test_another_one_by_a_reload(self):
        with Scene("exit 3") as scene:
            scene.alarm(92)
            wait_fault(scene.recorder, "it ended with status 3")
            with open(scene.program, "w", encoding="utf-8") as file:
                file.write(f"#!/bin/sh\ncat >> '{scene.told_path}'\n")
            scene.recorder.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "status 3" not in faults(scene.recorder), 15, "the fault's end")
            scene.alarm(97)
            self.assertEqual(scene.wait_told(1)[0]["alarm"], "boiler.temp/hihi")


class Misbehaving(unittest.TestCase):
    """Each does its worst while values come: they are recorded as ever, and a fault names it."""

    def expect(self, script, fault, more="timeout = 1;", mode=0o755):
        with Scene(script, more, mode) as scene:
            scene.alarm(92)
            scene.expect_recording()
            wait_fault(scene.recorder, fault)
            self.assertIn("alarms are not told", faults(scene.recorder))
            return scene.figures()

    def test_hangs(self):
        with Scene('cat >> "$TOLD"; sleep 1000 & wait', "timeout = 300;") as scene:
            scene.alarm(92)
            scene.wait_told(1)
            scene.expect_recording()
            scene.alarm(97)
            scene.wait_figures(runs=0, failed=0, waiting=1, dropped=0)  # it hung all that time

    def test_hangs_for_its_time(self):
        with Scene('echo waiting for the modem; cat >> "$TOLD"; sleep 1000 & wait', "timeout = 1;") as scene:
            scene.alarm(92)
            wait_fault(scene.recorder, "ended after 1.0 s: waiting for the modem")
            scene.alarm(97)
            scene.wait_told(2)  # the next alarm has its own run

    def test_hangs_deaf(self):
        self.expect("trap '' TERM INT HUP; while :; do sleep 1; done", "ended after 1.0 s")

    def test_leaves_nothing_behind(self):
        """The whole group ends with it, also when it has ended well itself."""
        for script in ('sleep 1000 & echo $! > "$TOLD.pid"; wait', 'sleep 1000 & echo $! > "$TOLD.pid"; exit 0'):
            with Scene(script, "timeout = 1;") as scene:
                scene.alarm(92)
                path = scene.told_path + ".pid"
                wait_until(lambda p=path: os.path.exists(p) and os.path.getsize(p) > 0, 15, "its process")
                with open(path, encoding="utf-8") as file:
                    pid = int(file.read())
                wait_until(lambda p=pid: not os.path.exists(f"/proc/{p}") or is_zombie(p), 15, "the end of its process")

    def test_fails_and_says_something_hostile(self):
        figures = self.expect(r"printf '\n\033]0;owned\007gateway \302\233 refused\nmore\n' >&2; exit 7",
                              "it ended with status 7: ")
        self.assertEqual(figures["failed"], 1)

    def test_ended_by_a_signal(self):
        self.expect("kill -SEGV $$", "it was ended by signal 11")

    def test_floods_its_output(self):
        self.expect("yes 'all is well'", "it wrote more than 65536 bytes and was ended: all is well", "timeout = 20;")

    def test_does_not_read(self):
        with Scene('exec <&-; sleep 0.1; echo "{}" >> "$TOLD"') as scene:
            scene.alarm(92)
            scene.expect_recording()
            scene.wait_told(1)
            wait_health(scene.recorder, lambda status: status["notify_runs"] == 1, "a good run")

    def test_closes_its_output(self):
        self.expect("exec >&- 2>&-; sleep 1000", "ended after 1.0 s")

    def test_is_not_there(self):
        with Scene("exit 0") as scene:
            os.unlink(scene.program)
            scene.alarm(92)
            scene.expect_recording()
            wait_fault(scene.recorder, "it cannot be run: No such file or directory")

    def test_may_not_be_run(self):
        with Scene("exit 0", mode=0o644) as scene:
            wait_fault(scene.recorder, "it cannot be run: Permission denied")  # before the first alarm

    def test_is_no_program(self):
        with Scene("exit 0") as scene:
            with open(scene.program, "w", encoding="utf-8") as file:
                file.write("no shebang, no shell\n")
            scene.alarm(92)
            wait_fault(scene.recorder, "it cannot be run: Exec format error")

    def test_stops_with_the_recorder(self):
        with Scene('echo $$ > "$TOLD.pid"; sleep 1000', "timeout = 300;") as scene:
            scene.alarm(92)
            path = scene.told_path + ".pid"
            wait_until(lambda: os.path.exists(path) and os.path.getsize(path) > 0, 15, "its process")
            scene.recorder.stop()
            with open(path, encoding="utf-8") as file:
                pid = int(file.read())
            self.assertTrue(not os.path.exists(f"/proc/{pid}") or is_zombie(pid))


class DiskAway(unittest.TestCase):
    def test_told_and_acknowledged_although_nothing_can_be_committed(self):
        """An alarm is told once it is on record; while the disk is away it is told at once, and no answer waits."""
        with Scene('cat >> "$TOLD"') as scene:
            recorder = scene.recorder
            hard = resource.prlimit(recorder.process.pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(recorder.process.pid, resource.RLIMIT_FSIZE, (16384, hard))  # less than the file has
            scene.alarm(92)
            told = {alarm["alarm"]: alarm for alarm in scene.wait_told(2)}
            self.assertEqual(set(told), {"boiler.temp/hi", "system/historian"})
            self.assertIn("writing to the history fails", told["system/historian"]["detail"])
            wait_health(recorder, lambda status: status["recording"] == "failed", "a failed disk")
            status, text, errors = recorder.hmi("ack", "boiler.temp/hi")
            self.assertEqual((status, text), (0, "1 alarm acknowledged\n"), errors)
            resource.prlimit(recorder.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
            recorder.wait_value("SELECT state FROM alarms WHERE alarm = 'boiler.temp/hi'", "acknowledged", 60)
            wait_health(recorder, lambda status: status["recording"] == "good", "recording again", 60)
            # What is committed now was told then.
            scene.alarm(97)
            self.assertEqual([alarm["alarm"] for alarm in scene.wait_told(3)][2:], ["boiler.temp/hihi"])


class Flood(unittest.TestCase):
    COUNT = 300

    def test_bounded_and_counted(self):
        """More alarms than may be told: the gravest go first, and the next run knows how many there were."""
        rows = ",\n".join(f'{{ name = "t{i}"; topic = "plant/t{i}"; kind = "analog"; alarms = ( {{ type = "hi"; '
                          f'limit = 90; priority = "{"critical" if i % 10 == 0 else "high"}"; }} ); }}'
                          for i in range(self.COUNT))
        with Scene('cat >> "$TOLD"; while [ ! -e "$TOLD.go" ]; do sleep 0.05; done', "rate = 60; timeout = 60;",
                   tags=f"tags = (\n{rows}\n);\n") as scene:
            with Publisher(scene.broker) as publisher:
                for i in range(self.COUNT):
                    publisher.publish(f"plant/t{i}", "95", 1)
                wait_until(lambda: publisher.outstanding() == 0, 20, "the broker's acknowledgements")
            # One is being told; whether it left room for another depends on when the thread woke.
            wait_health(scene.recorder, lambda status: status["notify_dropped"] + status["notify_waiting"] ==
                        self.COUNT - 1, "a full queue")
            waiting, dropped = scene.figures()["waiting"], scene.figures()["dropped"]
            self.assertIn(waiting, (63, 64))
            wait_fault(scene.recorder, f"{dropped} alarms were not told")
            with open(scene.told_path + ".go", "w", encoding="utf-8"):
                pass
            told = scene.wait_told(60)
            self.assertEqual(sum(alarm["untold"] for alarm in told), dropped)
            self.assertEqual([alarm["priority"] for alarm in told[1:30]], ["critical"] * 29)
            # No more in a minute.
            wait_health(scene.recorder, lambda status: status["notify_runs"] == 60, "sixty runs")
            self.assertEqual(scene.figures()["waiting"], waiting + 1 - 60)


class Checked(unittest.TestCase):
    def check(self, notify, mode=0o755):
        """`hmi check` of a configuration with that line; (exit status, what it says)."""
        with tempfile.TemporaryDirectory(prefix="hmi-notify-") as folder:
            program, path = os.path.join(folder, "page"), os.path.join(folder, "hmi.cfg")
            with open(program, "w", encoding="utf-8") as file:
                file.write("#!/bin/sh\n")
            os.chmod(program, mode)
            with open(path, "w", encoding="utf-8") as file:
                file.write("\n" + notify.replace("PROGRAM", program) + "\n")
            done = subprocess.run([HMI, "check", "-c", path], capture_output=True, text=True, timeout=60, check=False)
            return done.returncode, (done.stdout + done.stderr).replace(f"{path}:2", "LINE").replace(program, "PROGRAM")

    def test_every_fault_has_its_line(self):
        for notify, mode, expected in (
                ('notify = { program = "/nowhere/page"; };', 0o755,
                 "LINE: notify.program: /nowhere/page cannot be run: No such file or directory"),
                ('notify = { program = "PROGRAM"; };', stat.S_IRUSR, "LINE: notify.program: PROGRAM is not a program"),
                ('notify = { program = "/etc"; };', 0o755, "LINE: notify.program: /etc is not a program"),
                ('notify = { program = "PROGRAM"; };', 0o757, "LINE: notify.program: PROGRAM may be changed by everyone"),
                ('notify = { arguments = [ "x" ]; };', 0o755, "LINE: notify: program is missing"),
                ('notify = { program = "PROGRAM"; priorities = [ "high", "crtical" ]; };', 0o755,
                 'LINE: notify.priorities is "crtical"; it must be a list of "low", "medium", "high", "critical"; '
                 'did you mean "critical"?'),
                ('notify = { program = "PROGRAM"; rate = 0; };', 0o755,
                 "LINE: notify.rate is 0; it must be a whole number (a minute) from 1 to 60"),
                ('notify = { program = "PROGRAM"; timeout = 1000; };', 0o755, "LINE: notify.timeout is 1000;"),
                ('notify = { program = "PROGRAM"; argument = [ "x" ]; };', 0o755,
                 "LINE: notify.argument is not an option; did you mean arguments?")):
            status, text = self.check(notify, mode)
            self.assertEqual(status, 78, text)
            self.assertIn(expected, text)
        status, text = self.check('notify = { program = "PROGRAM"; priorities = [ "low" ]; };')
        self.assertEqual(status, 0, text)


def is_zombie(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


if __name__ == "__main__":
    unittest.main()
