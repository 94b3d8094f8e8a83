"""Publishing as plants do it: with mosquitto_pub and with paho-mqtt."""

import subprocess
import threading

import paho.mqtt.client as paho


def mosquitto_pub(broker, topic, payload, *options):
    """One message by the mosquitto_pub program; payload None sends an empty one."""
    content = ["-n"] if payload is None else ["-m", payload]
    subprocess.run(["mosquitto_pub", "-h", broker.host, "-p", str(broker.port), "-t", topic, *content, *options],
                   check=True, timeout=20, capture_output=True)


def mosquitto_rr(broker, topic, payload, response_topic):
    """A request of MQTT 5 by the mosquitto_rr program; returns the answer."""
    done = subprocess.run(["mosquitto_rr", "-h", broker.host, "-p", str(broker.port), "-V", "mqttv5", "-W", "10", "-q", "1",
                           "-t", topic, "-e", response_topic, "-m", payload], check=True, timeout=20, capture_output=True,
                          text=True)
    return done.stdout.strip()


class Publisher:
    """A paho-mqtt client with its own thread.

    numbered(): every number is handed to the broker once and again until the broker has acknowledged it, so what the
    broker acknowledged is what a test may ask for.
    """

    def __init__(self, broker, protocol=paho.MQTTv311, client_id="", clean=True):
        self.broker = broker
        self.lock = threading.Lock()
        self.acknowledged = set()
        self._pending = {}
        self._early = set()  # acknowledged before number() could note them
        session = {} if protocol == paho.MQTTv5 else {"clean_session": clean}
        self._client = paho.Client(client_id=client_id, protocol=protocol, **session)
        self._connected = threading.Event()
        self._client.on_connect = lambda *unused: self._connected.set()
        self._client.on_publish = self._on_publish
        self._client.max_inflight_messages_set(200)
        self._client.max_queued_messages_set(0)
        self._client.reconnect_delay_set(0.1, 0.5)
        self._client.connect_async(broker.host, broker.port)
        self._client.loop_start()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def _on_publish(self, client, userdata, mid, *unused):
        with self.lock:
            if mid in self._pending:
                self.acknowledged.add(self._pending.pop(mid))
            else:
                self._early.add(mid)

    def publish(self, topic, payload, qos=0, retain=False):
        """Publishes and waits until the message has been sent (QoS 0) or acknowledged."""
        if not self._connected.wait(20):
            raise AssertionError("the publisher could not connect")
        info = self._client.publish(topic, payload, qos, retain)
        info.wait_for_publish(20)
        if not info.is_published():
            raise AssertionError(f"{topic} could not be published")

    def number(self, topic, number, qos=1):
        """Publishes a number without waiting; it is in `acknowledged` when the broker has it."""
        # Not under our lock: paho calls _on_publish with a lock of its own that publish() wants, too.
        info = self._client.publish(topic, str(number), qos)
        with self.lock:
            if info.mid in self._early:
                self._early.discard(info.mid)
                self.acknowledged.add(number)
            else:
                self._pending[info.mid] = number

    def outstanding(self):
        with self.lock:
            return len(self._pending)

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()
