#!/usr/bin/env python3
"""Time how fast a decoding step gathers its network's rows, by density, on one NVIDIA GPU.

    Benchmarks/gpu/gather.py --sparrow .build/release/sparrow --json Benchmarks/results/gather.json

Weights are random, and selections are given. A table is printed; --json keeps it for tables.py.
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "Benchmarks"))
import record  # noqa: E402

COLUMNS = ["density", "read", "inside a step, us", "GB/s", "of reading", "of copying",
           "alone, us", "GB/s", "of reading", "of copying"]


def row(found, line):
    cells = [f"{line['density']:.2f}", f"{line['bytes'] / 1e6:.1f} MB"]
    for seconds in (line["inside"], line["alone"]):
        rate = line["bytes"] / seconds
        cells += [f"{seconds * 1e6:.1f}", f"{rate / 1e9:.0f}"]
        cells += [f"{100 * rate / found[most]:.0f} %" for most in ("ceiling", "copies")]
    return cells


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sparrow", default=str(ROOT / ".build/release/sparrow"))
    parser.add_argument("--shape", default="opt-6.7b")
    parser.add_argument("--json", metavar="FILE", help="keep the figures in FILE, for tables.py")
    args = parser.parse_args()
    command = [args.sparrow, "bench", "--shape", args.shape, "--gather", "--json"]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    rows = [row(found, line) for line in found["rows"]]
    for cells in [COLUMNS, *rows]:
        print("  ".join(cell.rjust(12) for cell in cells))
    record.save_table(args.json, found["device"], COLUMNS, rows, found)


if __name__ == "__main__":
    main()
