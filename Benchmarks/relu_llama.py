"""What making and measuring a ReLU Llama share: its forward pass in numpy, its adapter, its hash.

Arrays are float32; `h` is the residual stream [sequences, tokens, hidden].
"""
import hashlib
import json
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, quants
from safetensors.numpy import save_file

EPSILON, BASE = 1e-5, 10_000.0
SEQUENCES, LENGTH = 8, 64  # the first half fixes biases and thresholds, the second half is measured


def rms_norm(h, weight):
    return h / np.sqrt((h * h).mean(-1, keepdims=True) + np.float32(EPSILON)) * weight


def rotate(x):
    """Rotary embedding of x [sequences, tokens, heads, size]; neighbours make a pair."""
    size, tokens = x.shape[-1], x.shape[1]
    angles = np.outer(np.arange(tokens), BASE ** (-np.arange(0, size, 2) / size))
    cos, sin = np.cos(angles)[:, None].astype("f4"), np.sin(angles)[:, None].astype("f4")
    even, odd = x[..., 0::2], x[..., 1::2]
    return np.stack([even * cos - odd * sin, even * sin + odd * cos], -1).reshape(x.shape)


def attention(w, h, heads, kv_heads):
    """What a layer's attention adds to h."""
    x = rms_norm(h, w["attn_norm"])
    split = lambda m, count: (x @ m.T).reshape(*x.shape[:2], count, -1)
    q, k = rotate(split(w["attn_q"], heads)), rotate(split(w["attn_k"], kv_heads))
    k, v = (np.repeat(m, heads // kv_heads, 2) for m in (k, split(w["attn_v"], kv_heads)))
    scores = np.einsum("sihd,sjhd->shij", q, k) / np.float32(np.sqrt(q.shape[-1]))
    scores[..., np.triu(np.ones(scores.shape[-2:], bool), 1)] = -np.inf
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    scores /= scores.sum(-1, keepdims=True)
    return np.einsum("shij,sjhd->sihd", scores, v).reshape(x.shape[:2] + (-1,)) @ w["attn_output"].T


def hidden_activations(w, x):
    return np.maximum(x @ w["ffn_gate"].T, 0) * (x @ w["ffn_up"].T)


def random_tokens(seed, vocabulary, first):
    """Ordinary tokens [sequences, tokens]; those below `first` are control and byte tokens."""
    return np.random.default_rng([seed, 1]).integers(first, vocabulary, (SEQUENCES, LENGTH))


class Predictors:
    """Low-rank predictors of positive gates, gathered layer by layer: score = b (a x) + bias."""

    def __init__(self, recall, maps="f16"):
        self.maps = maps  # how a and b are kept: f16, q8_0 or q4_0
        self.recall, self.tensors, self.layers, self.measured = recall, {}, [], []
        print("layer density selected recall threshold   (on tokens that fixed nothing)")

    def add(self, a, b, bias, x, gate):
        """Fixes a layer's threshold on one half of its inputs x, measures it on the other half."""
        (stored_a, a), (stored_b, b) = self.rounded(a), self.rounded(b)
        scores, positive = (x @ a.T) @ b.T + bias, x @ gate.T > 0
        fixing, measuring = np.array_split(np.arange(len(x)), 2)
        missed = 1 - self.recall
        # Above zero it would drop gates that it takes for positive.
        threshold = min(0.0, float(np.quantile(scores[fixing][positive[fixing]], missed)))
        selected, true = scores[measuring] >= threshold, positive[measuring]
        layer = len(self.layers)
        row = true.mean(), selected.mean(), (true & selected).sum() / max(true.sum(), 1)
        self.measured.append(row)
        print(f"{layer:5} {row[0]:7.4f} {row[1]:8.4f} {row[2]:6.4f} {threshold:9.4f}", flush=True)
        name = f"layers.{layer}.feed_forward."
        self.tensors[name + "a"], self.tensors[name + "b"] = stored_a, stored_b
        self.tensors[name + "bias"] = bias.astype("f4")
        selector = {"kind": "threshold", "value": threshold}
        plan = {"predictor": "low_rank", "group": 1, "rank": len(a), "selector": selector}
        plan["coding"] = self.maps
        self.layers.append({"layer": layer, "feed_forward": plan})

    def rounded(self, matrix):
        """What is stored of a map, and the numbers that it stands for."""
        if self.maps == "f16":
            return matrix.astype("f2"), matrix.astype("f2").astype("f4")
        kind = GGMLQuantizationType[self.maps.upper()]
        stored = quants.quantize(np.ascontiguousarray(matrix, "f4"), kind)
        return stored, quants.dequantize(stored, kind)

    def write(self, folder, model):
        """Writes adapter.json and adapter.safetensors for the GGUF file `model`."""
        print("mean  %7.4f %8.4f %6.4f" % tuple(np.mean(self.measured, 0)))
        base = {"hash": content_hash(model), "name": Path(model).stem}
        # Four sequences of this model touch more than a dense step costs, two do not.
        plan = {"version": 2, "base": base, "head": None, "layers": self.layers, "widest_batch": 2}
        Path(folder).mkdir(parents=True, exist_ok=True)
        save_file(self.tensors, Path(folder) / "adapter.safetensors")
        (Path(folder) / "adapter.json").write_text(json.dumps(plan, indent=2) + "\n")


def content_hash(path):
    """Sparrow's identity of a GGUF file's weights: `Checkpoint.contentHash()`."""
    from gguf import GGUFReader

    digest = hashlib.sha256()
    for tensor in sorted(GGUFReader(path).tensors, key=lambda t: t.name.encode()):
        kind = tensor.tensor_type.name.lower().replace("_k", "_K")
        shape = [int(n) for n in reversed(tensor.shape)]
        digest.update(f"{tensor.name}\n{kind} {shape} {tensor.n_bytes}\n".encode())
        digest.update(np.ascontiguousarray(tensor.data).data)
    return digest.hexdigest()
