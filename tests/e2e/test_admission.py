"""Whom the broker lets in: passwords, access lists, TLS; each failure named with its cure in the log, by hmi status
and on the screen, and overcome by itself once it is mended."""

import glob
import json
import os
import tempfile
import unittest

from broker import Broker
from publisher import mosquitto_pub
from recorder import Recorder, wait_until
from scene import faults, health, open_console, row, wait_fault, wait_health, wait_live
from tls import Authority

LOGIN = 'username = "hmi"; password_file = "password";'
FILTERS = '{ filter = "plant/#"; }, { filter = "secret/#"; }'
RULES = {  # of mosquitto's dynamic security plugin: everybody may subscribe to plant/# only
    "defaultACLAccess": {"publishClientSend": True, "publishClientReceive": True, "subscribe": False, "unsubscribe": True},
    "anonymousGroup": "all", "groups": [{"groupname": "all", "roles": [{"rolename": "plant"}]}], "clients": [],
    "roles": [{"rolename": "plant", "acls": [{"acltype": "subscribePattern", "topic": "plant/#", "allow": True}]}],
}
ACL = """user hmi
topic read plant/#
user feeder
topic readwrite #
"""


def write_password(recorder, password):
    path = os.path.join(recorder.folder, "password")
    with open(path, "w", encoding="utf-8") as file:
        file.write(password + "\n")
    os.chmod(path, 0o600)


class Passwords(unittest.TestCase):
    def check(self, broker_more):
        with Broker(passwords={"hmi": "right"}) as broker, \
                Recorder(broker, broker_more=LOGIN + broker_more, start=False) as recorder:
            write_password(recorder, "secret-of-old")
            recorder.start()
            recorder.wait_log("not authorised")
            password_file = os.path.join(recorder.folder, "password")
            wait_fault(recorder, f"set broker.username ('hmi') and the first line of {password_file}")
            status, text, _ = recorder.hmi("status")
            self.assertEqual(status, 2)
            self.assertIn("not authorised", text)
            self.assertIn("cure: set broker.username ('hmi')", text)
            with open_console(recorder) as console:
                console.wait("CONNECTING")
                console.wait_re(row("NO PLANT DATA since", "not authorised"))
                console.key("F9")
                console.wait("cure: set broker.username ('hmi')")
                broker.stop()
                broker.set_passwords({"hmi": "secret-of-old"})
                broker.start()
                console.wait("● broker", 40)
                console.wait_gone("NO PLANT DATA")
                console.wait("no faults")
            self.assertEqual(health(recorder)[0], 0)
            self.assertNotIn("secret-of-old", recorder.log())

    def test_wrong_then_right_mqtt_5(self):
        self.check("")

    def test_wrong_then_right_mqtt_3_1_1(self):
        self.check('protocol = "3.1.1";')

    def test_the_password_file_is_read_again_for_each_attempt(self):
        with Broker(passwords={"hmi": "right"}) as broker, \
                Recorder(broker, broker_more=LOGIN, start=False) as recorder:
            write_password(recorder, "wrong")
            recorder.start()
            recorder.wait_log("not authorised")
            write_password(recorder, "right")
            recorder.wait_log("connected to", 30)

    def test_a_password_file_that_is_missing_is_named(self):
        with Broker(passwords={"hmi": "right"}) as broker, Recorder(broker, broker_more=LOGIN) as recorder:
            path = os.path.join(recorder.folder, "password")
            recorder.wait_log(path)
            wait_fault(recorder, f"let {path} belong to the recorder's user")
            self.assertEqual(health(recorder)[0], 2)
            write_password(recorder, "right")
            recorder.wait_log("connected to", 30)


class AccessList(unittest.TestCase):
    def check(self, broker, recorder, *login):
        wait_live(recorder)
        mosquitto_pub(broker, "secret/a", "1", *login)
        mosquitto_pub(broker, "plant/a", "2", *login)
        recorder.wait_value("SELECT count(*) FROM history", 1)
        self.assertEqual(recorder.value("SELECT tag FROM history"), "plant/a")

    def test_an_acl_file_that_hides_topics(self):
        """mosquitto grants every filter then and drops what may not be read: only the permitted values come."""
        with Broker(passwords={"hmi": "h", "feeder": "f"}, acl=ACL) as broker, \
                Recorder(broker, subscribe=FILTERS, broker_more=LOGIN, start=False) as recorder:
            write_password(recorder, "h")
            recorder.start()
            self.check(broker, recorder, "-u", "feeder", "-P", "f")

    def test_a_refused_filter_is_named_and_the_others_work(self):
        plugin = glob.glob("/usr/lib/*/mosquitto_dynamic_security.so")
        if not plugin:
            self.skipTest("this mosquitto has no dynamic security plugin")
        for broker_more in ("", 'protocol = "3.1.1";'):
            with self.subTest(broker_more), tempfile.TemporaryDirectory() as folder:
                rules = os.path.join(folder, "rules.json")
                with open(rules, "w", encoding="utf-8") as file:
                    json.dump(RULES, file)
                with Broker(config=f"plugin {plugin[0]}\nplugin_opt_config_file {rules}") as broker, \
                        Recorder(broker, subscribe=FILTERS, broker_more=broker_more) as recorder:
                    self.check(broker, recorder)
                    self.check_is_told(recorder)

    def check_is_told(self, recorder):
        recorder.wait_log("the broker refuses the filter 'secret/#'")
        wait_fault(recorder, "the broker refuses the filter 'secret/#' / allow this user to read it")
        status, report = health(recorder)
        self.assertEqual(status, 2)
        self.assertEqual(report["status"]["subscriptions"], "plant/#, secret/# (refused)")
        with open_console(recorder) as console:
            console.wait_re(row("plant/a", "2", "good"))
            console.key("F9")
            console.wait("secret/# (refused)")
            console.wait("the broker refuses the filter 'secret/#'")


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ca, cls.stranger = Authority(), Authority("another CA")
        cls.addClassCleanup(cls.ca.close)
        cls.addClassCleanup(cls.stranger.close)

    def connect(self, server, ca, client=None, client_ca=None):
        """A recorder for this broker, both left to the test's end."""
        more = f'cert = "{client.cert}"; key = "{client.key}";' if client else ""
        broker = Broker(tls=server, client_ca=client_ca)
        self.addCleanup(broker.close)
        recorder = Recorder(broker, broker_more=f'tls = {{ ca = "{ca.cert}"; {more} }};')
        self.addCleanup(recorder.close)
        return broker, recorder

    def test_a_certificate_that_fits(self):
        broker, recorder = self.connect(self.ca.server(), self.ca)
        wait_live(recorder)
        self.assertEqual(health(recorder)[0], 0)
        self.assertIn(", TLS", health(recorder)[1]["status"]["broker"])
        mosquitto_pub(broker, "plant/a", "1.5", "--cafile", self.ca.cert)
        recorder.wait_value("SELECT value FROM latest WHERE tag = 'plant/a'", "1.5")
        with open_console(recorder) as console:
            console.wait_re(row("plant/a", "1.5", "good"))

    def test_a_client_certificate(self):
        client = self.ca.client()
        broker, recorder = self.connect(self.ca.server(), self.ca, client, self.ca.cert)
        wait_live(recorder)
        mosquitto_pub(broker, "plant/a", "2", "--cafile", self.ca.cert, "--cert", client.cert, "--key", client.key)
        recorder.wait_value("SELECT value FROM history", "2.0")

    def check_told(self, recorder, words, cure):
        """In the log, by hmi status, in the banner of 80 columns and on the System screen."""
        recorder.wait_log(words)
        wait_fault(recorder, words)
        fault = next(line for line in faults(recorder).splitlines() if words in line)
        self.assertIn(" / " + cure, fault)
        self.assertNotIn("OpenSSL", recorder.log())
        status, report = health(recorder)
        self.assertEqual(status, 2)
        self.assertEqual(report["status"]["connects"], 0)
        with open_console(recorder, cols=80) as console:
            console.wait_re(row("NO PLANT DATA since", words[:40]))
            console.key("F9")
            console.wait("cure: " + cure[:40])

    def check_fails(self, words, cure, server, ca, **more):
        _, recorder = self.connect(server, ca, **more)
        self.check_told(recorder, words, cure)

    def test_another_host_name(self):
        self.check_fails("the broker's certificate is for elsewhere.example, 192.0.2.7, not for the host name 127.0.0.1",
                         "set broker.host to a name that the certificate holds, or let it be issued for 127.0.0.1 too",
                         self.ca.server("elsewhere.example", "192.0.2.7"), self.ca)

    def test_expired(self):
        self.check_fails("the broker's certificate has expired", "renew the certificate at the broker",
                         self.ca.server(days=(-30, -1)), self.ca)

    def test_not_valid_yet(self):
        self.check_fails("the broker's certificate is not valid yet", "compare the clock of this machine",
                         self.ca.server(days=(5, 30)), self.ca)

    def test_unknown_authority(self):
        self.check_fails("the broker's certificate is of an unknown authority", "set broker.tls.ca to the certificate",
                         self.ca.server(), self.stranger)

    def test_no_client_certificate_where_one_is_wanted(self):
        """What arrives first decides whether the broker's own words are seen: its alert or the end of the connection."""
        _, recorder = self.connect(self.ca.server(), self.ca, client_ca=self.ca.cert)
        wait_fault(recorder, "client certificate")
        self.assertIn("broker.tls.cert and broker.tls.key", faults(recorder))

    def test_a_client_certificate_of_a_stranger(self):
        _, recorder = self.connect(self.ca.server(), self.ca, client=self.stranger.client(), client_ca=self.ca.cert)
        wait_fault(recorder, "client certificate")
        self.assertIn("broker.tls.cert and broker.tls.key", faults(recorder))

    def test_tls_to_a_plain_port(self):
        with Broker() as broker, Recorder(broker, broker_more=f'tls = {{ ca = "{self.ca.cert}"; }};') as recorder:
            self.check_told(recorder, "the broker does not speak TLS on this port", "set broker.port to the broker's TLS")

    def test_plain_to_a_port_with_tls(self):
        with Broker(tls=self.ca.server()) as broker, Recorder(broker) as recorder:
            self.check_told(recorder, "the broker ended the connection before it answered",
                            "does this port want TLS? then set broker.tls")

    def test_a_certificate_that_is_renewed_is_taken_without_a_restart(self):
        """The broker comes back with a good certificate on the same port."""
        broker, recorder = self.connect(self.ca.server(days=(-30, -1)), self.ca)
        recorder.wait_log("has expired")
        broker.stop()
        with Broker(tls=self.ca.server(), port=broker.port):
            recorder.wait_log("connected to", 30)
            wait_health(recorder, lambda status: not status["errors"], "no errors")
            wait_until(lambda: "expired" not in faults(recorder), 10, "the fault gone")


if __name__ == "__main__":
    unittest.main()
