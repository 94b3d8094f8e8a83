"""A directory service or a name server that does not answer: who attaches is greeted all the same, nothing else waits,
and the recorder ends in time."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from broker import Broker
from publisher import mosquitto_pub
from recorder import HMI, Recorder, wait_until
from scene import health, open_console, row, wait_live
from test_access import AS_NOBODY

# Looking up users, groups and hosts waits as long as the file named by HMI_TEST_HANG is there.
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void *when_free(const char *name)
{
    const char *hang = getenv("HMI_TEST_HANG");
    const struct timespec moment = {.tv_nsec = 10000000};
    while (hang && access(hang, F_OK) == 0)
        nanosleep(&moment, NULL);
    return dlsym(RTLD_NEXT, name);
}

int getpwuid_r(uid_t uid, struct passwd *user, char *buffer, size_t size, struct passwd **found)
{
    int (*real)(uid_t, struct passwd *, char *, size_t, struct passwd **) = when_free("getpwuid_r");
    return real(uid, user, buffer, size, found);
}

struct passwd *getpwnam(const char *name)
{
    struct passwd *(*real)(const char *) = when_free("getpwnam");
    return real(name);
}

struct group *getgrnam(const char *name)
{
    struct group *(*real)(const char *) = when_free("getgrnam");
    return real(name);
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = when_free("getaddrinfo");
    /* A bare machine may not know this name. */
    return real(host && !strcmp(host, "localhost") ? "127.0.0.1" : host, service, hints, found);
}
"""


class NamesRecorder(Recorder):
    """A recorder for which names can be made to hang."""

    shim = None

    def recorder_environment(self):
        return dict(self.environment(), LD_PRELOAD=self.shim, HMI_TEST_HANG=self.hang_path,
                    ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")

    @property
    def hang_path(self):
        return os.path.join(self.folder, "hang")

    def hang(self):
        with open(self.hang_path, "w", encoding="utf-8"):
            pass

    def go_on(self):
        os.unlink(self.hang_path)

    def start(self, wait=True):
        self.command = ["env", *(f"{name}={value}" for name, value in self.recorder_environment().items())]
        super().start(wait)


class HangingNames(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="hmi-shim-")
        source, NamesRecorder.shim = (os.path.join(cls.folder, name) for name in ("shim.c", "shim.so"))
        with open(source, "w", encoding="utf-8") as file:
            file.write(SHIM)
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", NamesRecorder.shim, source, "-ldl"],
                       check=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def check_goes_on(self, broker, recorder, console, value):
        mosquitto_pub(broker, "plant/a", str(value))
        console.wait_re(row("plant/a", str(value), "good"), 2)
        recorder.wait_value("SELECT value FROM latest", f"{value}.0", 5)
        start = time.monotonic()
        health(recorder)
        self.assertLess(time.monotonic() - start, 1)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_a_user_whose_name_is_not_found(self):
        with Broker() as broker, NamesRecorder(broker, config='access = { viewer = [ "*" ]; };', start=False) as recorder:
            os.chmod(recorder.folder, 0o755)
            recorder.start()
            self.addCleanup(recorder.close)
            wait_live(recorder)
            with open_console(recorder) as console:
                recorder.hang()
                start = time.monotonic()
                with subprocess.Popen([*AS_NOBODY, HMI, "status", "--json", "-c", recorder.config_path],
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                      env=recorder.environment()) as other:
                    self.check_goes_on(broker, recorder, console, 1)
                    answer = other.communicate(timeout=10)[0]
                self.assertLess(time.monotonic() - start, 5)
                self.assertIn('"user":\t"uid 65534"', answer)
                recorder.go_on()
                wait_until(lambda: '"user":\t"nobody"' in subprocess.run(
                    [*AS_NOBODY, HMI, "status", "--json", "-c", recorder.config_path], capture_output=True, text=True,
                    timeout=10, env=recorder.environment(), check=False).stdout, 10, "the name")
            recorder.stop()

    def test_a_reload(self):
        with Broker() as broker, NamesRecorder(broker, config='access = { engineer = [ "root" ]; };') as recorder, \
                open_console(recorder) as console:
            wait_live(recorder)
            recorder.hang()
            with open(recorder.config_path, "a", encoding="utf-8") as file:
                file.write('tags = ( { name = "renamed"; topic = "plant/b"; } );\n')
            recorder.process.send_signal(signal.SIGHUP)
            console.wait("renamed")
            self.check_goes_on(broker, recorder, console, 2)
            self.assertLess(recorder.stop(), 2)

    def test_sigterm_while_the_broker_is_looked_up(self):
        with Broker() as broker:
            broker.host = "localhost"
            with NamesRecorder(broker) as recorder:
                wait_live(recorder)
                mosquitto_pub(broker, "plant/a", "1")
                recorder.wait_value("SELECT count(*) FROM history", 1)
                recorder.hang()
                broker.stop()
                wait_until(lambda: health(recorder)[1]["status"]["link"] == "down", 10, "the link's end")
                time.sleep(2)  # past the first attempt to connect again, which hangs
                self.assertLess(recorder.stop(), 2)


if __name__ == "__main__":
    unittest.main()
