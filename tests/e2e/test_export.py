"""hmi export: CSV and JSON lines that read back as exactly what the history holds."""

import csv
import io
import json
import os
import pty
import select
import subprocess
import unittest

from known import BAD, UNCERTAIN, Known, at
from recorder import HMI

ODD_NAME = 'plant/"odd", na{me}[0]:x\u202e'
NUMBERS = [0.1, 1e300, 5e-324, 0.1 + 0.2, 9007199254740993.0, 123456789.123456789, -17]


def rows(text):
    return list(csv.reader(io.StringIO(text, newline="")))


class ExportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.known = known = Known(timezone="Europe/Vienna")
        known.tag("boiler.temp", unit="°C")
        known.tag("boiler.level")
        known.tag("pump", kind="discrete", states=((0, "STOPPED"), (1, 'RUN, "full"')))
        known.tag("note", kind="text")
        known.tag(ODD_NAME)
        known.tag("many")
        known.samples("boiler.temp", [(at("2026-03-28T23:00Z") + i * 600_000_000, 20.0 + i % 6) for i in range(6 * 24)])
        known.samples("boiler.level", [(at("2026-03-28T23:00Z"), 1), (at("2026-03-29T10:00Z"), 4, BAD),
                                       (at("2026-03-29T11:00Z"), 3)])
        known.samples("pump", [(at("2026-03-29T08:00Z"), 1), (at("2026-03-29T09:00Z"), 0)])
        known.samples("note", [(1_000_000, "007"), (2_000_001, 'a "b",\r\nc'), (3_000_000, ""), (4_000_000, None, BAD),
                               (5_000_000, "\x1b[31mred\u202e"), (6_000_000, 7.0)])
        known.samples(ODD_NAME, [(at("2026-03-29T00:00Z") + i, number) for i, number in enumerate(NUMBERS)])
        known.samples("many", [(at("2026-01-01T00:00Z") + i // 3, i) for i in range(50_000)])
        known.alive(at("2026-03-30T12:00Z"))

    @classmethod
    def tearDownClass(cls):
        cls.known.close()

    def export(self, *arguments):
        status, output, errors = self.known.hmi("export", *arguments)
        self.assertEqual((status, errors), (0, ""), errors)
        return output

    def test_numbers_come_back_exactly(self):
        output = self.export(ODD_NAME)
        self.assertTrue(output.startswith("tag,time,value,quality,text\r\n"))
        self.assertEqual(output.count("\r\n"), output.count("\n"))
        found = rows(output)[1:]
        self.assertEqual([repr(float(row[2])) for row in found], [repr(float(number)) for number in NUMBERS])
        self.assertEqual({row[0] for row in found}, {ODD_NAME})
        self.assertEqual([row[1] for row in found][:2], ["2026-03-29T00:00:00.000Z", "2026-03-29T00:00:00.000001Z"])
        lines = [json.loads(line) for line in self.export(ODD_NAME, "--format", "json").splitlines()]
        self.assertEqual([repr(line["value"] + 0.0) for line in lines], [repr(float(number)) for number in NUMBERS])
        self.assertEqual(lines[0]["tag"], ODD_NAME)

    def test_texts_and_states(self):
        output = self.export("note")
        self.assertIn(',"007",0,', output)
        self.assertIn(",7,0,", output)
        found = rows(output)[1:]
        self.assertEqual([row[2] for row in found], ["007", 'a "b",\r\nc', "", "", "\x1b[31mred\u202e", "7"])
        self.assertEqual(found[3][3], str(BAD))
        self.assertEqual(found[1][1], "1970-01-01T00:00:02.000001Z")
        text = self.export("note", "--format", "json")
        self.assertNotIn("\x1b", text)  # escaped: safe on a terminal, and the same text
        self.assertEqual([json.loads(line)["value"] for line in text.splitlines()],
                         ["007", 'a "b",\r\nc', "", None, "\x1b[31mred\u202e", 7])
        self.assertEqual([row[4] for row in rows(self.export("pump"))[1:]], ['RUN, "full"', "STOPPED"])

    def test_more_than_one_look_at_the_history(self):
        """Three samples share a stamp: where a piece ends none is left out or told twice."""
        found = rows(self.export("many"))[1:]
        self.assertEqual([int(row[2]) for row in found], list(range(50_000)))

    def test_spans(self):
        count = lambda *span: len(rows(self.export("boiler.temp", *span))) - 1  # noqa: E731
        self.assertEqual(count(), 144)
        self.assertEqual(count("--from", "2026-03-29", "--to", "2026-03-30"), 23 * 6)  # a local day of 23 hours
        self.assertEqual(count("--from", "2026-03-29T00:00Z", "--to", "2026-03-29T01:00Z"), 6)
        self.assertEqual(count("--from", "2026-03-29 01:00", "--to", "2026-03-29 03:00"), 6)  # 02:00 to 03:00 is not
        self.assertEqual(count("--from", str(at("2026-03-29T00:00Z")), "--to", "2026-03-29T00:00:00.000001Z"), 1)
        self.assertEqual(count("--from", "-1d"), 0)
        first = rows(self.export("boiler.temp", "--local"))[1][1]
        self.assertEqual(first, "2026-03-29T00:00:00.000+01:00")

    def test_days_of_the_plant(self):
        found = rows(self.export("boiler.temp", "boiler.level", "--every", "1d", "--aggregate", "n,min,max,good", "--to",
                                 "2026-03-31", "--local"))
        self.assertEqual(found[0], ["time"] + [f"boiler.{tag} {figure}" for tag in ("level", "temp")
                                               for figure in ("n", "min", "max", "good")])
        self.assertEqual([row[0] for row in found[1:]],
                         ["2026-03-29T00:00:00.000+01:00", "2026-03-30T00:00:00.000+02:00"])
        self.assertEqual(found[1][1:4], ["3", "1", "3"])
        self.assertAlmostEqual(float(found[1][4]), 22 / 23)  # Bad for one hour of 23
        self.assertEqual(found[1][5:8], ["138", "20", "25"])
        self.assertEqual(found[2][5:8], ["6", "20", "25"])

    def test_shifts_begin_at_the_same_time_on_the_clock(self):
        found = rows(self.export("boiler.temp", "--every", "8h", "--aggregate", "n", "--from", "2026-03-28 16:00", "--to",
                                 "2026-03-30", "--local"))
        self.assertEqual([row[0][11:16] for row in found[1:]], ["16:00", "00:00", "08:00", "16:00"])
        self.assertEqual([row[1] for row in found[1:]], ["0", "42", "48", "48"])

    def test_intervals_one_below_the_other(self):
        found = rows(self.export("boiler.*", "--every", "30m", "--long", "-a", "avg,n", "--from", "2026-03-28T23:00Z",
                                 "--to", "2026-03-29T00:00Z"))
        self.assertEqual(found, [["tag", "time", "avg", "n"],
                                 ["boiler.level", "2026-03-28T23:00:00.000Z", "1", "1"],
                                 ["boiler.level", "2026-03-28T23:30:00.000Z", "1", "0"],
                                 ["boiler.temp", "2026-03-28T23:00:00.000Z", "21.5", "3"],
                                 ["boiler.temp", "2026-03-28T23:30:00.000Z", found[4][2], "3"]])
        lines = self.export("boiler.*", "--every", "30m", "--format", "json", "--from", "2026-03-29T10:00Z", "--to",
                            "2026-03-29T11:00Z").splitlines()
        self.assertEqual([json.loads(line)["boiler.level"] for line in lines], [None, None])

    def test_time_in_a_state_and_times_of_extremes(self):
        span = ("--from", "2026-03-29T08:00Z", "--to", "2026-03-29T10:00Z")
        found = rows(self.export("pump", "--every", "90m", "-a", 'in:STOPPED,in:1,transitions', *span))
        self.assertEqual(found[0], ["time", "pump in:STOPPED", "pump in:1", "pump transitions"])
        total = [sum(float(row[i] or 0) for row in found[1:]) for i in (1, 2, 3)]
        self.assertEqual(total, [3600, 3600, 2])
        lines = [json.loads(line) for line in self.export(
            "boiler.temp", "boiler.level", "--every", "1h", "-a", "in:3,max_time", "--format", "json", "--from",
            "2026-03-29T09:00Z", "--to", "2026-03-29T12:00Z").splitlines()]
        self.assertEqual([line["boiler.level in:3"] for line in lines], [0, None, 3600])  # bad from 10 to 11
        self.assertEqual(lines[0]["boiler.temp max_time"], "2026-03-29T09:50:00.000Z")
        self.assertEqual(self.export("note", "--every", "1d", "--long", "-a", "in:007", "--from", "1970-01-01T00:00Z", "--to",
                                     "1970-01-01T00:00:10Z").splitlines()[1], "note,1969-12-31T23:00:00.000Z,1.000001")
        status, output, errors = self.known.hmi("export", "pump", "--every", "1h", "-a", "in:STOPED")
        self.assertEqual((status, output, "no state 'STOPED'" in errors), (65, "", True), errors)

    def test_into_a_file(self):
        path = os.path.join(self.known.folder, "out.csv")
        self.assertEqual(self.export("pump", "-o", path), "")
        with open(path, encoding="utf-8", newline="") as file:
            self.assertEqual(file.read(), self.export("pump"))
        status, _, errors = self.known.hmi("export", "pump", "-o", path)
        self.assertEqual((status, "--force" in errors), (73, True), errors)
        self.export("pump", "-o", path, "--force", "--no-header")
        with open(path, encoding="utf-8") as file:
            self.assertEqual(len(file.read().splitlines()), 2)
        os.unlink(path)
        status, _, errors = self.known.hmi("export", "pump", "-o", path, "--from", "-1d", "--to", "-2d")
        self.assertEqual((status, os.path.exists(path)), (64, False), errors)
        self.assertEqual([name for name in os.listdir(self.known.folder) if "csv" in name], [])

    def test_the_plant_s_own_files_are_spared(self):
        for path in (self.known.history_path, self.known.config_path):
            with open(path, "rb") as file:
                before = file.read()
            status, _, errors = self.known.hmi("export", "pump", "-o", path, "--force")
            self.assertEqual((status, "give another name" in errors), (64, True), errors)
            with open(path, "rb") as file:
                self.assertEqual(file.read(), before)

    def test_a_reader_that_has_enough(self):
        process = subprocess.Popen([HMI, "export", "-c", self.known.config_path, "many"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()
        process.wait(20)

    def test_safe_on_a_terminal(self):
        main, side = pty.openpty()
        process = subprocess.Popen([HMI, "export", "-c", self.known.config_path, "note", ODD_NAME], stdout=side, stderr=side,
                                   env=dict(os.environ, LC_ALL="C.UTF-8"))
        os.close(side)
        shown = b""
        while select.select([main], [], [], 20)[0]:
            try:
                piece = os.read(main, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
        self.assertEqual(process.wait(20), 0)
        os.close(main)
        self.assertIn("red", shown.decode())
        self.assertNotIn("\x1b", shown.decode())
        self.assertNotIn("\u202e", shown.decode())

    def test_wrong_calls(self):
        for arguments, expected, status in (
                ([], "name the tags", 64), (["nope"], "no tag matches 'nope'", 65), (["pump", "nope*"], "'nope*'", 65),
                (["pump", "--from", "2026-13-01"], "is no time", 64), (["pump", "--every", "5x"], "is no span", 64),
                (["pump", "--every", "1h", "-a", "avg,mode"], "no aggregate 'mode'", 64),
                (["pump", "-a", "avg"], "give --every", 64), (["pump", "--format", "xml"], "csv and json", 64)):
            found, output, errors = self.known.hmi("export", *arguments)
            self.assertEqual((found, output), (status, ""), arguments)
            self.assertIn(expected, errors)


if __name__ == "__main__":
    unittest.main()
