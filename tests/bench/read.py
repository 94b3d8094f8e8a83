"""How soon the history answers: a month of a tag as a plot, an hour of samples, all tags at an instant; with one and with
ten times the history."""

import os
import subprocess
import sys
import tempfile

# What is asked, what it may take in ms, and the file that it is asked of.
QUESTIONS = [
    ("days-cold", "30 days at 1 Hz, 200 columns, file not in cache", 30, "long"),
    ("days", "the same, file in cache", None, "long"),
    ("days-raw-cold", "the same from samples, file not in cache", None, "long"),
    ("hour-plot", "one hour at 1 Hz, 200 columns, fresh part included", 10, "wide"),
    ("hour-samples", "the samples of that hour", 10, "wide"),
    ("at-archived", "10,000 tags at an instant in the archive", 300, "wide"),
    ("at-fresh", "10,000 tags at an instant in the fresh part", 300, "wide"),
    ("at-now", "10,000 tags now", 300, "wide"),
]
GROWTH = 1.3
LEAST_RATIO = 50

# Growth is told of what a question costs, processor time and pages: on the clock other programs and the disk count, too.
# Below these it is noise.
NOISE_MS = 2
NOISE_PAGES = 10


def ask(build, kind, times):
    print(f"reading: {kind} file, {times} × ...", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="hmi-bench-", dir=build) as folder:
        lines = subprocess.run([os.path.join(build, "read"), "-x", str(times), kind, folder], check=True, text=True,
                               stdout=subprocess.PIPE).stdout.splitlines()
    return {name: tuple(map(float, figures)) for name, *figures in (line.split() for line in lines)}


def verdict(good):
    return "" if good else ", MISSED"


def growth(once, tenfold, noise, wanted):
    times = tenfold / once if once else 1
    within = times <= GROWTH or tenfold < noise
    return f"{times:.2f}" + (f" (target ≤ {GROWTH}{verdict(within)})" if wanted else "")


def measure(build, options):
    answers = {times: {**ask(build, "long", times), **ask(build, "wide", times)} for times in (1, 10)}
    print("\nReading the history: medians, ms\n")
    print("| question | ms | 10 × the history | CPU ms | 10 × | growth | pages read | 10 × | growth |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name, text, most_ms, _ in QUESTIONS:
        (once, cpu, pages), (tenfold, tenfold_cpu, tenfold_pages) = answers[1][name], answers[10][name]
        target = f" (target ≤ {most_ms}{verdict(once <= most_ms)})" if most_ms else ""
        print(f"| {text} | {once:.1f}{target} | {tenfold:.1f} | {cpu:.1f} | {tenfold_cpu:.1f} |"
              f" {growth(cpu, tenfold_cpu, NOISE_MS, most_ms)} | {pages:.0f} | {tenfold_pages:.0f} |"
              f" {growth(pages, tenfold_pages, NOISE_PAGES, most_ms)} |")
    ratio = answers[1]["days-raw-cold"][0] / answers[1]["days-cold"][0]
    print(f"\nA month as a plot is {ratio:.0f} × faster than from its samples"
          f" (target ≥ {LEAST_RATIO}{verdict(ratio >= LEAST_RATIO)}).", flush=True)
