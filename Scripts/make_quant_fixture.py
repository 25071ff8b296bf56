#!/usr/bin/env python3
"""Make random blocks of every quantised GGUF type with the float32 values that they stand for.

    pip install gguf numpy safetensors
    python Scripts/make_quant_fixture.py [--out Tests/Fixtures/quants.safetensors]

For each type T (`Q4_0`, ... `TQ2_0`): `T.raw` [ROWS, bytes] (uint8), the rows as a GGUF file holds
them, and `T.values` [ROWS, COLUMNS] (float32), what the `gguf` package makes of them; for `Q8_K`,
which it does not read, what ggml's block says: quant times scale. The bits are random, so every
code occurs; only the scales are drawn as finite numbers of either sign, a few of them zero or
subnormal, and MXFP4's as powers of two within float16's range.

`floats` [ROWS, COLUMNS] (float32) are numbers to encode, and `T.encoded` (uint8) what the package
makes of them in every type that it quantises to.
"""
import argparse

import gguf
import numpy as np
from gguf.quants import dequantize, quantize
from safetensors.numpy import save_file

ROWS, COLUMNS = 3, 512

# Byte offsets of the float16 fields in one block.
SCALES = {
    "Q4_0": [0],
    "Q4_1": [0, 2],
    "Q5_0": [0],
    "Q5_1": [0, 2],
    "Q8_0": [0],
    "Q4_K": [0, 2],
    "Q5_K": [0, 2],
    "Q6_K": [208],
    "Q2_K": [80, 82],
    "Q3_K": [108],
    "IQ4_NL": [0],
    "IQ4_XS": [0],
    "TQ1_0": [52],
    "TQ2_0": [64],
    "MXFP4": [],
    "Q8_K": [],
}

# What the package has quantisers for, of the types above and the floats.
ENCODED = ["F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"]


def read(raw, kind):
    if kind is not gguf.GGMLQuantizationType.Q8_K:
        return dequantize(raw, kind)
    blocks = raw.reshape(ROWS, -1, 292)
    values = blocks[..., :4].copy().view(np.float32) * blocks[..., 4:260].view(np.int8)
    return values.reshape(ROWS, -1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="Tests/Fixtures/quants.safetensors")
    out = parser.parse_args().out
    rng = np.random.default_rng(20)
    tensors = {}
    for name, offsets in SCALES.items():
        kind = gguf.GGMLQuantizationType[name]
        elements, size = gguf.GGML_QUANT_SIZES[kind]
        blocks = ROWS * COLUMNS // elements
        raw = rng.integers(0, 256, (blocks, size), dtype=np.uint8)
        for offset in offsets:
            scale = (rng.standard_normal(blocks) * 0.05).astype(np.float16)
            scale[0], scale[-1] = 0, 3e-6
            raw[:, offset : offset + 2] = scale.view(np.uint8).reshape(blocks, 2)
        if name == "MXFP4":
            raw[:, 0] = rng.integers(104, 144, blocks)
        if name == "Q8_K":
            scale = (rng.standard_normal((blocks, 1)) * 0.05).astype(np.float32)
            raw[:, :4] = scale.view(np.uint8)
        raw = raw.reshape(ROWS, -1)
        values = read(raw, kind)
        assert values.shape == (ROWS, COLUMNS) and np.isfinite(values).all()
        tensors[f"{name}.raw"] = raw
        tensors[f"{name}.values"] = values.astype(np.float32)
    floats = (rng.standard_normal((ROWS, COLUMNS)) * 0.05).astype(np.float32)
    # Blocks of zeros, of one number, of ties, of one sign, and of what float16 has no scale for.
    floats[0, :32] = 0
    floats[0, 32:64] = -0.25
    floats[1, :32] = np.arange(32) / 16 - 1
    floats[1, 32:64] = np.abs(floats[1, 32:64]) + 1
    floats[2, :32] *= 1e-7
    tensors["floats"] = floats
    for name in ENCODED:
        encoded = quantize(floats, gguf.GGMLQuantizationType[name])
        tensors[f"{name}.encoded"] = encoded.view(np.uint8).reshape(ROWS, -1)
    save_file(tensors, out)


if __name__ == "__main__":
    main()
