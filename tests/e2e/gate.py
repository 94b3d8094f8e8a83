"""Gate: stands between a client and a Broker, for what mosquitto cannot do or be made to do at a chosen moment.

    with Broker() as broker, Gate(broker, refuse_mqtt5=True) as gate:
        connect to gate.host, gate.port        # an MQTT 5 CONNECT is refused as by an old broker
        gate.stall()                           # connected, but nothing passes (a dead line)
        gate.flow()
        gate.cut()                             # all connections drop at once; new ones are accepted
"""

import select
import socket
import threading

CONNACK_BAD_VERSION = b"\x20\x02\x00\x01"  # MQTT 3.1.1: unacceptable protocol version


class Gate:
    def __init__(self, broker, refuse_mqtt5=False):
        self._broker = broker
        self._refuse_mqtt5 = refuse_mqtt5
        self._pairs = {}  # a socket and the one its bytes go to
        self._lock = threading.Lock()
        self._stalled = self._ended = False
        self.refused = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self._listener.getsockname()
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def _loop(self):
        while not self._ended:
            with self._lock:
                watched = [] if self._stalled else list(self._pairs)
            ready, _, _ = select.select([self._listener, self._woken, *watched], [], [])
            for source in ready:
                if source is self._woken:
                    source.recv(100)
                elif source is self._listener:
                    self._accept()
                else:
                    self._forward(source)

    def _accept(self):
        client, _ = self._listener.accept()
        client.settimeout(5)
        try:
            first = client.recv(65536)
            if self._refuse_mqtt5 and _protocol_level(first) == 5:
                self.refused += 1
                client.sendall(CONNACK_BAD_VERSION)
                client.close()
                return
            server = socket.create_connection((self._broker.host, self._broker.port), timeout=5)
            server.sendall(first)
        except OSError:
            client.close()
            return
        with self._lock:
            self._pairs[client], self._pairs[server] = server, client

    def _forward(self, source):
        target = self._pairs.get(source)
        if target is None:
            return
        try:
            data = source.recv(65536)
            if data:
                target.sendall(data)
                return
        except OSError:
            pass
        self._drop(source, target)

    def _drop(self, *ends):
        with self._lock:
            for end in ends:
                self._pairs.pop(end, None)
                end.close()

    def _nudge(self):
        self._wake.send(b".")

    def stall(self):
        self._stalled = True
        self._nudge()

    def flow(self):
        self._stalled = False
        self._nudge()

    def cut(self):
        """Ends every connection; the loop's thread then sees them closed."""
        with self._lock:
            ends = list(self._pairs)
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # closed meanwhile
        self.flow()

    def close(self):
        self._ended = True
        self._nudge()
        self._thread.join(10)
        self._drop(*list(self._pairs))
        for end in (self._listener, self._wake, self._woken):
            end.close()


def _protocol_level(packet):
    """Of a CONNECT: fixed header, remaining length of 1 to 4 bytes, "MQTT" with its length, then the level."""
    at = 1
    while at < len(packet) and packet[at] & 0x80:
        at += 1
    name = packet[at + 1:at + 7]
    return packet[at + 7] if name == b"\x00\x04MQTT" and len(packet) > at + 7 else None
