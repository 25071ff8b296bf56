"""Writes what the `tokenizers` library makes of texts through pipelines of every kind: Tests/Fixtures/tokenizers/pipelines.json.

Usage: python Scripts/make_pipeline_fixtures.py [--random N] [--out FILE]    (needs: pip install tokenizers)

One byte-level vocabulary with the pre-tokenisers and normalisers of many families, one of marked spaces, and both with added
tokens of all flags.
"""

import argparse
import json
import pathlib
import random

from tokenizers import AddedToken, Regex, Tokenizer, decoders
from tokenizers import normalizers as N
from tokenizers import pre_tokenizers as P

from make_tokenizer_fixtures import LLAMA3, ROOT, TRICKY, random_text, with_byte_level, with_marks

CASED = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+END"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*END"
    r"|DIGITS| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
GPT4O = CASED.replace("END", "(?i:'s|'t|'re|'ve|'m|'ll|'d)?").replace("DIGITS", r"\p{N}{1,3}")
TEKKEN = CASED.replace("END", "").replace("DIGITS", r"\p{N}")
HAN = GPT4O.replace(r"\p{M}]", r"\p{M}&&[^\p{Han}]]").replace("[\\r\\n/]", "[\\r\\n]")
BAILING = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
)
DEEPSEEK = (
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"
)


def split(expression, behavior="isolated", invert=False):
    return P.Split(Regex(expression), behavior, invert=invert)


def byte_level(regex=False, prefix=False):
    return P.ByteLevel(add_prefix_space=prefix, use_regex=regex)


PIPELINES = {
    "phi-4-mini": (P.Sequence([split(GPT4O), byte_level()]), None),
    "tekken": (P.Sequence([split(TEKKEN), byte_level()]), None),
    "olmo 2": (P.Sequence([split(LLAMA3), byte_level()]), None),
    "falcon": (
        P.Sequence([
            P.Punctuation("contiguous"), byte_level(True), P.Digits(individual_digits=False), split("[0-9][0-9][0-9]")]),
        None),
    "gpt-neox": (byte_level(True), N.NFC()),
    "command-r": (P.Sequence([P.Digits(individual_digits=True), byte_level(True)]), N.NFC()),
    "deepseek-v3": (
        P.Sequence([split(r"\p{N}{1,3}"), split("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"), split(DEEPSEEK), byte_level()]),
        N.Sequence([])),
    "deepseek-coder": (
        P.Sequence([
            split("[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split("[\u4e00-\u9fa5\uac00-\ud7a3]+"),
            P.Digits(individual_digits=True), byte_level()]),
        None),
    "han": (P.Sequence([split(HAN), byte_level()]), None),
    "possessive": (P.Sequence([split(BAILING), byte_level()]), N.NFC()),
    "prefix space": (byte_level(True, True), None),
    "changes": (
        byte_level(True),
        N.Sequence([N.Strip(), N.Lowercase(), N.NFD(), N.Replace(Regex(" {2,}"), "  "), N.Replace("x", "y")])),
    "prepend": (byte_level(True), N.Prepend("_")),
    "whitespace": (P.Sequence([P.Whitespace(), byte_level()]), None),
    "spaces": (P.Sequence([P.WhitespaceSplit(), byte_level(True)]), None),
    "delimiter": (P.Sequence([P.CharDelimiterSplit(","), byte_level(True)]), None),
    "removed": (P.Sequence([split(r"\s+", "removed"), byte_level()]), None),
    "previous": (P.Sequence([split(r"[,.\s]", "merged_with_previous"), byte_level()]), None),
    "next": (P.Sequence([split(r"[\s'-]", "merged_with_next"), byte_level()]), None),
    "contiguous": (P.Sequence([split(r"\p{P}|\d", "contiguous"), byte_level()]), None),
    "inverted": (P.Sequence([split(r"[^\W\d]+|\d", "removed", True), byte_level()]), None),
    "around": (P.Sequence([split(r"(?<=[a-z])(?=[A-Z])|(?<!\s)\b(?=\d)"), byte_level()]), None),
    "empty": (P.Sequence([split(r"\p{N}+"), split(r"(?=(\d{3})+(?!\d))"), byte_level()]), None),
    "lazy": (P.Sequence([split(r"a.*?[eo]|\S{2,4}?|(?>\s+)"), byte_level()]), None),
    "any case": (P.Sequence([split("(?i)the|[k-s]+|\u00c9"), byte_level()]), None),
    "punctuation": (P.Sequence([P.Punctuation("merged_with_previous"), byte_level(True)]), None),
}

WORDS = [
    "<tool>", "<t", "ool>", "tool", "<tool>x", "ab", "abc", "bcd", "b", "a b", " x", "\n\n", "\n", "  ", "caf\u00e9", "Ab",
    "e\u0301", "_a", "\u2581ab", "1", "don't", "<|e|>", "<|e|><|e|>", "\u00e9",
]


def added(rng):
    flag = lambda part: rng.random() < part
    return [
        AddedToken(word, single_word=flag(.25), lstrip=flag(.2), rstrip=flag(.2), normalized=flag(.5), special=flag(.3))
        for word in rng.sample(WORDS, 6)
    ]


def added_texts(rng, count):
    others = [" ", "  ", "x", "the", " of", "\n", "\t", "\u00e9", "a", "B", "bc", ".", "'s", "\u00a0"]
    return [
        "".join(rng.choice(WORDS if rng.random() < .6 else others) for _ in range(rng.randint(1, 8))) for _ in range(count)
    ]


def case(name, tokenizer, texts, base):
    state = json.loads(tokenizer.to_str())
    return {
        "name": name, "base": base, "normalizer": state["normalizer"], "pre_tokenizer": state["pre_tokenizer"],
        "decoder": state["decoder"], "added_tokens": state["added_tokens"],
        "cases": [[t, tokenizer.encode(t, add_special_tokens=False).ids] for t in texts],
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--random", type=int, default=8)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "Tests/Fixtures/tokenizers/pipelines.json")
    options = parser.parse_args()
    rng = random.Random(4)
    long = ["".join(random_text(rng) for _ in range(5)) for _ in range(options.random)]
    texts = ["\n".join(TRICKY[:30]), " ".join(TRICKY[30:])] + long
    fresh = lambda: with_byte_level(byte_level(True))
    keep = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])
    strip = decoders.Sequence([keep, decoders.Strip(" ", 1, 0)])
    marks = N.Sequence([N.Prepend("\u2581"), N.Replace(" ", "\u2581")])
    rows = []
    for name, (pre, normalizer) in PIPELINES.items():
        tokenizer = fresh()
        tokenizer.pre_tokenizer = pre
        if normalizer is not None:
            tokenizer.normalizer = normalizer
        rows.append(case(name, tokenizer, texts, "bytes"))
    bases = [("bytes", n, byte_level(True, p), None) for n in (None, N.NFC(), N.Lowercase(), N.Prepend("_")) for p in (False, True)]
    bases += [
        ("marks", marks, None, strip), ("marks", N.Replace(" ", "\u2581"), P.Split(" ", "merged_with_previous"), keep),
        ("marks", None, P.Metaspace(prepend_scheme="first", split=False), strip),
        ("marks", None, P.Metaspace(prepend_scheme="always", split=True), strip),
    ]
    for number, (base, normalizer, pre, decoder) in enumerate(bases):
        tokenizer = fresh() if base == "bytes" else with_marks(marks, None, strip)
        state = json.loads(tokenizer.to_str())
        state["normalizer"] = state["pre_tokenizer"] = None
        tokenizer = Tokenizer.from_str(json.dumps(state))
        if normalizer is not None:
            tokenizer.normalizer = normalizer
        if pre is not None:
            tokenizer.pre_tokenizer = pre
        if decoder is not None:
            tokenizer.decoder = decoder
        for token in added(rng):
            (tokenizer.add_special_tokens if token.special else tokenizer.add_tokens)([token])
        rows.append(case(f"added {number}", tokenizer, added_texts(rng, 3 * options.random), base))
    models = {
        "bytes": json.loads(fresh().to_str())["model"],
        "marks": json.loads(with_marks(marks, None, strip).to_str())["model"],
    }
    text = lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    options.out.write_text(
        '{"models":' + text(models) + ',\n"pipelines":[\n' + ",\n".join(text(row) for row in rows) + "\n]}\n")


if __name__ == "__main__":
    main()
