"""Writes what llama.cpp makes of random texts with each of its pre-tokenizers.

Usage: python Scripts/make_gguf_cases.py VOCABULARY.gguf LLAMA-TOKENIZE FOLDER [NAME ...]    (needs: pip install gguf)

A byte-level vocabulary such as llama.cpp's ggml-vocab-gpt-2.gguf is written anew with every NAME as
`tokenizer.ggml.pre` (`none` leaves the key out), and llama-tokenize run over texts; FOLDER gets NAME.gguf and NAME.json,
`[[text, ids], ...]`. Without names, all that Sparrow knows.
"""

import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import gguf

from make_tokenizer_fixtures import TRICKY, random_text

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "Sources/SparrowTokenizers/Splitting/Splitting+GGUF.swift"


def known():
    """The names of byte-level vocabularies in Sparrow's own table."""
    table = SOURCE.read_text().split("private static let groups", 1)[1]
    names = []
    for group in re.finditer(r"\(\s*\[((?:\s*\"[\w.-]+\",?)+)\s*\],", table):
        names += re.findall(r'"([\w.-]+)"', group.group(1))
    return [n for n in names if n not in ("gemma4", "sarvam-moe")] + ["none"]


def write(fields, name, path):
    value = lambda key: fields["tokenizer.ggml." + key].contents()
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_vocab_size(len(value("tokens")))
    writer.add_tokenizer_model("gpt2")
    if name != "none":
        writer.add_tokenizer_pre(name)
    writer.add_token_list(value("tokens"))
    writer.add_token_types(value("token_type"))
    writer.add_token_merges(value("merges"))
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_add_bos_token(False)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def tokenize(program, model, text):
    with tempfile.NamedTemporaryFile("w", newline="") as file:
        file.write(text)
        file.flush()
        run = subprocess.run(
            [program, "-m", model, "-f", file.name, "--ids", "--no-bos", "--no-parse-special", "--no-escape",
             "--log-disable"],
            capture_output=True, text=True)
    if run.returncode != 0:
        raise RuntimeError(run.stderr[-400:])
    return json.loads(run.stdout.strip().splitlines()[-1])


def main():
    vocabulary, program, folder = sys.argv[1:4]
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    fields = gguf.GGUFReader(vocabulary).fields
    rng = random.Random(5)
    texts = ["\n".join(TRICKY).replace("\x00", "")]
    texts += ["".join(random_text(rng) for _ in range(120)).replace("\x00", "") for _ in range(5)]
    for name in sys.argv[4:] or known():
        model = folder / f"{name}.gguf"
        write(fields, name, model)
        cases = [[text, tokenize(program, model, text)] for text in texts]
        (folder / f"{name}.json").write_text(json.dumps(cases))
        print(name, sum(len(ids) for _, ids in cases), "tokens", flush=True)


if __name__ == "__main__":
    main()
