#!/usr/bin/env python3
"""Sends damaged requests to a `sparrow serve` that it starts, and says which end as they should not.

    Scripts/fuzz_server.py PROGRAM [MODEL] [--runs 10000] [--seed 1] [-- SERVER OPTIONS]

MODEL is a tiny random one of the tests where none is given. Bodies, headers, paths and sockets are
damaged. Right is: a status below 500, or no answer to what is no HTTP; an answer of status 200 is
JSON or a stream that ends; the server lives, answers a sound request as at the start, holds no more
sockets, and not 5 % more memory than after the first fifth of the runs. Tells how far it is, prints
what is wrong, and exits with 1 when there is something. Needs Python 3.9 alone.
"""
import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from served import Served, events, exchange, parsed, request

TINY = Path(__file__).resolve().parent.parent / "Tests/Fixtures/models/llama3"
TEMPLATE = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}> "
# A damaged limit of tokens costs little.
CONTEXT = "256"
# The tiny model's cache is full before memory is first looked at.
CACHE = "256KB"
# Requests at once: most of the time goes by where a damaged one makes the server wait for more.
WORKERS = 16
BATCH = 250
# Seconds that a request is given that may make the server wait, rightly.
PATIENCE = 1
# Seconds after which the server closes a connection that says nothing, and some.
IDLE = 70
# Values of a body that is damaged further, at most: lists are made long, and lists of those.
SIZE = 20000

CHAT = {"messages": [{"role": "user", "content": "Name a bird."}], "max_tokens": 3, "temperature": 0}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"enum": ["x", "y"]}},
          "required": ["a"]}
TOOL = {"type": "function", "function": {"name": "f", "parameters": SCHEMA}}
BASES = [
    ("/v1/chat/completions", CHAT),
    ("/v1/chat/completions", {
        **CHAT, "top_p": 0.9, "top_k": 4, "min_p": 0.1, "seed": 3, "stop": ["a"], "n": 2,
        "logit_bias": {"5": 2}, "presence_penalty": 0.5, "frequency_penalty": 0.5,
        "repetition_penalty": 1.1, "logprobs": True, "top_logprobs": 2, "user": "me"}),
    ("/v1/chat/completions", {
        **CHAT, "stream": True, "stream_options": {"include_usage": True},
        "sparrow": {"plan": "dense", "activity": True}}),
    ("/v1/chat/completions", {
        **CHAT, "response_format": {
            "type": "json_schema", "json_schema": {"name": "s", "schema": SCHEMA}}}),
    ("/v1/chat/completions", {**CHAT, "tools": [TOOL], "tool_choice": "required"}),
    ("/v1/completions", {"prompt": "A bird", "max_tokens": 2, "echo": True, "logprobs": 2}),
    ("/v1/completions", {"prompt": ["A", "B"], "max_tokens": 2, "stream": True}),
    ("/v1/completions", {"prompt": [[5, 6], [7]], "max_tokens": 2, "n": 2}),
    ("/v1/responses", {"input": "Name a bird.", "max_output_tokens": 3}),
    ("/v1/responses", {"input": CHAT["messages"], "stream": True, "max_output_tokens": 3}),
    ("/tokenize", {"prompt": "a b", "add_special_tokens": True}),
    ("/detokenize", {"tokens": [5, 6]}),
]
GETS = ["/", "/health", "/v1/models", "/tokenizer_info", "/metrics", "/v1/sparsity", "/v1/models/a",
        "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/%00", "/v1/models?" + "a" * 5000, "//"]
VALUES = [
    None, True, False, 0, -1, 1, 2, 0.5, -0.5, 1e308, 1e-320, 2**31, 2**53, 2**63, 2**64, -2**63,
    10**400, "", " ", "a", "\0", "\ud800", "é" * 50, "a" * 5000, [], {}, [[]], [None], [1, "a"], [-1],
    [2**40], {"a": {}}, {"type": "object"}, {"type": "json_object"}, {"type": ["string", "null"]},
    {"$ref": "#"}, {"anyOf": []}, {"pattern": "(a*)*b"}, {"enum": []}, ["a"] * 300, "none", "auto",
    "<|im_start|>system", float("nan"), float("inf"),
]
METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "BREW", "get", ""]
HEADERS = [
    "Content-Length: -1", "Content-Length: 99999999999999999999", "Content-Length: 3",
    "Content-Length: 70000000", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip",
    "Content-Type: text/plain", "Content-Type: ", "Content-Encoding: gzip", "Expect: 100-continue",
    "Authorization: Bearer", "Authorization: " + "x" * 9000, "X: " + "y" * 90000, "Origin: null",
    "Origin: http://a\0b", "Connection: keep-alive", "Connection: upgrade\r\nUpgrade: websocket",
    "Range: bytes=0-1", "Accept: nothing/at-all", ": no name", "no colon", "X-Request-ID: é\x01",
    "Host:", "Accept-Encoding: br",
]


def deep(draw):
    """JSON that is nested far."""
    depth = draw.choice([50, 500, 5000, 200000])
    return draw.choice(["[" * depth, "[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth])


def places(value, path=()):
    """Paths to all values of a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(
        value, list) else ()
    for key, inner in items:
        yield from places(inner, path + (key,))


def damaged(value, draw):
    """A copy of a JSON value, one place of which is another or gone."""
    value = json.loads(json.dumps(value))
    path = draw.choice([p for p in places(value) if p])
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    act = draw.random()
    if act < 0.7:
        holder[path[-1]] = draw.choice(VALUES)
    elif act < 0.8:
        del holder[path[-1]]
    elif act < 0.9:
        holder[path[-1]] = [holder[path[-1]]] * draw.choice([1, 2, 200])
    elif isinstance(holder, dict):
        holder[draw.choice(["", "a", "\0", "model", "stream", "prompt"])] = draw.choice(VALUES)
    return value


def damaged_bytes(data, draw):
    data = bytearray(data)
    for _ in range(draw.choice([1, 1, 2, 5])):
        at = draw.randrange(len(data) + 1)
        act = draw.randrange(4)
        if act == 0:
            data[at:at + 1] = bytes([draw.randrange(256)])
        elif act == 1:
            del data[at:]
        elif act == 2:
            data[at:at] = bytes(draw.randrange(256) for _ in range(draw.choice([1, 4, 40])))
        else:
            del data[at:at + draw.choice([1, 2, 9])]
        if not data:
            break
    return bytes(data)


def one(draw):
    """A damaged request's bytes, and how it is sent."""
    path, body = draw.choice(BASES)
    for _ in range(draw.choice([0, 1, 1, 1, 2, 4])):
        if 1 < sum(1 for _ in places(body)) < SIZE:
            body = damaged(body, draw)
    data = json.dumps(body).encode()
    act = draw.random()
    if act < 0.25:
        data = damaged_bytes(data, draw)
    elif act < 0.28:
        data = deep(draw).encode()
    elif act < 0.29:
        data = b'{"messages": "' + b"a" * (17 << 20)
    method, headers = "POST", []
    if draw.random() < 0.1:
        method, path = draw.choice(METHODS), draw.choice(GETS + [path])
    if draw.random() < 0.15:
        headers = draw.sample(HEADERS, draw.choice([1, 1, 2]))
    whole = request(path, data, method, headers)
    how = {"seconds": PATIENCE} if headers else {}
    act = draw.random()
    if act < 0.05:
        whole = damaged_bytes(whole[:400], draw) + whole[400:]
        how["seconds"] = PATIENCE
    elif act < 0.10:
        whole = whole[:draw.randrange(len(whole))]
        how["seconds"] = 0.3
    elif act < 0.15:
        how["stop_after"] = draw.randrange(1, 400)
    elif act < 0.17:
        how.update(pause=0.02, seconds=PATIENCE)
    return whole, how


def wrong_with(answer, how):
    """What is wrong with an answer; nothing is where it is right."""
    if answer is None and "seconds" not in how:
        return "no answer"
    if answer is None or "stop_after" in how:
        return None
    status, body = answer
    if status >= 500:
        return f"status {status}: {body[:200]}"
    if status >= 400 and body and not body.startswith(b"{") and b"\n" in body[:-1]:
        return f"an error that is no JSON: {body[:200]}"
    if status == 200 and body.startswith(b"data: "):
        found, ended = events(body)
        if not ended and not any("error" in e or "type" in e for e in found):
            return f"a stream without an end: {body[-200:]}"
    return None


class Fuzz:
    def __init__(self, server, seed):
        self.server, self.draw = server, random.Random(seed)
        self.wrong, self.statuses = [], Counter()

    def fail(self, told, **more):
        self.wrong.append({"wrong": told, **more})
        print(told, *(str(m)[:600] for m in more.values()), flush=True)

    async def text(self):
        """A sound request's answer."""
        _, answer = await exchange(self.server.port, request(*BASES[0]))
        return json.loads(answer)["choices"][0]["message"]["content"]

    async def batch(self, count):
        """So many damaged requests, some at a time."""
        waiting = iter([one(self.draw) for _ in range(count)])

        async def worker():
            for data, how in waiting:
                answer = await exchange(self.server.port, data, **{"seconds": 120, **how})
                self.statuses[answer[0] if answer else "no answer"] += 1
                if told := wrong_with(answer, how):
                    self.fail(told, request=data[:2000].decode("latin-1"))

        try:
            await asyncio.gather(*(worker() for _ in range(WORKERS)))
        except OSError as error:
            self.fail(f"no connection: {error}")


async def run(server, o):
    fuzz, facts = Fuzz(server, o.seed), {}
    first, files = await fuzz.text(), server.files()
    for start in range(0, o.runs, BATCH):
        end = min(start + BATCH, o.runs)
        await fuzz.batch(end - start)
        if not server.is_alive:
            fuzz.fail(f"the server ended: {server.ending}", runs=f"{start} to {end}")
            break
        if (now := await fuzz.text()) != first:
            fuzz.fail(f"a sound request gives {now!r}, at first {first!r}")
        print(f"{end} of {o.runs}: {len(fuzz.wrong)} wrong, {server.memory() >> 20} MiB",
              file=sys.stderr, flush=True)
        if end >= o.runs // 5 and "memory_before" not in facts:
            facts.update(files_before=server.settled_files(files, IDLE),
                         memory_before=server.memory())
    if server.is_alive:
        facts["files_after"] = server.settled_files(facts["files_before"], IDLE)
        facts["memory_after"] = server.memory()
        if facts["memory_after"] > 1.05 * facts["memory_before"]:
            fuzz.fail("memory has grown by more than 5 %")
        if facts["files_after"] > facts["files_before"] + 2:
            fuzz.fail("sockets were left open")
    statuses = {str(k): n for k, n in sorted(fuzz.statuses.items(), key=str)}
    return {"runs": o.runs, "seed": o.seed, "statuses": statuses, **facts, "wrong": fuzz.wrong}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model", nargs="?", default=TINY)
    parser.add_argument("--runs", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    parser.add_argument("--log", metavar="FILE", help="keep what the server writes")
    o = parsed(parser)
    command = [o.program, "serve", o.model, "--context", CONTEXT, *o.options]
    with tempfile.NamedTemporaryFile("w", suffix=".jinja") as template:
        template.write(TEMPLATE)
        template.flush()
        if o.model == TINY:
            command += ["--chat-template", template.name, "--cache-memory", CACHE]
        with open(o.log or "/dev/null", "w") as log, Served(command, log) as server:
            found = asyncio.run(run(server, o))
    if o.json:
        print(json.dumps(found, indent=1))
    else:
        print({k: v for k, v in found.items() if k != "wrong"}, f"{len(found['wrong'])} wrong")
    sys.exit(bool(found["wrong"]))


if __name__ == "__main__":
    main()
