"""hmi import: back-filling from CSV, as often as one likes, with what is wrong told by its line."""

import os
import random
import re
import subprocess
import unittest

from broker import Broker
from known import BAD, UNCERTAIN, Known, at
from publisher import mosquitto_pub
from recorder import HMI, Recorder
from scene import wait_live

ALL = "SELECT tag, ts, hex(CAST(value AS BLOB)), typeof(value), quality FROM history ORDER BY tag, ts, 3, 4, 5"


class ImportTest(unittest.TestCase):
    def setUp(self):
        self.known = Known(timezone="Europe/Vienna")
        self.addCleanup(self.known.close)
        self.keep_days(0)

    def keep_days(self, days):
        """Writes history.keep_days into the configuration, whatever it said before."""
        with open(self.known.config_path, encoding="utf-8") as file:
            text = file.read()
        text = re.sub(r'"history\.db";( keep_days = \d+;)?', f'"history.db"; keep_days = {days};', text)
        with open(self.known.config_path, "w", encoding="utf-8") as file:
            file.write(text)

    def write(self, text, name="in.csv"):
        path = os.path.join(self.known.folder, name)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return path

    def load(self, path, *options, expected=0, known=None):
        status, output, errors = (known or self.known).hmi("import", path, *options)
        self.assertEqual(status, expected, output + errors)
        return output.split(": ", 1)[-1].strip(), errors

    def rows(self, query=ALL, known=None):
        done = subprocess.run(["sqlite3", "-readonly", (known or self.known).history_path, query], capture_output=True,
                              text=True, check=True, timeout=60)
        return done.stdout.splitlines()

    def test_tags_of_the_configuration_are_known_before_they_are_heard(self):
        """A plant is configured, years come from another historian, then the recorder starts: one tag, one history."""
        with Broker() as broker:
            with Recorder(broker, config='tags = ( { name = "boiler.temp"; topic = "plant/temp"; path = "value"; unit = "°C"; } );',
                          start=False) as recorder:
                path = os.path.join(recorder.folder, "in.csv")
                with open(path, "w") as file:
                    file.write("tag,time,value\r\nboiler.temp,2026-11-20T00:00:00Z,81\r\nboiler.tmp,2026-11-20T00:00:00Z,9\r\n")
                status, output, errors = recorder.hmi("import", path)
                self.assertEqual(status, 65)
                self.assertIn("1 sample stored, 0 there already, 1 refused; 1 tag made", output)
                self.assertIn("in.csv:3: there is no tag 'boiler.tmp'", errors)
                recorder.start()
                wait_live(recorder)
                mosquitto_pub(broker, "plant/temp", '{"value": 82}')
                recorder.wait_value("SELECT count(*) FROM history", 2)
                self.assertEqual(recorder.sql("SELECT tag, topic, path, unit FROM tags"),
                                 [["boiler.temp", "plant/temp", "value", "°C"]])
                self.assertEqual(recorder.sql("SELECT value FROM history ORDER BY ts"), [["81.0"], ["82.0"]])

    def test_a_tag_that_was_discovered_and_is_named_now_keeps_its_history(self):
        with Broker() as broker:
            with Recorder(broker) as recorder:
                wait_live(recorder)
                mosquitto_pub(broker, "plant/temp", "80")
                recorder.wait_value("SELECT count(*) FROM history", 1)
                recorder.stop()
                with open(recorder.config_path, "a") as file:
                    file.write('tags = ( { name = "boiler.temp"; topic = "plant/temp"; } );\n')
                path = os.path.join(recorder.folder, "in.csv")
                with open(path, "w") as file:
                    file.write("tag,time,value\r\nboiler.temp,2026-11-20T00:00:00Z,81\r\n")
                status, output, errors = recorder.hmi("import", path)
                self.assertEqual(status, 0, output + errors)
                self.assertNotIn("tag made", output)
                recorder.start()
                recorder.wait_value("SELECT count(*) FROM history WHERE tag = 'boiler.temp' AND value IN (80, 81)", 2)

    def test_export_and_import_give_the_same_history(self):
        """Random samples of all kinds, many with one stamp, come out of another history as they went in."""
        known, order = self.known, random.Random(4)
        for name, kind in (("analog", "analog"), ("text", "text"), ('odd "name", [0]', "analog")):
            known.tag(name, kind=kind)
            rows = {}
            for _ in range(3000):
                ts = at("2026-03-29T00:00Z") + order.randrange(4000) * 500_000 + order.choice((0, 0, 1, 7))
                value = order.choice((order.random() * 10 ** order.randrange(-300, 300), order.randrange(100), None))
                if kind == "text":
                    value = order.choice(("007", "7", "", 'a "b",\r\nc', " x ", "Tür", None))
                rows[ts] = (value, order.choice((0, 0, 0, UNCERTAIN, BAD, 0x408F0000)))
            known.samples(name, [(ts, *row) for ts, row in rows.items()])
        path = os.path.join(known.folder, "all.csv")
        self.assertEqual(known.hmi("export", "*", "-o", path)[0], 0)
        total = len(self.rows())
        other = Known()
        self.addCleanup(other.close)
        other.tag("text", kind="text")  # a tag's kind says whether "7" is one
        self.assertEqual(self.load(path, "--create", known=other)[0],
                         f"{total} samples stored, 0 there already, 0 refused; 2 tags made")
        self.assertEqual(self.rows(known=other), self.rows())
        self.assertEqual(self.load(path, known=other)[0], f"0 samples stored, {total} there already, 0 refused")
        self.assertEqual(self.load(path)[0], f"0 samples stored, {total} there already, 0 refused")
        self.assertEqual(self.rows(known=other), self.rows())
        self.assertEqual(other.hmi("check", "--full")[0], 0)

    def test_more_than_one_batch_and_the_merge(self):
        count = 150_000
        path = self.write("tag,ts,value\n" + "".join(
            f"t{i % 3},{at('2026-01-01T00:00Z') + i * 100_000},{i}\n" for i in range(count)))
        self.assertEqual(self.load(path, "--create")[0],
                         f"{count} samples stored, 0 there already, 0 refused; 3 tags made")
        self.assertNotEqual(self.rows("SELECT count(*) FROM archive"), ["0"])
        self.assertEqual(self.rows("SELECT count(*), count(DISTINCT value), sum(value) FROM history"),
                         [f"{count}|{count}|{count * (count - 1) / 2}"])
        self.assertEqual(self.rows("SELECT sum(n) FROM history_minute WHERE tag = 't0'"), ["50000"])
        self.assertEqual(self.load(path)[0], f"0 samples stored, {count} there already, 0 refused")
        self.assertEqual(self.rows("SELECT count(*) FROM history"), [str(count)])
        self.assertEqual(self.known.hmi("check", "--full")[0], 0)

    def test_what_the_recording_policy_leaves_out(self):
        """Merged samples of which the archive kept few are not counted again."""
        known, start = self.known, at("2026-01-01T00:00Z")
        known.tag("steps", record="change")
        known.tag("line", record="compressed")
        known.database.execute("UPDATE tag SET deviation = 0.5 WHERE name = 'line'")
        known.database.commit()
        path = self.write("tag,ts,value\n" + "".join(
            f"steps,{start + i * 1_000_000},{i // 1000}\nline,{start + i * 1_000_000},{abs(i % 2000 - 1000)}\n"
            for i in range(20_000)))
        self.assertEqual(self.load(path)[0], "40000 samples stored, 0 there already, 0 refused")
        self.assertLess(int(self.rows("SELECT count(*) FROM archive")[0]), 200)
        counted = "SELECT tag, sum(n) FROM history_minute WHERE tag IN ('steps', 'line') GROUP BY tag"
        self.assertEqual(self.rows(counted), ["line|20000", "steps|20000"])
        told = self.load(path)[0]
        self.assertEqual(told, "0 samples stored, 40000 there already, 0 refused")
        self.assertEqual(self.rows(counted), ["line|20000", "steps|20000"])
        # What differs is stored; across a gap nothing is taken as told.
        known.gap(start + 100_200_000, start + 100_800_000)
        other = self.write(f"tag,ts,value\nsteps,{start + 1_500_000},7\nsteps,{start + 100_500_000},0\n"
                           f"steps,{start + 1_050_500_000},1\n", "other.csv")
        self.assertEqual(self.load(other)[0], "2 samples stored, 1 there already, 0 refused")

    def test_several_values_at_one_stamp(self):
        path = self.write("tag,time,value\n" + "x,2026-01-01T00:00:00Z,1\n" + "x,2026-01-01T00:00:00Z,2\n" +
                          "x,2026-01-01T00:00:00Z,1\n" * 2 + "x,2026-01-01T00:00:00.5Z,1\n")
        self.assertEqual(self.load(path, "--create")[0], "4 samples stored, 1 there already, 0 refused; 1 tag made")
        self.assertEqual(self.rows("SELECT value FROM history ORDER BY ts, value"), ["1.0", "1.0", "2.0", "1.0"])
        for _ in range(2):
            self.assertEqual(self.load(path)[0], "0 samples stored, 5 there already, 0 refused")

    def test_times_that_come_twice(self):
        """Whatever stands before them they are the first ones, so that parts of a file give the same as all of it."""
        self.known.tag("a")
        text = "tag,time,value\na,2026-10-25 02:00,1\na,2026-10-25 02:30,2\n"
        told, errors = self.load(self.write(text))
        self.assertTrue(told.startswith("2 samples stored"))
        self.assertIn("in.csv: 2 rows have a time that the plant's clock shows twice, and were taken for the first", errors)
        text = "tag,time,value\na,2026-11-22 02:00,3\na,2026-10-25 02:30,2\na,2026-10-25 02:30+01:00,4\n"
        told, errors = self.load(self.write(text))
        self.assertTrue(told.startswith("2 samples stored, 1 there already"), told)
        self.assertIn("1 row has a time", errors)
        self.assertEqual(self.rows("SELECT time, value FROM history ORDER BY ts"),
                         ["2026-10-25T00:00:00.000Z|1.0", "2026-10-25T00:30:00.000Z|2.0", "2026-10-25T01:30:00.000Z|4.0",
                          "2026-11-22T01:00:00.000Z|3.0"])

    def test_columns_of_tags(self):
        self.known.tag("a")
        self.known.tag("b")
        path = self.write("\ufeffTime;a;b\r\n2026-07-01 12:00;1.5;\r\n2026-07-01 12:01;;2\r\n", "wide.csv")
        self.assertEqual(self.load(path, "--separator", ";")[0], "2 samples stored, 0 there already, 0 refused")
        self.assertEqual(self.rows("SELECT tag, time, value FROM history ORDER BY ts"),
                         ["a|2026-07-01T10:00:00.000Z|1.5", "b|2026-07-01T10:01:00.000Z|2.0"])  # the plant's clock

    def test_what_is_wrong_is_told_by_its_line(self):
        self.known.tag("a")
        path = self.write('tag,time,value,quality,unit\na,2026-01-01T00:00Z,1,0,m\na,yesterday,1,0,m\n'
                          'a,2026-01-01T00:01Z,nan,0,m\na,2026-01-01T00:02Z,1,fair,m\na,2026-01-01T00:03Z,1\n'
                          '"a"x,2026-01-01T00:03Z,1,0,m\nnew,2026-01-01T00:04Z,1,0,m\nnew,2026-01-01T00:05Z,1,0,m\n'
                          'a,2096-01-01T00:05Z,1,0,m\n,2026-01-01T00:05Z,1,0,m\na,2026-01-01T00:06Z,6,bad,m\n')
        told, errors = self.load(path, expected=65)
        self.assertEqual(told, "2 samples stored, 0 there already, 9 refused")
        self.assertEqual([line.split(":")[1] for line in errors.splitlines()[:-1]], list("34567") + ["8", "10", "11"])
        self.assertEqual(errors.splitlines()[-1], f"{path}: and 1 more row of 'new'")
        for text in ("no time such as", "not a finite number", "no quality", "3 fields, where the first line has 5",
                     "behind a closing quote", "no tag 'new'; --create", "in the future", "name of the tag is missing"):
            self.assertIn(text, errors)
        self.assertEqual(self.rows("SELECT value, quality FROM history"), ["1.0|0", f"6.0|{BAD}"])

    def test_what_is_wrong_with_the_names_of_the_columns(self):
        for head, cause in (("tag;time;value", "Is the separator right (--separator)?"),
                            ("Zeit,boiler.temp", "here none is called 'time', and the first one 'Zeit'"),
                            ("tag,time", "here is a column of tags, but none of values")):
            _, errors = self.load(self.write(head + "\na,b,c\n"), expected=65)
            self.assertIn(cause, errors)

    def test_messages_are_bounded_and_every_refused_row_is_counted(self):
        self.known.tag("a")
        bad = "".join(f"a,yesterday,{i}\n" for i in range(25))
        path = self.write("tag,time,value\n" + "x,2026-01-01T00:00Z,1\ny,2026-01-01T00:00Z,1\n" * 3 + bad)
        told, errors = self.load(path, expected=65)
        self.assertEqual(told, "0 samples stored, 0 there already, 31 refused")
        lines = errors.splitlines()
        self.assertEqual([line.split(":")[1] for line in lines[:20]], ["2", "3"] + [str(8 + i) for i in range(18)])
        self.assertEqual(lines[20:], [f"{path}: and 2 more rows of 'x'", f"{path}: and 2 more rows of 'y'",
                                      f"{path}: and 7 more refused"])

    def test_a_text_is_no_value_of_a_tag_of_numbers(self):
        known = self.known
        known.tag("tank.level")
        known.tag("pump", kind="discrete", states=((0, "STOPPED"), (1, "RUNNING")))
        known.tag("valve", kind="discrete")
        known.tag("note", kind="text")
        rows = ("tank.level,{},BLAH", 'tank.level,{},"5,5"', 'tank.level,{},"nan"', "tank.level,{},on", "pump,{},HALTED",
                "tank.level,{},7", 'tank.level,{},"7.5"', 'tank.level,{},""', "pump,{},running", "pump,{},Stopped", "pump,{},true",
                "valve,{},Off", "valve,{},yes", "valve,{},1", "note,{},BLAH", 'note,{},"nan"', 'note,{},"5"')
        path = self.write("tag,time,value\n" + "".join(
            row.format(f"2026-01-01T00:{i:02}Z") + "\n" for i, row in enumerate(rows)))
        told, errors = self.load(path, expected=65)
        self.assertEqual(told, "12 samples stored, 0 there already, 5 refused")
        self.assertEqual([line.removeprefix(path) for line in errors.splitlines()], [
            ":2: 'BLAH' is no value of 'tank.level': a tag of kind analog takes a number",
            ":3: '5,5' is no value of 'tank.level': a tag of kind analog takes a number with a point, not a comma",
            ":4: 'nan' is no value of 'tank.level': a tag of kind analog takes a number",
            ":5: 'on' is no value of 'tank.level': a tag of kind analog takes a number",
            ":6: 'HALTED' is no value of 'pump': a tag of kind discrete takes a number or the text of one of its states"])
        self.assertEqual(self.rows("SELECT tag, value, typeof(value) FROM history ORDER BY ts"), [
            "tank.level|7.0|real", "tank.level|7.5|real", "tank.level||null", "pump|1.0|real", "pump|0.0|real",
            "pump|1.0|real", "valve|0.0|real", "valve|1.0|real", "valve|1.0|real", "note|BLAH|text", "note|nan|text",
            "note|5|text"])
        self.assertEqual(self.load(path, expected=65)[0], "0 samples stored, 12 there already, 5 refused")

    def test_the_configuration_says_what_a_tag_takes(self):
        """Its states and kinds are known before the recorder heard anything; what it leaves open the first value tells."""
        with open(self.known.config_path, "a", encoding="utf-8") as file:
            file.write('tags = ( { name = "pump"; topic = "p"; states = ( (0, "STOP"), (2, "RUN") ); },'
                       ' { name = "level"; topic = "l"; range = [0.0, 10.0]; }, { name = "open"; topic = "o"; } );\n')
        path = self.write("tag,time,value\npump,2026-01-01T00:00Z,run\nlevel,2026-01-01T00:00Z,high\n"
                          "level,2026-01-01T00:01Z,5\nopen,2026-01-01T00:00Z,\nopen,2026-01-01T00:01Z,high\n")
        told, errors = self.load(path, expected=65)
        self.assertEqual(told, "4 samples stored, 0 there already, 1 refused; 3 tags made")
        self.assertIn(":3: 'high' is no value of 'level'", errors)
        self.assertEqual(self.rows("SELECT h.tag, h.value, kind FROM history h JOIN tags USING (tag) ORDER BY h.ts, h.tag"),
                         ["open||text", "pump|2.0|discrete", "level|5.0|analog", "open|high|text"])

    def test_new_tags_are_what_their_first_value_is(self):
        path = self.write("tag,time,value\n" + "".join(f"{name},2026-01-01T00:{i:02}Z,{value}\n" for name, values in (
            ("text", ("", "ready", "BLAH")), ("number", ("1", "BLAH")), ("switch", ("on", "off", "BLAH")),
            ("words", ('"on"', "BLAH"))) for i, value in enumerate(values)))
        told, errors = self.load(path, "--create", expected=65)
        self.assertEqual(told, "8 samples stored, 0 there already, 2 refused; 4 tags made")
        self.assertIn("no value of 'number'", errors)
        self.assertIn("no value of 'switch'", errors)
        self.assertEqual(self.rows("SELECT tag, kind FROM tags ORDER BY tag"),
                         ["number|analog", "switch|discrete", "text|text", "words|text"])

    def test_a_discovered_tag_that_changed_its_kind_comes_back(self):
        """Its texts are in the history already, and may be more of them; what it exports can be imported again."""
        self.known.tag("mixed")
        self.known.samples("mixed", [(at("2026-01-01T00:00Z"), 1.5), (at("2026-01-01T00:01Z"), "ERR"),
                                     (at("2026-01-01T00:02Z"), ""), (at("2026-01-01T00:03Z"), 2.5)])
        path = os.path.join(self.known.folder, "mixed.csv")
        self.assertEqual(self.known.hmi("export", "mixed", "-o", path)[0], 0)
        self.assertEqual(self.load(path)[0], "0 samples stored, 4 there already, 0 refused")

    def test_what_is_older_than_the_history_keeps_is_told(self):
        self.known.tag("a")
        path = self.write("tag,time,value\na,2001-01-01T00:00Z,1\na,2001-01-02T00:00Z,2\n")
        self.keep_days(400)
        told, errors = self.load(path)
        self.assertEqual(told, "2 samples stored, 0 there already, 0 refused")
        self.assertEqual(errors, f"{path}: 2 of these samples are older than history.keep_days (400), and the recorder "
                                 "deletes what is older within hours: raise keep_days before you start it, to keep them\n")
        self.assertEqual(self.load(path)[1], "")  # nothing more was stored
        self.keep_days(0)
        self.assertEqual(self.load(self.write("tag,time,value\na,2001-01-03T00:00Z,1\n"))[1], "")

    def test_figures_of_intervals_are_no_samples(self):
        known = self.known
        known.tag("a")
        known.samples("a", [(at("2026-01-01T00:00Z") + i * 60_000_000, i) for i in range(60)])
        known.alive(at("2026-01-01T01:00Z"))
        path = os.path.join(known.folder, "figures.csv")
        self.assertEqual(known.hmi("export", "a", "--every", "15m", "--to", "2026-01-01T01:00Z", "-o", path)[0], 0)
        for options in ((), ("--create",)):
            status, output, errors = known.hmi("import", path, *options)
            self.assertEqual((status, output), (65, ""))
            self.assertIn(f"{path}:1: the column 'a avg' holds figures of intervals", errors)
        states = os.path.join(known.folder, "states.csv")
        self.assertEqual(known.hmi("export", "a", "--every", "15m", "-a", "in:7", "--to", "2026-01-01T01:00Z", "-o", states)[0], 0)
        self.assertIn("the column 'a in:7' holds figures of intervals", known.hmi("import", states, "--create")[2])
        known.tag("a avg")  # unless a tag has that very name
        self.assertEqual(self.load(path)[0], "4 samples stored, 0 there already, 0 refused")

    def test_dry_run_and_wrong_calls(self):
        path = self.write("tag,time,value\nnew,2026-01-01T00:04Z,1\n")
        self.assertEqual(self.load(path, "--create", "--dry-run")[0],
                         "1 sample to be stored, 0 there already, 0 refused; 1 tag to be made")
        self.assertEqual(self.rows("SELECT count(*) FROM tags"), ["0"])
        self.assertIn("names the columns", self.load(self.write("a,b\n1,2\n"), expected=65)[1])
        self.assertIn("there is none", self.load(self.write(""), expected=65)[1])
        self.assertIn("No such file", self.load("/nonexistent.csv", expected=66)[1])
        self.load(path, "--separator", "xx", expected=64)

    def test_one_writer_only(self):
        with Broker() as broker, Recorder(broker) as recorder:
            wait_live(recorder)
            mosquitto_pub(broker, "plant/x", "17")
            recorder.wait_value("SELECT count(*) FROM history", 1)
            path = self.write("tag,time,value\nplant/x,2026-01-01T00:00Z,5\n")
            status, output, errors = recorder.hmi("import", path)
            self.assertEqual((status, output), (75, ""))
            self.assertIn(f"a recorder (process {recorder.process.pid}) is writing", errors)
            recorder.stop()
            alive = recorder.value("SELECT value FROM meta WHERE key = 'alive_us'")
            status, output, errors = recorder.hmi("import", path)
            self.assertEqual(status, 0, output + errors)
            # The stop goes on: the import is no proof of life.
            self.assertEqual(recorder.value("SELECT value FROM meta WHERE key = 'alive_us'"), alive)
            recorder.start()
            self.assertEqual(recorder.sql("SELECT value FROM history ORDER BY ts"), [["5.0"], ["17.0"]])
            self.assertEqual(recorder.value("SELECT value FROM latest"), "17.0")
            mosquitto_pub(broker, "plant/x", "18")
            recorder.wait_value("SELECT count(*) FROM history", 3)

    def test_interrupted_and_done_again(self):
        path = self.write("tag,ts,value\n" + "".join(f"t,{10 ** 15 + i * 1000},{i}\n" for i in range(400_000)))
        process = subprocess.Popen([HMI, "import", "-c", self.known.config_path, "--create", path],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while self.rows("SELECT count(*) FROM tag") == ["0"] and process.poll() is None:
            pass
        process.terminate()
        process.communicate(timeout=60)
        before = int(self.rows("SELECT count(*) FROM history")[0])
        told = self.load(path)[0]
        self.assertEqual(told, f"{400_000 - before} samples stored, {before} there already, 0 refused")
        self.assertEqual(self.rows("SELECT count(*), sum(value) FROM history"), [f"400000|{400_000 * 399_999 / 2}"])


if __name__ == "__main__":
    unittest.main()
