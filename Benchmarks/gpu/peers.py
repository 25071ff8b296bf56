"""Decoding steps of the same shapes by PyTorch and by Hugging Face, over random weights."""
import statistics
import time

# Width, neurons, layers, heads, key heads, vocabulary; gated, tokens before.
SHAPES = {
    "opt-6.7b": (4096, 16384, 32, 32, 32, 50272, False, 512),
    "opt-13b": (5120, 20480, 40, 40, 40, 50272, False, 512),
    "opt-30b": (7168, 28672, 48, 56, 56, 50272, False, 512),
    "llama2-7b": (4096, 11008, 32, 32, 32, 32000, True, 512),
    "llama3-8b": (4096, 14336, 32, 32, 8, 128256, True, 512),
    "llama3.2-1b": (2048, 8192, 16, 32, 8, 128256, True, 96),
}


def timed(step, count=20):
    """Milliseconds of a step as its caller sees it: the median of `count`, behind three."""
    import torch

    times = []
    for _ in range(count + 3):
        torch.cuda.synchronize()
        start = time.perf_counter()
        step()
        torch.cuda.synchronize()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[3:])


def replayed(graph, count=10):
    """Milliseconds of a graph by the GPU's clock, as ours are timed: the median of five tens."""
    import torch

    times = []
    for _ in range(6):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        for _ in range(count):
            graph.replay()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end) / count)
    return statistics.median(times[1:])


def linears(shape, joins):
    """The linear layers of a step and nothing else, in a CUDA graph: each as the model has it, or
    those of one input joined."""
    import torch

    width, neurons, layers, heads, key_heads, vocabulary, gated, _ = SHAPES[shape]
    narrow = width // heads * key_heads

    def matrix(rows, columns):
        weight = torch.empty(rows, columns, device="cuda", dtype=torch.bfloat16)
        return weight.normal_(std=columns ** -0.5)

    rows = [width, narrow, narrow, width, neurons] + [neurons] * gated
    if joins:
        rows = [width + 2 * narrow, width, neurons * (1 + gated)]
    model = [
        [matrix(count, width) for count in rows] + [matrix(width, neurons)]
        for _ in range(layers)
    ]
    model.append([matrix(vocabulary, width)])
    inputs = {n: torch.randn(1, n, device="cuda", dtype=torch.bfloat16) for n in (width, neurons)}

    def step():
        for layer in model:
            for weight in layer:
                torch.nn.functional.linear(inputs[weight.shape[1]], weight)

    step()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return replayed(graph)


def model(shape):
    """Hugging Face's model of a shape, its weights by chance."""
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig, OPTConfig

    width, neurons, layers, heads, key_heads, vocabulary, gated, context = SHAPES[shape]
    if gated:
        config = LlamaConfig(
            hidden_size=width, intermediate_size=neurons, num_hidden_layers=layers,
            num_attention_heads=heads, num_key_value_heads=key_heads, vocab_size=vocabulary)
    else:
        config = OPTConfig(
            hidden_size=width, ffn_dim=neurons, num_hidden_layers=layers,
            num_attention_heads=heads, vocab_size=vocabulary, word_embed_proj_dim=width)
    with torch.device("cuda"):
        found = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    return found.eval()


def transformers(shape, compiles):
    """(name, milliseconds) of Hugging Face's step: eager, and compiled over a static cache."""
    import torch

    context = SHAPES[shape][-1]
    with torch.inference_mode():
        built = model(shape)
        prompt = torch.randint(10, 1000, (1, context), device="cuda")
        done = built(prompt, use_cache=True)
        token, cache = done.logits[:, -1:].argmax(-1), done.past_key_values

        def step():
            built(token, past_key_values=cache, use_cache=True)

        yield "Hugging Face, eager", timed(step)
        if not compiles:
            return
        options = dict(cache_implementation="static", do_sample=False, min_new_tokens=64)

        def generate(count):
            torch.cuda.synchronize()
            start = time.perf_counter()
            built.generate(prompt, **options, max_new_tokens=count)
            torch.cuda.synchronize()
            return time.perf_counter() - start

        generate(128)
        yield "Hugging Face, compiled", 1000 * (generate(128) - generate(64)) / 64


def times(args, shape):
    """(name, milliseconds) of all peers of a shape that are asked for."""
    if shape not in SHAPES:
        return
    import torch

    if "torch" not in args.without:
        for name, joins in (("each", False), ("joined", True)):
            yield f"PyTorch's linear layers, {name}, graph", linears(shape, joins)
            torch.cuda.empty_cache()
    if "transformers" not in args.without:
        yield from transformers(shape, args.compile)
        torch.cuda.empty_cache()
