#!/usr/bin/env python3
"""Make tiny random models of every supported family, with the logits that they must give.

    pip install torch transformers safetensors tokenizers gguf numpy
    python Scripts/make_fixtures.py [--out Tests/Fixtures] [NAME ...]

For each model: <out>/models/<name>/ holds config.json, the weights as safetensors and
expected.safetensors: `input_ids` [tokens] and `greedy` [8] (int32), `logits` [tokens, vocab]
(float32) as Hugging Face transformers computes them in float32 with eager attention, each for the
text up to its token (LongRoPE turns longer texts otherwise). `greedy` is the continuation of
`input_ids`. Some models have a twin of the same weights in <out>/gguf/<name>.gguf, float32, laid
out as llama.cpp's converter does it; of a few there is one in Q8_0, <out>/gguf/<name>-q8_0.gguf.

Configurations are written the way the hub's files are (`rope_theta`, `rope_scaling`), save where
a comment says that they use the newer `rope_parameters`. Weights are large and norms and
biases random, so that no mistake hides behind a near-zero term.
"""
import argparse
import json
import math
import os
import re
import shutil
import zlib

import gguf
import numpy as np
import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

VOCAB = 100  # no multiple of any block size
TOKENS = 24  # longer than every sliding window below
GREEDY = 8
DISTINCT = 4  # least number of different tokens among those
MARGIN = 0.02  # least gap between the two largest logits while decoding greedily

BASE = {
    "attention_dropout": 0.0,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "initializer_range": 0.02,
    "max_position_embeddings": 128,
    "use_cache": True,
    "vocab_size": VOCAB,
}


def llama(**fields):
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        **BASE,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "rope_scaling": None,
        "tie_word_embeddings": False,
        "attention_bias": False,
        "mlp_bias": False,
        **fields,
    }


def qwen2(**fields):
    return {
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        **BASE,
        "hidden_size": 32,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-6,
        "rope_theta": 1000000.0,
        "sliding_window": 8,  # without effect unless use_sliding_window
        "max_window_layers": 2,
        "use_sliding_window": False,
        "tie_word_embeddings": True,
        **fields,
    }


def opt(**fields):
    return {
        "architectures": ["OPTForCausalLM"],
        "model_type": "opt",
        "_remove_final_layer_norm": False,
        "activation_function": "relu",
        "attention_dropout": 0.0,
        "bos_token_id": 2,
        "do_layer_norm_before": True,
        "dropout": 0.1,
        "eos_token_id": 2,
        "ffn_dim": 128,
        "hidden_size": 32,
        "init_std": 0.02,
        "layerdrop": 0.0,
        "max_position_embeddings": 64,
        "num_attention_heads": 2,
        "num_hidden_layers": 2,
        "pad_token_id": 1,
        "use_cache": True,
        "vocab_size": VOCAB,
        "word_embed_proj_dim": 32,
        **fields,
    }


def gemma(version, **fields):
    return {
        "architectures": [f"Gemma{version}ForCausalLM"],
        "model_type": "gemma2" if version == 2 else "gemma3_text",
        **BASE,
        "attention_bias": False,
        "head_dim": 16,
        "hidden_activation": "gelu_pytorch_tanh",
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "rms_norm_eps": 1e-6,
        "sliding_window": 8,
        **fields,
    }


def small(kind, name, **fields):
    """A model of a class whose files have the usual names of fields."""
    return {
        "architectures": [f"{name}ForCausalLM"],
        "model_type": kind,
        **BASE,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        **fields,
    }


def phi3(**fields):
    return small(
        "phi3",
        "Phi3",
        num_key_value_heads=2,
        hidden_act="silu",
        rms_norm_eps=1e-5,
        rope_theta=10000.0,
        rope_scaling=None,
        original_max_position_embeddings=128,
        pad_token_id=0,
        **fields,
    )


def granite(kind="granite", name="Granite", **fields):
    return small(
        kind,
        name,
        num_key_value_heads=2,
        hidden_act="silu",
        rms_norm_eps=1e-5,
        rope_theta=10000.0,
        embedding_multiplier=3.0,
        attention_multiplier=0.25,
        residual_multiplier=0.4,
        logits_scaling=1.5,
        tie_word_embeddings=False,
        **fields,
    )


def falcon(**fields):
    config = small(
        "falcon",
        "Falcon",
        alibi=False,
        hidden_dropout=0.0,
        layer_norm_epsilon=1e-5,
        multi_query=True,
        new_decoder_architecture=False,
        parallel_attn=True,
        bias=False,
        **fields,
    )
    del config["intermediate_size"], config["max_position_embeddings"]  # as published
    return config


def gpt_neox(**fields):
    return small(
        "gpt_neox",
        "GPTNeoX",
        hidden_act="gelu",
        layer_norm_eps=1e-5,
        rotary_emb_base=10000,
        rotary_pct=0.5,
        tie_word_embeddings=False,
        **fields,
    )


def cohere(kind="cohere", name="Cohere", **fields):
    return small(
        kind,
        name,
        num_key_value_heads=2,
        hidden_act="silu",
        layer_norm_eps=1e-5,
        logit_scale=0.5,
        rope_theta=8000000.0,
        pad_token_id=0,
        **fields,
    )


MODELS = {
    "opt": opt(),
    # OPT 350M: norms after the residual sum, no final norm, embeddings projected.
    "opt-350m": opt(
        do_layer_norm_before=False,
        hidden_size=64,
        ffn_dim=96,
        num_attention_heads=4,
        activation_function="gelu",  # as in Galactica: the exact form
    ),
    "gpt2": {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "activation_function": "gelu_new",
        "attn_pdrop": 0.1,
        "bos_token_id": 0,
        "embd_pdrop": 0.1,
        "eos_token_id": 0,
        "initializer_range": 0.02,
        "layer_norm_epsilon": 1e-5,
        "n_ctx": 64,
        "n_embd": 32,
        "n_head": 2,
        "n_layer": 2,
        "n_positions": 64,
        "resid_pdrop": 0.1,
        "vocab_size": VOCAB,
    },
    "llama2": llama(num_attention_heads=4, num_key_value_heads=4, num_hidden_layers=3),
    "llama3": llama(
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        rope_theta=500000.0,
        rope_scaling={
            "factor": 8.0,
            "high_freq_factor": 4.0,
            "low_freq_factor": 1.0,
            "original_max_position_embeddings": 256,
            "rope_type": "llama3",
        },
        max_position_embeddings=2048,
    ),
    "llama-linear": llama(
        hidden_act="gelu",  # the exact form
        rope_scaling={"type": "linear", "factor": 4.0},  # the oldest spelling
    ),
    # `rope_parameters`, as transformers 5 writes it; squared ReLU.
    "llama-yarn": {
        **{k: v for k, v in llama().items() if not k.startswith("rope_")},
        "hidden_act": "relu2",
        "max_position_embeddings": 256,
        "rope_parameters": {
            "rope_type": "yarn",
            "rope_theta": 10000.0,
            "factor": 4.0,
            "original_max_position_embeddings": 64,
            "beta_fast": 2.0,
            "beta_slow": 1.0,
        },
    },
    # Biases everywhere, heads wider than the hidden size, tied.
    "llama-biases": llama(
        attention_bias=True, mlp_bias=True, head_dim=24, tie_word_embeddings=True
    ),
    "mistral": {
        **llama(num_attention_heads=4, num_key_value_heads=2, num_hidden_layers=3),
        "architectures": ["MistralForCausalLM"],
        "model_type": "mistral",
        "sliding_window": 8,
    },
    # Three query heads to a key head and a width that is no power of two, as in the real one.
    "smollm2": llama(
        hidden_size=96,
        intermediate_size=64,
        num_attention_heads=3,
        num_key_value_heads=1,
        rope_theta=100000,
        tie_word_embeddings=True,
    ),
    "qwen2": qwen2(),
    "qwen2-window": qwen2(use_sliding_window=True, max_window_layers=1, tie_word_embeddings=False),
    "qwen3": {
        **qwen2(head_dim=16, attention_bias=False),
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
    },
    "gemma2": gemma(
        2,
        attn_logit_softcapping=2.0,
        final_logit_softcapping=5.0,
        hidden_act="gelu_pytorch_tanh",
        num_hidden_layers=3,
        query_pre_attn_scalar=16,  # GGUF has no field for it and takes head_dim
        rope_theta=10000.0,
    ),
    "gemma3": gemma(
        3,
        num_hidden_layers=7,  # layer 5 is global
        query_pre_attn_scalar=16,
        rope_local_base_freq=10000.0,
        rope_scaling=None,
        rope_theta=1000000.0,
        sliding_window_pattern=6,
    ),
    # Nested `rope_parameters` and `layer_types`, as transformers 5 writes them.
    "gemma3-scaled": gemma(
        3,
        num_hidden_layers=3,
        query_pre_attn_scalar=24,
        layer_types=["full_attention", "sliding_attention", "full_attention"],
        final_logit_softcapping=6.0,
        rope_parameters={
            "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
        },
    ),
    "phi3": phi3(sliding_window=8),
    # As Phi-4-mini: half of each head turns, and beyond 16 positions by other factors.
    "phi3-long": phi3()
    | {
        "num_attention_heads": 2,
        "partial_rotary_factor": 0.5,
        "original_max_position_embeddings": 16,
        "rope_scaling": {
            "type": "longrope",
            "short_factor": [1.0, 1.2, 1.5, 2.0],
            "long_factor": [1.5, 3.0, 6.0, 9.0],
        },
        "tie_word_embeddings": True,
    },
    # Every other layer knows no positions; those have a window.
    "smollm3": small(
        "smollm3",
        "SmolLM3",
        num_hidden_layers=4,
        num_attention_heads=2,
        num_key_value_heads=1,
        hidden_act="silu",
        rms_norm_eps=1e-6,
        rope_theta=5000000.0,
        no_rope_layers=[1, 0, 1, 0],
        no_rope_layer_interval=2,
        use_sliding_window=True,
        sliding_window=8,
        pad_token_id=0,
    ),
    "olmo2": small(
        "olmo2",
        "Olmo2",
        num_key_value_heads=2,
        hidden_act="silu",
        rms_norm_eps=1e-6,
        rope_theta=500000.0,
        tie_word_embeddings=False,
    ),
    "granite": granite(),
    # Granite 4 without its state-space layers and experts.
    "granite-hybrid": granite(
        "granitemoehybrid",
        "GraniteMoeHybrid",
        layer_types=["attention", "attention"],
        mamba_n_heads=4,
        mamba_d_head=16,
        num_local_experts=0,
        num_experts_per_tok=0,
        position_embedding_type="rope",
        shared_intermediate_size=64,
    ),
    "starcoder2": small(
        "starcoder2",
        "Starcoder2",
        num_key_value_heads=2,
        hidden_act="gelu_pytorch_tanh",
        norm_epsilon=1e-5,
        rope_theta=100000.0,
        sliding_window=8,
        use_bias=True,
    ),
    "falcon": falcon(),
    "falcon-new": falcon(num_kv_heads=2) | {"new_decoder_architecture": True},
    # Attention and network one after the other, every head with keys of its own, biases.
    "falcon-serial": falcon() | {"parallel_attn": False, "multi_query": False, "bias": True},
    "gpt-neox": gpt_neox(use_parallel_residual=True),
    "gpt-neox-serial": gpt_neox(use_parallel_residual=False),
    "cohere": cohere(use_qk_norm=True),
    "cohere2": cohere(
        "cohere2", "Cohere2", num_hidden_layers=4, sliding_window=8, sliding_window_pattern=4
    ),
    # Qwen 3.5 without its layers of linear attention.
    "qwen3.5": small(
        "qwen3_5_text",
        "Qwen3_5",
        num_key_value_heads=2,
        head_dim=16,
        hidden_act="silu",
        rms_norm_eps=1e-6,
        layer_types=["full_attention", "full_attention"],
        rope_parameters={
            "rope_type": "default",
            "rope_theta": 10000000.0,
            "partial_rotary_factor": 0.25,
            "mrope_section": [1, 1, 0],
            "mrope_interleaved": True,
        },
        tie_word_embeddings=True,
    ),
    # As the 31B: layers that attend to all have wider heads, and values that are their keys.
    "gemma4": small(
        "gemma4_text",
        "Gemma4",
        num_hidden_layers=3,
        num_attention_heads=2,
        num_key_value_heads=2,
        num_global_key_value_heads=1,
        head_dim=8,
        global_head_dim=16,
        attention_k_eq_v=True,
        hidden_activation="gelu_pytorch_tanh",
        hidden_size_per_layer_input=0,
        rms_norm_eps=1e-6,
        final_logit_softcapping=30.0,
        sliding_window=8,
        layer_types=["sliding_attention", "full_attention", "full_attention"],
        rope_parameters={
            "full_attention": {
                "rope_type": "proportional",
                "partial_rotary_factor": 0.25,
                "rope_theta": 1000000.0,
            },
            "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
        },
    ),
}

HALF = {
    "mistral": torch.float16,
    "opt-350m": torch.float16,
    "smollm2": torch.bfloat16,
    "qwen2": torch.bfloat16,
    "gemma3": torch.bfloat16,
    "gemma3-scaled": torch.bfloat16,
} | {
    name: torch.bfloat16
    for name in MODELS
    if MODELS[name]["model_type"]
    not in ("opt", "gpt2", "llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3_text")
}
SHARDED = {"llama3"}
TWINS = {"gpt2", "llama3", "qwen2", "qwen3", "gemma2", "gemma3"}
QUANTISED = {"llama2"}
TOKENIZERS = {"gpt2", "llama3", "smollm2", "qwen3"}


def randomise(model, rng):
    """Replaces every parameter: matrices, then norms and biases far from their neutral values."""
    plus_one = model.config.model_type in ("gemma2", "gemma3_text", "qwen3_5_text")
    for name, buffer in model.named_buffers():
        if name.endswith("layer_scalar"):
            buffer.copy_(torch.tensor(rng.uniform(0.5, 1.5, 1), dtype=buffer.dtype))
    for name, parameter in model.named_parameters():
        noise = rng.standard_normal(tuple(parameter.shape)).astype(np.float32)
        if parameter.dim() == 1:
            norm = "norm" in name or "ln_" in name
            noise *= 0.3
            if norm and name.endswith("weight") and not plus_one:
                noise += 1
        elif "embed" in name or "wte" in name or "wpe" in name:
            noise *= 0.2
        else:
            noise *= 1.3 / math.sqrt(parameter.shape[1])
        parameter.data.copy_(torch.from_numpy(noise))


def checkpoint(name, model):
    """The tensors under the names that the hub's files use."""
    state = {k: v.contiguous() for k, v in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        state.pop("lm_head.weight", None)
    if name == "gpt2":  # no prefix, and the causal masks are saved too
        state = {k.removeprefix("transformer."): v for k, v in state.items()}
        positions = model.config.n_positions
        for layer in range(model.config.n_layer):
            mask = torch.tril(torch.ones(positions, positions))
            state[f"h.{layer}.attn.bias"] = mask.reshape(1, 1, positions, positions).to(torch.uint8)
    if name == "opt-350m":  # saved from the bare decoder
        state = {k.removeprefix("model."): v for k, v in state.items()}
    if name == "opt":  # tied, yet there
        state["lm_head.weight"] = state["model.decoder.embed_tokens.weight"].clone()
    if name == "gpt-neox":  # as published; transformers 5 calls it otherwise
        state["embed_out.weight"] = state.pop("lm_head.weight")
    if name in HALF:
        state = {k: v.to(HALF[name]) for k, v in state.items()}
    return state


def save_weights(folder, state, shards):
    metadata = {"format": "pt"}
    if shards == 1:
        save_file(state, f"{folder}/model.safetensors", metadata=metadata)
        return
    weight_map = {}
    names = sorted(state)
    for shard in range(shards):
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        part = names[shard * len(names) // shards : (shard + 1) * len(names) // shards]
        save_file({k: state[k] for k in part}, f"{folder}/{file}", metadata=metadata)
        weight_map |= {k: file for k in part}
    total = sum(v.numel() * v.element_size() for v in state.values())
    with open(f"{folder}/model.safetensors.index.json", "w") as out:
        json.dump({"metadata": {"total_size": total}, "weight_map": weight_map}, out, indent=1)


@torch.no_grad()
def expected(model, rng):
    """A prompt whose greedy continuation is not a matter of rounding, and its logits."""
    for _ in range(1000):
        prompt = rng.integers(3, VOCAB, TOKENS)
        ids = torch.from_numpy(prompt)[None]
        safe = True
        for _ in range(GREEDY):
            last = model(ids, use_cache=False).logits[0, -1]
            best = torch.topk(last, 2)
            safe &= bool(best.values[0] - best.values[1] > MARGIN)
            ids = torch.cat([ids, best.indices[:1][None]], dim=1)
            if not safe:
                break
        if safe and len(set(ids[0, TOKENS:].tolist())) >= DISTINCT:
            logits = model(ids[:, :TOKENS], use_cache=False).logits[0].float().contiguous()
            rope = getattr(model.config, "rope_parameters", None) or {}
            if rope.get("rope_type") == "longrope":
                short = rope["original_max_position_embeddings"]
                logits[:short] = model(ids[:, :short], use_cache=False).logits[0]
            ids = ids[0].to(torch.int32)
            return {
                "input_ids": ids[:TOKENS].clone(),
                "logits": logits,
                "greedy": ids[TOKENS:].clone(),
            }
    raise SystemExit("no prompt with a safe greedy continuation; lower MARGIN")


def vocabulary():
    """A byte-level vocabulary of VOCAB entries: one special, printable ASCII, space, merges."""
    tokens = ["<|end|>"] + [chr(c) for c in range(33, 127)] + ["Ġ"]
    merges = ["Ġ t", "h e", "Ġt he", "i n"]
    tokens += [m.replace(" ", "") for m in merges]
    assert len(tokens) == VOCAB
    return tokens, merges


def save_tokenizer(folder):
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    tokens, merges = vocabulary()
    bpe = models.BPE({t: i for i, t in enumerate(tokens)}, [tuple(m.split(" ")) for m in merges])
    tokenizer = Tokenizer(bpe)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken("<|end|>", special=True, normalized=False)])
    tokenizer.save(f"{folder}/tokenizer.json", pretty=False)
    with open(f"{folder}/tokenizer_config.json", "w") as out:
        config = {"tokenizer_class": "GPT2Tokenizer", "eos_token": "<|end|>"}
        json.dump({**config, "bos_token": "<|end|>", "add_bos_token": False}, out, indent=1)


def gguf_scaling(writer, config):
    """RoPE scaling: llama3's is a tensor of divisors, one for each pair of dimensions."""
    scaling = config.get("rope_scaling")
    if not scaling:
        return
    if scaling["rope_type"] != "llama3":
        raise SystemExit("write this scaling's GGUF form first")
    dim = config["head_dim"]
    original = scaling["original_max_position_embeddings"]
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    factors = []
    for i in range(0, dim, 2):
        length = 2 * math.pi * config["rope_theta"] ** (i / dim)
        if length < original / high:
            factors.append(1.0)
        elif length > original / low:
            factors.append(scaling["factor"])
        else:
            smooth = (original / length - low) / (high - low)
            factors.append(1 / ((1 - smooth) / scaling["factor"] + smooth))
    writer.add_tensor("rope_freqs.weight", np.array(factors, dtype=np.float32))


def save_gguf(path, name, config, state, quantised=False):
    kind = {"gemma3_text": "gemma3"}.get(config["model_type"], config["model_type"])
    arch = {v: k for k, v in gguf.MODEL_ARCH_NAMES.items()}[kind]
    layers = config.get("num_hidden_layers", config.get("n_layer"))
    heads = config.get("num_attention_heads", config.get("n_head"))
    kv_heads = config.get("num_key_value_heads", heads)
    hidden = config.get("hidden_size", config.get("n_embd"))

    writer = gguf.GGUFWriter(path, kind)
    writer.add_name(name)
    file_type = gguf.LlamaFileType.MOSTLY_Q8_0 if quantised else gguf.LlamaFileType.ALL_F32
    writer.add_file_type(file_type)
    writer.add_context_length(config.get("max_position_embeddings", config.get("n_positions")))
    writer.add_embedding_length(hidden)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(config.get("intermediate_size", 4 * hidden))
    writer.add_head_count(heads)
    if kind == "gpt2":
        writer.add_layer_norm_eps(config["layer_norm_epsilon"])
    else:
        writer.add_vocab_size(VOCAB)
        writer.add_head_count_kv(kv_heads)
        writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
        writer.add_rope_freq_base(config["rope_theta"])
        if "head_dim" in config:
            writer.add_key_length(config["head_dim"])
            writer.add_value_length(config["head_dim"])
        if kind == "llama":
            writer.add_rope_dimension_count(config.get("head_dim", hidden // heads))
        if kind.startswith("gemma"):
            writer.add_sliding_window(config["sliding_window"])
        if config.get("attn_logit_softcapping"):
            writer.add_attn_logit_softcapping(config["attn_logit_softcapping"])
            writer.add_final_logit_softcapping(config["final_logit_softcapping"])
    gguf_scaling(writer, config)

    tokens, merges = vocabulary()
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    types = [gguf.TokenType.CONTROL] + [gguf.TokenType.NORMAL] * (VOCAB - 1)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_add_bos_token(False)

    names = gguf.get_tensor_name_map(arch, layers)
    for key, tensor in state.items():
        if key.endswith(".attn.bias"):
            continue
        value = tensor.float().numpy()
        if kind == "gpt2" and re.search(r"\.c_(attn|proj|fc)\.weight$", key):
            value = value.T  # Conv1D keeps [in, out]
        if kind == "llama" and re.search(r"\.[qk]_proj\.weight$", key):
            # llama.cpp turns neighbouring pairs, transformers the two halves.
            count = heads if ".q_proj." in key else kv_heads
            value = value.reshape(count, 2, -1, hidden).swapaxes(1, 2).reshape(value.shape)
        if kind.startswith("gemma") and key.endswith("norm.weight"):
            value = value + np.float32(1)
        target = names.get_name(key, try_suffixes=(".weight", ".bias"))
        value = np.ascontiguousarray(value)
        if quantised and value.ndim == 2:
            q8 = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(target, gguf.quants.quantize(value, q8), raw_dtype=q8)
        else:
            writer.add_tensor(target, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def make(name, out):
    config = MODELS[name]
    folder = f"{out}/models/{name}"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    stored = {torch.float16: "float16", torch.bfloat16: "bfloat16"}.get(HALF.get(name), "float32")
    with open(f"{folder}/config.json", "w") as file:
        json.dump({**config, "torch_dtype": stored}, file, indent=1, sort_keys=True)
        file.write("\n")

    eager = {"attn_implementation": "eager", "dtype": torch.float32}
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder), **eager)
    randomise(model, rng)
    state = checkpoint(name, model)
    save_weights(folder, state, 2 if name in SHARDED else 1)

    model, report = AutoModelForCausalLM.from_pretrained(
        folder, **eager, output_loading_info=True
    )
    assert not report["missing_keys"], report
    model.eval()
    answer = expected(model, rng)
    save_file(answer, f"{folder}/expected.safetensors")
    if name in TOKENIZERS:
        save_tokenizer(folder)
    if name in TWINS:
        os.makedirs(f"{out}/gguf", exist_ok=True)
        save_gguf(f"{out}/gguf/{name}.gguf", name, config, state)
    if name in QUANTISED:
        os.makedirs(f"{out}/gguf", exist_ok=True)
        save_gguf(f"{out}/gguf/{name}-q8_0.gguf", name, config, state, quantised=True)
    logits = answer["logits"]
    print(f"{name:14} logits std {logits.std():.2f} max {logits.abs().max():.2f}", end="  ")
    print("greedy", answer["greedy"].tolist())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="Tests/Fixtures")
    parser.add_argument("names", nargs="*", help="models to make (all)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name in arguments.names or MODELS:
        make(name, arguments.out)


if __name__ == "__main__":
    main()
