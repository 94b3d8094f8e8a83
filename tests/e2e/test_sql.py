"""hmi sql, and the examples of hmi-history(5), on a history made by the benchmark's writer."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

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


if __name__ == "__main__":
    unittest.main()
