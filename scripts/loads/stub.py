"""An endpoint of OpenAI's protocol with limits, as providers have them; it counts what it is asked.

Started as ``python -m loads.stub --in-flight 16 ...``; prints its address. Beyond a limit it answers 429 with
Retry-After, or with retry-after-ms where the limit is one of requests or tokens in a time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

BACKLOG = 4096
CHARACTERS = 4  # to a token


@dataclass(frozen=True)
class Limits:
    """What the endpoint allows, and how it behaves.

    Args:
        in_flight: requests at once; None: any.
        per_second: requests a second; None: any.
        tokens_per_minute: of prompts and longest answers; None: any.
        retry_after: seconds to wait, told where too many are in flight.
        seconds: that an answer takes.
        fail: each such request is answered 500, the first ones not.
        cut: each such answer is broken off.
    """

    in_flight: int | None = None
    per_second: float | None = None
    tokens_per_minute: float | None = None
    retry_after: float = 1.0
    seconds: float = 0.2
    fail: int = 0
    cut: int = 0


@dataclass
class Counts:
    """What came.

    Args:
        requests: in all.
        answered: whole answers.
        duplicates: whole answers to a request that had one.
        limited: answers with 429.
        failed, cut: answers with 500, answers that were broken off.
        early: requests that came again before they were to.
        in_flight, most_in_flight: requests at once, the refused left out.
        busiest: requests within a tenth of a second, at most, the first second left out.
        connections: open at once, at most.
        completion_tokens, prompt_tokens: of the answers, broken ones included.
    """

    requests: int = 0
    answered: int = 0
    duplicates: int = 0
    limited: int = 0
    failed: int = 0
    cut: int = 0
    early: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    busiest: int = 0
    connections: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass
class Bucket:
    """So many a second, and as many at once as come in one second."""

    per_second: float
    burst: float
    held: float = field(init=False)
    since: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.held = self.burst

    def take(self, wanted: float) -> float:
        """0 where there is enough, else seconds until there will be."""
        now = time.monotonic()
        self.held = min(self.burst, self.held + (now - self.since) * self.per_second)
        self.since = now
        if self.held >= min(wanted, self.burst):
            self.held -= wanted
            return 0.0
        return (min(wanted, self.burst) - self.held) / self.per_second


class Stub:
    """Answers calls under limits; one event loop, so that its counts are exact."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.counts = limits, Counts()
        self.wholes: Counter[str] = Counter()
        self.not_before: dict[str, float] = {}
        self.first: float | None = None
        self.tenths: Counter[int] = Counter()
        self.open = 0
        rate, tokens = limits.per_second, limits.tokens_per_minute
        self.rate = None if rate is None else Bucket(rate, rate)
        self.tokens = None if tokens is None else Bucket(tokens / 60, tokens / 6)
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}

    async def serve(self, port: int = 0) -> asyncio.Server:
        """Listen on loopback."""
        return await asyncio.start_server(self.connected, "127.0.0.1", port, backlog=BACKLOG, limit=2**26)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        self.open += 1
        self.counts.connections = max(self.counts.connections, self.open)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
                body = await reader.readexactly(int(length[1])) if length else b""
                method, path = head.split(" ", 2)[:2]
                status, headers, content = await self.reply(method, path, body)
                broken = status == 0
                lines = [f"HTTP/1.1 {status or 200} X", f"Content-Length: {len(content) + 9 * broken}"]
                lines += [f"{name}: {value}" for name, value in headers.items()]
                writer.write(
                    "\r\n".join([*lines, "Content-Type: application/json", "", ""]).encode() + content
                )
                await writer.drain()
                if broken:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self.open -= 1
            writer.close()

    async def reply(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and content; status 0: the content breaks off."""
        if path.endswith("/counts"):
            return 200, {}, json.dumps(asdict(self.counts)).encode()
        if path.endswith("/chat/completions"):
            return await self.call(json.loads(body))
        return self.batched(method, path, body)

    async def call(self, asked: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        """One call: refused, or answered after a while."""
        counts, limits, name = self.counts, self.limits, asked["messages"][-1]["content"]
        self.came(name)
        refused = self.refused(asked)
        if refused:
            counts.limited += 1
            self.not_before[name] = time.monotonic() + float(refused["seconds"])
            return 429, {refused["header"]: refused["value"]}, error("too much")
        if limits.fail and counts.requests % limits.fail == 0:
            counts.failed += 1
            return 500, {}, error("it happens")
        broken = bool(limits.cut) and counts.requests % limits.cut == 0
        counts.in_flight += 1
        counts.most_in_flight = max(counts.most_in_flight, counts.in_flight)
        await asyncio.sleep(limits.seconds)
        counts.in_flight -= 1
        told = completion(asked)
        self.paid(told)
        if broken:
            counts.cut += 1
            return 0, {}, json.dumps(told).encode()[:-9]
        self.whole(name)
        return 200, {}, json.dumps(told).encode()

    def paid(self, told: dict[str, Any]) -> None:
        """Count an answer's tokens."""
        self.counts.prompt_tokens += told["usage"]["prompt_tokens"]
        self.counts.completion_tokens += told["usage"]["completion_tokens"]

    def whole(self, name: str) -> None:
        """Count a whole answer, and whether its request had one."""
        self.counts.answered += 1
        self.counts.duplicates += bool(self.wholes[name])
        self.wholes[name] += 1

    def came(self, name: str) -> None:
        """Count a request."""
        now, counts = time.monotonic(), self.counts
        counts.requests += 1
        counts.early += now < self.not_before.get(name, 0.0)
        self.first = now if self.first is None else self.first
        self.tenths[int(10 * (now - self.first))] += 1
        counts.busiest = max((count for tenth, count in self.tenths.items() if tenth >= 10), default=0)

    def refused(self, asked: dict[str, Any]) -> dict[str, str]:
        """The header that says when to come again, if a limit is reached."""
        limits, now = self.limits, self.counts.in_flight
        if limits.in_flight is not None and now >= limits.in_flight:
            after = f"{limits.retry_after:g}"
            return {"header": "Retry-After", "value": after, "seconds": after}
        wait = 0.0 if self.rate is None else self.rate.take(1)
        if not wait and self.tokens is not None:
            wait = self.tokens.take(tokens(asked) + int(asked["max_tokens"]))
        milliseconds = int(1000 * wait) + 1
        told = {"header": "retry-after-ms", "value": str(milliseconds), "seconds": str(milliseconds / 1000)}
        return told if wait else {}

    def batched(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """OpenAI's Batch API; a batch is answered the moment it is there."""
        if path.endswith("/files"):
            sent = re.search(rb"(\{.*\}\n)\r\n--", body, re.DOTALL)
            name = f"file-{len(self.files)}"
            self.files[name] = sent[1] if sent else b""
            told = {"id": name, "object": "file", "bytes": 1, "created_at": 0, "filename": "x"}
            return 200, {}, json.dumps(told | {"purpose": "batch", "status": "processed"}).encode()
        if file := re.search(r"/files/([^/]+)/content", path):
            return 200, {}, self.files[file[1]]
        if method == "POST":
            return 200, {}, json.dumps(self.made(json.loads(body))).encode()
        if one := re.search(r"/batches/([^/?]+)", path):
            return 200, {}, json.dumps(self.batches[one[1]]).encode()
        return 200, {}, json.dumps({"object": "list", "data": [], "has_more": False}).encode()

    def made(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """A batch with its answers."""
        rows = [json.loads(line) for line in self.files[wanted["input_file_id"]].splitlines()]
        self.counts.requests += len(rows)
        lines = []
        for row in rows:
            told = completion(row["body"])
            self.paid(told)
            self.whole(row["body"]["messages"][-1]["content"])
            lines.append({"custom_id": row["custom_id"], "response": {"status_code": 200, "body": told}})
        name = f"batch-{len(self.batches)}"
        self.files[f"out-{name}"] = "\n".join(map(json.dumps, lines)).encode()
        own = {"id": name, "object": "batch", "created_at": 0, "status": "completed"}
        self.batches[name] = wanted | own | {"output_file_id": f"out-{name}"}
        return self.batches[name]


def tokens(asked: dict[str, Any]) -> int:
    """Of a prompt."""
    return sum(len(message["content"]) for message in asked["messages"]) // CHARACTERS


def completion(asked: dict[str, Any]) -> dict[str, Any]:
    """An answer that names what it answers."""
    text = f"answer to {asked['messages'][-1]['content'][:40]}"
    used = {"prompt_tokens": tokens(asked), "completion_tokens": len(text) // CHARACTERS}
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    whole = {"id": "x", "object": "chat.completion", "created": 0, "model": asked["model"]}
    return whole | {"choices": [choice], "usage": used | {"total_tokens": sum(used.values())}}


def error(message: str) -> bytes:
    """As OpenAI writes it."""
    return json.dumps({"error": {"message": message, "type": "x", "code": None}}).encode()


async def _forever(limits: Limits) -> None:
    server = await Stub(limits).serve()
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await server.serve_forever()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("limits", help="JSON of Limits")
    asyncio.run(_forever(Limits(**json.loads(parser.parse_args().limits))))


if __name__ == "__main__":
    main()
