"""The questions of hmi-history(5): each one is taken from the manual page and asked of a known history with the real
sqlite3 program. The history came in through hmi import, so that it lies in the archive and in what is newest."""

import math
import os
import re
import subprocess
import time
import unittest

from known import BAD, Known, at
from recorder import TOP

NOW = "2026-11-22 11:00:00"  # noon in Vienna
MINUTE, HOUR, DAY = 60_000_000, 3_600_000_000, 86_400_000_000
GAPS = [(at("2026-11-05T00:00Z"), at("2026-11-05T02:00Z"), "recorder stopped"),
        (at("2026-11-18T10:00Z"), at("2026-11-18T10:10Z"), "broker away")]


def local(day, hour=0, minute=0):
    """A moment of November 2026 in Vienna, which is an hour ahead of UTC then."""
    return at("2026-10-31T23:00Z") + (day - 1) * DAY + hour * HOUR + minute * MINUTE


END = local(22, 12)


def temperature(ts):
    if local(15, 10) <= ts < local(15, 10, 30):
        return 92
    if local(21, 22) <= ts < local(21, 23):
        return 95
    if ts == local(22, 3, 12):
        return 99
    if ts >= local(22, 9):
        return 80 + ts // MINUTE % 10
    return 80 if (ts - local(1)) % DAY < 12 * HOUR else 84


def pump():
    """On from 6 to 18 o'clock, a pause at noon of the 20th, off for the whole 8th, of which each hour tells anew."""
    yield local(1), 0
    for day in range(1, 23):
        if day == 8:
            for hour in range(24):
                yield local(day, hour), 0
            continue
        yield local(day, 6), 1
        if day == 20:
            yield local(day, 12), 0
            yield local(day, 13), 1
        if day < 22:
            yield local(day, 18), 0


def young_pump():
    """Known since the 21st only, and never without STARTING between STOPPED and RUNNING."""
    yield local(21, 12), 0
    yield local(21, 18), 2
    yield local(22, 0), 1
    yield local(22, 2), 0
    yield local(22, 3), 2
    yield local(22, 8), 1


def events():
    """Of the journal, as (ts, alarm, event, operator): one of the drum comes twice before it is acknowledged."""
    for day, hour, alarm, event, operator in (
            (14, 8, "boiler.temp/hi", "activated", None),  # longer than seven days ago
            (19, 8, "boiler.temp/hi", "activated", None), (19, 9, "boiler.temp/hi", "acknowledged", "alice"),
            (20, 8, "boiler.temp/hi", "activated", None), (20, 9, "boiler.temp/hi", "cleared", None),
            (20, 10, "boiler.temp/hi", "activated", None), (20, 12, "boiler.temp/hi", "acknowledged", "bob"),
            (21, 8, "pump1.state/state", "activated", None), (21, 11, "pump1.state/state", "acknowledged", "bob"),
            (22, 8, "mixer.level/lo", "activated", None)):
        yield local(day, hour), alarm, event, operator


def plant():
    """All samples as (tag, ts, value, quality)."""
    for ts in range(local(1), END, MINUTE):
        yield "boiler.temp", ts, temperature(ts), BAD if local(21, 10) <= ts < local(21, 10, 30) else 0
        if ts >= local(22, 9):
            yield "boiler.level", ts, 100 - temperature(ts) / 2, 0
    for ts in range(local(1), END + 1, HOUR):
        yield "boiler.power", ts, 100 if ts < local(21) else 200, 0
        yield "boiler.gas", ts, (ts - (local(1) if ts < local(12) else local(12))) // HOUR, 0
        if ts <= local(22, 10):
            yield "mixer.level", ts, 5, 0
    for ts, value in pump():
        yield "pump1.state", ts, value, 0
    for ts, value in young_pump():
        yield "pump2.state", ts, value, 0
    for ts, value in ((local(20, 8), '"A17"'), (local(20, 20), '"A17"'), (local(21, 8), '"A18"')):
        yield "batch.number", ts, value, 0


def questions():
    """{number: (question, SQL)} of the manual page."""
    with open(os.path.join(TOP, "db", "hmi-history.5"), encoding="utf-8") as file:
        text = file.read()
    found = re.findall(r"^\.SS (\d+)\. (.*)\n((?:(?!\.SS).*\n)*?)\.EX\n((?:(?!\.EE).*\n)*)\.EE", text, re.M)
    return {int(number): (question, sql.replace("\\-", "-").replace("\\e", "\\"))
            for number, question, _, sql in found}


class QuestionsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.questions = questions()
        cls.known = known = Known(timezone="Europe/Vienna")
        for name in ("boiler.temp", "boiler.level", "boiler.power", "boiler.gas", "mixer.level"):
            known.tag(name, area=name.split(".", maxsplit=1)[0] if name != "boiler.gas" else "yard")
        for name in ("pump1.state", "pump2.state"):
            known.tag(name, kind="discrete", states=((0, "STOPPED"), (1, "RUNNING"), (2, "STARTING")))
        known.tag("batch.number", kind="text")
        for gap in GAPS:
            known.gap(*gap)
        for ts, alarm, event, operator in events():
            known.entry(ts, alarm, event, operator)
        cls.samples = [row for row in plant() if not any(start <= row[1] < end for start, end, _ in GAPS)]
        # So many at once are merged; the last three hours stay where the newest samples are.
        for newest in (False, True):
            path = os.path.join(known.folder, f"{newest}.csv")
            with open(path, "w", encoding="utf-8") as file:
                file.write("tag,ts,value,quality\n")
                file.writelines(f"{tag},{ts},{value},{quality}\n" for tag, ts, value, quality in cls.samples
                                if (ts >= local(22, 9)) == newest)
            status, output, errors = known.hmi("import", path)
            assert status == 0, output + errors

    @classmethod
    def tearDownClass(cls):
        cls.known.close()

    def sqlite(self, text):
        done = subprocess.run(["sqlite3", "-readonly", self.known.history_path, text], capture_output=True, text=True,
                              timeout=60, env=dict(os.environ, TZ="Europe/Vienna"), check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), text)
        return [line.split("|") for line in done.stdout.splitlines()]

    def ask(self, number, question, **tags):
        """The rows of one question, at noon of the 22nd; numbers as numbers. `tags`: pump1="pump2" asks of another."""
        found, sql = self.questions[number]
        for name, other in tags.items():
            sql = sql.replace(name, other)
        self.assertIn(question, found)
        start = time.monotonic()
        rows = self.sqlite(sql.replace("'now'", f"'{NOW}'"))
        self.assertLess(time.monotonic() - start, 2, found)

        def cell(text):
            try:
                return round(float(text), 9)
            except ValueError:
                return text
        return [[cell(text) for text in row] for row in rows]

    def test_all_are_here(self):
        self.assertEqual(list(self.questions), list(range(1, 27)))
        with open(__file__, encoding="utf-8") as file:
            asked = set(map(int, re.findall(r"self\.ask\((\d+)", file.read())))
        self.assertEqual(asked, set(self.questions))

    def test_the_history_is_where_it_should_be(self):
        archived, newest = self.sqlite("SELECT count(*), (SELECT count(*) FROM tail) FROM archive")[0]
        self.assertGreater(int(archived), 20_000)
        self.assertGreater(int(newest), 360)
        self.assertEqual(self.sqlite("SELECT count(*) FROM history"), [[str(len(self.samples))]])

    def test_of_one_tag(self):
        night = self.ask(1, "last night")
        self.assertEqual([row[0][11:16] for row in night], [f"{hour % 24:02}:00" for hour in range(21, 29)])
        self.assertEqual(night[0][1:], [95, 95, 95])
        self.assertEqual(night[1][1:], [84, 84, 84])
        self.assertEqual(night[5][1:], [80, round(80 + 19 / 60, 9), 99])
        self.assertEqual(self.ask(2, "above 90 this month"), [[round(91 / 60, 9)]])
        highest = self.ask(12, "ten highest")
        self.assertEqual(highest[0], ["2026-11-22T02:12:00Z", 99])
        self.assertEqual(highest[1:], [[f"2026-11-21T21:{minute:02}:00Z", 95] for minute in range(9)])
        self.assertEqual(self.ask(13, "last above 90")[0][:2], ["2026-11-22T02:12:00.000Z", 99])
        self.assertEqual(self.ask(20, "rise fastest"),
                         [["2026-11-22T02:12:00Z", 19], ["2026-11-21T21:00:00Z", 11]] +
                         [[f"2026-11-22T08:0{minute}:00Z", 1] for minute in (1, 2, 3)])
        day = [temperature(ts) for ts in range(END - DAY + MINUTE, END, MINUTE)]
        mean = sum(day) / len(day)
        found = self.ask(21, "How steady")[0]
        self.assertAlmostEqual(found[0], mean, 6)
        self.assertAlmostEqual(found[1], math.sqrt(sum((value - mean) ** 2 for value in day) / len(day)), 6)

    def test_days(self):
        found = self.ask(14, "daily averages")
        self.assertEqual([row[0] for row in found], [f"2026-11-{day:02}" for day in range(2, 22)])
        expected = {5: ((10 * 80 + 12 * 84) / 22, 80, 84, 22),
                    15: ((11.5 * 80 + 0.5 * 92 + 12 * 84) / 24, 80, 92, 24),
                    18: (((12 - 1 / 6) * 80 + 12 * 84) / (24 - 1 / 6), 80, 84, 24 - 1 / 6),
                    21: ((11.5 * 80 + 11 * 84 + 95) / 23.5, 80, 95, 23.5)}
        for row in found:
            for got, wanted in zip(row[1:], expected.get(int(row[0][-2:]), (82, 80, 84, 24))):
                self.assertAlmostEqual(got, wanted, 6, row[0])
        compared = self.ask(15, "compare with the day before")
        self.assertEqual([row[0] for row in compared], [f"{hour:02}:00" for hour in range(24)])
        self.assertEqual([row[3] for row in compared], [11 if hour == 22 else 0 for hour in range(24)])
        self.assertEqual(self.ask(23, "not good yesterday"), [[30]])

    def test_gaps_and_silence(self):
        self.assertEqual([row[0] for row in self.ask(3, "stopped reporting")],
                         ["batch.number", "pump1.state", "pump2.state", "mixer.level"])
        self.assertEqual(self.ask(4, "worst gap"),
                         [["2026-11-05T00:00:00.000Z", "2026-11-05T02:00:00.000Z", 120, "recorder stopped"]])
        self.known.gap(local(1) - 30 * MINUTE, local(1) + 1, "clock set ahead")
        try:
            self.assertEqual(self.ask(5, "not recorded this month"),
                             [["recorder stopped", 1, 120], ["broker away", 1, 10], ["clock set ahead", 1, round(1 / 60e6, 9)]])
        finally:
            with self.known.database as database:
                database.execute("DELETE FROM unrecorded WHERE reason = 'clock set ahead'")

    def test_of_a_pump(self):
        self.assertEqual(self.ask(6, "availability"), [[round(100 * 83 / 168, 9)]])
        self.assertEqual(self.ask(7, "day by day"),
                         [[f"2026-11-{day}", 2 if day == 20 else 1] for day in range(16, 23)])
        self.assertEqual(self.ask(6, "availability", pump1="pump2"), [[25]])  # 6 of the 24 hours that are known
        self.assertEqual(self.ask(7, "day by day", pump1="pump2"), [["2026-11-22", 2]])
        self.assertEqual(self.ask(8, "longest time"), [["STOPPED", "2026-11-07T17:00:00.000Z", 36]])
        self.assertEqual(self.ask(9, "since midnight"), [["RUNNING", 6], ["STOPPED", 6]])

    def test_energy_and_counters(self):
        self.assertEqual(self.ask(10, "energy"), [[4800]])
        self.assertEqual(self.ask(11, "counter"), [[263 + 252]])

    def test_of_alarms(self):
        self.assertEqual(self.ask(25, "most often"),
                         [["boiler.temp/hi", 3], ["mixer.level/lo", 1], ["pump1.state/state", 1]])
        self.assertEqual(self.ask(26, "acknowledged them"),
                         [["pump1.state/state", 1, 180, 180], ["boiler.temp/hi", 2, 90, 120]])

    def test_several_tags(self):
        self.assertAlmostEqual(self.ask(16, "go together")[0][0], -1, 6)
        self.assertEqual(self.ask(17, "03:12"),
                         [["batch.number", "A18"], ["boiler.gas", 243], ["boiler.level", ""], ["boiler.power", 200],
                          ["boiler.temp", 99], ["mixer.level", 5], ["pump1.state", 0],
                          ["pump2.state", 2]])
        self.assertEqual(self.ask(18, "Which batch"), [["A18"]])
        self.assertEqual(self.ask(19, "batch change"),
                         [["2026-11-20T07:00:00.000Z", "A17"], ["2026-11-21T07:00:00.000Z", "A18"]])
        self.assertEqual(self.ask(22, "whole area"), [["boiler.level", 57.75], ["boiler.power", 200], ["boiler.temp", 84.5]])
        self.assertEqual(self.ask(24, "send most"),
                         [["boiler.level", 10], ["boiler.temp", 10], ["boiler.gas", 1], ["boiler.power", 1]])

    def test_each_finds_its_rows_by_keys(self):
        """The archive with its minutes and hours has the key (tag_id, ts): nothing may read one of them whole."""
        database = self.known.database
        roots = dict(database.execute("SELECT rootpage, name FROM sqlite_schema WHERE name IN ('archive', 'minute', 'hour')"))
        self.assertEqual(len(roots), 3)
        for question, sql in self.questions.values():
            program = list(database.execute("EXPLAIN " + sql))
            cursors = {p1: roots[p2] for _, code, p1, p2, *_ in program if code == "OpenRead" and p2 in roots}
            for _, code, p1, *_ in program:
                if code in ("Rewind", "Last") and p1 in cursors:
                    self.fail(f"{question}: reads the whole table {cursors[p1]}\n{sql}")


if __name__ == "__main__":
    unittest.main()
