"""The command line: whoever mistypes is told what to type."""

import os
import subprocess
import tempfile
import unittest

from recorder import HMI

USAGE = 64  # EX_USAGE of sysexits.h


def hmi(*words):
    """(exit status, standard output, first line of standard error)"""
    done = subprocess.run([HMI, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout, done.stderr.split("\n")[0]


class CommandLine(unittest.TestCase):
    def check_refused(self, words, message):
        status, output, told = hmi(*words)
        self.assertEqual((status, output, told), (USAGE, "", message))

    def test_misspelt_commands_and_options(self):
        self.check_refused(["statu"], "hmi: there is no command 'statu'; did you mean status?")
        self.check_refused(["frobnicate"], "hmi: there is no command 'frobnicate'; 'hmi help' lists them")
        self.check_refused(["status", "--jsn"], "hmi status: there is no option --jsn; did you mean --json?")
        self.check_refused(["export", "--formt=csv", "a"],
                           "hmi export: there is no option --formt=csv; did you mean --format?")
        self.check_refused(["--thmee", "dark"], "hmi: there is no option --thmee; did you mean --theme?")
        self.check_refused(["tags", "-x"], "hmi tags: there is no option -x")

    def test_arguments_of_options(self):
        self.check_refused(["tags", "--config"], "hmi tags: --config needs a FILE")
        self.check_refused(["tags", "-c"], "hmi tags: --config needs a FILE")
        self.check_refused(["tags", "--json=1"], "hmi tags: '--json=1': this option takes no argument")

    def test_words_that_are_not_expected(self):
        self.check_refused(["-c", "hmi.cfg", "status"], "hmi: 'status' is not expected here: a command comes before its options (hmi COMMAND -c FILE)")
        self.check_refused(["stop", "now"], "hmi stop: what is 'now'? Only options may follow")

    def test_names_of_files_and_tags_are_safe_on_a_terminal(self):
        odd = "odd\x1b]0;x\x07\u202e\n"
        with tempfile.TemporaryDirectory() as folder:
            config, path = os.path.join(folder, "hmi.cfg"), os.path.join(folder, odd)
            with open(config, "w", encoding="utf-8") as file:
                file.write('history = { file = "history.db"; };')
            with open(path, "w", encoding="utf-8") as file:
                file.write("tag,time,value\nx,then,1\n")
            for words in (["check", path], ["check", "--history", path], ["check", "-c", path + "none"], ["export", odd],
                          ["backup", os.path.join(path, "x")], ["import", path], ["import", path + "none"], ["tags", odd],
                          ["status", "-c", path + "none"], ["set", odd, "1"], ["alarms", odd], ["sql", "-c", path + "none"]):
                given = words if "-c" in words else [words[0], "-c", config, *words[1:]]
                done = subprocess.run([HMI, *given], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
                                      check=False, env=dict(os.environ, XDG_RUNTIME_DIR=folder))
                self.assertNotEqual(done.returncode, 0, words)
                self.assertNotRegex(done.stdout + done.stderr, "[\x00-\x09\x0b-\x1f\x7f\u202e]", words)

    def test_help(self):
        status, output, _ = hmi("help")
        self.assertEqual(status, 0)
        names = [line.split()[1] for line in output.split("\n") if line.startswith("  hmi ")]
        self.assertIn("status", names)
        lines = [line for line in output.split("\n") if line.startswith("  hmi ")]
        column = lines[0].index("the console")
        for line in lines[:-2]:  # the last two are about options
            self.assertRegex(line[column - 1:], "^ [a-z]")  # no name is too long for its column
        status, output, _ = hmi("help", "status")
        self.assertEqual((status, output), (0, hmi("status", "--help")[1]))
        self.assertIn("--json", output)
        self.assertEqual(hmi("help", "nothing")[0], USAGE)


if __name__ == "__main__":
    unittest.main()
