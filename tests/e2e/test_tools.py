"""The tools of the tests themselves: counting of results, and the layers' check against forged includes."""

import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def load(name, file):
    loader = importlib.machinery.SourceFileLoader(name, os.path.join(TESTS, file))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


layers = load("layers", "layers.py")
run = load("run", "run")

FORGED = """build/src/plant/tag.o: src/plant/tag.c /usr/include/stdc-predef.h \\
 src/plant/tag.h src/base/err.h {header} \\
 /usr/include/string.h
src/plant/tag.h:
"""


class LayersTest(unittest.TestCase):
    def faults(self, header):
        return layers.faults_of(*layers.read_dependencies(FORGED.format(header=header)))

    def test_what_is_allowed(self):
        self.assertEqual(self.faults("src/base/buf.h"), [])
        self.assertEqual(self.faults("build/gen/schema.sql.inc"), [])
        self.assertEqual(self.faults("/usr/include/math.h"), [])

    def test_forged_arrows(self):
        for header in ("src/wire/wire.h", "src/recorder/mqtt.h", "db/history.h", "config/config.h", "ui/app.h",
                       "src/cli/main.h", "src/base/../wire/wire.h"):
            self.assertEqual(len(self.faults(header)), 1, header)

    def test_forged_owners(self):
        for header in layers.OWNERS:
            self.assertEqual(len(self.faults(f"/usr/include/{header}")), 1, header)

    def test_owners_may(self):
        self.assertEqual(layers.faults_of("src/recorder/mqtt.c", ["/usr/include/mosquitto.h"]), [])
        self.assertEqual(layers.faults_of("src/plant/json.c", ["/usr/include/cjson/cJSON.h"]), [])
        self.assertEqual(len(layers.faults_of("src/recorder/loop.c", ["/usr/include/mosquitto.h"])), 1)

    def test_the_door_to_the_queries(self):
        self.assertEqual(layers.faults_of("ui/screens/trend.c", ["db/query.h"]), [])
        self.assertEqual(len(layers.faults_of("ui/screens/trend.c", ["db/history.h"])), 1)

    def test_a_file_of_no_room(self):
        self.assertEqual(len(layers.faults_of("extra/file.c", [])), 1)

    def test_the_program_fails_on_a_forged_file(self):
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, "src/base"))
            with open(os.path.join(folder, "src/base/err.d"), "w") as file:
                file.write("build/src/base/err.o: src/base/err.c src/base/err.h ui/app.h\n")
            done = subprocess.run([sys.executable, os.path.join(TESTS, "layers.py"), folder],
                                  cwd=os.path.dirname(TESTS), capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn("src/base/err.c sees ui/app.h", done.stdout)


class RunTest(unittest.TestCase):
    def test_help_runs_nothing(self):
        for option, status in (("--help", 0), ("-h", 0), ("--bench", 1)):
            done = subprocess.run([sys.executable, os.path.join(TESTS, "run"), option], capture_output=True, text=True,
                                  timeout=60)
            self.assertEqual((done.returncode, (done.stdout + done.stderr).strip()), (status, run.__doc__.strip()))


class CountTest(unittest.TestCase):
    def test_tap(self):
        self.assertEqual(run.count_tap("1..3\nok 1 - a\nnot ok 2 - b\nok 3 # SKIP c\n"), (1, 1, 1))
        self.assertEqual(run.count_tap("1..3\nok 1 - a\nnot ok 2 # SKIP b\n"), (1, 1, 1))
        self.assertEqual(run.count_tap("1..3\nok 1 - a\n"), (1, 2, 0))

    def test_unittest(self):
        self.assertEqual(run.count_unittest("\nRan 5 tests in 0.1s\n\nOK\n"), (5, 0, 0))
        self.assertEqual(run.count_unittest("\nRan 5 tests in 0.1s\n\nOK (skipped=2)\n"), (3, 0, 2))
        self.assertEqual(
            run.count_unittest("\nRan 7 tests in 1s\n\nFAILED (failures=1, errors=2, skipped=1)\n"), (3, 3, 1))
        self.assertEqual(run.count_unittest("Segmentation fault\n"), (0, 1, 0))

    def test_a_crash_is_a_failure(self):
        result = run.run_program("crash", ["/bin/sh", "-c", "echo 1..1; echo ok 1 - a; kill -SEGV $$"], run.count_tap,
                                 dict(os.environ), TESTS)
        self.assertEqual((result.passed, result.failed), (1, 1))


if __name__ == "__main__":
    unittest.main()
