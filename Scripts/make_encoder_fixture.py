#!/usr/bin/env python3
"""Make a tiny random BERT with the tokens, states and vectors that its texts must give.

    pip install torch transformers sentence-transformers tokenizers
    python Scripts/make_encoder_fixture.py [--out Tests/Fixtures/encoder]

The folder holds what sentence-transformers saves: the weights, tokenizer.json, modules.json and a
mean pooling, normalised; beside them vocab.txt, and expected.json: for each text its `ids` by
Python's tokenizers, and its `vector` by sentence-transformers, null where it is too long; for the
first text also `states` [tokens][hidden] by transformers, and `cls`, the vector that pooling by
the first token gives.
"""
import argparse
import json
import os

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Normalize, Pooling, Transformer
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from transformers import BertConfig, BertModel, BertTokenizerFast

TEXTS = [
    "The sparrow is a small bird that nests under roofs.",
    "",
    "  Crème brûlée, naïve façade -- ÅNGSTRÖM!  ",
    "Tabs\tand\nlines\r\nand\u00a0wide\u3000spaces\u2028here",
    "Zwei Spatzen (Passer domesticus) saßen am 3. Mai 1874 auf dem Dach.",
    "麻雀是一种小鸟。スズメ 참새 воробей",
    "e-mail: a.b+c@d.org, 50% = $3 <x^y> `z|~",
    "zero\u200bwidth, soft\u00adhyphen, bell\u0007, bad\ufffd and joined 👩‍👩‍👧 emoji 🐦",
    "w" * 100 + " " + "w" * 101,
    "unknownglyph☃inside ☃ ﬁn Ⅷ ①",
    "İstanbul ΣΊΣΥΦΟΣ ÇA don't won't",
    "small bird " * 20,
    "later\u061dpunctuation\u2e43and a\u08d4 mark",  # of Unicode 9 and 14
]


def vocabulary():
    """Control tokens, characters, and halves and wholes of the words of some texts."""
    pieces = set()
    for text in TEXTS[:8]:
        normal = BertNormalizer().normalize_str(text)
        for word, _ in BertPreTokenizer().pre_tokenize_str(normal):
            half = (len(word) + 1) // 2
            pieces |= set(word[:1]) | {word[:half], "##" + word[half:]} | {word} - {"sparrow"}
    pieces |= {"##" + chr(letter) for letter in range(ord("a"), ord("z") + 1)}
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + sorted(pieces - {"##"})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default="Tests/Fixtures/encoder")
    out = parser.parse_args().out
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, "vocab.txt"), "w", encoding="utf-8") as file:
        file.writelines(token + "\n" for token in vocabulary())
    tokenizer = BertTokenizerFast(
        vocab=os.path.join(out, "vocab.txt"), do_lower_case=True, model_max_length=64)
    torch.manual_seed(7)
    model = BertModel(BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=64, attn_implementation="eager"))
    # Large weights and random norms and biases, so that no mistake hides behind a small term.
    for name, weight in model.named_parameters():
        scale = 0.1 if name.endswith("bias") else 0.2
        with torch.no_grad():
            weight.normal_(1 if "LayerNorm.weight" in name else 0, scale)
    model.eval()
    parts = os.path.join(out, "parts")
    model.save_pretrained(parts)
    tokenizer.save_pretrained(parts)
    transformer = Transformer(parts, max_seq_length=64)
    pooling = Pooling(32, pooling_mode="mean")
    sentences = SentenceTransformer(modules=[transformer, pooling, Normalize()], device="cpu")
    sentences.save(out)
    for name in os.listdir(parts):
        os.remove(os.path.join(parts, name))
    os.rmdir(parts)
    for name in ["README.md", "config_sentence_transformers.json", "2_Normalize/config.json"]:
        if os.path.exists(os.path.join(out, name)):
            os.remove(os.path.join(out, name))
    os.rmdir(os.path.join(out, "2_Normalize"))

    texts = []
    for text in TEXTS:
        ids = tokenizer(text)["input_ids"]
        vector = sentences.encode([text], convert_to_numpy=True)[0]
        vector = [round(float(x), 7) for x in vector] if len(ids) <= 64 else None
        texts.append({"text": text, "ids": ids, "vector": vector})
    with torch.no_grad():
        states = model(torch.tensor([texts[0]["ids"]])).last_hidden_state[0]
    expected = {
        "texts": texts, "states": [[round(float(x), 6) for x in row] for row in states],
        "cls": [round(float(x), 7) for x in torch.nn.functional.normalize(states[0], dim=0)],
    }
    with open(os.path.join(out, "expected.json"), "w", encoding="utf-8") as file:
        json.dump(expected, file, ensure_ascii=True, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
