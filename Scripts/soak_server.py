#!/usr/bin/env python3
"""Loads a `sparrow serve` that it starts with good and bad clients, and sees that nothing is lost.

    Scripts/soak_server.py PROGRAM MODEL [--streams 200] [--requests 2000] [-- SERVER OPTIONS]

Clients read their streams, read slowly, go away early, open a connection and say nothing, or send
too much. Right is: every answer that is waited for is whole and the same text as alone, no status is
5xx, what is too large gets 413 (429 beside others that are); sockets are closed in the end, and memory is within 5 % of what it
was after a first round. With --minutes the load goes on at a tenth of its rate for so long (or at
--rate requests a second), and must leave the memory where it was. Needs Python 3.9 alone.
"""
import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter
from pathlib import Path

from served import HOST, Served, events, exchange, parsed, request

TEXT = Path(__file__).resolve().parent.parent / "Data/heldout.txt"
# What a client does, and how often.
KINDS = {"reads": 12, "whole": 2, "slow": 2, "leaves": 3, "silent": 1, "large": 1}
LARGE = b'{"prompt": "' + b"a" * (17 << 20) + b'"}'


class Soak:
    def __init__(self, server, o):
        self.server, self.draw = server, random.Random(o.seed)
        words = TEXT.read_text().split()
        self.bodies = [
            {"prompt": " ".join(words[i * 90:i * 90 + 8 + 2 * i]), "max_tokens": 16 + i,
             "temperature": 0.8, "seed": i, "ignore_eos": True} for i in range(16)]
        self.texts, self.counts, self.wrong = [], Counter(), []

    async def learn(self):
        """The text of each request, alone."""
        for body in self.bodies:
            status, answer = await exchange(self.server.port, request("/v1/completions", body))
            if status != 200:
                sys.exit(f"a sound request got {status}: {answer[:300]}")
            self.texts.append(json.loads(answer)["choices"][0]["text"])

    def fail(self, kind, told):
        self.wrong.append(f"{kind}: {told}")
        print(self.wrong[-1], flush=True)

    async def one(self):
        kind = self.draw.choices(list(KINDS), list(KINDS.values()))[0]
        number = self.draw.randrange(len(self.bodies))
        body = {**self.bodies[number], "stream": kind != "whole"}
        data = request("/v1/completions", body)
        self.counts[kind] += 1
        port = self.server.port
        if kind == "silent":
            _, writer = await asyncio.open_connection(HOST, port)
            writer.write(data[:self.draw.randrange(len(data))])
            await asyncio.sleep(self.draw.uniform(0, 2))
            writer.transport.abort()
        elif kind == "large":
            answer = await exchange(port, request("/v1/completions", LARGE), 60)
            # Hanging up while we still write is right too, and so is refusing one of many at once.
            if answer is None or answer[0] not in (0, 413, 429):
                self.fail(kind, f"got {answer}")
        elif kind == "leaves":
            answer = await exchange(port, data, 300, stop_after=self.draw.randrange(1, 4000))
            if answer is None or answer[0] >= 500:
                self.fail(kind, f"got {answer}")
        else:
            answer = await exchange(port, data, 300, pause=0.02 if kind == "slow" else 0)
            self.judge(kind, number, answer)

    def judge(self, kind, number, answer):
        if answer is None or answer[0] != 200:
            return self.fail(kind, f"got {answer and answer[0]}: {answer and answer[1][:200]}")
        if kind == "whole":
            text = json.loads(answer[1])["choices"][0]["text"]
        else:
            found, ended = events(answer[1])
            text = "".join(c["text"] for e in found for c in e.get("choices", []))
            if not ended:
                return self.fail(kind, f"a stream broke off after {text[-60:]!r}")
        if text != self.texts[number]:
            self.fail(kind, f"request {number} gave {text!r}, alone {self.texts[number]!r}")

    async def burst(self, requests, streams):
        """So many requests, so many at a time; requests a second."""
        left = iter(range(requests))

        async def worker():
            for _ in left:
                await self.one()

        start = time.monotonic()
        await asyncio.gather(*(worker() for _ in range(streams)))
        return requests / (time.monotonic() - start)

    async def drizzle(self, rate, minutes):
        """Requests at random moments, so many a second."""
        end, running = time.monotonic() + 60 * minutes, set()
        while time.monotonic() < end and self.server.is_alive:
            task = asyncio.create_task(self.one())
            running.add(task)
            task.add_done_callback(running.discard)
            await asyncio.sleep(self.draw.expovariate(rate))
        await asyncio.gather(*running)


CACHE = "64MB"


async def run(server, o):
    soak = Soak(server, o)
    found = {"memory_at_start": server.memory()}
    await soak.learn()
    files = server.files()
    # What the system's allocator keeps for itself reaches its height in a first round.
    await soak.burst(max(2 * o.streams, o.requests // 2), o.streams)
    found["memory_before"] = server.memory()
    found["requests_per_second"] = await soak.burst(o.requests, o.streams)

    def measure(when):
        found[f"files_{when}"] = server.settled_files(files)
        found[f"memory_{when}"] = server.memory()
        if found[f"memory_{when}"] > 1.05 * found["memory_before"]:
            soak.fail("memory", f"has grown by more than 5 % {when}")
        if found[f"files_{when}"] > files + 2:
            soak.fail("sockets", f"{found[f'files_{when}'] - files} were left open {when}")

    measure("after")
    if o.minutes:
        found["rate"] = o.rate or found["requests_per_second"] / 10
        await soak.drizzle(found["rate"], o.minutes)
        measure("after_minutes")
    if not server.is_alive:
        soak.fail("server", f"ended: {server.ending}")
    return {**found, "clients": dict(soak.counts), "wrong": soak.wrong}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--rate", type=float, help="requests a second in those minutes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    o = parsed(parser)
    # The cache of texts is small, so that it is full before memory is first looked at.
    with Served([o.program, "serve", o.model, "--cache-memory", CACHE, *o.options]) as server:
        found = asyncio.run(run(server, o))
    print(json.dumps(found, indent=1) if o.json else found)
    sys.exit(bool(found["wrong"]))


if __name__ == "__main__":
    main()
