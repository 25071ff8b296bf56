#!/usr/bin/env python3
"""Compare LTE's routers with MoEfication and Deja Vu at the same densities.

    swift build -c release
    Benchmarks/methods.py MODEL --fit FILE --text FILE [--task FILE.jsonl ...] [--lte 0.5=RUN ...]
        [--baseline MODEL] [--density 0.7 0.5 0.3] [--groups 32] [--work FOLDER] [--json FILE]

MoEfication takes the groups of neurons of greatest activity, as an oracle knows it; its groups are
balanced clusters of gate's rows, as LTE's are. Deja Vu's low-rank maps choose single neurons. Both
are fitted to MODEL on --fit. LTE's routers are those of RUN, a folder of `sparrow train lte`, whose
own model they run with; without a run for a density they are fitted to MODEL as well, not learnt.

All are compared with --baseline, MODEL without one, on --text and on tasks, as they decode.
"""
import argparse
import hashlib
import json
from pathlib import Path

import llama
import record

METHODS = {
    "MoEfication": ["--method", "exact", "--grouping", "weights", "--groups"],
    "Deja Vu": ["--method", "low-rank"],
    "LTE, fitted": ["--method", "router", "--grouping", "weights", "--groups"],
}
SCORES = {"choice": "right choice", "exact_match": "exact match", "rouge_l": "ROUGE-L", "bleu": "BLEU"}


def calibrated(options, method, density):
    """The adapter of a method, made once."""
    words = METHODS[method] + ([options.groups] if METHODS[method][-1] == "--groups" else [])
    made_of = hashlib.sha256(f"{options.model} {options.fit} {options.tokens}".encode()).hexdigest()
    name = f"{method.lower().replace(' ', '-').replace(',', '')}-{options.groups}-{density}"
    name += f"-{made_of[:8]}"
    folder = Path(options.work) / name
    if not folder.is_dir():
        llama.run(
            [options.sparrow, "calibrate", "networks", options.model, "--every-layer", "--target"]
            + [f"density={density}", "--text", options.fit, "--tokens", options.tokens]
            + ["--output", folder, "--threads", options.threads, "--json", *words])
    return folder


def trained(run):
    """A run's model and adapter."""
    models = [run / name for name in ("model-q8_0.gguf", "model") if (run / name).exists()]
    return models[0], run / "adapter"


def evaluated(options, model, adapter):
    """Its figures beside the baseline, and those of tasks by file."""
    command = [options.sparrow, "evaluate", model, "--adapter", adapter, "--json"]
    command += ["--baseline", options.baseline or options.model, "--threads", options.threads]
    command += ["--max-tokens", options.max_tokens]
    text = ["--text", options.text, "--chunks", options.chunks]
    found = {}
    for part in [text, *(["--task", task] for task in options.task)]:
        run = json.loads(llama.run(command + part))["runs"][0]
        found[part[1]] = run["fidelity"] or run["tasks"]
    return found


def cells(options, found):
    """What a row of the table says."""
    fidelity = found[options.text]
    layers = [layer["density"] for layer in fidelity["layers"] if layer["kind"] == "feed-forward"]
    body = fidelity["baseline"]["body"]
    row = {
        "density": f"{sum(layers) / len(layers):.3f}",
        "perplexity, times the baseline's": f"{body['perplexity_ratio']:.4f}",
        "times its own dense self's": f"{fidelity['body']['perplexity_ratio']:.4f}",
        "KL, nats": f"{body['kl_divergence']['mean']:.4f}",
        "same token": f"{100 * body['same_top_share']['mean']:.2f} %",
    }
    for task in options.task:
        for kind, label in SCORES.items():
            score = found[task][kind]
            if score:
                scale = 1 if kind == "bleu" else 100
                value, error = (scale * score["sparse"][part] for part in ("mean", "error"))
                row[f"{Path(task).stem}: {label}"] = f"{value:.1f} ± {error:.1f}"
    return row


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--fit", required=True, help="a text that predictors are fitted on")
    parser.add_argument("--text", required=True, help="another text, to compare on")
    parser.add_argument("--task", action="append", default=[])
    parser.add_argument("--max-tokens", default="64", help="of an answer; GSM8K's take some 320")
    parser.add_argument("--lte", action="append", default=[], metavar="DENSITY=RUN")
    parser.add_argument("--baseline")
    parser.add_argument("--density", nargs="+", default=["0.7", "0.5", "0.3"])
    parser.add_argument("--groups", default="32")
    parser.add_argument("--tokens", default="30000", help="of --fit that are recorded")
    parser.add_argument("--chunks", default="12")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--work", default="methods", help="where adapters are kept")
    parser.add_argument("--sparrow", default=str(record.ROOT / ".build/release/sparrow"))
    parser.add_argument("--json", metavar="FILE", help="keep the figures in FILE, for tables.py")
    options = parser.parse_args()
    runs = dict(pair.split("=", 1) for pair in options.lte)
    rows = {}
    for density in options.density:
        for method in METHODS if density not in runs else ("MoEfication", "Deja Vu"):
            found = evaluated(options, options.model, calibrated(options, method, density))
            rows[f"{method}, {density}"] = cells(options, found)
        if density in runs:
            model, adapter = trained(Path(runs[density]))
            rows[f"LTE, {density}"] = cells(options, evaluated(options, model, adapter))
    labels = list(next(iter(rows.values())))
    print("| method, density asked | " + " | ".join(labels) + " |")
    print("|" + "---|" * (len(labels) + 1))
    for name, row in rows.items():
        print(f"| {name} | " + " | ".join(row[label] for label in labels) + " |")
    record.save_table(
        options.json, f"{options.threads} threads", ["method, density asked", *labels],
        [[name, *row.values()] for name, row in rows.items()], rows)


if __name__ == "__main__":
    main()
