#!/usr/bin/env python3
"""Time decoding steps of several rows on one NVIDIA GPU, sparse and dense, as the engine takes them.

    Benchmarks/gpu/unions.py --json Benchmarks/results/unions.json

Weights are random and stay on the GPU. Each row chooses neurons by chance, and the rows of a batch
together choose as many as Polar Sparsity found for OPT (`sparrow bench --shape --batch`). A table is
printed; --json keeps it for tables.py.
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "Benchmarks"))
import record  # noqa: E402

SHAPES = ["opt-6.7b", "opt-30b"]
BATCHES = [1, 2, 4, 8, 16]
COLUMNS = ["shape", "rows", "union", "step", "ms", "read", "GB/s", "of the ceiling", "times dense",
           "expected"]


def options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=SHAPES)
    parser.add_argument("--sparrow", default=str(ROOT / ".build/release/sparrow"))
    parser.add_argument("--json", metavar="FILE", help="keep the figures in FILE, for tables.py")
    return parser.parse_args()


def rows(result):
    """A result's steps as rows of the table."""
    def cells(batch, name, step, ratio, expected):
        return [result["shape"], str(batch["rows"]), f"{100 * batch['union']:.1f} %", name,
                f"{step['milliseconds']:.3f}", f"{step['bytes'] / 1e9:.2f} GB",
                f"{step['bytesPerSecond'] / 1e9:.0f}", f"{100 * step['ceilingShare']:.1f} %",
                ratio, expected]

    for batch in result["batches"]:
        yield cells(batch, "dense", batch["dense"], "1", "")
        if batch["sparse"] is None:
            yield [result["shape"], str(batch["rows"]), "", "runs dense", *[""] * 4, "1", "1"]
            continue
        parts = [name for name, count in (
            ("networks", batch["networks"]), ("heads", batch["attention"])) if count]
        yield cells(batch, "sparse " + " and ".join(parts), batch["sparse"],
                    f"{batch['speedup']:.2f}", f"{batch['expected']:.2f}")


def main():
    args = options()
    found = []
    for shape in args.only:
        command = [args.sparrow, "bench", "--shape", shape, "--json"]
        for batch in BATCHES:
            command += ["--batch", str(batch)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode:
            print(f"{shape}: {done.stderr.strip()}", file=sys.stderr)
            continue
        found.append(json.loads(done.stdout))
    table = [row for result in found for row in rows(result)]
    widths = [max(len(r[i]) for r in [COLUMNS, *table]) for i in range(len(COLUMNS))]
    for cells in [COLUMNS, *table]:
        print("  ".join(c.ljust(w) for c, w in zip(cells, widths)).rstrip())
    device = found[0]["device"] if found else "no GPU"
    record.save_table(args.json, device, COLUMNS, table, found)


if __name__ == "__main__":
    main()
