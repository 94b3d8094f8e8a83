"""Broker: a real mosquitto of a test's own, on a free loopback port, with a configuration made for it.

    with Broker(passwords={"hmi": "secret"}) as broker:
        connect to broker.host, broker.port
        broker.stop(); broker.start()       # same port, persistence kept
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time


def free_port():
    """A loopback TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def mosquitto_path():
    return shutil.which("mosquitto") or "/usr/sbin/mosquitto"


class Broker:
    """Options:
    passwords       {user: password}; without it anybody may connect
    acl             text of an acl_file
    tls             a tests/e2e/tls.py Certificate as the server's; with `client_ca` clients must bring one of that CA
    persistence     sessions and retained messages survive stop()/start() and, as far as saved, kill()
    max_inflight, max_queued   mosquitto's max_inflight_messages and max_queued_messages (0: no limit)
    config          further lines of configuration

    mosquitto 2.0 cannot be told to refuse a protocol version: put a Gate (gate.py) before it.
    """

    def __init__(self, passwords=None, acl=None, tls=None, client_ca=None, persistence=False, max_inflight=None,
                 max_queued=None, config="", port=None, start=True):
        self.host = "127.0.0.1"
        self.port = port or free_port()
        self.folder = tempfile.mkdtemp(prefix="hmi-broker-")
        self.log_path = os.path.join(self.folder, "log")
        self._process = None
        self._log = open(self.log_path, "ab")
        self._tls = tls
        try:
            self._write_config(passwords, acl, tls, client_ca, persistence, max_inflight, max_queued, config)
            if start:
                self.start()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _write_config(self, passwords, acl, tls, client_ca, persistence, max_inflight, max_queued, config):
        # As root, mosquitto changes to the user "mosquitto", who could not read or write here.
        lines = ["per_listener_settings false", "log_type all", "log_dest stderr", "log_timestamp_format %H:%M:%S"]
        if os.geteuid() == 0:
            lines.append("user root")
        lines.append(f"allow_anonymous {'false' if passwords else 'true'}")
        if passwords:
            lines.append(f"password_file {self._password_file(passwords)}")
        if acl:
            self._write("acl", acl)
            lines.append(f"acl_file {self._path('acl')}")
        lines.append(f"persistence {'true' if persistence else 'false'}")
        if persistence:
            lines += [f"persistence_location {self.folder}/", "autosave_interval 1", "autosave_on_changes true"]
        if max_inflight is not None:
            lines.append(f"max_inflight_messages {max_inflight}")
        if max_queued is not None:
            lines += [f"max_queued_messages {max_queued}", "max_queued_bytes 0"]
        lines += [f"listener {self.port} {self.host}", "socket_domain ipv4"]
        if tls:
            lines += [f"certfile {tls.cert}", f"keyfile {tls.key}"]
        if client_ca:
            lines += [f"cafile {client_ca}", "require_certificate true"]
        self._write("mosquitto.conf", "\n".join(lines + [config, ""]))

    def _write(self, name, text):
        descriptor = os.open(self._path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)

    def set_passwords(self, passwords):
        """Other passwords, from the next start() on."""
        self._password_file(passwords)

    def _password_file(self, passwords):
        path = self._path("passwords")
        self._write("passwords", "".join(f"{user}:{password}\n" for user, password in passwords.items()))
        subprocess.run(["mosquitto_passwd", "-U", path], check=True, capture_output=True)
        return path

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self):
        return self._process.pid if self._process else None

    def start(self, timeout=10):
        """Starts mosquitto on the port and returns once it accepts connections."""
        if self.running:
            return
        self._process = subprocess.Popen(
            [mosquitto_path(), "-c", self._path("mosquitto.conf")], stdin=subprocess.DEVNULL, stdout=self._log,
            stderr=self._log, preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, []))
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise RuntimeError(f"mosquitto ended with {self._process.returncode}:\n{self.log()}")
            try:
                socket.create_connection((self.host, self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)  # between two tries to connect
        raise RuntimeError(f"mosquitto does not accept connections:\n{self.log()}")

    def _end(self, number):
        if not self._process:
            return
        if self._process.poll() is None:
            self._process.send_signal(number)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def stop(self):
        """A clean stop; with persistence the state is saved."""
        self._end(signal.SIGTERM)

    def kill(self):
        self._end(signal.SIGKILL)

    def restart(self):
        self.stop()
        self.start()

    def freeze(self):
        """The broker stays connected but does nothing, until thaw()."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)

    def save(self):
        """Writes the persistence file now."""
        self._process.send_signal(signal.SIGUSR1)

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def wait_log(self, text, timeout=10):
        """Until mosquitto has logged a text."""
        until = time.monotonic() + timeout
        while text not in self.log():
            if time.monotonic() > until:
                raise AssertionError(f"mosquitto never logged {text!r}:\n{self.log()}")
            time.sleep(0.02)  # between two looks at a growing file

    def close(self):
        if self.running:
            self._process.send_signal(signal.SIGCONT)
        self.stop()
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
