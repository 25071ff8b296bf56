#!/usr/bin/env python3
"""Compare Sparrow's perplexity with llama.cpp's on the same GGUF files and text.

    Benchmarks/build_llama.sh && swift build -c release
    Benchmarks/perplexity.py MODEL.gguf ... --text FILE [--chunks 40] [--threads 2] [--limit 0.5]

Both score the second half of every window of --context tokens. The exit code is 1 when a model's
perplexity differs by more than --limit per cent (an adapter's is printed, not judged).
"""
import argparse
import json
import re
import sys
from pathlib import Path

import llama
import record


def llama_estimate(program, model, o):
    command = [program, "-m", model, "-f", o.text, "-c", o.context, "-t", o.threads]
    text = llama.run(command + (["--chunks", o.chunks] if o.chunks else []), stream="both")
    found = re.search(r"PPL = ([0-9.]+) \+/- ([0-9.]+)", text)
    if not found:
        sys.exit(f"llama-perplexity gave no estimate for {model}\n{text[-2000:]}")
    return {"perplexity": float(found[1]), "error": float(found[2])}


def sparrow_estimate(model, o, adapter):
    command = [o.sparrow, "perplexity", model, "--text", o.text, "--context", o.context]
    command += ["--threads", o.threads, "--json"]
    command += ["--chunks", o.chunks] if o.chunks else []
    return json.loads(llama.run(command + (["--adapter", adapter] if adapter else [])))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    llama.add_options(parser)
    parser.add_argument("--text", required=True)
    parser.add_argument("--context", type=int, default=512)
    parser.add_argument("--chunks", type=int, default=40, help="0 for the whole text")
    parser.add_argument("--limit", type=float, default=0.5, help="per cent")
    o = parser.parse_args()
    llama.check_sparrow(o)
    program = llama.llama_program(o, "llama-perplexity")

    print("| model | engine | perplexity | error | difference |\n|---|---|---|---|---|")
    everything, worst = {}, 0.0
    for model in map(Path, o.models):
        engines = {"llama.cpp": llama_estimate(program, model, o)}
        if not o.llama_only:
            engines["sparrow"] = sparrow_estimate(model, o, None)
            if o.adapter:
                engines["sparrow, sparse"] = sparrow_estimate(model, o, o.adapter)
        everything[model.stem] = engines
        base = engines["llama.cpp"]["perplexity"]
        for name, result in engines.items():
            change = 100 * (result["perplexity"] / base - 1)
            if name == "sparrow":
                worst = max(worst, abs(change))
            shown = "" if name == "llama.cpp" else f"{change:+.3f}%"
            cells = [model.stem, name, f"{result['perplexity']:.4f}", f"{result['error']:.4f}", shown]
            print("| " + " | ".join(cells) + " |", flush=True)
    record.save(o.json, "perplexity", everything)
    sys.exit(worst > o.limit)


if __name__ == "__main__":
    main()
