"""How soon a setpoint is on the wire after the operator's confirming key, while the recorder takes 10,000 messages/s: on
record first, with durability full. The recorder's share is told by the stopwatch that the console shows."""

import json
import os
import subprocess

from plumbing import Flood, Folder, Recorder

TAG = "000.setpoint"
CONFIG = (f'tags = ( {{ name = "{TAG}"; topic = "plant/setpoint"; kind = "analog"; range = [ 0, 100 ];\n'
          '           setpoint = { topic = "cmd/setpoint"; timeout = 5; }; } );\n'
          'max_tags = 20000;')
MEDIAN_MS, P99_MS = 20, 100


def run(build, options, folder, port, output):
    config, _ = folder.config(port, 1, "full", CONFIG)
    with Recorder(build, config):
        keys = ",".join(["/", *TAG, "Enter"])
        command = [os.path.join(build, "latency"), "--keys", keys, "command", str(options.samples), "--",
                   os.path.join(build, "hmi"), "-c", config]
        done = subprocess.run(command, stdin=output, stdout=subprocess.PIPE, timeout=600, check=True)
    return json.loads(done.stdout)


def measure(build, options):
    print("\n| what | median | 99 % | most | target | |")
    print("|---|---|---|---|---|---|")
    for rate in (10000, 100):
        with Folder(build) as folder, Flood(build, tags=10000, qos=1, rate=rate, seconds=600, linger=5) as flood:
            result = run(build, options, folder, flood.port, flood.output)
        whole = result["all"]
        good = whole["median_ms"] <= MEDIAN_MS and whole["p99_ms"] <= P99_MS
        print(f"| confirming key → PUBLISH at the broker, {rate:,} messages/s, durability full ({whole['count']} setpoints) "
              f"| {whole['median_ms']} ms | {whole['p99_ms']} ms | {whole['max_ms']} ms "
              f"| median ≤ {MEDIAN_MS} ms, 99 % ≤ {P99_MS} ms | {'ok' if good else 'MISSED'} |")
        for name, what in (("record", "of it: request at the recorder → on record"), ("sent", "request → handed to the socket")):
            print(f"| {what} | {result[name]['median_ms']} ms | {result[name]['p99_ms']} ms | | | |", flush=True)
