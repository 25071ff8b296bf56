#!/usr/bin/env python3
"""Writes the tables of the README and of docs/*.md from Benchmarks/results/*.json.

    Benchmarks/tables.py            # writes them, between <!-- table: NAME --> and <!-- end -->
    Benchmarks/tables.py --check    # exits with 1 when a page differs from what it would write

NAME is that of a file in Benchmarks/results. Its `kind` says how it is shown: `speed`, `perplexity`,
`fidelity`, `serve` and `scores` are kept by compare.py, perplexity.py, fidelity.py, serve.py and
harness.py, a `table` has columns and rows as they were printed, and a `summary` picks rows of
speeds, and what they cost in quality.
"""
import json
import re
import sys
from textwrap import wrap

from record import FOLDER, ROOT, quoted

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ENGINES = {"sparrow": "dense", "sparrow, sparse": "sparse"}


def read(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


def table(columns, rows):
    lines = [columns, ["---"] * len(columns)] + rows
    return ["| " + " | ".join(map(str, cells)) + " |" for cells in lines]


def shell(commands):
    """Commands in a block, broken within 100 columns."""
    commands = [commands] if isinstance(commands, str) else commands
    lines = [" \\\n  ".join(wrap(c, 96, break_on_hyphens=False)) for c in commands]
    return ["", "```sh", *lines, "```"]


def pair(rounds, engine, test, base="llama.cpp"):
    """Sparrow's speed, llama.cpp's in the same round, and their ratio with least and greatest."""
    times = [a[test] / b[test] for a, b in zip(rounds[engine], rounds[base])]
    i = quoted(times)
    ratio = f"{times[i]:.2f} ({min(times):.2f} to {max(times):.2f})"
    return rounds[engine][i][test], rounds[base][i][test], ratio


def megabytes(rounds, engine):
    return f"{rounds[engine][0]['bytes'] / 1e6:.0f} MB"


def speed(found):
    columns = ["model", "Sparrow", "decode, tokens/s", "llama.cpp", "times (least to greatest)"]
    columns += ["read a token", "llama.cpp", "prefill, times"]
    rows = []
    for model, rounds in found["models"].items():
        for engine in (name for name in rounds if name != "llama.cpp"):
            fast, base, ratio = pair(rounds, engine, "decode")
            rows.append([model, ENGINES[engine], f"{fast:.0f}", f"{base:.0f}", ratio])
            rows[-1] += [megabytes(rounds, engine), megabytes(rounds, "llama.cpp")]
            rows[-1].append(pair(rounds, engine, "prefill")[2])
    return table(columns, rows)


def perplexity(found):
    rows = []
    for model, engines in found["models"].items():
        ours, theirs = engines["sparrow"]["perplexity"], engines["llama.cpp"]["perplexity"]
        rows.append([model, f"{ours:.4f}", f"{theirs:.4f}", f"{100 * (ours / theirs - 1):+.2f} %"])
    return table(["model", "Sparrow", "llama.cpp", "difference"], rows)


def serve(found):
    """Speeds of the round whose ratio is the median; milliseconds of the same round."""
    columns = ["model", "plan", "streams", "tokens/s", "llama-server", "times (least to greatest)"]
    columns += ["first token, ms", "llama-server", "gap, ms (99 %)", "llama-server"]
    rows = []
    for model, rounds in found["models"].items():
        for engine in (name for name in rounds if name in ENGINES):
            for count in rounds[engine][0]:
                both = {e: [r[count] for r in rounds[e]] for e in (engine, "llama-server")}
                fast, base, times = pair(both, engine, "tokens_per_second", "llama-server")
                i = [r["tokens_per_second"] for r in both[engine]].index(fast)
                rows.append([model, ENGINES[engine], count, f"{fast:.0f}", f"{base:.0f}", times])
                first, gaps = zip(*(waits(both[e][i]) for e in both))
                rows[-1] += [first[0], first[1], gaps[0], gaps[1]]
    return table(columns, rows)


def scores(found):
    """Scores of tasks with their standard errors, in percent."""
    rows = []
    for model, runs in found["models"].items():
        for task in next(iter(runs.values())):
            both = [[100 * x for x in run[task]] for run in runs.values()]
            rows.append([model, task] + [f"{value:.1f} ± {error:.1f}" for value, error in both])
    return table(["model", "task", *runs], rows)


def waits(figures):
    """Milliseconds to the first piece, and between pieces."""
    first, gap, most = (
        1000 * figures[k] for k in ("first_seconds", "gap_seconds", "gap_seconds_99"))
    return f"{first:.0f}", f"{gap:.1f} ({most:.1f})"


def beside_dense(found):
    return f"{found['ratio']:.4f} ± {found['error']:.4f}" if found["divergence"] else "1"


def fidelity(found):
    rows = []
    for model, adapters in found["models"].items():
        for adapter, kept in adapters.items():
            rows.append([model, adapter, beside_dense(kept), f"{kept['divergence']:.4f}"])
            rows[-1] += [f"{100 * kept['same']:.2f} %", f"{kept['positions']:,}"]
    columns = ["model", "adapter", "perplexity, times dense", "KL, nats", "same token", "positions"]
    return table(columns, rows)


def when(found):
    earlier = "earlier, " if found.get("measured") == "earlier" else ""
    place = f"Sparrow at {found['commit']}: {found['machine']}"
    return f"Measured {earlier}on {found['date']}, {place}."


def summary(found):
    columns = ["model", "what is sparse", "decode, tokens/s", "llama.cpp", "times", "read a token"]
    columns += ["perplexity, times dense", "same token"]
    rows, commands, facts = [], [], []
    for row in found["rows"]:
        kept = read(row["from"])
        facts += [] if when(kept) in facts else [when(kept)]
        rounds = kept["models"][row["model"]]
        fast, base, times = pair(rounds, row["engine"], "decode")
        cells = [row["name"], row["sparse"], f"{fast:.0f}", f"{base:.0f}", times]
        cells.append(megabytes(rounds, row["engine"]))
        if "fidelity" in row:
            quality = read(row["fidelity"])["models"][row["model"]][row["adapter"]]
            cells += [beside_dense(quality), f"{100 * quality['same']:.1f} %"]
        else:
            cells += ["", ""]
        rows.append(cells)
        if kept["command"] not in commands:
            commands.append(kept["command"])
    return table(columns, rows) + shell(commands) + ["", *wrap(" ".join(facts), 100)]


def shown(name):
    found = read(name)
    if found["kind"] == "summary":
        return summary(found)
    if found["kind"] == "table":
        lines = table(found["columns"], found["rows"])
    else:
        kinds = (speed, perplexity, fidelity, serve, scores)
        lines = {kind.__name__: kind for kind in kinds}[found["kind"]](found)
    return lines + shell(found["command"]) + ["", *wrap(when(found), 100)]


def written(page):
    def block(match):
        return "\n".join([match[1], "", *shown(match[2]), "", match[3]])

    pattern = r"(<!-- table: ([\w.-]+) -->)\n.*?(<!-- end -->)"
    return re.sub(pattern, block, page, flags=re.DOTALL)


def main():
    differs = False
    for path in PAGES:
        page = path.read_text()
        if (new := written(page)) == page:
            continue
        if "--check" in sys.argv:
            print(f"{path.relative_to(ROOT)} differs: run Benchmarks/tables.py", file=sys.stderr)
            differs = True
        else:
            path.write_text(new)
    sys.exit(differs)


if __name__ == "__main__":
    main()
