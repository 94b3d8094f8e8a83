"""How much compressed recording leaves out of the demo plant's analog signals."""

import json
import os
import subprocess
import tempfile

from plumbing import TOP

SHARE = 0.005  # of each signal's range
TARGET = 10


def measure(build, options):
    """A few hours of the plant, as fast as the machine can; see compress.c."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([os.path.join(build, "compress"), "-d", str(SHARE), "-h", str(options.plant_hours),
                               os.path.join(TOP, "config", "demo.cfg"), os.path.join(folder, "history.db")],
                              check=True, stdout=subprocess.PIPE)
    found = json.loads(done.stdout)
    verdict = "met" if found["ratio"] >= TARGET else "MISSED"
    print(f"\n| compressed recording at {100 * SHARE:g} % of the range | samples came | kept | fewer | target |")
    print("|---|---|---|---|---|")
    print(f"| {found['tags']} analog signals of the demo plant, {found['hours']:g} h | {found['came']:,.0f} | "
          f"{found['kept']:,.0f} | {found['ratio']:.1f} × | ≥ {TARGET} ×: {verdict} |")
    print(f"\nThe noisiest, {found['least_tag']}: {found['least']:.1f} ×.")
