"""Writes Tests/Fixtures/tokenizers/gguf-pre.json: llama.cpp's ids of a text by each of its pre-tokenizers.

Usage: python Scripts/make_pre_fixtures.py LLAMA-TOKENIZE    (needs: pip install gguf tokenizers)

The vocabulary is that of Tests/Fixtures/tokenizers/gpt2.
"""

import json
import pathlib
import random
import sys
import tempfile

from make_gguf_cases import ROOT, known, tokenize, write
from make_tokenizer_fixtures import TRICKY, random_text


class Field:
    def __init__(self, value):
        self.value = value

    def contents(self):
        return self.value


def main():
    state = json.loads((ROOT / "Tests/Fixtures/tokenizers/gpt2/tokenizer.json").read_text())
    tokens = sorted(state["model"]["vocab"], key=state["model"]["vocab"].get)
    tokens += [t["content"] for t in state["added_tokens"] if t["content"] not in state["model"]["vocab"]]
    special = {t["content"]: 3 if t["special"] else 4 for t in state["added_tokens"]}
    merges = [m if isinstance(m, str) else " ".join(m) for m in state["model"]["merges"]]
    types = [special.get(t, 1) for t in tokens]
    fields = {f"tokenizer.ggml.{k}": Field(v) for k, v in (("tokens", tokens), ("token_type", types), ("merges", merges))}
    rng = random.Random(8)
    text = ("\n".join(TRICKY) + "".join(random_text(rng) for _ in range(12)) + "HelloWorld fooBar2 1234567 \u4e2d\u658712\u304b\u306a").replace("\x00", "")
    groups = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in known():
            path = pathlib.Path(folder, "v.gguf")
            write(fields, name, path)
            groups.setdefault(tuple(tokenize(sys.argv[1], path, text)), []).append(name)
    rows = [{"names": names, "ids": ids} for ids, names in groups.items()]
    dump = lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    (ROOT / "Tests/Fixtures/tokenizers/gguf-pre.json").write_text(
        '{"text":' + dump(text) + ',\n"tokens":' + dump(tokens) + ',\n"types":' + dump(types) + ',\n"merges":' + dump(merges)
        + ',\n"groups":[\n' + ",\n".join(dump(row) for row in rows) + "\n]}\n")
    print(len(rows), "ways to cut by", sum(len(r["names"]) for r in rows), "names")


main()
