#!/usr/bin/python3
"""The script that one would write first: paho-mqtt and sqlite3, a commit each 1,000 rows.

    rival_paho.py HOST PORT QOS FILE

On SIGTERM it stores what it has, and prints how many rows that makes in all. The file is in WAL mode with
synchronous=NORMAL, so that no fsync slows it.
"""

import signal
import sqlite3
import sys
import time

import paho.mqtt.client as mqtt

BATCH = 1000


def main():
    host, port, qos, path = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=NORMAL")
    database.execute("CREATE TABLE history(tag TEXT, ts INTEGER, value REAL)")
    rows = []
    stored = 0

    def store():
        nonlocal stored
        with database:
            database.executemany("INSERT INTO history VALUES (?,?,?)", rows)
        stored += len(rows)
        rows.clear()

    def on_connect(client, userdata, flags, code):
        client.subscribe("plant/#", qos)

    def on_message(client, userdata, message):
        rows.append((message.topic, time.time_ns() // 1000, float(message.payload)))
        if len(rows) >= BATCH:
            store()

    client = mqtt.Client()
    client.on_connect = on_connect
    client.on_message = on_message
    signal.signal(signal.SIGTERM, lambda number, frame: client.disconnect())
    client.connect(host, port)
    client.loop_forever()
    store()
    database.close()
    print(stored, flush=True)


if __name__ == "__main__":
    main()
