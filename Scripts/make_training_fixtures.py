#!/usr/bin/env python3
"""Make the losses and gradients that training must give on the tiny models.

    pip install torch transformers safetensors tokenizers numpy
    python Scripts/make_training_fixtures.py [--models Tests/Fixtures/models] [--out FOLDER]

transformers' models (eager attention, no dropout) in float64, stored as float32: PyTorch's own
float32 is off by up to 3e-5, and is held to that here. Some gradients of each loss are compared
with finite differences before they are written. Files together stay below 1.6 MB.

Equations: LTE is arXiv 2402.06126, HiRE 2402.09360, Deja Vu 2310.17157 and its code, ProSparse
2402.13516. Sizes: H hidden size, F network width, V vocabulary (100), N groups; smollm2 has H 96,
F 64, 2 layers and, in groups of 8 neighbouring neurons, N 8. "x" is what gate and up read: the
hidden state behind its norm. Single numbers have shape [1].

In every file of a loss:
    tokens [2, 17] int32    16 inputs and, one further, 16 targets
    mask [2, 16]            1 where a target counts: CE = sum(mask * ce) / sum(mask)
    loss [1]                what was differentiated; `loss.PART` are its parts, without weights
Names of parameters are those in the model's safetensors file (GPT-2's begin with `h.0.`). The
gradient of a tied embedding is the sum of both uses. Attention's key biases (OPT, a third of
GPT-2's c_attn) have gradient zero but for rounding: compare a tensor on the scale of its largest
element, 0.001 at least.

To keep files small, matrices [R, C] of smollm2 are mostly told by two weighted sums:
    rows.NAME [R]           sum over j of (1 + j mod 3) * matrix[i, j]
    columns.NAME [C]        sum over i of (1 + i mod 3) * matrix[i, j]
Weighted, since plain sums over the vocabulary vanish for the head. "Gradients" below: for every
parameter of the model `grad.NAME` if it is a vector, `rows.NAME` and `columns.NAME` of the gradient
if it is a matrix.

gradients-M, M in smollm2, qwen3, gemma3, opt, gpt2, llama3
    grad.NAME               of CE, whole, for every parameter; loss is CE

gemma3-scales: how Gemma reads its weights, and what misreadings give
    embedded [2, 16, H]     embedding rows * sqrt(H); the head reads them unscaled. sqrt(H) is not
                            rounded (to bfloat16 it would be 1e-4 off, which CE hardly shows)
    normed [2, 16, H]       first layer's input norm: x / rms(x) * (1 + weight)
    loss                    CE; and CE of a model that ...
    loss.unscaled           does not scale embeddings
    loss.plain-norms        multiplies by weight, not 1 + weight, in all norms
    loss.no-head-norms      leaves out the norms of queries and keys
    loss.no-post-norms      leaves out the norms behind attention and network

lte-routers: router.0, router.1 [N, H] of all LTE files; G = sigmoid(x router^T) (eq. 1), no bias;
    |G - 0.5| > 0.07 everywhere
lte-soft, lte-soft-strong: LTE stage 1; FFN(x) = sum_i G_i E_i (eq. 3), lambda 0.0005 and 0.5
    gates.L [2, 16, N]      G
    eta, lambda, density    [1]; density: share of G > 0.5
    loss, loss.task, loss.efficiency, loss.separation
                            CE + eta * mean G^2 (eq. 4) + lambda * mean 1 / (G - 0.5)^2 (eq. 5, 6);
                            means over all 32 tokens (masked ones too), layers and groups
    gradients; grad.router.L [N, H]
lte-hard: LTE stage 2; FFN(x) = sum_i 1{G_i > 0.5} E_i (eq. 2)
    gates.L, density as above; loss is CE; gradients; routers have none
lte-straight-through: forward as lte-hard, backward as if the gate were G: hard + G - stop(G)
    as lte-hard, and grad.router.L [N, H]

lte-local: lte-straight-through, and what the selection loses of each network's dense result
    strength                [1]
    loss, loss.task, loss.local
                            CE + strength * mean |f - F|^2 / |F|^2 over all 32 tokens and layers; f is the
                            network's result, F that of all its groups; hidden units and down are
                            constants there, so that its gradient goes through the gates alone
    as lte-straight-through otherwise

lte-task: lte-straight-through by the answers of tasks.jsonl alone, with routers of its own
    stream, learnt [n] int32
                            all tokens in rows of 16: a task that does not fit into what is left of
                            a row fills it with its first tokens, not learnt, and begins again
    tokens, mask            the first two rows

topk-layer1: HiRE's exact group top-k (eq. 6), 3 of 8 groups of 8, in layer 1 only (0 is dense)
topk-neurons: 21 of 64 single neurons in both layers
    group, k                [1]
    kept.L [2, 16, k] int32 ascending; a group's score is the sum of |act(gate) * up| over it
    loss is CE; gradients, through what is kept only

topk-sketch: HiRE's group top-k in both layers, 3 of 8 groups of 8, with low-rank copies of gate and up
    A.L [2, H], B.L [2 F, 2] rows of gate, then of up; with x and the exact a = act(gate) * up stopped,
    loss.sketch             mean over layers of mean((a~ - a)^2) / mean(a^2), a~ = act(gate~) * up~
    loss                    CE + loss.sketch; gradients, which are those of CE; grad.A.L, grad.B.L

distill: KL(dense || student) at temperature 1, masked mean, + 0.1 CE of the student
    loss, loss.divergence, loss.task
    gradients at the student's parameters: each is 7/8 w + 1/8 (w read from its last element to its
    first, row-major), in float32; the dense teacher is smollm2 as it is and has none

head-lr: HiRE's low-rank softmax (LR); logits = hidden A B, CE with the targets
    hidden [2, 16, H]       final hidden states of smollm2, behind the last norm
    A [H, 8], B [8, V]; loss; grad.A, grad.B

predictors: Deja Vu's loss; scores = inputs A^T B^T + bias, nothing between; not masked
    inputs [32, 32]         what OPT's first layer's fc1 reads
    labels [32, 64]         1 where its first 64 outputs are above 0
    A [6, 32], B [64, 6], bias [64]
    weight [1]              mean(labels) + 0.005, of negatives; positives have 1
    loss                    mean over all labels of weight * binary cross-entropy of sigmoid(scores)
    grad.A, grad.B

lora: rank r 4, alpha 8, on q, v, gate, up and down; y = W x + alpha / r * B A x; loss is CE
    A.NAME [4, in], B.NAME [out, 4] for the NAME of each W; alpha [1]
    rows.A.NAME, columns.A.NAME, rows.B.NAME, columns.B.NAME of their gradients; W has none

relu-l1: ReLU in place of SiLU; CE + lambda * mean |relu(gate) * up|
    lambda [1] = 0.5; loss, loss.task, loss.l1; gradients. ProSparse takes the L1 norm of the same
    intermediate; here it is its mean over all 32 tokens, layers and neurons, so that lambda means
    the same at any width. The rising schedule of lambda is no part of the loss.

adamw: 10 steps of llama3 on this batch with CE; peak rate 1e-2, eps 1e-8, betas 0.9 and 0.95
adamw-tied: the same of smollm2, peak rate 1e-3, eps 1e-5. (With adamw's values small gradients of
    smollm2 become whole steps, and rounding shows: PyTorch's own float32 is then 1e-3 off.)
    Decay is 0.1 for matrices (decoupled: w *= 1 - rate * 0.1, before the step), none for vectors;
    gradients are first scaled by min(1, 1 / (norm + 1e-6)), norm that of all of them together.
    rates [10]              peak * (s + 1) / 3 for s < 3, then with p = (s - 2) / 7
                            peak * (0.1 + 0.9 * (1 + cos(pi p)) / 2): the last is peak / 10
    losses [10], norms [10] before each step, norms before clipping
    after.NAME              three parameters after the last step, whole
    rows.after.NAME, columns.after.NAME
                            weighted sums of the embedding after the last step
"""
import argparse
import copy
import json
import math
import os
import zlib
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch.overrides import TorchFunctionMode
from transformers import AutoModelForCausalLM

LENGTH = 16
GROUP = 8
RANK, ALPHA = 4, 8  # of LoRA
TAU = 0.5  # LTE's threshold
GAP = 0.07  # least distance of a gate from it; the noise of 1 / (G - TAU)^2 grows with 1 / GAP
BUDGET = 1_600_000  # bytes, all files together
SMALL = 1e-3  # gradients are compared on this scale at least
NOISE = 3e-5  # what PyTorch's own float32 may be off
STEP = 1e-6  # of finite differences, along a direction of length 1


class Double(TorchFunctionMode):
    """float64 wherever transformers asks for float32: in norms, softmax and rotations."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        wide = lambda value: torch.float64 if value is torch.float32 else value
        if function is torch.Tensor.float:
            function = torch.Tensor.double
        kwargs = {key: wide(value) for key, value in (kwargs or {}).items()}
        return function(*map(wide, args), **kwargs)


# -- The batch and the models --


def batch():
    """Tokens that are special in no family, and a mask: a prompt, one within, an end."""
    rng = np.random.default_rng(4)
    tokens = torch.from_numpy(rng.integers(3, 100, (2, LENGTH + 1)))
    mask = torch.ones(2, LENGTH)
    mask[0, :5] = 0
    mask[1, 4] = 0
    mask[1, 13:] = 0
    return tokens, mask


TOKENS, MASK = batch()
INPUTS, TARGETS = TOKENS[:, :-1], TOKENS[:, 1:]


def load(folder, name):
    model = AutoModelForCausalLM.from_pretrained(
        f"{folder}/{name}", attn_implementation="eager", dtype=torch.float32
    )
    return model.eval()


def checkpoint_name(model, name):
    return name.removeprefix("transformer.") if model.config.model_type == "gpt2" else name


def logits(model):
    return model(INPUTS, use_cache=False).logits


def masked_mean(values):
    return (values * MASK).sum() / MASK.sum()


def cross_entropy(scores):
    """The loss of language modelling; `scores` [2, 16, vocabulary]."""
    losses = F.cross_entropy(scores.flatten(0, 1), TARGETS.flatten(), reduction="none")
    return masked_mean(losses.view_as(TARGETS))


@contextmanager
def networks(model, intermediate):
    """Gives each feed-forward network the hidden units `intermediate(layer, x, network)`."""
    layers = model.model.layers
    for index, layer in enumerate(layers):
        layer.mlp.forward = lambda x, index=index, network=layer.mlp: network.down_proj(
            intermediate(index, x, network)
        )
    try:
        yield
    finally:
        for layer in layers:
            del layer.mlp.forward


def hidden_units(network, x):
    return network.act_fn(network.gate_proj(x)) * network.up_proj(x)


# -- Checking and writing --


def distance(a, b):
    """The largest difference over the largest element of `b`, which is taken for SMALL at least."""
    return ((a - b).abs().max() / b.abs().max().clamp(min=SMALL)).item()


def difference_quotient(loss, tensor, direction):
    """d loss / d tensor along `direction`, by central differences."""
    with torch.no_grad():
        tensor += STEP * direction
        above = loss()
        tensor -= 2 * STEP * direction
        below = loss()
        tensor += STEP * direction
    return ((above - below) / (2 * STEP)).item()


def differentiate(model, given, fixed, compute, frozen):
    """Losses, notes, and everything that is trained with its gradient."""
    own = {} if model is None or frozen else dict(model.named_parameters())
    trained = own | {key: value.requires_grad_() for key, value in given.items()}
    losses, notes = compute(model, given | fixed)
    gradients = torch.autograd.grad(losses["loss"], list(trained.values()))
    return losses, notes, trained, dict(zip(trained, gradients))


def check_slopes(name, loss, trained, gradients, given):
    """Compares three gradients, one of them of `given`, with finite differences."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    own = [key for key in trained if key not in given]
    chosen = [*rng.choice(own, 2 if given else 3, replace=False)] if own else []
    chosen += [*rng.choice(list(given), min(len(given), 3 - len(chosen)), replace=False)]
    for key in chosen:
        direction = torch.from_numpy(rng.standard_normal(tuple(trained[key].shape)))
        direction /= direction.norm()
        quotient = difference_quotient(loss, trained[key], direction)
        slope = (gradients[key] * direction).sum().item()
        assert abs(quotient - slope) <= 1e-5 * abs(slope) + 1e-8, (name, key, quotient, slope)


def sums(matrix, name):
    """A matrix by its weighted sums over columns and over rows."""
    weights = lambda count: 1 + torch.arange(count) % 3
    rows, columns = matrix.shape
    return {
        f"rows.{name}": (matrix * weights(columns)).sum(1),
        f"columns.{name}": (matrix * weights(rows)[:, None]).sum(0),
    }


def number(value):
    return torch.as_tensor(value, dtype=torch.float32).detach().reshape(1)


class Writer:
    """Writes files to a folder and counts their bytes."""

    def __init__(self, folder):
        self.folder, self.total = folder, 0
        os.makedirs(folder, exist_ok=True)

    def save(self, name, tensors, note=""):
        path = f"{self.folder}/{name}.safetensors"
        kinds = {torch.int64: torch.int32, torch.float64: torch.float32}
        tensors = {k: v.detach().to(kinds.get(v.dtype, v.dtype)) for k, v in tensors.items()}
        assert all(v.isfinite().all() for v in tensors.values()), name
        save_file({k: v.contiguous().clone() for k, v in tensors.items()}, path)
        self.total += os.path.getsize(path)
        loss = f"loss {tensors['loss'].item():.5f}" if "loss" in tensors else ""
        print(f"{name:22} {os.path.getsize(path):7} bytes  {loss:13}  {note}")

    def golden(
        self, name, model, compute, given={}, fixed={}, whole=False, frozen=False, elsewhere=()
    ):
        """Losses, gradients and what they were made of, save tensors that another file holds.

        `compute(model, tensors)` gives losses by name and what else to write. `given` are trained
        with the model, or alone where it is `frozen` or None; `fixed` are only read.
        """
        given = {key: value.requires_grad_() for key, value in given.items()}
        _, _, _, rounded = differentiate(model, given, fixed, compute, frozen)
        double = lambda tensors: {key: value.detach().double() for key, value in tensors.items()}
        with Double():
            wide = double(given), double(fixed)
            exact = model and copy.deepcopy(model).double()
            losses, notes, trained, gradients = differentiate(exact, *wide, compute, frozen)
            loss = lambda: compute(exact, wide[0] | wide[1])[0]["loss"]
            check_slopes(name, loss, trained, gradients, given)
        worst = max(distance(rounded[key], gradients[key]) for key in gradients)
        assert worst < NOISE, (name, worst)

        out = {"tokens": TOKENS, "mask": MASK} | given | fixed | notes
        out = {key: value for key, value in out.items() if key not in elsewhere}
        for key, value in losses.items():
            out[key if key == "loss" else f"loss.{key}"] = number(value)
        for key, value in gradients.items():
            stored = key if key in given else checkpoint_name(model, key)
            if whole or value.dim() < 2 or (key in given and not frozen):
                out[f"grad.{stored}"] = value
            else:
                out |= sums(value, stored)
        self.save(name, out, f"float32 is off by {worst:.0e}")


# -- Losses --


def language_modelling(model, _):
    return {"loss": cross_entropy(logits(model))}, {}


def gated(tensors, gate, seen):
    """LTE's networks: hidden units times their group's `gate(layer, G)`; G is kept in `seen`."""

    def intermediate(layer, x, network):
        seen[layer] = torch.sigmoid(x @ tensors[f"router.{layer}"].T)
        return hidden_units(network, x) * gate(layer, seen[layer]).repeat_interleave(GROUP, -1)

    return intermediate


def soft(_, gates):
    return gates


def hard(_, gates):
    return (gates > TAU).to(gates.dtype)


def straight_through():
    """hard + G - stop(G), where what is stopped stays as first seen.

    So finite differences see the function whose gradient this is.
    """
    stopped = {}

    def gate(layer, gates):
        key = layer, gates.dtype
        if key not in stopped:
            stopped[key] = (hard(layer, gates) - gates).detach()
        return stopped[key] + gates

    return gate


def lte(gate, eta=None, strength=None):
    """CE under `gate`, with LTE's two losses where they have weights."""

    def compute(model, tensors):
        seen = {}
        with networks(model, gated(tensors, gate, seen)):
            losses = {"loss": cross_entropy(logits(model))}
        gates = torch.stack([seen[layer] for layer in sorted(seen)])
        assert (gates - TAU).abs().min() > GAP
        notes = {f"gates.{layer}": value for layer, value in seen.items()}
        notes["density"] = number((gates > TAU).float().mean())
        if eta is not None:
            losses["task"] = losses["loss"]
            losses["efficiency"] = gates.square().mean()
            losses["separation"] = (gates - TAU).square().reciprocal().mean()
            losses["loss"] = (
                losses["task"] + eta * losses["efficiency"] + strength * losses["separation"]
            )
            notes |= {"eta": number(eta), "lambda": number(strength)}
        return losses, notes

    return compute


def lte_local(strength):
    """CE under straight-through gates, and what they lose of the dense networks' results.

    As the gates' stopped part, what is constant stays as first seen.
    """
    gate, constant = straight_through(), {}

    def compute(model, tensors):
        seen, lost = {}, []
        read = gated(tensors, gate, seen)

        def intermediate(layer, x, network):
            units = read(layer, x, network)
            gates = gate(layer, seen[layer])
            key = layer, gates.dtype
            if key not in constant:
                down = network.down_proj.weight.detach().clone()
                constant[key] = hidden_units(network, x).detach(), down
            whole, down = constant[key]
            missing = (whole * (1 - gates).repeat_interleave(GROUP, -1)) @ down.T
            lost.append(missing.square().sum(-1) / (whole @ down.T).square().sum(-1))
            return units

        with networks(model, intermediate):
            task = cross_entropy(logits(model))
        local = torch.stack(lost).mean()
        losses = {"loss": task + strength * local, "task": task, "local": local}
        return losses, {"strength": number(strength)}

    return compute


@torch.no_grad()
def routers(model):
    """Random routers, each row drawn until its gates keep their distance from the threshold."""
    rng = np.random.default_rng(14)
    size, groups = model.config.hidden_size, model.config.intermediate_size // GROUP
    tensors = {}
    for layer in range(model.config.num_hidden_layers):
        tensors[f"router.{layer}"] = torch.zeros(groups, size)
        later = range(layer + 1, model.config.num_hidden_layers)
        blank = {f"router.{index}": torch.zeros(groups, size) for index in later}
        inputs = []
        for gate in soft, hard:  # which give the next layer different inputs
            read = gated(tensors | blank, gate, {})

            def keeping(index, x, network):
                if index == layer:
                    inputs.append(x.flatten(0, 1))
                return read(index, x, network)

            with networks(model, keeping):
                logits(model)
        x = torch.cat(inputs)
        scale = 1.5 / x.square().sum(-1).mean().sqrt()
        for group in range(groups):
            while True:
                row = torch.from_numpy(rng.standard_normal(size)).float() * scale
                if (torch.sigmoid(x @ row) - TAU).abs().min() > GAP + 0.002:
                    break
            tensors[f"router.{layer}"][group] = row
    return tensors


def largest(units, group, k):
    """1 for the neurons of the `k` best groups of `group`, else 0; and those groups."""
    scores = units.detach().abs().unflatten(-1, (-1, group)).sum(-1)
    best, order = scores.sort(-1, descending=True)
    gap = (best[..., k - 1] - best[..., k]) / best[..., k]
    assert gap.min() > 2e-5, "a tie but for rounding; take another batch"
    mask = torch.zeros_like(scores).scatter(-1, order[..., :k], 1)
    return mask.repeat_interleave(group, -1), order[..., :k].sort(-1).values


def top_k(group, k, layers):
    """CE with all but the `k` best groups of `group` neurons left out in `layers`."""

    def compute(model, _):
        kept = {}

        def intermediate(layer, x, network):
            units = hidden_units(network, x)
            if layer not in layers:
                return units
            mask, kept[f"kept.{layer}"] = largest(units, group, k)
            return units * mask

        with networks(model, intermediate):
            loss = cross_entropy(logits(model))
        return {"loss": loss}, kept | {"group": number(group), "k": number(k)}

    return compute


def sketched(group, k):
    """CE with top-k, and the relative error of low-rank copies of gate and up.

    What is stopped stays as first seen, as in `straight_through`.
    """
    stopped = {}

    def compute(model, tensors):
        errors = []

        def intermediate(layer, x, network):
            units = hidden_units(network, x)
            key = layer, x.dtype
            if key not in stopped:
                stopped[key] = x.detach(), units.detach()
            given, exact = stopped[key]
            gate, up = (given @ tensors[f"A.{layer}"].T @ tensors[f"B.{layer}"].T).chunk(2, -1)
            approximate = network.act_fn(gate) * up
            errors.append((approximate - exact).square().mean() / exact.square().mean())
            return units * largest(units, group, k)[0]

        with networks(model, intermediate):
            task = cross_entropy(logits(model))
        sketch = torch.stack(errors).mean()
        return {"loss": task + sketch, "task": task, "sketch": sketch}, {}

    return compute


def distillation(model, tensors):
    scores = logits(model)
    student, teacher = scores.log_softmax(-1), tensors["teacher"].log_softmax(-1)
    divergence = masked_mean((teacher.exp() * (teacher - student)).sum(-1))
    task = cross_entropy(scores)
    return {"loss": divergence + 0.1 * task, "divergence": divergence, "task": task}, {}


@torch.no_grad()
def perturbed(model):
    student = copy.deepcopy(model)
    for parameter in student.parameters():
        parameter.copy_(0.875 * parameter + 0.125 * parameter.flatten().flip(0).view_as(parameter))
    return student


def low_rank_head(_, tensors):
    return {"loss": cross_entropy(tensors["hidden"] @ tensors["A"] @ tensors["B"])}, {}


def recall_weighted(_, tensors):
    labels = tensors["labels"]
    weight = labels.mean() + 0.005
    scores = tensors["inputs"] @ tensors["A"].T @ tensors["B"].T + tensors["bias"]
    weights = torch.where(labels > 0, torch.ones_like(labels), weight)
    loss = F.binary_cross_entropy_with_logits(scores, labels, weight=weights)
    return {"loss": loss}, {"weight": number(weight)}


def low_rank_updates(model, tensors):
    weights = dict(model.named_parameters())
    names = [key.removeprefix("A.") for key in tensors if key.startswith("A.")]
    updated = {
        name: weights[name].detach() + ALPHA / RANK * tensors[f"B.{name}"] @ tensors[f"A.{name}"]
        for name in names
    }
    answer = torch.func.functional_call(model, updated, (INPUTS,), {"use_cache": False})
    return {"loss": cross_entropy(answer.logits)}, {"alpha": number(ALPHA)}


def relu_with_l1(strength):
    def compute(model, _):
        units = []

        def intermediate(_, x, network):
            units.append(F.relu(network.gate_proj(x)) * network.up_proj(x))
            return units[-1]

        with networks(model, intermediate):
            task = cross_entropy(logits(model))
        l1 = torch.stack(units).abs().mean()
        return {"loss": task + strength * l1, "task": task, "l1": l1}, {"lambda": number(strength)}

    return compute


# -- Files that are no single gradient --


def adamw(model, rate, epsilon, steps=10, warmup=3):
    """Runs the optimiser; gives rates, losses and norms, and leaves the model trained."""
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    optimiser = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
        lr=rate,
        betas=(0.9, 0.95),
        eps=epsilon,
    )

    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        progress = (step + 1 - warmup) / (steps - warmup)
        return 0.1 + 0.9 * (1 + math.cos(math.pi * progress)) / 2

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, factor)
    rates, losses, norms = [], [], []
    for _ in range(steps):
        optimiser.zero_grad()
        loss = cross_entropy(logits(model))
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).item())
        losses.append(loss.item())
        rates.append(schedule.get_last_lr()[0])
        optimiser.step()
        schedule.step()
    return {"rates": rates, "losses": losses, "norms": norms}


def save_adamw(writer, name, model, rate, epsilon):
    exact = copy.deepcopy(model).double()
    rounded = copy.deepcopy(model)
    with Double():
        curves = adamw(exact, rate, epsilon)
    noisy = adamw(rounded, rate, epsilon)
    worst = max(abs(a / b - 1) for key in curves for a, b in zip(noisy[key], curves[key]))
    assert worst < NOISE, worst
    apart = max(distance(a, b) for a, b in zip(rounded.parameters(), exact.parameters()))
    assert apart < NOISE, apart
    assert curves["losses"][-1] < curves["losses"][0]

    out = {"tokens": TOKENS, "mask": MASK}
    out |= {key: torch.tensor(value, dtype=torch.float32) for key, value in curves.items()}
    parameters = dict(exact.named_parameters())
    for key in (
        "model.layers.0.input_layernorm.weight",
        "model.layers.1.self_attn.k_proj.weight",
        "model.norm.weight",
    ):
        out[f"after.{key}"] = parameters[key]
    embedding = "model.embed_tokens.weight"
    out |= sums(parameters[embedding], f"after.{embedding}")
    first, last = curves["losses"][0], curves["losses"][-1]
    writer.save(name, out, f"{first:.4f} to {last:.4f}; float32 is off by {apart:.0e}")


@torch.no_grad()
def save_gemma_scales(writer, model):
    """Gemma's own readings, and the losses of a model that lacks one of them."""
    decoder = model.model
    root = math.sqrt(model.config.hidden_size)
    embedded = decoder.embed_tokens(INPUTS)
    normed = decoder.layers[0].input_layernorm(embedded)
    assert distance(embedded, decoder.embed_tokens.weight[INPUTS] * root) < 1e-6
    rms = (embedded.square().mean(-1, keepdim=True) + model.config.rms_norm_eps).sqrt()
    assert distance(normed, embedded / rms * (1 + decoder.layers[0].input_layernorm.weight)) < 1e-6

    def unscaled(wrong):
        wrong.model.embed_tokens.embed_scale.fill_(1)

    def plain(wrong):
        for name, parameter in wrong.named_parameters():
            if name.endswith("norm.weight"):
                parameter -= 1

    def without(*names):
        def change(wrong):
            for name, module in wrong.named_modules():
                if name.rpartition(".")[2] in names:
                    module.forward = lambda x: x

        return change

    out = {"tokens": TOKENS, "mask": MASK, "embedded": embedded, "normed": normed}
    right = cross_entropy(logits(model))
    out["loss"] = number(right)
    for name, change in {
        "unscaled": unscaled,
        "plain-norms": plain,
        "no-head-norms": without("q_norm", "k_norm"),
        "no-post-norms": without("post_attention_layernorm", "post_feedforward_layernorm"),
    }.items():
        wrong = copy.deepcopy(model)
        change(wrong)
        loss = cross_entropy(logits(wrong))
        assert abs(loss / right - 1) > 1e-3, name
        out[f"loss.{name}"] = number(loss)
    wrong = [f"{key[5:]} {out[key].item():.3f}" for key in out if key.startswith("loss.")]
    writer.save("gemma3-scales", out, ", ".join(wrong))


@torch.no_grad()
def predictor_data(model):
    """What OPT's first network reads, and which of its first 64 neurons fire."""
    seen = []
    layer = model.model.decoder.layers[0].fc1
    handle = layer.register_forward_hook(lambda _, inputs, output: seen.extend([*inputs, output]))
    logits(model)
    handle.remove()
    inputs, outputs = (value.reshape(2 * LENGTH, -1) for value in seen)
    return {"inputs": inputs, "labels": (outputs[:, :64] > 0).float()}


@contextmanager
def learning(tokens, mask):
    """Another batch for a while."""
    global TOKENS, MASK, INPUTS, TARGETS
    before = TOKENS, MASK
    for TOKENS, MASK in (tokens, mask), before:
        INPUTS, TARGETS = TOKENS[:, :-1], TOKENS[:, 1:]
        if TOKENS is tokens:
            yield


def task_stream(path, tokenizer):
    """The tokens of tasks in rows, and whether each is an answer's."""
    stream, learnt = [], []
    for line in open(path):
        task = json.loads(line)
        if "choices" in task:
            answers = [task["choices"][task["answer"]]]
        else:
            answers = task.get("references") or task["answers"][:1]
        for answer in answers:
            prompt = tokenizer.encode(task["prompt"]).ids
            whole = tokenizer.encode(task["prompt"] + answer).ids + [0]
            assert whole[: len(prompt)] == prompt, "a token across the border"
            left = LENGTH - len(stream) % LENGTH
            if len(whole) > left + 1:
                stream += whole[:left]
                learnt += [0] * left
            stream += whole
            learnt += [0] * len(prompt) + [1] * (len(whole) - len(prompt))
    return torch.tensor(stream), torch.tensor(learnt)


def save_task(writer, model, folder):
    tokenizer = Tokenizer.from_file(f"{folder}/smollm2/tokenizer.json")
    stream, learnt = task_stream(f"{folder}/../training/tasks.jsonl", tokenizer)
    rows = [range(row * LENGTH, (row + 1) * LENGTH + 1) for row in range(2)]
    tokens = torch.stack([stream[list(row)] for row in rows])
    mask = torch.stack([learnt[list(row)][1:] for row in rows]).float()
    with learning(tokens, mask):
        notes = {"stream": stream, "learnt": learnt}
        given = routers(model)
        writer.golden("lte-task", model, lte(straight_through()), given=given, fixed=notes)


def save_lte(writer, model):
    tensors = routers(model)
    writer.save("lte-routers", tensors)
    shared = {"given": tensors, "elsewhere": tensors}
    writer.golden("lte-soft", model, lte(soft, 0.7, 0.5e-3), **shared)
    writer.golden("lte-soft-strong", model, lte(soft, 0.7, 0.5), **shared)
    writer.golden("lte-straight-through", model, lte(straight_through()), **shared)
    writer.golden("lte-local", model, lte_local(2.0), **shared)
    fixed = {key: value.detach() for key, value in tensors.items()}
    writer.golden("lte-hard", model, lte(hard), fixed=fixed, elsewhere=tensors)


def random(rng, rows, columns, scale):
    return torch.from_numpy(rng.standard_normal((rows, columns)) * scale).float()


def save_low_rank(writer, model, opt):
    rng = np.random.default_rng(44)
    with torch.no_grad():
        hidden = model.model(INPUTS, use_cache=False).last_hidden_state
    size, vocabulary = model.config.hidden_size, model.config.vocab_size
    pair = {"A": random(rng, size, 8, 0.1), "B": random(rng, 8, vocabulary, 0.3)}
    writer.golden("head-lr", None, low_rank_head, given=pair, fixed={"hidden": hidden})

    maps = {"A": random(rng, 6, 32, 0.2), "B": random(rng, 64, 6, 0.5)}
    maps["bias"] = torch.linspace(-1, 1, 64)
    writer.golden("predictors", None, recall_weighted, given=maps, fixed=predictor_data(opt))

    updates = {}
    for name, weight in model.named_parameters():
        if any(part in name for part in ("q_proj", "v_proj", "mlp")):
            rows, columns = weight.shape
            updates[f"A.{name}"] = random(rng, RANK, columns, 0.1)
            updates[f"B.{name}"] = random(rng, rows, RANK, 0.1)  # zero would hide A's gradient
    writer.golden("lora", model, low_rank_updates, given=updates, frozen=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="Tests/Fixtures/models")
    parser.add_argument("--out", default="Tests/Fixtures/training")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    writer = Writer(arguments.out)

    names = "smollm2", "qwen3", "gemma3", "opt", "gpt2", "llama3"
    models = {name: load(arguments.models, name) for name in names}
    for name, model in models.items():
        writer.golden(f"gradients-{name}", model, language_modelling, whole=True)
    save_gemma_scales(writer, models["gemma3"])

    model = models["smollm2"]
    save_lte(writer, model)
    save_task(writer, model, arguments.models)
    writer.golden("topk-layer1", model, top_k(GROUP, 3, {1}))
    writer.golden("topk-neurons", model, top_k(1, 21, {0, 1}))
    rng = np.random.default_rng(71)
    maps = {}
    for layer in 0, 1:
        maps |= {f"A.{layer}": random(rng, 2, 96, 0.2), f"B.{layer}": random(rng, 128, 2, 0.5)}
    writer.golden("topk-sketch", model, sketched(GROUP, 3), given=maps)
    with torch.no_grad():
        teacher = {"teacher": logits(model)}
    writer.golden("distill", perturbed(model), distillation, fixed=teacher, elsewhere=teacher)
    writer.golden("relu-l1", model, relu_with_l1(0.5))
    save_low_rank(writer, model, models["opt"])
    save_adamw(writer, "adamw", models["llama3"], 1e-2, 1e-8)
    save_adamw(writer, "adamw-tied", model, 1e-3, 1e-5)
    print(writer.total, "bytes")
    assert writer.total < BUDGET


if __name__ == "__main__":
    main()
