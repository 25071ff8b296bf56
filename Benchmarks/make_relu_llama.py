#!/usr/bin/env python3
r"""Make a random ReLU Llama with planted sparse activity, and low-rank predictors that find it.

    pip install gguf safetensors numpy
    python Benchmarks/make_relu_llama.py MODEL.gguf --adapter DIR [--density 0.10] [--scale 1b]
    python Benchmarks/make_relu_llama.py --rebase MODEL.gguf --like DIR --adapter DIR

    (cd Tests/Fixtures/relu && python ../../../Benchmarks/make_relu_llama.py model.gguf \
       --scale tiny --adapter . --expected expected.safetensors)    # the fixture

The first form writes a model (float16; 1.1B parameters, 2.2 GB in two minutes on one core) for
measuring speed: its text is noise. It is a Llama but for `llama.hidden_activation` = "relu", which
llama.cpp ignores: it computes SiLU there, densely, in the same time. The second form fits an
adapter's thresholds to another file of the same model, such as what llama-quantize made of it.

How activity is planted: dimension 0 of every embedding is the constant CONSTANT. No layer writes
it and only gates read it, so that column 0 of a gate matrix is a bias, which is fixed on random
tokens so that a part `density` of the gates is positive. The other columns have rank `rank - 1`,
so [A; e0] and [B, bias] predict every gate but for rounding. Which gates are positive depends on
the token alone: there are no hot neurons, as in the worst case for any cache.
"""
import argparse

import gguf
import numpy as np
from gguf.quants import dequantize
from safetensors.numpy import load_file, save_file

from relu_llama import BASE, EPSILON, LENGTH, SEQUENCES
from relu_llama import Predictors, attention, hidden_activations, random_tokens, rms_norm

# layers, width, neurons, query heads, key/value heads, vocabulary, rank of the predictors
SCALES = {
    "1b": (22, 2048, 5632, 32, 4, 32_000, 512),
    "small": (4, 256, 704, 4, 2, 512, 64),
    "tiny": (2, 32, 96, 2, 1, 288, 16),
}
# Against embeddings of variance 1: large enough to be the greatest of its block in 4-bit formats,
# which keep that one exactly, and small enough to leave the other inputs of its block their bits.
CONSTANT = 8.0
# What each half of a layer adds to the variance of the residual stream (1 in the embeddings).
ADDED = 0.1
SPECIAL = 3 + 256


def pieces(count):
    """A SentencePiece vocabulary: three control tokens, all bytes, characters, then syllables."""
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    pairs = [a + b for a in letters for b in letters]
    words = ["▁"] + letters + [" .,!?'-:;()0123456789"[i] for i in range(1, 20)]
    words += ["▁" + w for w in letters] + pairs + ["▁" + w for w in pairs]
    triples = [a + b for a in pairs for b in letters]
    words += triples + ["▁" + w for w in triples]
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)] + words
    kind = gguf.TokenType
    types = [kind.UNKNOWN] + [kind.CONTROL] * 2 + [kind.BYTE] * 256 + [kind.NORMAL] * len(words)
    scores = [0.0] * SPECIAL + [-float(i) for i in range(len(words))]
    return tokens[:count], types[:count], scores[:count]


def metadata(writer, name, layers, width, neurons, heads, kv_heads, vocabulary):
    writer.add_name(name)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_context_length(4096)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(neurons)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_rope_freq_base(BASE)
    writer.add_rope_dimension_count(width // heads)
    writer.add_vocab_size(vocabulary)
    writer.add_string("llama.hidden_activation", "relu")
    tokens, types, scores = pieces(vocabulary)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_scores(scores)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)


def shapes(layers, width, neurons, heads, kv_heads, vocabulary):
    """Every tensor in the order of the file; norms are vectors."""
    narrow = width // heads * kv_heads
    yield "token_embd", (vocabulary, width)
    for layer in range(layers):
        for name, shape in (
            ("attn_norm", (width,)), ("attn_q", (width, width)), ("attn_k", (narrow, width)),
            ("attn_v", (narrow, width)), ("attn_output", (width, width)), ("ffn_norm", (width,)),
            ("ffn_gate", (neurons, width)), ("ffn_up", (neurons, width)),
            ("ffn_down", (width, neurons)),
        ):  # fmt: skip
            yield f"blk.{layer}.{name}", shape
    yield "output_norm", (width,)
    yield "output", (vocabulary, width)


def half(values):
    """The values that a float16 tensor keeps."""
    return values.astype("f2").astype("f4")


def normal(rng, rows, columns, deviation):
    values = rng.standard_normal((rows, columns), dtype="f4")
    values *= np.float32(deviation)
    return values


def readers(rng, rows, width, gain=1.0):
    """A matrix whose products with a normalised input have deviation `gain`; blind to the constant."""
    values = normal(rng, rows, width, gain / np.sqrt(width))
    values[:, 0] = 0
    return half(values)


def make_layer(rng, h, density, rank, size, predictors):
    """Draws a layer's weights, fixing what depends on its inputs; returns them and the new h."""
    _, width, neurons, heads, kv_heads, _ = size
    narrow = width // heads * kv_heads
    w = {"attn_norm": np.ones(width, "f4"), "ffn_norm": np.ones(width, "f4")}
    # Scores of deviation 2, so that attention picks some positions instead of averaging all.
    w["attn_q"] = readers(rng, width, width, 2)
    w["attn_k"], w["attn_v"] = readers(rng, narrow, width), readers(rng, narrow, width)
    w["attn_output"] = normal(rng, width, width, np.sqrt(ADDED / width))
    w["attn_output"][0] = 0
    w["attn_output"] = half(w["attn_output"])
    h = h + attention(w, h, heads, kv_heads)

    x = rms_norm(h, w["ffn_norm"]).reshape(-1, width)
    a, b = np.zeros((rank, width), "f4"), np.zeros((neurons, rank), "f4")
    a[:-1] = readers(rng, rank - 1, width)
    a[-1, 0] = 1
    b[:, :-1] = half(normal(rng, neurons, rank - 1, 1 / np.sqrt(rank - 1)))
    fixing = x[: len(x) // 2]
    b[:, -1] = half(np.quantile(-((fixing @ a.T) @ b.T) / fixing[:, :1], density))
    w["ffn_gate"], w["ffn_up"] = half(b @ a), readers(rng, neurons, width)
    hidden = hidden_activations(w, x)
    down = normal(rng, width, neurons, 1)
    down[0] = 0
    written = hidden @ down.T
    down *= np.sqrt(ADDED) / np.sqrt((written * written).mean())
    w["ffn_down"] = half(down)
    predictors.add(a, b, np.zeros(neurons, "f4"), x, w["ffn_gate"])
    return w, h + (hidden @ w["ffn_down"].T).reshape(h.shape)


def make(path, density, scale, seed, predictors, expected):
    *size, rank = SCALES[scale]
    layers, width, *_, vocabulary = size
    rng = np.random.default_rng([seed, 0])
    writer = gguf.GGUFWriter(path, "llama")
    metadata(writer, f"relu-llama-{scale}", *size)
    for name, shape in shapes(*size):
        kind = np.dtype("f4" if len(shape) == 1 else "f2")
        bytes_ = int(np.prod(shape)) * kind.itemsize
        writer.add_tensor_info(name + ".weight", shape, kind, bytes_)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()

    def write(values):
        writer.write_tensor_data(values if values.ndim == 1 else values.astype("f2"))

    embedding = normal(rng, vocabulary, width, 1)
    embedding[:, 0] = CONSTANT
    write(embedding)
    tokens = random_tokens(seed, vocabulary, SPECIAL)
    h = half(embedding[tokens])
    del embedding
    names = [n.split(".")[-1] for n, _ in shapes(*size) if n.startswith("blk.0.")]
    for _ in range(layers):
        w, h = make_layer(rng, h, density, rank, size, predictors)
        for name in names:
            write(w[name])
    norm, head = np.ones(width, "f4"), readers(rng, vocabulary, width)
    head[:SPECIAL] = 0  # so that greedy text has no control tokens
    write(norm)
    write(head)
    writer.close()
    print(f"residual stream's deviation at the end: {h[..., 1:].std():.2f}")
    if expected:
        start = h[0, :24]
        logits = rms_norm(start, norm) @ head.T
        save_file({"input_ids": tokens[0, :24].astype("f4"), "logits": logits}, expected)


def rebase(path, like, seed, predictors):
    """Fits the predictors of the adapter `like` to a file whose weights differ a little."""
    reader = gguf.GGUFReader(path)
    tensors = {t.name.removesuffix(".weight"): t for t in reader.tensors}
    count = lambda key: reader.get_field("llama." + key).contents()
    load = lambda name, rows=slice(None): dequantize(
        tensors[name].data[rows], tensors[name].tensor_type
    ).astype("f4")
    tokens = random_tokens(seed, len(tensors["token_embd"].data), SPECIAL)
    h = load("token_embd", tokens.reshape(-1)).reshape(SEQUENCES, LENGTH, -1)
    low_rank = load_file(f"{like}/adapter.safetensors")
    for layer in range(count("block_count")):
        block = f"blk.{layer}."
        w = {n.removeprefix(block): load(n) for n in tensors if n.startswith(block)}
        h = h + attention(w, h, count("attention.head_count"), count("attention.head_count_kv"))
        x = rms_norm(h, w["ffn_norm"]).reshape(-1, h.shape[-1])
        a, b, bias = (
            low_rank[f"layers.{layer}.feed_forward.{n}"].astype("f4") for n in ("a", "b", "bias")
        )
        predictors.add(a, b, bias, x, w["ffn_gate"])
        h = h + (hidden_activations(w, x) @ w["ffn_down"].T).reshape(h.shape)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", metavar="MODEL.gguf")
    parser.add_argument("--adapter", required=True, metavar="DIR", help="where predictors go")
    parser.add_argument("--density", type=float, default=0.10, help="part of the gates positive")
    parser.add_argument("--scale", choices=SCALES, default="1b")
    parser.add_argument("--recall", type=float, default=0.992, help="of the positive gates")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--maps", choices=["f16", "q8_0", "q4_0"], default="f16")
    parser.add_argument("--rebase", action="store_true", help="MODEL.gguf exists: fit --like to it")
    parser.add_argument("--like", metavar="DIR", help="the adapter to fit; else --adapter's own")
    parser.add_argument("--expected", metavar="FILE", help="write the logits of 24 tokens")
    o = parser.parse_args()
    predictors = Predictors(o.recall, o.maps)
    if o.rebase:
        rebase(o.model, o.like or o.adapter, o.seed, predictors)
    else:
        make(o.model, o.density, o.scale, o.seed, predictors, o.expected)
    predictors.write(o.adapter, o.model)


if __name__ == "__main__":
    main()
