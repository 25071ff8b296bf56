#!/usr/bin/env python3
"""Write what transformers' configuration classes take for fields that a config.json leaves out.

    pip install transformers torch
    python Scripts/make_class_defaults.py [--check]

Makes Sources/SparrowTransformer/Families/HuggingFace/ClassDefaults.swift; with --check it writes
nothing and ends with status 1 where the file differs from what this transformers has. Fields that
say nothing about computing are left out: what is in the table must be understood, or hold its
default.
"""
import dataclasses
import json
import re
import sys
import textwrap

import transformers

FILE = "Sources/SparrowTransformer/Families/HuggingFace/ClassDefaults.swift"
TYPES = [
    "bert", "cohere", "cohere2", "falcon", "gemma2", "gemma3", "gemma3_text", "gemma4",
    "gemma4_text", "gpt2", "gpt_neox", "granite", "granitemoehybrid", "llama", "mistral", "olmo2",
    "opt", "phi3", "qwen2", "qwen3", "qwen3_5", "qwen3_5_text", "smollm3", "starcoder2",
]
# Names, tokens, training, and how transformers itself goes about computing the same.
SILENT = re.compile(
    r".*_token_(id|index)|.*dropout(_prob)?|.*_pdrop|layerdrop|initializer_range|init_std|use_cache"
    r"|pretraining_tp|summary_.*|reorder_and_upcast_attn|mm_tokens_per_image|vision_config"
    r"|transformers_version|architectures|dtype|output_hidden_states|return_dict"
    r"|chunk_size_feed_forward|id2label|label2id|problem_type|audio_config|is_decoder"
    r"|output_router_logits|router_aux_loss_coef|mamba_.*|time_step_limit|linear_.*"
)


def defaults(kind):
    cls = transformers.CONFIG_MAPPING[kind]
    fields = {"model_type": kind}
    for field in dataclasses.fields(cls):
        if not SILENT.fullmatch(field.name):
            fields[field.name] = field.default
            if field.default is dataclasses.MISSING:
                fields[field.name] = field.default_factory()
    if "rope_parameters" in fields:  # the older spelling, which most files have
        theta = cls.default_theta
        if isinstance(theta, dict):
            fields["rope_theta"] = theta["global"]
            fields["rope_local_base_freq"] = theta["local"]
        else:
            fields["rope_theta"] = theta
    return fields


def swift():
    lines = []
    for kind in TYPES:
        text = json.dumps(defaults(kind))
        lines += textwrap.wrap(text, 95, break_long_words=False, break_on_hyphens=False)
        lines[-1] += "," if kind != TYPES[-1] else ""
    body = "\n".join("  " + line for line in lines)
    return f'''// Made by Scripts/make_class_defaults.py from transformers {transformers.__version__}; do not edit.

/// What transformers' configuration classes take for fields that a `config.json` leaves out: a JSON
/// list of objects, each named by its `model_type`; null stands for what the class makes of other
/// fields.
let classDefaultsText = #"""
  [
{body}
  ]
  """#
'''


def main():
    text = swift()
    if "--check" in sys.argv:
        same = open(FILE, encoding="utf-8").read() == text
        print(FILE + (" is right" if same else " is not what this transformers has"))
        sys.exit(0 if same else 1)
    with open(FILE, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
