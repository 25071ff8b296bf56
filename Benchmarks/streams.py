"""Streams of answers over HTTP, timed: a load that costs its machine as little as it can.

Bytes are kept as they come, with their time; only when a stream has ended are they read. A
processor that the client uses is one that the server lacks.
"""
import asyncio
import bisect
import json
import time


class Stream(asyncio.Protocol):
    """One request: its bytes and when they came."""

    def __init__(self, request, done):
        self.request, self.done = request, done
        self.times, self.parts = [], []

    def connection_made(self, transport):
        self.start = time.perf_counter()
        transport.write(self.request)

    def data_received(self, data):
        self.times.append(time.perf_counter())
        self.parts.append(data)

    def connection_lost(self, error):
        if not self.done.done():
            self.done.set_result(self)


def post(host, path, body, headers=()):
    body = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", "Content-Type: application/json",
             f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def timed_lines(stream):
    """(line, time) of a body, whether its length is known or it comes in chunks."""
    data = b"".join(stream.parts)
    ends, length = [], 0
    for part in stream.parts:
        length += len(part)
        ends.append(length)
    head, _, _ = data.partition(b"\r\n\r\n")
    place, line = len(head) + 4, b""
    pieces = []
    if b"transfer-encoding: chunked" in head.lower():
        while place < len(data):
            end = data.index(b"\r\n", place)
            size = int(data[place:end].split(b";")[0], 16)
            pieces.append((data[end + 2:end + 2 + size], end + 2 + size))
            place = end + 4 + size
            if size == 0:
                break
    else:
        pieces.append((data[place:], len(data)))
    for piece, end in pieces:
        moment = stream.times[min(bisect.bisect_left(ends, end), len(ends) - 1)]
        *lines, line = (line + piece).split(b"\n")
        for one in lines:
            yield one.strip(), moment


def read(stream):
    """What a stream gave: tokens, time to the first and gaps between pieces, in seconds."""
    status = int((stream.parts or [b"HTTP/1.1 0 "])[0].split(b" ")[1])
    if status != 200:
        raise RuntimeError(f"status {status}: {b''.join(stream.parts)[-300:]}")
    moments, usage = [], None
    for line, moment in timed_lines(stream):
        if not line.startswith(b"data: {"):
            continue
        event = json.loads(line[6:])
        if "error" in event:
            raise RuntimeError(event["error"])
        usage = event.get("usage") or usage
        if event.get("choices") and event["choices"][0].get("text"):
            moments.append(moment)
    if not usage or not moments:
        raise RuntimeError("a stream ended without its text or its usage")
    return {
        "prompt": usage["prompt_tokens"],
        "tokens": usage["completion_tokens"],
        "first": moments[0] - stream.start,
        "last": moments[-1] - stream.start,
        "gaps": [b - a for a, b in zip(moments, moments[1:])],
    }


async def load(host, port, bodies, streams, path="/v1/completions"):
    """Sends all bodies, so many at a time; the answers, the wall time and the client's own."""
    loop = asyncio.get_running_loop()
    waiting = iter([post(host, path, body) for body in bodies])
    ended = []

    async def worker():
        for request in waiting:
            done = loop.create_future()
            await loop.create_connection(lambda: Stream(request, done), host, port)
            ended.append(await done)

    start, own = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(streams)))
    wall, own = time.perf_counter() - start, time.process_time() - own
    return [read(stream) for stream in ended], wall, own
