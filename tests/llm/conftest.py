"""An endpoint of OpenAI's protocol on loopback that answers as it is told, faults included."""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Reply = tuple[int, dict[str, str], bytes]
Told = dict[str, Any] | str
Script = Callable[[int, dict[str, Any]], Told]  # number of the call, its body

CUT, HANG = "cut", "hang"


def rendered(told: dict[str, Any]) -> Reply:
    """``text`` (an answer), ``status`` (an error), or ``raw`` bytes, as HTTP has them."""
    headers = {name.replace("_", "-"): value for name, value in told.get("headers", {}).items()}
    if "raw" in told:
        return 200, headers, told["raw"]
    if "status" in told:
        error = {"message": told.get("message", "told so"), "code": told.get("code"), "type": "x"}
        return told["status"], headers, json.dumps({"error": error}).encode()
    return 200, headers, json.dumps(completion(told["text"], told.get("finish_reason", "stop"))).encode()


def completion(text: str, finish_reason: str = "stop") -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    whole = {"id": "x", "object": "chat.completion", "created": 0, "model": "m"}
    return whole | {"choices": [choice], "usage": usage}


class Endpoint:
    """Counts what it was asked and what it answered; `script` decides."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answered = 0  # replies with status 200 that went out whole
        self.in_flight = self.most_in_flight = 0
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                with contextlib.suppress(OSError):
                    self.send(endpoint.get(self.path))

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                with contextlib.suppress(OSError):
                    self.send(endpoint.post(self.path, raw, dict(self.headers)))

            def send(self, reply: Reply | str) -> None:
                if reply == HANG:
                    endpoint.stopping.wait(30)
                if isinstance(reply, str):
                    self.close_connection = True
                    if reply == CUT:  # half of an answer, then the line goes dead
                        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
                    return
                status, headers, body = reply
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        class Server(ThreadingHTTPServer):
            request_queue_size = 128  # else connections are dropped before anyone counts them
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def calls(self) -> int:
        return len(self.bodies)

    def close(self) -> None:
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()

    def post(self, path: str, raw: bytes, headers: dict[str, str]) -> Reply | str:
        if path.endswith("/files"):
            return self.upload(raw)
        if path.endswith("/batches"):
            return self.make_batch(json.loads(raw))
        with self.lock:
            number = len(self.bodies)
            self.bodies.append(json.loads(raw))
            self.headers.append(headers)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            told = self.script(number, self.bodies[number])
        finally:
            with self.lock:
                self.in_flight -= 1
        reply = told if isinstance(told, str) else rendered(told)
        if not isinstance(reply, str) and reply[0] == 200:
            with self.lock:
                self.answered += 1
        return reply

    # The Batch API: a batch is as its test sets it.

    def upload(self, raw: bytes) -> Reply:
        content = re.search(rb"(\{.*\}\n)\r\n--", raw, re.DOTALL)
        assert content is not None
        name = f"file-{len(self.files)}"
        self.files[name] = content[1]
        told = {
            "id": name,
            "object": "file",
            "bytes": 1,
            "created_at": 0,
            "filename": "x",
            "purpose": "batch",
        }
        return 200, {}, json.dumps(told | {"status": "processed"}).encode()

    def make_batch(self, wanted: dict[str, Any]) -> Reply:
        name = f"batch-{len(self.batches)}"
        self.batches[name] = wanted | {
            "id": name, "object": "batch", "created_at": 0, "status": "in_progress",
            "request_counts": {"total": 3, "completed": 1, "failed": 0},
        }  # fmt: skip
        return 200, {}, json.dumps(self.batches[name]).encode()

    def finish_batch(self, name: str, answer: Callable[[dict[str, Any]], str | None]) -> None:
        """Answer each line of the batch's input; None leaves one out."""
        lines = []
        for line in self.files[self.batches[name]["input_file_id"]].decode().splitlines():
            row = json.loads(line)
            text = answer(row["body"])
            if text is not None:
                reply = {"status_code": 200, "body": completion(text)}
                lines.append(json.dumps({"custom_id": row["custom_id"], "response": reply}))
        self.files[f"out-{name}"] = "\n".join(reversed(lines)).encode()
        self.batches[name] |= {"status": "completed", "output_file_id": f"out-{name}"}

    def get(self, path: str) -> Reply:
        file = re.search(r"/files/([^/]+)/content", path)
        if file:
            return 200, {"Content-Type": "text/plain"}, self.files[file[1]]
        batch = re.search(r"/batches/([^/?]+)", path)
        if batch:
            return 200, {}, json.dumps(self.batches[batch[1]]).encode()
        listed = {"object": "list", "data": list(self.batches.values()), "has_more": False}
        return 200, {}, json.dumps(listed).encode()


@pytest.fixture
def endpoint() -> Iterator[Callable[[Script], Endpoint]]:
    """Starts endpoints; all end with the test."""
    started: list[Endpoint] = []

    def start(script: Script) -> Endpoint:
        started.append(Endpoint(script))
        return started[-1]

    yield start
    for one in started:
        one.close()
