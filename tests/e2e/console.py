"""Console: a program on a real terminal, for unittest tests. A wrapper over vtdrive (tests/ui/vtdrive.c).

    with Console([hmi_path(), "-c", config], cols=132, rows=43) as console:
        console.wait("boiler.temp")
        console.key("F2")
        self.assertIn("NO PLANT DATA", console.text())
"""

import json
import os
import shlex
import subprocess


def build_dir():
    """The folder of the built programs: HMI_BUILD, else build/ at the top of the tree."""
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return os.path.abspath(os.environ.get("HMI_BUILD", os.path.join(top, "build")))


def hmi_path():
    return os.path.join(build_dir(), "hmi")


class ConsoleError(AssertionError):
    """A wait that timed out or a command that failed; the message holds the screen."""


class Console:
    def __init__(self, argv, rows=24, cols=80, term="xterm-256color", locale="C.UTF-8", env=None):
        self._vtdrive = subprocess.Popen(
            [os.path.join(build_dir(), "vtdrive")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, encoding="utf-8", errors="replace")
        self._closed = False
        try:
            self._ask(f"size {cols}x{rows}")
            settings = {"TERM": term, "LANG": locale, **(env or {})}
            words = [f"{name}={value}" for name, value in settings.items()] + ["--", *argv]
            self.pid = self._ask("start " + " ".join(shlex.quote(str(word)) for word in words))["pid"]
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def _send(self, line):
        if "\n" in line:
            raise ValueError("a command is one line")
        self._vtdrive.stdin.write(line + "\n")
        self._vtdrive.stdin.flush()
        answer = self._vtdrive.stdout.readline()
        if not answer:
            raise ConsoleError("vtdrive ended unexpectedly")
        return json.loads(answer)

    def _ask(self, line):
        """Sends one command; an answer that is not ok raises ConsoleError with the screen as it is."""
        answer = self._send(line)
        if not answer["ok"]:
            screen = self._send("screen")
            picture = "\n".join("|" + row for row in screen.get("rows", []))
            raise ConsoleError(f"{line!r}: {answer['error']}\n{picture}")
        return answer

    # What an operator does.

    def key(self, *names):
        """Presses keys by name: Up, F3, Escape, Enter, PageDown, Space, C-c, or one character each."""
        self._ask("key " + " ".join(shlex.quote(name) for name in names))

    def type(self, text):
        """Types text as it is."""
        self._ask("text " + text)

    def type_bytes(self, data):
        self._ask("type " + "".join(f"\\x{byte:02x}" for byte in data))

    def click(self, row, col, button=1):
        """1 left, 2 middle, 3 right, 4 wheel up, 5 wheel down; cells count from 0."""
        self._ask(f"click {row} {col} {button}")

    def resize(self, cols, rows):
        self._ask(f"resize {cols}x{rows}")

    def signal(self, name):
        self._ask(f"signal {name}")

    def hangup(self):
        """The line drops; the screen stays readable."""
        self._ask("hangup")

    # Waits: seconds in, ConsoleError with the screen on the time-out.

    def wait(self, text, timeout=10):
        self._ask(f"wait {int(timeout * 1000)} {text}")

    def wait_re(self, regex, timeout=10):
        """A POSIX extended expression over the rows joined by newlines; ^ and $ match at each row."""
        self._ask(f"waitre {int(timeout * 1000)} {regex}")

    def wait_gone(self, text, timeout=10):
        self._ask(f"waitgone {int(timeout * 1000)} {text}")

    def quiet(self, seconds=0.3, timeout=10):
        """Until the program has written nothing for that long."""
        self._ask(f"quiet {int(seconds * 1000)} {int(timeout * 1000)}")

    def run(self, seconds):
        """Reads on for that long; returns the bytes written to the terminal meanwhile."""
        return self._ask(f"run {int(seconds * 1000)}")["bytes"]

    def wait_end(self, timeout=10):
        """Until the program ends: its exit status, or minus the signal that ended it."""
        return self._status(self._ask(f"waitend {int(timeout * 1000)}"))

    # What the operator sees.

    def screen(self):
        """rows, cursor {row, col, visible}, title, bells, mouse, alternate."""
        return self._ask("screen")

    def rows(self):
        return self.screen()["rows"]

    def text(self):
        return "\n".join(self.rows())

    def shows(self, text):
        return self._send(f"find {text}")["ok"]

    def find(self, text):
        """(row, col) of a text on the screen."""
        answer = self._ask(f"find {text}")
        return answer["row"], answer["col"]

    def cells(self, row, col, count=1):
        """Dicts: text, fg, bg (-1 default, palette index, 16777216 + RGB), bold, reverse, blink, underline."""
        return self._ask(f"cells {row} {col} {count}")["cells"]

    def cells_of(self, text):
        """The cells under the first occurrence of a text."""
        row, col = self.find(text)
        return self.cells(row, col, len(text))

    # What went over the line.

    def bytes(self):
        return self._ask("bytes")["bytes"]

    def raw(self, path):
        self._ask(f"raw {path}")

    def scan(self, start=0):
        """Raises ConsoleError when anything but allowed control sequences and printable text was written."""
        self._ask(f"scan {start}")

    def exit_status(self):
        """None while the program runs."""
        answer = self._ask("exit-status")
        return None if "running" in answer else self._status(answer)

    @staticmethod
    def _status(answer):
        return -answer["signal"] if "signal" in answer else answer["exit"]

    def close(self):
        """Hangs the program up, kills it when it does not end within two seconds."""
        if self._closed:
            return
        self._closed = True
        self._vtdrive.stdin.close()
        try:
            self._vtdrive.wait(10)
        except subprocess.TimeoutExpired:
            self._vtdrive.kill()
            self._vtdrive.wait()
        self._vtdrive.stdout.close()
