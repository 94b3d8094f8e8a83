"""hmi sql, and the examples of hmi-history(5), on a history made by the benchmark's writer."""

import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

from console import Console, hmi_path

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("HMI_BUILD", os.path.join(TOP, "build")))


class SqlTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="hmi-sql-")
        cls.history = os.path.join(cls.folder, "plant.db")
        subprocess.run([os.path.join(BUILD, "append"), "-k", "-t", "10", "-s", "3", cls.history], check=True,
                       stdout=subprocess.DEVNULL)
        cls.config = os.path.join(cls.folder, "hmi.cfg")
        with open(cls.config, "w", encoding="utf-8") as file:
            file.write('broker = { host = "localhost"; };\nhistory = { file = "plant.db"; };\n')

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def sql(self, *arguments, environment=None, given=None):
        return subprocess.run([os.path.join(BUILD, "hmi"), "sql", *arguments], capture_output=True, text=True,
                              timeout=60, env=environment or dict(os.environ), input=given or "")

    def test_one_query_with_headers(self):
        done = self.sql("-c", self.config, "SELECT count(*) AS n, min(tag) AS first FROM history")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "n|first\n30|plant/area1/device1/value\n", ""))

    def test_rows_for_spreadsheets_and_programs(self):
        sql = "SELECT 1 AS one, 'a \"b\", c' AS words"
        done = self.sql("-c", self.config, "--csv", sql)
        self.assertEqual((done.returncode, done.stdout.split("\n")[:2]), (0, ["one,words", '1,"a ""b"", c"']))
        done = self.sql("-c", self.config, "--json", sql)
        self.assertEqual((done.returncode, json.loads(done.stdout)), (0, [{"one": 1, "words": 'a "b", c'}]))

    def test_queries_from_standard_input(self):
        done = self.sql("-c", self.config, given="SELECT count(*) AS n FROM tags;\nSELECT count(*) AS m FROM gap;\n")
        self.assertEqual((done.returncode, done.stdout), (0, "n\n10\nm\n0\n"))

    def test_nothing_can_be_changed(self):
        done = self.sql("-c", self.config, "DELETE FROM tag")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("readonly", done.stderr)
        self.assertEqual(self.sql("-c", self.config, "SELECT count(*) AS n FROM tags").stdout, "n\n10\n")

    def test_without_the_program(self):
        done = self.sql("-c", self.config, "SELECT 1", environment={**os.environ, "PATH": self.folder})
        self.assertEqual(done.returncode, 69)
        self.assertIn("apt install sqlite3", done.stderr)

    def test_without_a_history(self):
        other = os.path.join(self.folder, "other.cfg")
        with open(other, "w", encoding="utf-8") as file:
            file.write('broker = { host = "localhost"; };\nhistory = { file = "none.db"; };\n')
        done = self.sql("-c", other, "SELECT 1")
        self.assertEqual(done.returncode, 66)
        self.assertIn("none.db", done.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "none.db")))

    def test_wrong_calls(self):
        self.assertEqual(self.sql("-c", self.config, "SELECT 1", "SELECT 2").returncode, 64)
        self.assertEqual(self.sql("-c", os.path.join(self.folder, "missing.cfg")).returncode, 66)
        self.assertEqual(self.sql("--wrong").returncode, 64)

    def test_examples_of_the_manual(self):
        with open(os.path.join(TOP, "db", "hmi-history.5"), encoding="utf-8") as file:
            examples = re.findall(r"^\.EX\n(.*?)^\.EE$", file.read(), re.MULTILINE | re.DOTALL)
        self.assertGreaterEqual(len(examples), 5)
        for example in examples:
            done = self.sql("-c", self.config, example.replace("\\-", "-"))
            self.assertEqual((done.returncode, done.stderr), (0, ""), example)


HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202etluaf\u009b31m\r"


class SqlOnATerminal(unittest.TestCase):
    """Texts of the plant hold whatever they like; a terminal sees none of it, a pipe all."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hmi-sql-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.config = os.path.join(self.folder, "hmi.cfg")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write('broker = { host = "localhost"; };\nhistory = { file = "plant.db"; };\n')
        with contextlib.closing(sqlite3.connect(os.path.join(self.folder, "plant.db"))) as history:
            history.execute("CREATE TABLE t (n, text)")
            history.execute("INSERT INTO t VALUES (1, ?)", (HOSTILE + "end",))
            history.execute("INSERT INTO t VALUES (2, ?)", ("ü" * 100000 + "z",))
            history.commit()

    def command(self, *arguments):
        return [hmi_path(), "sql", "-c", self.config, *arguments]

    def test_a_pipe_gets_it_as_it_is(self):
        done = subprocess.run(self.command("SELECT text FROM t WHERE n = 1"), capture_output=True, timeout=60, check=True)
        self.assertIn(HOSTILE.encode(), done.stdout)

    def test_a_query(self):
        with Console(self.command("SELECT text || char(9) || 'x' AS c FROM t WHERE n = 1")) as console:
            self.assertEqual(console.wait_end(), 0)
            console.wait("end")
            console.scan()
            self.assertRegex(console.text(), r"(?s)^c *\n-+ *\n.*owned.*tluaf.*31m.*end *x")
            self.assertNotIn("owned", console.screen()["title"])

    def test_long_lines(self):
        with Console(self.command("SELECT text FROM t WHERE n = 2")) as console:
            self.assertEqual(console.wait_end(), 0)
            console.scan()
            self.assertRegex(console.text(), "ü{80}\nz")
            self.assertNotIn("\ufffd", console.text())

    def test_a_mistake(self):
        with Console(self.command("SELECT missing")) as console:
            self.assertNotEqual(console.wait_end(), 0)
            console.wait("no such column: missing")

    def test_talking(self):
        with Console(self.command()) as console:
            console.wait("hmi sql>")
            console.type("SELECT n + 10 AS sum,")
            console.key("Enter")
            console.wait("   ...>")
            console.type("text FROM t WHERE n = 1;")
            console.key("Enter")
            console.wait_re("^11$")
            console.wait_re("^ +end$")
            console.type("SELECT missing;")
            console.key("Enter")
            console.wait("no such column: missing")
            console.type(".mode list")
            console.key("Enter")
            console.type("SELECT 'a;b', n FROM t WHERE n < 2;")
            console.key("Enter")
            console.wait_re("^a;b[|]1")
            console.type("SELECT text FROM t WHERE n = 1;")
            console.key("Enter")
            console.wait("\ufffd]0;owned\ufffd\ufffd[2J\ufffdtluaf\ufffd31m\ufffdend")
            console.type(".output /dev/null")
            console.key("Enter")
            console.type("SELECT 99;")
            console.key("Enter")
            console.scan()
            console.type(".quit")
            console.key("Enter")
            self.assertEqual(console.wait_end(), 0)
            self.assertNotIn("over-", console.text())

    def test_the_end_of_the_input_ends_it(self):
        with Console(self.command()) as console:
            console.wait("hmi sql>")
            console.key("C-d")
            self.assertEqual(console.wait_end(), 0)


if __name__ == "__main__":
    unittest.main()
