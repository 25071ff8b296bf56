#!/usr/bin/env python3
"""Check `sparrow export` against transformers: its folders must load there and compute the same.

    pip install torch transformers safetensors gguf
    swift build -c release
    python Scripts/check_export.py [--sparrow .build/release/sparrow] [MODEL.gguf ...]

Every model of Tests/Fixtures/models and every twin of Tests/Fixtures/gguf is exported in float32;
transformers' logits must equal the expected ones within 1e-5 of the largest (quantised twins: those of
the folder whose matrices gguf's own code has rounded). Each real model, given as an argument, must load through AutoModelForCausalLM
and AutoTokenizer, and give the perplexity on Data/heldout.txt that Sparrow gives for the folder, within
1e-4, and for the source, whose inputs Sparrow rounds to eight bits, within half a percent. Its tokenizer must give the ids of Sparrow's on 200 texts: with --vectors FOLDER the
texts and transformers' ids are left there, where Sparrow's own test reads them:

    SPARROW_VOCABULARIES=FOLDER SPARROW_VOCABULARY_NAMES=NAME:NAME \\
      swift test --disable-xctest -Xcc -O2 --filter PublicVectorTests
"""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

import gguf
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

WINDOW = 256
WINDOWS = 8
TEXTS = 200
TOLERANCE = 1e-5
SEPARATOR = "\n__ggml_vocab_test__\n"


def export(sparrow, source, target):
    arguments = [sparrow, "export", source, "--output", target, "--type", "f32"]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)


def load(folder):
    eager = {"attn_implementation": "eager", "dtype": torch.float32}
    model, report = AutoModelForCausalLM.from_pretrained(
        folder, **eager, output_loading_info=True
    )
    problems = {key: value for key, value in report.items() if value}
    return model.eval(), problems


@torch.no_grad()
def rounded_logits(folder, ids):
    """The logits of a model whose matrices are rounded to Q8_0."""
    model, _ = load(folder)
    q8 = gguf.GGMLQuantizationType.Q8_0
    for parameter in model.parameters():
        if parameter.dim() == 2:
            blocks = gguf.quants.quantize(parameter.numpy(), q8)
            parameter.copy_(torch.from_numpy(gguf.quants.dequantize(blocks, q8)))
    return model(ids, use_cache=False).logits[0]


@torch.no_grad()
def check_fixture(sparrow, source, original, target, quantised):
    """The largest difference of the logits as a part of the largest logit, and what is wrong."""
    export(sparrow, source, target)
    model, problems = load(target)
    answer = load_file(f"{original}/expected.safetensors")
    ids = answer["input_ids"].long()[None]
    expected = rounded_logits(original, ids) if quantised else answer["logits"]
    logits = model(ids, use_cache=False).logits[0]
    worst = ((logits - expected).abs().max() / expected.abs().max()).item()
    if worst > TOLERANCE:
        problems["logits"] = worst
    return worst, problems


@torch.no_grad()
def perplexity(model, ids, start):
    """As `sparrow perplexity`: the second half of each window is scored."""
    total = count = 0
    for window in range(WINDOWS):
        part = ids[window * WINDOW : (window + 1) * WINDOW]
        part = torch.tensor(part if start is None else [start] + part[1:])[None]
        logits = model(part, use_cache=False).logits[0].log_softmax(-1)
        for at in range(WINDOW // 2, WINDOW - 1):
            total -= logits[at, part[0, at + 1]].item()
            count += 1
    return math.exp(total / count)


def texts(root):
    """Paragraphs of the repository's own texts, and what tokenizers like to get wrong."""
    found = ["", " ", "\n\n", "  a  b\n\n c\t\tdef 12345", "naïve 日本語 😀\u200d😃 x̂", "It's 3,141.59!"]
    for name in ["heldout", "calibration"]:
        with open(f"{root}/Data/{name}.txt", encoding="utf-8") as file:
            found += [line for line in file.read().split("\n") if line.strip()]
    step = max(1, len(found) // TEXTS)
    return found[:6] + found[6::step][: TEXTS - 6]


def write_vectors(folder, name, source, tokenizer, root):
    os.makedirs(folder, exist_ok=True)
    stem = f"{folder}/ggml-vocab-{name}.gguf"
    if not os.path.exists(stem):
        os.symlink(os.path.abspath(source), stem)
    samples = texts(root)
    with open(stem + ".inp", "w", encoding="utf-8", newline="") as file:
        file.write(SEPARATOR.join(samples))
    with open(stem + ".out", "w", encoding="utf-8") as file:
        for text in samples:
            ids = tokenizer(text, add_special_tokens=False)["input_ids"]
            file.write(" ".join(map(str, ids)) + "\n")
    return len(samples)


def sparrow_perplexity(sparrow, model, text):
    arguments = ["--text", text, "--context", str(WINDOW), "--chunks", str(WINDOWS), "--json"]
    command = [sparrow, "perplexity", model, *arguments]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(run.stdout)["perplexity"]


def check_model(sparrow, source, target, root, vectors):
    export(sparrow, source, target)
    tokenizer = AutoTokenizer.from_pretrained(target)
    model, problems = load(target)
    text = f"{root}/Data/heldout.txt"
    ours = [sparrow_perplexity(sparrow, path, text) for path in (target, source)]
    with open(text, encoding="utf-8") as file:
        plain = tokenizer.encode(content := file.read(), add_special_tokens=False)
    start = None if tokenizer.encode(content) == plain else tokenizer.bos_token_id
    theirs = perplexity(model, plain if start is None else [start] + plain, start)
    for own, tolerance in zip(ours, (1e-4, 5e-3)):
        if abs(theirs / own - 1) > tolerance:
            problems["perplexity"] = (ours, theirs)
    name = os.path.basename(source).removesuffix(".gguf")
    count = write_vectors(vectors, name, source, tokenizer, root) if vectors else 0
    figures = "folder {:.5f}, source {:.5f}, transformers {:.5f}".format(*ours, theirs)
    print(f"{name:24} perplexity: {figures}; vectors of {count} texts")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sparrow", default=".build/release/sparrow")
    parser.add_argument("--vectors", help="folder for texts with transformers' ids")
    parser.add_argument("models", nargs="*", help="real models, GGUF files")
    options = parser.parse_args()
    torch.set_num_threads(1)
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    fixtures = f"{root}/Tests/Fixtures"
    failures = 0
    cases = [(f"models/{name}", name) for name in sorted(os.listdir(f"{fixtures}/models"))]
    for file in sorted(os.listdir(f"{fixtures}/gguf")):
        cases.append((f"gguf/{file}", file.removesuffix(".gguf").removesuffix("-q8_0")))
    with tempfile.TemporaryDirectory() as work:
        for index, (source, name) in enumerate(cases):
            worst, problems = check_fixture(
                options.sparrow,
                f"{fixtures}/{source}",
                f"{fixtures}/models/{name}",
                f"{work}/{index}",
                quantised="-q8_0" in source,
            )
            print(f"{source:24} {worst:.1e} {problems or ''}")
            failures += bool(problems)
        for index, model in enumerate(options.models):
            problems = check_model(
                options.sparrow, model, f"{work}/model{index}", root, options.vectors
            )
            if problems:
                print(problems)
            failures += bool(problems)
    print(f"{len(cases) + len(options.models)} models, {failures} wrong")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
