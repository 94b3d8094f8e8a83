"""What every measurement needs: the flood, a process whose use of the machine is known, a configuration for hmi."""

import json
import os
import shutil
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

MEBIBYTE = 1 << 20


class Flood:
    """build/flood (tests/bench/flood.c), a broker that sends prepared messages to one subscriber."""

    def __init__(self, build, **options):
        command = [os.path.join(build, "flood")]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.port = json.loads(self._process.stdout.readline())["port"]

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    @property
    def output(self):
        """What it goes on to print, for a program that reads the markers."""
        return self._process.stdout

    def result(self):
        """Waits for the end of the sending; a dict (see flood.c)."""
        for line in self._process.stdout:
            if line.startswith(b"{"):
                return json.loads(line)
        raise RuntimeError("flood ended without a result")

    def close(self):
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait()
        self._process.stdout.close()


class Subject:
    """A process under measurement: its CPU time and its largest resident memory are read at its end."""

    def __init__(self, command, output=subprocess.PIPE, log=None):
        with open(log or os.devnull, "ab") as errors:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                             stderr=errors if log else None)
        self.pid = self._process.pid
        self.cpu_s = self.rss_bytes = 0

    def has_ended(self):
        return self._process.poll() is not None

    def memory(self):
        """(resident now, most ever resident), bytes."""
        fields = {}
        with open(f"/proc/{self.pid}/status") as file:
            for line in file:
                name, _, value = line.partition(":")
                fields[name] = value
        return tuple(int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))

    def cpu_now_s(self):
        """Processor time until now, in steps of a hundredth of a second."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self, timeout=30):
        """A clean stop by SIGTERM; returns what it printed."""
        if self._process.returncode is not None:
            return b""
        self.rss_bytes = self.memory()[1]
        self._process.terminate()
        until = time.monotonic() + timeout
        pid = 0
        while pid == 0:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid == 0:
                if time.monotonic() > until:
                    self._process.kill()
                time.sleep(0.02)  # between two looks: wait4 has no time-out
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu_s = usage.ru_utime + usage.ru_stime
        self.status = self._process.returncode
        if not self._process.stdout:
            return b""
        with self._process.stdout as stdout:
            return stdout.read()


class Folder:
    """A temporary folder beside the build, so on a disk, not in memory."""

    def __init__(self, build):
        self.path = tempfile.mkdtemp(prefix="bench-", dir=build)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.path, ignore_errors=True)

    def file(self, name):
        return os.path.join(self.path, name)

    def config(self, port, qos, durability="normal", more=""):
        """A configuration for hmi; returns (its path, the history's path)."""
        path, history = self.file("hmi.cfg"), self.file("history.db")
        with open(path, "w") as file:
            file.write(f'plant = "Bench";\nbroker = {{ host = "127.0.0.1"; port = {port}; }};\n'
                       f'subscribe = ( {{ filter = "plant/#"; qos = {qos}; }} );\n'
                       f'history = {{ file = "{history}"; durability = "{durability}"; }};\n'
                       f'socket = "{self.file("hmi.sock")}";\n{more}\n')
        return path, history


class Recorder:
    """`hmi record` on a configuration of Folder.config(), its log beside it; there once consoles can attach. The flood
    begins when it has subscribed."""

    def __init__(self, build, config):
        self.subject = Subject([os.path.join(build, "hmi"), "record", "-c", config], output=subprocess.DEVNULL,
                               log=config + ".log")
        socket = os.path.join(os.path.dirname(config), "hmi.sock")
        until = time.monotonic() + 10
        while not os.path.exists(socket):
            if self.subject.has_ended() or time.monotonic() > until:
                self.subject.stop()
                with open(config + ".log") as file:
                    raise RuntimeError("the recorder does not start: " + file.read())
            time.sleep(0.01)  # between two looks for its socket

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.subject.stop()


def has_recorder(build):
    """Whether build/hmi is there and knows `record`."""
    path = os.path.join(build, "hmi")
    if not os.path.exists(path):
        return False
    done = subprocess.run([path, "record", "--help"], capture_output=True, stdin=subprocess.DEVNULL)
    return done.returncode == 0
