"""Forger: a console that a stranger wrote. It speaks the protocol of src/wire/wire.h byte by byte, as far as it likes to.

    with Forger(recorder) as forger:
        forger.hello(station="anywhere")
        answer = forger.set("boiler.sp", 50)      # {"good": False, "text": "...", "command": 0}
        forger.send(frame(ASK, b"..."))           # any bytes
"""

import os
import socket
import struct
import time

HELLO, WELCOME, REFUSED, TAG, SNAPSHOT_END, CONSOLE, WANT_DETAIL, ASK, ANSWER = 0, 1, 2, 3, 7, 11, 12, 14, 15
COMMAND, EDIT, RESERVATION, LOCK, BYE = 18, 19, 20, 21, 22
STOP, RELOAD, ACKNOWLEDGE, SHELVE, UNSHELVE, SET = 1, 2, 3, 4, 5, 6
SCREEN, SNAPSHOT, ASK_ONLY = 0, 1, 2
NUMBER, TEXT = 1, 2  # enum value_type
FRAME_MAX = 1 << 20


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<I", len(data)) + data + b"\0"


def record(*fields):
    body = b"".join(fields)
    return struct.pack("<I", len(body)) + body


def frame(kind, body):
    return struct.pack("<IHH", len(body), kind, 0) + body


def u32(value):
    return struct.pack("<I", value)


def hello(version=1, program="forger", station="nowhere", purpose=ASK_ONLY, more=b""):
    return frame(HELLO, record(u32(version), text(program), text(station), u32(purpose), more))


def ask(request, action, argument, value=None, shown=None, reason="", more=b""):
    """An ASK; `value` and `shown` are numbers, texts or None."""
    def typed(given):
        kind = 0 if given is None else TEXT if isinstance(given, (str, bytes)) else NUMBER
        return u32(kind), struct.pack("<d", given if kind == NUMBER else 0), text(given if kind == TEXT else "")

    shown_fields = (u32(0), *typed(None)) if shown is None else (u32(1), *typed(shown))
    return frame(ASK, record(u32(request), u32(action), text(argument), struct.pack("<q", 0), u32(0), text(reason),
                             *typed(value), *shown_fields, more))


class Forger:
    def __init__(self, recorder, user=None):
        """`user`: (uid, [gid, ...]) that the kernel is to see; only root can."""
        self.path = find_socket(recorder)
        self._bytes = b""
        self.requests = 0
        self.ended = False
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(None)  # a full backlog is waited for
        if user:
            connect_as(self._socket, self.path, *user)
        else:
            self._socket.connect(self.path)
        self._socket.settimeout(10)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self._socket.close()

    def send(self, data):
        """False: the recorder has ended the connection."""
        try:
            self._socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def receive(self, kind, seconds=10):
        """The first record of the next frame of this kind; None: the connection ended before."""
        end = time.monotonic() + seconds
        while True:
            found = self._take(kind)
            if found is not None or self.ended:
                return found
            if time.monotonic() > end:
                raise AssertionError(f"waited in vain for a frame of kind {kind}")
            try:
                self._socket.settimeout(max(0.01, end - time.monotonic()))
                data = self._socket.recv(65536)
            except (ConnectionResetError, BrokenPipeError):
                data = b""
            except TimeoutError:
                continue
            self._bytes += data
            self.ended = not data

    def _take(self, kind):
        while len(self._bytes) >= 8:
            length, this, _ = struct.unpack("<IHH", self._bytes[:8])
            if len(self._bytes) < 8 + length:
                return None
            body, self._bytes = self._bytes[8:8 + length], self._bytes[8 + length:]
            if this == kind:
                return body[4:] if body else b""
        return None

    def wait_end(self, seconds=10):
        """Until the recorder has ended the connection; the reason it gave, "" for none."""
        refused = self.receive(REFUSED, seconds)
        while not self.ended:
            self.receive(REFUSED, seconds)
        return refused[4:-1].decode() if refused else ""

    def hello(self, **fields):
        """(user, role) by the recorder's word."""
        self.send(hello(**fields))
        welcome = self.receive(WELCOME)
        at, words = 4, []
        for _ in range(4):  # program, plant, timezone, user
            length, = struct.unpack("<I", welcome[at:at + 4])
            words.append(welcome[at + 4:at + 4 + length].decode())
            at += 5 + length
        return words[3], struct.unpack("<I", welcome[at:at + 4])[0]

    def answer(self):
        body = self.receive(ANSWER)
        if body is None:
            return None
        request, good, length = struct.unpack("<III", body[:12])
        words, rest = body[12:12 + length].decode(), body[13 + length:]
        command, code = struct.unpack("<QI", rest[:12])
        return {"request": request, "good": bool(good), "text": words, "command": command, "code": code}

    def request(self, action, argument, value=None, **more):
        self.requests += 1
        self.send(ask(self.requests, action, argument, value, **more))
        return self.answer()

    def set(self, tag, value, **more):
        return self.request(SET, tag, value, **more)


def find_socket(recorder):
    """Where the recorder's socket is, as consoles find it."""
    with open(recorder.history_path + ".lock", encoding="utf-8") as file:
        return file.read()


def connect_as(client, path, uid, groups):
    """The kernel tells the other side of a Unix socket whose process connected: for that moment this one is his."""
    own_groups, own_gid = os.getgroups(), os.getegid()
    try:
        os.setgroups(groups)
        os.setegid(groups[0])
        os.seteuid(uid)
        client.connect(path)
    finally:
        os.seteuid(0)
        os.setegid(own_gid)
        os.setgroups(own_groups)
