#!/usr/bin/env python3
"""Where greedy texts of a GPU and of the processor part, and by which two logits.

    Scripts/explain_texts.py MODEL [MODEL ...] [--sparrow PATH] [--device cuda:0] [--tokens 120]
    Scripts/explain_texts.py q4_1.gguf --beside f16.gguf

A server on each device answers the same prompts with the log-probabilities of its best tokens. At
the first token that differs both rank the same two tokens first, nearly equal: that is a tie. It
counts as explained where the processor's gap between the two is at most --gap nats. Over weights
in blocks the processor rounds inputs to 8 bits, which a GPU does not: --beside gives it a file of
the same weights in halves, made by `sparrow export`.
"""
import argparse
import json
import os
import sys
import urllib.request

from served import HOST, Served

PROMPTS = ("The sparrow is a small bird that", "Once upon a time, in a village by the sea,",
           "def fibonacci(n):", "The capital of France is")


def answers(options, model, device):
    """Tokens and their two best log-probabilities, for each prompt."""
    with Served([options.sparrow, "serve", model, "--device", device]) as server:
        return [complete(f"http://{HOST}:{server.port}", prompt, options.tokens)
                for prompt in PROMPTS]


def complete(place, prompt, tokens):
    body = {"prompt": prompt, "max_tokens": tokens, "temperature": 0, "logprobs": 2}
    request = urllib.request.Request(place + "/v1/completions", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        found = json.load(answer)["choices"][0]["logprobs"]
    return list(zip(found["tokens"], found["top_logprobs"]))


def compare(model, prompt, found, expected, gap):
    """Whether two texts are the same, or part at a tie."""
    name = f"{os.path.basename(model)}, {prompt[:24]!r}"
    for i, ((one, best), (other, own)) in enumerate(zip(found, expected)):
        if one == other:
            continue
        ranks = [f"{token!r} {value:.4f}" for top in (best, own) for token, value in top.items()]
        apart = [abs(top[one] - top[other]) if one in top and other in top else float("inf")
                 for top in (best, own)]
        is_tie = apart[1] <= gap
        print(f"{'tie  ' if is_tie else 'WRONG'}  {name}: token {i}, device {ranks[0]}, {ranks[1]}; "
              f"processor {ranks[2]}, {ranks[3]}; gaps {apart[0]:.4f} and {apart[1]:.4f}")
        return is_tie
    print(f"same   {name}: {len(expected)} tokens")
    return len(found) == len(expected)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--beside", help="the model that the processor runs")
    parser.add_argument("--sparrow", default="sparrow")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--tokens", type=int, default=120)
    parser.add_argument("--gap", type=float, default=0.1, help="nats between two tied tokens")
    options = parser.parse_args()
    right = True
    for model in options.models:
        found = answers(options, model, options.device)
        expected = answers(options, options.beside or model, "cpu")
        for prompt, one, other in zip(PROMPTS, found, expected):
            right &= compare(model, prompt, one, other, options.gap)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
