#!/usr/bin/env python3
"""Make random tiny models of the families, with the logits that transformers computes of them.

    pip install torch transformers safetensors numpy
    python Scripts/make_random_models.py FOLDER [--cases 300] [--seed 0] [--families phi3 ...]
    SPARROW_MODELS=FOLDER swift test --filter RandomModelTests

Each folder is as make_fixtures.py writes them, with widths, heads, windows, biases, factors and
positions at random; the test compares all logits.
"""
import argparse
import json
import os
import shutil

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

from make_fixtures import randomise

TOKENS = 40


class Choice:
    """What a case is made of."""

    def __init__(self, rng):
        self.rng = rng
        self.kv_heads = self.pick(1, 2, 3)
        self.heads = self.kv_heads * self.pick(1, 2, 3)
        self.head = self.pick(4, 8, 10, 12, 16, 20, 24)
        self.layers = self.pick(1, 2, 3, 5)

    def pick(self, *values):
        return values[self.rng.integers(len(values))]

    def number(self, least, most):
        return float(self.rng.uniform(least, most))

    def flags(self, *names):
        return {name: bool(self.rng.integers(2)) for name in names}

    def window(self):
        return self.pick(None, 1, 3, 8, 17, 100)

    def common(self, kind, own_head=False):
        """Fields that nearly all classes have; `own_head` for those with heads of any size."""
        hidden = self.heads * self.head
        fields = {
            "model_type": kind,
            "vocab_size": int(self.rng.integers(37, 130)),
            "hidden_size": hidden,
            "intermediate_size": int(self.rng.integers(5, 90)),
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "max_position_embeddings": 64,
            "rope_theta": self.pick(100.0, 10000, 500000.0, 5e6),
            "bos_token_id": 0,
            "eos_token_id": 0,
            "pad_token_id": 0,
            **self.flags("tie_word_embeddings"),
        }
        if own_head and self.rng.integers(2):
            fields["head_dim"] = self.head
            fields["hidden_size"] = int(self.rng.integers(5, 40)) * 2
        return fields

    def activation(self):
        return self.pick("silu", "gelu", "relu", "gelu_pytorch_tanh", "relu2", "gelu_new")

    def epsilon(self):
        return self.pick(1e-6, 1e-5, 1e-3, 0.1)


def phi3(c):
    config = c.common("phi3")
    half = c.head // 2
    if c.rng.integers(2):
        config["partial_rotary_factor"] = c.pick(0.5, 0.75, 1.0)
        if int(c.head * config["partial_rotary_factor"]) % 2:
            config["partial_rotary_factor"] = 1.0
        half = int(c.head * config["partial_rotary_factor"]) // 2
    if c.rng.integers(2):
        config["original_max_position_embeddings"] = c.pick(16, 39, 40, 41, 64)
        config["max_position_embeddings"] = c.pick(64, 256)
        config["rope_scaling"] = {
            c.pick("type", "rope_type"): "longrope",
            "short_factor": [c.number(1, 2) for _ in range(half)],
            "long_factor": [c.number(1, 9) for _ in range(half)],
        }
        if c.rng.integers(3) == 0:
            config["rope_scaling"]["attention_factor"] = c.number(0.8, 1.4)
    else:
        config["original_max_position_embeddings"] = 64
    return config | {
        "rms_norm_eps": c.epsilon(),
        "hidden_act": c.activation(),
        "sliding_window": c.window(),
    }


def smollm3(c):
    config = c.common("smollm3") | {
        "rms_norm_eps": c.epsilon(),
        "hidden_act": c.activation(),
        **c.flags("attention_bias", "mlp_bias"),
    }
    if c.rng.integers(2):
        config["no_rope_layers"] = [int(c.rng.integers(2)) for _ in range(c.layers)]
    else:
        config["no_rope_layer_interval"] = c.pick(1, 2, 3, 4)
    if c.rng.integers(2):
        config |= {"use_sliding_window": True, "sliding_window": c.window()}
    return config


def olmo2(c):
    return c.common("olmo2") | {
        "rms_norm_eps": c.epsilon(),
        "hidden_act": c.activation(),
        **c.flags("attention_bias"),
    }


def multipliers(c):
    return {
        "embedding_multiplier": c.pick(1, 12.0, c.number(0.3, 4)),
        "attention_multiplier": c.number(0.05, 0.8),
        "residual_multiplier": c.pick(1.0, 0.22, c.number(0.1, 2)),
        "logits_scaling": c.pick(1, 8.0, c.number(0.5, 3)),
    }


def granite(c):
    return (
        c.common("granite", own_head=True)
        | multipliers(c)
        | {"rms_norm_eps": c.epsilon(), "hidden_act": c.activation()}
        | c.flags("attention_bias", "mlp_bias")
    )


def granitemoehybrid(c):
    config = c.common("granitemoehybrid")
    return (
        config
        | multipliers(c)
        | {
            "rms_norm_eps": c.epsilon(),
            "hidden_act": c.activation(),
            "layer_types": [c.pick("attention", "full_attention")] * c.layers,
            "num_local_experts": 0,
            "num_experts_per_tok": 0,
            "shared_intermediate_size": int(c.rng.integers(5, 90)),
            "position_embedding_type": c.pick("rope", None, "nope"),
            "mamba_expand": 2,
            "mamba_n_heads": 2,
            "mamba_d_head": config["hidden_size"],
        }
        | c.flags("attention_bias")
    )


def starcoder2(c):
    return c.common("starcoder2", own_head=True) | {
        "norm_epsilon": c.epsilon(),
        "hidden_act": c.activation(),
        "sliding_window": c.window(),
        **c.flags("use_bias"),
    }


def falcon(c):
    config = c.common("falcon")
    del config["num_key_value_heads"]
    if c.rng.integers(2):
        config["ffn_hidden_size"] = config["intermediate_size"]
    del config["intermediate_size"]
    config |= {
        "layer_norm_epsilon": c.epsilon(),
        "activation": c.activation(),
        **c.flags("new_decoder_architecture", "multi_query", "parallel_attn", "bias"),
    }
    if config["new_decoder_architecture"]:
        config["parallel_attn"] = True
        config["num_kv_heads"] = c.pick(c.kv_heads, None)
        if c.rng.integers(2):
            config["num_ln_in_parallel_attn"] = c.pick(1, 2)
    return config


def gpt_neox(c):
    config = c.common("gpt_neox")
    del config["num_key_value_heads"], config["rope_theta"]
    return config | {
        "layer_norm_eps": c.epsilon(),
        "hidden_act": c.activation(),
        "rotary_pct": c.pick(0.25, 0.5, 1.0) if c.head % 8 == 0 else 1.0,
        "rotary_emb_base": c.pick(100, 10000),
        **c.flags("use_parallel_residual", "attention_bias"),
    }


def cohere(c):
    return c.common("cohere", own_head=True) | {
        "layer_norm_eps": c.epsilon(),
        "hidden_act": c.activation(),
        "logit_scale": c.pick(0.0625, c.number(0.1, 2)),
        **c.flags("use_qk_norm", "attention_bias"),
    }


def cohere2(c):
    config = c.common("cohere2") | {
        "layer_norm_eps": c.epsilon(),
        "hidden_act": c.activation(),
        "logit_scale": c.number(0.1, 2),
        "sliding_window": c.pick(1, 3, 8, 100),
        **c.flags("attention_bias"),
    }
    if c.rng.integers(2):
        config["layer_types"] = [
            c.pick("full_attention", "sliding_attention") for _ in range(c.layers)
        ]
    elif c.rng.integers(2):
        config["sliding_window_pattern"] = c.pick(1, 2, 3)
    return config


def qwen3_5_text(c):
    config = c.common("qwen3_5_text")
    head = c.pick(8, 16, 24)
    rope = {"rope_type": "default", "rope_theta": config.pop("rope_theta")}
    if c.rng.integers(2):
        rope["partial_rotary_factor"] = c.pick(0.25, 0.5, 1.0)
    return config | {
        "hidden_size": int(c.rng.integers(5, 40)) * 2,
        "head_dim": head,
        "rms_norm_eps": c.epsilon(),
        "hidden_act": c.activation(),
        "layer_types": ["full_attention"] * c.layers,
        "rope_parameters": rope,
        **c.flags("attention_bias"),
    }


def gemma4_text(c):
    config = c.common("gemma4_text")
    del config["rope_theta"]
    config |= {
        "hidden_size": int(c.rng.integers(5, 40)) * 2,
        "head_dim": c.head,
        "global_head_dim": c.pick(8, 16, 32),
        "num_global_key_value_heads": c.pick(None, 1, c.kv_heads),
        "rms_norm_eps": c.epsilon(),
        "hidden_activation": c.activation(),
        "hidden_size_per_layer_input": 0,
        "sliding_window": c.pick(3, 8, 100),
        "final_logit_softcapping": c.pick(None, 5.0, 30.0),
        **c.flags("attention_bias", "attention_k_eq_v"),
    }
    if c.rng.integers(2):
        kinds = [c.pick("full_attention", "sliding_attention") for _ in range(c.layers)]
        config["layer_types"] = kinds[:-1] + ["full_attention"]
    if c.rng.integers(2):
        config["rope_parameters"] = {
            "full_attention": {
                "rope_type": "proportional",
                "partial_rotary_factor": c.pick(0.25, 0.4, 1.0),
                "rope_theta": c.pick(10000.0, 1e6),
            },
            "sliding_attention": {"rope_type": "default", "rope_theta": c.pick(100.0, 10000.0)},
        }
    return config


FAMILIES = [
    phi3,
    smollm3,
    olmo2,
    granite,
    granitemoehybrid,
    starcoder2,
    falcon,
    gpt_neox,
    cohere,
    cohere2,
    qwen3_5_text,
    gemma4_text,
]


@torch.no_grad()
def make(folder, config, rng):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    with open(f"{folder}/config.json", "w") as file:
        json.dump(config, file, indent=1)
    eager = {"attn_implementation": "eager", "dtype": torch.float32}
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder), **eager).eval()
    randomise(model, rng)
    state = {k: v.contiguous().clone() for k, v in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        state.pop("lm_head.weight", None)
    save_file(state, f"{folder}/model.safetensors", metadata={"format": "pt"})
    ids = torch.from_numpy(rng.integers(0, config["vocab_size"], TOKENS))[None]
    logits = model(ids, use_cache=False).logits[0].clone()
    rope = getattr(model.config, "rope_parameters", None) or {}
    if rope.get("rope_type") == "longrope":
        short = min(TOKENS, rope["original_max_position_embeddings"])
        logits[:short] = model(ids[:, :short], use_cache=False).logits[0]
    expected = {
        "input_ids": ids[0].to(torch.int32),
        "logits": logits.contiguous(),
        "greedy": torch.zeros(1, dtype=torch.int32),
    }
    save_file(expected, f"{folder}/expected.safetensors")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--families", nargs="*", default=[f.__name__ for f in FAMILIES])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    families = [f for f in FAMILIES if f.__name__ in arguments.families]
    for case in range(arguments.cases):
        rng = np.random.default_rng([arguments.seed, case])
        family = families[case % len(families)]
        make(f"{arguments.folder}/{case:04}-{family.__name__}", family(Choice(rng)), rng)


if __name__ == "__main__":
    main()
