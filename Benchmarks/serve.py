#!/usr/bin/env python3
"""Compare `sparrow serve` with llama.cpp's llama-server on the same GGUF file and threads.

    Benchmarks/build_llama.sh && swift build -c release --traits Server --product sparrow
    Benchmarks/serve.py MODEL.gguf [--adapter FOLDER] [--streams 1 4 16] [--rounds 3] --json FILE

Each server is started afresh, in turn, round after round, and gets the same prompts: passages of
the given text of 64 to 512 tokens, no two alike, so that no cache helps. Answers are of 128 tokens,
past the end if need be, greedy, streamed over HTTP. Told are tokens/s of all answers over the whole
time, prompts included; the median time to the first piece; gaps between pieces. The client's own
share of a processor is measured too, and kept.
"""
import argparse
import asyncio
import json
import random
import sys
from pathlib import Path
from statistics import median

import llama
import record
import streams

sys.path.append(str(llama.ROOT / "Scripts"))
from served import HOST, Served  # noqa: E402


def options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    llama.add_options(parser)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--requests", type=int, default=3, help="for each stream; at least 6 in all")
    parser.add_argument("--tokens", type=int, default=128, help="of each answer")
    parser.add_argument("--text", default=str(llama.ROOT / "Data/calibration.txt"))
    return parser.parse_args()


def prompts(text, count, seed):
    """Passages of 50 to 390 words, some 64 to 512 tokens; none shares its beginning with another."""
    words = text.split()
    draw = random.Random(seed)
    lengths = [round(50 + 340 * (i + 0.5) / count) for i in range(count)]
    draw.shuffle(lengths)
    starts = draw.sample(range(0, len(words) - 400, 7), count)
    return [" ".join(words[start:start + n]) for start, n in zip(starts, lengths)]


def engines(model, o):
    """Name -> command and what its requests say beside the prompt."""
    most = max(o.streams)
    # Its slots share out the context: each gets 1,024 positions.
    theirs = [llama.llama_program(o, "llama-server"), "-m", model, "-t", o.threads, "-np", most,
              "-c", 1024 * most, "--no-webui", "--log-disable"]
    found = {"llama-server": (theirs, {})}
    if not o.llama_only:
        ours = [o.sparrow, "serve", model, "--threads", o.threads, "--parallel", most]
        found["sparrow"] = (ours, {})
        if o.adapter:
            found["sparrow, sparse"] = (ours + ["--adapter", o.adapter], {})
    return found


def figures(answers, wall, own, server):
    gaps = sorted(gap for answer in answers for gap in answer["gaps"])
    speeds = [(a["tokens"] - 1) / (a["last"] - a["first"]) for a in answers]
    return {
        "tokens_per_second": sum(a["tokens"] for a in answers) / wall,
        "decode_tokens_per_second_of_one": median(speeds),
        "first_seconds": median(a["first"] for a in answers),
        "gap_seconds": median(gaps),
        "gap_seconds_99": gaps[int(0.99 * (len(gaps) - 1))],
        "requests": len(answers),
        "prompt_tokens": [min(a["prompt"] for a in answers), max(a["prompt"] for a in answers)],
        "client_processor_share": own / wall,
        "memory_bytes": server.memory(),
    }


def run(command, extra, text, o):
    """One server's round: figures by the number of streams."""
    found = {}
    with Served(command) as server:

        def ask(passages, count):
            return asyncio.run(streams.load(HOST, server.port, bodies(passages), count))

        def bodies(passages):
            return [{"prompt": p, "max_tokens": o.tokens, "temperature": 0, "ignore_eos": True,
                     "stream": True, "stream_options": {"include_usage": True}, **extra}
                    for p in passages]

        ask(["A first request, so that nothing is cold."], 1)
        for count in o.streams:
            number = max(6, o.requests * count)
            answers, wall, own = ask(prompts(text, number, seed=count), count)
            short = [a["tokens"] for a in answers if a["tokens"] != o.tokens]
            if short:
                sys.exit(f"answers of {short} tokens where {o.tokens} were asked for: {command}")
            found[str(count)] = figures(answers, wall, own, server)
    return found


def bench(model, o):
    """Tokens/s of `sparrow bench`: what one stream would have without HTTP."""
    command = [o.sparrow, "bench", model, "--threads", o.threads, "--prompt", 256]
    report = json.loads(llama.run(command + ["--generate", o.tokens, "--repeat", 5, "--json"]))
    return report["decode_tokens_per_second"]["median"]


def rows(model, rounds, o):
    for name in rounds:
        if name == "llama-server" and not o.llama_only:
            continue
        for count in map(str, o.streams):
            times = [a[count]["tokens_per_second"] / b[count]["tokens_per_second"]
                     for a, b in zip(rounds[name], rounds["llama-server"])]
            i = record.quoted(times)
            ours, theirs = rounds[name][i][count], rounds["llama-server"][i][count]
            cells = [model.stem, name, count, f"{ours['tokens_per_second']:.0f}",
                     f"{theirs['tokens_per_second']:.0f}",
                     f"{times[i]:.2f} ({min(times):.2f}-{max(times):.2f})"]
            for key in ("first_seconds", "gap_seconds", "gap_seconds_99"):
                cells.append(f"{1000 * ours[key]:.1f} / {1000 * theirs[key]:.1f}")
            cells.append(f"{100 * ours['client_processor_share']:.0f}%")
            yield "| " + " | ".join(cells) + " |"


def main():
    o = options()
    llama.check_sparrow(o)
    llama.warn_if_busy()
    text = Path(o.text).read_text()
    print("| model | engine | streams | tokens/s | llama-server | times | first, ms | gap, ms | "
          "99 %, ms | client |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    everything = {}
    for path in map(Path, o.models):
        found = engines(path, o)
        rounds = everything[path.stem] = {name: [] for name in found}
        for number in range(o.rounds):
            for name in list(found) if number % 2 == 0 else list(reversed(found)):
                command, extra = found[name]
                rounds[name].append(run(command, extra, text, o))
        for row in rows(path, rounds, o):
            print(row, flush=True)
        if not o.llama_only:
            rounds["bench"] = bench(path, o)
            print(f"{path.stem}: bench decodes {rounds['bench']:.1f} tokens/s")
    record.save(o.json, "serve", everything)


if __name__ == "__main__":
    main()
