"""A server under test: its process, its memory, and raw requests to it. Standard library only."""
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

HOST = "127.0.0.1"


def free_port():
    with socket.socket() as s:
        s.bind((HOST, 0))
        return s.getsockname()[1]


def parsed(parser):
    """The command line's values; `options` are those of the server, which follow --."""
    words = sys.argv[1:]
    own = words.index("--") if "--" in words else len(words)
    values = parser.parse_args(words[:own])
    values.options = words[own + 1:]
    return values


class Served:
    """A server's process, ready to be asked; ended when the block is left."""

    def __init__(self, command, log=subprocess.DEVNULL):
        self.port = free_port()
        self.command = [str(w) for w in command] + ["--host", HOST, "--port", str(self.port)]
        self.process = subprocess.Popen(self.command, stdout=log, stderr=log)

    def __enter__(self):
        end = time.monotonic() + 120
        while time.monotonic() < end and self.is_alive:
            try:
                urllib.request.urlopen(f"http://{HOST}:{self.port}/health", timeout=5).close()
                return self
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        sys.exit(f"this server did not start: {' '.join(self.command)}")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()

    @property
    def is_alive(self):
        return self.process.poll() is None

    @property
    def ending(self):
        """How it ended, in words."""
        status = self.process.returncode
        return signal.Signals(-status).name if status and status < 0 else f"status {status}"

    def memory(self):
        """Bytes in memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines()
                    if line.startswith("VmRSS"))

    def files(self):
        """How many files and sockets it holds open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def settled_files(self, most, seconds=30):
        """The same once it is no more than `most`, or when the time is over."""
        end = time.monotonic() + seconds
        while self.files() > most and time.monotonic() < end:
            time.sleep(0.2)
        return self.files()


def request(path, body, method="POST", headers=()):
    """A request's bytes; `body` is bytes or what JSON holds."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", "Content-Type: application/json",
             f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def exchange(port, data, seconds=60, pause=0, stop_after=None):
    """Sends bytes and reads until the server ends or `stop_after` bytes have come.

    With a `pause` it reads a little at a time, that long apart. Returns (status, body), or (0, b"")
    where the server hung up without an answer; None where the time was over.
    """
    reader, writer = await asyncio.open_connection(HOST, port, limit=1 << 14)
    if pause:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    got = bytearray()

    async def talk():
        # Not drained: a refusal may come before all is sent.
        writer.write(data)
        while part := await reader.read(512 if pause else 1 << 16):
            got.extend(part)
            if stop_after is not None and len(got) >= stop_after:
                return
            if pause:
                await asyncio.sleep(pause)

    try:
        await asyncio.wait_for(talk(), seconds)
    except asyncio.TimeoutError:
        return None
    except (ConnectionError, OSError):
        pass  # It hung up while we wrote: what it said before stands.
    finally:
        writer.transport.abort()
    return answered(bytes(got))


def answered(data):
    """Status and body of an answer's bytes."""
    head, _, body = data.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    if len(words) < 2 or not words[1].isdigit():
        return 0, b""
    if b"transfer-encoding: chunked" in head.lower():
        body = dechunked(body)
    return int(words[1]), body


def dechunked(data):
    whole, place = b"", 0
    while (end := data.find(b"\r\n", place)) > 0:
        size = int(data[place:end], 16)
        if size == 0:
            break
        whole += data[end + 2:end + 2 + size]
        place = end + 4 + size
    return whole


def events(body):
    """The JSON of a stream's events, and whether it came to its end."""
    found = [line[6:].strip() for line in body.split(b"\n") if line.startswith(b"data: ")]
    return [json.loads(e) for e in found if e != b"[DONE]"], bool(found) and found[-1] == b"[DONE]"
