"""Handmade: a broker made by hand for one client, for what mosquitto never does: it sends what a test says, byte by
byte if need be, and tells each acknowledgement at the moment when it arrives.

    with Handmade(on_acknowledged=look) as broker, Recorder(broker) as recorder:
        broker.wait_connected()
        broker.publish("plant/a", "1", qos=1)     # queued; leaves when the client's window allows
        broker.send(b"...")                       # any bytes

It speaks MQTT 5 or 3.1.1, as the client does. A new connection gets what is unacknowledged again, as a session.
"""

import collections
import select
import socket
import ssl
import struct
import threading
import time


def packet(kind, body):
    """A whole MQTT packet: fixed header, remaining length, body."""
    length, size = len(body), b""
    while True:
        size += bytes([length % 128 | (0x80 if length > 127 else 0)])
        length //= 128
        if not length:
            return bytes([kind]) + size + body


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">H", len(data)) + data


class Handmade:
    """Options:
    window           unacknowledged QoS 1 messages at a time (a broker's max_inflight_messages)
    connack          reason code of every CONNACK, or a function of the number of the connection (0, 1, …); None: none,
                     the connection is closed instead
    connack_properties  its properties (MQTT 5)
    session          what CONNACK says of the session from the second connection on
    suback           reason code of each SUBACK; None: no answer
    puback           reason code for what the client publishes with QoS 1; None: no acknowledgement
    on_publish       called with topic and payload of what the client publishes, on the broker's thread
    tls              a Certificate of tls.py
    on_acknowledged  called with the payload of each acknowledged message, on the broker's thread
    on_connected     called after each CONNACK with code 0, on the broker's thread
    """

    def __init__(self, window=65535, connack=0, session=True, suback=1, puback=0, tls=None, connack_properties=b"",
                 on_acknowledged=None, on_connected=None, on_publish=None, port=0):
        self.window, self.connack, self.session, self.suback = window, connack, session, suback
        self.puback, self.on_publish, self.connack_properties = puback, on_publish, connack_properties
        self.on_acknowledged, self.on_connected = on_acknowledged, on_connected
        self.published = []          # (topic, payload) of what the client published, each time
        self.unanswered = []         # packet identifiers of those that were not acknowledged
        self.connects = 0            # CONNECTs so far
        self.versions = []           # their protocol levels
        self.subscribes = 0          # SUBSCRIBEs
        self.acknowledged = 0
        self.goodbyes = 0            # DISCONNECTs
        self.pings = []              # when they came (monotonic)
        self.error = None            # what went wrong in a callback
        self.silent = False          # reads, but answers nothing
        self._queue = collections.deque()  # (topic, payload, retain)
        self._flying = {}            # packet id -> (topic, payload, retain)
        self._next_id = 1
        self._client, self._input, self._output = None, b"", b""
        self._version5 = self.standing = self._ended = False
        self._lock = threading.Lock()
        self._context = None
        if tls:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(tls.cert, tls.key)
        self._listener = socket.create_server(("127.0.0.1", port))
        self.host, self.port = self._listener.getsockname()
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    # What a test asks for

    def publish(self, topic, payload, qos=1, retain=False):
        data = payload if isinstance(payload, bytes) else str(payload).encode()
        if qos == 0:
            self.send(packet(0x30 | retain, text(topic) + (b"\0" if self._version5 else b"") + data))
            return
        with self._lock:
            self._queue.append((topic, data, retain))
        self._nudge()

    def send(self, data):
        with self._lock:
            self._output += data
        self._nudge()

    def drop(self):
        """Ends the connection at once."""
        client = self._client
        if client:
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is gone already
        self._nudge()

    def outstanding(self):
        with self._lock:
            return len(self._queue) + len(self._flying)

    def wait(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while not condition():
            if self.error:
                raise self.error
            if time.monotonic() > end:
                raise AssertionError(f"waited in vain for {what}")
            time.sleep(0.01)

    def wait_connected(self, count=1, seconds=15):
        self.wait(lambda: self.connects >= count and self.standing, seconds, f"connection {count}")

    def wait_sent(self, seconds=10):
        self.wait(lambda: not self._output, seconds, "the socket to take everything")

    def wait_acknowledged(self, seconds=30):
        self.wait(lambda: self.outstanding() == 0, seconds, f"acknowledgements of {self.outstanding()} messages")

    def _nudge(self):
        self._wake.send(b".")

    # The broker's thread

    def _loop(self):
        while not self._ended:
            reads = [self._listener, self._woken] + ([self._client] if self._client else [])
            writes = [self._client] if self._client and self._output else []
            readable, writable, _ = select.select(reads, writes, [], 0.5)
            try:
                if self._woken in readable:
                    self._woken.recv(4096)
                if self._listener in readable:
                    self._accept()
                elif self._client and self._client in readable:
                    self._read()
                self._fill()
                if self._client and self._output:
                    self._flush()
            except (OSError, ssl.SSLError):
                self._forget()
            except Exception as error:  # of a callback: told to the test, which waits on another thread
                self.error = error
                self._ended = True

    def _accept(self):
        self._forget()
        client, _ = self._listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context:
            client.settimeout(5)
            client = self._context.wrap_socket(client, server_side=True)
        client.setblocking(False)
        self._client = client

    def _forget(self):
        if self._client:
            self._client.close()
        with self._lock:
            self._client, self._input, self._output, self.standing = None, b"", b"", False

    def _read(self):
        try:
            data = self._client.recv(65536)
            while self._context and self._client.pending():
                data += self._client.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        if not data:
            self._forget()
            return
        self._input += data
        while self._client:
            body = self._next_packet()
            if body is None:
                return
            self._obey(*body)

    def _next_packet(self):
        length = shift = 0
        for at in range(1, 5):
            if len(self._input) <= at:
                return None
            length |= (self._input[at] & 0x7F) << shift
            shift += 7
            if not self._input[at] & 0x80:
                break
        if len(self._input) < at + 1 + length:
            return None
        kind, body = self._input[0], self._input[at + 1:at + 1 + length]
        self._input = self._input[at + 1 + length:]
        return kind, body

    def _obey(self, kind, body):
        if kind >> 4 == 3 and not self.silent:
            self._on_publish(kind, body)
            return
        handlers = {1: self._on_connect, 4: self._on_puback, 8: self._on_subscribe, 10: self._on_unsubscribe,
                    12: self._on_ping, 14: self._on_disconnect}
        handler = handlers.get(kind >> 4)
        if handler and not self.silent:
            handler(body)

    def _answer(self, data):
        with self._lock:
            self._output += data

    def _on_connect(self, body):
        level = body[6]
        self._version5 = level == 5
        self.versions.append(level)
        code = self.connack(self.connects) if callable(self.connack) else self.connack
        if code is None:
            self.connects += 1
            self._forget()
            return
        known = 1 if self.session and self.connects and code == 0 else 0
        self._answer(packet(0x20, bytes([known, code]) +
                            (bytes([len(self.connack_properties)]) + self.connack_properties if self._version5 else b"")))
        self.connects += 1
        if code:
            return
        with self._lock:  # a session: what is unacknowledged comes again, first
            self._queue.extendleft(reversed(list(self._flying.values())))
            self._flying.clear()
        if self.on_connected:
            self.on_connected()
        self.standing = True

    def _on_publish(self, kind, body):
        length, = struct.unpack(">H", body[:2])
        topic, at = body[2:2 + length].decode(), 2 + length
        if kind & 0x06:
            identifier, at = body[at:at + 2], at + 2
        if self._version5:  # properties, whose length takes more than one byte from 128 on
            size = shift = 0
            while True:
                size |= (body[at] & 0x7F) << shift
                shift, at = shift + 7, at + 1
                if not body[at - 1] & 0x80:
                    break
            at += size
        self.published.append((topic, body[at:].decode()))
        if kind & 0x06 and self.puback is None:
            self.unanswered.append(identifier)
        elif kind & 0x06:
            self._answer_publish(identifier, self.puback)
        if self.on_publish:
            self.on_publish(*self.published[-1])

    def _answer_publish(self, identifier, code):
        self._answer(packet(0x40, identifier + (bytes([code]) if self._version5 and code else b"")))

    def acknowledge(self, code=0):
        """What was published and not acknowledged yet is, now."""
        while self.unanswered:
            self._answer_publish(self.unanswered.pop(0), code)
        self._nudge()

    def _on_subscribe(self, body):
        self.subscribes += 1
        if self.suback is not None:
            self._answer(packet(0x90, body[:2] + (b"\0" if self._version5 else b"") + bytes([self.suback])))

    def _on_unsubscribe(self, body):
        self._answer(packet(0xB0, body[:2] + (b"\0\0" if self._version5 else b"")))

    def _on_ping(self, body):
        self.pings.append(time.monotonic())
        self._answer(packet(0xD0, b""))

    def _on_disconnect(self, body):
        self.goodbyes += 1

    def _on_puback(self, body):
        with self._lock:
            message = self._flying.pop(struct.unpack(">H", body[:2])[0], None)
        if not message:
            raise AssertionError("acknowledged what was never sent")
        self.acknowledged += 1
        if self.on_acknowledged:
            self.on_acknowledged(message[1])

    def _fill(self):
        """Queued messages leave as far as the window allows."""
        with self._lock:
            while self.standing and self._queue and len(self._flying) < self.window:
                topic, payload, retain = self._queue.popleft()
                number = self._next_id
                self._next_id = number % 65535 + 1
                self._flying[number] = (topic, payload, retain)
                self._output += packet(0x32 | retain, text(topic) + struct.pack(">H", number) +
                                       (b"\0" if self._version5 else b"") + payload)

    def _flush(self):
        with self._lock:
            output = self._output
        try:
            sent = self._client.send(output)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        with self._lock:
            self._output = self._output[sent:]

    def close(self):
        self._ended = True
        self._nudge()
        self._thread.join(10)
        self._forget()
        for end in (self._listener, self._wake, self._woken):
            end.close()
