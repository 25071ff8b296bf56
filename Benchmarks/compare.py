#!/usr/bin/env python3
"""Compare Sparrow's speed with llama.cpp's on the same GGUF files and threads.

    Benchmarks/build_llama.sh && swift build -c release
    Benchmarks/compare.py MODEL.gguf ... [--threads 2] [--rounds 5] [--adapter FOLDER]

Both engines run in turn, round after round, so that a slow minute of the machine hits both; the
order changes every round. A round's figure is the median of its repeats. The round is quoted whose
ratio is the median, so that speeds and ratio agree, with the least and the greatest ratio.
llama.cpp's bytes a token are the file's weights (for untied models that counts the embedding,
of which a token reads one row).
"""
import argparse
import json
from pathlib import Path
from statistics import median

import llama
import record


def llama_round(program, model, o):
    text = llama.run(
        [program, "-m", model, "-t", o.threads, "-p", o.prompt, "-n", o.generate]
        + ["-r", o.repeat, "-o", "json"]
    )
    result = {}
    for test in json.loads(text):
        result["prefill" if test["n_prompt"] else "decode"] = median(test["samples_ts"])
        result["bytes"] = test["model_size"]
    return result


def sparrow_round(model, o, adapter):
    command = [o.sparrow, "bench", model, "--threads", o.threads, "--prompt", o.prompt]
    command += ["--generate", o.generate, "--repeat", o.repeat, "--json"]
    report = json.loads(llama.run(command + (["--adapter", adapter] if adapter else [])))
    return {
        "prefill": report["prefill_tokens_per_second"]["median"],
        "decode": report["decode_tokens_per_second"]["median"],
        "bytes": report["bytes_per_token"],
        "bandwidth": report["read_bandwidth_gigabytes_per_second"],
    }


def measure(model, o, program):
    """All rounds of one model: engine name -> list of rounds."""
    engines = {"llama.cpp": lambda: llama_round(program, o.against or model, o)}
    if not o.llama_only:
        engines["sparrow"] = lambda: sparrow_round(model, o, None)
        if o.adapter:
            engines["sparrow, sparse"] = lambda: sparrow_round(model, o, o.adapter)
    rounds = {name: [] for name in engines}
    for number in range(o.rounds):
        order = list(engines) if number % 2 == 0 else list(reversed(engines))
        for name in order:
            rounds[name].append(engines[name]())
    return rounds


def ratios(rounds, name, test):
    return [a[test] / b[test] for a, b in zip(rounds[name], rounds["llama.cpp"])]


def rows(model, rounds, o):
    """A line for each way to run Sparrow and each test: both speeds and their ratio."""
    for name in rounds:
        for test, label in (("prefill", f"pp{o.prompt}"), ("decode", f"tg{o.generate}")):
            times = ratios(rounds, name, test)
            i = record.quoted(times)
            speed, base = rounds[name][i][test], rounds["llama.cpp"][i][test]
            spread = f"{times[i]:.2f} ({min(times):.2f}-{max(times):.2f})"
            cells = [model.stem, name, label, f"{speed:.1f}", f"{base:.1f}", spread, "", "", ""]
            if test == "decode":
                size, read = rounds[name][i]["bytes"], rounds[name][i].get("bandwidth")
                rate = speed * size / 1e9
                cells[6:8] = [f"{size / 1e6:.1f}", f"{rate:.1f}"]
                cells[8] = f"{100 * rate / read:.0f}%" if read else ""
            if name != "llama.cpp" or o.llama_only:
                yield "| " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    llama.add_options(parser)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--against", metavar="FILE", help="the file that llama.cpp runs instead")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--generate", type=int, default=128)
    o = parser.parse_args()
    llama.check_sparrow(o)
    program = llama.llama_program(o, "llama-bench")
    llama.warn_if_busy()

    print(f"{o.threads} threads, {o.rounds} rounds of {o.repeat}; the median pair (least-most)\n")
    print("| model | engine | test | tokens/s | llama.cpp | times | MB/token | GB/s | of read |")
    print("|---|---|---|---|---|---|---|---|---|")
    everything = {}
    for path in map(Path, o.models):
        everything[path.stem] = rounds = measure(path, o, program)
        for row in rows(path, rounds, o):
            print(row, flush=True)
    record.save(o.json, "speed", everything)


if __name__ == "__main__":
    main()
