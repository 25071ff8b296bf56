"""Trains tiny tokenizers of every family and writes what the reference makes of tricky texts.

Usage: python Scripts/make_tokenizer_fixtures.py [--random N] [--out FOLDER] [--gguf FILE ...]

Without arguments: Tests/Fixtures/tokenizers. With --random and --out: the same tokenizers with N random
texts each; with --gguf: the vocabularies of those files instead, run by the reference libraries.
Needs: pip install tokenizers sentencepiece gguf
"""

import argparse
import io
import json
import pathlib
import random
import unicodedata

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers
from tokenizers import pre_tokenizers, processors, trainers

ROOT = pathlib.Path(__file__).resolve().parent.parent
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace("{1,3}", "")
QWEN35 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"
    r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

TRICKY = [
    "", " ", "  ", "   ", "\n", "\n\n", "\t", "\r\n", " \n \n", "a", " a", "a ", " a ", "\u2581a",
    "Hello, world!", " Hello", "hello  world", "hello   world ", "don't I'LL we'Ve 'S 'T it's 'tis",
    "'\u017f '\u017fa can'\u017ft", "1 12 123 1234 12345", "x1y22z333", " 1", "1 ", "\u0664\u0662 \u00bd \u2168",
    "a\nb\r\nc\n\n\nd", "a \n b", "tab\there\t\tthere", "\u00a0a\u00a0 b\u3000c\u2003 d", "x\u0085y\u2028z\u200bw",
    "\u00e9 e\u0301 \u212b A\u030a \u1100\u1161\u11a8 \uac01 q\u0307\u0323", "\ufb01 \u2126 \u00df \u0130",
    "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8\u3002\u4e2d\u6587", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u0928\u092e\u0938\u094d\u0924\u0947 \u0645\u0631\u062d\u0628\u0627",
    "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1eb\U0001f1f7\ufe0f\U0001f44d\U0001f3fd", "\U00020000\U0001d518\U0001d7d8\U000e0041",
    "!!! ??? ...\n\n((x)) [y] {z}", "a=b;\n  c(d)  ;\n", "<|end|>", "a<|end|>b", "<|end|> <|end|>", "<tool>x</tool>",
    "<s> </s> <unk>", "  <tool>  ", "<0x0A><0x41>", "a" * 60, "\u00e0" * 40, " " * 40, "\n" * 20,
    "The year 2024 was, I'd say, 'fine'...", "def f(x):\n    return x + 1\n", "e\u0301" * 5, "\ud7a4\uffff\ufdd0",
    "\x00\x01\x7f", "abc\u2581\u2581def", "\u2581 \u2581", " \u2581", "'", "''", "'s", "x's", " 's",
]

WORDS = "the of and in to a is that it he was for on are with as his they at be this from have or by".split()


def random_text(rng):
    parts = []
    for _ in range(rng.randint(1, 12)):
        kind = rng.randint(0, 13)
        if kind <= 3:
            parts.append(rng.choice([" ", "", "\n", "  "]) + rng.choice(WORDS))
        elif kind == 4:
            parts.append(str(rng.randint(0, 10 ** rng.randint(1, 8))))
        elif kind == 5:
            parts.append(rng.choice(["'s", "'LL", "'re", "'Ve", "'d", "'", "'m'", "'x", "'\u017f"]))
        elif kind == 6:
            spaces = [" ", " ", "\n", "\r", "\t", "\u00a0", "\u3000", "\u2003", "\u0085", "\u2028", "\x0b"]
            parts.append("".join(rng.choice(spaces) for _ in range(rng.randint(1, 4))))
        elif kind == 7:
            parts.append("".join(rng.choice(".,;:!?-()[]{}<>|@#$%^&*_=+/\\`~\"'") for _ in range(rng.randint(1, 5))))
        elif kind == 8:
            parts.append(rng.choice(["\u2581", "<tool>", "<|end|>", "<s>", "\u2581\u2581", "e\u0301", "\u1100\u1161", "\u212b"]))
        elif kind == 9:
            start = rng.choice([0xC0, 0x370, 0x400, 0x590, 0x600, 0x900, 0xE00, 0x3040, 0x4E00, 0xAC00, 0x1F300, 0x300])
            parts.append("".join(chr(start + rng.randint(0, 120)) for _ in range(rng.randint(1, 6))))
        elif kind == 10:
            parts.append("".join(rng.choice("etaoinshrdlu") for _ in range(rng.randint(1, 12))))
        else:
            parts.append("".join(assigned(rng) for _ in range(rng.randint(1, 4))))
    # Unassigned characters may be letters in one library's newer Unicode and not in another's.
    return "".join(c for c in "".join(parts) if unicodedata.category(c) not in ("Cn", "Cs"))


def assigned(rng):
    while True:
        value = rng.randint(1, rng.choice([0x7F, 0x7FF, 0xFFFF, 0x1FFFF, 0x10FFFF]))
        if unicodedata.category(chr(value)) not in ("Cn", "Cs", "Co"):
            return chr(value)


def corpus():
    rng = random.Random(1)
    lines = [" ".join(rng.choice(WORDS) for _ in range(12)) + "." for _ in range(300)]
    lines += ["It's 2024, they've 1234 words; we'll see!", "def f(x):\n    return x\n", "caf\u00e9 na\u00efve \u00e9t\u00e9 \u00e0 Espa\u00f1a"] * 40
    lines += ["\u65e5\u672c\u8a9e \u4e2d\u6587 \u043f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440 \u0928\u092e\u0938\u094d\u0924\u0947", "a  b   c    d\n\n\n\te  \u1100\u1161"] * 40
    return lines


def with_byte_level(pre, normalizer=None, ignore_merges=False):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=520, special_tokens=["<|end|>"], show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.train_from_iterator(corpus(), trainer)
    tokenizer.add_tokens([AddedToken("<tool>", normalized=False), AddedToken("</tool>", normalized=False)])
    return tokenizer


def split(expression):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(expression), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def with_marks(normalizer, pre, decoder, fuse=True):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=fuse, byte_fallback=True))
    trainer_normalizer = normalizers.Replace(" ", "\u2581")
    tokenizer.normalizer = trainer_normalizer if normalizer is None and pre is None else normalizer
    # Trained on words with their space in front, as SentencePiece does.
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    bytes_ = [f"<0x{b:02X}>" for b in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=["<unk>", "<s>", "</s>"] + bytes_, show_progress=False, limit_alphabet=90)
    tokenizer.normalizer = None
    tokenizer.train_from_iterator(corpus(), trainer)
    state = json.loads(tokenizer.to_str())
    state["added_tokens"] = [t for t in state["added_tokens"] if t["id"] < 3]
    tokenizer = Tokenizer.from_str(json.dumps(state))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoder
    return tokenizer


def template(tokenizer, token):
    return processors.TemplateProcessing(
        single=[token, "$A"], pair=[token, "$A", token, "$B"], special_tokens=[(token, tokenizer.token_to_id(token))])


def families():
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    digits = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level])
    yield "gpt2", with_byte_level(byte_level), {"eos_token": "<|end|>", "add_bos_token": False}
    opt = with_byte_level(byte_level)
    opt.post_processor = template(opt, "<|end|>")
    yield "opt", opt, {"bos_token": {"content": "<|end|>"}, "eos_token": {"content": "<|end|>"}}
    yield "smollm2", with_byte_level(digits), {"eos_token": "<|end|>"}
    llama3 = with_byte_level(split(LLAMA3), ignore_merges=True)
    llama3.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template(llama3, "<|end|>")])
    yield "llama3", llama3, {"bos_token": "<|end|>"}
    yield "qwen2", with_byte_level(split(QWEN2), normalizers.NFC()), {"eos_token": "<|end|>", "bos_token": None}
    yield "qwen35", with_byte_level(split(QWEN35), normalizers.NFC()), {"eos_token": "<|end|>"}

    strip = decoders.Sequence([
        decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    keep = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])
    marks = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    llama2 = with_marks(marks, None, strip)
    llama2.post_processor = template(llama2, "<s>")
    yield "llama2", llama2, {"bos_token": "<s>", "eos_token": "</s>", "add_bos_token": True}
    for name, scheme, cuts in [("mistral", "first", False), ("metaspace", "always", True)]:
        pre = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=cuts)
        tokenizer = with_marks(None, pre, strip)
        tokenizer.add_tokens([AddedToken("<tool>", normalized=False, rstrip=True), AddedToken("</tool>", normalized=False, lstrip=True)])
        tokenizer.post_processor = template(tokenizer, "<s>")
        yield name, tokenizer, {"bos_token": "<s>", "eos_token": "</s>"}
    gemma = with_marks(normalizers.Replace(" ", "\u2581"), pre_tokenizers.Split(" ", "merged_with_previous"), keep)
    gemma.add_tokens([AddedToken(t, normalized=False) for t in ["\n\n", "\n\n\n", "\u2581\u2581", "<tool>", "</tool>"]])
    gemma.post_processor = template(gemma, "<s>")
    yield "gemma", gemma, {"bos_token": {"content": "<s>"}, "eos_token": "</s>", "add_bos_token": True}


def cases(tokenizer, texts):
    rows = []
    for text in texts:
        ids = tokenizer.encode(text).ids
        plain = tokenizer.encode(text, add_special_tokens=False).ids
        rows.append([text, ids, ids == plain or plain, tokenizer.decode(ids, skip_special_tokens=True)])
    return rows


def write(folder, tokenizer, config, texts, keep_json=True):
    folder.mkdir(parents=True, exist_ok=True)
    if keep_json:
        tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
        (folder / "tokenizer_config.json").write_text(json.dumps(config) + "\n")
    with open(folder / "cases.json", "w") as file:
        file.write("[" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in cases(tokenizer, texts)) + "]\n")


def sentencepiece_fixture(folder, texts):
    """A SentencePiece model as GGUF stores it: tokens, scores, types, and the library's ids."""
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus()), model_writer=model, model_type="bpe", vocab_size=520,
        byte_fallback=True, user_defined_symbols=["<tool>"], normalization_rule_name="identity",
        remove_extra_whitespaces=False, character_coverage=0.99, minloglevel=2)
    library = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    count = library.vocab_size()
    kinds = [
        2 if library.is_unknown(i) else 3 if library.is_control(i) else 6 if library.is_byte(i)
        else 4 if library.id_to_piece(i) == "<tool>" else 1 for i in range(count)]
    # Where a text holds no symbol of its own, llama.cpp, Sparrow and the library agree by definition.
    texts = [t for t in texts if "<tool>" not in t and "\x00" not in t]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sentencepiece.json").write_text(json.dumps({
        "tokens": [library.id_to_piece(i) for i in range(count)],
        "scores": [round(library.get_score(i), 4) for i in range(count)],
        "types": kinds,
        "cases": [[t, library.encode(t)] for t in texts],
    }, separators=(",", ":")) + "\n")


def from_gguf(path):
    """The tokenizer of a GGUF file, built for the reference library."""
    import gguf

    fields = gguf.GGUFReader(path).fields

    def value(key):
        field = fields.get("tokenizer.ggml." + key)
        return field.contents() if field else None

    tokens, kinds = value("tokens"), value("token_type")
    vocab = {t: i for i, t in enumerate(tokens)}
    marked = value("model") == "llama"
    if marked:
        scores = value("scores")
        rows = []
        for token, index in vocab.items():
            if kinds[index] not in (1, 4, 5):
                continue
            local = [(token[:i], token[i:]) for i in range(1, len(token)) if token[:i] in vocab and token[i:] in vocab]
            local.sort(key=lambda pair: (vocab[pair[0]], vocab[pair[1]]))
            rows += [(-scores[index], index, left, right) for left, right in local]
        rows.sort(key=lambda row: (row[0], row[1]))
        merges = [(left, right) for _, _, left, right in rows]
        tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token=tokens[value("unknown_token_id") or 0], fuse_unk=True, byte_fallback=True))
        steps = [normalizers.Replace(" ", "\u2581")]
        prefix = value("add_space_prefix")
        if prefix is None or prefix:
            steps.insert(0, normalizers.Prepend("\u2581"))
        tokenizer.normalizer = normalizers.Sequence(steps)
        ends = [decoders.Strip(" ", 1, 0)] if len(steps) == 2 else []
        tokenizer.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()] + ends)
    else:
        pre = value("pre")
        byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
        tokenizer = Tokenizer(models.BPE(vocab, [tuple(m.split(" ", 1)) for m in value("merges")], ignore_merges=pre == "llama-bpe"))
        tokenizer.pre_tokenizer = {
            "gpt-2": byte_level, "llama-bpe": split(LLAMA3), "qwen2": split(QWEN2),
            "smollm": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level]),
        }[pre]
        if pre == "qwen2":
            tokenizer.normalizer = normalizers.NFC()
        tokenizer.decoder = decoders.ByteLevel()
    for index, kind in enumerate(kinds):
        if kind in (2, 3):
            tokenizer.add_special_tokens([AddedToken(tokens[index], normalized=False, special=True)])
        elif kind == 4:
            tokenizer.add_tokens([AddedToken(tokens[index], normalized=False)])
    return tokenizer


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--random", type=int, default=90)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "Tests/Fixtures/tokenizers")
    parser.add_argument("--gguf", nargs="*", default=[])
    options = parser.parse_args()
    rng = random.Random(7)
    texts = TRICKY + [random_text(rng) for _ in range(options.random)]
    if options.gguf:
        for path in options.gguf:
            write(options.out / pathlib.Path(path).stem, from_gguf(path), {}, texts)
        return
    for name, tokenizer, config in families():
        write(options.out / name, tokenizer, config, texts)
    sentencepiece_fixture(options.out / "sentencepiece", texts)


if __name__ == "__main__":
    main()
