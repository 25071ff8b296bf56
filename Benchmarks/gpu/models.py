#!/usr/bin/env python3
"""Perplexity and speed of model files on one NVIDIA GPU, beside the processor.

    Benchmarks/gpu/models.py smollm2-f16.gguf smollm2-q4_1.gguf --json Benchmarks/results/models.json

Over weights in blocks the processor rounds a product's inputs to 8 bits, which a GPU does not: so
each model is measured there a second time, its weights exported as halves. A table is printed;
--json keeps it for tables.py.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "Benchmarks"))
import record  # noqa: E402

STREAMS = [1, 4, 16]
COLUMNS = ["model", "perplexity", "processor", "processor, halves", "prompt, tokens/s", "decode",
           *(f"{n} streams" if n > 1 else "1 stream" for n in STREAMS)]


def options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--sparrow", default=str(ROOT / ".build/release/sparrow"))
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--text", default=str(ROOT / "Data/heldout.txt"))
    parser.add_argument("--chunks", default="6", help="windows of 512 tokens")
    parser.add_argument("--json", metavar="FILE", help="keep the figures in FILE, for tables.py")
    return parser.parse_args()


def main():
    args = options()

    def sparrow(*arguments):
        done = subprocess.run([args.sparrow, *arguments, "--json"], capture_output=True, text=True,
                              timeout=300)
        if done.returncode:
            sys.exit(f"{' '.join(arguments)}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def perplexity(model, device):
        scored = ("perplexity", model, "--text", args.text, "--chunks", args.chunks)
        return sparrow(*scored, "--device", device)["perplexity"]

    found = []
    for model in args.models:
        with tempfile.TemporaryDirectory() as folder:
            halves = os.path.join(folder, "halves.gguf")
            subprocess.run(
                [args.sparrow, "export", model, "--output", halves, "--format", "gguf"], check=True,
                capture_output=True)
            exported = perplexity(halves, "cpu")
        bench = ("bench", model, "--device", args.device, "--repeat", "3")
        streams = [word for n in STREAMS for word in ("--streams", str(n))]
        found.append({
            "model": os.path.basename(model), "device": perplexity(model, args.device),
            "processor": perplexity(model, "cpu"), "halves": exported,
            "alone": sparrow(*bench, "--prompt", "512", "--generate", "512"),
            "streams": sparrow(*bench, *streams)})
    table = [
        [each["model"], *(f"{each[name]:.4f}" for name in ("device", "processor", "halves")),
         *(f"{each['alone'][f'{part}_tokens_per_second']['median']:.0f}"
           for part in ("prefill", "decode")),
         *(f"{one['scheduler_tokens_per_second']['median']:.0f}" for one in each["streams"])]
        for each in found]
    widths = [max(len(r[i]) for r in [COLUMNS, *table]) for i in range(len(COLUMNS))]
    for cells in [COLUMNS, *table]:
        print("  ".join(c.ljust(w) for c, w in zip(cells, widths)).rstrip())
    name = subprocess.run(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],
                          capture_output=True, text=True).stdout.strip()
    record.save_table(args.json, name, COLUMNS, table, found)


if __name__ == "__main__":
    main()
