#!/usr/bin/env python3
"""Try keys of GGUF files on tiny models: Sparrow must agree with llama.cpp, or refuse by name.

    pip install gguf numpy
    python Scripts/check_gguf_keys.py SPARROW LLAMA_PERPLEXITY [--cases 300] [--seed 1] [ARCH ...]

Each case writes one file with up to three keys added, changed or left out, and asks both programs
for its perplexity on one text. Right is: within 0.5 % of each other, or refused by Sparrow with a
message that names a key or a tensor. Ends with status 1 after anything else.
"""
import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile

import gguf
import numpy as np

WIDTH, HEADS, KEYS, HEAD, NETWORK, LAYERS = 64, 4, 2, 16, 128, 7
TEXT = (
    "The sparrow is a bird. It lives in towns, near people, in 1999 and in 2024 too. Sparrows "
    "don't sing much; they chirp, they hop, they fight over crumbs: small lives, long histories. "
) * 2


def vocabulary():
    """The end of text, the bytes as GPT-2 writes them, and what its one merge makes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = (chr(256 + i) for i in range(256))
    letters = [chr(b) if b in plain else next(rest) for b in range(256)]
    return ["<|endoftext|>", *letters, "ab"]


TOKENS = vocabulary()
U32, F32, BOOL, TEXT_TYPE = "uint32", "float32", "bool", "string"


def rms(windows=False, **more):
    keys = {"attention.layer_norm_rms_epsilon": (F32, 1e-5), "rope.freq_base": (F32, 50000.0)}
    if windows:
        keys["attention.sliding_window"] = (U32, 16)
    return keys | more


LAYER_NORM = {"attention.layer_norm_epsilon": (F32, 1e-5)}
ROTARY = {"rope.freq_base": (F32, 50000.0)}
MULTI_HEAD = {"attention.head_count_kv": (U32, HEADS)}
HEAD_SIZE = {"attention.key_length": (U32, HEAD), "attention.value_length": (U32, HEAD)}
SHARED = (KEYS * HEAD, WIDTH)
SEPARATE = {"attn_q": (WIDTH, WIDTH), "attn_k": SHARED, "attn_v": SHARED}
FUSED = {"attn_qkv": (WIDTH + 2 * KEYS * HEAD, WIDTH)}
GATED = {"ffn_gate": (NETWORK, WIDTH), "ffn_up": (NETWORK, WIDTH), "ffn_down": (WIDTH, NETWORK)}
PLAIN = {"ffn_up": (NETWORK, WIDTH), "ffn_down": (WIDTH, NETWORK)}
NORMS = {"attn_norm": (WIDTH,), "ffn_norm": (WIDTH,)}
AFTER = {"post_attention_norm": (WIDTH,), "post_ffw_norm": (WIDTH,)}
AROUND = NORMS | AFTER
EVERYWHERE = ["attn_qkv", "attn_output", "ffn_up", "ffn_down", "attn_norm", "ffn_norm"]
HEAD_NORMS = {"attn_q_norm": (HEAD,), "attn_k_norm": (HEAD,)}

# Keys that every file of an architecture has, its layers' tensors, and which of those have biases.
ARCHITECTURES = {
    "llama": (rms(), SEPARATE | GATED | NORMS, []),
    "qwen2": (rms(), SEPARATE | GATED | NORMS, ["attn_q", "attn_k", "attn_v"]),
    "qwen3": (rms(), SEPARATE | GATED | NORMS | HEAD_NORMS, []),
    "gemma2": (rms(True) | HEAD_SIZE, SEPARATE | GATED | AROUND, []),
    "gemma3": (rms(True) | HEAD_SIZE, SEPARATE | GATED | AROUND | HEAD_NORMS, []),
    "gpt2": (
        LAYER_NORM | MULTI_HEAD,
        {"attn_qkv": (3 * WIDTH, WIDTH)} | PLAIN | NORMS,
        EVERYWHERE,
    ),
    "phi3": (rms(), FUSED | PLAIN | {"ffn_up": (2 * NETWORK, WIDTH)} | NORMS, []),
    "smollm3": (rms(), SEPARATE | GATED | NORMS, []),
    "olmo2": (
        rms(),
        SEPARATE | GATED | AFTER | {"attn_q_norm": (WIDTH,), "attn_k_norm": (KEYS * HEAD,)},
        [],
    ),
    "granite": (rms() | {"logit_scale": (F32, 4.0)}, SEPARATE | GATED | NORMS, []),
    "starcoder2": (
        LAYER_NORM | ROTARY,
        SEPARATE | PLAIN | NORMS,
        ["attn_q", "attn_k", "attn_v", *EVERYWHERE[1:]],
    ),
    "falcon": (LAYER_NORM | ROTARY, FUSED | PLAIN | {"attn_norm": (WIDTH,)}, ["attn_norm"]),
    "gptneox": (
        LAYER_NORM | ROTARY | MULTI_HEAD | {"use_parallel_residual": (BOOL, True)},
        {"attn_qkv": (3 * WIDTH, WIDTH)} | PLAIN | NORMS,
        EVERYWHERE,
    ),
    "command-r": (LAYER_NORM | ROTARY, SEPARATE | GATED | {"attn_norm": (WIDTH,)}, []),
    "cohere2": (
        LAYER_NORM | ROTARY | {"attention.sliding_window": (U32, 16), "logit_scale": (F32, 0.25)},
        SEPARATE | GATED | {"attn_norm": (WIDTH,)},
        [],
    ),
}

NUMBERS = [0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 30.0]
CANDIDATES = {
    "vocab_size": [(U32, 7)],
    "rope.freq_base": [(F32, 300.0), (F32, 1e6)],
    "rope.freq_base_swa": [(F32, 300.0), (F32, 1e6)],
    "rope.scale_linear": [(F32, x) for x in NUMBERS],
    "rope.scaling.type": [(TEXT_TYPE, x) for x in ("none", "linear", "yarn", "longrope", "odd")],
    "rope.scaling.factor": [(F32, x) for x in NUMBERS],
    "rope.scaling.original_context_length": [(U32, 32), (U32, 128), (U32, 0)],
    "rope.scaling.attn_factor": [(F32, x) for x in NUMBERS],
    "rope.scaling.finetuned": [(BOOL, True), (BOOL, False)],
    "rope.scaling.yarn_log_multiplier": [(F32, 0.0), (F32, 0.1)],
    "rope.scaling.yarn_ext_factor": [(F32, 1.0), (F32, 0.5)],
    "rope.scaling.yarn_beta_fast": [(F32, 32.0), (F32, 8.0)],
    "rope.dimension_count": [(U32, 8), (U32, 16), (U32, 32)],
    "rope.dimension_sections": [("array", [0, 0, 0, 0]), ("array", [4, 2, 2, 0])],
    "attention.head_count_kv": [(U32, 1), ("array", [KEYS] * LAYERS), ("array", [1] + [2] * 6)],
    "attention.head_count": [("array", [HEADS] * LAYERS), (U32, 2)],
    "attention.key_length": [(U32, 16), (U32, 8)],
    "attention.value_length": [(U32, 16), (U32, 8)],
    "attention.key_length_swa": [(U32, 16), (U32, 8)],
    "attention.sliding_window": [(U32, 0), (U32, 4), (U32, 4096)],
    "attention.sliding_window_pattern": [
        *((U32, n) for n in range(4)),
        ("array", [True, False, True, True, False, True, True]),
        ("array", [0, 1, 1, 0, 0, 1, 1]), ("array", [0.5] * LAYERS),
    ],
    "attention.scale": [(F32, x) for x in NUMBERS],
    "attention.clamp_kqv": [(F32, x) for x in NUMBERS],
    "attention.max_alibi_bias": [(F32, 0.0), (F32, 8.0)],
    "attention.causal": [(BOOL, True), (BOOL, False)],
    "attn_logit_softcapping": [(F32, x) for x in NUMBERS[1:]],
    "final_logit_softcapping": [(F32, x) for x in NUMBERS[1:]],
    "logit_scale": [(F32, x) for x in NUMBERS],
    "embedding_scale": [(F32, x) for x in NUMBERS],
    "residual_scale": [(F32, x) for x in NUMBERS],
    "expert_count": [(U32, 0), (U32, 4)],
    "expert_used_count": [(U32, 0), (U32, 2)],
    "pooling_type": [(U32, 0), (U32, 1)],
    "use_parallel_residual": [(BOOL, False), (BOOL, True)],
    "tensor_data_layout": [(TEXT_TYPE, "Meta AI original pth"), (TEXT_TYPE, "other")],
    "feed_forward_length": [("array", [NETWORK] * LAYERS), ("array", [64] + [NETWORK] * 6)],
    "context_length": [(U32, 256)],
    "nextn_predict_layers": [(U32, 0), (U32, 1)],
    "attention.layer_norm_rms_epsilon": [(F32, 1e-3)],
    "hypothetical": [(U32, 1)],
}


def write(path, name, keys):
    base, tensors, biases = ARCHITECTURES[name]
    writer = gguf.GGUFWriter(path, name)
    for suffix, (kind, value) in keys.items():
        getattr(writer, "add_" + kind)(f"{name}.{suffix}", value)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(TOKENS)
    writer.add_token_types([3] + [1] * (len(TOKENS) - 1))
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_add_bos_token(False)
    noise = np.random.default_rng(1)

    def add(tensor, shape):
        values = noise.standard_normal(shape).astype(np.float32)
        if len(shape) == 1:
            values = values * np.float32(0.1) + np.float32(0 if tensor.endswith("bias") else 1)
        else:
            values *= np.float32((6 / shape[1]) ** 0.5)
        writer.add_tensor(tensor, values)

    add("token_embd.weight", (len(TOKENS), WIDTH))
    if name == "gpt2":
        add("position_embd.weight", (keys.get("context_length", (U32, 512))[1], WIDTH))
    add("output_norm.weight", (WIDTH,))
    if "attn_norm" in biases:
        add("output_norm.bias", (WIDTH,))
    if name not in ("gemma2", "command-r", "cohere2"):
        add("output.weight", (len(TOKENS), WIDTH))
    for layer in range(LAYERS):
        for stem, shape in (tensors | {"attn_output": (WIDTH, WIDTH)}).items():
            add(f"blk.{layer}.{stem}.weight", shape)
            if stem in biases:
                add(f"blk.{layer}.{stem}.bias", shape[:1])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def usual(name):
    return {
        "context_length": (U32, 512),
        "embedding_length": (U32, WIDTH),
        "block_count": (U32, LAYERS),
        "feed_forward_length": (U32, NETWORK),
        "attention.head_count": (U32, HEADS),
        "attention.head_count_kv": (U32, KEYS),
    } | ARCHITECTURES[name][0]


def sparrow(program, path, text):
    run = subprocess.run(
        [program, "perplexity", path, "--text", text, "--context", "64", "--threads", "1",
         "--json"],
        capture_output=True, text=True)
    if run.returncode == 0:
        return json.loads(run.stdout)["perplexity"], ""
    return None, run.stderr.strip() or f"status {run.returncode}"


def llama(program, path, text):
    for _ in range(4):  # its log is now and then cut short
        run = subprocess.run(
            [program, "-m", path, "-f", text, "-c", "64", "-b", "64", "-t", "1", "--no-warmup"],
            capture_output=True, text=True, errors="replace")
        found = re.search(r"Final estimate: PPL = ([\d.]+|-?nan|inf)", run.stdout + run.stderr)
        if found:
            return float(found.group(1))
        if run.returncode:
            return None
    return None


def change(chance, keys):
    """Adds, changes or leaves out up to three keys; says which."""
    changed = {}
    for _ in range(chance.choice([1, 1, 2, 3])):
        suffix = chance.choice(list(CANDIDATES))
        if suffix in keys and chance.random() < 0.3:
            keys.pop(suffix)
            changed[suffix] = "left out"
        else:
            keys[suffix] = changed[suffix] = chance.choice(CANDIDATES[suffix])
    return changed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sparrow")
    parser.add_argument("llama")
    parser.add_argument("architectures", nargs="*", default=list(ARCHITECTURES))
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    counts = {"agree": 0, "refused": 0, "wrong": 0}
    with tempfile.TemporaryDirectory() as folder:
        path, text = folder + "/model.gguf", folder + "/text.txt"
        with open(text, "w", encoding="utf-8") as file:
            file.write(TEXT)
        for case in range(options.cases):
            name = options.architectures[case % len(options.architectures)]
            keys = usual(name)
            changed = change(chance, keys) if case >= len(options.architectures) else {}
            write(path, name, keys)
            own, complaint = sparrow(options.sparrow, path, text)
            if own is None:
                named = changed and re.search(rf": ({name}\.|blk\.)\S+: ", complaint)
                result = "refused" if named else "wrong"
            else:
                other = llama(options.llama, path, text)
                agree = other is not None and abs(own / other - 1) < 5e-3
                result = "agree" if agree else "wrong"
                complaint = f"{own} against {other}"
            counts[result] += 1
            if result == "wrong":
                print(f"case {case} {name} {changed}: {complaint}", flush=True)
            os.remove(path)
    print(", ".join(f"{count} {result}" for result, count in counts.items()))
    sys.exit(1 if counts["wrong"] else 0)


if __name__ == "__main__":
    main()
