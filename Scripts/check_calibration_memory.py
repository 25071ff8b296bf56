#!/usr/bin/env python3
"""Compares the peak of memory that `sparrow calibrate` tells with the one that it reaches.

    Scripts/check_calibration_memory.py PROGRAM MODEL TEXT [PART [OPTION ...]]

Runs the part (networks without) with all layers at once and within smaller and smaller limits, and
prints told and measured peaks. Adapters must be the same whatever the limit, and no peak may be
more than 15 % above what was told.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

UNITS = {"kB": 1e3, "MB": 1e6, "GB": 1e9}


def run(program, model, text, options, folder, limit):
    """Told and measured bytes; the latter None where the limit was refused."""
    command = [program, "calibrate", *options[:1], model, "--text", text, "--output", folder,
               *options[1:]] + (["--memory", str(limit)] if limit else [])
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    told = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    size = re.search(r"(?:takes up to|at least) ([0-9.]+) (.B)", told)
    if size is None:
        sys.exit(told)
    size = float(size[1]) * UNITS[size[2]]
    return (size, usage.ru_maxrss * 1024 if status == 0 else None)


def adapter(folder):
    with open(folder + "/adapter.safetensors", "rb") as tensors:
        plan = json.load(open(folder + "/adapter.json"))
        plan.pop("widest_batch", None)  # measured in seconds
        return plan, tensors.read()


def main():
    program, model, text, *options = sys.argv[1:]
    options = options or ["networks"]
    first, limit, worst = None, None, 0
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(6):
            told, measured = run(program, model, text, options, folder + "/a", limit)
            if measured is None:
                print(f"limit {limit / 1e6:.0f} MB: refused, at least {told / 1e6:.0f} MB")
                break
            name = f"limit {limit / 1e6:.0f} MB" if limit else "all layers at once"
            print(f"{name}: told {told / 1e6:.0f} MB, measured {measured / 1e6:.0f} MB, "
                  f"{measured / told:.2f} times")
            worst = max(worst, measured / told)
            made = adapter(folder + "/a")
            first = first or made
            if made != first:
                sys.exit("another adapter than with all layers at once")
            limit = int(told * 0.75)
    sys.exit(worst > 1.15)


if __name__ == "__main__":
    main()
