"""Device: a controller that takes setpoints and reports them, as a plant has it; it counts what it gets."""

import threading

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties


class Device:
    """Subscribes to `topics`, a dictionary from a setpoint's topic to the topic on which its value is reported (None: it
    is not). `answer` makes the report's payload out of the command's; None: it says nothing. `respond` makes a list of
    (payload, correlation data) out of a command's message, to be published on its response topic; `user` is (name,
    password)."""

    def __init__(self, broker, topics, answer=lambda payload: payload, retain=False, respond=lambda message: [],
                 user=None):
        self.topics = topics
        self.answer = answer
        self.retain = retain
        self.respond = respond
        self.received = []  # (topic, payload)
        self.properties = []  # of each of them
        self._ready = threading.Event()
        self._client = paho.Client(client_id="", protocol=paho.MQTTv5)
        if user:
            self._client.username_pw_set(*user)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *unused: self._ready.set()
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(0.1, 0.3)
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        self.wait_ready()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def wait_ready(self):
        if not self._ready.wait(20):
            raise AssertionError("the device could not subscribe")

    def forget_connection(self):
        """Before the broker is restarted: wait_ready() then waits for the next subscription."""
        self._ready.clear()

    def report(self, topic, payload, retain=False):
        self._client.publish(topic, payload, 1, retain).wait_for_publish(20)

    def respond_to(self, number, payload, correlation=None):
        """Answers the command with that place in `received`, with its own correlation data or another."""
        properties = self.properties[number]
        self._respond(properties.ResponseTopic, payload, correlation or properties.CorrelationData)

    def _respond(self, topic, payload, correlation, retain=False):
        answer = Properties(PacketTypes.PUBLISH)
        if correlation:
            answer.CorrelationData = correlation
        return self._client.publish(topic, payload, 1, retain, answer)

    def _on_connect(self, client, *unused):
        client.subscribe([(topic, 1) for topic in self.topics])

    def _on_message(self, client, userdata, message):
        payload = message.payload.decode()
        self.received.append((message.topic, payload))
        self.properties.append(message.properties)
        for response, correlation in self.respond(message):
            self._respond(message.properties.ResponseTopic, response, correlation)
        answer = self.answer(payload)
        if self.topics[message.topic] and answer is not None:
            client.publish(self.topics[message.topic], answer, 1, self.retain)

    def payloads(self):
        return [payload for _, payload in self.received]

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()
