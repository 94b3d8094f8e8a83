"""How many samples a second are taken and stored, beside mosquitto_sub and the script that one would write first.

Each contestant gets the same messages from the flood as fast as it takes them; the time ends when it has acknowledged
the last one. The rounds are interleaved, so that a slow minute of the machine hits all; medians are compared."""

import os
import sqlite3
import statistics
import subprocess
import sys

from plumbing import MEBIBYTE, Flood, Folder, Recorder, Subject, has_recorder

HERE = os.path.dirname(os.path.abspath(__file__))


class Run:
    """One contestant's one round."""

    def __init__(self, name, stored, flood, subject):
        self.rate = stored / flood["seconds"]
        self.cpu_s_per_million = subject.cpu_s / flood["sent"] * 1e6
        self.rss_mib = subject.rss_bytes / MEBIBYTE
        self.note = ""
        if flood["gave_up"]:
            self.note = "stalled"
        elif stored < flood["sent"]:
            self.note = f"{flood['sent'] - stored} of {flood['sent']} missing"
        elif flood["connections"] > 1:
            self.note = f"{flood['connections']} connections"
        if subject.status not in (0, -15) and name != "mosquitto_sub":
            self.note += f" exit {subject.status}"
        self.name = name


def run_mosquitto_sub(build, folder, flood, qos):
    subject = Subject(["mosquitto_sub", "-p", str(flood.port), "-t", "plant/#", "-q", str(qos), "-F", "%p"],
                      output=subprocess.DEVNULL)
    result = flood.result()
    subject.stop(timeout=2)  # in a flood its handler of SIGTERM now and then waits for itself
    return result["sent"], result, subject


def run_python(build, folder, flood, qos):
    subject = Subject(["/usr/bin/python3", os.path.join(HERE, "rival_paho.py"), "127.0.0.1", str(flood.port), str(qos),
                       folder.file("rival.db")])
    result = flood.result()
    return int(subject.stop() or 0), result, subject


def run_hmi(durability):
    def run(build, folder, flood, qos):
        config, history = folder.config(flood.port, qos, durability, "max_tags = 20000;")
        with Recorder(build, config) as recorder:
            subject = recorder.subject
            result = flood.result()
        database = sqlite3.connect(f"file:{history}?mode=ro", uri=True)
        stored = database.execute("SELECT count(*) FROM history WHERE tag LIKE 'plant/unit%'").fetchone()[0]
        database.close()
        return stored, result, subject
    return run


CONTESTANTS = {
    "mosquitto_sub": run_mosquitto_sub,
    "Python paho + sqlite3": run_python,
    "hmi, durability full": run_hmi("full"),
    "hmi, durability normal": run_hmi("normal"),
}

# Least ratios to the two rivals.
TARGETS = {
    "hmi, durability full": {"mosquitto_sub": 0.8, "Python paho + sqlite3": 4.0},
    "hmi, durability normal": {"mosquitto_sub": 1.2, "Python paho + sqlite3": 4.0},
}


def measure_round(build, name, qos, tags, seconds):
    with Folder(build) as folder, Flood(build, tags=tags, qos=qos, seconds=seconds, linger=60) as flood:
        stored, result, subject = CONTESTANTS[name](build, folder, flood, qos)
        return Run(name, stored, result, subject)


def print_table(qos, runs):
    def median(name, of):
        return statistics.median(of(run) for run in runs[name]) if runs.get(name) else None

    rates = {name: median(name, lambda run: run.rate) for name in CONTESTANTS}
    print(f"\nQoS {qos}: samples taken (hmi, Python: stored) a second, medians\n")
    print("| subscriber | samples/s | ÷ mosquitto_sub | ÷ Python | CPU s per million | max RSS MiB | |")
    print("|---|---:|---:|---:|---:|---:|---|")
    for name in CONTESTANTS:
        if not rates[name]:
            print(f"| {name} | not built | | | | | |")
            continue
        cells = []
        for rival in ("mosquitto_sub", "Python paho + sqlite3"):
            ratio = rates[name] / rates[rival] if rates[rival] else 0
            least = TARGETS.get(name, {}).get(rival)
            verdict = f" (target {least}{'' if ratio >= least else ', MISSED'})" if least else ""
            cells.append(f"{ratio:.2f}{verdict}")
        notes = "; ".join(sorted({run.note for run in runs[name] if run.note}))
        print(f"| {name} | {rates[name]:,.0f} | {cells[0]} | {cells[1]} | "
              f"{median(name, lambda run: run.cpu_s_per_million):.2f} | {median(name, lambda run: run.rss_mib):.1f} | "
              f"{notes} |", flush=True)


def measure(build, options):
    names = [name for name in CONTESTANTS if not name.startswith("hmi") or has_recorder(build)]
    for qos in (0, 1):
        runs = {name: [] for name in names}
        for number in range(options.rounds):
            for name in names:
                print(f"QoS {qos}, round {number + 1}: {name} ...", end="", file=sys.stderr, flush=True)
                run = measure_round(build, name, qos, options.tags, options.seconds)
                runs[name].append(run)
                print(f" {run.rate:,.0f}/s {run.note}", file=sys.stderr, flush=True)
        print_table(qos, runs)
