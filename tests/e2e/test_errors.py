"""The README's "First errors and their cures": each row's words are what the program shows when it comes to that."""

import json
import os
import re
import subprocess
import time
import unittest

from broker import Broker, free_port
from handmade import Handmade
from publisher import mosquitto_pub
from recorder import HMI, TOP, Recorder, wait_until
from scene import faults, wait_fault, wait_live
from test_access import AS_NOBODY
from test_admission import LOGIN, write_password
from tls import Authority


def readme_rows():
    """The words in backticks of each row's first column."""
    with open(os.path.join(TOP, "README.md"), encoding="utf-8") as file:
        part = file.read().split("## First errors and their cures")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in part.splitlines() if line.startswith("|")][2:]
    return [re.findall(r"`([^`]+)`", row) for row in rows]


def address(host, port):
    return type("Address", (), {"host": host, "port": port})


def told(recorder, words, seconds=20):
    """Waits until `hmi status` and the log tell these words."""
    def status():
        return recorder.hmi("status")[1]

    wait_until(lambda: words in status(), seconds, lambda: f"'{words}' from hmi status:\n{status()}")
    wait_until(lambda: words in recorder.log(), 5, lambda: f"'{words}' in the log:\n{recorder.log()}")


def nothing_listens(words):
    with Recorder(address("127.0.0.1", free_port())) as recorder:
        told(recorder, words)


def no_such_host(words):
    with Recorder(address("no-such-host.invalid", 1883)) as recorder:
        told(recorder, words, 40)


def wrong_password(words):
    with Broker(passwords={"hmi": "right"}) as broker, Recorder(broker, broker_more=LOGIN, start=False) as recorder:
        write_password(recorder, "wrong")
        recorder.start()
        told(recorder, words)


def password_refused_in_so_many_words(words):
    """mosquitto says "not authorised" for this, too; other brokers have a code of its own (134)."""
    with Handmade(connack=134) as broker, Recorder(broker) as recorder:
        told(recorder, words)


def silence(words):
    with Broker() as broker, Recorder(broker, subscribe='{ filter = "nowhere/#"; }') as recorder:
        told(recorder, words + " nowhere/#", 60)


def certificate(names=(), days=(-1, 30), known=True):
    def provoke(words):
        with Authority() as ca, Authority("another CA") as stranger:
            server, trusted = ca.server(*names, days=days), ca if known else stranger
            with Broker(tls=server) as broker, \
                    Recorder(broker, broker_more=f'tls = {{ ca = "{trusted.cert}"; }};') as recorder:
                told(recorder, words)
    return provoke


def tls_to_a_plain_port(words):
    with Authority() as ca, Broker() as broker, \
            Recorder(broker, broker_more=f'tls = {{ ca = "{ca.cert}"; }};') as recorder:
        told(recorder, words)


def plain_to_a_port_with_tls(words):
    with Authority() as ca, Broker(tls=ca.server()) as broker, Recorder(broker) as recorder:
        told(recorder, words)


def two_with_one_id(words):
    more = 'client_id = "twin";'
    with Broker() as broker, Recorder(broker, broker_more=more) as recorder:
        wait_live(recorder)
        with Recorder(broker, broker_more=more):
            told(recorder, words, 40)


def reason_142(words):
    with Handmade() as broker:
        broker.on_connected = lambda: broker.send(b"\xe0\x01\x8e")  # DISCONNECT: session taken over
        with Recorder(broker, broker_more='client_id = "twin";') as recorder:
            told(recorder, words)


def mistyped(words):
    config = 'tags = ( { name = "temp"; topic = "plant/tmep"; }, { name = "flow"; topic = "plant/flow"; } );'
    with Broker() as broker, Recorder(broker, config=config) as recorder:
        wait_live(recorder)
        mosquitto_pub(broker, "plant/flow", "1", "-q", "1")
        wait_fault(recorder, f"1 tag of the configuration was {words} temp on the topic plant/tmep", 90)
        mosquitto_pub(broker, "plant/tmep", "1", "-q", "1")
        wait_until(lambda: words not in faults(recorder), 10, "no fault any more")


def times_without_a_zone(words):
    """As Python's datetime.now().isoformat() writes them, two hours east of Greenwich; then with the cure."""
    now = int(time.time())
    payload = json.dumps({"ts": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now + 7200)), "value": 4})
    with Broker() as broker:
        with Recorder(broker) as recorder:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/a", payload, "-q", "1")
            told(recorder, words)
            told(recorder, "local_times")
        with Recorder(broker, subscribe='{ filter = "plant/#"; local_times = true; }', config='timezone = "Etc/GMT-2";') as recorder:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/a", payload, "-q", "1")
            recorder.wait_value("SELECT ts / 1000000 FROM history WHERE quality = 0", now)


def second_recorder(words):
    with Broker() as broker, Recorder(broker) as recorder:
        status, _, errors = recorder.hmi("record")
        assert status == 75 and words in errors, (status, errors)


def as_nobody(words, command, access):
    if os.geteuid() != 0:
        raise unittest.SkipTest("only root can become another user")
    with Broker() as broker, Recorder(broker, config=f"access = {{ {access} }};", start=False) as recorder:
        os.chmod(recorder.folder, 0o755)
        recorder.start()
        done = subprocess.run([*AS_NOBODY, HMI, command, "-c", recorder.config_path], capture_output=True, text=True,
                              timeout=60, env=recorder.environment(), stdin=subprocess.DEVNULL)
        assert done.returncode and words in done.stdout + done.stderr, done
        assert '[ "nobody" ]; };' in done.stdout + done.stderr, done
        recorder.stop()  # its socket lies in a folder that others share


PROVOKE = {
    "nothing listens at": nothing_listens,
    "cannot find the host": no_such_host,
    "not authorised": wrong_password,
    "wrong user name or password": password_refused_in_so_many_words,
    "nothing has come on": silence,
    "never heard; the first is": mistyped,
    "samples came with a time out of bounds": times_without_a_zone,
    "the broker's certificate is for": certificate(names=("elsewhere.example",)),
    "of an unknown authority": certificate(known=False),
    "has expired": certificate(days=(-30, -1)),
    "the broker does not speak TLS on this port": tls_to_a_plain_port,
    "ended the connection before it answered": plain_to_a_port_with_tls,
    "another client seems to use the id": two_with_one_id,
    "another client uses the id": reason_142,
    "another recorder": second_recorder,
    "already records to": second_recorder,
    "has no access": lambda words: as_nobody(words, "status", 'engineer = [ "root" ];'),
    "this needs the role": lambda words: as_nobody(words, "stop", 'viewer = [ "*" ]; engineer = [ "root" ];'),
}


class FirstErrors(unittest.TestCase):
    def test_each_row_of_the_readme(self):
        rows = readme_rows()
        self.assertTrue(rows and all(rows), rows)
        self.assertEqual(sorted(words for row in rows for words in row), sorted(PROVOKE))


def add_tests():
    """One test for each of the words, so that a failure is named and the others still run."""
    for words, provoke in PROVOKE.items():
        name = "test_" + re.sub(r"\W+", "_", words)
        setattr(FirstErrors, name, lambda self, words=words, provoke=provoke: provoke(words))


add_tests()


if __name__ == "__main__":
    unittest.main()
