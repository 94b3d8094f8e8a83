"""A command at each of its stages when something ends: the recorder is killed, the link drops, the broker says nothing or
no. Afterwards the journal tells the truth, and nothing was sent twice, late or off the record."""

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from handmade import Handmade
from recorder import Recorder, wait_until
from scene import health, wait_live

TAGS = """
tags = (
  { name = "sp"; topic = "plant/sp"; kind = "analog"; range = [ 20, 110 ];
    setpoint = { topic = "cmd/sp"; readback = "sp"; tolerance = 0.1; timeout = 2; }; },
  { name = "valve"; topic = "plant/valve"; kind = "analog"; range = [ 0, 100 ];
    setpoint = { topic = "cmd/valve"; timeout = 2; }; },
  { name = "horn"; topic = "plant/horn"; states = ( (0, "OFF"), (1, "ON") );
    setpoint = { topic = "cmd/horn"; pulse = 30; timeout = 2; }; },
  { name = "bell"; topic = "plant/bell"; states = ( (0, "OFF"), (1, "ON") );
    setpoint = { topic = "cmd/bell"; pulse = 0.2; timeout = 2; }; },
  { name = "slow"; topic = "plant/slow"; kind = "analog"; range = [ 0, 100 ];
    setpoint = { topic = "cmd/slow"; readback = "slow"; max_rate = 10; timeout = 2; }; }
);
"""

# Ends the process as a kill does: at fdatasync() while the file HMI_TEST_KILL.sync is there (the request is written, its
# commit is not over), at the send() that holds a setpoint's topic while HMI_TEST_KILL.send is (on record, not sent). While
# HMI_TEST_KILL.hang is there, the disk does not answer.
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int is_at(const char *stage)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.%s", getenv("HMI_TEST_KILL"), stage);
    return access(path, F_OK) == 0;
}

static void kill_if(const char *stage)
{
    if (is_at(stage))
        raise(SIGKILL);
}

static void meet_disk(void)
{
    kill_if("sync");
    while (is_at("hang"))
        usleep(10000);
}

int fdatasync(int fd)
{
    meet_disk();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}

int fsync(int fd)
{
    meet_disk();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    if (memmem(bytes, size, "cmd/sp", 6))
        kill_if("send");
    return ((ssize_t(*)(int, const void *, size_t, int))dlsym(RTLD_NEXT, "send"))(fd, bytes, size, flags);
}
"""


class KilledRecorder(Recorder):
    """A recorder that can be made to end at a stage that no test could hit from outside."""

    shim = None

    def environment(self):
        return dict(super().environment(), LD_PRELOAD=self.shim, HMI_TEST_KILL=os.path.join(self.folder, "kill"),
                    ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")

    def kill_at(self, stage):
        with open(os.path.join(self.folder, f"kill.{stage}"), "w", encoding="utf-8"):
            pass

    def spare(self, stage):
        os.unlink(os.path.join(self.folder, f"kill.{stage}"))

    def wait_killed(self):
        self.process.wait(15)


class Stages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="hmi-shim-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        source, KilledRecorder.shim = (os.path.join(cls.folder, name) for name in ("shim.c", "shim.so"))
        with open(source, "w", encoding="utf-8") as file:
            file.write(SHIM)
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", KilledRecorder.shim, source, "-ldl"],
                       check=True)

    def start(self, broker_more="", timeout=2, **broker):
        self.broker = Handmade(**broker)
        self.addCleanup(self.broker.close)
        self.recorder = KilledRecorder(self.broker, broker_more=broker_more,
                                       config=TAGS.replace("timeout = 2;", f"timeout = {timeout};"))
        self.addCleanup(self.recorder.close)
        self.make_live()

    def make_live(self):
        self.broker.wait_connected()
        wait_live(self.recorder)
        self.broker.publish("plant/sp", "40")
        self.broker.wait_acknowledged()

    def ask(self, tag, value):
        """Asks without waiting for what becomes of it."""
        asked = threading.Thread(target=self.recorder.hmi, args=("set", tag, value, "--yes"))
        asked.start()
        self.addCleanup(asked.join)
        return asked

    def restart(self):
        self.recorder.kill()
        connects = self.broker.connects
        self.recorder.start()
        self.broker.wait_connected(connects + 1)
        wait_live(self.recorder)

    def check(self, *outcomes, published=(), command=1):
        """What the journal says of the last command, and all that has ever left for the plant. A further command proves
        that what would have come late has had its time."""
        self.recorder.wait_value(f"SELECT outcome <> 'under way' FROM commands WHERE id = {command}", 1)
        self.assertIn(self.recorder.value(f"SELECT outcome FROM commands WHERE id = {command}"), outcomes)
        self.broker.puback = 0
        status, text, errors = self.recorder.hmi("set", "valve", "7", "--yes")
        self.assertEqual(status, 0, text + errors)
        self.assertEqual(self.broker.published, [*published, ("cmd/valve", "7")])
        rows = self.recorder.sql("SELECT command, count(*) FROM journal_entry WHERE kind = 'outcome' GROUP BY command"
                                 " HAVING count(*) <> 1 AND command IS NOT NULL")
        self.assertEqual(rows, [], "more than one outcome")
        self.recorder.stop()
        status, text, errors = self.recorder.hmi("check", "--history")
        self.assertEqual(status, 0, text + errors)

    # Killed

    def test_killed_while_the_request_is_being_committed(self):
        self.start()
        self.recorder.kill_at("sync")
        self.ask("sp", "50")
        self.recorder.wait_killed()
        self.recorder.spare("sync")
        self.restart()
        if self.recorder.value("SELECT count(*) FROM commands") == "1":  # written, though nobody was told so
            self.check("unknown")
        else:
            self.assertEqual(self.broker.published, [])

    def test_killed_between_the_journal_and_the_broker(self):
        self.start()
        self.recorder.kill_at("send")
        self.ask("sp", "50")
        self.recorder.wait_killed()
        self.recorder.spare("send")
        self.assertEqual(self.recorder.value("SELECT outcome FROM commands"), "under way")  # on record before it left
        self.restart()
        self.check("unknown")

    def test_killed_when_published(self):
        self.start(puback=None)
        self.ask("sp", "50")
        self.broker.wait(lambda: self.broker.published, 10, "the setpoint")
        self.restart()
        self.check("unknown", published=[("cmd/sp", "50")])

    def test_killed_when_acknowledged(self):
        self.start()
        self.ask("sp", "50")
        self.broker.wait(lambda: self.broker.published, 10, "the setpoint")
        self.broker.wait_sent()
        self.restart()
        self.check("unknown", published=[("cmd/sp", "50")])

    def test_killed_when_read_back(self):
        self.start(on_acknowledged=lambda payload: payload == b"50" and self.recorder.process.kill())
        self.ask("sp", "50")
        self.broker.wait(lambda: self.broker.published, 10, "the setpoint")
        self.broker.publish("plant/sp", "50")
        self.recorder.wait_killed()
        self.restart()
        self.check("done", "unknown", published=[("cmd/sp", "50")])

    def test_nobody_is_told_of_an_outcome_that_is_not_on_record(self):
        """The broker's answer is in the same moment as the disk's end: what a power cut could take back is not said."""
        self.start(on_publish=lambda *_: self.recorder.kill_at("sync"))
        status, text, errors = self.recorder.hmi("set", "valve", "5", "--yes")
        self.recorder.wait_killed()
        self.assertNotEqual(status, 0, text + errors)
        self.assertNotIn("unverified", text)
        self.broker.on_publish = None
        self.recorder.spare("sync")
        self.restart()
        self.check("unverified", "unknown", published=[("cmd/valve", "5")])

    def test_while_the_disk_is_away_the_outcome_is_told_and_that_it_is_not_on_record(self):
        self.start(on_publish=lambda *_: self.recorder.kill_at("hang"))
        try:
            status, text, errors = self.recorder.hmi("set", "valve", "5", "--yes")
            self.assertEqual(status, 0, text + errors)
            self.assertIn("not on record yet: the disk is away", text)
        finally:
            self.broker.on_publish = None
            self.recorder.spare("hang")
        wait_until(lambda: health(self.recorder)[1]["status"]["recording"] == "good", 20, "the disk")
        self.check("unverified", published=[("cmd/valve", "5")])

    # A button that is pressed

    def press(self, tag="horn"):
        status, text, errors = self.recorder.hmi("set", tag, "ON", "--yes")
        self.assertEqual(status, 0, text + errors)
        self.recorder.wait_value("SELECT outcome FROM commands ORDER BY id DESC LIMIT 1", "unverified")

    def answer_release(self, code):
        """What the broker will answer the next release with, as soon as it has answered the press: a pulse is too short for
        the test to come between."""
        self.broker.on_publish = lambda topic, payload: setattr(self.broker, "puback", code)

    def releases(self):
        return self.recorder.sql("SELECT command, tag, event, detail FROM journal WHERE kind = 'release'")

    def check_pressed(self, why, tag="horn"):
        """Nobody let it go: the journal says so, once, and operators are told."""
        self.recorder.wait_value("SELECT count(*) FROM journal WHERE kind = 'release'", 1)
        self.assertEqual(self.releases(), [["1", tag, "not released", why]])
        self.assertEqual(self.recorder.value("SELECT button FROM commands WHERE id = 1"), "not released")
        self.recorder.wait_value("SELECT state FROM alarms WHERE alarm = 'system/buttons'", "unacknowledged")
        faults = [fault["what"] for fault in health(self.recorder)[1]["faults"]]
        self.assertIn(f"{tag} may stand pressed: command 1: {why}", faults)

    def test_killed_while_a_button_is_pressed(self):
        self.start()
        self.press()
        self.restart()
        why = "the recorder ended before its release was on record; none is sent now"
        self.check_pressed(why)
        self.restart()  # told once, and the alarm goes
        self.recorder.wait_value("SELECT count(*) FROM journal WHERE alarm = 'system/buttons' AND event = 'cleared'", 1)
        self.assertEqual(self.releases(), [["1", "horn", "not released", why]])
        self.check("unverified", published=[("cmd/horn", "1")])

    def test_killed_while_a_button_is_pressed_and_waits_for_the_broker(self):
        self.start(puback=None)
        self.ask("horn", "ON")
        self.broker.wait(lambda: self.broker.published, 10, "the setpoint")
        self.restart()
        self.check_pressed("the recorder ended before its release was on record; none is sent now")
        self.check("unknown", published=[("cmd/horn", "1")])

    def test_killed_before_a_button_was_let_go_on_record(self):
        """The broker has the 0, the journal does not know: it says no more than that."""
        self.start()
        self.broker.on_publish = lambda topic, payload: payload == "0" and self.recorder.kill_at("sync")
        self.press("bell")
        self.recorder.wait_killed()
        self.recorder.spare("sync")
        self.restart()
        self.recorder.wait_value("SELECT count(*) FROM journal WHERE kind = 'release'", 1)
        self.assertIn(self.releases()[0][2], ("released", "not released"))
        self.check("unverified", published=[("cmd/bell", "1"), ("cmd/bell", "0")])

    def test_a_button_that_was_let_go_at_a_stop(self):
        self.start()
        self.press()
        self.recorder.stop()
        connects = self.broker.connects
        self.recorder.start()
        self.broker.wait_connected(connects + 1)
        wait_live(self.recorder)
        self.assertEqual(self.releases(), [["1", "horn", "released",
                                            "the recorder stops and does not wait for the broker's word"]])
        self.check("unverified", published=[("cmd/horn", "1"), ("cmd/horn", "0")])

    def test_the_link_drops_while_a_button_is_pressed(self):
        self.start()
        self.press()
        self.broker.drop()
        self.broker.wait_connected(2)
        wait_live(self.recorder)
        self.check_pressed("the link was lost")
        self.check("unverified", published=[("cmd/horn", "1")])

    def test_the_link_drops_before_the_broker_has_acknowledged_the_release(self):
        self.start()
        self.answer_release(None)
        self.press("bell")
        self.broker.wait(lambda: len(self.broker.published) == 2, 10, "the release")
        self.broker.drop()
        self.broker.wait_connected(2)
        wait_live(self.recorder)
        self.check_pressed("the link was lost before the broker acknowledged it", "bell")
        # The next press ends with a release: nobody has to be told any more.
        self.broker.on_publish, self.broker.puback = None, 0
        self.press("bell")
        self.recorder.wait_value("SELECT button FROM commands WHERE id = 2", "released")
        self.recorder.wait_value("SELECT count(*) FROM journal WHERE alarm = 'system/buttons' AND event = 'cleared'", 1)
        self.check("unverified", published=[("cmd/bell", "1"), ("cmd/bell", "0")] * 2)

    def test_a_release_that_the_broker_does_not_take(self):
        for code, why in ((None, "the broker did not acknowledge it"), (151, "Quota exceeded"),
                          (16, "nobody listens on its topic any more")):
            with self.subTest(code):
                self.start()
                self.answer_release(code)
                self.press("bell")
                self.broker.wait(lambda: len(self.broker.published) == 2, 10, "the release")
                self.recorder.wait_value("SELECT button FROM commands", "not released")
                self.assertIn(why.lower(), self.releases()[0][3].lower())
                self.check("unverified", published=[("cmd/bell", "1"), ("cmd/bell", "0")])

    def test_a_press_that_reached_nobody_leaves_nothing_pressed(self):
        self.start(puback=16)
        self.assertEqual(self.recorder.hmi("set", "bell", "ON", "--yes")[0], 69)
        self.recorder.wait_value("SELECT button FROM commands", "released")
        self.assertEqual(self.releases(), [["1", "bell", "released", "the press had reached nobody"]])
        self.assertEqual(health(self.recorder)[1]["faults"], [])
        self.check("unreached", published=[("cmd/bell", "1"), ("cmd/bell", "0")])

    # The configuration is read again

    def change(self, *pairs):
        """Writes another configuration, and has it read by SIGHUP, as a request would wait for the disk."""
        with open(self.recorder.config_path, encoding="utf-8") as file:
            text = file.read()
        for old, new in pairs:
            self.assertEqual(text.count(old), 1, old)
            text = text.replace(old, new)
        with open(self.recorder.config_path, "w", encoding="utf-8") as file:
            file.write(text)
        size = len(self.recorder.log())
        self.recorder.process.send_signal(signal.SIGHUP)
        self.recorder.wait_log("the configuration was read again", since=size)

    def test_what_was_not_sent_before_a_reload_is_not_sent(self):
        self.start(timeout=20)
        self.recorder.kill_at("hang")
        try:
            asked = self.ask("valve", "5")
            wait_until(lambda: health(self.recorder)[1]["status"]["commands"] == 1, 10, "the request")
            self.change(('topic = "cmd/valve"', 'topic = "cmd/valve2"'))
        finally:
            self.recorder.spare("hang")
        asked.join()
        self.recorder.wait_value("SELECT outcome FROM commands", "cancelled")
        self.assertEqual(self.recorder.value("SELECT detail FROM commands"),
                         "the configuration was read again before it was sent")
        self.change(('topic = "cmd/valve2"', 'topic = "cmd/valve"'))
        self.check("cancelled")

    def test_what_is_under_way_comes_to_its_end_as_it_was_sent(self):
        """Another topic, other limits, another readback and time-out: what was sent is judged by what it was sent with."""
        self.start(timeout=20)
        self.ask("sp", "50")
        self.broker.wait(lambda: self.broker.published, 10, "the setpoint")
        self.change(('topic = "cmd/sp"; readback = "sp"; tolerance = 0.1; timeout = 20;',
                     'topic = "cmd/sp2"; readback = "valve"; max = 45; timeout = 1;'))
        self.broker.publish("plant/valve", "50")  # the readback of the next command
        self.broker.wait_acknowledged()
        self.assertEqual(self.recorder.value("SELECT outcome FROM commands"), "under way")
        self.broker.publish("plant/sp", "50")
        self.recorder.wait_value("SELECT outcome FROM commands", "done")
        self.assertEqual(self.recorder.sql("SELECT tag, new, readback FROM commands"), [["sp", "50.0", "50.0"]])
        self.check("done", published=[("cmd/sp", "50")])

    def test_a_readback_in_other_units_says_nothing(self):
        self.start(timeout=20)
        self.ask("sp", "50")
        self.broker.wait(lambda: self.broker.published, 10, "the setpoint")
        self.change(('kind = "analog"; range = [ 20, 110 ];', 'kind = "analog"; range = [ 20, 110 ]; scale = [ 0.1, 0 ];'))
        self.broker.publish("plant/sp", "500")  # 50 now, and not what the device would say of the 50 that was sent
        self.recorder.wait_value("SELECT outcome FROM commands", "unknown")
        self.assertIn("its readback has another scale now", self.recorder.value("SELECT detail FROM commands"))
        self.check("unknown", published=[("cmd/sp", "50")])

    def test_a_tag_that_is_taken_out_while_its_command_is_under_way(self):
        self.start(timeout=20)
        self.ask("sp", "50")
        self.broker.wait(lambda: self.broker.published, 10, "the setpoint")
        self.change(("""  { name = "sp"; topic = "plant/sp"; kind = "analog"; range = [ 20, 110 ];
    setpoint = { topic = "cmd/sp"; readback = "sp"; tolerance = 0.1; timeout = 20; }; },
""", ""))
        self.broker.publish("plant/sp", "50")
        self.recorder.wait_value("SELECT outcome FROM commands", "done")
        self.assertEqual(self.recorder.value("SELECT tag FROM commands"), "sp")
        self.check("done", published=[("cmd/sp", "50")])

    # The rate

    def test_a_rate_is_held_over_a_restart(self):
        self.start()
        self.broker.publish("plant/slow", "40")
        self.broker.wait_acknowledged()
        self.broker.on_publish = lambda topic, payload: self.broker.publish("plant/slow", payload)
        status, text, errors = self.recorder.hmi("set", "slow", "47", "--yes")
        self.assertEqual(status, 0, text + errors)
        self.recorder.wait_value("SELECT outcome FROM commands", "done")
        self.restart()
        self.broker.publish("plant/slow", "47")
        self.broker.wait_acknowledged()
        status, text, errors = self.recorder.hmi("set", "slow", "51", "--yes")
        self.assertNotEqual(status, 0)
        self.assertIn("at most 10 a minute", errors)
        self.assertEqual(self.recorder.hmi("set", "slow", "50", "--yes")[0], 0)
        self.check("done", published=[("cmd/slow", "47"), ("cmd/slow", "50")])

    # The broker

    def test_a_broker_that_never_acknowledges(self):
        self.start(puback=None)
        status, text, errors = self.recorder.hmi("set", "valve", "5", "--yes")
        self.assertEqual(status, 75, text + errors)
        self.assertIn("the broker did not acknowledge it", text)
        self.broker.acknowledge()  # too late: what the operator was told stands
        for _ in range(2):
            connects = self.broker.connects
            self.broker.drop()
            self.broker.wait_connected(connects + 1)
            wait_live(self.recorder)
        self.check("timed out", published=[("cmd/valve", "5")])

    def lose_link(self, broker_more, answer_first):
        self.start(broker_more, puback=0 if answer_first else None)
        asked = self.ask("sp", "50")
        self.broker.wait(lambda: self.broker.published, 10, "the setpoint")
        if answer_first:
            self.recorder.wait_value("SELECT count(*) FROM commands", 1)
            self.broker.wait_sent()
        self.broker.drop()
        asked.join()
        self.broker.wait_connected(2)
        wait_live(self.recorder)
        self.check("unknown", published=[("cmd/sp", "50")])

    def test_the_link_drops_between_publish_and_acknowledgement(self):
        self.lose_link("", False)

    def test_the_link_drops_between_publish_and_acknowledgement_mqtt_3_1_1(self):
        self.lose_link('protocol = "3.1.1";', False)

    def test_the_link_drops_before_the_readback(self):
        self.lose_link("", True)

    def test_the_link_drops_while_a_button_is_pressed_and_waits_for_the_broker(self):
        self.start(puback=None)
        asked = self.ask("horn", "ON")
        self.broker.wait(lambda: self.broker.published, 10, "the setpoint")
        self.broker.drop()
        asked.join()
        self.broker.wait_connected(2)
        wait_live(self.recorder)
        self.check_pressed("the link was lost")
        self.check("unknown", published=[("cmd/horn", "1")])

    def test_a_broker_that_refuses_is_quoted(self):
        for code, words in ((135, "Not authorized"), (151, "Quota exceeded"), (144, "Topic Name invalid")):
            with self.subTest(code):
                self.start(puback=code)
                status, text, errors = self.recorder.hmi("set", "valve", "5", "--yes")
                self.assertEqual(status, 77, text + errors)
                self.assertIn(words.lower(), text.lower())
                self.check("rejected", published=[("cmd/valve", "5")])

    def test_a_readback_before_the_acknowledgement_is_a_readback(self):
        self.start(puback=None, on_publish=lambda topic, payload: self.broker.publish("plant/sp", payload))
        status, text, errors = self.recorder.hmi("set", "sp", "50", "--yes")
        self.assertEqual(status, 0, text + errors)
        self.broker.acknowledge()
        self.check("done", published=[("cmd/sp", "50")])

    def test_a_full_window_of_the_broker_sends_nothing_late(self):
        """A broker that takes 1 unacknowledged message: the second command is not kept for later."""
        self.start(puback=None, connack_properties=b"\x21\x00\x01")
        self.ask("sp", "50")
        self.broker.wait(lambda: self.broker.published, 10, "the setpoint")
        status, text, errors = self.recorder.hmi("set", "valve", "5", "--yes")
        self.assertEqual(status, 75, text + errors)
        self.assertIn("cancelled", text)
        self.broker.acknowledge()
        self.recorder.wait_value("SELECT count(*) FROM commands WHERE outcome <> 'under way'", 2)
        time.sleep(0.1)  # a moment in which it would leave
        self.assertEqual(self.broker.published, [("cmd/sp", "50")])
        self.check("cancelled", published=[("cmd/sp", "50")], command=2)


if __name__ == "__main__":
    unittest.main()
