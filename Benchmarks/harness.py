#!/usr/bin/env python3
"""Score a model by lm-eval over HTTP: dense, sparse, and beside Hugging Face transformers.

    pip install 'lm-eval[api,hf]' torch gguf
    Benchmarks/harness.py MODEL.gguf [--adapter FOLDER] --data FOLDER --limit 200 --json FILE

`sparrow serve` is started and asked by lm-eval's `local-completions`, as it comes from PyPI, with
the server's own tokenizer. The oracle is lm-eval's `hf` on the same file, dequantised to float32.
The tasks are PIQA, ARC-easy, OpenBookQA and BoolQ, read from FOLDER by the task files in
Benchmarks/harness. A sparse plan's prompts run token by token, so that its own kernels are scored.
"""
import argparse
import os
import sys
from pathlib import Path

import llama
import record

sys.path.append(str(llama.ROOT / "Scripts"))
from served import HOST, Served  # noqa: E402

TASKS = ["piqa", "arc_easy", "openbookqa", "boolq"]


def options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", metavar="MODEL", help="a GGUF file")
    parser.add_argument("--adapter", help="score this adapter's plan as well")
    parser.add_argument("--data", required=True, metavar="FOLDER", help="the tasks' JSON lines")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    parser.add_argument("--limit", type=int, help="questions of each task; all without")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sparrow", default=str(llama.ROOT / ".build/release/sparrow"))
    parser.add_argument("--without", nargs="*", default=[], choices=["dense", "oracle"],
                        help="what is not scored")
    parser.add_argument("--json", metavar="FILE", help="keep the scores in FILE, for tables.py")
    return parser.parse_args()


def score(name, arguments, o):
    """Task and metric -> score and standard error."""
    import lm_eval
    from lm_eval.tasks import TaskManager

    manager = TaskManager(
        include_path=str(llama.ROOT / "Benchmarks/harness"), include_defaults=False)
    found = lm_eval.simple_evaluate(
        model=name, model_args=arguments, tasks=[task + "_local" for task in o.tasks],
        task_manager=manager, limit=o.limit, bootstrap_iters=100)
    scores = {}
    for task in o.tasks:
        results = found["results"][task + "_local"]
        for metric in ("acc", "acc_norm"):
            if f"{metric},none" in results:
                scores[f"{task} {metric}"] = [
                    results[f"{metric},none"], results[f"{metric}_stderr,none"]]
    return scores


def served(o, adapter):
    """Scores of `sparrow serve` as any server is scored."""
    command = [o.sparrow, "serve", o.model, "--threads", o.threads]
    command += ["--adapter", adapter, "--score-as-decoding"] if adapter else []
    with Served(command) as server:
        return score("local-completions", {
            "model": "sparse" if adapter else "dense", "tokenizer_backend": "remote",
            "base_url": f"http://{HOST}:{server.port}/v1/completions", "num_concurrent": 8}, o)


def oracle(o):
    import torch

    torch.set_num_threads(o.threads)
    path = Path(o.model)
    return score("hf", {
        "pretrained": str(path.parent), "gguf_file": path.name, "dtype": "float32",
        "device": "cpu", "batch_size": 8}, o)


def show(runs):
    columns = list(runs)
    print("| task | " + " | ".join(columns) + " |")
    print("|" + "---|" * (len(columns) + 1))
    for task in runs[columns[0]]:
        cells = [f"{100 * runs[c][task][0]:.1f} ± {100 * runs[c][task][1]:.1f}" for c in columns]
        print(f"| {task} | " + " | ".join(cells) + " |")


def main():
    o = options()
    for name in ("model", "adapter", "sparrow", "json"):
        if getattr(o, name):
            setattr(o, name, str(Path(getattr(o, name)).resolve()))
    # The task files name their data without a folder.
    os.chdir(o.data)
    os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    runs = {}
    if "dense" not in o.without:
        runs["dense"] = served(o, None)
    if o.adapter:
        runs["sparse"] = served(o, o.adapter)
    if "oracle" not in o.without:
        runs["transformers, float32"] = oracle(o)
    show(runs)
    record.save(o.json, "scores", {Path(o.model).stem: runs})


if __name__ == "__main__":
    main()
