"""Recorder: a real `hmi record` of a test's own, in a temporary folder with its configuration and history.

    with Broker() as broker, Recorder(broker) as recorder:
        publish(...)
        recorder.wait_rows("SELECT count(*) FROM history", 3)
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HMI = os.path.join(TOP, os.environ.get("HMI_BUILD", "build"), "hmi")


class Recorder:
    """Options:
    broker       a Broker (host and port), or None when `config` says all
    subscribe    inside of the subscribe list
    broker_more  further members of the broker group, such as 'username = "hmi";'
    history      further members of the history group
    config       further lines of hmi.cfg
    command      what the recorder is started through, such as ["setpriv", "--reuid=nobody"]
    """

    def __init__(self, broker, subscribe='{ filter = "plant/#"; qos = 1; }', broker_more="", history="", config="",
                 command=(), start=True):
        self.command = list(command)
        self.program = HMI
        self.folder = tempfile.mkdtemp(prefix="hmi-record-")
        self.config_path = os.path.join(self.folder, "hmi.cfg")
        self.history_path = os.path.join(self.folder, "history.db")
        self.log_path = os.path.join(self.folder, "log")
        self.process = None
        with open(self.config_path, "w", encoding="utf-8") as file:
            file.write('plant = "Test Works";\n')
            file.write(f'broker = {{ host = "{broker.host}"; port = {broker.port}; {broker_more} }};\n')
            file.write(f"subscribe = ( {subscribe} );\n")
            file.write(f'history = {{ file = "history.db"; {history} }};\n{config}\n')
        if start:
            try:
                self.start()
            except BaseException:
                self.close()
                raise

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def environment(self):
        """Sockets go into the test's own folder."""
        return dict(os.environ, XDG_RUNTIME_DIR=self.folder, TZ="UTC")

    def start(self, wait=True):
        """Starts it; with `wait` until it says that it records (not until the broker answers)."""
        size = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([*self.command, self.program, "record", "-c", self.config_path], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env=self.environment())
        if wait:
            self.wait_log("recording to", since=size)

    def log(self, since=0):
        with open(self.log_path, "r", encoding="utf-8", errors="replace") as file:
            file.seek(since)
            return file.read()

    def wait_log(self, text, seconds=15, since=0):
        wait_until(lambda: text in self.log(since) or self.process.poll() is not None, seconds,
                   lambda: f"'{text}' in the recorder's log:\n{self.log(since)}")
        if text not in self.log(since):
            raise AssertionError(f"the recorder ended with {self.process.returncode}:\n{self.log(since)}")

    def hmi(self, *arguments, **more):
        """Runs another hmi command with this configuration; (exit status, standard output, standard error)."""
        done = subprocess.run([HMI, arguments[0], "-c", self.config_path, *arguments[1:]], capture_output=True,
                              text=True, timeout=60, env=self.environment(), stdin=subprocess.DEVNULL, **more)
        return done.returncode, done.stdout, done.stderr

    def sql(self, query):
        """Rows as lists of texts, through the real sqlite3 program."""
        done = subprocess.run(["sqlite3", "-readonly", "-cmd", ".timeout 5000", "-separator", "\x1f", self.history_path,
                               query], capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise AssertionError(f"sqlite3: {done.stderr.strip()} in: {query}")
        return [line.split("\x1f") for line in done.stdout.splitlines()]

    def value(self, query):
        rows = self.sql(query)
        return rows[0][0] if rows else None

    def wait_value(self, query, expected, seconds=15):
        """Waits until the query's first value is `expected` (compared as text)."""
        wait_until(lambda: self.value(query) == str(expected), seconds,
                   lambda: f"{query} = {expected}; it is {self.value(query)}\n{self.log()}")

    def stop(self, seconds=10):
        """SIGTERM; returns how long it took. The exit status must be 0."""
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(seconds)
        if status != 0:
            raise AssertionError(f"the recorder ended with {status}:\n{self.log()}")
        return time.monotonic() - start

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def wait_until(condition, seconds, message):
    """Polls a condition; `message` (a text or a function) says what was waited for."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited in vain for " + (message() if callable(message) else message))
        time.sleep(0.02)
