"""Writes folders of tokenizers as people have them, and what transformers makes of texts with them.

Usage: python Scripts/make_folder_fixtures.py [FOLDER]    (needs: pip install transformers tokenizers sentencepiece)

Without an argument one file, Tests/Fixtures/tokenizers/folders.json: for every folder its files as text (`tokenizer.model` in
hexadecimal digits) and `[text, ids]` of AutoTokenizer.
"""

import io
import json
import os
import pathlib
import sys
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer

from make_tokenizer_fixtures import QWEN2, WORDS, split

ROOT = pathlib.Path(__file__).resolve().parent.parent
MARKS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CORPUS = ["the sparrow is a small bird that lives near people, 1234 5678 it's don't caf\u00e9 e\u0301 \u96c0 a  b"] * 20
TEXTS = [
    "", "Hello", " hello  world", "<|im_start|>user\nHi<|im_end|>\n", "a<tool>b", "a <tool> b", "<tool>", "x<|x|>y", "<x> <y>",
    "caf\u00e9 cafe\u0301", "the sparrow's 12 birds", "<s>a</s>", "<unk>", "  <tool>  ", "toolbox tool", "\u96c0\u96c0 \u2581a", "<bos>a<eos>",
    "<start_of_turn>user", "\n\n a", "<pad>", "<BOS_TOKEN>Hi<|END_OF_TURN_TOKEN|>", "<mask>", "TOOL Tool", "a\u00a0b",
]


def byte_level(pre, normalizer=None, special=()):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=300, special_tokens=list(special), show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    return json.loads(tokenizer.to_str())


def two_files(state):
    merges = [m if isinstance(m, str) else " ".join(m) for m in state["model"]["merges"]]
    return {
        "vocab.json": json.dumps(state["model"]["vocab"], ensure_ascii=False),
        "merges.txt": "#version: 0.2\n" + "\n".join(merges) + "\n",
    }


def decoder(start, texts, **flags):
    return {
        str(start + i): {"content": t, "lstrip": False, "rstrip": False, "normalized": False, "single_word": False, "special": True} | flags
        for i, t in enumerate(texts)
    }


def sentence_piece(**options):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_writer=model, model_type="bpe", vocab_size=330, byte_fallback=True,
        normalization_rule_name="identity", remove_extra_whitespaces=False, character_coverage=0.999, minloglevel=2,
        **options)
    return model.getvalue()


def folders():
    gpt2 = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    qwen = byte_level(split(QWEN2), normalizers.NFC())
    plain = byte_level(gpt2, special=["<|endoftext|>"])
    count = len(qwen["model"]["vocab"])
    config = lambda name, **more: {"tokenizer_class": name} | more
    yield "qwen2 two files", two_files(qwen), config(
        "Qwen2Tokenizer", eos_token="<|im_end|>", additional_special_tokens=MARKS[1:], added_tokens_decoder=decoder(count, MARKS)), "qwen2"
    yield "qwen3 no class", two_files(qwen), {"added_tokens_decoder": decoder(count, MARKS), "eos_token": "<|im_end|>"}, "qwen3"
    yield "qwen2 fast", two_files(qwen), config("Qwen2TokenizerFast"), "qwen2"
    yield "gpt2", two_files(plain), config("GPT2Tokenizer"), "gpt2"
    yield "gpt2 with start", two_files(plain), config("GPT2Tokenizer", add_bos_token=True), "gpt2"
    yield "gpt2 with spaces", two_files(plain), config("GPT2Tokenizer", add_prefix_space=True), "gpt2"
    yield "gpt2 added", two_files(plain) | {
        "added_tokens.json": json.dumps({"<tool>": len(plain["model"]["vocab"]) + 1, "<x>": len(plain["model"]["vocab"])}),
        "special_tokens_map.json": json.dumps({
            "eos_token": {"content": "<x>", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False},
            "additional_special_tokens": ["<y>"]}),
    }, config("GPT2Tokenizer", eos_token="<|endoftext|>"), "gpt2"
    yield "neox", two_files(plain), config("GPTNeoXTokenizer", add_bos_token=True), "gpt_neox"
    yield "cohere", two_files(plain), config("CohereTokenizer", add_bos_token=True), "cohere"
    yield "json and decoder", {"tokenizer.json": json.dumps(plain, ensure_ascii=False)}, config(
        "PreTrainedTokenizerFast", eos_token="<|endoftext|>", bos_token="<s>", added_tokens_decoder=decoder(len(plain["model"]["vocab"]), ["<tool>", "tool"], special=False, normalized=True, single_word=True)
        | decoder(0, ["<|endoftext|>"], rstrip=True)), "llama"
    yield "json and list", {
        "tokenizer.json": json.dumps(plain, ensure_ascii=False),
        "added_tokens.json": json.dumps({"<tool>": len(plain["model"]["vocab"])}),
        "special_tokens_map.json": json.dumps({"pad_token": "<pad>", "bos_token": {"content": "<s>", "lstrip": False, "rstrip": True, "normalized": False, "single_word": False}}),
    }, config("PreTrainedTokenizerFast", eos_token="<|endoftext|>", image_token="<x>"), "llama"
    piece = sentence_piece()
    more = sentence_piece(user_defined_symbols=["<tool>", "<start_of_turn>"], control_symbols=["<x>"])
    yield "llama", {"tokenizer.model": piece}, config("LlamaTokenizer", add_bos_token=True), "llama"
    yield "llama legacy", {"tokenizer.model": piece}, config("LlamaTokenizer", legacy=True), "llama"
    yield "llama plain", {"tokenizer.model": piece}, config("LlamaTokenizer", add_prefix_space=False, add_eos_token=True), "llama"
    yield "llama added", {"tokenizer.model": more, "added_tokens.json": json.dumps({"<|x|>": 330})}, config("LlamaTokenizer", pad_token="<pad>"), "llama"
    yield "llama decoder", {"tokenizer.model": more}, config("LlamaTokenizerFast", added_tokens_decoder=decoder(330, ["<|x|>", "tool"], special=False)), "llama"
    yield "gemma", {"tokenizer.model": sentence_piece(
        bos_piece="<bos>", eos_piece="<eos>", pad_piece="<pad>", pad_id=0, eos_id=1, bos_id=2, unk_id=3,
        user_defined_symbols=["<mask>", "<start_of_turn>"])}, config("GemmaTokenizer", add_bos_token=True), "gemma"


def main():
    out = []
    for name, files, config, model in folders():
        with tempfile.TemporaryDirectory() as folder:
            for file, content in files.items():
                pathlib.Path(folder, file).write_bytes(content if isinstance(content, bytes) else content.encode())
            pathlib.Path(folder, "tokenizer_config.json").write_text(json.dumps(config))
            pathlib.Path(folder, "config.json").write_text(json.dumps({"model_type": model}))
            tokenizer = AutoTokenizer.from_pretrained(folder)
            out.append({
                "name": name, "model": model, "config": config,
                "files": {k: v.hex() if isinstance(v, bytes) else v for k, v in files.items()},
                "cases": [[t, tokenizer(t)["input_ids"]] for t in TEXTS],
            })
            print(name, type(tokenizer).__name__, len(tokenizer))
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "Tests/Fixtures/tokenizers/folders.json"
    path.write_text("[" + ",\n".join(json.dumps(o, ensure_ascii=False, separators=(",", ":")) for o in out) + "]\n")


main()
