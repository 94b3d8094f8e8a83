"""Scene: what most end-to-end tests ask of a recorder: its health and tags as the commands print them, and a console.

    with Broker() as broker, Recorder(broker) as recorder:
        wait_live(recorder)
        with open_console(recorder) as console:
            console.wait_re(row("plant/a", "12.5"))
"""

import json
import re

from console import Console, hmi_path
from recorder import wait_until

UNCERTAIN = 0x40000000
NO_COMMUNICATION = 0x408F0000


def console_environment(recorder):
    return {"XDG_RUNTIME_DIR": recorder.folder, "TZ": "UTC"}


def open_console(recorder, *options, cols=120, rows=24, **more):
    return Console([hmi_path(), "-c", recorder.config_path, *options], cols=cols, rows=rows,
                   env=console_environment(recorder), **more)


def row(*words):
    """A regular expression for a row of the screen that holds these texts in this order."""
    return ".*".join(re.sub(r"([][\\.^$*+?(){}|])", r"\\\1", word) for word in words)


def health(recorder):
    """`hmi status --json` as (exit status, object)."""
    status, text, errors = recorder.hmi("status", "--json")
    if errors:
        raise AssertionError(errors)
    return status, json.loads(text)


def tags(recorder):
    """`hmi tags --json` as {name: object}."""
    status, text, errors = recorder.hmi("tags", "--json")
    if status:
        raise AssertionError(errors)
    return {tag["tag"]: tag for tag in json.loads(text)}


def faults(recorder):
    """The standing faults as one text, each as "what / cure"."""
    return "\n".join(f"{fault['what']} / {fault['cure']}" for fault in health(recorder)[1].get("faults", []))


def wait_health(recorder, condition, what, seconds=20):
    """Waits until condition(status object) holds; returns that object."""
    seen = {}

    def holds():
        seen.update(health(recorder)[1].get("status", {}))
        return bool(seen) and condition(seen)

    wait_until(holds, seconds, lambda: f"{what}: {seen}\n{recorder.log()}")
    return seen


def wait_live(recorder, seconds=20):
    """Until the broker is connected and its backlog is over, so that what comes now is live."""
    wait_health(recorder, lambda status: status["link"] == "up", "a live link", seconds)


def wait_fault(recorder, text, seconds=20):
    wait_until(lambda: text in faults(recorder), seconds, lambda: f"a fault with '{text}':\n{faults(recorder)}")


def wait_alarm(recorder, name, state):
    """Until an alarm of hmi's own stands so, with its entry in the journal."""
    recorder.wait_value(f"SELECT state FROM alarms WHERE alarm = 'system/{name}'", state)
    event = {"unacknowledged": "activated", "returned": "cleared"}[state]
    recorder.wait_value(f"SELECT event FROM journal WHERE alarm = 'system/{name}' ORDER BY id DESC LIMIT 1", event)
