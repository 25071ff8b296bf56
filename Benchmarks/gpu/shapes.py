#!/usr/bin/env python3
"""Time decoding steps of well-known shapes on one NVIDIA GPU, ours and PyTorch's, in one run.

    pip install torch transformers
    Benchmarks/gpu/shapes.py --sparrow .build/release/sparrow --json Benchmarks/results/shapes.json
    Benchmarks/gpu/shapes.py --only opt-6.7b hire-1b --without torch

Weights are random and stay on the GPU; which neurons are touched is planted at the density that is
asked for. `sparrow bench --shape` times our steps and says how fast the GPU reads. Beside them stand
PyTorch's linear layers alone, captured in a CUDA graph, and Hugging Face's model, eager and, with
--compile, compiled over a static cache. A table is printed; --json keeps it for tables.py.
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

import peers

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "Benchmarks"))
import record  # noqa: E402

DEJA_VU = ["--density", "0.1", "--heads", "0.42"]
LTE = ["--density", "0.5", "--predictor", "router", "--group", "32"]
HIRE = ["--density", "0.11", "--predictor", "sketch", "--sparse-head"]
RANK = {rank: [*DEJA_VU, "--rank", str(rank)] for rank in (1024, 256)}
PREDICTED = [("Deja Vu, rank 1024", RANK[1024]),
             ("Deja Vu, rank 1024 in 8 bits", [*RANK[1024], "--predictor-format", "q8_0"]),
             ("Deja Vu, rank 256", RANK[256])]
STEPS = {
    "opt-6.7b": [*PREDICTED, ("selections given", [*DEJA_VU, "--predictor", "given"])],
    "opt-13b": PREDICTED,
    "opt-30b": PREDICTED,
    "opt-66b": PREDICTED[:1],
    "llama2-7b": [("LTE, router ahead", LTE)],
    "llama3-8b": [("dense", [])],
    "llama3.2-1b": [("dense", ["--context", "96"])],
    "hire-1b": [("HiRE, every other layer and head", [*HIRE, "--every", "2"]),
                ("HiRE, all layers and head", HIRE)],
}
# Of these the steps in blocks of 8 and 4 bits, predictors included, beside BF16's.
BLOCKS = {"llama2-7b": STEPS["llama2-7b"], "opt-6.7b": STEPS["opt-6.7b"][:1]}
COLUMNS = ["shape", "step", "ms", "read", "GB/s", "of the ceiling", "times dense"]


def options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=STEPS, default=list(STEPS))
    parser.add_argument("--sparrow", default=str(ROOT / ".build/release/sparrow"))
    parser.add_argument("--without", nargs="*", default=[], choices=["torch", "transformers"],
                        help="what is not timed")
    parser.add_argument("--blocks", action="store_true",
                        help="time weights of 8 and 4 bits beside BF16, and no peers")
    parser.add_argument("--compile", action="store_true",
                        help="Hugging Face's compiled step too: minutes for each shape")
    parser.add_argument("--check", action="store_true",
                        help="compare two layers of each shape with float64 first")
    parser.add_argument("--json", metavar="FILE", help="keep the figures in FILE, for tables.py")
    return parser.parse_args()


def sparrow(args, shape, plan):
    """What `sparrow bench --shape` says of a plan's step, or why it does not."""
    command = [args.sparrow, "bench", "--shape", shape, *plan, "--json"]
    done = subprocess.run(
        command + ["--check"] * args.check, capture_output=True, text=True, timeout=300)
    if done.returncode:
        print(f"{shape}: {done.stderr.strip()}", file=sys.stderr)
        return None
    return json.loads(done.stdout)


def row(shape, name, step, ceiling, times, bf16):
    return [shape, name, f"{step['milliseconds']:.3f}", f"{step['bytes'] / 1e9:.2f} GB",
            f"{step['bytesPerSecond'] / 1e9:.0f}",
            f"{100 * step['bytesPerSecond'] / ceiling:.1f} %", times,
            f"{bf16['milliseconds'] / step['milliseconds']:.2f}"]


def steps(args, shape, form, plans, found, rows, bf16=None):
    """Our steps of a shape in a format, and its dense one, which `bf16` is unless it is given."""
    dense, label = None, shape if form == "bf16" else f"{shape}, {form}"
    for name, plan in plans:
        result = sparrow(args, shape, [*plan, "--format", form])
        if result is None:
            continue
        found.append({"name": name, **result})
        if dense is None:
            dense = result["dense"]
            rows.append(row(label, "dense", dense, result["ceiling"], "1", bf16 or dense))
            print(" | ".join(rows[-1]), flush=True)
        if "sparse" in result:
            rows.append(row(label, name, result["sparse"], result["ceiling"],
                            f"{result['speedup']:.2f}", bf16 or dense))
            print(" | ".join(rows[-1]), flush=True)
    return dense


def measure_blocks(args, found, rows):
    """Steps of a few shapes in all formats."""
    for shape, plans in BLOCKS.items():
        dense = steps(args, shape, "bf16", plans, found, rows)
        for form in ("q8_0", "q4_0"):
            steps(args, shape, form, plans, found, rows, dense)


def measure(args, shape, found, rows):
    """Our steps of a shape, then its peers', with the dense step as the measure of all."""
    dense = steps(args, shape, "bf16", STEPS[shape], found, rows)
    for name, milliseconds in peers.times(args, shape):
        found.append({"shape": shape, "name": name, "milliseconds": milliseconds})
        times = f"{dense['milliseconds'] / milliseconds:.2f}" if dense else ""
        rows.append([shape, name, f"{milliseconds:.3f}", "", "", "", times, times])
        print(" | ".join(rows[-1]), flush=True)


def main():
    args = options()
    found, rows = [], []
    if args.blocks:
        measure_blocks(args, found, rows)
    for shape in [] if args.blocks else args.only:
        measure(args, shape, found, rows)
    # Of blocks also how many times as fast as dense in BF16.
    columns = [*COLUMNS, "times BF16"] if args.blocks else COLUMNS
    rows = [cells[:len(columns)] for cells in rows]
    widths = [max(len(str(r[i])) for r in [columns, *rows]) for i in range(len(columns))]
    for cells in [columns, *rows]:
        print("  ".join(str(c).ljust(w) for c, w in zip(cells, widths)).rstrip())
    device = next((f["device"] for f in found if "device" in f), "no GPU")
    record.save_table(args.json, device, columns, rows, found)


if __name__ == "__main__":
    main()
