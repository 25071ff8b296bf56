#!/usr/bin/env python3
"""Measure how near sparse models are to their dense selves, token by token as they decode.

    swift build -c release
    Benchmarks/fidelity.py MODEL.gguf --adapter FOLDER --text FILE [--chunks 24] [--json FILE]

Runs `sparrow evaluate` and keeps what pages show: the body's perplexity beside the dense model's
(the dense head over what sparse layers give), their divergence, and how often the sparse model's
own token is the dense model's.
"""
import argparse
import json
from math import exp
from pathlib import Path

import llama
import record


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--adapter", action="append", required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--context", type=int, default=512)
    parser.add_argument("--chunks", type=int, default=24)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sparrow", default=str(record.ROOT / ".build/release/sparrow"))
    parser.add_argument("--json", metavar="FILE", help="keep the figures in FILE, for tables.py")
    o = parser.parse_args()
    command = [o.sparrow, "evaluate", o.model, "--text", o.text, "--context", o.context]
    command += ["--chunks", o.chunks, "--threads", o.threads, "--json"]
    command += [word for adapter in o.adapter for word in ("--adapter", adapter)]

    print("| adapter | perplexity, times dense | KL, nats | same token |\n|---|---|---|---|")
    adapters = {}
    for run in json.loads(llama.run(command))["runs"]:
        found = run["fidelity"]
        body, head = found["body"], found["head"] or found["body"]
        ratio = exp(body["log_ratio"])
        adapters[run["adapter"]] = kept = {
            "ratio": ratio,
            "error": ratio * body["log_ratio_error"],
            "divergence": body["kl_divergence"]["mean"],
            "same": head["same_top_share"]["mean"],
            "positions": found["positions"],
        }
        cells = [run["adapter"], f"{ratio:.4f} ± {kept['error']:.4f}"]
        cells += [f"{kept['divergence']:.4f}", f"{100 * kept['same']:.2f} %"]
        print("| " + " | ".join(cells) + " |", flush=True)
    record.save(o.json, "fidelity", {Path(o.model).stem: adapters})


if __name__ == "__main__":
    main()
